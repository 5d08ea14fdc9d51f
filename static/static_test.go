package static

import (
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"testing/fstest"
)

// ask sends one request to a handler over a tree with one style sheet.
func ask(t *testing.T, method, target string, header ...string) *http.Response {
	t.Helper()
	all, err := load(fstest.MapFS{
		"a.css":        {Data: []byte("b{}")},
		"vendor/x.js":  {Data: []byte("1")},
		"vendor/.keep": {},
	})
	if err != nil {
		t.Fatal(err)
	}
	r := httptest.NewRequest(method, strings.ReplaceAll(target, "DIGEST", all["a.css"].digest), nil)
	for i := 0; i+1 < len(header); i += 2 {
		r.Header.Set(header[i], strings.ReplaceAll(header[i+1], "DIGEST", all["a.css"].digest))
	}
	w := httptest.NewRecorder()
	handler(all).ServeHTTP(w, r)
	return w.Result()
}

func TestHandler(t *testing.T) {
	cases := []struct {
		name, method, target string
		header               []string
		status               int
		cache, mime          string
	}{
		{"digest", "GET", "/static/a.css?v=DIGEST", nil, 200, "public, max-age=31536000, immutable", "text/css; charset=utf-8"},
		{"old digest", "GET", "/static/a.css?v=0", nil, 200, "no-cache", "text/css; charset=utf-8"},
		{"no digest", "GET", "/static/vendor/x.js", nil, 200, "no-cache", "text/javascript; charset=utf-8"},
		{"unchanged", "GET", "/static/a.css", []string{"If-None-Match", `"DIGEST"`}, 304, "no-cache", ""},
		{"unknown", "GET", "/static/b.css", nil, 404, "", "text/plain; charset=utf-8"},
		{"folder", "GET", "/static/vendor/", nil, 404, "", "text/plain; charset=utf-8"},
		{"keep", "GET", "/static/vendor/.keep", nil, 404, "", "text/plain; charset=utf-8"},
		{"climb", "GET", "/static/../static.go", nil, 404, "", "text/plain; charset=utf-8"},
		{"post", "POST", "/static/a.css", nil, 405, "", "text/plain; charset=utf-8"},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			got := ask(t, c.method, c.target, c.header...)
			if got.StatusCode != c.status {
				t.Errorf("status %d, want %d", got.StatusCode, c.status)
			}
			if cache := got.Header.Get("Cache-Control"); cache != c.cache {
				t.Errorf("Cache-Control %q, want %q", cache, c.cache)
			}
			if mime := got.Header.Get("Content-Type"); mime != c.mime {
				t.Errorf("Content-Type %q, want %q", mime, c.mime)
			}
		})
	}
}

func TestURL(t *testing.T) {
	for _, name := range []string{"app.css", "app.js", "icons.svg"} {
		r := httptest.NewRequest("GET", URL(name), nil)
		w := httptest.NewRecorder()
		Handler().ServeHTTP(w, r)
		body, err := io.ReadAll(w.Result().Body)
		if err != nil || w.Code != 200 || len(body) == 0 || !strings.Contains(w.Header().Get("Cache-Control"), "immutable") {
			t.Errorf("%s: status %d, %d bytes, %v", URL(name), w.Code, len(body), err)
		}
	}
	if got := URL("nothing.css"); got != "/static/nothing.css" {
		t.Errorf("a file that is not embedded has the address %q", got)
	}
}

// Only the decoder's worker may compile WebAssembly; every other file leaves the
// policy as the pages set it.
func TestPolicyOfTheDecoder(t *testing.T) {
	for name := range files() {
		w := httptest.NewRecorder()
		w.Header().Set("Content-Security-Policy", "the pages'")
		Handler().ServeHTTP(w, httptest.NewRequest("GET", URL(name), nil))
		policy := w.Header().Get("Content-Security-Policy")
		if name != decoderScript {
			if policy != "the pages'" {
				t.Errorf("%s has a policy of its own: %q", name, policy)
			}
			continue
		}
		for _, part := range []string{"default-src 'none'", "script-src 'self' 'wasm-unsafe-eval';", "connect-src 'self'"} {
			if !strings.Contains(policy, part) {
				t.Errorf("the worker's policy %q lacks %q", policy, part)
			}
		}
		if strings.Count(policy, "unsafe") != 1 || strings.Contains(policy, "*") || strings.Contains(policy, "http") {
			t.Errorf("the worker's policy is open: %q", policy)
		}
	}
}

func TestDecoderFiles(t *testing.T) {
	d := DecoderFiles()
	if d == (Decoder{}) {
		t.Skip("this program was built without the decoder; sh deploy/demo.sh fetches it")
	}
	for address, kind := range map[string]string{d.Worker: "text/javascript; charset=utf-8", d.Reader: "text/javascript; charset=utf-8", d.Wasm: "application/wasm"} {
		w := httptest.NewRecorder()
		Handler().ServeHTTP(w, httptest.NewRequest("GET", address, nil))
		if w.Code != 200 || w.Header().Get("Content-Type") != kind || !strings.Contains(w.Header().Get("Cache-Control"), "immutable") {
			t.Errorf("%s: %d %v", address, w.Code, w.Header())
		}
	}
}
