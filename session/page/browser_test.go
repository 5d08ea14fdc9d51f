package page

import (
	"bytes"
	"fmt"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/fstest"
	"time"

	"github.com/chromedp/chromedp"

	"jingfang/sql/db"
	"jingfang/static"
	"jingfang/static/browsertest"
)

// deskSet is a page with a scan form that its own answer replaces, another field,
// a command and a live part.
func deskSet() fstest.MapFS {
	return fstest.MapFS{
		"pages/table.html": {Data: []byte(`{{define "title"}}诊台{{end}}{{define "main"}}<div class="narrow">
<div sse-connect="/events" sse-close="bye"><p class="part"><span id="stock" sse-swap="stock">-</span> <span class="age"></span></p></div>
{{template "desk" .}}
<input id="other" value="abc">
<form id="finish" method="post" hx-post="/finish" hx-target="#band">{{csrf}}{{command}}<button class="button-main" id="finish-button">诊毕</button></form>
</div>{{end}}`)},
		"parts/desk.html": {Data: []byte(`{{define "desk"}}<form id="desk" class="scan" data-scan-form method="post" hx-post="/scans" hx-swap="outerHTML">{{csrf}}{{command}}
<div class="scan-field">{{icon "scan"}}<input data-scan name="codes" autocomplete="off"></div><button>录入</button></form>{{end}}`)},
	}
}

// desk is the server behind the page; it remembers the commands it got.
type desk struct {
	site *Site
	hold chan struct{} // a scan is answered when something can be received

	mu       sync.Mutex
	commands []string // codes or "finish"
	ids      []string // their command ids
	line     chan struct{}
	say      chan string // names of further events the stream sends
}

// got are the commands so far.
func (d *desk) got() []string {
	d.mu.Lock()
	defer d.mu.Unlock()
	return slices.Clone(d.commands)
}

// note remembers a command.
func (d *desk) note(r *http.Request, what string) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.commands = append(d.commands, what)
	d.ids = append(d.ids, r.FormValue("command_id"))
	if r.Header.Get("X-CSRF-Token") != "tok" {
		return db.Refuse(db.Denied, "没有令牌。")
	}
	return nil
}

// cut breaks the stream and refuses new ones until the returned function runs.
func (d *desk) cut() func() {
	d.mu.Lock()
	defer d.mu.Unlock()
	close(d.line)
	return func() {
		d.mu.Lock()
		defer d.mu.Unlock()
		d.line = make(chan struct{})
	}
}

func (d *desk) scan(w http.ResponseWriter, r *http.Request) error {
	if err := d.note(r, r.FormValue("codes")); err != nil {
		return err
	}
	if strings.HasPrefix(r.FormValue("codes"), "taken") {
		return db.Refuse(db.Conflict, "此药已于 10:42 由陈医生发给 12 号。请换一盒。")
	}
	<-d.hold
	return d.site.Fragment(w, r, "desk", nil)
}

func (d *desk) finish(w http.ResponseWriter, r *http.Request) error {
	if err := d.note(r, "finish"); err != nil {
		return err
	}
	<-d.hold
	return d.site.Fragment(w, r, "band", Band{Tone: Good, Text: "诊毕"})
}

func (d *desk) events(w http.ResponseWriter, r *http.Request) error {
	d.mu.Lock()
	line := d.line
	d.mu.Unlock()
	select {
	case <-line:
		return db.Refuse(db.Unavailable, "没有线路。")
	default:
	}
	w.Header().Set("Content-Type", "text/event-stream")
	fmt.Fprint(w, "event: stock\ndata: <b data-row=\"k\">余 38</b>\n\n")
	if err := http.NewResponseController(w).Flush(); err != nil {
		return err
	}
	for {
		select {
		case <-line:
			return nil
		case <-r.Context().Done():
			return nil
		case name := <-d.say:
			fmt.Fprintf(w, "event: %s\ndata: 0\n\n", name)
			if err := http.NewResponseController(w).Flush(); err != nil {
				return err
			}
		}
	}
}

// startDesk serves the page as production does, with all middleware.
func startDesk(t *testing.T) (*desk, string) {
	t.Helper()
	d := &desk{hold: make(chan struct{}, 100), line: make(chan struct{}), say: make(chan string)}
	d.site = newSite(t, new(bytes.Buffer), deskSet())
	mux := http.NewServeMux()
	mux.Handle("/static/", static.Handler())
	mux.Handle("GET /old/", plainly(static.Handler()))
	mux.Handle("POST /scans", d.site.Handle(d.scan))
	mux.Handle("POST /activity", d.site.Handle(func(w http.ResponseWriter, r *http.Request) error { // the screen is locked
		return d.site.JSON(w, r, http.StatusLocked, nil)
	}))
	mux.Handle("GET /lock", d.site.NotFound())
	mux.Handle("POST /finish", d.site.Handle(d.finish))
	mux.Handle("GET /events", d.site.Handle(d.events))
	mux.Handle("GET /{$}", d.site.Handle(func(w http.ResponseWriter, r *http.Request) error {
		r = r.WithContext(WithViewer(r.Context(), Viewer{Name: "演示", CSRF: "tok"}))
		return d.site.Page(w, r, "table", nil)
	}))
	var h http.Handler = mux
	layers := d.site.Middleware()
	for i := len(layers) - 1; i >= 0; i-- {
		h = layers[i](h)
	}
	server := httptest.NewServer(h)
	t.Cleanup(func() {
		server.CloseClientConnections()
		server.Close()
	})
	return d, server.URL
}

// plainly serves static files under the pages' own content policy, as a browser sees
// them that does not know the decoder's.
func plainly(files http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		answer := httptest.NewRecorder()
		r.Header.Del("Accept-Encoding")
		r.URL.Path = strings.Replace(r.URL.Path, "/old/", static.Prefix, 1)
		files.ServeHTTP(answer, r)
		w.Header().Set("Content-Type", answer.Header().Get("Content-Type"))
		w.Write(answer.Body.Bytes())
	})
}

// browser is a page with what the tests of this package do in it.
type browser struct{ *browsertest.Page }

func openBrowser(t *testing.T, url string) browser {
	t.Helper()
	b := newBrowser(t)
	b.Go(url)
	b.Until(`!document.querySelector('#line').hidden && document.querySelector('#stock').textContent === '余 38'`)
	return b
}

// newBrowser is an empty page; flags are further ones of Chromium's.
func newBrowser(t *testing.T, flags ...chromedp.ExecAllocatorOption) browser {
	t.Helper()
	return browser{browsertest.Open(t, 800, 600, flags...)}
}

// burst types like a wedge scanner: all keys within one moment, from inside the
// page, because keys sent one by one from here are too slow on a busy machine.
func (b browser) burst(code, end string) {
	b.T.Helper()
	b.Script(fmt.Sprintf(`(function (code, end) {
		var focus = document.activeElement;
		code.split('').forEach(function (c) {
			var go = focus.dispatchEvent(new KeyboardEvent('keydown', { key: c, bubbles: true, cancelable: true }));
			if (go && focus.tagName === 'INPUT') focus.value += c;
		});
		if (end) focus.dispatchEvent(new KeyboardEvent('keydown', { key: end, bubbles: true, cancelable: true }));
	})(%q, %q)`, code, end))
}

func TestScansInTheBrowser(t *testing.T) {
	d, url := startDesk(t)
	b := openBrowser(t, url)

	// Into another field, ended by Enter, by Tab, and by nothing.
	for i, end := range []string{"Enter", "Tab", ""} {
		d.hold <- struct{}{}
		code := fmt.Sprintf("8123456789012345%04d", i)
		b.Do(chromedp.Focus("#other"))
		b.burst(code, end)
		b.Until(`document.querySelector('[data-scan]').value === '' && !document.querySelector('[data-sending]')`)
		waitFor(t, func() bool { return len(d.got()) == i+1 })
		if got := d.got()[i]; got != code {
			t.Errorf("ended by %q: the server got %q, want %q", end, got, code)
		}
	}
	b.Until(`document.querySelector('#other').value === 'abc'`)

	// Two more while the first is under way travel together, after it.
	b.burst("A0000001", "Enter")
	waitFor(t, func() bool { return len(d.got()) == 4 })
	b.burst("B0000002", "Enter")
	b.burst("C0000003", "Enter")
	d.hold <- struct{}{}
	d.hold <- struct{}{}
	waitFor(t, func() bool { return len(d.got()) == 5 })
	if got := d.got()[3:]; got[0] != "A0000001" || strings.ReplaceAll(got[1], "\r", "") != "B0000002\nC0000003" {
		t.Errorf("the server got %q", got)
	}

	// A refusal comes as a band, wherever the form wanted its answer.
	b.burst("taken0001", "Enter")
	b.Until(`document.querySelector('#band .band-bad') && document.querySelector('#band').textContent.indexOf('请换一盒') > 0`)
	d.mu.Lock()
	defer d.mu.Unlock()
	slices.Sort(d.ids)
	if ids := slices.Compact(d.ids); len(ids) != 6 || len(ids[0]) != 36 {
		t.Errorf("six commands need six ids of their own: %q", ids)
	}
}

func TestOneCommandForTwoClicks(t *testing.T) {
	d, url := startDesk(t)
	b := openBrowser(t, url)
	b.Do(chromedp.Click("#finish-button"))
	waitFor(t, func() bool { return len(d.got()) == 1 })
	b.Until(`document.querySelector('#finish-button').getAttribute('aria-busy') === 'true'`)
	b.Do(chromedp.Click("#finish-button"))
	d.hold <- struct{}{}
	d.hold <- struct{}{}
	b.Until(`document.querySelector('#band .band-good') && !document.querySelector('[aria-busy]')`)
	if got := d.got(); len(got) != 1 {
		t.Errorf("the server got %q", got)
	}
}

func TestLineInTheBrowser(t *testing.T) {
	d, url := startDesk(t)
	b := openBrowser(t, url)
	b.Until(`document.querySelector('.line-word').textContent === '实时'`)
	d.say <- "stale"
	b.Until(`document.querySelector('.line-word').textContent.indexOf('数据停在') === 0 && document.querySelector('.is-stale .age').textContent.endsWith('前')`)
	d.say <- "beat"
	b.Until(`document.querySelector('.line-word').textContent === '实时' && !document.querySelector('.is-stale')`)
	mend := d.cut()
	b.Until(`document.querySelector('.line-word').textContent === '重连中'`)
	mend()
	b.Until(`document.querySelector('.line-word').textContent === '实时'`)
}

// waitFor waits for a condition outside of the browser.
func waitFor(t *testing.T, condition func() bool) {
	t.Helper()
	tick := time.NewTicker(5 * time.Millisecond)
	defer tick.Stop()
	deadline := time.After(2 * time.Minute)
	for !condition() {
		select {
		case <-tick.C:
		case <-deadline:
			t.Fatal("the condition did not come true")
		}
	}
}
