package page

import (
	"io/fs"
	"log/slog"
	"strings"
	"testing"
	"testing/fstest"
)

func TestNewRefuses(t *testing.T) {
	const goodPage = `{{define "title"}}t{{end}}{{define "main"}}m{{end}}`
	cases := []struct {
		name  string
		files map[string]string
		want  string // in the error
	}{
		{"duplicate fragment", map[string]string{"parts/row.html": `{{define "row"}}{{end}}`}, `"row" is taken`},
		{"duplicate page", map[string]string{"pages/room.html": goodPage}, `"room" is taken`},
		{"name of our own", map[string]string{"parts/band.html": `{{define "band"}}{{end}}`}, `"band" is taken`},
		{"fragment of another name", map[string]string{"parts/a.html": `{{define "b"}}{{end}}`}, `does not define "a"`},
		{"two fragments", map[string]string{"parts/a.html": `{{define "a"}}{{end}}{{define "b"}}{{end}}`}, `more than "a"`},
		{"fragment called like a block", map[string]string{"parts/main.html": `{{define "main"}}{{end}}`}, `name of the layout`},
		{"page without main", map[string]string{"pages/a.html": `{{define "title"}}{{end}}`}, `does not define "main"`},
		{"page without title", map[string]string{"pages/a.html": `{{define "main"}}{{end}}`}, `does not define "title"`},
		{"page with a fragment", map[string]string{"pages/a.html": goodPage + `{{define "x"}}{{end}}`}, `defines "x"`},
		{"text outside", map[string]string{"parts/a.html": `lost{{define "a"}}{{end}}`}, `outside`},
		{"unknown fragment", map[string]string{"parts/a.html": `{{define "a"}}{{if .}}{{else}}{{template "nothing"}}{{end}}{{end}}`}, `"nothing" is called`},
		{"unknown function", map[string]string{"parts/a.html": `{{define "a"}}{{shout .}}{{end}}`}, `"shout" not defined`},
		{"broken syntax", map[string]string{"parts/a.html": `{{define "a"}}{{if}}{{end}}{{end}}`}, `parts/a.html`},
		{"cannot be escaped", map[string]string{"parts/a.html": `{{define "a"}}<a href="{{if .}}"{{end}}>x</a>{{end}}`}, `"a"`},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			set := fstest.MapFS{}
			for name, text := range c.files {
				set[name] = &fstest.MapFile{Data: []byte(text)}
			}
			_, err := New(Config{Log: slog.New(slog.DiscardHandler)}, roomSet(), fs.FS(set))
			if err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("error %v, want one with %q", err, c.want)
			}
		})
	}
}

func TestUnknownIcon(t *testing.T) {
	s, err := New(Config{Log: slog.New(slog.DiscardHandler)}, fstest.MapFS{
		"parts/a.html": {Data: []byte(`{{define "a"}}{{icon .}}{{end}}`)},
	})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := s.Render("a", "no-such-icon"); err == nil {
		t.Error("an unknown icon was drawn")
	}
	if part, err := s.Render("a", "check"); err != nil || !strings.Contains(string(part), ".svg?v=") {
		t.Errorf("icon %s, %v", part, err)
	}
}
