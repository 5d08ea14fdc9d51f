package wire_test

import (
	"os"
	"strings"
	"testing"

	"jingfang/integration/wire"
)

// style is what a mapping file says of the authority.
func caStyle(t testing.TB, text string) wire.CAStyle {
	t.Helper()
	p, problems := platform(t, text)
	s, ok := p.CA()
	if !ok || len(problems) > 0 {
		t.Fatal(ok, problems)
	}
	return s
}

// The example of the manual has nothing wrong in it, and says what it says.
func TestTheCAExampleIsGood(t *testing.T) {
	text, err := os.ReadFile("../../deploy/ca.example.json")
	if err != nil {
		t.Fatal(err)
	}
	s := caStyle(t, string(text))
	if x := s.Service(wire.CASign); s.Vendor != "netca" || x.Code != "7-04" || x.Path != "/front/ca" {
		t.Errorf("%s %+v", s.Vendor, x)
	}
	asked := s.Ask(wire.CAQR, map[string]string{"app": "a", "challenge": "c", "id_number": "nobody asks for it"})
	if len(asked) != 5 || asked["trancode"] != "7-01" || asked["signType"] != "PHONE" || asked["signData"] != "c" {
		t.Errorf("a QR code is asked for with %v", asked)
	}
	if name := s.At("/front/ca", s.Asked(asked)); name != wire.CAQR {
		t.Errorf("taken for %q", name)
	}
	if s.Means(wire.CodesAnswer, "0000") != "ok" || s.Means(wire.CodesAnswer, "0") != "" || s.Means(wire.CodesGateway, "0") != "ok" {
		t.Error("a table of the file does not replace the built-in one, or another one is gone")
	}
	for _, name := range []string{"signGUID", "qrCode", "authToken", "signToken"} {
		if !strings.Contains(strings.Join(s.Secrets(), " "), name) {
			t.Errorf("%s is not covered in the log: %v", name, s.Secrets())
		}
	}
}

// Every mistake in the part about the authority is named with its key.
func TestMistakesInTheCAMapping(t *testing.T) {
	ca := func(inside string) string { return `{"ca":{` + inside + `}}` }
	netca, bjca := `"style":"netca",`, `"style":"bjca",`
	for name, c := range map[string]struct{ text, want string }{
		"no style":            {ca(``), `ca.style：不认识的样式 ""`},
		"unknown style":       {ca(`"style":"acme"`), `可写 netca、bjca`},
		"not an object":       {`{"ca":[]}`, `ca：`},
		"as a system":         {`{"systems":{"ca":{"envelope":"json"}}}`, `CA 写在最外层的 ca 里`},
		"unknown key":         {ca(netca + `"service":{}`), `不认识的键 "service"`},
		"unknown service":     {ca(netca + `"services":{"sing":{"path":"/x"}}`), `ca.services.sing：不认识的服务`},
		"another's service":   {ca(netca + `"services":{"token":{"path":"/x"}}`), `ca.services.token：不认识的服务`},
		"path":                {ca(netca + `"services":{"sign":{"path":"x"}}`), `ca.services.sign.path：须以 / 开头`},
		"path with a pattern": {ca(netca + `"services":{"sign":{"path":"/{x}"}}`), `ca.services.sign.path`},
		"code":                {ca(netca + `"services":{"sign":{"path":"/x","code":"a b"}}`), `ca.services.sign.code`},
		"one path for two":    {ca(netca + `"services":{"sign":{"path":"/x"},"signed":{"path":"/x"}}`), `ask.service`},
		"unknown field":       {ca(netca + `"ask":{"tokn":"t"}`), `ca.ask.tokn：没有这个字段`},
		"another's field":     {ca(netca + `"ask":{"secret":"s"}`), `ca.ask.secret：没有这个字段`},
		"empty name":          {ca(bjca + `"ask":{"token":""}`), `ca.ask.token`},
		"deep request":        {ca(bjca + `"ask":{"token":"a.b"}`), `不分层`},
		"two in one":          {ca(bjca + `"ask":{"token":"x","ticket":"x"}`), `ticket 和 token 都写到 "x"`},
		"no path":             {ca(bjca + `"answer":{"code":"a..b"}`), `不是路径`},
		"unknown answer":      {ca(bjca + `"answer":{"kode":"a"}`), `ca.answer.kode：没有这个字段`},
		"fixed":               {ca(bjca + `"fixed":{"qrcode":{"a":"b"}}`), `ca.fixed.qrcode：不认识的服务`},
		"unknown table":       {ca(bjca + `"codes":{"answers":{"0":"ok"}}`), `ca.codes.answers：不认识的表`},
		"gateway of bjca":     {ca(bjca + `"codes":{"gateway":{"0":"ok"}}`), `ca.codes.gateway：不认识的表`},
		"unknown meaning":     {ca(bjca + `"codes":{"answer":{"0":"ok","1":"yes"}}`), `ca.codes.answer.1：不认识的含义 "yes"`},
		"no success":          {ca(bjca + `"codes":{"answer":{"1":"wrong"}}`), `没有哪个代码表示 ok`},
		"no confirmed":        {ca(bjca + `"codes":{"qr":{"1":"waiting"}}`), `没有哪个代码表示 confirmed`},
		"wrong type":          {ca(bjca + `"codes":{"qr":{"1":2}}`), `类型不对`},
	} {
		_, problems := platform(t, c.text)
		if all := strings.Join(problems, "\n"); !strings.Contains(all, c.want) {
			t.Errorf("%s: want %q in %q", name, c.want, all)
		}
	}
}

// An answer of another shape than promised is refused with the field's name.
func TestCAAnswers(t *testing.T) {
	s, _ := wire.CAStyleOf("bjca")
	good, err := s.ReadAnswer([]byte(`{"status":0,"data":{"signState":"done","signature":"AQI=","cert":null,"new":{}}}`))
	if err != nil || good.Text("code") != "0" || string(good.Bytes("value")) != "\x01\x02" || good.Bytes("certificate") != nil {
		t.Errorf("%+v %v", good, err)
	}
	for text, want := range map[string]string{
		``:                            "不是可读的 JSON",
		`[]`:                          "status: 缺少",
		`{"data":{}}`:                 "status: 缺少",
		`{"status":""}`:               "status: 缺少",
		`{"status":"0","status":"1"}`: "出现两次",
		`{"status":{"a":1}}`:          "status: 类型不对",
		`{"status":"0","data":{"signature":"*"}}`:                      "不是 base64",
		`{"status":"0","data":{"signState":[]}}`:                       "类型不对",
		`{"status":"0"} x`:                                             "结束之后还有内容",
		"{\"status\":\"\xff\"}":                                        "UTF-8",
		strings.Repeat(`{"data":`, 99) + "1" + strings.Repeat("}", 99): "嵌套过深",
	} {
		if _, err := s.ReadAnswer([]byte(text)); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%.60s: %v, want %s", text, err, want)
		}
	}
}

// Whatever the authority sends, reading ends and gives an answer or a reason.
func FuzzCAAnswer(f *testing.F) {
	f.Add([]byte(`{"retCode":"0","signStatus":"FINISH","signResult":"AQI="}`))
	f.Add([]byte(`{"status":"0","data":[{"imgBase64":"AA=="}]}`))
	f.Fuzz(func(t *testing.T, body []byte) {
		for _, vendor := range wire.CAVendors() {
			s, _ := wire.CAStyleOf(vendor)
			if a, err := s.ReadAnswer(body); err == nil && a.Text("code") == "" {
				t.Error("an answer without a code")
			}
		}
	})
}
