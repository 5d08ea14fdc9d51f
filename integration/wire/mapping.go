package wire

import (
	"bytes"
	"encoding/json"
	"regexp"
	"strings"
	"time"
)

// Rule says where a field of ours stands in another system's document and how its
// value is written there.
type Rule struct {
	// Path is the names to it with dots between, an attribute with an @.
	Path string `json:"path,omitempty"`
	// Const is the value where the other system has no such field.
	Const string `json:"const,omitempty"`
	// Values translates: theirs to ours. Others stay as they are.
	Values map[string]string `json:"values,omitempty"`
	// Layout is how a day or a moment is written there, with the digits of Go's
	// reference time (20060102150405).
	Layout string `json:"layout,omitempty"`
	// Zone is the zone of a moment that is written without one, such as +08:00.
	// Without it such a moment is refused.
	Zone string `json:"zone,omitempty"`
}

// UnmarshalJSON also takes a text, which is the path.
func (r *Rule) UnmarshalJSON(data []byte) error {
	if len(data) > 0 && data[0] == '"' {
		return json.Unmarshal(data, &r.Path)
	}
	type plain Rule
	d := json.NewDecoder(bytes.NewReader(data))
	d.DisallowUnknownFields()
	return d.Decode((*plain)(r))
}

// fieldMap is the rules of one shape by the name of our field.
type fieldMap map[string]Rule

// rule of a field; what the file does not name stands under our own name.
func (m fieldMap) rule(name string) Rule {
	if r, ok := m[name]; ok {
		return r
	}
	return Rule{Path: name}
}

// mapping is the rules of all shapes.
type mapping map[string]fieldMap

// inward makes our document of theirs. It never fails: what cannot be made stays as
// it came, and the decoder that knows the document refuses it with its name.
func (m mapping) inward(shape string, theirs any) any {
	ours := object{}
	for _, f := range shapes()[shape] {
		r := m[shape].rule(f.name)
		v, ok := any(nil), false
		if r.Path != "" {
			v, ok = at(theirs, r.Path)
		}
		if !ok || v == nil {
			if r.Const == "" {
				continue
			}
			v = r.Const
		}
		if v = m.value(f, r, v); v != nil {
			ours = append(ours, pair{f.name, v})
		}
	}
	return ours
}

// value makes one value of ours; nil leaves the field out.
func (m mapping) value(f field, r Rule, v any) any {
	switch f.kind {
	case asRaw:
		return v
	case asList:
		return m.members(f, v)
	case asTexts:
		return texts(v)
	}
	if _, list := v.([]any); list {
		return v
	}
	o, isObject := v.(object)
	if _, ok := o.get("#text"); isObject && !ok {
		return v
	}
	text := strings.TrimSpace(textOf(v))
	if word, ok := r.Values[text]; ok {
		text = word
	}
	return typed(f, r, text)
}

func (m mapping) members(f field, v any) any {
	if text, ok := v.(string); ok && strings.TrimSpace(text) == "" {
		return []any{} // an empty element is a list without members
	}
	list, ok := v.([]any)
	if !ok {
		list = []any{v}
	}
	out := make([]any, len(list))
	for i, x := range list {
		out[i] = m.inward(f.of, x)
	}
	return out
}

func texts(v any) any {
	list, ok := v.([]any)
	if !ok {
		if strings.TrimSpace(textOf(v)) == "" {
			return nil
		}
		list = []any{v}
	}
	out := make([]any, len(list))
	for i, x := range list {
		out[i] = strings.TrimSpace(textOf(x))
	}
	return out
}

var (
	wholeForm   = regexp.MustCompile(`^-?(0|[1-9][0-9]{0,17})$`)
	decimalForm = regexp.MustCompile(`^-?(0|[1-9][0-9]{0,17})(\.[0-9]{1,8})?$`)
)

// typed makes a value of ours out of text. Text that is no such value stays text.
func typed(f field, r Rule, text string) any {
	switch f.kind {
	case asInt:
		if text == "" {
			return nil
		}
		whole := strings.TrimSuffix(strings.TrimRight(text, "0"), ".")
		if strings.Contains(text, ".") && wholeForm.MatchString(whole) {
			text = whole // 12.00 of a column with decimals
		}
		if wholeForm.MatchString(text) {
			return json.Number(text)
		}
	case asNumber:
		if text == "" {
			return nil
		}
		if decimalForm.MatchString(text) {
			return json.Number(text)
		}
	case asBool:
		switch strings.ToLower(text) {
		case "true", "1", "y":
			return true
		case "false", "0", "n", "":
			return false
		}
	case asDay:
		return dayIn(r, text)
	case asMoment:
		return momentIn(r, text)
	}
	return text
}

// dayIn reads a day; an empty element tells none.
func dayIn(r Rule, text string) any {
	switch {
	case text == "":
		return nil
	case r.Layout == "":
		return text
	}
	if t, err := time.Parse(r.Layout, text); err == nil {
		return t.Format(time.DateOnly)
	}
	return text
}

// momentIn reads a moment as the other system writes it. A moment without a zone
// gets one only where the mapping says which.
func momentIn(r Rule, text string) any {
	layouts := []string{"2006-01-02T15:04:05", "2006-01-02 15:04:05"}
	if r.Layout != "" {
		layouts = []string{r.Layout}
	}
	zone, known := zoneOf(r.Zone)
	for _, layout := range layouts {
		bare := !strings.ContainsAny(strings.ReplaceAll(layout, "-07:00", "Z"), "Z")
		t, err := time.ParseInLocation(layout, text, zone)
		if err == nil && (known || !bare) {
			return t.Format(time.RFC3339Nano)
		}
	}
	return text
}

// zoneOf reads +08:00.
func zoneOf(text string) (*time.Location, bool) {
	t, err := time.Parse("-07:00", text)
	if err != nil {
		return time.UTC, false
	}
	return t.Location(), true
}

// outward makes their document of ours, in the order of the shape.
func (m mapping) outward(shape string, ours any) any {
	theirs := object{}
	for _, f := range shapes()[shape] {
		r := m[shape].rule(f.name)
		if r.Path == "" {
			continue
		}
		v, ok := at(ours, f.name)
		if !ok || v == nil {
			if r.Const == "" {
				continue
			}
			v = r.Const
		}
		theirs = theirs.put(r.Path, m.valueOut(f, r, v))
	}
	return theirs
}

func (m mapping) valueOut(f field, r Rule, v any) any {
	if list, ok := v.([]any); ok && f.kind == asList {
		out := make([]any, len(list))
		for i, x := range list {
			out[i] = m.outward(f.of, x)
		}
		return out
	}
	text, ok := v.(string)
	if !ok {
		if len(r.Values) == 0 {
			return v
		}
		text = textOf(v)
	}
	for theirs, ours := range r.Values {
		// The mapping's check holds that no two of theirs mean one of ours on a field
		// that is sent.
		if ours == text {
			return theirs
		}
	}
	if !ok {
		return v
	}
	return timeOut(f, r, text)
}

// timeOut writes a day or a moment as the other system does.
func timeOut(f field, r Rule, text string) any {
	form := time.DateOnly
	if f.kind == asMoment {
		form = time.RFC3339Nano
	}
	if r.Layout == "" || f.kind != asDay && f.kind != asMoment {
		return text
	}
	t, err := time.Parse(form, text)
	if err != nil {
		return text
	}
	if zone, ok := zoneOf(r.Zone); ok && f.kind == asMoment {
		t = t.In(zone)
	}
	return t.Format(r.Layout)
}
