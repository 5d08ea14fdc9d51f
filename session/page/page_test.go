package page

import (
	"bytes"
	"io/fs"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/PuerkitoBio/goquery"
)

// rowView is the view of the test's fragment "row".
type rowView struct{ Name string }

// roomView is the view of the test's page "room".
type roomView struct{ Row rowView }

// roomSet is what a web package brings: one page and one fragment.
func roomSet() fstest.MapFS {
	return fstest.MapFS{
		"pages/room.html": {Data: []byte("{{define \"title\"}}场次{{end}}\n{{define \"main\"}}<ul>\n{{template \"row\" .Row}}\n</ul><form method=\"post\">{{csrf}}{{command}}</form>{{end}}")},
		"parts/row.html":  {Data: []byte("{{define \"row\"}}<li>\n  {{icon \"check\"}}<b>{{.Name}}</b>\n</li>{{end}}")},
	}
}

// newSite makes a site with the test's set; the log goes into the buffer.
func newSite(t *testing.T, log *bytes.Buffer, sets ...fs.FS) *Site {
	t.Helper()
	s, err := New(Config{Dev: true, Log: slog.New(slog.NewTextHandler(log, nil))}, append([]fs.FS{roomSet()}, sets...)...)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// serve sends one request through all middleware to f.
func serve(s *Site, r *http.Request, f Func) *httptest.ResponseRecorder {
	var h http.Handler = s.Handle(f)
	layers := s.Middleware()
	for i := len(layers) - 1; i >= 0; i-- {
		h = layers[i](h)
	}
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	return w
}

// get is a GET request with headers given in pairs.
func get(path string, header ...string) *http.Request {
	r := httptest.NewRequest("GET", path, nil)
	for i := 0; i+1 < len(header); i += 2 {
		r.Header.Set(header[i], header[i+1])
	}
	return r
}

// showRoom is the handler most tests use.
func showRoom(s *Site) Func {
	return func(w http.ResponseWriter, r *http.Request) error {
		return s.Page(w, r, "room", roomView{Row: rowView{Name: "利培酮<片>"}})
	}
}

func TestPage(t *testing.T) {
	s := newSite(t, new(bytes.Buffer))
	cases := []struct {
		name   string
		header []string
		whole  bool
	}{
		{"browser", nil, true},
		{"htmx", []string{"HX-Request", "true"}, false},
		{"boosted", []string{"HX-Request", "true", "HX-Boosted", "true"}, true},
		{"history", []string{"HX-Request", "true", "HX-History-Restore-Request", "true"}, true},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			w := serve(s, get("/room", c.header...), showRoom(s))
			body := w.Body.String()
			if whole := strings.Contains(body, "<!doctype html>"); whole != c.whole {
				t.Errorf("whole page: %v, want %v", whole, c.whole)
			}
			if !strings.Contains(body, "<b>利培酮&lt;片&gt;</b>") || !strings.Contains(body, "<title>场次 · 精防</title>") {
				t.Errorf("the main part or the title is missing:\n%s", body)
			}
			if w.Header().Get("Vary") != "HX-Request" || w.Header().Get("Cache-Control") != "no-store" {
				t.Errorf("headers %v", w.Header())
			}
		})
	}
}

func TestPageFrame(t *testing.T) {
	s := newSite(t, new(bytes.Buffer))
	s.missing = []string{"vendor/htmx.min.js"}
	r := get("/sessions/7")
	r = r.WithContext(WithViewer(r.Context(), Viewer{
		Name: "演示医生", RoleNames: []string{"医生", "药师"}, CSRF: "tok", LockAfter: 900e9,
		Menu: []MenuItem{{Title: "今日", URL: "/", Icon: "home"}, {Title: "场次", URL: "/sessions", Icon: "calendar"}, {Title: "安排", URL: "/sessions/plan", Under: "/sessions"}},
	}))
	doc, err := goquery.NewDocumentFromReader(serve(s, r, showRoom(s)).Body)
	if err != nil {
		t.Fatal(err)
	}
	if got := doc.Find(`.menu nav a`).Text() + "|" + doc.Find(`.menu nav a[aria-current=page]`).Text(); got != "今日场次|场次" {
		t.Errorf("menu and its open item %q", got)
	}
	if got := doc.Find(`nav.below a`).Text() + "|" + doc.Find(`nav.below a[aria-current=page]`).Text(); got != "场次安排|场次" {
		t.Errorf("lines below it and the open one %q", got)
	}
	if got := doc.Find(".who").Text(); !strings.Contains(got, "演示医生") || !strings.Contains(got, "医生、药师") {
		t.Errorf("who is shown as %q", got)
	}
	if got, _ := doc.Find("body").Attr("data-lock-after"); got != "900" {
		t.Errorf("lock after %q", got)
	}
	if got, _ := doc.Find("body").Attr("hx-headers"); got != `{"X-CSRF-Token":"tok"}` {
		t.Errorf("hx-headers %q", got)
	}
	if got, _ := doc.Find("main input[name=csrf]").Attr("value"); got != "tok" {
		t.Errorf("token in the form %q", got)
	}
	if got, _ := doc.Find("main input[name=command_id]").Attr("value"); len(got) != 36 {
		t.Errorf("command id %q", got)
	}
	if got := doc.Find(".notice").Text(); !strings.Contains(got, "sh deploy/demo.sh") {
		t.Errorf("the missing packages' remedy is not on the page: %q", got)
	}
}

func TestPageWithoutViewer(t *testing.T) {
	s := newSite(t, new(bytes.Buffer))
	body := serve(s, get("/room"), showRoom(s)).Body.String()
	for _, never := range []string{"X-CSRF-Token", "data-lock-after", `action="/logout"`, "menu-open", "slot-"} {
		if strings.Contains(body, never) {
			t.Errorf("the page of a person who is not logged in contains %q", never)
		}
	}
}

func TestRenderIsWhatThePageShows(t *testing.T) {
	s := newSite(t, new(bytes.Buffer))
	part, err := s.Render("row", rowView{Name: "利培酮"})
	if err != nil {
		t.Fatal(err)
	}
	if bytes.ContainsAny(part, "\r\n") {
		t.Errorf("the fragment has several lines: %q", part)
	}
	w := serve(s, get("/room"), func(w http.ResponseWriter, r *http.Request) error {
		return s.Page(w, r, "room", roomView{Row: rowView{Name: "利培酮"}})
	})
	if !bytes.Contains(w.Body.Bytes(), part) {
		t.Errorf("the page does not contain the fragment's bytes %q:\n%s", part, w.Body)
	}
}

func TestFragmentsSendsAllOrNothing(t *testing.T) {
	s := newSite(t, new(bytes.Buffer))
	w := serve(s, get("/x"), func(w http.ResponseWriter, r *http.Request) error {
		return s.Fragments(w, r, 200, Part{"row", rowView{Name: "A"}}, Part{"row", struct{}{}})
	})
	if w.Code != 500 || strings.Contains(w.Body.String(), "<b>A</b>") {
		t.Errorf("status %d, body %s", w.Code, w.Body)
	}
}

func TestRenderRefuses(t *testing.T) {
	s := newSite(t, new(bytes.Buffer))
	if _, err := s.Render("nothing", nil); err == nil {
		t.Error("an unknown fragment was rendered")
	}
	if _, err := s.Render("row", map[string]string{}); err == nil {
		t.Error("a missing key was rendered as a blank")
	}
	if _, err := s.Render("\x00fragments", nil); err == nil {
		t.Error("the set's own name was rendered")
	}
}

func TestSeeOther(t *testing.T) {
	s := newSite(t, new(bytes.Buffer))
	to := func(url string) Func {
		return func(w http.ResponseWriter, r *http.Request) error { return s.SeeOther(w, r, url) }
	}
	if w := serve(s, get("/x"), to("/sessions/1")); w.Code != 303 || w.Header().Get("Location") != "/sessions/1" {
		t.Errorf("browser: %d %v", w.Code, w.Header())
	}
	if w := serve(s, get("/x", "HX-Request", "true"), to("/sessions/1")); w.Code != 200 || w.Header().Get("HX-Redirect") != "/sessions/1" {
		t.Errorf("htmx: %d %v", w.Code, w.Header())
	}
	for _, away := range []string{"https://example.com/", "//example.com", `/\example.com`, "/\texample.com", "javascript:1", ""} {
		if w := serve(s, get("/x"), to(away)); w.Code != 500 {
			t.Errorf("redirect to %q answered %d", away, w.Code)
		}
	}
}
