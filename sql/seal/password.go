package seal

import (
	"crypto/hmac"
	"crypto/pbkdf2"
	"crypto/rand"
	"encoding/base64"
	"fmt"
	"strconv"
	"strings"

	"github.com/emmansun/gmsm/sm3"
)

// Rounds of PBKDF2 for new password hashes and key files.
const (
	ProductionRounds = 600_000
	TestRounds       = 1_000 // tests and load only
)

const (
	minRounds, maxRounds = 1_000, 5_000_000
	minSalt, maxSalt     = 8, 64
	newSalt              = 16
	maxPassword          = 1024 // bytes
	passwordScheme       = "pbkdf2-sm3"
)

// HashPassword returns "pbkdf2-sm3$rounds$salt$hash" with a random salt of 16 bytes
// and a hash of 32, both in base64 without padding. The password has 1 to 1024
// bytes, rounds lie between 1,000 and 5,000,000.
func HashPassword(password string, rounds int) (string, error) {
	if len(password) == 0 || len(password) > maxPassword {
		return "", fmt.Errorf("%w: password of %d bytes", ErrFormat, len(password))
	}
	if rounds < minRounds || rounds > maxRounds {
		return "", fmt.Errorf("%w: %d rounds", ErrFormat, rounds)
	}
	salt := make([]byte, newSalt)
	rand.Read(salt)
	key, err := passwordKey(password, salt, rounds, 32)
	if err != nil {
		return "", err
	}
	return strings.Join([]string{passwordScheme, strconv.Itoa(rounds), b64(salt), b64(key)}, "$"), nil
}

// VerifyPassword says whether the password made the hash, comparing in constant
// time. The error is ErrFormat for a hash that is not one; a wrong, empty or
// over-long password is false without error.
func VerifyPassword(hash, password string) (bool, error) {
	h, err := parsePasswordHash(hash)
	if err != nil {
		return false, err
	}
	if len(password) > maxPassword {
		return false, nil
	}
	key, err := passwordKey(password, h.salt, h.rounds, len(h.key))
	if err != nil {
		return false, err
	}
	return hmac.Equal(key, h.key), nil
}

// NeedsRehash says whether a stored hash has fewer than rounds, or a shorter salt
// than new hashes get, or is not a hash at all: hash again at the next good login.
func NeedsRehash(hash string, rounds int) bool {
	h, err := parsePasswordHash(hash)
	return err != nil || h.rounds < rounds || len(h.salt) < newSalt
}

type passwordHash struct {
	rounds    int
	salt, key []byte
}

// parsePasswordHash bounds rounds and lengths: a planted row must not cost a server
// minutes per login.
func parsePasswordHash(s string) (h passwordHash, err error) {
	bad := fmt.Errorf("%w: password hash", ErrFormat)
	part := strings.Split(s, "$")
	if len(part) != 4 || part[0] != passwordScheme || len(s) > 200 {
		return h, bad
	}
	if h.rounds, err = strconv.Atoi(part[1]); err != nil || strconv.Itoa(h.rounds) != part[1] {
		return h, bad
	}
	if h.salt, err = base64.RawStdEncoding.Strict().DecodeString(part[2]); err != nil {
		return h, bad
	}
	if h.key, err = base64.RawStdEncoding.Strict().DecodeString(part[3]); err != nil {
		return h, bad
	}
	if h.rounds < minRounds || h.rounds > maxRounds || len(h.salt) < minSalt || len(h.salt) > maxSalt || len(h.key) != 32 {
		return h, bad
	}
	return h, nil
}

func passwordKey(password string, salt []byte, rounds, size int) ([]byte, error) {
	key, err := pbkdf2.Key(sm3.New, password, salt, rounds, size)
	if err != nil {
		return nil, fmt.Errorf("seal: PBKDF2-HMAC-SM3: %w", err)
	}
	return key, nil
}

func b64(b []byte) string { return base64.RawStdEncoding.EncodeToString(b) }
