package web

import (
	"bytes"
	"encoding/json"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"maps"
	"net/url"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"jingfang/sql/seal"
)

// Bounds of what a page shows of a body.
const (
	shownText  = 64 << 10
	shownBytes = 256
)

// bodyView is a body as a person reads it.
type bodyView struct {
	Title string // "发出的", "收到的"
	Size  string
	Kind  string // "JSON", "XML", "表单", "文字", "二进制"
	Text  string
	Cut   string // what is not shown, or ""
	Empty bool
}

func newBodyView(title string, body []byte) bodyView {
	v := bodyView{Title: title, Size: byteText(int64(len(body))), Empty: len(body) == 0}
	v.Kind, v.Text = pretty(body)
	switch {
	case v.Kind == "二进制":
		v.Cut = fmt.Sprintf("只显示开头 %d 字节。SM3 %s", min(len(body), shownBytes), seal.SM3(body))
	case len(v.Text) > shownText:
		v.Text = strings.ToValidUTF8(v.Text[:shownText], "")
		v.Cut = "太长，只显示开头 64 kB。全文请用 jingfang transferlog show。"
	}
	return v
}

// pretty lays a body out by what it is; what cannot be read so stays as it came.
func pretty(body []byte) (kind, text string) {
	trimmed := bytes.TrimSpace(body)
	switch {
	case !utf8.Valid(body) || bytes.ContainsRune(body, 0):
		return "二进制", hexLines(body[:min(len(body), shownBytes)])
	case len(trimmed) == 0:
		return "文字", ""
	case trimmed[0] == '{' || trimmed[0] == '[':
		var out bytes.Buffer
		if json.Indent(&out, trimmed, "", "  ") == nil {
			return "JSON", out.String()
		}
	case trimmed[0] == '<':
		if text, ok := indentXML(trimmed); ok {
			return "XML", text
		}
	case isForm(trimmed):
		return "表单", formLines(string(trimmed))
	}
	return "文字", harmless(string(body))
}

// harmless takes control characters out, which could hide text from its reader.
func harmless(s string) string {
	return strings.Map(func(r rune) rune {
		if r == '\n' || r == '\t' || !unicode.IsControl(r) {
			return r
		}
		return '·'
	}, s)
}

func hexLines(b []byte) string {
	var out strings.Builder
	for line := range slices.Chunk(b, 16) {
		fmt.Fprintf(&out, "% x\n", line)
	}
	return out.String()
}

// indentXML writes the elements of a document below one another. It reads with
// Go's decoder, which knows neither document types nor external entities.
func indentXML(body []byte) (string, bool) {
	var out bytes.Buffer
	in, to := xml.NewDecoder(bytes.NewReader(body)), xml.NewEncoder(&out)
	to.Indent("", "  ")
	for {
		token, err := in.RawToken()
		if errors.Is(err, io.EOF) {
			whole := to.Close() == nil
			return out.String(), whole
		}
		if _, doctype := token.(xml.Directive); doctype || err != nil {
			return "", false
		}
		if text, ok := token.(xml.CharData); ok && len(bytes.TrimSpace(text)) == 0 {
			continue
		}
		if err := to.EncodeToken(plainNames(token)); err != nil {
			return "", false
		}
	}
}

// plainNames keeps the prefixes of names as they were written: the encoder would
// make name spaces of them.
func plainNames(token xml.Token) xml.Token {
	plain := func(n xml.Name) xml.Name {
		if n.Space != "" {
			return xml.Name{Local: n.Space + ":" + n.Local}
		}
		return n
	}
	switch x := token.(type) {
	case xml.StartElement:
		x = x.Copy()
		x.Name = plain(x.Name)
		for i := range x.Attr {
			x.Attr[i].Name = plain(x.Attr[i].Name)
		}
		return x
	case xml.EndElement:
		x.Name = plain(x.Name)
		return x
	}
	return token
}

// isForm tells a form from any other text: name=value, joined by &, without blanks.
func isForm(body []byte) bool {
	name, _, ok := bytes.Cut(body, []byte("="))
	return ok && len(name) > 0 && !bytes.ContainsAny(body, " \n\t<>\"") && !bytes.ContainsAny(name, "（,;")
}

// formLines writes a form one field a line.
func formLines(text string) string {
	values, err := url.ParseQuery(text)
	if err != nil {
		return text
	}
	var out strings.Builder
	for _, name := range slices.Sorted(maps.Keys(values)) {
		for _, v := range values[name] {
			out.WriteString(harmless(name + " = " + strings.ReplaceAll(v, "\n", "\n    ") + "\n"))
		}
	}
	return out.String()
}
