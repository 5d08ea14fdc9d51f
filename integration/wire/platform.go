package wire

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"
	"sort"
	"strings"
	"unicode/utf8"
)

// Platform is what a mapping file says of the hospital's systems, by their names.
type Platform struct {
	systems map[string]Dialect
	facts   []Destination
	ca      *CAStyle
}

// Dialect of a system; one that the file does not name speaks our own JSON.
func (p Platform) Dialect(system string) Dialect { return p.systems[system] }

// platformFile is the mapping file.
type platformFile struct {
	Systems map[string]systemFile `json:"systems,omitempty"`
	CA      json.RawMessage       `json:"ca,omitempty"`
}

type systemFile struct {
	Comment         string                     `json:"comment,omitempty"`
	Envelope        string                     `json:"envelope"`
	Facts           *Destination               `json:"facts,omitempty"`
	Style           json.RawMessage            `json:"style,omitempty"`
	UnsignedAnswers bool                       `json:"unsigned_answers,omitempty"`
	Services        map[string]Service         `json:"services,omitempty"`
	Fields          map[string]map[string]Rule `json:"fields,omitempty"`
}

// maxMappingFile is the largest mapping file, in bytes.
const maxMappingFile = 1 << 20

// ReadPlatform reads a mapping file and checks all of it. problems are Chinese
// sentences that each name the key that is wrong; with any the platform is not to
// be used. err says that the file is no JSON at all.
func ReadPlatform(r io.Reader) (p Platform, problems []string, err error) {
	data, err := io.ReadAll(io.LimitReader(r, maxMappingFile+1))
	if err != nil {
		return p, nil, fmt.Errorf("read the mapping file: %w", err)
	}
	if len(data) > maxMappingFile || !utf8.Valid(data) {
		return p, []string{"对照文件超过 1 MB 或不是 UTF-8 编码。"}, nil
	}
	if err := checkJSON(data); err != nil {
		var d *DocumentError
		if errors.As(err, &d) {
			return p, []string{"对照文件：" + strings.TrimSpace(d.Field+" "+d.Reason) + "。"}, nil
		}
		return p, nil, err
	}
	var c checker
	file := c.file(data)
	p.systems = map[string]Dialect{}
	for _, name := range sortedKeys(file.Systems) {
		p.systems[name] = c.system("systems."+name, file.Systems[name])
		if d := file.Systems[name].Facts; d != nil {
			d.Name = name
			p.facts = append(p.facts, *d)
		}
	}
	if len(file.CA) > 0 {
		ca := c.ca(file.CA)
		p.ca = &ca
	}
	return p, c.problems, nil
}

// checker gathers what is wrong.
type checker struct {
	problems []string
	titles   []string // of destinations
}

func (c *checker) say(key, format string, args ...any) {
	c.problems = append(c.problems, key+"："+fmt.Sprintf(format, args...))
}

// file decodes strictly: a key nobody knows is a key somebody mistyped.
func (c *checker) file(data []byte) platformFile {
	var f platformFile
	c.strict("文件", data, &f)
	if len(c.problems) == 0 && len(f.Systems) == 0 && len(f.CA) == 0 {
		c.say("systems", "缺少。请至少写明一个系统，如 his，或写明 ca。")
	}
	return f
}

func (c *checker) strict(key string, data []byte, into any) {
	d := json.NewDecoder(bytes.NewReader(data))
	d.DisallowUnknownFields()
	err := d.Decode(into)
	var wrong *json.UnmarshalTypeError
	switch {
	case err == nil:
	case errors.As(err, &wrong):
		c.say(key, "%s 的类型不对，收到的是%s。", wrong.Field, kindText(wrong.Value))
	default:
		name, ok := strings.CutPrefix(err.Error(), "json: unknown field ")
		if !ok {
			c.say(key, "无法识别（%s）。", err.Error())
			return
		}
		c.say(key, "有不认识的键 %s。请核对拼写。", name)
	}
}

// knownSystems are the names that the program asks for.
func knownSystems() []string { return []string{"his"} }

func (c *checker) system(key string, f systemFile) Dialect {
	c.destination(key, f)
	d := Dialect{services: f.Services, fields: mapping{}, UnsignedAnswers: f.UnsignedAnswers}
	style, ok := StyleOf(f.Envelope)
	switch {
	case f.Envelope == "":
		c.say(key+".envelope", "缺少。可写 %s。", strings.Join(Styles(), "、"))
	case !ok:
		c.say(key+".envelope", "不认识的信封 %q。可写 %s。", f.Envelope, strings.Join(Styles(), "、"))
	}
	if len(f.Style) > 0 {
		c.strict(key+".style", f.Style, &style)
	}
	if f.Envelope != "json" || len(f.Style) > 0 {
		d.style = &style
	}
	if ok {
		c.style(key, style)
	}
	c.services(key, f)
	for _, shape := range sortedKeys(f.Fields) {
		d.fields[shape] = c.shape(key+".fields."+shape, shape, f.Fields[shape])
	}
	return d
}

// style holds that a message can be made and its answer be read.
func (c *checker) style(key string, s Style) {
	for _, x := range []struct{ name, value string }{{"body", s.Body}, {"code", s.Code}, {"data", s.Data}, {"message_id", s.MessageID}} {
		if x.value == "" {
			c.say(key+".style."+x.name, "缺少。没有它就不能收发。")
		}
	}
	if len(s.Success) == 0 {
		c.say(key+".style.success", "缺少。请写明哪些代码表示成功。")
	}
	if s.Inner != "" && len(s.InnerSuccess) == 0 {
		c.say(key+".style.inner_success", "缺少。写了 inner，就要写明哪些代码表示成功。")
	}
	if s.XML && s.Root == "" {
		c.say(key+".style.root", "缺少。XML 信封要写明最外层元素。")
	}
	if s.SOAP == nil {
		return
	}
	if s.SOAP.Method == "" || s.SOAP.Result == "" || !slices.Contains(s.SOAP.Params, s.SOAP.Payload) {
		c.say(key+".style.soap", "method、result 必须写明，payload 必须是 params 之一。")
	}
}

func (c *checker) services(key string, f systemFile) {
	known := Services()
	for _, name := range sortedKeys(f.Services) {
		s, at := f.Services[name], key+".services."+name
		switch {
		case known[name] == (Service{}):
			c.say(at, "不认识的服务。可写 %s。", strings.Join(sortedKeys(known), "、"))
		case s.Code == "":
			c.say(at+".code", "缺少服务代码。")
		case len(s.Code) > maxName || strings.ContainsAny(s.Code, " \t\r\n"):
			c.say(at+".code", "服务代码最多 %d 个字符，不含空格。", maxName)
		case !strings.HasPrefix(s.Path, "/") || strings.ContainsAny(s.Path, "?# "):
			c.say(at+".path", "须以 / 开头，不带参数，现在是 %q。", s.Path)
		}
	}
	if f.Envelope == "json" && len(f.Services) == 0 {
		return
	}
	need, words := []string{AskReceipts, AskDrugs}, "取单和药品目录必须写明服务代码和地址。"
	if f.Facts != nil {
		need, words = []string{TellDispense, TellReverse, AskDispensed}, "上报、冲销和查询结果必须写明服务代码和地址。"
	}
	for _, name := range need {
		if _, ok := f.Services[name]; !ok {
			c.say(key+".services."+name, "缺少。%s", words)
		}
	}
}

// sent are the shapes that go out; for them a translation must be clear both ways.
func sent(shape string) bool {
	return slices.Contains([]string{shapePull, shapePatientQuery, shapeCodeQuery, shapeFact, shapeFactQuery}, shape)
}

func (c *checker) shape(key, shape string, rules map[string]Rule) fieldMap {
	fields, ok := shapes()[shape]
	if !ok {
		c.say(key, "不认识的单据。可写 %s。", strings.Join(sortedKeys(shapes()), "、"))
		return nil
	}
	for _, name := range sortedKeys(rules) {
		at := slices.IndexFunc(fields, func(f field) bool { return f.name == name })
		if at < 0 {
			c.say(key+"."+name, "%s 没有这个字段。可写 %s。", shape, strings.Join(fieldNames(fields), "、"))
			continue
		}
		c.rule(key+"."+name, fields[at], rules[name], sent(shape))
	}
	return rules
}

func (c *checker) rule(key string, f field, r Rule, out bool) {
	switch {
	case r.Path == "" && r.Const == "":
		c.say(key, "path 和 const 至少写一个。")
	case strings.HasPrefix(r.Path, ".") || strings.HasSuffix(r.Path, ".") || strings.Contains(r.Path, ".."):
		c.say(key+".path", "%q 不是路径，应如 HEAD.BILLNO。", r.Path)
	case r.Layout != "" && f.kind != asDay && f.kind != asMoment:
		c.say(key+".layout", "只有日期和时间才写 layout。")
	case r.Zone != "" && f.kind != asMoment:
		c.say(key+".zone", "只有时间才写 zone。")
	}
	if r.Zone != "" {
		if _, ok := zoneOf(r.Zone); !ok {
			c.say(key+".zone", "%q 不是时区，应如 +08:00。", r.Zone)
		}
	}
	if !out {
		return
	}
	theirs := map[string]string{}
	for _, t := range sortedKeys(r.Values) {
		if before, twice := theirs[r.Values[t]]; twice {
			c.say(key+".values", "%s 和 %s 都对应 %s，发出时不知写哪一个。", before, t, r.Values[t])
		}
		theirs[r.Values[t]] = t
	}
}

func fieldNames(list []field) []string {
	names := make([]string, len(list))
	for i, f := range list {
		names[i] = f.name
	}
	return names
}

func sortedKeys[V any](m map[string]V) []string {
	keys := make([]string, 0, len(m))
	for k := range m {
		keys = append(keys, k)
	}
	sort.Strings(keys)
	return keys
}

// Systems are the names in the file, in order.
func (p Platform) Systems() []string { return sortedKeys(p.systems) }

// Summary says in lines how the system is met: its services with code and path.
func (d Dialect) Summary() []string {
	var lines []string
	for _, name := range sortedKeys(Services()) {
		s, from := d.Service(name), ""
		if _, ok := d.services[name]; !ok {
			from = "（文件没有写，用默认）"
		}
		lines = append(lines, fmt.Sprintf("%-10s %-24s %s%s", name, s.Code, s.Path, from))
	}
	return lines
}
