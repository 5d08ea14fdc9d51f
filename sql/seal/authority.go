package seal

import (
	"crypto/rand"
	"crypto/x509/pkix"
	"encoding/asn1"
	"fmt"
	"math/big"
	"time"

	"github.com/emmansun/gmsm/smx509"
)

// Authority issues SM2 certificates. Stand-ins and tests need one; the hospital's
// authority is somebody else's.
type Authority struct {
	cert *Certificate
	key  *PrivateKey
}

// Certified is what a certificate says.
type Certified struct {
	// Name and PersonCode become the subject's CN and serialNumber.
	Name, PersonCode    string
	NotBefore, NotAfter time.Time
	// Stamps makes it a certificate for time stamps and for nothing else.
	Stamps bool
}

// NewAuthority makes an authority with a fresh key, valid for 30 years.
func NewAuthority(name string, now time.Time) (*Authority, error) {
	key, err := GenerateSM2()
	if err != nil {
		return nil, err
	}
	template, err := newTemplate(Certified{Name: name, NotBefore: now.Add(-time.Hour), NotAfter: now.AddDate(30, 0, 0)})
	if err != nil {
		return nil, err
	}
	template.IsCA, template.BasicConstraintsValid = true, true
	template.KeyUsage = smx509.KeyUsageCertSign | smx509.KeyUsageCRLSign
	der, err := smx509.CreateCertificate(rand.Reader, template, template, key.pub.key, key.secret())
	if err != nil {
		return nil, fmt.Errorf("seal: make an authority: %w", err)
	}
	cert, err := ParseCertificate(der)
	return &Authority{cert, key}, err
}

// LoadAuthority takes an authority up again that was kept as its certificate and its
// key in PEM. Error: ErrFormat, also for two that do not belong together.
func LoadAuthority(certificate, key []byte) (*Authority, error) {
	list, err := ParseCertificatesPEM(certificate)
	if err != nil {
		return nil, err
	}
	k, err := ParsePrivatePEM(key, "")
	if err != nil {
		return nil, err
	}
	pub, err := list[0].PublicKey()
	if err != nil {
		return nil, err
	}
	if pub.ID() != k.ID() {
		return nil, fmt.Errorf("%w: the authority's key is not that of its certificate", ErrFormat)
	}
	return &Authority{list[0], k}, nil
}

// Certificate is the authority's own, which others trust.
func (a *Authority) Certificate() *Certificate { return a.cert }

// KeyPEM is the private key in PEM, to be kept. It is secret.
func (a *Authority) KeyPEM() ([]byte, error) { return a.key.MarshalPEM() }

// Issue certifies a public key.
func (a *Authority) Issue(pub *PublicKey, c Certified) (*Certificate, error) {
	template, err := newTemplate(c)
	if err != nil {
		return nil, err
	}
	template.KeyUsage = smx509.KeyUsageDigitalSignature | smx509.KeyUsageContentCommitment
	if c.Stamps {
		usage, err := stampUsage()
		if err != nil {
			return nil, err
		}
		template.ExtraExtensions = append(template.ExtraExtensions, usage)
	}
	der, err := smx509.CreateCertificate(rand.Reader, template, a.cert.c, pub.key, a.key.secret())
	if err != nil {
		return nil, fmt.Errorf("seal: issue a certificate: %w", err)
	}
	return ParseCertificate(der)
}

func newTemplate(c Certified) (*smx509.Certificate, error) {
	serial, err := rand.Int(rand.Reader, new(big.Int).Lsh(big.NewInt(1), 120))
	if err != nil {
		return nil, fmt.Errorf("seal: number of a certificate: %w", err)
	}
	return &smx509.Certificate{SerialNumber: serial, NotBefore: c.NotBefore, NotAfter: c.NotAfter,
		Subject: pkix.Name{Country: []string{"CN"}, CommonName: c.Name, SerialNumber: c.PersonCode}}, nil
}

// stampUsage is the extended key usage that RFC 3161 demands: time stamps alone, and
// critical.
func stampUsage() (pkix.Extension, error) {
	der, err := asn1.Marshal([]asn1.ObjectIdentifier{{1, 3, 6, 1, 5, 5, 7, 3, 8}})
	if err != nil {
		return pkix.Extension{}, fmt.Errorf("seal: usage of a certificate: %w", err)
	}
	return pkix.Extension{Id: asn1.ObjectIdentifier{2, 5, 29, 37}, Critical: true, Value: der}, nil
}
