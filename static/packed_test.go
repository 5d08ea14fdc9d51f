package static

import (
	"bytes"
	"compress/gzip"
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"testing"
)

// fetch asks a real server for an address, with the headers in pairs.
func fetch(t *testing.T, method, url string, header ...string) (*http.Response, []byte) {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), method, url, nil)
	if err != nil {
		t.Fatal(err)
	}
	for i := 0; i+1 < len(header); i += 2 {
		r.Header.Set(header[i], header[i+1])
	}
	// The plain transport adds a header of its own and unpacks in secret.
	client := http.Client{Transport: &http.Transport{DisableCompression: true}}
	defer client.CloseIdleConnections()
	got, err := client.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer got.Body.Close()
	body, err := io.ReadAll(got.Body)
	if err != nil {
		t.Fatal(err)
	}
	return got, body
}

// Every file that shrinks is sent packed to who reads that, as it is to others, and
// is the same file.
func TestPackedFilesAreTheFiles(t *testing.T) {
	server := httptest.NewServer(Handler())
	defer server.Close()
	for name := range files() {
		want, err := Read(name)
		if err != nil {
			t.Fatal(err)
		}
		got, body := fetch(t, "GET", server.URL+URL(name), "Accept-Encoding", "br, gzip;q=0.8, *;q=0.1")
		if !packable(name) {
			if got.Header.Get("Content-Encoding") != "" || !bytes.Equal(body, want) {
				t.Errorf("%s: %v", name, got.Header)
			}
			continue
		}
		if got.Header.Get("Content-Encoding") != "gzip" || got.ContentLength != int64(len(body)) || len(body) >= len(want) {
			t.Errorf("%s: %d bytes of %d, %v", name, len(body), len(want), got.Header)
		}
		z, err := gzip.NewReader(bytes.NewReader(body))
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		if plain, err := io.ReadAll(z); err != nil || !bytes.Equal(plain, want) {
			t.Errorf("%s: %d bytes of %d, %v", name, len(plain), len(want), err)
		}
		if got, body := fetch(t, "GET", server.URL+URL(name)); got.Header.Get("Content-Encoding") != "" || !bytes.Equal(body, want) {
			t.Errorf("%s for who does not read gzip: %d bytes, %v", name, len(body), got.Header)
		}
	}
}

func TestPackedAnswers(t *testing.T) {
	server := httptest.NewServer(Handler())
	defer server.Close()
	digest := files()["app.css"].digest
	plain, packed := `"`+digest+`"`, `"`+digest+`-gzip"`
	for name, x := range map[string]struct {
		method   string
		header   []string
		status   int
		tag      string
		encoding string
	}{
		"packed":             {"GET", []string{"Accept-Encoding", "gzip"}, 200, packed, "gzip"},
		"only asked how big": {"HEAD", []string{"Accept-Encoding", "gzip"}, 200, packed, "gzip"},
		"spaces and weights": {"GET", []string{"Accept-Encoding", "deflate , GZIP ; q=0.5"}, 200, packed, "gzip"},
		"plain":              {"GET", nil, 200, plain, ""},
		"refused":            {"GET", []string{"Accept-Encoding", "gzip;q=0.0, br"}, 200, plain, ""},
		"another":            {"GET", []string{"Accept-Encoding", "br"}, 200, plain, ""},
		"a part":             {"GET", []string{"Accept-Encoding", "gzip", "Range", "bytes=0-9"}, 206, plain, ""},
		"unchanged":          {"GET", []string{"Accept-Encoding", "gzip", "If-None-Match", packed}, 304, packed, ""},
		"unchanged plain":    {"GET", []string{"If-None-Match", plain}, 304, plain, ""},
		"the other shape":    {"GET", []string{"Accept-Encoding", "gzip", "If-None-Match", plain}, 200, packed, "gzip"},
	} {
		got, _ := fetch(t, x.method, server.URL+URL("app.css"), x.header...)
		if got.StatusCode != x.status || got.Header.Get("ETag") != x.tag || got.Header.Get("Content-Encoding") != x.encoding {
			t.Errorf("%s: %d, %v", name, got.StatusCode, got.Header)
		}
		if !slices.Equal(got.Header.Values("Vary"), []string{"Accept-Encoding"}) {
			t.Errorf("%s: Vary is %q", name, got.Header.Values("Vary"))
		}
		if x.status == 200 && got.Header.Get("Content-Type") != "text/css; charset=utf-8" {
			t.Errorf("%s: a file of %q", name, got.Header.Get("Content-Type"))
		}
	}
}

// The service worker is asked for anew each time, in either shape.
func TestPackedWorker(t *testing.T) {
	server := httptest.NewServer(Worker())
	defer server.Close()
	for _, encoding := range []string{"", "gzip"} {
		got, body := fetch(t, "GET", server.URL+"/sw.js", "Accept-Encoding", encoding)
		if got.StatusCode != 200 || got.Header.Get("Content-Encoding") != encoding || got.Header.Get("Cache-Control") != "no-cache" || len(body) == 0 {
			t.Errorf("%q: %d, %v", encoding, got.StatusCode, got.Header)
		}
	}
}
