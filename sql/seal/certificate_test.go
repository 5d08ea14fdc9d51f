package seal_test

import (
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"jingfang/sql/seal"
)

func TestCertificates(t *testing.T) {
	now := time.Date(2026, 11, 23, 9, 0, 0, 0, time.UTC)
	own, err := seal.NewAuthority("演示根", now)
	must(t, err)
	foreign, err := seal.NewAuthority("演示根", now)
	must(t, err)
	key, err := seal.GenerateSM2()
	must(t, err)
	said := seal.Certified{Name: "演示医生", PersonCode: "DEMO-0001", NotBefore: now, NotAfter: now.AddDate(1, 0, 0)}
	good, err := own.Issue(key.Public(), said)
	must(t, err)
	strange, err := foreign.Issue(key.Public(), said)
	must(t, err)

	if good.CommonName() != "演示医生" || good.PersonCode() != "DEMO-0001" || good.Thumbprint() == strange.Thumbprint() {
		t.Errorf("the certificate says %s %s", good.CommonName(), good.PersonCode())
	}
	pub, err := good.PublicKey()
	must(t, err)
	if pub.ID() != key.ID() {
		t.Error("the certificate is about another key")
	}
	trusted := []*seal.Certificate{own.Certificate()}
	for _, c := range []struct {
		name string
		cert *seal.Certificate
		at   time.Time
		want error
	}{
		{"good", good, now.Add(time.Hour), nil},
		{"an authority of the same name", strange, now.Add(time.Hour), seal.ErrIssuer},
		{"too early", good, now.Add(-time.Minute), seal.ErrNotValid},
		{"too late", good, now.AddDate(1, 0, 1), seal.ErrNotValid},
	} {
		if err := c.cert.VerifyIssued(trusted, c.at); !errors.Is(err, c.want) || (err == nil) != (c.want == nil) {
			t.Errorf("%s: %v, want %v", c.name, err, c.want)
		}
	}
	for i := range good.DER() {
		bad := append([]byte(nil), good.DER()...)
		bad[i] ^= 1
		c, err := seal.ParseCertificate(bad)
		if err == nil && c.VerifyIssued(trusted, now.Add(time.Hour)) == nil {
			t.Fatalf("byte %d may be altered", i)
		}
	}
}

func TestAnAuthorityIsKept(t *testing.T) {
	now := time.Date(2026, 11, 23, 9, 0, 0, 0, time.UTC)
	a, err := seal.NewAuthority("演示根", now)
	must(t, err)
	other, err := seal.NewAuthority("另一个根", now)
	must(t, err)
	text, err := a.KeyPEM()
	must(t, err)
	again, err := seal.LoadAuthority(a.Certificate().MarshalPEM(), text)
	must(t, err)
	key, err := seal.GenerateSM2()
	must(t, err)
	c, err := again.Issue(key.Public(), seal.Certified{Name: "x", PersonCode: "y", NotBefore: now, NotAfter: now.AddDate(1, 0, 0)})
	must(t, err)
	must(t, c.VerifyIssued([]*seal.Certificate{a.Certificate()}, now))
	if _, err := seal.LoadAuthority(other.Certificate().MarshalPEM(), text); !errors.Is(err, seal.ErrFormat) {
		t.Errorf("a key of another authority is taken: %v", err)
	}
	if _, err := seal.ParseCertificatesPEM([]byte("nothing")); !errors.Is(err, seal.ErrFormat) {
		t.Errorf("no certificate is taken: %v", err)
	}
}

// Another implementation agrees on the certificate's signature.
func TestOpenSSLReadsACertificate(t *testing.T) {
	if _, err := exec.LookPath("openssl"); err != nil {
		t.Skip("openssl is not here")
	}
	now := time.Now()
	a, err := seal.NewAuthority("演示根", now)
	must(t, err)
	key, err := seal.GenerateSM2()
	must(t, err)
	c, err := a.Issue(key.Public(), seal.Certified{Name: "演示医生", PersonCode: "DEMO-0001", NotBefore: now.Add(-time.Hour), NotAfter: now.AddDate(1, 0, 0)})
	must(t, err)
	dir := t.TempDir()
	root, leaf := filepath.Join(dir, "root.pem"), filepath.Join(dir, "leaf.pem")
	must(t, os.WriteFile(root, a.Certificate().MarshalPEM(), 0o600))
	must(t, os.WriteFile(leaf, c.MarshalPEM(), 0o600))
	out, err := exec.Command("openssl", "verify", "-vfyopt", "distid:1234567812345678", "-CAfile", root, leaf).CombinedOutput()
	if err != nil || !strings.Contains(string(out), "OK") {
		t.Errorf("openssl says %s (%v)", out, err)
	}
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}
