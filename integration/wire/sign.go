package wire

import (
	"crypto/rand"
	"encoding/hex"
	"fmt"
	"log/slog"
	"net/http"
	"strconv"
	"strings"
	"time"

	"jingfang/sql/seal"
)

// The headers of a signature.
const (
	HeaderAppID     = "X-App-Id"
	HeaderTimestamp = "X-Timestamp" // Unix time in milliseconds, decimal
	HeaderNonce     = "X-Nonce"
	HeaderSignature = "X-Signature"
)

// Key is an application's id and the secret it shares with the other system.
// It never prints the secret.
type Key struct {
	appID  string
	secret []byte
}

// NewKey makes a key. The id has 1 to 64 printable ASCII characters, the secret
// at least 16 bytes.
func NewKey(appID string, secret []byte) (Key, error) {
	if !plainName(appID) {
		return Key{}, fmt.Errorf("wire: application id of 1 to %d printable characters expected", maxName)
	}
	if len(secret) < 16 {
		return Key{}, fmt.Errorf("wire: secret of %d bytes, want 16 or more", len(secret))
	}
	return Key{appID, append([]byte(nil), secret...)}, nil
}

// AppID is the application's id.
func (k Key) AppID() string { return k.appID }

// String shows the id only.
func (k Key) String() string { return "Key(" + k.appID + ")" }

// GoString shows the id only, also under %#v.
func (k Key) GoString() string { return k.String() }

// LogValue shows the id only in log lines.
func (k Key) LogValue() slog.Value { return slog.StringValue(k.String()) }

// NewNonce makes a nonce of 32 hexadecimal digits.
func NewNonce() string {
	var b [16]byte
	rand.Read(b[:]) // never fails: it ends the program instead
	return hex.EncodeToString(b[:])
}

// SignRequest sets the four headers of a request with this body:
//
//	X-Signature = hex(HMAC-SM3(secret, method\npath\nts\nnonce\nhex(SM3(body))))
//
// The path is the escaped one, without a query: a signed request has none.
func (k Key) SignRequest(r *http.Request, body []byte, nonce string, now time.Time) {
	k.set(r.Header, r.Method, r.URL.EscapedPath(), nonce, body, now)
}

// SignAnswer sets the four headers of the answer to the request with
// requestNonce. In the place of the method stands "ANSWER " and that nonce, so
// an answer fits one request only and never passes for a request.
func (k Key) SignAnswer(h http.Header, path, requestNonce string, body []byte, now time.Time) {
	k.set(h, "ANSWER "+requestNonce, path, NewNonce(), body, now)
}

func (k Key) set(h http.Header, method, path, nonce string, body []byte, now time.Time) {
	ts := strconv.FormatInt(now.UnixMilli(), 10)
	h.Set(HeaderAppID, k.appID)
	h.Set(HeaderTimestamp, ts)
	h.Set(HeaderNonce, nonce)
	h.Set(HeaderSignature, k.code(method, path, ts, nonce, body).String())
}

func (k Key) code(method, path, ts, nonce string, body []byte) seal.Digest {
	text := strings.Join([]string{method, path, ts, nonce, seal.SM3(body).String()}, "\n")
	return seal.HMAC(k.secret, []byte(text))
}

func plainName(s string) bool {
	if len(s) == 0 || len(s) > maxName {
		return false
	}
	for _, c := range []byte(s) {
		if c <= ' ' || c > '~' {
			return false
		}
	}
	return true
}

// FormSecret is the secret for a system that wants it in the body of a form. It
// never goes into an address, and the transfer log covers it.
func (k Key) FormSecret() string { return string(k.secret) }
