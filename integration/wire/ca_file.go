package wire

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"
)

// caFile is what a mapping file says of the certificate authority. What it does not
// name stays as it is built in.
type caFile struct {
	Comment  string                       `json:"comment,omitempty"`
	Style    string                       `json:"style"`
	Services map[string]Service           `json:"services,omitempty"`
	Ask      map[string]string            `json:"ask,omitempty"`
	Answer   map[string]string            `json:"answer,omitempty"`
	Fixed    map[string]map[string]string `json:"fixed,omitempty"`
	// Codes replace a built-in table as a whole: a code that means nothing here must
	// not go on meaning what it means elsewhere.
	Codes map[string]map[string]string `json:"codes,omitempty"`
}

// maxCACode bounds the code of a service: the transfer log is searched by it.
const maxCACode = 60

// caMeanings are the meanings that each table may give, those first without which
// nothing works: how many must be there.
func caMeanings(table string) (known []string, needed int) {
	switch table {
	case CodesAnswer:
		return []string{"ok", "wrong", "none", "token", "refused"}, 1
	case CodesQR:
		return []string{"waiting", "confirmed", "scanned", "refused", "expired", "wrong", "error"}, 2
	case CodesQRAnswer:
		return []string{"refused", "expired", "wrong", "error"}, 0
	case CodesSignature:
		return []string{"done", "waiting"}, 1
	case CodesCertificate:
		return []string{"good", "revoked", "frozen", "old", "foreign", "unregistered"}, 1
	case CodesGateway:
		return []string{"ok"}, 1
	}
	return nil, 0
}

// ca reads the part of the mapping file about the certificate authority.
func (c *checker) ca(data json.RawMessage) CAStyle {
	var f caFile
	before := len(c.problems)
	if c.strict("ca", data, &f); len(c.problems) > before {
		return CAStyle{}
	}
	s, ok := CAStyleOf(f.Style)
	if !ok {
		c.say("ca.style", "不认识的样式 %q。可写 %s。", f.Style, strings.Join(CAVendors(), "、"))
		return s
	}
	c.caServices(&s, f)
	c.caNames("ca.ask", s.ask, f.Ask, true)
	c.caNames("ca.answer", s.answer, f.Answer, false)
	for _, name := range sortedKeys(f.Fixed) {
		if _, ok := s.services[name]; !ok {
			c.say("ca.fixed."+name, "不认识的服务。可写 %s。", strings.Join(s.Services(), "、"))
		}
		s.fixed[name] = f.Fixed[name]
	}
	for _, table := range sortedKeys(f.Codes) {
		c.caCodes(s, table, f.Codes[table])
	}
	c.onePath(s)
	return s
}

func (c *checker) caServices(s *CAStyle, f caFile) {
	for _, name := range sortedKeys(f.Services) {
		x, key := f.Services[name], "ca.services."+name
		old, ok := s.services[name]
		if !ok {
			c.say(key, "不认识的服务。可写 %s。", strings.Join(s.Services(), "、"))
			continue
		}
		if x.Code == "" {
			x.Code = old.Code
		}
		if len(x.Code) > maxCACode || strings.ContainsAny(x.Code, " \t\r\n") {
			c.say(key+".code", "服务代码最多 %d 个字符，不含空格。", maxCACode)
		}
		if !strings.HasPrefix(x.Path, "/") || strings.ContainsAny(x.Path, "?#{ ") {
			c.say(key+".path", "须以 / 开头，不带参数，现在是 %q。", x.Path)
		}
		s.services[name] = x
	}
}

// caNames lays the file's names over the built-in ones.
func (c *checker) caNames(key string, names, file map[string]string, ask bool) {
	known := sortedKeys(names)
	if ask {
		known = append(known, askService)
	}
	for _, name := range sortedKeys(file) {
		switch to := file[name]; {
		case !slices.Contains(known, name):
			c.say(key+"."+name, "没有这个字段。可写 %s。", strings.Join(known, "、"))
		case to == "" || strings.ContainsAny(to, " \t\r\n"):
			c.say(key+"."+name, "%q 不是字段名。", to)
		case ask && strings.Contains(to, "."):
			c.say(key+"."+name, "请求里的字段不分层，%q 不能有点。", to)
		case strings.HasPrefix(to, ".") || strings.HasSuffix(to, ".") || strings.Contains(to, ".."):
			c.say(key+"."+name, "%q 不是路径，应如 data.signature。", to)
		}
	}
	maps.Copy(names, file)
	if !ask {
		return
	}
	seen := map[string]string{}
	for _, name := range sortedKeys(names) {
		if before, twice := seen[names[name]]; twice {
			c.say(key, "%s 和 %s 都写到 %q。", before, name, names[name])
		}
		seen[names[name]] = name
	}
}

func (c *checker) caCodes(s CAStyle, table string, codes map[string]string) {
	key := "ca.codes." + table
	known, needed := caMeanings(table)
	if known == nil || table == CodesGateway && !s.Gateway() {
		c.say(key, "不认识的表。可写 %s。", strings.Join(sortedKeys(s.codes), "、"))
		return
	}
	found := map[string]bool{}
	for _, code := range sortedKeys(codes) {
		found[codes[code]] = true
		if !slices.Contains(known, codes[code]) {
			c.say(key+"."+code, "不认识的含义 %q。可写 %s。", codes[code], strings.Join(known, "、"))
		}
	}
	for _, meaning := range known[:needed] {
		if !found[meaning] {
			c.say(key, "没有哪个代码表示 %s。", meaning)
		}
	}
	s.codes[table] = codes
}

// onePath holds that two services at one address can be told apart.
func (c *checker) onePath(s CAStyle) {
	seen := map[string]string{}
	for _, name := range s.Services() {
		path := s.services[name].Path
		if before, twice := seen[path]; twice && (s.ask[askService] == "" || name == CACertificate && s.Gateway() || before == CACertificate && s.Gateway()) {
			c.say("ca.services."+name, "与 %s 用同一地址 %s，须在 ask.service 写明服务代码放在哪个字段。", before, path)
		}
		seen[path] = name
	}
}

// CA gives how the certificate authority is spoken to; false where the mapping file
// does not say.
func (p Platform) CA() (CAStyle, bool) {
	if p.ca == nil {
		return CAStyle{}, false
	}
	return *p.ca, true
}

// Summary says in lines how the authority is met: its services with code and path.
func (s CAStyle) Summary() []string {
	lines := []string{"样式 " + s.Vendor}
	for _, name := range s.Services() {
		lines = append(lines, fmt.Sprintf("%-12s %-24s %s", name, s.services[name].Code, s.services[name].Path))
	}
	return lines
}

func lastName(path string) string { return path[strings.LastIndexByte(path, '.')+1:] }
