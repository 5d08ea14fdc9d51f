package simulator_test

import (
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"jingfang/integration/simulator"
	"jingfang/integration/wire"
)

// kept is a stand-in that remembers in a file.
func kept(t *testing.T, path string) *simulator.HIS {
	t.Helper()
	h := newHIS(t)
	if err := h.Keep(path); err != nil {
		t.Fatal(err)
	}
	return h
}

// A stand-in that starts again has its documents, its codes and its place, and goes on
// with new numbers; its faults are gone.
func TestKeep(t *testing.T) {
	path := filepath.Join(t.TempDir(), "his.json")
	first := kept(t, path)
	made, err := first.MakeReceipt(simulator.Order{Lines: 2, Packs: 3})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := first.MakeRed(); err != nil {
		t.Fatal(err)
	}
	first.SetFaults(simulator.Faults{Status500: true})
	second := kept(t, path)
	if second.Documents() != 2 || len(second.Codes(made.Number)[1]) != 3 || second.Faults() != (simulator.Faults{}) {
		t.Errorf("%d documents, codes %v, faults %+v", second.Documents(), second.Codes(made.Number), second.Faults())
	}
	again, err := second.MakeReceipt(simulator.Order{Lines: 1, Packs: 1})
	if err != nil || again.Number == made.Number || again.Lines[0].Codes[0] <= made.Lines[0].Codes[2] {
		t.Errorf("%+v %v", again, err)
	}
	if left, err := filepath.Glob(filepath.Join(filepath.Dir(path), "*")); err != nil || len(left) != 1 {
		t.Errorf("files left: %v %v", left, err)
	}
}

// A file that is not its own is refused, and one that cannot be written is said at
// once, not after the first receipt.
func TestKeepRefused(t *testing.T) {
	dir := t.TempDir()
	for name, text := range map[string]string{"empty": "", "other": `{"a":1}`, "list": `[]`} {
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		if err := newHIS(t).Keep(path); err == nil {
			t.Errorf("%s was taken up", name)
		}
		if now, err := os.ReadFile(path); err != nil || string(now) != text {
			t.Errorf("%s was written over: %q %v", name, now, err)
		}
	}
	if err := newHIS(t).Keep(filepath.Join(dir, "nowhere", "his.json")); err == nil {
		t.Error("a folder that is not there")
	}
}

// Its own count of our store follows revisions and red documents.
func TestStockOfTheStandIn(t *testing.T) {
	h := newHIS(t)
	doc, err := h.MakeReceipt(simulator.Order{Lines: 2, Packs: 5})
	if err != nil {
		t.Fatal(err)
	}
	next := doc
	next.Revision, next.Lines = 2, append([]wire.Line(nil), doc.Lines...)
	for i := range next.Lines {
		next.Lines[i].Packs, next.Lines[i].Codes = 4, nil
	}
	red := next
	red.Number, red.Kind, red.Cancels, red.Revision = "R1", wire.KindRed, doc.Number, 1
	red.Lines = append([]wire.Line(nil), next.Lines[:1]...)
	astray := red
	astray.Number, astray.Cancels = "R2", "NOBODY"
	for _, d := range []wire.Receipt{next, red, astray} {
		if err := h.AddReceipt(d); err != nil {
			t.Fatal(err)
		}
	}
	got := h.Stock()
	if len(got) != 1 || got[0].HISCode != doc.Lines[1].HISCode || got[0].Packs != 4 {
		t.Errorf("stock %+v", got)
	}
}

// The page says what is wrong now, switches it, makes documents, and answers browsers
// of this machine and their own forms only.
func TestPanel(t *testing.T) {
	h := newHIS(t)
	call := func(form string, site string) (int, string) {
		t.Helper()
		r := httptest.NewRequest("GET", "/faults", nil)
		if form != "" {
			r = httptest.NewRequest("POST", "/faults", strings.NewReader(form))
			r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
			r.Header.Set("Sec-Fetch-Site", site)
		}
		r.RemoteAddr = "127.0.0.1:5000"
		w := httptest.NewRecorder()
		h.Panel().ServeHTTP(w, r)
		return w.Code, w.Body.String()
	}
	wants := func(form string, texts ...string) {
		t.Helper()
		status, body := call(form, "same-origin")
		for _, text := range texts {
			if status != 200 || !strings.Contains(body, text) {
				t.Errorf("%q: %d, no %q in %s", form, status, text, body)
			}
		}
	}
	wants("", "现在：一切正常", "还没有人来问")
	for _, k := range simulator.FaultKinds() {
		wants("do=fault&name="+k.Name, "现在："+k.Title, "全部关闭，恢复正常", `aria-pressed="true"`)
		if h.Faults() != k.Faults {
			t.Errorf("%s: %+v", k.Name, h.Faults())
		}
	}
	wants("do=off", "现在：一切正常", "故障已全部关闭")
	if h.Faults() != (simulator.Faults{}) {
		t.Error("still broken")
	}
	wants("do=red", "没有可以冲销的单据")
	wants("do=receipt", "已备好：2 种药，6 盒", "8000001")
	wants("do=bare", "已备好")
	wants("do=red", "红单", "冲销")
	wants("do=fault&name=nothing", "不认识这个按钮")
	wants("do=nothing", "不认识这个按钮")
	if h.Documents() != 3 {
		t.Errorf("%d documents", h.Documents())
	}
	h.SetFaults(simulator.Faults{Status500: true, Times: 3})
	wants("", "现在：HTTP 500", "还持续 3 次请求")
	h.SetFaults(simulator.Faults{Status500: true, Deep: true})
	wants("", "现在：自定的故障")
	if status, _ := call("do=off", "cross-site"); status != 403 || h.Faults() == (simulator.Faults{}) {
		t.Errorf("another site's form: %d", status)
	}
	away := httptest.NewRecorder()
	r := httptest.NewRequest("GET", "/faults", nil)
	r.RemoteAddr = "10.0.0.7:5000"
	if h.Panel().ServeHTTP(away, r); away.Code != 403 {
		t.Errorf("another machine: %d", away.Code)
	}
}

// Each service says how it was asked last.
func TestPanelSaysHowServicesWereAsked(t *testing.T) {
	h := newHIS(t)
	s := httptest.NewServer(h)
	defer s.Close()
	panel := func() string {
		r := httptest.NewRequest("GET", "/faults", nil)
		r.RemoteAddr = "127.0.0.1:5000"
		w := httptest.NewRecorder()
		h.Panel().ServeHTTP(w, r)
		return w.Body.String()
	}
	nonce := wire.NewNonce()
	ask(t, request(t, newKey(t, secret), s.URL, nonce))
	if text := panel(); !strings.Contains(text, "1 次") || !strings.Contains(text, "已应答") {
		t.Error(text)
	}
	ask(t, request(t, newKey(t, secret), s.URL, nonce))
	if text := panel(); !strings.Contains(text, "2 次") || !strings.Contains(text, "拒绝：验签失败") {
		t.Error(text)
	}
}
