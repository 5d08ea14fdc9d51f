package wire

import (
	"bytes"
	"encoding/json"
	"fmt"
	"strconv"
	"strings"
)

// object is what stands between braces or in an element, in its order: partners
// with a schema want their elements in sequence. Values are string, json.Number,
// bool, nil, object or []any. Attributes have names with an @ before them, the
// text of an element that has attributes too is #text.
type object []pair

type pair struct {
	name  string
	value any
}

// maxNames bounds the different names in one object: finding one is a walk.
const maxNames = 300

// get gives the value of a name, nil when it is missing.
func (o object) get(name string) (any, bool) {
	for _, p := range o {
		if p.name == name {
			return p.value, true
		}
	}
	return nil, false
}

// at follows a path of names with dots between them. The empty path is the value
// itself. Where a list stands in the way, its only member is meant.
func at(v any, path string) (any, bool) {
	if path == "" {
		return v, true
	}
	for _, name := range strings.Split(path, ".") {
		if list, ok := v.([]any); ok && len(list) == 1 {
			v = list[0]
		}
		o, ok := v.(object)
		if !ok {
			return nil, false
		}
		if v, ok = o.get(name); !ok {
			return nil, false
		}
	}
	return v, true
}

// textAt is the text at a path, "" where there is none.
func textAt(v any, path string) string {
	found, ok := at(v, path)
	if !ok || path == "" {
		return ""
	}
	return textOf(found)
}

// textOf is a plain value as text; an element with attributes is its text.
func textOf(v any) string {
	switch v := v.(type) {
	case string:
		return v
	case json.Number:
		return v.String()
	case bool:
		return strconv.FormatBool(v)
	case object:
		text, _ := v.get("#text")
		s, _ := text.(string)
		return s
	}
	return ""
}

// put sets the value at a path and makes what is missing on the way.
func (o object) put(path string, v any) object {
	name, rest, deeper := strings.Cut(path, ".")
	for i := range o {
		if o[i].name != name {
			continue
		}
		if inner, ok := o[i].value.(object); ok && deeper {
			o[i].value = inner.put(rest, v)
		} else if !deeper {
			o[i].value = v
		}
		return o
	}
	if deeper {
		v = object(nil).put(rest, v)
	}
	return append(o, pair{name, v})
}

// parseTree reads JSON that checkJSON has passed, in its order.
func parseTree(data []byte) (any, error) {
	if err := checkJSON(data); err != nil {
		return nil, err
	}
	d := json.NewDecoder(bytes.NewReader(data))
	d.UseNumber()
	return treeOf(d)
}

func treeOf(d *json.Decoder) (any, error) {
	t, err := d.Token()
	if err != nil {
		return nil, refuse("", "不是可读的 JSON")
	}
	switch t {
	case json.Delim('{'):
		return objectOf(d)
	case json.Delim('['):
		list := []any{}
		for d.More() {
			v, err := treeOf(d)
			if err != nil {
				return nil, err
			}
			list = append(list, v)
		}
		_, err := d.Token()
		return list, err
	}
	return t, nil
}

func objectOf(d *json.Decoder) (any, error) {
	o := object{}
	for d.More() {
		t, err := d.Token()
		if err != nil {
			return nil, refuse("", "不是可读的 JSON")
		}
		name, _ := t.(string)
		v, err := treeOf(d)
		if err != nil {
			return nil, err
		}
		if o = append(o, pair{name, v}); len(o) > maxNames {
			return nil, refuse(name, "所在的对象字段过多")
		}
	}
	_, err := d.Token()
	return o, err
}

// MarshalJSON writes the fields in their order.
func (o object) MarshalJSON() ([]byte, error) {
	var b bytes.Buffer
	b.WriteByte('{')
	for i, p := range o {
		if i > 0 {
			b.WriteByte(',')
		}
		name, err := json.Marshal(p.name)
		if err != nil {
			return nil, err
		}
		value, err := json.Marshal(p.value)
		if err != nil {
			return nil, fmt.Errorf("encode %s: %w", p.name, err)
		}
		b.Write(name)
		b.WriteByte(':')
		b.Write(value)
	}
	b.WriteByte('}')
	return b.Bytes(), nil
}
