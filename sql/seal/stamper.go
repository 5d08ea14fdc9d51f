package seal

import (
	"crypto/rand"
	"encoding/asn1"
	"fmt"
	"math/big"
	"time"
)

// Stamper gives time stamps as RFC 3161 has them, with SM2 and SM3. Stand-ins and
// tests need one; the hospital's time-stamp authority is somebody else's.
type Stamper struct {
	cert *Certificate
	key  *PrivateKey
}

// NewStamper makes one with a certificate of an authority, valid for five years.
func NewStamper(by *Authority, name string, now time.Time) (*Stamper, error) {
	return stamper(by, Certified{Name: name, NotBefore: now.Add(-time.Hour), NotAfter: now.AddDate(5, 0, 0), Stamps: true})
}

func stamper(by *Authority, c Certified) (*Stamper, error) {
	key, err := GenerateSM2()
	if err != nil {
		return nil, err
	}
	cert, err := by.Issue(key.Public(), c)
	return &Stamper{cert, key}, err
}

// Certificate is that of the time-stamp authority, for time stamps only.
func (s *Stamper) Certificate() *Certificate { return s.cert }

// Stamp says that what has a digest existed at a time. It gives the token in DER.
func (s *Stamper) Stamp(over Digest, at time.Time) ([]byte, error) {
	serial, err := rand.Int(rand.Reader, new(big.Int).Lsh(big.NewInt(1), 64))
	if err != nil {
		return nil, fmt.Errorf("seal: number of a time stamp: %w", err)
	}
	content, err := asn1.Marshal(stampInfo{Version: 1, Policy: oidPolicy.oid(), Imprint: stampImprint{stampAlgorithm{OID: oidSM3.oid()}, over[:]},
		Serial: serial, At: at.UTC().Truncate(time.Second), Accuracy: stampAccuracy{Seconds: 1}})
	if err != nil {
		return nil, fmt.Errorf("seal: make a time stamp: %w", err)
	}
	signer, err := s.sign(content)
	if err != nil {
		return nil, err
	}
	octets, err := asn1.Marshal(content)
	if err != nil {
		return nil, fmt.Errorf("seal: make a time stamp: %w", err)
	}
	digests, err := asn1.MarshalWithParams([]stampAlgorithm{{OID: oidSM3.oid()}}, "set")
	if err != nil {
		return nil, fmt.Errorf("seal: make a time stamp: %w", err)
	}
	signed, err := asn1.Marshal(stampSigned{Version: 3, Digests: asn1.RawValue{FullBytes: digests}, Content: stampContent{oidStampInfo.oid(), tagged0(octets)},
		Certificates: tagged0(s.cert.DER()), Signers: []stampSigner{signer}})
	if err != nil {
		return nil, fmt.Errorf("seal: make a time stamp: %w", err)
	}
	token, err := asn1.Marshal(stampContent{oidSignedData.oid(), tagged0(signed)})
	if err != nil {
		return nil, fmt.Errorf("seal: make a time stamp: %w", err)
	}
	return token, nil
}

func tagged0(inner []byte) asn1.RawValue {
	return asn1.RawValue{Class: asn1.ClassContextSpecific, Tag: 0, IsCompound: true, Bytes: inner}
}

// sign signs the attributes of a content: what it is, its digest, and by whom.
func (s *Stamper) sign(content []byte) (stampSigner, error) {
	digest, cert := SM3(content), SM3(s.cert.DER())
	var list []stampAttribute
	for _, a := range []struct {
		name  stampName
		value any
	}{
		{oidContentType, oidStampInfo.oid()},
		{oidMessageDigest, digest[:]},
		{oidSigningCert, stampCertID{[]stampCertHash{{stampAlgorithm{OID: oidSM3.oid()}, cert[:]}}}},
	} {
		der, err := asn1.Marshal(a.value)
		if err != nil {
			return stampSigner{}, fmt.Errorf("seal: attribute of a time stamp: %w", err)
		}
		list = append(list, stampAttribute{a.name.oid(), []asn1.RawValue{{FullBytes: der}}})
	}
	set, err := asn1.MarshalWithParams(list, "set")
	if err != nil {
		return stampSigner{}, fmt.Errorf("seal: attributes of a time stamp: %w", err)
	}
	value, err := s.key.Sign(set)
	if err != nil {
		return stampSigner{}, err
	}
	id, err := asn1.Marshal(stampSignerID{asn1.RawValue{FullBytes: s.cert.c.RawIssuer}, s.cert.c.SerialNumber})
	if err != nil {
		return stampSigner{}, fmt.Errorf("seal: signer of a time stamp: %w", err)
	}
	return stampSigner{Version: 1, ID: asn1.RawValue{FullBytes: id},
		Digest: stampAlgorithm{OID: oidSM3.oid()}, Attributes: asn1.RawValue{FullBytes: append([]byte{0xa0}, set[1:]...)},
		Algorithm: stampAlgorithm{OID: oidSM2Sign.oid()}, Value: value}, nil
}
