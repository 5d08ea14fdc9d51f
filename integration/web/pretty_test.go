package web

import (
	"strings"
	"testing"
)

func TestPretty(t *testing.T) {
	for name, c := range map[string]struct{ body, kind, want string }{
		"json":            {`{"a":[1,{"b":"演示"}]}`, "JSON", "{\n  \"a\": [\n    1,\n    {\n      \"b\": \"演示\"\n    }\n  ]\n}"},
		"broken json":     {`{"a":`, "文字", `{"a":`},
		"xml":             {`<?xml version="1.0"?><a:x xmlns:a="urn:a" n="1"><b>1</b><c/></a:x>`, "XML", "<?xml version=\"1.0\"?><a:x xmlns:a=\"urn:a\" n=\"1\">\n  <b>1</b>\n  <c></c>\n</a:x>"},
		"a document type": {`<!DOCTYPE x [<!ENTITY e SYSTEM "file:///etc/passwd">]><x>&e;</x>`, "文字", `<!DOCTYPE x [<!ENTITY e SYSTEM "file:///etc/passwd">]><x>&e;</x>`},
		"broken xml":      {`<a><b>`, "文字", `<a><b>`},
		"form":            {"codes=1%0A2&command_id=x", "表单", "codes = 1\n    2\ncommand_id = x\n"},
		"words":           {"演示 a=b\x1b[2J", "文字", "演示 a=b·[2J"},
		"bytes":           {"\xff\x00PDF", "二进制", "ff 00 50 44 46\n"},
		"nothing":         {"", "文字", ""},
		"a stand-in":      {"（正文 90000 字节，太长没有留存；SM3 00）", "文字", "（正文 90000 字节，太长没有留存；SM3 00）"},
	} {
		kind, text := pretty([]byte(c.body))
		if kind != c.kind || text != c.want {
			t.Errorf("%s: %s %q, want %s %q", name, kind, text, c.kind, c.want)
		}
	}
	long := newBodyView("收到的", []byte(strings.Repeat("演示", 40_000)))
	if len(long.Text) > shownText || long.Cut == "" {
		t.Errorf("a long one: %d %q", len(long.Text), long.Cut)
	}
}
