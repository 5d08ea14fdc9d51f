package wire

import (
	"bytes"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"strings"
	"unicode/utf8"
)

// Bounds of XML from strangers. The largest document we expect (2,000 lines of 12
// fields with 10,000 codes) has some 60,000 elements.
const (
	maxElements   = 400_000
	maxAttributes = 40
)

// parseXML reads one element with everything in it, UTF-8 only (see toUTF8), and
// gives its local name. It takes no DOCTYPE, hence no entity beyond the five of the
// language and no reference to another file, no processing instruction but the
// declaration, and bounds depth, elements and attributes. An element without
// children or attributes is its text; those of one name in an element are a list.
// Error: *DocumentError, ErrTooLarge.
func parseXML(data []byte) (name string, tree any, err error) {
	if len(data) > MaxBody {
		return "", nil, ErrTooLarge
	}
	if !utf8.Valid(data) {
		return "", nil, refuse("", "编码不是 UTF-8")
	}
	x := xmlReader{d: xml.NewDecoder(bytes.NewReader(data))}
	x.d.Strict = true
	// The bytes are UTF-8 already, whatever the declaration said before.
	x.d.CharsetReader = func(_ string, r io.Reader) (io.Reader, error) { return r, nil }
	for {
		t, err := x.token()
		if err != nil {
			return "", nil, err
		}
		start, ok := t.(xml.StartElement)
		if !ok {
			continue
		}
		if tree, err = x.element(start, 1); err != nil {
			return "", nil, err
		}
		return start.Name.Local, tree, x.end()
	}
}

type xmlReader struct {
	d        *xml.Decoder
	elements int
}

// token gives the next start, end or text; what else is harmless is passed over.
func (x *xmlReader) token() (xml.Token, error) {
	for {
		t, err := x.d.RawToken()
		if err != nil {
			return nil, refuse("", "不是可读的 XML，可能传输中断或含实体")
		}
		switch t := t.(type) {
		case xml.Directive:
			return nil, refuse("", "含 DOCTYPE 或实体声明，不予解析")
		case xml.ProcInst:
			if t.Target != "xml" {
				return nil, refuse("", "含处理指令，不予解析")
			}
		case xml.Comment:
		default:
			return t, nil
		}
	}
}

// end holds that nothing but white space and comments follows.
func (x *xmlReader) end() error {
	for {
		t, err := x.d.RawToken()
		if errors.Is(err, io.EOF) {
			return nil
		}
		text, ok := t.(xml.CharData)
		if _, comment := t.(xml.Comment); err != nil || !comment && (!ok || len(bytes.TrimSpace(text)) > 0) {
			return refuse("", "XML 结束之后还有内容")
		}
	}
}

func (x *xmlReader) element(start xml.StartElement, depth int) (any, error) {
	x.elements++
	switch {
	case depth > maxDepth:
		return nil, refuse("", "嵌套过深")
	case x.elements > maxElements || len(start.Attr) > maxAttributes:
		return nil, refuse("", "元素或属性过多")
	}
	o, err := attributes(start)
	if err != nil {
		return nil, err
	}
	var text strings.Builder
	for {
		t, err := x.token()
		if err != nil {
			return nil, err
		}
		switch t := t.(type) {
		case xml.CharData:
			text.Write(t)
		case xml.StartElement:
			name := t.Name.Local
			v, err := x.element(t.Copy(), depth+1)
			if err != nil {
				return nil, err
			}
			if o, err = o.add(name, v); err != nil {
				return nil, err
			}
		case xml.EndElement:
			if t.Name != start.Name {
				return nil, refuse("", "XML 标签不成对")
			}
			return closed(o, text.String()), nil
		}
	}
}

// closed is an element's value: text alone, or what it holds with the text that
// stands beside attributes. White space between elements is nothing.
func closed(o object, text string) any {
	if len(o) == 0 {
		return text
	}
	if strings.TrimSpace(text) != "" {
		o = append(o, pair{"#text", text})
	}
	return o
}

// attributes leaves out the declarations of name spaces.
func attributes(start xml.StartElement) (object, error) {
	var o object
	for _, a := range start.Attr {
		if a.Name.Local == "xmlns" || a.Name.Space == "xmlns" {
			continue
		}
		if _, twice := o.get("@" + a.Name.Local); twice {
			return nil, refuse(a.Name.Local, "在同一元素中出现两次")
		}
		o = append(o, pair{"@" + a.Name.Local, a.Value})
	}
	return o, nil
}

// add puts a child in; a second one of its name makes a list.
func (o object) add(name string, v any) (object, error) {
	for i := range o {
		if o[i].name != name {
			continue
		}
		if list, ok := o[i].value.(repeated); ok {
			o[i].value = append(list, v)
		} else {
			o[i].value = repeated{o[i].value, v}
		}
		return o, nil
	}
	if len(o) >= maxNames {
		return nil, refuse(name, "所在的元素子项过多")
	}
	return append(o, pair{name, v}), nil
}

// repeated is a list made of elements with one name.
type repeated = []any

// formXML writes an element. A list becomes as many elements; names that XML does
// not allow are an error of the configuration.
func formXML(b *bytes.Buffer, name string, v any) error {
	if list, ok := v.([]any); ok {
		for _, x := range list {
			if err := formXML(b, name, x); err != nil {
				return err
			}
		}
		return nil
	}
	if !xmlName(localPart(name)) {
		return fmt.Errorf("wire: %q is not the name of an element", name)
	}
	b.WriteString("<" + name)
	o, ok := v.(object)
	if !ok {
		return formText(b, name, textOf(v))
	}
	for _, p := range o {
		if at, ok := strings.CutPrefix(p.name, "@"); ok {
			if !xmlName(localPart(at)) {
				return fmt.Errorf("wire: %q is not the name of an attribute", at)
			}
			b.WriteString(" " + at + `="`)
			_ = xml.EscapeText(b, []byte(textOf(p.value))) // a buffer does not fail
			b.WriteString(`"`)
		}
	}
	b.WriteString(">")
	for _, p := range o {
		switch {
		case strings.HasPrefix(p.name, "@"):
		case p.name == "#text":
			_ = xml.EscapeText(b, []byte(textOf(p.value)))
		default:
			if err := formXML(b, p.name, p.value); err != nil {
				return err
			}
		}
	}
	b.WriteString("</" + name + ">")
	return nil
}

func formText(b *bytes.Buffer, name, text string) error {
	b.WriteString(">")
	_ = xml.EscapeText(b, []byte(text))
	b.WriteString("</" + name + ">")
	return nil
}

// localPart is a name without the prefix of its name space.
func localPart(name string) string {
	if _, local, ok := strings.Cut(name, ":"); ok {
		return local
	}
	return name
}

func xmlName(s string) bool {
	for i, r := range s {
		letter := r == '_' || r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r > 0x7f
		if !letter && (i == 0 || r != '-' && r != '.' && (r < '0' || r > '9')) {
			return false
		}
	}
	return s != ""
}
