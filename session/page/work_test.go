package page

import (
	"context"
	"errors"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/go-chi/chi/v5"
	"github.com/google/uuid"

	"jingfang/session/job"
	"jingfang/sql/db"
)

// Work is started once, seen by whoever has its address, stopped, and says how it
// ended; a job of another kind is not there.
func TestWorks(t *testing.T) {
	site, err := New(Config{Dev: true})
	if err != nil {
		t.Fatal(err)
	}
	jobs := job.New(time.Now)
	works := Works{Site: site, Jobs: jobs, Kind: "count", Path: "/count", Home: "/home", ID: "count", Verb: "清点", Unit: "盒", Starts: []WorkStart{{Icon: "shield", Word: "清点"}},
		Done: func(v *Work, s job.Status) { v.Tone, v.Sentence = "good", s.Result.(string) }, JSON: func(s job.Status) any { return map[string]any{"state": s.State} }}
	release := make(chan error)
	r := chi.NewRouter()
	r.Post("/count", site.Handle(func(w http.ResponseWriter, r *http.Request) error {
		return works.Start(w, r, 7, func(ctx context.Context, p *job.Progress) (any, error) {
			p.Report(3, 10)
			select {
			case err := <-release:
				return "清点完了", err
			case <-ctx.Done():
				return nil, ctx.Err()
			}
		})
	}))
	r.Get("/count/{job}", site.Handle(works.Show))
	r.Post("/count/{job}/cancel", site.Handle(works.Cancel))
	ask := func(method, path string, header ...string) *httptest.ResponseRecorder {
		q := httptest.NewRequest(method, path, nil)
		for i := 0; i+1 < len(header); i += 2 {
			q.Header.Set(header[i], header[i+1])
		}
		w := httptest.NewRecorder()
		r.ServeHTTP(w, q)
		return w
	}
	part := func(method, path string) string { return ask(method, path, "HX-Request", "true").Body.String() }
	latest := func() string { return works.Latest().URL }
	ends := func(want job.State) {
		t.Helper()
		for {
			if s, ok := jobs.Latest("count"); !ok || s.State == want {
				return
			}
			if err := t.Context().Err(); err != nil {
				t.Fatal(err)
			}
		}
	}
	if v := works.Latest(); v.Running || len(v.Starts) != 1 || v.StartURL != "/count" {
		t.Errorf("before any: %+v", v)
	}
	if w := ask("POST", "/count"); w.Code != http.StatusSeeOther || w.Header().Get("Location") != "/home" {
		t.Errorf("a browser without scripts: %d %s", w.Code, w.Header())
	}
	first := latest()
	if text := part("POST", "/count"); latest() != first || !strings.Contains(text, "正在清点") || !strings.Contains(text, first+"/cancel") || !strings.Contains(text, `hx-trigger="every 1s"`) {
		t.Errorf("a second start is the first: %s", text)
	}
	if text := part("POST", first+"/cancel"); !strings.Contains(text, `id="count"`) {
		t.Errorf("%s", text)
	}
	ends(job.Cancelled)
	if text := part("GET", first); !strings.Contains(text, "已停止") || !strings.Contains(text, `action="/count"`) {
		t.Errorf("stopped: %s", text)
	}
	for _, x := range []struct {
		err  error
		want string
	}{{nil, "清点完了"}, {errors.New("boom"), "请再清点一次"}, {db.Refuse(db.Invalid, "日期不对。"), "日期不对。"}} {
		ask("POST", "/count", "Accept", "application/json")
		release <- x.err
		ends(map[bool]job.State{true: job.Done, false: job.Failed}[x.err == nil])
		if text := part("GET", latest()); !strings.Contains(text, x.want) || strings.Contains(text, "boom") {
			t.Errorf("%v: %s", x.err, text)
		}
	}
	other, err := jobs.Start("other", 7, func(context.Context, *job.Progress) (any, error) { return nil, nil })
	if err != nil {
		t.Fatal(err)
	}
	for _, path := range []string{"/count/x", "/count/" + uuid.NewString(), "/count/" + other.String()} {
		if w := ask("GET", path, "Accept", "application/json"); w.Code != http.StatusNotFound {
			t.Errorf("%s: %d", path, w.Code)
		}
	}
}
