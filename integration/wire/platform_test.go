package wire_test

import (
	"encoding/json"
	"os"
	"strings"
	"testing"
	"time"

	"jingfang/integration/wire"
)

func platform(t testing.TB, text string) (wire.Platform, []string) {
	t.Helper()
	p, problems, err := wire.ReadPlatform(strings.NewReader(text))
	if err != nil {
		t.Fatal(err)
	}
	return p, problems
}

// The example of the manual has nothing wrong in it.
func TestTheExampleIsGood(t *testing.T) {
	file, err := os.Open("../../deploy/platform.example.json")
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	_, problems, err := wire.ReadPlatform(file)
	if err != nil || len(problems) > 0 {
		t.Errorf("%v %q", err, problems)
	}
}

// Every mistake is named with the key it stands at; several are named together.
func TestMistakesInTheMappingFile(t *testing.T) {
	his := func(inside string) string { return `{"systems":{"his":{` + inside + `}}}` }
	services := `"services":{"receipts":{"code":"A","path":"/a"},"drugs":{"code":"B","path":"/b"}}`
	for name, c := range map[string]struct {
		text string
		want []string
	}{
		"no json":            {`{"systems":`, []string{"JSON"}},
		"a key twice":        {`{"systems":{},"systems":{}}`, []string{"两次"}},
		"nothing":            {`{}`, []string{"systems：缺少"}},
		"unknown key":        {his(`"envelop":"json"`), []string{`不认识的键 "envelop"`}},
		"unknown system":     {`{"systems":{"hsi":{"envelope":"json"}}}`, []string{"systems.hsi：不认识的系统"}},
		"no envelope":        {his(services), []string{"systems.his.envelope：缺少"}},
		"unknown envelope":   {his(`"envelope":"corba",` + services), []string{`不认识的信封 "corba"`, "donghua"}},
		"no services":        {his(`"envelope":"bsoft"`), []string{"services.receipts：缺少", "services.drugs：缺少"}},
		"unknown service":    {his(`"envelope":"json","services":{"receipts":{"code":"A","path":"/a"},"drugs":{"code":"B","path":"/b"},"drgs":{"code":"A","path":"/a"}}`), []string{"services.drgs：不认识的服务"}},
		"no code":            {his(`"envelope":"json","services":{"receipts":{"path":"/a"},"drugs":{"code":"B","path":"b"}}`), []string{"receipts.code：缺少", "drugs.path：须以 / 开头"}},
		"unknown document":   {his(`"envelope":"json",` + services + `,"fields":{"bill":{}}`), []string{"fields.bill：不认识的单据"}},
		"unknown field":      {his(`"envelope":"json",` + services + `,"fields":{"receipt":{"nummer":"A"}}`), []string{"fields.receipt.nummer：receipt 没有这个字段", "number"}},
		"empty rule":         {his(`"envelope":"json",` + services + `,"fields":{"receipt":{"number":{}}}`), []string{"fields.receipt.number：path 和 const 至少写一个"}},
		"unknown rule key":   {his(`"envelope":"json",` + services + `,"fields":{"receipt":{"number":{"paht":"A"}}}`), []string{`"paht"`}},
		"no path":            {his(`"envelope":"json",` + services + `,"fields":{"receipt":{"number":"A..B"}}`), []string{"不是路径"}},
		"layout of a text":   {his(`"envelope":"json",` + services + `,"fields":{"receipt":{"number":{"path":"A","layout":"2006"}}}`), []string{"只有日期和时间才写 layout"}},
		"no zone":            {his(`"envelope":"json",` + services + `,"fields":{"receipt":{"issued_at":{"path":"A","zone":"北京"}}}`), []string{"不是时区"}},
		"two of theirs":      {his(`"envelope":"json",` + services + `,"fields":{"patient_query":{"by":{"path":"A","values":{"1":"number","2":"number"}}}}`), []string{"都对应 number"}},
		"no success":         {his(`"envelope":"json",` + services + `,"style":{"success":[]}`), []string{"style.success：缺少"}},
		"unknown style key":  {his(`"envelope":"json",` + services + `,"style":{"sucess":["1"]}`), []string{`"sucess"`}},
		"wrong type":         {his(`"envelope":7`), []string{"envelope 的类型不对"}},
		"payload is missing": {his(`"envelope":"bsoft",` + services + `,"style":{"soap":{"payload":"xyz"}}`), []string{"style.soap"}},
	} {
		_, problems := platform(t, c.text)
		all := strings.Join(problems, "\n")
		for _, want := range c.want {
			if !strings.Contains(all, want) {
				t.Errorf("%s: want %q in %q", name, want, all)
			}
		}
	}
}

// A request and its answer go both ways through every envelope.
func TestEveryStyleThereAndBack(t *testing.T) {
	for _, name := range wire.Styles() {
		s, ok := wire.StyleOf(name)
		if !ok {
			t.Fatalf("no style %s", name)
		}
		h := wire.Header{AppID: "jf", MessageID: "m-1", Service: "S0001", Timestamp: time.Now(), Nonce: "n"}
		data, err := s.EncodeRequest(h, map[string]any{"since": "a<b&\"c\"]]>", "limit": 10})
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		r, err := s.DecodeRequest(data, s.ContentType())
		if err != nil || r.Header.MessageID != "m-1" || r.Header.Service != "S0001" || !strings.Contains(string(r.Body), `a\u003cb\u0026\"c\"]]\u003e`) {
			t.Errorf("%s: %v %+v %s\n%s", name, err, r.Header, r.Body, data)
		}
		data, err = s.EncodeAnswer(wire.CodeOK, "好", "m-1", map[string]any{"list": []any{"一", "二"}})
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		a, err := s.DecodeAnswer(data, s.ContentType(), "m-1")
		if err != nil || !a.OK() || !strings.Contains(string(a.Data), `["一","二"]`) {
			t.Errorf("%s: %v %+v %s\n%s", name, err, a, a.Data, data)
		}
		if _, err := s.DecodeAnswer(data, s.ContentType(), "m-2"); err == nil {
			t.Errorf("%s: the answer to another message was taken", name)
		}
		if data, err = s.EncodeAnswer("AE", "不行", "m-1", nil); err != nil {
			t.Fatal(err)
		}
		if a, err := s.DecodeAnswer(data, s.ContentType(), "m-1"); err != nil || a.OK() || a.Message != "不行" {
			t.Errorf("%s refuses: %v %+v", name, err, a)
		}
	}
}

// A yes outside with a no inside is a no.
func TestTheInnerCodeCounts(t *testing.T) {
	s, _ := wire.StyleOf("insurance")
	for text, want := range map[string]bool{
		`{"infcode":"0","inf_refmsgid":"m","output":{"retRslt":"1"}}`:                                 true,
		`{"infcode":0,"inf_refmsgid":"m","output":{"x":1}}`:                                           true,
		`{"infcode":"0","inf_refmsgid":"m","output":{"result":{"retRslt":"0","msgRslt":"已存在已出售的码"}}}`: false,
		`{"infcode":"-1","inf_refmsgid":"m","err_msg":"失败"}`:                                          false,
	} {
		a, err := s.DecodeAnswer([]byte(text), "", "m")
		if err != nil || a.OK() != want || !want && a.Message == "" {
			t.Errorf("%s: %v %+v", text, err, a)
		}
	}
}

func TestSOAPFault(t *testing.T) {
	s, _ := wire.StyleOf("donghua")
	a, err := s.DecodeAnswer([]byte(`<s:Envelope xmlns:s="x"><s:Body><s:Fault><faultcode>c</faultcode><faultstring>服务停用</faultstring></s:Fault></s:Body></s:Envelope>`), "text/xml", "m")
	if err != nil || a.OK() || a.Message != "服务停用" {
		t.Errorf("%v %+v", err, a)
	}
}

// XML of strangers: what is not taken.
func TestBadXML(t *testing.T) {
	s := wire.Style{XML: true, Root: "A", Code: "C", Success: []string{"0"}, Data: "D"}
	for name, text := range map[string]string{
		"doctype":           `<!DOCTYPE a><A><C>0</C></A>`,
		"entity":            `<?xml version="1.0"?><!DOCTYPE a [<!ENTITY x "y">]><A><C>&x;</C></A>`,
		"undeclared entity": `<A><C>&x;</C></A>`,
		"external":          `<!DOCTYPE a SYSTEM "file:///etc/passwd"><A><C>0</C></A>`,
		"instruction":       `<?php x?><A><C>0</C></A>`,
		"cut off":           `<A><C>0</C><D>`,
		"crossed":           `<A><C>0</A></C>`,
		"two roots":         `<A><C>0</C></A><A/>`,
		"text behind":       `<A><C>0</C></A>x`,
		"deep":              strings.Repeat("<A>", 40) + strings.Repeat("</A>", 40),
		"attribute twice":   `<A x="1" x="2"><C>0</C></A>`,
		"not utf-8":         "<A><C>0</C><D>\xff</D></A>",
		"unknown encoding":  `<?xml version="1.0" encoding="EBCDIC"?><A><C>0</C></A>`,
		"broken gb18030":    "<?xml version=\"1.0\" encoding=\"GB18030\"?><A><C>0</C><D>\xfe\x59</D></A>",
		"empty":             "",
		"html":              "<html><body>502</body></html>",
	} {
		if a, err := s.DecodeAnswer([]byte(text), "application/xml", ""); err == nil {
			t.Errorf("%s was taken: %+v", name, a)
		}
	}
	wide := "<A><C>0</C>" + strings.Repeat("<D/>", 400_000) + "</A>"
	if _, err := s.DecodeAnswer([]byte(wide), "", ""); err == nil {
		t.Error("too many elements were taken")
	}
	var names strings.Builder
	for i := range 400 {
		names.WriteString("<n" + string(rune('a'+i%26)) + strings.Repeat("x", i/26) + "/>")
	}
	if _, err := s.DecodeAnswer([]byte("<A><C>0</C>"+names.String()+"</A>"), "", ""); err == nil {
		t.Error("too many names were taken")
	}
	gb := "<?xml version=\"1.0\" encoding=\"GB18030\"?><A><C>0</C><D>\xd1\xdd\xca\xbe</D></A>"
	if a, err := s.DecodeAnswer([]byte(gb), "", ""); err != nil || string(a.Data) != `"演示"` {
		t.Errorf("GB18030: %v %s", err, a.Data)
	}
}

const mappingOfBills = `{"systems":{"his":{"envelope":"json","services":{"receipts":{"code":"A","path":"/a"},"drugs":{"code":"B","path":"/b"}},
"fields":{"receipt":{"source":{"const":"HIS"},"number":"BILLNO","revision":{"const":"1"},"kind":{"path":"FORMTYPE","values":{"1":"transfer"}},
"issued_at":{"path":"OPTIME","layout":"2006-01-02 15:04:05","zone":"+08:00"},"from_store":"STORE","lines":"ROWS.ROW"},
"line":{"line_no":"NO","his_code":"CODE","packs":"QTY","expires_on":{"path":"VALID","layout":"20060102"}}}}}}`

// A document in another system's words becomes ours; what cannot be is refused by
// name and nothing of it is guessed.
func TestInward(t *testing.T) {
	p, problems := platform(t, mappingOfBills)
	if len(problems) > 0 {
		t.Fatal(problems)
	}
	d := p.Dialect("his")
	row := `{"NO":"1","CODE":"D1","QTY":"12.00","VALID":"20270131"}`
	for name, c := range map[string]struct{ text, refused string }{
		"one row":           {`{"BILLNO":17,"FORMTYPE":"1","OPTIME":"2026-03-02 08:30:00","ROWS":{"ROW":` + row + `}}`, ""},
		"no number":         {`{"FORMTYPE":"1","OPTIME":"2026-03-02 08:30:00","ROWS":{"ROW":` + row + `}}`, "number"},
		"unknown kind":      {`{"BILLNO":"a","FORMTYPE":"7","OPTIME":"2026-03-02 08:30:00","ROWS":{"ROW":` + row + `}}`, ""},
		"no date":           {`{"BILLNO":"a","FORMTYPE":"1","OPTIME":"2.3.2026","ROWS":{"ROW":` + row + `}}`, "issued_at"},
		"half a pack":       {`{"BILLNO":"a","FORMTYPE":"1","OPTIME":"2026-03-02 08:30:00","ROWS":{"ROW":{"NO":1,"CODE":"D1","QTY":"1.5"}}}`, "packs"},
		"negative":          {`{"BILLNO":"a","FORMTYPE":"1","OPTIME":"2026-03-02 08:30:00","ROWS":{"ROW":{"NO":1,"CODE":"D1","QTY":-3}}}`, "packs"},
		"no rows":           {`{"BILLNO":"a","FORMTYPE":"1","OPTIME":"2026-03-02 08:30:00","ROWS":""}`, "lines"},
		"a row that is one": {`{"BILLNO":"a","FORMTYPE":"1","OPTIME":"2026-03-02 08:30:00","ROWS":{"ROW":"x"}}`, "lines"},
		"day of a month":    {`{"BILLNO":"a","FORMTYPE":"1","OPTIME":"2026-03-02 08:30:00","ROWS":{"ROW":{"NO":1,"CODE":"D","QTY":1,"VALID":"20270231"}}}`, "expires_on"},
	} {
		ours, err := d.In("receipt", json.RawMessage(c.text))
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		r, err := wire.DecodeReceipt(ours)
		switch {
		case c.refused == "" && err != nil:
			t.Errorf("%s: %v in %s", name, err, ours)
		case c.refused != "" && (err == nil || !strings.Contains(err.Error(), c.refused)):
			t.Errorf("%s: %v in %s, want a word about %s", name, err, ours, c.refused)
		case name == "one row" && (r.Number != "17" || r.Lines[0].Packs != 12 || r.Lines[0].ExpiresOn.String() != "2027-01-31" || r.IssuedAt.UTC().Hour() != 0):
			t.Errorf("%s: %+v", name, r)
		}
	}
}
