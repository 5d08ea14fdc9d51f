package db_test

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"fmt"
	"math/big"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"jingfang/sql/db"
	"jingfang/sql/dbtest"
)

// authority makes a root certificate file and a server configuration for name.
func authority(t *testing.T, name string) (rootFile string, server *tls.Config) {
	t.Helper()
	rootKey, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	root := &x509.Certificate{SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "演示根证书"}, IsCA: true, BasicConstraintsValid: true,
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour), KeyUsage: x509.KeyUsageCertSign}
	rootDER, err := x509.CreateCertificate(rand.Reader, root, root, rootKey.Public(), rootKey)
	if err != nil {
		t.Fatal(err)
	}
	leafKey, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	leaf := &x509.Certificate{SerialNumber: big.NewInt(2), NotBefore: root.NotBefore, NotAfter: root.NotAfter,
		ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth}}
	if ip := net.ParseIP(name); ip != nil {
		leaf.IPAddresses = []net.IP{ip}
	} else {
		leaf.DNSNames = []string{name}
	}
	leafDER, err := x509.CreateCertificate(rand.Reader, leaf, root, leafKey.Public(), rootKey)
	if err != nil {
		t.Fatal(err)
	}
	rootFile = filepath.Join(t.TempDir(), "root.crt")
	if err := os.WriteFile(rootFile, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: rootDER}), 0o600); err != nil {
		t.Fatal(err)
	}
	return rootFile, &tls.Config{Certificates: []tls.Certificate{{Certificate: [][]byte{leafDER}, PrivateKey: leafKey}}}
}

func TestGaussTLS(t *testing.T) {
	root, right := authority(t, "127.0.0.1")
	otherRoot, _ := authority(t, "127.0.0.1")
	for _, c := range []struct {
		query, want string
		offer       bool
		name        string
	}{
		{"sslmode=verify-full&sslrootcert=" + root, "", true, "127.0.0.1"},
		{"sslrootcert=" + root, "", true, "127.0.0.1"},
		{"sslmode=verify-ca&sslrootcert=" + root, "", true, "127.0.0.1"},
		{"sslmode=require&sslrootcert=" + root, "", true, "127.0.0.1"},
		{"sslmode=require", "", true, "127.0.0.1"},
		{"sslmode=verify-full&sslrootcert=" + otherRoot, "不可信", true, "127.0.0.1"},
		{"sslmode=verify-ca&sslrootcert=" + otherRoot, "不可信", true, "127.0.0.1"},
		{"sslmode=require&sslrootcert=" + otherRoot, "不可信", true, "127.0.0.1"},
		{"sslmode=verify-full", "不可信", true, "127.0.0.1"},
		{"sslmode=verify-full&sslrootcert=" + root, "不可信", true, "localhost"},
		{"sslmode=verify-ca&sslrootcert=" + root, "", true, "localhost"},
		{"sslmode=require", "没有打开 TLS", false, "127.0.0.1"},
		{"sslmode=disable", "28000", true, "127.0.0.1"},
	} {
		t.Run(fmt.Sprintf("%s %v %s", strings.ReplaceAll(c.query, "/", "_"), c.offer, c.name), func(t *testing.T) {
			f := &dbtest.GaussFront{Method: "sm3", Users: map[string]string{"app": dbtest.GaussPassword("sm3", "app", gaussPassword, 2048)}}
			if c.offer {
				f.TLS = right
			}
			_, port, err := net.SplitHostPort(f.Start(t))
			if err != nil {
				t.Fatal(err)
			}
			err = openGauss(t, gaussDSN(c.name+":"+port, gaussPassword, c.query)).PingContext(t.Context())
			if c.want == "" && err != nil || c.want != "" && (!strings.Contains(db.Sentence(err), c.want) || f.Proofs.Load() != 0) {
				t.Errorf("%v and %d proofs, want %q", err, f.Proofs.Load(), c.want)
			}
		})
	}
}
