package identity

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"

	"jingfang/sql/db"
	"jingfang/sql/seal"
)

// CheckPassword holds a new password to the rules: 10 to 128 characters, three
// of the four classes capital, small, digit, other, and not containing the user
// name. Old passwords are compared elsewhere.
func CheckPassword(username, password string) error {
	n := utf8.RuneCountInString(password)
	switch {
	case !utf8.ValidString(password) || strings.ContainsFunc(password, unicode.IsControl):
		return db.Refuse(db.Invalid, "密码里有无法识别的字符，请换一个密码。")
	case n < 10:
		return db.Refuse(db.Invalid, "密码至少 10 个字符，现在是 %d 个。请加长。", n)
	case n > 128:
		return db.Refuse(db.Invalid, "密码最多 128 个字符，请缩短。")
	case classes(password) < 3:
		return db.Refuse(db.Invalid, "密码须包含大写字母、小写字母、数字、其他符号中的至少三种。")
	case username != "" && strings.Contains(strings.ToLower(password), strings.ToLower(username)):
		return db.Refuse(db.Invalid, "密码里不能包含用户名，请换一个密码。")
	}
	return nil
}

func classes(password string) int {
	var upper, lower, digit, other int
	for _, r := range password {
		switch {
		case unicode.IsUpper(r):
			upper = 1
		case unicode.IsLower(r):
			lower = 1
		case unicode.IsDigit(r):
			digit = 1
		default:
			other = 1
		}
	}
	return upper + lower + digit + other
}

// foldName makes a user name from what was typed: full-width letters and
// capitals are the same name.
func foldName(s string) string {
	return strings.ToLower(norm.NFKC.String(strings.TrimSpace(s)))
}

// oneTimePassword is a password to be read out or copied by hand: no letters
// that look alike, four groups of four.
func oneTimePassword() string {
	const letters = "abcdefghijkmnpqrstuvwxyzABCDEFGHJKLMNPQRSTUVWXYZ23456789"
	for {
		var random [16]byte
		rand.Read(random[:])
		var b strings.Builder
		for i, c := range random {
			if i > 0 && i%4 == 0 {
				b.WriteByte('-')
			}
			b.WriteByte(letters[int(c)%len(letters)])
		}
		if p := b.String(); classes(p) == 4 {
			return p
		}
	}
}

// secret binds a password to its user name with a key that is not in the
// database: a hash copied from another row, or made without the key, fits
// nobody.
func (s *Service) secret(username, password string) (string, error) {
	c, err := seal.Canonical(seal.F("username", username), seal.F("password", []byte(password)))
	if err != nil {
		return "", err
	}
	mac, err := s.seal.MAC(purposePassword, c)
	return hex.EncodeToString(mac), err
}

// hash makes a new hash; verify compares. Both take a place among the few that
// may compute at the same time, and must not be called inside a transaction.
func (s *Service) hash(ctx context.Context, username, password string) (string, error) {
	secret, err := s.secret(username, password)
	if err != nil {
		return "", fmt.Errorf("hash password: %w", err)
	}
	if err := s.takeSlot(ctx); err != nil {
		return "", err
	}
	defer s.giveSlot()
	return seal.HashPassword(secret, s.rounds)
}

func (s *Service) verify(ctx context.Context, stored, username, password string) (bool, error) {
	secret, err := s.secret(username, password)
	if err != nil {
		return false, fmt.Errorf("verify password: %w", err)
	}
	if err := s.takeSlot(ctx); err != nil {
		return false, err
	}
	defer s.giveSlot()
	return seal.VerifyPassword(stored, secret)
}

func (s *Service) takeSlot(ctx context.Context) error {
	if db.InTransaction(ctx) {
		return fmt.Errorf("identity: a password is hashed inside a transaction")
	}
	select {
	case s.hashing <- struct{}{}:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

func (s *Service) giveSlot() { <-s.hashing }
