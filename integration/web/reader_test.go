package web_test

import (
	"encoding/json"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"

	"jingfang/session/identity"
)

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
