package wire

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"unicode"
	"unicode/utf8"
)

// MaxBody is the largest body that is read, in bytes.
const MaxBody = 10 << 20

// maxDepth bounds nesting; our deepest document has five levels.
const maxDepth = 32

// ReadBody reads a whole body of at most MaxBody bytes. Errors: ErrTooLarge, or
// that of the reader (io.ErrUnexpectedEOF when the sender was cut off).
func ReadBody(r io.Reader) ([]byte, error) {
	body, err := io.ReadAll(io.LimitReader(r, MaxBody+1))
	if err != nil {
		return body, fmt.Errorf("read body after %d bytes: %w", len(body), err)
	}
	if len(body) > MaxBody {
		return nil, ErrTooLarge
	}
	return body, nil
}

// unmarshal is json.Unmarshal for what strangers send: UTF-8 only, no name
// twice in an object (the standard decoder would silently take the last one,
// and takes "Packs" for "packs"), bounded nesting, nothing after the end.
// Unknown names are let through: hospitals add fields to their interfaces
// without telling anybody.
func unmarshal(data []byte, dst any) error {
	if err := checkJSON(data); err != nil {
		return err
	}
	err := json.Unmarshal(data, dst)
	var wrong *json.UnmarshalTypeError
	if errors.As(err, &wrong) {
		return refuse(wrong.Field, "类型不对（收到的是 "+kindText(wrong.Value)+"）")
	}
	if err != nil {
		return refuse("", "不是可读的 JSON")
	}
	return nil
}

func checkJSON(data []byte) error {
	if len(data) > MaxBody {
		return ErrTooLarge
	}
	if !utf8.Valid(data) {
		return refuse("", "编码不是 UTF-8")
	}
	w := walker{d: json.NewDecoder(bytes.NewReader(data))}
	w.d.UseNumber()
	if err := w.value(0); err != nil {
		return err
	}
	if _, err := w.d.Token(); !errors.Is(err, io.EOF) {
		return refuse("", "JSON 结束之后还有内容")
	}
	return nil
}

// walker reads one JSON value token by token.
type walker struct{ d *json.Decoder }

func (w walker) token() (json.Token, error) {
	t, err := w.d.Token()
	if err != nil {
		return nil, refuse("", "不是可读的 JSON，可能传输中断")
	}
	return t, nil
}

func (w walker) value(depth int) error {
	if depth > maxDepth {
		return refuse("", "嵌套过深")
	}
	t, err := w.token()
	if err != nil {
		return err
	}
	switch t {
	case json.Delim('{'):
		return w.object(depth + 1)
	case json.Delim('['):
		return w.list(depth + 1)
	}
	return nil
}

func (w walker) object(depth int) error {
	seen := map[string]bool{}
	for w.d.More() {
		t, err := w.token()
		if err != nil {
			return err
		}
		name := fold(t.(string)) // the decoder gives nothing else inside an object
		if seen[name] {
			return refuse(t.(string), "在同一对象中出现两次")
		}
		seen[name] = true
		if err := w.value(depth); err != nil {
			return err
		}
	}
	_, err := w.token()
	return err
}

func (w walker) list(depth int) error {
	for w.d.More() {
		if err := w.value(depth); err != nil {
			return err
		}
	}
	_, err := w.token()
	return err
}

// fold maps names that encoding/json takes for the same one to the same text.
func fold(name string) string {
	out := []rune(name)
	for i, r := range out {
		least := r
		for f := unicode.SimpleFold(r); f != r; f = unicode.SimpleFold(f) {
			least = min(least, f)
		}
		out[i] = least
	}
	return string(out)
}

// kindText puts the decoder's words for JSON kinds into Chinese.
func kindText(value string) string {
	switch {
	case value == "string":
		return "文字"
	case value == "object":
		return "对象"
	case value == "array":
		return "列表"
	case value == "bool":
		return "真假值"
	case len(value) >= 6 && value[:6] == "number":
		return "数字" + value[6:]
	}
	return value
}
