package web_test

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"log/slog"
	"mime/multipart"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/go-chi/chi/v5"
	"github.com/google/uuid"

	"jingfang/integration/translog"
	"jingfang/integration/web"
	"jingfang/session/identity"
	"jingfang/session/job"
	"jingfang/session/page"
	"jingfang/sql/db"
	"jingfang/sql/dbtest"
	"jingfang/sql/seal"
	"jingfang/static"
)

const phrase = "Demo-passphrase-1"

// readingRoom is the reader's pages over a real log, with one login after another.
type readingRoom struct {
	*dbtest.DB
	t    *testing.T
	url  string
	log  *translog.Log
	keys *officerKeys
	desk *translog.Desk
	jobs *job.Jobs
	file string // the officer's key file

	mu    sync.Mutex
	now   time.Time
	role  identity.Role
	login uuid.UUID
}

// officerKeys are the server's keys with the officer's public half.
type officerKeys struct {
	*seal.MemoryKeys
	officer *seal.PublicKey
}

// LogWrapKey is the officer's.
func (k *officerKeys) LogWrapKey() (*seal.PublicKey, error) { return k.officer, nil }

func (r *readingRoom) clock() time.Time {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.now = r.now.Add(time.Millisecond)
	return r.now
}

func (r *readingRoom) forward(d time.Duration) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.now = r.now.Add(d)
}

// newReadingRoom has a log with the officer's key; the server finds the key file
// by itself when it lies there.
func newReadingRoom(t *testing.T, lies bool) *readingRoom {
	t.Helper()
	r := &readingRoom{t: t, now: time.Date(2026, 11, 23, 2, 0, 0, 0, time.UTC), role: identity.Auditor, login: uuid.New(), file: filepath.Join(t.TempDir(), "officer.key")}
	r.DB = dbtest.With(t, dbtest.Options{Clock: r.clock})
	pub, err := seal.CreateOfficerKey(r.file, phrase, seal.TestRounds)
	if err != nil {
		t.Fatal(err)
	}
	r.keys = &officerKeys{seal.NewMemoryKeys(), pub}
	r.log = translog.New(r.App, r.keys, "test")
	r.jobs = job.New(r.clock)
	t.Cleanup(func() { _ = r.jobs.Close(context.Background()) })
	known := ""
	if lies {
		known = r.file
	}
	r.desk = translog.NewDesk(r.App, r.keys, known)
	r.serve()
	return r
}

func (r *readingRoom) serve() {
	r.t.Helper()
	site, err := page.New(page.Config{Dev: true, Log: slog.New(slog.NewTextHandler(io.Discard, nil))}, web.Templates())
	if err != nil {
		r.t.Fatal(err)
	}
	h := web.NewReader(site, r.App, r.desk, r.jobs, translog.NewSpool(r.log, 0))
	m := chi.NewRouter()
	m.Use(site.Middleware()...)
	m.Use(func(next http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, req *http.Request) {
			r.mu.Lock()
			by := identity.Actor{StaffID: 1, Username: "demo", Name: "演示审计员", LoginID: r.login, Grants: []identity.Grant{{Role: r.role}}}
			r.mu.Unlock()
			ctx := page.WithViewer(identity.WithActor(req.Context(), by), page.Viewer{Name: by.Name, CSRF: "tok", LockAfter: time.Hour})
			next.ServeHTTP(w, req.WithContext(ctx))
		})
	})
	m.Handle(static.Prefix+"*", static.Handler())
	m.Get("/transferlog", site.Handle(h.Log))
	m.Post("/transferlog/key", site.Handle(h.OpenKey))
	m.Post("/transferlog/key/close", site.Handle(h.ShutKey))
	m.Post("/transferlog/check", site.Handle(h.StartCheck))
	m.Get("/transferlog/check/{job}", site.Handle(h.CheckProgress))
	m.Post("/transferlog/check/{job}/cancel", site.Handle(h.CancelCheck))
	m.Get("/transferlog/{exchange}", site.Handle(h.Entry))
	m.Post("/transferlog/{exchange}/open", site.Handle(h.Read))
	server := httptest.NewServer(m)
	r.t.Cleanup(server.Close)
	r.url = server.URL
}

// pull leaves an exchange of two entries in the log.
func (r *readingRoom) pull(key, answer string) uuid.UUID {
	r.t.Helper()
	p, err := r.log.Begin(r.t.Context(), translog.Exchange{System: "HIS", Service: "HIS.RECEIPT.PULL", Direction: translog.Out, Key: key,
		Person: "系统", Target: "POST http://his.example/receipts", Body: []byte(`{"since":"` + key + `"}`)})
	if err == nil {
		err = p.End(r.t.Context(), translog.Outcome{Result: translog.OK, Status: 200, Body: []byte(answer)})
	}
	if err != nil {
		r.t.Fatal(err)
	}
	return p.ID()
}

// scan leaves an event of a device.
func (r *readingRoom) scan(visit string) uuid.UUID {
	r.t.Helper()
	id, err := r.log.Record(r.t.Context(), translog.Exchange{System: web.DeviceSystem, Service: "visit.scan", Direction: translog.In, Key: visit,
		Person: "演示医生", Body: []byte("codes=80000010000000000001&command_id=1")}, translog.Outcome{Result: translog.Refused, Status: 409}, time.Millisecond)
	if err != nil {
		r.t.Fatal(err)
	}
	return id
}

func (r *readingRoom) anchor() {
	r.t.Helper()
	heads, err := translog.Heads(r.t.Context(), r.App)
	if err != nil {
		r.t.Fatal(err)
	}
	var others []identity.Head
	for _, h := range heads {
		others = append(others, identity.Head{Name: h.Name(), Length: h.Length, Digest: h.Digest})
	}
	signer, err := r.keys.Signer()
	if err != nil {
		r.t.Fatal(err)
	}
	if _, err := identity.Anchor(r.t.Context(), r.App, signer, others); err != nil {
		r.t.Fatal(err)
	}
}

func (r *readingRoom) send(method, path, accept, kind string, body io.Reader) (int, string) {
	r.t.Helper()
	req, err := http.NewRequestWithContext(r.t.Context(), method, r.url+path, body)
	if err != nil {
		r.t.Fatal(err)
	}
	req.Header.Set("Content-Type", kind)
	req.Header.Set("Accept", accept)
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		r.t.Fatal(err)
	}
	defer resp.Body.Close()
	text, err := io.ReadAll(resp.Body)
	if err != nil {
		r.t.Fatal(err)
	}
	return resp.StatusCode, string(text)
}

func (r *readingRoom) get(path string) (int, string) {
	return r.send("GET", path, "text/html", "", nil)
}

func (r *readingRoom) post(path string, form url.Values) (int, string) {
	return r.send("POST", path, "text/html", "application/x-www-form-urlencoded", strings.NewReader(form.Encode()))
}

// events counts what the audit has of an event and outcome.
func (r *readingRoom) events(name, outcome string) int {
	r.t.Helper()
	var n int
	if err := r.App.Get(r.t.Context(), &n, `SELECT count(*) FROM audit WHERE event = $1 AND outcome = $2`, name, outcome); err != nil {
		r.t.Fatal(err)
	}
	return n
}

func TestReaderFindsAndSeals(t *testing.T) {
	r := newReadingRoom(t, true)
	id := r.pull("CK001", `{"receipts":[]}`)
	r.scan("visit-7")
	r.forward(24 * time.Hour)
	r.pull("CK002", "<a/>")
	for query, want := range map[string]int{
		"": 1, "?day=2026-11-23": 2, "?day=": 3, "?day=&system=HIS": 2, "?day=&result=refused": 1, "?day=&key=CK001": 1, "?day=&key=CK9": 0, "?day=&staff=5": 0,
	} {
		_, body := r.send("GET", "/transferlog"+query, "application/json", "", nil)
		var list []any
		if err := json.Unmarshal([]byte(body), &list); err != nil || len(list) != want {
			t.Errorf("%q: %d found, want %d (%v)", query, len(list), want, err)
		}
	}
	status, body := r.get("/transferlog?day=2026-11-23")
	if status != 200 || !strings.Contains(body, "扫码发药") || !strings.Contains(body, "现场设备") || !strings.Contains(body, "被拒") ||
		strings.Contains(body, "visit-7") || strings.Contains(body, "80000010000000000001") {
		t.Errorf("the list: %d %s", status, body)
	}
	status, body = r.get("/transferlog/" + id.String())
	if status != 200 || !strings.Contains(body, "正文已封存") || strings.Contains(body, "CK001") || strings.Contains(body, "查看正文") {
		t.Errorf("the sealed entry: %d %s", status, body)
	}
	for path, want := range map[string]int{
		"?day=tomorrow": 400, "?staff=x": 400, "?after=x": 400, "?after=1/2/3": 400,
		"/" + uuid.NewString(): 404, "/x": 404,
	} {
		if status, _ := r.get("/transferlog" + path); status != want {
			t.Errorf("%s: %d, want %d", path, status, want)
		}
	}
	r.role = identity.Pharmacist
	for _, path := range []string{"", "/" + id.String()} {
		if status, _ := r.get("/transferlog" + path); status != 403 {
			t.Errorf("a pharmacist at %q: %d", path, status)
		}
	}
	for _, path := range []string{"/key", "/" + id.String() + "/open", "/check"} {
		if status, _ := r.post("/transferlog"+path, url.Values{"passphrase": {phrase}}); status != 403 {
			t.Errorf("a pharmacist posts to %q: %d", path, status)
		}
	}
}

func TestReaderTurnsPages(t *testing.T) {
	r := newReadingRoom(t, true)
	for range 60 {
		r.scan("visit-7")
	}
	_, body := r.get("/transferlog?day=2026-11-23")
	_, rest, found := strings.Cut(body, `href="/transferlog?after=`)
	if !found || strings.Count(body, "扫码发药 ") != 50 {
		t.Fatalf("%d rows: %s", strings.Count(body, "扫码发药 "), body)
	}
	next, _, _ := strings.Cut(rest, `"`)
	_, body = r.get("/transferlog?after=" + strings.ReplaceAll(next, "&amp;", "&"))
	if strings.Count(body, "扫码发药 ") != 10 || !strings.Contains(body, "最新") {
		t.Errorf("the second page has %d rows", strings.Count(body, "扫码发药 "))
	}
}

// The key opens with its passphrase for a while and this login only; what it
// opens is audited before it is shown.
func TestReaderOpensTheKeyForAWhile(t *testing.T) {
	r := newReadingRoom(t, true)
	id := r.pull("CK001", `{"receipts":[{"no":"CK001"}]}`)
	r.anchor()
	open, read := "/transferlog/key", "/transferlog/"+id.String()+"/open"
	if status, body := r.post(read, nil); status != 200 || !strings.Contains(body, "私钥没有打开") || strings.Contains(body, "CK001") {
		t.Errorf("without the key: %d %s", status, body)
	}
	if _, body := r.post(open, url.Values{"passphrase": {"wrong"}}); !strings.Contains(body, "请核对口令和私钥文件") {
		t.Errorf("a wrong passphrase: %s", body)
	}
	if r.events("transferlog.key_refused", identity.Refused) != 1 {
		t.Error("the refusal is not in the audit")
	}
	if _, body := r.post(open, url.Values{"passphrase": {phrase}, "back": {"/transferlog/" + id.String()}}); !strings.Contains(body, "私钥已打开") || !strings.Contains(body, "查看正文") {
		t.Errorf("the right one: %s", body)
	}
	status, body := r.post(read, nil)
	if status != 200 || !strings.Contains(body, "CK001") || !strings.Contains(body, "&#34;receipts&#34;: [") || !strings.Contains(body, "his.example") {
		t.Errorf("read: %d %s", status, body)
	}
	if r.events("transferlog.key_open", identity.OK) != 1 || r.events("transferlog.open", identity.OK) != 1 {
		t.Error("the openings are not in the audit")
	}
	mine := r.login
	r.login = uuid.New()
	if _, body := r.post(read, nil); strings.Contains(body, "receipts&#34;: [") {
		t.Error("another login reads with the key")
	}
	r.login = mine
	if _, body := r.post("/transferlog/key/close", nil); strings.Contains(body, "私钥已打开") || r.events("transferlog.key_close", identity.OK) != 1 {
		t.Error("the key is not closed")
	}
	r.post(open, url.Values{"passphrase": {phrase}})
	r.desk.CloseKey(mine) // as at a logout or a locked screen
	if _, body := r.post(read, nil); !strings.Contains(body, "私钥没有打开") {
		t.Error("the key is open after the login's end")
	}
	r.post(open, url.Values{"passphrase": {phrase}})
	if got := r.desk.Logins(); len(got) != 1 || got[0] != mine {
		t.Errorf("logins with a key: %v", got)
	}
	r.forward(translog.KeyOpenFor)
	if _, body := r.post(read, nil); !strings.Contains(body, "私钥没有打开") || len(r.desk.Logins()) != 0 {
		t.Error("the key is open after its time")
	}
}

func TestReaderRefusesGuessing(t *testing.T) {
	r := newReadingRoom(t, true)
	r.pull("CK001", "x")
	for range 5 {
		r.post("/transferlog/key", url.Values{"passphrase": {"wrong"}})
	}
	r.login = uuid.New() // another login of the same person
	if _, body := r.post("/transferlog/key", url.Values{"passphrase": {phrase}}); !strings.Contains(body, "15 分钟后再试") {
		t.Errorf("the sixth try: %s", body)
	}
	r.forward(16 * time.Minute)
	if _, body := r.post("/transferlog/key", url.Values{"passphrase": {phrase}}); !strings.Contains(body, "私钥已打开") {
		t.Errorf("after the rest: %s", body)
	}
}

// An officer who carries the key file hands it in; another file opens nothing.
func TestReaderTakesTheKeyFile(t *testing.T) {
	r := newReadingRoom(t, false)
	id := r.pull("CK001", "<answer><no>CK001</no></answer>")
	other := filepath.Join(t.TempDir(), "other.key")
	if _, err := seal.CreateOfficerKey(other, phrase, seal.TestRounds); err != nil {
		t.Fatal(err)
	}
	if _, body := r.get("/transferlog"); !strings.Contains(body, `type="file"`) {
		t.Error("the page does not ask for the file")
	}
	for name, c := range map[string]struct {
		file []byte
		want string
	}{
		"none": {nil, "请核对口令和私钥文件"}, "not a key": {[]byte("hello"), "请核对口令和私钥文件"}, "of somebody else": {read(t, other), "请核对口令和私钥文件"},
		"too large": {bytes.Repeat([]byte("x"), 20<<10), "请核对口令和私钥文件"},
	} {
		if _, body := r.handIn(c.file, phrase); !strings.Contains(body, c.want) {
			t.Errorf("%s: %s", name, body)
		}
	}
	r.forward(16 * time.Minute)
	if _, body := r.handIn(read(t, r.file), phrase); !strings.Contains(body, "私钥已打开") {
		t.Errorf("the officer's: %s", body)
	}
	if _, body := r.post("/transferlog/"+id.String()+"/open", nil); !strings.Contains(body, "&lt;no&gt;CK001&lt;/no&gt;") || !strings.Contains(body, "XML") {
		t.Errorf("read: %s", body)
	}
}

// handIn sends the form with a key file.
func (r *readingRoom) handIn(file []byte, passphrase string) (int, string) {
	r.t.Helper()
	var body bytes.Buffer
	m := multipart.NewWriter(&body)
	if file != nil {
		w, err := m.CreateFormFile("key", "officer.key")
		if err != nil {
			r.t.Fatal(err)
		}
		_, _ = w.Write(file)
	}
	_ = m.WriteField("passphrase", passphrase)
	_ = m.Close()
	return r.send("POST", "/transferlog/key", "text/html", m.FormDataContentType(), &body)
}

// A log that is not whole is not shown; what is wrong is named and audited.
func TestReaderShowsNothingOfABrokenLog(t *testing.T) {
	r := newReadingRoom(t, true)
	id := r.pull("CK001", "x")
	r.pull("CK002", "x")
	r.anchor()
	r.post("/transferlog/key", url.Values{"passphrase": {phrase}})
	r.tamper(`DELETE FROM translog_entry WHERE seq = 4`, `UPDATE translog_head SET length = 3, digest = (SELECT digest FROM translog_entry WHERE seq = 3)`)
	status, body := r.post("/transferlog/"+id.String()+"/open", nil)
	if status != 200 || !strings.Contains(body, "从第 4 条起不见了") || strings.Contains(body, "CK001") || !strings.Contains(body, "正文已封存") {
		t.Errorf("%d %s", status, body)
	}
	if r.events("transferlog.open", identity.Failed) != 1 || r.events("transferlog.open", identity.OK) != 0 {
		t.Error("the audit has it otherwise")
	}
}

func (r *readingRoom) tamper(statements ...string) {
	r.t.Helper()
	err := r.Owner.InTx(context.Background(), func(ctx context.Context, tx *db.Tx) error {
		for _, s := range append(append([]string{`ALTER TABLE translog_entry DISABLE TRIGGER USER`}, statements...), `ALTER TABLE translog_entry ENABLE TRIGGER USER`) {
			if _, err := tx.Exec(ctx, s); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		r.t.Fatal(err)
	}
}

// A check runs as a job with progress and names what is wrong.
func TestReaderChecks(t *testing.T) {
	r := newReadingRoom(t, true)
	r.pull("CK001", "x")
	r.anchor()
	if got := r.check("2026-11-23"); !strings.Contains(got, "2026-11-23完整：1 段，2 条，核对锚点 1 处") {
		t.Errorf("whole: %s", got)
	}
	if got := r.check("2026-11-20"); !strings.Contains(got, "完整：0 段") {
		t.Errorf("an empty day: %s", got)
	}
	r.tamper(`UPDATE translog_entry SET canonical = set_byte(canonical, length(canonical) - 20, (get_byte(canonical, length(canonical) - 20) # 1)) WHERE seq = 2`)
	if got := r.check(""); !strings.Contains(got, "没有通过核对") || !strings.Contains(got, "第 2 条被改动") {
		t.Errorf("broken: %s", got)
	}
	if r.events("transferlog.verify", identity.OK) != 2 || r.events("transferlog.verify", identity.Failed) != 1 {
		t.Error("the checks are not in the audit")
	}
	for path, want := range map[string]int{"/transferlog/check/x": 404, "/transferlog/check/" + uuid.NewString(): 404} {
		if status, _ := r.get(path); status != want {
			t.Errorf("%s: %d", path, status)
		}
	}
	if status, _ := r.post("/transferlog/check", url.Values{"day": {"x"}}); status != 400 {
		t.Errorf("a bad day: %d", status)
	}
}

// check runs a check to its end and gives the page's words.
func (r *readingRoom) check(day string) string {
	r.t.Helper()
	_, body := r.send("POST", "/transferlog/check", "application/json", "application/x-www-form-urlencoded", strings.NewReader(url.Values{"day": {day}}.Encode()))
	var x struct {
		Job   string
		State job.State
	}
	if err := json.Unmarshal([]byte(body), &x); err != nil {
		r.t.Fatalf("%v %s", err, body)
	}
	tick := time.NewTicker(time.Millisecond)
	defer tick.Stop()
	for x.State == job.Running {
		<-tick.C
		_, body = r.send("GET", "/transferlog/check/"+x.Job, "application/json", "", nil)
		if err := json.Unmarshal([]byte(body), &x); err != nil {
			r.t.Fatalf("%v %s", err, body)
		}
	}
	_, body = r.get("/transferlog")
	return body
}

func read(t *testing.T, file string) []byte {
	t.Helper()
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	return text
}
