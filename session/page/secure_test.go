package page

import (
	"bytes"
	"crypto/tls"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/go-chi/chi/v5"
)

func TestHeaders(t *testing.T) {
	s := newSite(t, new(bytes.Buffer))
	h := serve(s, get("/x"), showRoom(s)).Header()
	for name, want := range map[string]string{
		"X-Content-Type-Options":     "nosniff",
		"Referrer-Policy":            "same-origin",
		"Cross-Origin-Opener-Policy": "same-origin",
		"X-Frame-Options":            "DENY",
		"Strict-Transport-Security":  "",
	} {
		if h.Get(name) != want {
			t.Errorf("%s is %q, want %q", name, h.Get(name), want)
		}
	}
	policy := h.Get("Content-Security-Policy")
	for _, want := range []string{"default-src 'self'", "frame-ancestors 'none'", "base-uri 'none'", "form-action 'self'", "img-src 'self' data: blob:"} {
		if !strings.Contains(policy, want) {
			t.Errorf("the policy lacks %s: %s", want, policy)
		}
	}
	if strings.Contains(policy, "unsafe") || strings.Contains(policy, "*") {
		t.Errorf("the policy is open: %s", policy)
	}
	if strings.Contains(policy, "wasm") || strings.Contains(policy, "worker-src") || strings.Contains(policy, "script-src") {
		t.Errorf("scripts of pages and their workers come from us, by default-src alone: %s", policy)
	}
	if got := h.Get("Permissions-Policy"); !strings.HasPrefix(got, "camera=(self), ") || !strings.Contains(got, "microphone=()") {
		t.Errorf("Permissions-Policy %q", got)
	}
}

func TestHSTS(t *testing.T) {
	s := newSite(t, new(bytes.Buffer))
	r := get("/x")
	r.TLS = &tls.ConnectionState{}
	if serve(s, r, showRoom(s)).Header().Get("Strict-Transport-Security") == "" {
		t.Error("no HSTS on TLS")
	}
	s.https = true
	if serve(s, get("/x"), showRoom(s)).Header().Get("Strict-Transport-Security") == "" {
		t.Error("no HSTS behind a front server that ends TLS")
	}
}

func TestSameOrigin(t *testing.T) {
	s := newSite(t, new(bytes.Buffer))
	cases := []struct {
		name   string
		header []string
		status int
	}{
		{"same origin", []string{"Sec-Fetch-Site", "same-origin"}, 200},
		{"another site", []string{"Sec-Fetch-Site", "cross-site"}, 403},
		{"another origin", []string{"Origin", "https://evil.example"}, 403},
		{"a program", nil, 200},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			r := get("/x", c.header...)
			r.Method = "POST"
			w := serve(s, r, showRoom(s))
			if w.Code != c.status {
				t.Errorf("status %d, want %d", w.Code, c.status)
			}
			if c.status == 403 && !strings.Contains(w.Body.String(), "来自别的网站") {
				t.Errorf("no sentence: %s", w.Body)
			}
		})
	}
}

func TestAccessLogNamesTheRouteOnly(t *testing.T) {
	var log bytes.Buffer
	s := newSite(t, &log)
	router := chi.NewRouter()
	router.Use(s.Middleware()...)
	router.NotFound(s.NotFound())
	router.MethodNotAllowed(s.MethodNotAllowed())
	router.Get("/trace/{code}", s.Handle(showRoom(s)))

	for _, c := range []struct {
		method, path string
		status       int
		line         string
	}{
		{"GET", "/trace/81234567890123456312?token=abc", 200, "route=/trace/{code}"},
		{"GET", "/nothing/81234567890123456312", 404, "status=404"},
		{"POST", "/trace/81234567890123456312", 405, "status=405"},
	} {
		log.Reset()
		w := httptest.NewRecorder()
		router.ServeHTTP(w, httptest.NewRequest(c.method, c.path, nil))
		if w.Code != c.status || !strings.Contains(log.String(), c.line) {
			t.Errorf("%s %s: %d, log %s", c.method, c.path, w.Code, log.String())
		}
		if strings.Contains(log.String(), "6312") || strings.Contains(log.String(), "abc") {
			t.Errorf("the log holds the address: %s", log.String())
		}
	}
}

func TestReferencesDiffer(t *testing.T) {
	seen := map[string]bool{}
	for range 1000 {
		ref := newReference()
		if seen[ref] || len(ref) != 9 || strings.ContainsAny(ref, "01OIL") {
			t.Fatalf("reference %q", ref)
		}
		seen[ref] = true
	}
}

// A stream must reach the connection through all layers: flush and deadlines.
func TestStreamsPassTheMiddleware(t *testing.T) {
	s := newSite(t, new(bytes.Buffer))
	w := serve(s, get("/events"), func(w http.ResponseWriter, _ *http.Request) error {
		if _, ok := w.(http.Flusher); !ok {
			t.Error("the writer is no http.Flusher")
		}
		return http.NewResponseController(w).Flush()
	})
	if !w.Flushed {
		t.Error("the flush did not arrive")
	}
}
