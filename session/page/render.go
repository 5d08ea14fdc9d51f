package page

import (
	"bytes"
	"encoding/json"
	"fmt"
	"html/template"
	"net/http"
	"strings"

	"jingfang/static"
)

// keepBuffer is the largest buffer given back to the pool, in bytes: one long
// list must not be held in memory for ever.
const keepBuffer = 1 << 20

func newBuffer() any { return new(bytes.Buffer) }

// frame is the data of the layout; the page's own blocks get View only.
type frame struct {
	View     any
	Viewer   Viewer
	LoggedIn bool
	Missing  []string   // front-end packages that are not in the binary
	Scripts  []string   // addresses, in the order they run
	Menu     []menuLine // the viewer's menu with the open page marked
	Below    []menuLine // the lines below the open one, itself first; empty when it has none
	Lost     Band       // shown by the browser when the server cannot be reached
	Odd      Band       // shown by the browser when what answers is not this program
	Unsent   Band       // shown by the browser to who logs out with unsent commands
	Decoder  static.Decoder
}

// menuLine is a MenuItem on a page.
type menuLine struct {
	MenuItem
	Open bool // this is the page that is shown
}

// Part names a fragment and its view.
type Part struct {
	Name string
	View any
}

// Page answers with a page: the whole of it, or only its title and main part to
// a request by htmx that is neither boosted nor a restored history entry. The
// error says what is wrong with the template or its view; nothing has been sent
// then.
func (s *Site) Page(w http.ResponseWriter, r *http.Request, name string, view any) error {
	return s.page(w, r, http.StatusOK, name, view)
}

func (s *Site) page(w http.ResponseWriter, r *http.Request, status int, name string, view any) error {
	block := "layout"
	if IsHTMX(r) {
		block = "swap"
	}
	body, err := s.renderPage(r, block, name, view)
	if err != nil {
		return err
	}
	viewer, _ := ViewerOf(r.Context())
	return s.send(w, status, s.slots.fill(body, viewer.CSRF))
}

// renderPage executes one block of a page's set.
func (s *Site) renderPage(r *http.Request, block, name string, view any) ([]byte, error) {
	set, ok := s.pages[name]
	if !ok {
		return nil, fmt.Errorf("there is no page %q", name)
	}
	return s.execute(set, block, s.frame(r, view))
}

// frame collects what the layout shows around the view.
func (s *Site) frame(r *http.Request, view any) frame {
	viewer, ok := ViewerOf(r.Context())
	f := frame{View: view, Viewer: viewer, LoggedIn: ok, Missing: s.missing, Scripts: s.scripts, Lost: lostBand(), Odd: oddBand(), Unsent: unsentBand(), Decoder: static.DecoderFiles()}
	f.Menu, f.Below = menuLines(viewer.Menu, r.URL.Path)
	return f
}

// menuLines parts the menu into its lines and, when the open page is one of a
// family, the lines of that family.
func menuLines(menu []MenuItem, path string) (lines, below []menuLine) {
	open, family := openItem(menu, path), ""
	if open >= 0 {
		family = menu[open].Under
		if family == "" {
			family = menu[open].URL
		}
	}
	for i, item := range menu {
		if item.Under == "" {
			lines = append(lines, menuLine{MenuItem: item, Open: item.URL == family})
		}
		if item.Under == family || item.URL == family {
			below = append(below, menuLine{MenuItem: item, Open: i == open})
		}
	}
	if len(below) < 2 || family == "" {
		return lines, nil
	}
	return lines, below
}

// openItem is the index of the menu line whose address is the longest prefix of
// the page's path, or -1.
func openItem(menu []MenuItem, path string) int {
	best := -1
	for i, item := range menu {
		under := path == item.URL || strings.HasPrefix(path, strings.TrimSuffix(item.URL, "/")+"/") && item.URL != "/"
		if under && (best < 0 || len(item.URL) > len(menu[best].URL)) {
			best = i
		}
	}
	return best
}

// Fragment answers with one fragment.
func (s *Site) Fragment(w http.ResponseWriter, r *http.Request, name string, view any) error {
	return s.Fragments(w, r, http.StatusOK, Part{Name: name, View: view})
}

// Fragments answers with several fragments in one answer, such as a changed row
// and an out-of-band message; all are rendered before the first byte is sent.
// htmx shows a status of 200 and 422 (a form with its complaints); any other
// status is for the answers to errors, see Handle.
func (s *Site) Fragments(w http.ResponseWriter, r *http.Request, status int, parts ...Part) error {
	var body []byte
	for _, p := range parts {
		one, err := s.execute(s.parts, p.Name, p.View)
		if err != nil {
			return err
		}
		body = append(body, one...)
	}
	viewer, _ := ViewerOf(r.Context())
	return s.send(w, status, s.slots.fill(body, viewer.CSRF))
}

// Render is a fragment for the live stream: the same bytes in one line as in the
// page, with the fields for the viewer's token and the command id left empty.
// Views for it hold nothing personal.
func (s *Site) Render(name string, view any) ([]byte, error) {
	body, err := s.execute(s.parts, name, view)
	if err != nil {
		return nil, err
	}
	return s.slots.clear(body), nil
}

// execute renders into a buffer, so that half a page is never sent, and puts the
// result into one line.
func (s *Site) execute(set *template.Template, name string, data any) ([]byte, error) {
	if set.Lookup(name) == nil {
		return nil, fmt.Errorf("there is no fragment %q", name)
	}
	buf := s.buffers.Get().(*bytes.Buffer)
	defer func() {
		if buf.Cap() <= keepBuffer {
			buf.Reset()
			s.buffers.Put(buf)
		}
	}()
	if err := set.ExecuteTemplate(buf, name, data); err != nil {
		buf.Reset()
		return nil, fmt.Errorf("render %q: %w", name, err)
	}
	return oneLine(buf.Bytes()), nil
}

// send writes a rendered answer. What pages show is personal and changes by the
// second, so nothing is stored; the same address gives htmx another body.
func (s *Site) send(w http.ResponseWriter, status int, body []byte) error {
	header := w.Header()
	header.Set("Content-Type", "text/html; charset=utf-8")
	header.Set("Cache-Control", "no-store")
	header.Add("Vary", "HX-Request")
	w.WriteHeader(status)
	if _, err := w.Write(body); err != nil {
		return fmt.Errorf("send the answer: %w", err)
	}
	return nil
}

// JSON answers a program.
func (s *Site) JSON(w http.ResponseWriter, _ *http.Request, status int, v any) error {
	body, err := json.Marshal(v)
	if err != nil {
		return fmt.Errorf("encode the answer: %w", err)
	}
	header := w.Header()
	header.Set("Content-Type", "application/json; charset=utf-8")
	header.Set("Cache-Control", "no-store")
	w.WriteHeader(status)
	if _, err := w.Write(append(body, '\n')); err != nil {
		return fmt.Errorf("send the answer: %w", err)
	}
	return nil
}

// SeeOther sends the browser to another page of ours after a command: 303, or
// HX-Redirect where htmx asked, which would follow a 303 and swap the page into
// a part. An address that is not a path of our own is an error.
func (s *Site) SeeOther(w http.ResponseWriter, r *http.Request, url string) error {
	if !local(url) {
		return fmt.Errorf("redirect to %q, which is not a path of our own", url)
	}
	w.Header().Set("Cache-Control", "no-store")
	if IsHTMX(r) {
		w.Header().Set("HX-Redirect", url)
		w.WriteHeader(http.StatusOK)
		return nil
	}
	http.Redirect(w, r, url, http.StatusSeeOther)
	return nil
}

// local reports whether a browser takes the address for a path on this server;
// it reads a backslash like a slash, so "/\host" leads away.
func local(url string) bool {
	return strings.HasPrefix(url, "/") && !strings.HasPrefix(url, "//") && !strings.ContainsAny(url, "\\\r\n\t")
}

// IsHTMX reports whether htmx asks and will swap the answer into the page; a
// boosted link and a restored history entry want a whole page.
func IsHTMX(r *http.Request) bool {
	h := r.Header
	return h.Get("HX-Request") == "true" && h.Get("HX-Boosted") != "true" && h.Get("HX-History-Restore-Request") != "true"
}

// WantsJSON reports whether a program asks: application/json is accepted and
// text/html is not.
func WantsJSON(r *http.Request) bool {
	accept := r.Header.Get("Accept")
	return strings.Contains(accept, "application/json") && !strings.Contains(accept, "text/html")
}
