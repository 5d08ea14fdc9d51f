package db

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
)

// gaussTLS is TLS as the DSN asks for it. lib/pq would negotiate it on top of
// our connection and hide the login from us, so the dialer does it below.
type gaussTLS struct {
	mode, rootCert, cert, key string

	roots  *x509.CertPool // nil: those of the system
	client *tls.Certificate
}

func (t *gaussTLS) set(key, value string) error {
	switch key {
	case "sslmode":
		t.mode = value
		return mustBe(key, value, "verify-full", "verify-ca", "require", "disable")
	case "sslrootcert":
		t.rootCert = value
	case "sslcert":
		t.cert = value
	case "sslkey":
		t.key = value
	}
	return nil
}

// check fills the default. It is verify-full, not lib/pq's require: with
// protocol 3.51 the server proves nothing, and whoever sees the login can
// search for the password at leisure.
func (t *gaussTLS) check() error {
	if t.mode == "" {
		t.mode = "verify-full"
	}
	if t.rootCert == "system" && t.mode != "verify-full" {
		return badDSN("sslrootcert=system 只能与 sslmode=verify-full 同用")
	}
	if t.mode == "verify-ca" && t.rootCert == "" {
		return badDSN("sslmode=verify-ca 还须用 sslrootcert 写明根证书文件")
	}
	if (t.cert == "") != (t.key == "") {
		return badDSN("sslcert 与 sslkey 须一起写")
	}
	return nil
}

// verified tells whether the server has to prove who it is. As with libpq,
// require with a root certificate means verify-ca.
func (t *gaussTLS) verified() bool {
	return t.mode == "verify-full" || t.mode == "verify-ca" || t.mode == "require" && t.rootCert != ""
}

func (t *gaussTLS) load() error {
	if t.mode == "disable" {
		return nil
	}
	if t.rootCert != "" && t.rootCert != "system" {
		pem, err := os.ReadFile(t.rootCert)
		if err != nil {
			return RefuseBecause(err, Invalid, "读不到根证书文件 %s，请检查连接串里的 sslrootcert。", t.rootCert)
		}
		t.roots = x509.NewCertPool()
		if !t.roots.AppendCertsFromPEM(pem) {
			return Refuse(Invalid, "根证书文件 %s 里没有 PEM 证书，请换正确的文件。", t.rootCert)
		}
	}
	if t.cert == "" {
		return nil
	}
	pair, err := tls.LoadX509KeyPair(t.cert, t.key)
	if err != nil {
		return RefuseBecause(err, Invalid, "读不到客户端证书 %s，请检查连接串里的 sslcert 和 sslkey。", t.cert)
	}
	t.client = &pair
	return nil
}

// config is the TLS configuration for one host.
func (t *gaussTLS) config(host string) *tls.Config {
	c := &tls.Config{MinVersion: tls.VersionTLS12, ServerName: host, RootCAs: t.roots}
	if t.client != nil {
		// Not Certificates: Go would hold back one whose issuer the server does
		// not name, as with an intermediate authority.
		c.GetClientCertificate = func(*tls.CertificateRequestInfo) (*tls.Certificate, error) { return t.client, nil }
	}
	if t.mode == "verify-full" {
		return c
	}
	c.InsecureSkipVerify = true // the name is not checked; the chain is, below
	if t.verified() {
		c.VerifyConnection = t.verifyChain
	}
	return c
}

func (t *gaussTLS) verifyChain(s tls.ConnectionState) error {
	opts := x509.VerifyOptions{Roots: t.roots, Intermediates: x509.NewCertPool()}
	for _, c := range s.PeerCertificates[1:] {
		opts.Intermediates.AddCert(c)
	}
	_, err := s.PeerCertificates[0].Verify(opts)
	return err
}

// upgrade asks the server for TLS and makes the handshake. Exactly one byte is
// read in the clear: more of it would be text slipped in before the handshake.
func (t *gaussTLS) upgrade(ctx context.Context, raw net.Conn, host string) (net.Conn, error) {
	if t.mode == "disable" {
		return raw, nil
	}
	if _, err := raw.Write([]byte{0, 0, 0, 8, 0x04, 0xd2, 0x16, 0x2f}); err != nil {
		return nil, fmt.Errorf("ask openGauss for TLS: %w", err)
	}
	var answer [1]byte
	if _, err := io.ReadFull(raw, answer[:]); err != nil {
		return nil, fmt.Errorf("openGauss on TLS: %w", err)
	}
	if answer[0] != 'S' {
		return nil, Refuse(Unavailable, "openGauss 没有打开 TLS。请在服务器上设 ssl=on 并配好证书；只在内部测试时可用 sslmode=disable。")
	}
	c := tls.Client(raw, t.config(host))
	if err := c.HandshakeContext(ctx); err != nil {
		return nil, explainTLS(err)
	}
	return c, nil
}

func explainTLS(err error) error {
	var verify *tls.CertificateVerificationError
	var name x509.HostnameError
	var unknown x509.UnknownAuthorityError
	if errors.As(err, &verify) || errors.As(err, &name) || errors.As(err, &unknown) {
		return RefuseBecause(err, Unavailable, "openGauss 的证书不可信。请检查 sslrootcert 是否为签发它的根证书，主机名是否与证书一致。")
	}
	return fmt.Errorf("TLS with openGauss: %w", err)
}
