package page

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/PuerkitoBio/goquery"

	"jingfang/sql/db"
)

// fails is a handler that returns err.
func fails(err error) Func {
	return func(http.ResponseWriter, *http.Request) error { return err }
}

func TestErrorStatus(t *testing.T) {
	cases := []struct {
		err    error
		status int
	}{
		{db.Refuse(db.Invalid, "药品名不能为空。"), 400},
		{db.Refuse(db.Denied, "您没有权限。"), 403},
		{db.Refuse(db.NotFound, "没有这个场次。"), 404},
		{db.Refuse(db.Conflict, "此药已发出。"), 409},
		{db.Refuse(db.TooMany, "请慢一点。"), 429},
		{db.Refuse(db.Unavailable, "请稍候。"), 503},
		{fmt.Errorf("dispense: %w", db.Refuse(db.Conflict, "此药已发出。")), 409},
		{errors.New("secret cause"), 500},
		{db.RefuseBecause(errors.New("secret cause"), db.Internal, "系统出错了。"), 500},
	}
	s := newSite(t, new(bytes.Buffer))
	forms := map[string][]string{"page": nil, "htmx": {"HX-Request", "true"}, "json": {"Accept", "application/json"}}
	for _, c := range cases {
		for form, header := range forms {
			t.Run(form+" "+c.err.Error(), func(t *testing.T) {
				w := serve(s, get("/x", header...), fails(c.err))
				if w.Code != c.status {
					t.Errorf("status %d, want %d", w.Code, c.status)
				}
				if body := w.Body.String(); !strings.Contains(body, db.Sentence(c.err)) || strings.Contains(body, "secret") {
					t.Errorf("the answer must hold the sentence and no cause:\n%s", body)
				}
			})
		}
	}
}

func TestErrorForBrowser(t *testing.T) {
	s := newSite(t, new(bytes.Buffer))
	w := serve(s, get("/x"), fails(db.Refuse(db.Denied, "您不在名单里。")))
	doc, err := goquery.NewDocumentFromReader(w.Body)
	if err != nil {
		t.Fatal(err)
	}
	if doc.Find("main h1").Text() != "没有权限" || doc.Find("main .ref").Length() != 0 {
		t.Errorf("error page:\n%s", doc.Find("main").Text())
	}
}

func TestErrorForHTMX(t *testing.T) {
	s := newSite(t, new(bytes.Buffer))
	w := serve(s, get("/x", "HX-Request", "true"), fails(db.Refuse(db.Conflict, "此药已发出。")))
	if h := w.Header(); h.Get("HX-Retarget") != "#band" || h.Get("HX-Reswap") != "innerHTML" || h.Get("HX-Reselect") != "unset" {
		t.Errorf("headers %v", h)
	}
	doc, err := goquery.NewDocumentFromReader(w.Body)
	if err != nil {
		t.Fatal(err)
	}
	band := doc.Find(".band.band-bad[data-tone=bad]")
	if band.Find("p").Text() != "此药已发出。" || band.Find(".band-mark").Text() != "不行" {
		t.Errorf("band %q", doc.Text())
	}
}

func TestErrorForProgram(t *testing.T) {
	s := newSite(t, new(bytes.Buffer))
	w := serve(s, get("/x", "Accept", "application/json"), fails(db.Refuse(db.Conflict, "此药已发出。")))
	var body errorBody
	if err := json.Unmarshal(w.Body.Bytes(), &body); err != nil {
		t.Fatal(err)
	}
	want := errorJSON{Kind: db.Conflict, Message: "此药已发出。", Ref: w.Header().Get("X-Request-Id")}
	if body.Error != want {
		t.Errorf("error %+v, want %+v", body.Error, want)
	}
}

func TestInternalErrorIsInTheLogByItsNumber(t *testing.T) {
	for name, f := range map[string]Func{
		"error": fails(errors.New("secret cause")),
		"panic": func(http.ResponseWriter, *http.Request) error { panic("secret cause") },
	} {
		t.Run(name, func(t *testing.T) {
			var log bytes.Buffer
			w := serve(newSite(t, &log), get("/x"), f)
			ref := w.Header().Get("X-Request-Id")
			if w.Code != 500 || len(ref) != 9 || !strings.Contains(w.Body.String(), ref) {
				t.Errorf("status %d, reference %q not on the page", w.Code, ref)
			}
			if strings.Contains(w.Body.String(), "secret") || strings.Contains(w.Body.String(), "REF-MARK") {
				t.Error("the page shows the cause or a mark")
			}
			if line := log.String(); !strings.Contains(line, "secret cause") || strings.Count(line, ref) < 2 {
				t.Errorf("the log must hold the cause with the reference:\n%s", line)
			}
		})
	}
}

func TestRefusalIsLoggedWithoutItsSentence(t *testing.T) {
	var log bytes.Buffer
	serve(newSite(t, &log), get("/x?q=张三"), fails(db.Refuse(db.Conflict, "此药已发给张三。")))
	if got := log.String(); !strings.Contains(got, "kind=conflict") || strings.Contains(got, "张三") {
		t.Errorf("log:\n%s", got)
	}
}

func TestErrorAfterTheAnswerHasBegun(t *testing.T) {
	var log bytes.Buffer
	w := serve(newSite(t, &log), get("/x"), func(w http.ResponseWriter, _ *http.Request) error {
		if _, err := w.Write([]byte("half")); err != nil {
			return err
		}
		return errors.New("too late")
	})
	if w.Code != 200 || w.Body.String() != "half" {
		t.Errorf("answer %d %q", w.Code, w.Body)
	}
	if !strings.Contains(log.String(), "too late") {
		t.Errorf("log:\n%s", log.String())
	}
}

func TestNobodyReadsTheAnswer(t *testing.T) {
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	var log bytes.Buffer
	w := serve(newSite(t, &log), get("/x").WithContext(ctx), fails(fmt.Errorf("query: %w", context.Canceled)))
	if w.Body.Len() != 0 || strings.Contains(log.String(), "level=ERROR") {
		t.Errorf("answered %q, log:\n%s", w.Body, log.String())
	}
}

func TestAbortGoesThrough(t *testing.T) {
	s := newSite(t, new(bytes.Buffer))
	defer func() {
		if p := recover(); p != http.ErrAbortHandler {
			t.Errorf("recovered %v", p)
		}
	}()
	serve(s, get("/x"), func(http.ResponseWriter, *http.Request) error { panic(http.ErrAbortHandler) })
	t.Error("the abort was swallowed")
}

func TestDoor(t *testing.T) {
	cases := []struct {
		name   string
		kind   db.Kind
		r      *http.Request
		status int
		to     string
	}{
		{"page", db.LoggedOut, get("/sessions/7"), 303, "/login?next=%2Fsessions%2F7"},
		{"start", db.LoggedOut, get("/"), 303, "/login"},
		{"locked", db.Locked, get("/sessions/7?secret=1"), 303, "/lock?next=%2Fsessions%2F7"},
		{"form", db.LoggedOut, httptest.NewRequest("POST", "/sessions/7/close", nil), 303, "/login"},
		{"htmx", db.LoggedOut, get("/part", "HX-Request", "true", "HX-Current-URL", "http://a/sessions/7"), 200, "/login?next=%2Fsessions%2F7"},
		{"htmx elsewhere", db.LoggedOut, get("/part", "HX-Request", "true", "HX-Current-URL", "http://a//evil.example"), 200, "/login"},
		{"program", db.LoggedOut, get("/sessions/7", "Accept", "application/json"), 401, ""},
		{"program locked", db.Locked, get("/sessions/7", "Accept", "application/json"), 423, ""},
	}
	s := newSite(t, new(bytes.Buffer))
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			w := serve(s, c.r, fails(db.Refuse(c.kind, "请登录。")))
			if to := w.Header().Get("Location") + w.Header().Get("HX-Redirect"); w.Code != c.status || to != c.to {
				t.Errorf("%d to %q, want %d to %q", w.Code, to, c.status, c.to)
			}
		})
	}
}
