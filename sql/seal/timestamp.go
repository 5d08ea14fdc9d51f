package seal

import (
	"bytes"
	"crypto/x509"
	"encoding/asn1"
	"errors"
	"fmt"
	"math/big"
	"slices"
	"time"

	"github.com/emmansun/gmsm/smx509"
)

// Errors of time stamps, for errors.Is; those of certificates besides.
var (
	// ErrImprint says that a time stamp is about something else.
	ErrImprint = errors.New("seal: time stamp of something else")
	// ErrAlgorithm says that a time stamp is not made with SM2 and SM3: it may be good,
	// and cannot be judged here.
	ErrAlgorithm = errors.New("seal: time stamp of other algorithms than SM2 and SM3")
)

// maxStamp bounds a time stamp, in bytes.
const maxStamp = 64 << 10

// TimeStamp is what a time-stamp authority (TSA) says: that something existed at a
// time.
type TimeStamp struct {
	// At is the authority's time.
	At time.Time
	// Serial is the number of the stamp, in hexadecimal digits, Authority the name in
	// the certificate of who gave it.
	Serial, Authority string
	// Checked says that a trusted authority issued that certificate; without any
	// trusted ones that is not known.
	Checked bool
}

// The shapes of RFC 3161 and of CMS (RFC 5652, GB/T 20520, GM/T 0010), in DER.
type (
	stampInfo struct {
		Version  int
		Policy   asn1.ObjectIdentifier
		Imprint  stampImprint
		Serial   *big.Int
		At       time.Time     `asn1:"generalized"`
		Accuracy stampAccuracy `asn1:"optional"`
		Ordering bool          `asn1:"optional"`
		Nonce    *big.Int      `asn1:"optional"`
		TSA      asn1.RawValue `asn1:"optional,tag:0"`
		More     asn1.RawValue `asn1:"optional,tag:1"`
	}
	stampImprint struct {
		Algorithm stampAlgorithm
		Digest    []byte
	}
	stampAlgorithm struct {
		OID  asn1.ObjectIdentifier
		Rest asn1.RawValue `asn1:"optional"`
	}
	stampAccuracy struct {
		Seconds int `asn1:"optional"`
		Millis  int `asn1:"optional,tag:0"`
		Micros  int `asn1:"optional,tag:1"`
	}
	stampContent struct {
		Type    asn1.ObjectIdentifier
		Content asn1.RawValue // [0] EXPLICIT
	}
	stampSigned struct {
		Version      int
		Digests      asn1.RawValue // SET OF AlgorithmIdentifier
		Content      stampContent
		Certificates asn1.RawValue `asn1:"optional,tag:0"`
		CRLs         asn1.RawValue `asn1:"optional,tag:1"`
		Signers      []stampSigner `asn1:"set"`
	}
	stampSigner struct {
		Version    int
		ID         asn1.RawValue // stampSignerID, or the key's id under [0]
		Digest     stampAlgorithm
		Attributes asn1.RawValue `asn1:"tag:0"`
		Algorithm  stampAlgorithm
		Value      []byte
		Unsigned   asn1.RawValue `asn1:"optional,tag:1"`
	}
	stampSignerID struct {
		Issuer asn1.RawValue
		Serial *big.Int
	}
	stampAttribute struct {
		Type   asn1.ObjectIdentifier
		Values []asn1.RawValue `asn1:"set"`
	}
	// stampCertID is SigningCertificateV2 with one certificate.
	stampCertID struct {
		Certificates []stampCertHash
	}
	stampCertHash struct {
		Algorithm stampAlgorithm
		Digest    []byte
	}
)

// stampName is an object identifier with what it is called.
type stampName int

const (
	oidSignedData stampName = iota
	oidSignedDataSM2
	oidStampInfo
	oidContentType
	oidMessageDigest
	oidSigningCert
	oidSM3
	oidSM2Sign
	oidSM2WithSM3
	oidSM2
	oidPolicy
)

// oid gives the numbers of a name.
func (n stampName) oid() asn1.ObjectIdentifier {
	switch n {
	case oidSignedData:
		return asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 7, 2}
	case oidSignedDataSM2:
		return asn1.ObjectIdentifier{1, 2, 156, 10197, 6, 1, 4, 2, 2}
	case oidStampInfo:
		return asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 9, 16, 1, 4}
	case oidContentType:
		return asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 9, 3}
	case oidMessageDigest:
		return asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 9, 4}
	case oidSigningCert:
		return asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 9, 16, 2, 47}
	case oidSM3:
		return asn1.ObjectIdentifier{1, 2, 156, 10197, 1, 401}
	case oidSM2Sign:
		return asn1.ObjectIdentifier{1, 2, 156, 10197, 1, 301, 1}
	case oidSM2WithSM3:
		return asn1.ObjectIdentifier{1, 2, 156, 10197, 1, 501}
	case oidSM2:
		return asn1.ObjectIdentifier{1, 2, 156, 10197, 1, 301}
	}
	return asn1.ObjectIdentifier{1, 2, 156, 10197, 6, 4, 1} // of the stand-in
}

// is tells whether an identifier is one of the names.
func is(oid asn1.ObjectIdentifier, names ...stampName) bool {
	return slices.ContainsFunc(names, func(n stampName) bool { return n.oid().Equal(oid) })
}

// whole is asn1.Unmarshal with nothing after it.
func whole(der []byte, into any) error {
	rest, err := asn1.Unmarshal(der, into)
	if err == nil && len(rest) > 0 {
		err = errors.New("more after its end")
	}
	if err != nil {
		return fmt.Errorf("%w: time stamp: %w", ErrFormat, err)
	}
	return nil
}

// VerifyTimeStamp reads a token of RFC 3161 made with SM2 and SM3 and checks all of it:
// that it is about one of the digests, that its signature fits, that the certificate is
// for time stamps, was valid then and was issued by one of the trusted authorities
// (without any, that is not checked). Errors: ErrFormat, ErrAlgorithm, ErrImprint,
// ErrSignature, ErrIssuer, ErrNotValid.
func VerifyTimeStamp(token []byte, over []Digest, trusted []*Certificate) (TimeStamp, error) {
	var t TimeStamp
	signed, content, err := parseStamp(token)
	if err != nil {
		return t, err
	}
	var info stampInfo
	if err := whole(content, &info); err != nil {
		return t, err
	}
	if !is(info.Imprint.Algorithm.OID, oidSM3) {
		return t, fmt.Errorf("%w: imprint by %s", ErrAlgorithm, info.Imprint.Algorithm.OID)
	}
	if !slices.ContainsFunc(over, func(d Digest) bool { return d.Equal(info.Imprint.Digest) }) {
		return t, ErrImprint
	}
	signer := signed.Signers[0]
	cert, err := stampCertificate(signed.Certificates, signer.ID, trusted)
	if err != nil {
		return t, err
	}
	if err := signer.verify(content, cert); err != nil {
		return t, err
	}
	t = TimeStamp{At: info.At.UTC(), Serial: fmt.Sprintf("%x", info.Serial), Authority: cert.CommonName(), Checked: len(trusted) > 0}
	return t, cert.mayStamp(trusted, t.At)
}

// parseStamp opens the envelope: one signer, and the content that is signed.
func parseStamp(token []byte) (stampSigned, []byte, error) {
	var s stampSigned
	if len(token) == 0 || len(token) > maxStamp {
		return s, nil, fmt.Errorf("%w: time stamp of %d bytes", ErrFormat, len(token))
	}
	var outer stampContent
	if err := whole(token, &outer); err != nil {
		return s, nil, err
	}
	if !is(outer.Type, oidSignedData, oidSignedDataSM2) || !explicit0(outer.Content) {
		return s, nil, fmt.Errorf("%w: time stamp is no signed data", ErrFormat)
	}
	if err := whole(outer.Content.Bytes, &s); err != nil {
		return s, nil, err
	}
	if !is(s.Content.Type, oidStampInfo) || !explicit0(s.Content.Content) || len(s.Signers) != 1 {
		return s, nil, fmt.Errorf("%w: signed data is no time stamp of one signer", ErrFormat)
	}
	if x := s.Signers[0]; !is(x.Digest.OID, oidSM3) || !is(x.Algorithm.OID, oidSM2Sign, oidSM2WithSM3, oidSM2) {
		return s, nil, fmt.Errorf("%w: signed by %s", ErrAlgorithm, x.Algorithm.OID)
	}
	var content []byte
	err := whole(s.Content.Content.Bytes, &content)
	return s, content, err
}

func explicit0(v asn1.RawValue) bool {
	return v.Class == asn1.ClassContextSpecific && v.Tag == 0 && v.IsCompound
}

// stampCertificate finds the signer's certificate in the token, or among the trusted.
func stampCertificate(in, id asn1.RawValue, trusted []*Certificate) (*Certificate, error) {
	list := trusted
	for rest := in.Bytes; len(rest) > 0; {
		var one asn1.RawValue
		var err error
		if rest, err = asn1.Unmarshal(rest, &one); err != nil {
			return nil, fmt.Errorf("%w: time stamp: %w", ErrFormat, err)
		}
		c, err := ParseCertificate(one.FullBytes)
		if err != nil {
			continue // of another kind of key: not the signer's of an SM2 stamp
		}
		list = append(slices.Clone(list), c)
	}
	var by stampSignerID
	if id.Class == asn1.ClassUniversal {
		if err := whole(id.FullBytes, &by); err != nil {
			return nil, err
		}
	}
	for _, c := range list {
		if by.Serial != nil && c.c.SerialNumber.Cmp(by.Serial) == 0 && bytes.Equal(c.c.RawIssuer, by.Issuer.FullBytes) ||
			by.Serial == nil && len(id.Bytes) > 0 && bytes.Equal(c.c.SubjectKeyId, id.Bytes) {
			return c, nil
		}
	}
	return nil, fmt.Errorf("%w: the time stamp's certificate is not at hand", ErrIssuer)
}

// verify checks the signed attributes against the content, and the signature.
func (s stampSigner) verify(content []byte, cert *Certificate) error {
	// The signature is over the attributes as the set that they are, not as the
	// tagged field in which they stand.
	set := append([]byte{0x31}, s.Attributes.FullBytes[1:]...)
	var list []stampAttribute
	rest, err := asn1.UnmarshalWithParams(set, &list, "set")
	if err != nil || len(rest) > 0 {
		return fmt.Errorf("%w: attributes of a time stamp: %w", ErrFormat, err)
	}
	if err := checkAttributes(list, content, cert); err != nil {
		return err
	}
	public, err := cert.PublicKey()
	if err != nil {
		return err
	}
	return public.Verify(set, s.Value)
}

func checkAttributes(list []stampAttribute, content []byte, cert *Certificate) error {
	var kind asn1.ObjectIdentifier
	var digest []byte
	var id stampCertID
	for _, a := range list {
		var err error
		switch {
		case len(a.Values) != 1:
			continue
		case is(a.Type, oidContentType):
			err = whole(a.Values[0].FullBytes, &kind)
		case is(a.Type, oidMessageDigest):
			err = whole(a.Values[0].FullBytes, &digest)
		case is(a.Type, oidSigningCert):
			err = whole(a.Values[0].FullBytes, &id)
		}
		if err != nil {
			return err
		}
	}
	of := SM3(content)
	if !is(kind, oidStampInfo) || !of.Equal(digest) {
		return fmt.Errorf("%w: the time stamp's content was altered", ErrSignature)
	}
	// Which certificate signs is itself signed, where the authority says so by SM3.
	if len(id.Certificates) == 0 || !is(id.Certificates[0].Algorithm.OID, oidSM3) {
		return nil
	}
	if of := SM3(cert.DER()); !of.Equal(id.Certificates[0].Digest) {
		return fmt.Errorf("%w: another certificate than the time stamp names", ErrSignature)
	}
	return nil
}

// mayStamp holds that a certificate is for time stamps: else every person of the same
// authority could make them.
func (c *Certificate) mayStamp(trusted []*Certificate, at time.Time) error {
	if !slices.Contains(c.c.ExtKeyUsage, smx509.ExtKeyUsage(x509.ExtKeyUsageTimeStamping)) {
		return fmt.Errorf("%w: %s is not for time stamps", ErrIssuer, c.CommonName())
	}
	if at.Before(c.NotBefore()) || at.After(c.NotAfter()) {
		return fmt.Errorf("%w: %s", ErrNotValid, c.SerialNumber())
	}
	if len(trusted) == 0 {
		return nil
	}
	return c.VerifyIssued(trusted, at)
}
