package seal_test

import (
	"bytes"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"jingfang/sql/seal"
)

func stamped(t testing.TB) (*seal.Authority, *seal.Stamper, time.Time) {
	t.Helper()
	now := time.Date(2026, 11, 23, 9, 0, 0, 0, time.UTC)
	a, err := seal.NewAuthority("演示根", now)
	must(t, err)
	s, err := seal.NewStamper(a, "演示时间戳", now)
	must(t, err)
	return a, s, now
}

// A token says when, about what and by whom; whatever is not right is named, and no
// byte of it may be altered.
func TestTimeStamp(t *testing.T) {
	a, s, now := stamped(t)
	trusted := []*seal.Certificate{a.Certificate()}
	what, other := seal.SM3([]byte("record")), seal.SM3([]byte("another record"))
	token, err := s.Stamp(what, now.Add(time.Minute))
	must(t, err)
	got, err := seal.VerifyTimeStamp(token, []seal.Digest{other, what}, trusted)
	if err != nil || !got.At.Equal(now.Add(time.Minute)) || got.Authority != "演示时间戳" || got.Serial == "" || !got.Checked {
		t.Fatalf("%+v %v", got, err)
	}
	if got, err := seal.VerifyTimeStamp(token, []seal.Digest{what}, nil); err != nil || got.Checked {
		t.Errorf("without trusted authorities: %+v %v", got, err)
	}
	strange, strangeStamper, _ := stamped(t)
	foreign, err := strangeStamper.Stamp(what, now)
	must(t, err)
	early, err := s.Stamp(what, now.AddDate(-1, 0, 0))
	must(t, err)
	for name, c := range map[string]struct {
		token   []byte
		over    seal.Digest
		trusted []*seal.Certificate
		want    error
	}{
		"another record":        {token, other, trusted, seal.ErrImprint},
		"a foreign authority":   {foreign, what, trusted, seal.ErrIssuer},
		"another's root":        {token, what, []*seal.Certificate{strange.Certificate()}, seal.ErrIssuer},
		"before its time":       {early, what, trusted, seal.ErrNotValid},
		"empty":                 {nil, what, trusted, seal.ErrFormat},
		"no token":              {[]byte("TST|2026-11-23T09:00:00Z|ab"), what, trusted, seal.ErrFormat},
		"cut":                   {token[:len(token)-1], what, trusted, seal.ErrFormat},
		"more after it":         {append(bytes.Clone(token), 0), what, trusted, seal.ErrFormat},
		"a hundred kilobytes":   {make([]byte, 100<<10), what, trusted, seal.ErrFormat},
		"a certificate instead": {a.Certificate().DER(), what, trusted, seal.ErrFormat},
	} {
		if _, err := seal.VerifyTimeStamp(c.token, []seal.Digest{c.over}, c.trusted); !errors.Is(err, c.want) {
			t.Errorf("%s: %v, want %v", name, err, c.want)
		}
	}
	for i := range token {
		bad := bytes.Clone(token)
		bad[i] ^= 1
		if again, err := seal.VerifyTimeStamp(bad, []seal.Digest{what}, trusted); err == nil && again != got {
			t.Fatalf("byte %d may be altered: %+v", i, again)
		}
	}
}

// A certificate of the same authority that is not for time stamps gives none.
func TestAPersonGivesNoTimeStamps(t *testing.T) {
	a, _, now := stamped(t)
	person, err := seal.NewPersonStamper(a, now)
	must(t, err)
	what := seal.SM3([]byte("record"))
	token, err := person.Stamp(what, now)
	must(t, err)
	if _, err := seal.VerifyTimeStamp(token, []seal.Digest{what}, []*seal.Certificate{a.Certificate()}); !errors.Is(err, seal.ErrIssuer) {
		t.Errorf("a person's time stamp: %v", err)
	}
}

// Another implementation reads the token.
func TestOpenSSLReadsATimeStamp(t *testing.T) {
	if _, err := exec.LookPath("openssl"); err != nil {
		t.Skip("openssl is not here")
	}
	_, s, now := stamped(t)
	token, err := s.Stamp(seal.SM3([]byte("record")), now)
	must(t, err)
	path := filepath.Join(t.TempDir(), "token.der")
	must(t, os.WriteFile(path, token, 0o600))
	out, err := exec.Command("openssl", "ts", "-reply", "-token_in", "-in", path, "-token_out", "-text").CombinedOutput()
	if err != nil || !strings.Contains(string(out), "Hash Algorithm: sm3") || !strings.Contains(string(out), "Nov 23 09:00:00 2026 GMT") {
		t.Errorf("openssl says %s (%v)", out, err)
	}
}

// A token of another implementation, with RSA, is read and not judged.
func TestATimeStampWithRSA(t *testing.T) {
	if _, err := exec.LookPath("openssl"); err != nil {
		t.Skip("openssl is not here")
	}
	dir := t.TempDir()
	must(t, os.WriteFile(filepath.Join(dir, "c.cnf"), []byte("[req]\ndistinguished_name=dn\n[dn]\n[v3]\nextendedKeyUsage=critical,timeStamping\n"+
		"[t]\nserial=serial\nsigner_digest=sha256\ndefault_policy=1.2.3.4\ndigests=sha256\n"), 0o600))
	must(t, os.WriteFile(filepath.Join(dir, "serial"), []byte("01\n"), 0o600))
	for _, line := range []string{
		"req -x509 -newkey rsa:2048 -nodes -keyout k.pem -out c.pem -days 10 -subj /CN=tsa -config c.cnf -extensions v3",
		"ts -query -digest " + strings.Repeat("ab", 32) + " -sha256 -cert -out query",
		"ts -reply -queryfile query -inkey k.pem -signer c.pem -config c.cnf -section t -token_out -out token",
	} {
		command := exec.Command("openssl", strings.Fields(line)...)
		command.Dir = dir
		if out, err := command.CombinedOutput(); err != nil {
			t.Fatalf("openssl %s: %v %s", line, err, out)
		}
	}
	token, err := os.ReadFile(filepath.Join(dir, "token"))
	must(t, err)
	if _, err := seal.VerifyTimeStamp(token, nil, nil); !errors.Is(err, seal.ErrAlgorithm) {
		t.Errorf("a token with RSA: %v", err)
	}
}

// Whatever comes as a token, reading it ends with an answer.
func FuzzTimeStamp(f *testing.F) {
	a, s, now := stamped(f)
	what := seal.SM3([]byte("record"))
	token, err := s.Stamp(what, now)
	must(f, err)
	f.Add(token)
	f.Add([]byte{0x30, 0x80})
	f.Fuzz(func(t *testing.T, b []byte) {
		if got, err := seal.VerifyTimeStamp(b, []seal.Digest{what}, []*seal.Certificate{a.Certificate()}); err == nil && !got.At.Equal(now) {
			t.Errorf("a token that nobody made: %+v", got)
		}
	})
}
