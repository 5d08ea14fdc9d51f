package wire_test

import (
	"bytes"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"jingfang/integration/wire"
)

var noon = time.Date(2026, 3, 2, 12, 0, 0, 0, time.FixedZone("CST", 8*3600))

const testNonce = "0123456789abcdef0123456789abcdef"

func key(t *testing.T, id, secret string) wire.Key {
	t.Helper()
	k, err := wire.NewKey(id, []byte(secret))
	if err != nil {
		t.Fatal(err)
	}
	return k
}

func signed(t *testing.T, k wire.Key, at time.Time, nonce string) *http.Request {
	t.Helper()
	r := httptest.NewRequest("POST", "/his/receipts", strings.NewReader(""))
	k.SignRequest(r, []byte(`{"a":1}`), nonce, at)
	return r
}

// The vector can be computed with openssl:
//
//	printf '{"a":1}' | openssl dgst -sm3
//	printf 'POST\n/his/receipts\n1772424000000\n<nonce>\n<digest>' | openssl dgst -sm3 -hmac demo-secret-0123456789
func TestSignVector(t *testing.T) {
	r := signed(t, key(t, "jingfang", "demo-secret-0123456789"), noon, testNonce)
	want := "b5dcf8111da2d528b4a0df9ea2e8cde24a068ae625652052160204b1a9839201"
	if got := r.Header.Get(wire.HeaderSignature); got != want {
		t.Errorf("signature %s, want %s", got, want)
	}
	if got := r.Header.Get(wire.HeaderTimestamp); got != "1772424000000" {
		t.Errorf("timestamp %s", got)
	}
}

func TestVerifyRequest(t *testing.T) {
	k := key(t, "jingfang", "demo-secret-0123456789")
	other := key(t, "jingfang", "another-secret-012345")
	for name, c := range map[string]struct {
		change func(r *http.Request)
		at     time.Time
		key    wire.Key
		want   error
	}{
		"good":             {at: noon, key: k},
		"edge of window":   {at: noon.Add(-wire.Window), key: k},
		"too old":          {at: noon.Add(-wire.Window - time.Second), key: k, want: wire.ErrClock},
		"from the future":  {at: noon.Add(wire.Window + time.Second), key: k, want: wire.ErrClock},
		"other secret":     {at: noon, key: other, want: wire.ErrSignature},
		"unknown app":      {at: noon, key: key(t, "stranger", "demo-secret-0123456789"), want: wire.ErrSignature},
		"no signature":     {at: noon, key: k, want: wire.ErrSignature, change: func(r *http.Request) { r.Header.Del(wire.HeaderSignature) }},
		"cut signature":    {at: noon, key: k, want: wire.ErrSignature, change: func(r *http.Request) { cutHeader(r, wire.HeaderSignature) }},
		"other time":       {at: noon, key: k, want: wire.ErrSignature, change: func(r *http.Request) { r.Header.Set(wire.HeaderTimestamp, "1772424000001") }},
		"time with a plus": {at: noon, key: k, want: wire.ErrSignature, change: func(r *http.Request) { r.Header.Set(wire.HeaderTimestamp, "+1772424000000") }},
		"other nonce":      {at: noon, key: k, want: wire.ErrSignature, change: func(r *http.Request) { r.Header.Set(wire.HeaderNonce, "fedcba9876543210fedc") }},
		"other path":       {at: noon, key: k, want: wire.ErrSignature, change: func(r *http.Request) { r.URL.Path = "/his/drugs" }},
		"query":            {at: noon, key: k, want: wire.ErrSignature, change: func(r *http.Request) { r.URL.RawQuery = "all=1" }},
		"other method":     {at: noon, key: k, want: wire.ErrSignature, change: func(r *http.Request) { r.Method = "PUT" }},
	} {
		t.Run(name, func(t *testing.T) {
			r := signed(t, c.key, c.at, testNonce)
			if c.change != nil {
				c.change(r)
			}
			v := wire.NewVerifier(func() time.Time { return noon }, k)
			if _, err := v.Request(r, []byte(`{"a":1}`)); !errors.Is(err, c.want) {
				t.Errorf("error %v, want %v", err, c.want)
			}
		})
	}
}

func cutHeader(r *http.Request, name string) {
	s := r.Header.Get(name)
	r.Header.Set(name, s[:len(s)-2])
}

func TestVerifyBodyAndReplay(t *testing.T) {
	k := key(t, "jingfang", "demo-secret-0123456789")
	v := wire.NewVerifier(func() time.Time { return noon }, k)
	r := signed(t, k, noon, testNonce)
	if _, err := v.Request(r, []byte(`{"a":2}`)); !errors.Is(err, wire.ErrSignature) {
		t.Errorf("altered body: %v", err)
	}
	// The altered one must not have used up the nonce.
	if _, err := v.Request(r, []byte(`{"a":1}`)); err != nil {
		t.Fatalf("first: %v", err)
	}
	if _, err := v.Request(r, []byte(`{"a":1}`)); !errors.Is(err, wire.ErrReplay) {
		t.Errorf("second: %v, want replay", err)
	}
}

func TestReplayStaysRefusedWhileInWindow(t *testing.T) {
	k := key(t, "jingfang", "demo-secret-0123456789")
	now := noon
	v := wire.NewVerifier(func() time.Time { return now }, k)
	// Sent from a clock five minutes ahead: valid for ten minutes from now.
	r := signed(t, k, noon.Add(wire.Window), testNonce)
	if _, err := v.Request(r, []byte(`{"a":1}`)); err != nil {
		t.Fatal(err)
	}
	for _, minutes := range []int{1, 5, 9, 10} {
		now = noon.Add(time.Duration(minutes) * time.Minute)
		if _, err := v.Request(r, []byte(`{"a":1}`)); !errors.Is(err, wire.ErrReplay) {
			t.Errorf("after %d minutes: %v, want replay", minutes, err)
		}
	}
	now = noon.Add(11 * time.Minute)
	if _, err := v.Request(r, []byte(`{"a":1}`)); !errors.Is(err, wire.ErrClock) {
		t.Errorf("after the window: %v", err)
	}
}

func TestAnswerFitsOneRequest(t *testing.T) {
	k := key(t, "jingfang", "demo-secret-0123456789")
	h, body := http.Header{}, []byte(`{"code":"0"}`)
	k.SignAnswer(h, "/his/receipts", testNonce, body, noon)
	check := func(path, nonce string, body []byte) error {
		return wire.NewVerifier(func() time.Time { return noon }, k).Answer(h, path, nonce, body)
	}
	if err := check("/his/receipts", testNonce, body); err != nil {
		t.Errorf("good answer: %v", err)
	}
	if err := check("/his/receipts", strings.Repeat("f", 32), body); !errors.Is(err, wire.ErrSignature) {
		t.Errorf("answer to another request: %v", err)
	}
	if err := check("/his/receipts", testNonce, append(body, ' ')); !errors.Is(err, wire.ErrSignature) {
		t.Errorf("altered answer: %v", err)
	}
	r := signed(t, k, noon, testNonce)
	r.Header = h
	if _, err := wire.NewVerifier(func() time.Time { return noon }, k).Request(r, body); !errors.Is(err, wire.ErrSignature) {
		t.Errorf("an answer passed for a request: %v", err)
	}
}

func TestKeyHidesSecret(t *testing.T) {
	k := key(t, "jingfang", "demo-secret-0123456789")
	for _, s := range []string{k.String(), fmt.Sprintf("%v", k), fmt.Sprintf("%+v", k), fmt.Sprintf("%#v", k)} {
		if strings.Contains(s, "secret") || !strings.Contains(s, "jingfang") {
			t.Errorf("printed %q", s)
		}
	}
	if _, err := wire.NewKey("app", []byte("short")); err == nil {
		t.Error("a short secret was accepted")
	}
	if _, err := wire.NewKey("应用", []byte("demo-secret-0123456789")); err == nil {
		t.Error("an id that is no header text was accepted")
	}
}

func TestReadBody(t *testing.T) {
	body, err := wire.ReadBody(bytes.NewReader(make([]byte, wire.MaxBody)))
	if err != nil || len(body) != wire.MaxBody {
		t.Errorf("at the limit: %d bytes, %v", len(body), err)
	}
	if _, err := wire.ReadBody(bytes.NewReader(make([]byte, wire.MaxBody+1))); !errors.Is(err, wire.ErrTooLarge) {
		t.Errorf("over the limit: %v", err)
	}
}
