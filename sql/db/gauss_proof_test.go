package db

import (
	"crypto/md5"
	"encoding/hex"
	"fmt"
	"strings"
	"testing"
)

func challengeOf(t *testing.T, code int, salt, token string, iterations int) gaussChallenge {
	t.Helper()
	c := gaussChallenge{code: code, iterations: iterations}
	if err := decodeHex(c.salt[:], []byte(salt)); err != nil {
		t.Fatal(err)
	}
	if err := decodeHex(c.token[:], []byte(token)); err != nil {
		t.Fatal(err)
	}
	return c
}

func keyOf(t *testing.T, password string, c gaussChallenge) [32]byte {
	t.Helper()
	k, err := newGaussKeys(newGaussSecret(password)).derive(c.salt, c.iterations)
	if err != nil {
		t.Fatal(err)
	}
	return k
}

// The published answers of the vendor's own Go driver.
func TestGaussProof(t *testing.T) {
	for _, v := range []struct {
		name, password, salt, token, want string
		code                              int
	}{
		{"A sha256", "sha256@abc123", "3458fe51abe962f7b6011a1d73fc14edf50539fae89fb9dda75fbb642d9859bf", "2cf71f10",
			"f5213af93974ae3f0a3eedba7b0ef27796bcd4d84bb737d9c35fce54fcfe28fd", authSHA256},
		{"B sm3", "sm3@abc123", "5ae737626add65f8da1b063104a6c4e2dc25b7343d8512a74826dc5b5e3e5188", "ffffffff",
			"009f844c1980f501c66c68412b0abcb5ae176de32ffbbbae970b829221cd0c08", authSM3},
	} {
		t.Run(v.name, func(t *testing.T) {
			c := challengeOf(t, v.code, v.salt, v.token, 10000)
			if got := gaussProof(c.code, keyOf(t, v.password, c), c.token); got != v.want {
				t.Errorf("got  %s\nwant %s", got, v.want)
			}
		})
	}
}

// Stored passwords of real servers, rebuilt from the password and their salt.
func TestGaussStoredPasswords(t *testing.T) {
	for _, v := range []struct {
		name, user, password, kind, stored string
		code                               int
	}{
		{"C1 openGauss 3.0.0", "user_sm3", "Admin@1234", "sm3", "sm35235899e0406d85e4e086db4db7025d53acddb10b86d9988d7b2a1bc250322365df5fcbffc508287f1ef3205a81f8d63f43b87b16235ce7c582a0b6fa226154d7d038a0a9c2bd85aed2a9273cdd55864a481e967b62c63579441c1b03f6c550becdfecefade", authSM3},
		{"C2 combined", "test", "abcd@1234", "sha256", "sha2568ec7ac7ada43d12a226934c43c5f83f04985898fba7e77bbee948ae3454fe4fecb3fed3f1a84834685cc25cdecc67882c83e43c8a5629f1c17236e54cfe05d511374b5d5b6da2cd98cade9cdab91278c81f12dc0b3c7444669ae001e9e6366a0md5bccdc05f6a9330c757e9b62f84d17dececdfecefade", authSHA256},
		{"C3", "zb", "geet@123", "sha256", "sha25681805918aa95cf71b044259200ed05a4f63d7a772598be210165d0a690c75319986666b3b0bb25f913e59f82a12fd5f927c141680ba82548a0ca5829267d612b4b6ded866a4bbcce1d26a2a202df6c268765d558fecc52e7a3abfa1c2ab204ececdfecefade", authSHA256},
	} {
		t.Run(v.name, func(t *testing.T) {
			salt := strings.TrimPrefix(v.stored, v.kind)[:64]
			c := challengeOf(t, v.code, salt, "00000000", 10000)
			key := keyOf(t, v.password, c)
			server := serverKey(c.code, key)
			stored := storedKey(c.code, hmacSHA256(key[:], []byte("Client Key")))
			want := v.kind + salt + hex.EncodeToString(server[:]) + hex.EncodeToString(stored[:])
			if strings.Contains(v.stored[6:], "md5") {
				want += fmt.Sprintf("md5%x", md5.Sum([]byte(v.password+v.user)))
			}
			if want += iterationSuffix(10000); want != v.stored {
				t.Errorf("got  %s\nwant %s", want, v.stored)
			}
		})
	}
}

func TestIterationSuffix(t *testing.T) {
	for n, want := range map[int]string{10000: "ecdfecefade", 2048: "mgdhdcefade"} {
		if got := iterationSuffix(n); got != want {
			t.Errorf("%d: %s, want %s", n, got, want)
		}
	}
}

func TestGaussKeys(t *testing.T) {
	k := newGaussKeys(newGaussSecret("geheim@1"))
	first, err := k.derive([32]byte{1}, 2048)
	if err != nil {
		t.Fatal(err)
	}
	again, _ := k.derive([32]byte{1}, 2048)
	other, _ := k.derive([32]byte{1}, 2049)
	if first != again || first == other {
		t.Error("the key must depend on salt and iterations, and on nothing else")
	}
	for i := range 100 {
		if _, err := k.derive([32]byte{2, byte(i)}, 2048); err != nil {
			t.Fatal(err)
		}
	}
	if len(k.known) > 8 {
		t.Errorf("%d keys remembered: a false server could fill the memory", len(k.known))
	}
}

func TestGaussSecretIsNotPrinted(t *testing.T) {
	s := newGaussSecret("geheim@1")
	if s.open() != "geheim@1" {
		t.Fatal("the secret is lost")
	}
	cfg := gaussConfig{password: s}
	text := fmt.Sprintf("%v %+v %#v %s %q %x", s, cfg, s, s, s, s) + s.LogValue().String()
	if strings.Contains(text, "geheim") || strings.Contains(text, hex.EncodeToString([]byte("geheim"))) {
		t.Errorf("the secret is printed: %s", text)
	}
	if strings.Contains(string(s.masked), "geheim") {
		t.Error("the secret lies readable in memory")
	}
}
