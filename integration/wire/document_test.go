package wire_test

import (
	"encoding/json"
	"errors"
	"reflect"
	"strings"
	"testing"

	"jingfang/integration/wire"
)

const goodReceipt = `{"source":"HIS","number":"CK20260302001","revision":1,"kind":"transfer",
"issued_at":"2026-03-02T08:30:00+08:00","from_store":"中心药库","new_field":{"x":[1]},"lines":[
{"line_no":1,"his_code":"DEMO001 ","batch":"260101","expires_on":"2028-01-31","made_on":"2026-01-01","packs":2,"price":"12.3400",
 "codes":["80000010000000000001","80000010000000000002"]},
{"line_no":2,"his_code":"DEMO002","batch":"B\u001d7","expires_on":"2027-12-31","packs":30,"price":0.5}]}`

func TestDecodeReceipt(t *testing.T) {
	r, err := wire.DecodeReceipt([]byte(goodReceipt))
	if err != nil {
		t.Fatal(err)
	}
	if r.Number != "CK20260302001" || r.Revision != 1 || len(r.Lines) != 2 {
		t.Errorf("receipt %+v", r)
	}
	l := r.Lines[0]
	if l.HISCode != "DEMO001" || l.Packs != 2 || l.ExpiresOn.String() != "2028-01-31" || l.Price != "12.3400" || len(l.Codes) != 2 {
		t.Errorf("line 1 %+v", l)
	}
	if l := r.Lines[1]; !l.MadeOn.IsZero() || l.Price != "0.5" || l.Batch != "B\x1d7" {
		t.Errorf("line 2 %+v", l)
	}
	again, err := json.Marshal(r)
	if err != nil {
		t.Fatal(err)
	}
	back, err := wire.DecodeReceipt(again)
	if err != nil || !reflect.DeepEqual(back, r) {
		t.Errorf("round trip: %v\n%+v\n%+v", err, back, r)
	}
}

// A sender that knows neither batch nor expiry may leave them out, as null or as
// nothing.
func TestDecodeReceiptWithoutBatch(t *testing.T) {
	head := `{"source":"HIS","number":"N","revision":1,"kind":"transfer","issued_at":"2026-03-02T08:30:00+08:00","lines":[{"line_no":1,"his_code":"D","packs":2`
	for _, more := range []string{``, `,"batch":"","expires_on":""`, `,"batch":null,"expires_on":null`} {
		r, err := wire.DecodeReceipt([]byte(head + more + `}]}`))
		if err != nil || r.Lines[0].Batch != "" || !r.Lines[0].ExpiresOn.IsZero() {
			t.Errorf("%s: %+v %v", more, r, err)
		}
	}
}

func TestDecodeReceiptRefuses(t *testing.T) {
	line := func(change ...string) string {
		s := `{"line_no":1,"his_code":"D","batch":"B","expires_on":"2028-01-31","packs":2}`
		return `"lines":[` + strings.NewReplacer(change...).Replace(s) + `]`
	}
	head := `{"source":"HIS","number":"N","revision":1,"kind":"transfer","issued_at":"2026-03-02T08:30:00+08:00",`
	for name, c := range map[string]struct{ doc, field, reason string }{
		"negative":        {head + line(`"packs":2`, `"packs":-2`) + `}`, "lines[0].packs", "负数"},
		"zero":            {head + line(`"packs":2`, `"packs":0`) + `}`, "lines[0].packs", "1 到"},
		"fraction":        {head + line(`"packs":2`, `"packs":2.5`) + `}`, "lines.packs", "类型"},
		"text for number": {head + line(`"packs":2`, `"packs":"2"`) + `}`, "lines.packs", "类型"},
		"blank code":      {head + line(`"D"`, `"  "`) + `}`, "lines[0].his_code", "缺失"},
		"no such day":     {head + line(`2028-01-31`, `2027-02-29`) + `}`, "lines[0].expires_on", "日期"},
		"made after":      {head + line(`"packs"`, `"made_on":"2029-01-01","packs"`) + `}`, "lines[0].expires_on", "早于"},
		"price":           {head + line(`"packs"`, `"price":"-1","packs"`) + `}`, "lines[0].price", "金额"},
		"price exponent":  {head + line(`"packs"`, `"price":1e3,"packs"`) + `}`, "lines[0].price", "金额"},
		"too many codes":  {head + line(`"packs":2`, `"packs":1,"codes":["a","b"]`) + `}`, "lines[0].codes", "多于"},
		"code twice":      {head + line(`"packs":2`, `"packs":2,"codes":["a","a"]`) + `}`, "lines[0].codes[1]", "重复"},
		"control":         {head + line(`"B"`, `"B\u0000"`) + `}`, "lines[0].batch", "控制字符"},
		"too long":        {head + line(`"B"`, `"`+strings.Repeat("批", 61)+`"`) + `}`, "lines[0].batch", "60"},
		"same line":       {strings.Replace(goodReceipt, `"line_no":2`, `"line_no":1`, 1), "lines[1].line_no", "相同"},
		"no zone":         {strings.Replace(goodReceipt, "+08:00", "", 1), "issued_at", "没有时区"},
		"no zone, blank":  {strings.Replace(goodReceipt, "2026-03-02T08:30:00+08:00", "2026-03-02 08:30:00", 1), "issued_at", "没有时区"},
		"no number":       {strings.Replace(goodReceipt, `"number":"CK20260302001",`, "", 1), "number", "缺失"},
		"red of nothing":  {strings.Replace(goodReceipt, `"transfer"`, `"red"`, 1), "cancels", "红单"},
		"no lines":        {head + `"lines":[]}`, "lines", "行"},
		"name twice":      {strings.Replace(goodReceipt, `"packs":2`, `"packs":2,"Packs":3`, 1), "Packs", "两次"},
		"folded twice":    {strings.Replace(goodReceipt, `"packs":2`, `"packs":2,"pacKs":3`, 1), "pacKs", "两次"},
		"trailing":        {goodReceipt + `{}`, "", "之后"},
		"cut":             {goodReceipt[:200], "", "中断"},
		"deep":            {strings.Replace(goodReceipt, `[1]`, strings.Repeat("[", 100)+strings.Repeat("]", 100), 1), "", "嵌套"},
		"gbk":             {strings.Replace(goodReceipt, "中心药库", "\xd6\xd0\xd0\xc4", 1), "", "UTF-8"},
		"list":            {`[]`, "", "类型"},
		"empty":           {``, "", "中断"},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := wire.DecodeReceipt([]byte(c.doc))
			var d *wire.DocumentError
			if !errors.As(err, &d) {
				t.Fatalf("error %v, want a DocumentError", err)
			}
			if d.Field != c.field || !strings.Contains(d.Sentence(), c.reason) {
				t.Errorf("field %q (want %q): %s (want …%s…)", d.Field, c.field, d.Sentence(), c.reason)
			}
		})
	}
}

func TestIdentify(t *testing.T) {
	s, n, r := wire.Identify([]byte(strings.Replace(goodReceipt, `"packs":2`, `"packs":"many"`, 1)))
	if s != "HIS" || n != "CK20260302001" || r != 1 {
		t.Errorf("%q %q %d", s, n, r)
	}
	if s, n, r := wire.Identify([]byte(`{"number":7`)); s != "" || n != "" || r != 0 {
		t.Errorf("unreadable: %q %q %d", s, n, r)
	}
}

func TestDecodePage(t *testing.T) {
	for name, c := range map[string]struct {
		text string
		ok   bool
	}{
		"good":      {`{"documents":[{"a":1},7],"next":"8","more":true}`, true},
		"empty":     {`{"documents":[],"next":"3"}`, true},
		"no next":   {`{"documents":[]}`, false},
		"standing":  {`{"documents":[1],"next":"3"}`, false},
		"standing2": {`{"documents":[],"next":"3","more":true}`, false},
		"long":      {`{"documents":[],"next":"` + strings.Repeat("9", 201) + `"}`, false},
		"control":   {`{"documents":[],"next":"\u0000"}`, false},
	} {
		p, err := wire.DecodePage([]byte(c.text), "3")
		if (err == nil) != c.ok {
			t.Errorf("%s: %+v, %v", name, p, err)
		}
	}
}

func TestDecodeDrug(t *testing.T) {
	good := `{"his_code":"DEMO023","generic_name":"阿普唑仑片","unit_name":"片","pack_name":"盒","units_per_pack":20,
"class":"精二","class_since":"2013-11-11","prefixes":[{"prefix":"8900023","level":1,"units":20}]}`
	d, err := wire.DecodeDrug([]byte(good))
	if err != nil || d.Class != "精二" || d.Prefixes[0].Units != 20 {
		t.Fatalf("%+v, %v", d, err)
	}
	for _, change := range [][2]string{{`"精二"`, `"普通"`}, {`"class_since":"2013-11-11",`, ``}, {`"level":1`, `"level":4`}, {`:20,`, `:0,`}} {
		if _, err := wire.DecodeDrug([]byte(strings.Replace(good, change[0], change[1], 1))); err == nil {
			t.Errorf("accepted with %s", change[1])
		}
	}
}

func TestEnvelope(t *testing.T) {
	h := wire.Header{AppID: "a", MessageID: "m1", Service: wire.ServiceReceipts, Timestamp: noon, Nonce: testNonce}
	text, err := wire.EncodeRequest(h, wire.Pull{Since: "7", Limit: 50})
	if err != nil {
		t.Fatal(err)
	}
	r, err := wire.DecodeRequest(text)
	if err != nil || r.Header.MessageID != "m1" || !r.Header.Timestamp.Equal(noon) {
		t.Fatalf("%+v, %v", r, err)
	}
	if p, err := wire.DecodePull(r.Body); err != nil || p.Since != "7" || p.Limit != 50 {
		t.Errorf("%+v, %v", p, err)
	}
	text, err = wire.EncodeAnswer(wire.CodeServerError, "内部错误", "m1", nil)
	if err != nil {
		t.Fatal(err)
	}
	if a, err := wire.DecodeAnswer(text, "m1"); err != nil || a.OK() || a.Message != "内部错误" {
		t.Errorf("%+v, %v", a, err)
	}
	for name, bad := range map[string]string{
		"other message": `{"code":"0","message_id":"m2"}`,
		"no code":       `{"message_id":"m1"}`,
		"number code":   `{"code":0,"message_id":"m1"}`,
		"html":          `<html>502 Bad Gateway</html>`,
	} {
		if _, err := wire.DecodeAnswer([]byte(bad), "m1"); !errors.Is(err, wire.ErrEnvelope) {
			t.Errorf("%s: %v", name, err)
		}
	}
}
