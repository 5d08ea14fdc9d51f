package page

import (
	"bytes"
	"strconv"
	"strings"
	"testing"

	"net/http"
	"net/http/httptest"
)

func TestOwnSamples(t *testing.T) {
	s := newSite(t, new(bytes.Buffer))
	samples := append(OwnSamples(),
		Sample{"room", "场次", roomView{Row: rowView{Name: "利培酮"}}},
		Sample{"row", "一行", rowView{Name: "利培酮"}})
	if err := s.CheckSamples(samples); err != nil {
		t.Error(err)
	}
}

func TestCheckSamplesFindsFaults(t *testing.T) {
	s := newSite(t, new(bytes.Buffer))
	err := s.CheckSamples(append(OwnSamples(), Sample{"room", "场次", rowView{}}))
	if err == nil || !strings.Contains(err.Error(), `"场次" (room)`) || !strings.Contains(err.Error(), `"row" has no sample`) {
		t.Errorf("error %v", err)
	}
}

func TestGallery(t *testing.T) {
	s := newSite(t, new(bytes.Buffer))
	samples := OwnSamples()
	show := func(path string) *httptest.ResponseRecorder {
		return serve(s, get(path), func(w http.ResponseWriter, r *http.Request) error {
			s.Gallery(samples).ServeHTTP(w, r)
			return nil
		})
	}
	if body := show("/dev/gallery").Body.String(); !strings.Contains(body, `href="/dev/gallery/0"`) || !strings.Contains(body, "row") {
		t.Errorf("list:\n%s", body)
	}
	for i, sample := range samples {
		if w := show("/dev/gallery/" + strconv.Itoa(i)); w.Code != 200 {
			t.Errorf("%s: status %d", sample.Title, w.Code)
		}
	}
	for _, path := range []string{"/dev/gallery/999", "/dev/gallery/-1", "/dev/gallery/x"} {
		if w := show(path); w.Code != 404 {
			t.Errorf("%s: status %d", path, w.Code)
		}
	}
	s.dev = false
	if w := show("/dev/gallery"); w.Code != 404 {
		t.Errorf("outside of development: status %d", w.Code)
	}
}
