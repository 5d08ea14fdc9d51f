package wire

import (
	"encoding/hex"
	"fmt"
	"net/http"
	"strconv"
	"time"
)

// Window is how far a message's time may lie from ours, either way.
const Window = 5 * time.Minute

// Verifier checks signatures of one or several applications and remembers
// nonces. It is safe for concurrent use.
type Verifier struct {
	keys   map[string]Key
	now    func() time.Time
	nonces *nonceCache
}

// NewVerifier knows the given keys. now nil means time.Now.
func NewVerifier(now func() time.Time, keys ...Key) *Verifier {
	if now == nil {
		now = time.Now
	}
	v := &Verifier{keys: map[string]Key{}, now: now, nonces: newNonceCache(now)}
	for _, k := range keys {
		v.keys[k.appID] = k
	}
	return v
}

// Request checks a request against its body and gives the key it was signed
// with. Errors: ErrSignature, ErrClock, ErrReplay, ErrBusy.
func (v *Verifier) Request(r *http.Request, body []byte) (Key, error) {
	if r.URL.RawQuery != "" {
		return Key{}, fmt.Errorf("%w: a query is not covered by the signature", ErrSignature)
	}
	return v.check(r.Header, r.Method, r.URL.EscapedPath(), body)
}

// Answer checks an answer to the request with requestNonce. Errors: as Request.
func (v *Verifier) Answer(h http.Header, path, requestNonce string, body []byte) error {
	_, err := v.check(h, "ANSWER "+requestNonce, path, body)
	return err
}

// check goes from cheap to dear, and remembers a nonce only of a message that
// is otherwise good: strangers cannot fill the cache.
func (v *Verifier) check(h http.Header, method, path string, body []byte) (Key, error) {
	k, ok := v.keys[h.Get(HeaderAppID)]
	if !ok {
		return Key{}, fmt.Errorf("%w: unknown application", ErrSignature)
	}
	ts, nonce := h.Get(HeaderTimestamp), h.Get(HeaderNonce)
	at, err := parseStamp(ts)
	if err != nil || !validNonce(nonce) {
		return Key{}, fmt.Errorf("%w: time or nonce is malformed", ErrSignature)
	}
	given, err := hex.DecodeString(h.Get(HeaderSignature))
	if err != nil || !k.code(method, path, ts, nonce, body).Equal(given) {
		return Key{}, fmt.Errorf("%w: application %s", ErrSignature, k.appID)
	}
	if d := v.now().Sub(at); d > Window || d < -Window {
		return Key{}, fmt.Errorf("%w: %s apart", ErrClock, d.Round(time.Second))
	}
	return k, v.nonces.add(k.appID + "\n" + nonce)
}

// parseStamp reads milliseconds in their only spelling.
func parseStamp(ts string) (time.Time, error) {
	n, err := strconv.ParseInt(ts, 10, 64)
	if err != nil || n <= 0 || strconv.FormatInt(n, 10) != ts {
		return time.Time{}, fmt.Errorf("%w: time %q", ErrSignature, ts)
	}
	return time.UnixMilli(n), nil
}

func validNonce(s string) bool { return len(s) >= 16 && plainName(s) }
