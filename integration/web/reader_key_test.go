package web_test

import (
	"bytes"
	"mime/multipart"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"

	"jingfang/integration/translog"
	"jingfang/session/identity"
	"jingfang/sql/seal"
)

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

func read(t *testing.T, file string) []byte {
	t.Helper()
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	return text
}
