package page

import (
	"bytes"
	"crypto/rand"
	"encoding/xml"
	"errors"
	"fmt"
	"html/template"
	"io"

	"github.com/google/uuid"

	"jingfang/static"
)

// slots are marks that stand in a rendered template for what belongs to one
// viewer or one request only. Fragments are drawn once for many viewers, so the
// real values are put in when a page is sent and left empty on the live stream.
// The marks are random: nobody can write one into a note and get it replaced.
type slots struct {
	csrf, command []byte
}

func newSlots() slots {
	return slots{csrf: []byte("slot-" + rand.Text()), command: []byte("slot-" + rand.Text())}
}

// fill replaces the marks: the viewer's token, and a fresh command id each.
func (s slots) fill(page []byte, csrf string) []byte {
	page = bytes.ReplaceAll(page, s.csrf, []byte(csrf))
	for bytes.Contains(page, s.command) {
		page = bytes.Replace(page, s.command, []byte(uuid.NewString()), 1)
	}
	return page
}

// clear takes the marks out; the browser's script fills the fields on submit.
func (s slots) clear(part []byte) []byte {
	return bytes.ReplaceAll(bytes.ReplaceAll(part, s.csrf, nil), s.command, nil)
}

// funcs are the functions templates may call:
//
//	{{icon "name"}}    a stroke from static/icons.svg; an unknown name is an error
//	{{static "file"}}  the address of an embedded file
//	{{csrf}}           the hidden field with the viewer's token, for every form
//	{{command}}        the hidden field command_id with a fresh id, for every command
func (s *Site) funcs() (template.FuncMap, error) {
	known, err := iconNames()
	if err != nil {
		return nil, err
	}
	sprite := static.URL("icons.svg")
	return template.FuncMap{
		"icon": func(name string) (template.HTML, error) {
			if !known[name] {
				return "", fmt.Errorf("there is no icon %q in static/icons.svg", name)
			}
			return template.HTML(`<svg class="icon" aria-hidden="true"><use href="` + sprite + `#` + name + `"/></svg>`), nil
		},
		"static":  static.URL,
		"csrf":    func() template.HTML { return hidden("csrf", s.slots.csrf) },
		"command": func() template.HTML { return hidden("command_id", s.slots.command) },
	}, nil
}

// hidden is a hidden form field whose value is one of the marks.
func hidden(name string, mark []byte) template.HTML {
	return template.HTML(`<input type="hidden" name="` + name + `" value="` + string(mark) + `">`)
}

// iconNames reads the ids of the symbols in the sprite.
func iconNames() (map[string]bool, error) {
	sprite, err := static.Read("icons.svg")
	if err != nil {
		return nil, err
	}
	names := map[string]bool{}
	decoder := xml.NewDecoder(bytes.NewReader(sprite))
	for {
		token, err := decoder.Token()
		if errors.Is(err, io.EOF) {
			return names, nil
		}
		if err != nil {
			return nil, fmt.Errorf("read icons.svg: %w", err)
		}
		start, ok := token.(xml.StartElement)
		if !ok || start.Name.Local != "symbol" {
			continue
		}
		for _, attr := range start.Attr {
			if attr.Name.Local == "id" {
				names[attr.Value] = true
			}
		}
	}
}
