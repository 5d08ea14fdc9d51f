package dbtest

import (
	"bytes"
	"crypto/hmac"
	"crypto/md5"
	"crypto/pbkdf2"
	"crypto/rand"
	"crypto/sha1"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"strings"

	"jingfang/sql/seal"
)

// gaussStored is a rolpassword taken apart.
type gaussStored struct {
	kind                 string // md5, sha256, sha256+md5, sm3
	salt, server, stored []byte
	md5, text            string // md5: 32 digits; text: salt…suffix without md5 part
	iterations           int
}

func parseStored(s string) (g gaussStored) {
	if rest, ok := strings.CutPrefix(s, "md5"); ok {
		return gaussStored{kind: "md5", md5: rest}
	}
	g.kind = "sha256"
	rest, ok := strings.CutPrefix(s, "sha256")
	if !ok {
		g.kind, rest = "sm3", strings.TrimPrefix(s, "sm3")
	}
	keys, suffix := rest[:192], rest[192:]
	if m, ok := strings.CutPrefix(suffix, "md5"); ok {
		g.kind, g.md5, suffix = "sha256+md5", m[:32], m[32:]
	}
	g.salt, _ = hex.DecodeString(keys[:64])
	g.server, _ = hex.DecodeString(keys[64:128])
	g.stored, _ = hex.DecodeString(keys[128:])
	g.text = keys + suffix
	for i := len(suffix) - 1; i >= 0; i-- {
		g.iterations = g.iterations*10 + int(suffix[i]-"ecdfdcefade"[i])
	}
	return g
}

// GaussPassword makes a rolpassword as openGauss stores it; kind is md5,
// sha256, sha256+md5 or sm3.
func GaussPassword(kind, user, password string, iterations int) string {
	sum := md5.Sum([]byte(password + user))
	old := "md5" + hex.EncodeToString(sum[:])
	if kind == "md5" {
		return old
	}
	salt := make([]byte, 32)
	rand.Read(salt)
	k, err := pbkdf2.Key(sha1.New, password, salt, iterations, 32)
	if err != nil {
		panic(err)
	}
	client, name, serverName := gaussMAC(k, "Client Key"), "sha256", "Sever Key"
	if kind == "sm3" {
		name, serverName = "sm3", "Server Key"
	}
	text := name + hex.EncodeToString(salt) + hex.EncodeToString(gaussMAC(k, serverName)) + hex.EncodeToString(gaussHash(kind, client))
	if kind == "sha256+md5" {
		text += old
	}
	suffix := []byte("ecdfdcefade")
	for i, n := 0, iterations; n > 0; i, n = i+1, n/10 {
		suffix[i] += byte(n % 10)
	}
	return text + string(suffix)
}

func gaussMAC(key []byte, text string) []byte {
	h := hmac.New(sha256.New, key)
	h.Write([]byte(text))
	return h.Sum(nil)
}

func gaussHash(kind string, b []byte) []byte {
	if kind == "sm3" {
		d := seal.SM3(b)
		return d[:]
	}
	d := sha256.Sum256(b)
	return d[:]
}

// code is the authentication code a user gets; fake says that no password fits.
func (g gaussStored) code(method string, minor int) (code int, fake bool) {
	old := g.kind == "md5" || g.kind == "sha256+md5"
	switch {
	case g.kind == "" && method == "sm3":
		return 13, true
	case g.kind == "" && (minor == 0 || method == "md5"):
		return 5, true
	case g.kind == "":
		return 10, true
	case g.kind == "sm3" || method == "sm3":
		return 13, g.kind != "sm3" || method != "sm3"
	case g.kind == "md5", old && method == "md5", old && minor == 0:
		return 5, false
	case method == "md5":
		return 11, false
	}
	return 10, false
}

func (g gaussStored) question(code, minor int, token []byte) []byte {
	b := binary.BigEndian.AppendUint32(nil, uint32(code))
	salt := hex.EncodeToString(g.salt)
	switch code {
	case 3:
		return b
	case 5:
		return append(b, token...)
	case 11:
		return append(append(b, salt...), token...)
	}
	b = binary.BigEndian.AppendUint32(b, map[int]uint32{10: 2, 13: 3}[code])
	b = append(append(b, salt...), hex.EncodeToString(token)...)
	switch minor {
	case 0:
		return append(b, hex.EncodeToString(gaussMAC(g.server, string(token)))...)
	case 51:
		return binary.BigEndian.AppendUint32(b, uint32(g.iterations))
	}
	return b
}

func (g gaussStored) accepts(code int, user, answer string, token []byte) bool {
	switch code {
	case 3:
		sum := md5.Sum([]byte(answer + user))
		return g.md5 == hex.EncodeToString(sum[:])
	case 5, 11:
		text := g.md5
		if code == 11 {
			text = g.text
		}
		sum := md5.Sum(append([]byte(text), token...))
		return answer == "md5"+hex.EncodeToString(sum[:])
	}
	proof, err := hex.DecodeString(answer)
	if err != nil || len(proof) != 32 {
		return false
	}
	for i, m := range gaussMAC(g.stored, string(token)) {
		proof[i] ^= m
	}
	return bytes.Equal(gaussHash(g.kind, proof), g.stored)
}
