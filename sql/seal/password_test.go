package seal

import (
	"errors"
	"strings"
	"testing"
)

func TestPassword(t *testing.T) {
	hash, err := HashPassword("正确 horse", TestRounds)
	if err != nil {
		t.Fatal(err)
	}
	if !strings.HasPrefix(hash, "pbkdf2-sm3$1000$") || strings.Count(hash, "$") != 3 {
		t.Errorf("format: %s", hash)
	}
	for password, want := range map[string]bool{
		"正确 horse": true, "正确 Horse": false, "": false, "正确 horse ": false,
		strings.Repeat("x", maxPassword+1): false,
	} {
		if ok, err := VerifyPassword(hash, password); ok != want || err != nil {
			t.Errorf("%.20q: %v, %v", password, ok, err)
		}
	}
	again, err := HashPassword("正确 horse", TestRounds)
	if err != nil || again == hash {
		t.Error("two hashes of one password are equal: no salt")
	}
}

func TestPasswordNeedsRehash(t *testing.T) {
	hash, err := HashPassword("x", TestRounds)
	if err != nil {
		t.Fatal(err)
	}
	if NeedsRehash(hash, TestRounds) || !NeedsRehash(hash, ProductionRounds) {
		t.Error("rounds are not compared")
	}
	short := strings.Replace(hash, strings.Split(hash, "$")[2], "c2FsdHNhbHQ", 1)
	if !NeedsRehash(short, TestRounds) || !NeedsRehash("", 1) {
		t.Error("a short salt or no hash must be hashed again")
	}
}

func TestHashPasswordRefuses(t *testing.T) {
	for _, c := range []struct {
		password string
		rounds   int
	}{{"", TestRounds}, {strings.Repeat("x", maxPassword+1), TestRounds}, {"x", 999}, {"x", maxRounds + 1}, {"x", -1}} {
		if _, err := HashPassword(c.password, c.rounds); !errors.Is(err, ErrFormat) {
			t.Errorf("%d bytes, %d rounds: %v", len(c.password), c.rounds, err)
		}
	}
}

func badHashes() map[string]string {
	return map[string]string{
		"empty":          "",
		"other scheme":   "pbkdf2-sha256$1000$c2FsdHNhbHQ$L00auCcUCHvdE+YldVr2d/8xVsXDBObjFP9/u5E6oDY",
		"three parts":    "pbkdf2-sm3$1000$c2FsdHNhbHQ",
		"too many round": "pbkdf2-sm3$99999999$c2FsdHNhbHQ$L00auCcUCHvdE+YldVr2d/8xVsXDBObjFP9/u5E6oDY",
		"huge rounds":    "pbkdf2-sm3$99999999999999999999$c2FsdHNhbHQ$L00auCcUCHvdE+YldVr2d/8xVsXDBObjFP9/u5E6oDY",
		"few rounds":     "pbkdf2-sm3$1$c2FsdHNhbHQ$L00auCcUCHvdE+YldVr2d/8xVsXDBObjFP9/u5E6oDY",
		"zero in front":  "pbkdf2-sm3$01000$c2FsdHNhbHQ$L00auCcUCHvdE+YldVr2d/8xVsXDBObjFP9/u5E6oDY",
		"sign":           "pbkdf2-sm3$+1000$c2FsdHNhbHQ$L00auCcUCHvdE+YldVr2d/8xVsXDBObjFP9/u5E6oDY",
		"short salt":     "pbkdf2-sm3$1000$c2Fs$L00auCcUCHvdE+YldVr2d/8xVsXDBObjFP9/u5E6oDY",
		"long salt":      "pbkdf2-sm3$1000$" + strings.Repeat("AAAA", 22) + "$L00auCcUCHvdE+YldVr2d/8xVsXDBObjFP9/u5E6oDY",
		"short hash":     "pbkdf2-sm3$1000$c2FsdHNhbHQ$L00a",
		"no hash":        "pbkdf2-sm3$1000$c2FsdHNhbHQ$",
		"padding":        "pbkdf2-sm3$1000$c2FsdHNhbHQ=$L00auCcUCHvdE+YldVr2d/8xVsXDBObjFP9/u5E6oDY",
	}
}

func TestVerifyPasswordRefusesHashes(t *testing.T) {
	for name, hash := range badHashes() {
		if ok, err := VerifyPassword(hash, "x"); ok || !errors.Is(err, ErrFormat) {
			t.Errorf("%s: %v, %v", name, ok, err)
		}
	}
}

func FuzzParsePasswordHash(f *testing.F) {
	for _, hash := range badHashes() {
		f.Add(hash)
	}
	f.Add("pbkdf2-sm3$1000$c2FsdHNhbHQ$L00auCcUCHvdE+YldVr2d/8xVsXDBObjFP9/u5E6oDY")
	f.Fuzz(func(t *testing.T, s string) {
		h, err := parsePasswordHash(s)
		if err != nil {
			return
		}
		if h.rounds > maxRounds || len(h.salt) > maxSalt || len(h.key) != 32 {
			t.Errorf("%q is out of bounds", s)
		}
	})
}
