package patient

import (
	"crypto/rand"
	"strings"

	"golang.org/x/text/width"

	"jingfang/sql/db"
)

// Token is the content of a patient's QR label: "JFP", 16 random characters of
// Crockford's base 32 (80 bits) and one check character. It is pure ASCII in
// upper case, which QR codes pack tightly and every wedge scanner can type, and
// it says nothing about the person.
type Token struct{ text string }

const (
	tokenHead   = "JFP"
	tokenRandom = 16
	alphabet    = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
)

// NewToken makes a random token.
func NewToken() Token {
	var b [tokenRandom]byte
	_, _ = rand.Read(b[:]) // never fails: the program ends instead (crypto/rand)
	body := make([]byte, tokenRandom)
	for i, v := range b {
		body[i] = alphabet[v&31]
	}
	return Token{tokenHead + string(body) + string(check(string(body)))}
}

// ParseToken reads a scanned label. Case and full-width characters are folded;
// anything else is refused, so an existing Token is always well formed.
func ParseToken(raw string) (Token, error) {
	s := fold(raw)
	if !strings.HasPrefix(s, tokenHead) {
		return Token{}, db.Refuse(db.Invalid, "这不是患者标签。请扫病历本上的二维码，或按姓名查找。")
	}
	body := s[len(tokenHead):]
	if len(body) > tokenRandom+1 && strings.Contains(body, tokenHead) {
		return Token{}, db.Refuse(db.Invalid, "像是两张患者标签连在了一起，没有登记。请一张一张扫。")
	}
	if len(body) != tokenRandom+1 || strings.Trim(body, alphabet) != "" {
		return Token{}, db.Refuse(db.Invalid, "患者标签没有读完整，请再扫一次；仍读不出请按姓名查找。")
	}
	if check(body[:tokenRandom]) != body[tokenRandom] {
		return Token{}, db.Refuse(db.Invalid, "患者标签读错了，请再扫一次；仍读不出请按姓名查找。")
	}
	return Token{s}, nil
}

// String is the text in the QR code.
func (t Token) String() string { return t.text }

// check makes the 17 characters, read as coefficients of a polynomial over the
// field of 32 elements, zero at a generator of the field. The powers of the
// generator are all different, so any wrong character and any two characters
// that changed places show; a sum modulo 32 misses some swaps.
func check(body string) byte {
	sum := 0
	for i := range body {
		sum = timesGenerator(sum) ^ strings.IndexByte(alphabet, body[i])
	}
	return alphabet[timesGenerator(sum)]
}

// timesGenerator multiplies by x in GF(2)[x]/(x⁵+x²+1), whose powers run through
// all 31 elements other than zero.
func timesGenerator(v int) int {
	v <<= 1
	if v&32 != 0 {
		v ^= 0b100101
	}
	return v
}

// fold makes half-width capitals and drops the spaces and marks that scanners
// and input methods leave around a code.
func fold(raw string) string {
	s := strings.ToUpper(width.Narrow.String(raw))
	return strings.Map(func(r rune) rune {
		if r <= ' ' || r == '\u200b' || r == '\ufeff' || r == '\u00a0' || r == '\u3000' {
			return -1
		}
		return r
	}, s)
}
