package web_test

import (
	"bytes"
	"context"
	"errors"
	"io"
	"mime/multipart"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/go-chi/chi/v5"

	"jingfang/integration/translog"
	"jingfang/integration/web"
	"jingfang/session/identity"
	"jingfang/session/page"
	"jingfang/sql/db"
	"jingfang/sql/dbtest"
	"jingfang/sql/seal"
)

// noted runs one request through a recorder and gives the entry that it left.
func noted(t *testing.T, x web.Transfer, r *http.Request, f page.Func) (translog.Opened, error) {
	t.Helper()
	d, keys := dbtest.New(t), seal.NewMemoryKeys()
	log := translog.New(d.App, keys, "test-host")
	spool := translog.NewSpool(log, 0)
	route := chi.NewRouteContext()
	route.URLParams.Add("visit", "visit-7")
	ctx := identity.WithActor(r.Context(), identity.Actor{StaffID: 7, Name: "演示医生"})
	r = r.WithContext(context.WithValue(ctx, chi.RouteCtxKey, route))
	err := func() (err error) {
		defer func() {
			if p := recover(); p != nil {
				err = errors.New("panic")
			}
		}()
		return web.NewRecorder(spool, time.Now).Wrap(x, f)(httptest.NewRecorder(), r)
	}()
	if err := spool.Close(t.Context()); err != nil {
		t.Fatal(err)
	}
	list, lerr := translog.List(t.Context(), d.App, translog.Filter{})
	if lerr != nil || len(list) != 1 {
		t.Fatalf("%d entries, %v", len(list), lerr)
	}
	o, oerr := translog.Show(t.Context(), d.App, list[0].Exchange, keys.LogOfficer())
	if oerr != nil {
		t.Fatal(oerr)
	}
	return o, err
}

func scanLine() web.Transfer {
	return web.Transfer{System: web.DeviceSystem, Service: "visit.scan", Direction: translog.In, Key: "visit"}
}

func form(values url.Values) *http.Request {
	r := httptest.NewRequest(http.MethodPost, "/sessions/1/visits/visit-7/scans", strings.NewReader(values.Encode()))
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	return r
}

func TestRecorderNotesAScan(t *testing.T) {
	r := form(url.Values{"codes": {"80000010000000000001"}, "csrf": {"secret-token"}})
	o, err := noted(t, scanLine(), r, func(w http.ResponseWriter, r *http.Request) error {
		w.Header().Set("Content-Type", "text/html; charset=utf-8")
		_, err := io.WriteString(w, `<p class="a>b">演示利培酮片 已发出 `+r.PostFormValue("codes")+`</p><style>p{}</style><input name="csrf" value="secret-token">&lt;好&gt;`)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	if o.Summary.System != "DEVICE" || o.Summary.Service != "visit.scan" || o.Summary.StaffID != 7 || o.Summary.Result != translog.OK || o.Intent.Status != 200 {
		t.Errorf("summary %+v %+v", o.Summary, o.Intent)
	}
	if string(o.Intent.Request) != "codes=80000010000000000001" || o.Intent.Key != "visit-7" || o.Intent.Person != "演示医生" {
		t.Errorf("request %q, key %q, person %q", o.Intent.Request, o.Intent.Key, o.Intent.Person)
	}
	if want := "演示利培酮片 已发出 80000010000000000001\n<好>\n"; string(o.Intent.Answer) != want {
		t.Errorf("answer %q, want %q", o.Intent.Answer, want)
	}
}

func TestRecorderNotesHowItEnded(t *testing.T) {
	for name, c := range map[string]struct {
		f    page.Func
		want translog.Result
	}{
		"refused":       {func(http.ResponseWriter, *http.Request) error { return db.Refuse(db.Conflict, "已被别人取走。") }, translog.Refused},
		"failed":        {func(http.ResponseWriter, *http.Request) error { return errors.New("broken pipe") }, translog.Failed},
		"panicked":      {func(http.ResponseWriter, *http.Request) error { panic("broken") }, translog.Failed},
		"answered 409":  {func(w http.ResponseWriter, _ *http.Request) error { w.WriteHeader(409); return nil }, translog.Refused},
		"done off-line": {func(w http.ResponseWriter, r *http.Request) error { _ = r.PostFormValue("codes"); return nil }, translog.OK},
	} {
		o, err := noted(t, scanLine(), form(url.Values{"codes": {"1"}, "done_at": {"2026-11-23T10:00:00Z"}}), c.f)
		if o.Summary.Result != c.want {
			t.Errorf("%s: %s (%v)", name, o.Summary.Result, err)
		}
		switch name {
		case "refused":
			if o.Intent.Detail != "已被别人取走。" || err == nil {
				t.Errorf("refused: %q, %v", o.Intent.Detail, err)
			}
		case "done off-line":
			if o.Summary.Service != "visit.scan.replay" {
				t.Errorf("replayed as %q", o.Summary.Service)
			}
		}
	}
}

func TestRecorderKeepsFilesAndCutsTheRest(t *testing.T) {
	var body bytes.Buffer
	m := multipart.NewWriter(&body)
	_ = m.WriteField("csrf", "secret-token")
	_ = m.WriteField("forget", "1")
	file, err := m.CreateFormFile("file", "名单.csv")
	if err != nil {
		t.Fatal(err)
	}
	content := strings.Repeat("演示患者,1\n", 20_000)
	_, _ = io.WriteString(file, content)
	_ = m.Close()
	r := httptest.NewRequest(http.MethodPost, "/patients/import", &body)
	r.Header.Set("Content-Type", m.FormDataContentType())
	pdf := bytes.Repeat([]byte("%PDF"), 50_000)
	o, err := noted(t, web.Transfer{System: web.FileSystem, Service: "patient.import", Direction: translog.In}, r, func(w http.ResponseWriter, r *http.Request) error {
		f, _, err := r.FormFile("file")
		if err != nil {
			return err
		}
		if _, err := io.Copy(io.Discard, f); err != nil {
			return err
		}
		_, err = w.Write(pdf)
		return err
	})
	if err != nil || o.Answer == nil || string(o.Request()) != "forget=1\n\n"+content || !bytes.Equal(o.Answer.Answer, pdf) {
		t.Fatalf("%v: file of %d bytes, answer %+v", err, len(o.Request()), o.Answer)
	}
	long := form(url.Values{"codes": {strings.Repeat("8", 100_000)}})
	o, err = noted(t, scanLine(), long, func(w http.ResponseWriter, r *http.Request) error {
		_ = r.ParseForm()
		_, err := w.Write(pdf)
		return err
	})
	sum := seal.SM3(pdf)
	if err != nil || !strings.Contains(string(o.Intent.Request), "太长没有留存") || !strings.Contains(string(o.Intent.Answer), sum.String()) {
		t.Errorf("%v: %q, %q", err, o.Intent.Request, o.Intent.Answer)
	}
}
