package identity

import (
	"crypto/rand"
	"encoding/base64"
	"encoding/hex"
	"log/slog"
	"strings"

	"github.com/google/uuid"

	"jingfang/sql/seal"
)

// Cookie is what a browser keeps of its login: the id and a secret of which the
// database knows only SM3. It never prints itself.
type Cookie struct {
	id     uuid.UUID
	secret [32]byte
}

func newCookie() Cookie {
	c := Cookie{id: uuid.New()}
	rand.Read(c.secret[:])
	return c
}

// ParseCookie reads "id.secret"; false for anything else.
func ParseCookie(value string) (Cookie, bool) {
	id, secret, ok := strings.Cut(value, ".")
	if !ok || len(id) != 36 || len(secret) != 43 {
		return Cookie{}, false
	}
	var c Cookie
	var err error
	if c.id, err = uuid.Parse(id); err != nil {
		return Cookie{}, false
	}
	raw, err := base64.RawURLEncoding.Strict().DecodeString(secret)
	if err != nil || copy(c.secret[:], raw) != len(c.secret) {
		return Cookie{}, false
	}
	return c, true
}

// Value is the text for the browser.
func (c Cookie) Value() string {
	return c.id.String() + "." + base64.RawURLEncoding.EncodeToString(c.secret[:])
}

// LoginID names the login.
func (c Cookie) LoginID() uuid.UUID { return c.id }

// CSRF is the token that forms of this login carry. It is made from the secret,
// so nothing is stored, and it dies with the login.
func (c Cookie) CSRF() string {
	d := seal.HMAC(c.secret[:], []byte("jingfang csrf 1"), c.id[:])
	return hex.EncodeToString(d[:])
}

func (c Cookie) hash() []byte {
	d := seal.SM3(c.secret[:])
	return d[:]
}

// fits compares in constant time.
func (c Cookie) fits(hash []byte) bool { return seal.SM3(c.secret[:]).Equal(hash) }

// String shows the login's id only.
func (c Cookie) String() string { return "Cookie(" + c.id.String() + ", ***)" }

// GoString shows the login's id only, also under %#v.
func (c Cookie) GoString() string { return c.String() }

// LogValue shows the login's id only in log lines.
func (c Cookie) LogValue() slog.Value { return slog.StringValue(c.String()) }
