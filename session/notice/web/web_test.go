package web_test

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/go-chi/chi/v5"
	"github.com/google/uuid"

	"jingfang/session/identity"
	"jingfang/session/live"
	"jingfang/session/notice"
	"jingfang/session/notice/web"
	"jingfang/session/page"
	"jingfang/sql/db"
	"jingfang/sql/dbtest"
)

// house is the pages over one open session.
type house struct {
	*dbtest.DB
	t    *testing.T
	url  string
	id   int64
	role identity.Role
	h    *web.Handlers
}

func newHouse(t *testing.T) *house {
	t.Helper()
	x := &house{DB: dbtest.New(t), t: t, role: identity.Pharmacist}
	err := x.Owner.InTx(t.Context(), func(ctx context.Context, tx *db.Tx) error {
		if err := tx.ExecOne(ctx, `INSERT INTO staff (id, username, name, created_at) VALUES (7, 'demo', '演示药师', $1)`, tx.Now); err != nil {
			return err
		}
		var site int64
		if err := tx.Get(ctx, &site, `INSERT INTO site (code, name, district, created_at) VALUES ('S1', '演示点', '演示区', $1) RETURNING id`, tx.Now); err != nil {
			return err
		}
		err := tx.Get(ctx, &x.id, `INSERT INTO clinic_session (site_id, held_on, state, planned_by, planned_at) VALUES ($1, '2026-11-23', 'open', 7, $2) RETURNING id`, site, tx.Now)
		if err != nil {
			return err
		}
		return live.Create(ctx, tx, x.id)
	})
	if err != nil {
		t.Fatal(err)
	}
	site, err := page.New(page.Config{Dev: true, Log: slog.New(slog.NewTextHandler(io.Discard, nil))}, web.Templates())
	if err != nil {
		t.Fatal(err)
	}
	x.h = web.New(site, x.App, notice.New(x.App, nil))
	r := chi.NewRouter()
	r.Use(site.Middleware()...)
	r.Use(func(next http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			by := identity.Actor{StaffID: 7, Username: "demo", Name: "演示药师", Grants: []identity.Grant{{Role: x.role}}}
			ctx := page.WithViewer(identity.WithActor(r.Context(), by), page.Viewer{Name: by.Name, CSRF: "tok", LockAfter: time.Hour})
			next.ServeHTTP(w, r.WithContext(ctx))
		})
	})
	r.Get("/notices", site.Handle(x.h.List))
	r.Get("/sessions/{id}/notices", site.Handle(x.h.Session))
	r.Post("/sessions/{id}/notices", site.Handle(x.h.Write))
	r.Post("/sessions/{id}/notices/{notice}/end", site.Handle(x.h.End))
	r.Post("/sessions/{id}/notices/{notice}/seen", site.Handle(x.h.Acknowledge))
	server := httptest.NewServer(r)
	t.Cleanup(server.Close)
	x.url = server.URL
	return x
}

func (x *house) call(method, path, accept string, form url.Values) (int, string) {
	x.t.Helper()
	r, err := http.NewRequestWithContext(x.t.Context(), method, x.url+path, strings.NewReader(form.Encode()))
	if err != nil {
		x.t.Fatal(err)
	}
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	r.Header.Set("Accept", accept)
	resp, err := http.DefaultClient.Do(r)
	if err != nil {
		x.t.Fatal(err)
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	if err != nil {
		x.t.Fatal(err)
	}
	return resp.StatusCode, string(body)
}

func (x *house) post(path, body string) (int, string) {
	return x.call("POST", path, "text/html", url.Values{"body": {body}, "command_id": {uuid.NewString()}})
}

func TestPages(t *testing.T) {
	x := newHouse(t)
	own := fmt.Sprintf("/sessions/%d/notices", x.id)
	if status, body := x.post(own, "<b>两点起</b>只留一个诊台"); status != 200 || !strings.Contains(body, "&lt;b&gt;两点起&lt;/b&gt;只留一个诊台") || !strings.Contains(body, "还没有人看过") {
		t.Fatalf("written: %d %s", status, body)
	}
	if status, body := x.post(own, strings.Repeat("长", 101)); status != 200 || !strings.Contains(body, "最多 100 个字") || !strings.Contains(body, "长长长") {
		t.Errorf("a long one: %d %s", status, body)
	}
	if status, body := x.post(own+"/1/seen", ""); status != 200 || !strings.Contains(body, "1 人看过：演示药师") {
		t.Errorf("seen: %d %s", status, body)
	}
	if status, body := x.call("GET", "/notices", "text/html", nil); status != 200 || !strings.Contains(body, "演示点 11月23日") || !strings.Contains(body, "1 条在显示") {
		t.Errorf("the list: %d %s", status, body)
	}
	if _, body := x.call("GET", own, "application/json", nil); !strings.Contains(body, `"readers":["演示药师"]`) {
		t.Errorf("for programs: %s", body)
	}
	for path, want := range map[string]int{"/sessions/x/notices": 404, "/sessions/999/notices": 404, own + "/x/end": 404, own + "/99/end": 404} {
		method := "GET"
		if strings.HasSuffix(path, "/end") {
			method = "POST"
		}
		if status, _ := x.call(method, path, "application/json", url.Values{"command_id": {uuid.NewString()}}); status != want {
			t.Errorf("%s: %d", path, status)
		}
	}
	if status, _ := x.call("POST", own, "application/json", url.Values{"body": {"演示"}}); status != 400 {
		t.Errorf("without a command: %d", status)
	}
	x.role = identity.Doctor
	if status, _ := x.post(own, "演示"); status != 403 {
		t.Errorf("a doctor writes: %d", status)
	}
	if _, body := x.call("GET", own, "text/html", nil); strings.Contains(body, "<textarea") || strings.Contains(body, "收起") {
		t.Error("a doctor is offered to write or to end")
	}
	x.role = identity.SysAdmin
	if status, _ := x.call("GET", own, "text/html", nil); status != 403 {
		t.Errorf("the system's administrator: %d", status)
	}
}

// Each audience's board has what it may do: only the pharmacist's leads to writing.
func TestBoardPart(t *testing.T) {
	x := newHouse(t)
	x.post(fmt.Sprintf("/sessions/%d/notices", x.id), "演示通知")
	facts, err := x.h.ReadPart(t.Context(), x.id)
	if err != nil {
		t.Fatal(err)
	}
	site, err := page.New(page.Config{}, web.Templates())
	if err != nil {
		t.Fatal(err)
	}
	for to, leads := range map[live.Audience]bool{"pharmacist": true, "doctor": false, "assistant": false, "manager": false} {
		html, err := site.Render(web.PartName, x.h.ViewPart(facts, x.id, to))
		if err != nil || !strings.Contains(string(html), "演示通知") || strings.Contains(string(html), "<a ") != leads {
			t.Errorf("%s: %v %s", to, err, html)
		}
	}
}

func TestEveryViewHasASample(t *testing.T) {
	site, err := page.New(page.Config{Dev: true}, web.Templates())
	if err != nil {
		t.Fatal(err)
	}
	if err := site.CheckSamples(append(page.OwnSamples(), web.Samples()...)); err != nil {
		t.Error(err)
	}
}
