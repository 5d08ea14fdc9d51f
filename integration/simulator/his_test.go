package simulator_test

import (
	"bytes"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"regexp"
	"strings"
	"testing"
	"time"

	"jingfang/integration/simulator"
	"jingfang/integration/wire"
)

const secret = "demo-secret-of-the-tests"

func newHIS(t *testing.T) *simulator.HIS {
	t.Helper()
	h, err := simulator.NewHIS(newKey(t, secret), nil)
	if err != nil {
		t.Fatal(err)
	}
	return h
}

func newKey(t *testing.T, secret string) wire.Key {
	t.Helper()
	k, err := wire.NewKey("jingfang", []byte(secret))
	if err != nil {
		t.Fatal(err)
	}
	return k
}

// request makes a signed request for a page.
func request(t *testing.T, k wire.Key, url, nonce string) *http.Request {
	t.Helper()
	now := time.Now()
	body, err := wire.EncodeRequest(wire.Header{AppID: "jingfang", MessageID: "m", Service: wire.ServiceReceipts, Timestamp: now, Nonce: nonce},
		wire.Pull{Limit: 10})
	if err != nil {
		t.Fatal(err)
	}
	r, err := http.NewRequestWithContext(t.Context(), "POST", url+wire.PathReceipts, bytes.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	k.SignRequest(r, body, nonce, now)
	return r
}

func ask(t *testing.T, r *http.Request) (int, wire.Answer) {
	t.Helper()
	resp, err := http.DefaultClient.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = resp.Body.Close() }()
	body, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	a, err := wire.DecodeAnswer(body, "m")
	if err != nil {
		t.Fatalf("%v: %s", err, body)
	}
	return resp.StatusCode, a
}

func TestHISChecksRequests(t *testing.T) {
	h := newHIS(t)
	s := httptest.NewServer(h)
	defer s.Close()
	nonce := wire.NewNonce()
	if status, a := ask(t, request(t, newKey(t, secret), s.URL, nonce)); status != 200 || !a.OK() {
		t.Errorf("good request: %d %+v", status, a)
	}
	if _, a := ask(t, request(t, newKey(t, secret), s.URL, nonce)); a.Code != wire.CodeBadSign {
		t.Errorf("the same nonce again: %+v", a)
	}
	if _, a := ask(t, request(t, newKey(t, "another secret entirely"), s.URL, wire.NewNonce())); a.Code != wire.CodeBadSign {
		t.Errorf("another secret: %+v", a)
	}
	r := request(t, newKey(t, secret), s.URL, wire.NewNonce())
	r.URL.Path = wire.PathDrugs
	if _, a := ask(t, r); a.Code != wire.CodeBadSign {
		t.Errorf("a signature for another path: %+v", a)
	}
}

func TestDemoDrugs(t *testing.T) {
	drugs := simulator.DemoDrugs()
	if len(drugs) != 25 {
		t.Fatalf("%d drugs", len(drugs))
	}
	seen := map[string]bool{}
	for _, d := range drugs {
		text, err := json.Marshal(d)
		if err != nil {
			t.Fatal(err)
		}
		back, err := wire.DecodeDrug(text)
		if err != nil {
			t.Errorf("%s: %v", d.HISCode, err)
			continue
		}
		p := back.Prefixes[0]
		want := "80000"
		if d.Class == "精二" {
			want = "89000"
		}
		if !strings.HasPrefix(p.Prefix, want) || len(p.Prefix) != 7 || p.Units != d.UnitsPerPack || seen[p.Prefix] {
			t.Errorf("%s has prefix %+v", d.HISCode, p)
		}
		if !strings.Contains(d.Spec, "演示") || !strings.HasPrefix(d.HISCode, "DEMO") {
			t.Errorf("%+v is not marked as a demo", d)
		}
		seen[p.Prefix], seen[d.HISCode] = true, true
	}
}

func TestMakeReceipt(t *testing.T) {
	h := newHIS(t)
	with, err := h.MakeReceipt(simulator.Order{Lines: 3, Packs: 5, FirstDrug: 23, Codes: true})
	if err != nil {
		t.Fatal(err)
	}
	without, err := h.MakeReceipt(simulator.Order{Lines: 1, Packs: 4, FirstDrug: 23})
	if err != nil {
		t.Fatal(err)
	}
	s := httptest.NewServer(h)
	defer s.Close()
	_, a := ask(t, request(t, newKey(t, secret), s.URL, wire.NewNonce()))
	page, err := wire.DecodePage(a.Data, "")
	if err != nil || len(page.Documents) != 2 || page.More {
		t.Fatalf("%+v, %v", page, err)
	}
	first, err := wire.DecodeReceipt(page.Documents[0])
	if err != nil || first.Number != with.Number || len(first.Lines) != 3 || len(first.Lines[0].Codes) != 5 {
		t.Errorf("%+v, %v", first, err)
	}
	second, err := wire.DecodeReceipt(page.Documents[1])
	if err != nil || second.Number != without.Number || second.Lines[0].Codes != nil {
		t.Errorf("%+v, %v", second, err)
	}
	seen := map[string]bool{}
	for _, number := range []string{with.Number, without.Number} {
		for _, codes := range h.Codes(number) {
			for _, c := range codes {
				if !regexp.MustCompile(`^8\d{19}$`).MatchString(c) || seen[c] {
					t.Errorf("code %q", c)
				}
				seen[c] = true
			}
		}
	}
	if len(seen) != 19 {
		t.Errorf("%d codes", len(seen))
	}
	for _, o := range []simulator.Order{{}, {Lines: 26, Packs: 1}, {Lines: 1, Packs: 2001}, {Lines: 1, Packs: 1, FirstDrug: -1}} {
		if _, err := h.MakeReceipt(o); err == nil {
			t.Errorf("made %+v", o)
		}
	}
}

func TestControl(t *testing.T) {
	h := newHIS(t)
	s := httptest.NewServer(h.Control())
	defer s.Close()
	post := func(path, body, origin string) int {
		r, err := http.NewRequestWithContext(t.Context(), "POST", s.URL+path, strings.NewReader(body))
		if err != nil {
			t.Fatal(err)
		}
		if origin != "" {
			r.Header.Set("Origin", origin)
		}
		resp, err := http.DefaultClient.Do(r)
		if err != nil {
			t.Fatal(err)
		}
		_ = resp.Body.Close()
		return resp.StatusCode
	}
	if got := post("/control/faults", `{"status_500":true,"times":2}`, ""); got != 200 || !h.Faults().Status500 {
		t.Errorf("set faults: %d, %+v", got, h.Faults())
	}
	if got := post("/control/receipts", `{"lines":2,"packs":3}`, ""); got != 200 || h.Documents() != 1 {
		t.Errorf("make a receipt: %d", got)
	}
	if got := post("/control/faults", `{"no_such_fault":true}`, ""); got != 400 {
		t.Errorf("an unknown fault: %d", got)
	}
	if got := post("/control/faults", `{}`, "http://evil.example"); got != 403 {
		t.Errorf("a browser page: %d", got)
	}
	away := httptest.NewRecorder()
	r := httptest.NewRequest("GET", "/control/state", nil)
	r.RemoteAddr = "10.0.0.7:5000"
	h.Control().ServeHTTP(away, r)
	if away.Code != 403 {
		t.Errorf("another machine: %d", away.Code)
	}
}
