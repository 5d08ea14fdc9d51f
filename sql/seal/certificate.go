package seal

import (
	"crypto/ecdsa"
	"encoding/hex"
	"encoding/pem"
	"errors"
	"fmt"
	"time"

	"github.com/emmansun/gmsm/smx509"
)

// Errors of certificates, for errors.Is.
var (
	// ErrIssuer says that none of the trusted authorities issued the certificate.
	ErrIssuer = errors.New("seal: certificate of a foreign issuer")
	// ErrNotValid says that the certificate is not valid yet or any more.
	ErrNotValid = errors.New("seal: certificate outside of its time")
)

// maxCertificate bounds a certificate, in bytes.
const maxCertificate = 16 << 10

// Certificate is an X.509 certificate with an SM2 key, of a person or of an
// authority. It may be shown.
type Certificate struct{ c *smx509.Certificate }

// ParseCertificate reads DER. Error: ErrFormat, also for a key that is not SM2.
func ParseCertificate(der []byte) (*Certificate, error) {
	if len(der) == 0 || len(der) > maxCertificate {
		return nil, fmt.Errorf("%w: certificate of %d bytes", ErrFormat, len(der))
	}
	c, err := smx509.ParseCertificate(der)
	if err != nil {
		return nil, fmt.Errorf("%w: certificate: %w", ErrFormat, err)
	}
	x := &Certificate{c}
	if _, err := x.PublicKey(); err != nil {
		return nil, err
	}
	return x, nil
}

// ParseCertificatesPEM reads all certificates of a PEM file, one at least.
// Error: ErrFormat.
func ParseCertificatesPEM(text []byte) ([]*Certificate, error) {
	var list []*Certificate
	for {
		block, rest := pem.Decode(text)
		if block == nil {
			break
		}
		if text = rest; block.Type != "CERTIFICATE" {
			continue
		}
		c, err := ParseCertificate(block.Bytes)
		if err != nil {
			return nil, err
		}
		list = append(list, c)
	}
	if len(list) == 0 {
		return nil, fmt.Errorf("%w: no PEM certificate", ErrFormat)
	}
	return list, nil
}

// DER gives the certificate's bytes.
func (c *Certificate) DER() []byte { return c.c.Raw }

// MarshalPEM writes the certificate as other programs read it.
func (c *Certificate) MarshalPEM() []byte {
	return pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: c.c.Raw})
}

// Subject is the whole name in the form of RFC 2253.
func (c *Certificate) Subject() string { return c.c.Subject.String() }

// CommonName is the person's or authority's name.
func (c *Certificate) CommonName() string { return c.c.Subject.CommonName }

// PersonCode is the subject's serialNumber attribute (2.5.4.5): the authority's own
// number of the person, which stays through renewals.
func (c *Certificate) PersonCode() string { return c.c.Subject.SerialNumber }

// SerialNumber is the number of this one certificate, in hexadecimal digits.
func (c *Certificate) SerialNumber() string { return fmt.Sprintf("%x", c.c.SerialNumber) }

// Thumbprint is the SM3 of the certificate in 64 hexadecimal digits.
func (c *Certificate) Thumbprint() string {
	d := SM3(c.c.Raw)
	return hex.EncodeToString(d[:])
}

// NotBefore is since when the certificate is valid.
func (c *Certificate) NotBefore() time.Time { return c.c.NotBefore }

// NotAfter is until when the certificate is valid.
func (c *Certificate) NotAfter() time.Time { return c.c.NotAfter }

// PublicKey is the SM2 key that the certificate is about.
func (c *Certificate) PublicKey() (*PublicKey, error) {
	k, ok := c.c.PublicKey.(*ecdsa.PublicKey)
	if !ok {
		return nil, fmt.Errorf("%w: certificate without an SM2 key", ErrFormat)
	}
	return newPublicKey(k)
}

// VerifyIssued checks that one of the trusted authorities has issued the certificate
// and that it was valid at the time. Errors: ErrIssuer, ErrNotValid.
func (c *Certificate) VerifyIssued(trusted []*Certificate, at time.Time) error {
	issued := false
	for _, t := range trusted {
		issued = issued || c.c.CheckSignatureFrom(t.c) == nil
	}
	if !issued {
		return fmt.Errorf("%w: %s", ErrIssuer, c.c.Issuer.CommonName)
	}
	if at.Before(c.c.NotBefore) || at.After(c.c.NotAfter) {
		return fmt.Errorf("%w: %s", ErrNotValid, c.SerialNumber())
	}
	return nil
}
