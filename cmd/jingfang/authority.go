package main

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha256"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/hex"
	"encoding/pem"
	"errors"
	"fmt"
	"io/fs"
	"math/big"
	"net"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"jingfang/sql/db"
)

const (
	// caLife and leafLife follow what phones accept: a leaf of more than 398
	// days is refused by some.
	caLife   = 10 * 365 * 24 * time.Hour
	leafLife = 390 * 24 * time.Hour
	// renewBefore is how long before its end a certificate is replaced.
	renewBefore = 30 * 24 * time.Hour
)

// authority is the small certificate authority that the first run makes under
// DIR/tls for a house without certificates of its own. Phones are told to trust
// it once, at /trust. This is transport TLS with ECDSA; what is sealed with the
// national algorithms does not depend on it.
type authority struct {
	dir  string
	cert *x509.Certificate
	key  *ecdsa.PrivateKey
}

// openAuthority loads the authority or makes it.
func openAuthority(dir string, now time.Time) (*authority, error) {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, fmt.Errorf("certificate folder: %w", err)
	}
	a := &authority{dir: dir}
	cert, key, err := readPair(dir, "ca")
	if errors.Is(err, fs.ErrNotExist) {
		return a, a.make(now)
	}
	if err != nil {
		return nil, err
	}
	if now.After(cert.NotAfter.Add(-leafLife)) {
		return nil, db.Refuse(db.Invalid, "自制的根证书 %s 将于 %s 到期。请移走这个文件夹后重新启动，并让各设备重新信任新证书。",
			dir, cert.NotAfter.Format(time.DateOnly))
	}
	a.cert, a.key = cert, key
	return a, nil
}

func (a *authority) make(now time.Time) error {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return fmt.Errorf("make authority: %w", err)
	}
	host, err := os.Hostname()
	if err != nil {
		host = "server"
	}
	serial, err := newSerial()
	if err != nil {
		return err
	}
	t := &x509.Certificate{
		SerialNumber: serial, Subject: pkix.Name{CommonName: "精防自制根证书 " + host, Organization: []string{"Jingfang"}},
		NotBefore: now.Add(-time.Hour), NotAfter: now.Add(caLife), IsCA: true, BasicConstraintsValid: true, MaxPathLenZero: true,
		KeyUsage: x509.KeyUsageCertSign | x509.KeyUsageCRLSign,
	}
	a.key = key
	a.cert, err = a.sign(t, t, key, "ca")
	return err
}

// leaf gives a server certificate for the names and addresses, the one on disk
// if it still fits.
func (a *authority) leaf(hosts []string, now time.Time) (*tls.Certificate, error) {
	cert, key, err := readPair(a.dir, "server")
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, err
	}
	if err != nil || !fits(cert, a.cert, hosts, now) {
		if cert, key, err = a.newLeaf(hosts, now); err != nil {
			return nil, err
		}
	}
	return &tls.Certificate{Certificate: [][]byte{cert.Raw, a.cert.Raw}, PrivateKey: key, Leaf: cert}, nil
}

func fits(cert, ca *x509.Certificate, hosts []string, now time.Time) bool {
	if now.Add(renewBefore).After(cert.NotAfter) || cert.CheckSignatureFrom(ca) != nil {
		return false
	}
	return !slices.ContainsFunc(hosts, func(h string) bool { return cert.VerifyHostname(h) != nil })
}

func (a *authority) newLeaf(hosts []string, now time.Time) (*x509.Certificate, *ecdsa.PrivateKey, error) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return nil, nil, fmt.Errorf("make server certificate: %w", err)
	}
	serial, err := newSerial()
	if err != nil {
		return nil, nil, err
	}
	t := &x509.Certificate{
		SerialNumber: serial, Subject: pkix.Name{CommonName: "jingfang"},
		NotBefore: now.Add(-time.Hour), NotAfter: now.Add(leafLife), BasicConstraintsValid: true,
		KeyUsage: x509.KeyUsageDigitalSignature, ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth},
	}
	for _, h := range hosts {
		if ip := net.ParseIP(h); ip != nil {
			t.IPAddresses = append(t.IPAddresses, ip)
		} else {
			t.DNSNames = append(t.DNSNames, h)
		}
	}
	cert, err := a.sign(t, a.cert, key, "server")
	return cert, key, err
}

// sign makes a certificate for key and writes both files.
func (a *authority) sign(t, parent *x509.Certificate, key *ecdsa.PrivateKey, name string) (*x509.Certificate, error) {
	der, err := x509.CreateCertificate(rand.Reader, t, parent, &key.PublicKey, a.key)
	if err != nil {
		return nil, fmt.Errorf("sign certificate %s: %w", name, err)
	}
	cert, err := x509.ParseCertificate(der)
	if err != nil {
		return nil, fmt.Errorf("sign certificate %s: %w", name, err)
	}
	secret, err := x509.MarshalECPrivateKey(key)
	if err != nil {
		return nil, fmt.Errorf("sign certificate %s: %w", name, err)
	}
	// One file holds both, so that a crash leaves no pair that does not fit.
	text := append(pem.EncodeToMemory(&pem.Block{Type: "EC PRIVATE KEY", Bytes: secret}),
		pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der})...)
	return cert, replaceFile(filepath.Join(a.dir, name+".pem"), text)
}

// fingerprint is what a person compares on the phone.
func (a *authority) fingerprint() string {
	sum := sha256.Sum256(a.cert.Raw)
	text := strings.ToUpper(hex.EncodeToString(sum[:]))
	var groups []string
	for i := 0; i < len(text); i += 4 {
		groups = append(groups, text[i:i+4])
	}
	return strings.Join(groups, " ")
}

func newSerial() (*big.Int, error) {
	serial, err := rand.Int(rand.Reader, new(big.Int).Lsh(big.NewInt(1), 126))
	if err != nil {
		return nil, fmt.Errorf("certificate serial: %w", err)
	}
	return serial, nil
}

// readPair reads key and certificate from one file.
func readPair(dir, name string) (*x509.Certificate, *ecdsa.PrivateKey, error) {
	path := filepath.Join(dir, name+".pem")
	text, err := os.ReadFile(path)
	if err != nil {
		return nil, nil, fmt.Errorf("read certificate: %w", err)
	}
	pair, err := tls.X509KeyPair(text, text)
	if err != nil {
		return nil, nil, db.RefuseBecause(err, db.Invalid, "证书文件 %s 已损坏。请移走它后重新启动，程序会重新制作。", path)
	}
	key, ok := pair.PrivateKey.(*ecdsa.PrivateKey)
	if !ok {
		return nil, nil, db.Refuse(db.Invalid, "证书文件 %s 不是本程序制作的。请移走它后重新启动。", path)
	}
	return pair.Leaf, key, nil
}

// replaceFile writes a secret file so that a crash leaves the old or the new.
func replaceFile(path string, text []byte) error {
	f, err := os.CreateTemp(filepath.Dir(path), ".new-*") // mode 0600
	if err != nil {
		return fmt.Errorf("write %s: %w", path, err)
	}
	_, err = f.Write(text)
	if err == nil {
		err = f.Sync()
	}
	if err = errors.Join(err, f.Close()); err == nil {
		err = os.Rename(f.Name(), path)
	}
	if err != nil {
		return fmt.Errorf("write %s: %w", path, errors.Join(err, os.Remove(f.Name())))
	}
	return nil
}

// hostsOf are the names and addresses under which a listening address is
// reached: every address of the machine when it listens on all of them.
func hostsOf(a net.Addr, extra []string) ([]string, error) {
	hosts := []string{"localhost", "127.0.0.1", "::1"}
	if name, err := os.Hostname(); err == nil && validHost(name) {
		hosts = append(hosts, name)
	}
	tcp, ok := a.(*net.TCPAddr)
	if ok && !tcp.IP.IsUnspecified() {
		hosts = append(hosts, tcp.IP.String())
	} else {
		addrs, err := net.InterfaceAddrs()
		if err != nil {
			return nil, fmt.Errorf("addresses of this machine: %w", err)
		}
		for _, x := range addrs {
			if n, ok := x.(*net.IPNet); ok && !n.IP.IsLinkLocalUnicast() {
				hosts = append(hosts, n.IP.String())
			}
		}
	}
	hosts = append(hosts, extra...)
	slices.Sort(hosts)
	return slices.Compact(hosts), nil
}

// validHost leaves out machine names that no certificate may carry.
func validHost(name string) bool {
	return name != "" && strings.Trim(strings.ToLower(name), "abcdefghijklmnopqrstuvwxyz0123456789-.") == ""
}
