package browsertest

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
)

func TestMain(m *testing.M) { Main(m) }

// listener is a test that only notes what fails.
type listener struct {
	testing.TB
	said []string
}

func (l *listener) Errorf(format string, args ...any) {
	l.said = append(l.said, fmt.Sprintf(format, args...))
}

// serve gives a page that knows who has been there by a cookie.
func serve(t *testing.T, body string) string {
	t.Helper()
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path != "/" {
			http.NotFound(w, r)
			return
		}
		w.Header().Set("Content-Security-Policy", "script-src 'unsafe-inline'; style-src 'none'")
		w.Header().Set("Content-Type", "text/html; charset=utf-8")
		http.SetCookie(w, &http.Cookie{Name: "been", Value: "here"})
		_, err := r.Cookie("been")
		fmt.Fprintf(w, `<link rel="icon" href="data:,"><p id="who">%t</p>%s`, err == nil, body)
	}))
	t.Cleanup(server.Close)
	return server.URL
}

func TestComplaints(t *testing.T) {
	for name, script := range map[string]string{
		"boom":                    `<script>throw new Error('boom')</script>`,
		"lost":                    `<script>console.error('lost')</script>`,
		"Content Security Policy": `<style>p { color: red }</style>`,
		"no place for <b>x":       `<script>var b = document.createElement('b'); b.textContent = 'x'; document.dispatchEvent(new CustomEvent('htmx:oobErrorNoTarget', { detail: { content: b } }))</script>`,
	} {
		p := Open(t, 390, 844)
		l := &listener{TB: t}
		p.T = l
		p.Go(serve(t, script))
		p.Shows("#who", "false")
		p.Until(`document.readyState === 'complete'`)
		p.end()
		if len(l.said) != 1 || !strings.Contains(l.said[0], name) {
			t.Errorf("%s: the test says %q", name, l.said)
		}
		l.said = nil
		p.NoComplaints(name)
		if p.end(); len(l.said) != 0 {
			t.Errorf("%s: what is allowed fails the test: %q", name, l.said)
		}
	}
}

func TestRefusedAnswersAreComplaintsOnDemand(t *testing.T) {
	p := Open(t, 390, 844)
	l := &listener{TB: t}
	p.T = l
	p.Go(serve(t, `<script>fetch('/nowhere').then(function () { window.asked = true; })</script>`))
	p.Until(`window.asked`)
	for len(p.Complaints()) == 0 { // the browser's log may come a moment later
		p.Settled()
	}
	if p.end(); len(l.said) != 0 {
		t.Errorf("a refused answer fails every test: %q", l.said)
	}
	if p.NoComplaints(); len(l.said) != 1 || !strings.Contains(l.said[0], "404") {
		t.Errorf("the test says %q", l.said)
	}
}

func TestPagesShareAProfileOnlyAsTabs(t *testing.T) {
	url := serve(t, "")
	p, other := Open(t, 390, 844), Open(t, 1366, 768)
	tab := p.Tab()
	for i, x := range []*Page{p, other, tab} {
		x.Go(url)
		x.Shows("#who", []string{"false", "false", "true"}[i])
	}
	if p.Number(`window.innerWidth`) != 390 || other.Number(`window.innerWidth`) != 1366 {
		t.Error("the pages have not the sizes that were asked for")
	}
}

func TestUntilGoesOnAcrossPages(t *testing.T) {
	url := serve(t, `<script>if (!location.hash) setTimeout(function () { location.href = '/nowhere'; }, 0)</script>`)
	p := Open(t, 390, 844)
	p.Go(url + "#stays")
	p.Script(`location.hash = ''; setTimeout(function () { location.reload(); }, 0)`)
	p.Until(`location.pathname === '/nowhere' && document.body.innerText.indexOf('404') >= 0`)
}
