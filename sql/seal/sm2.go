package seal

import (
	"crypto/ecdsa"
	"crypto/rand"
	"encoding/hex"
	"fmt"
	"log/slog"

	"github.com/emmansun/gmsm/sm2"
	"github.com/emmansun/gmsm/smx509"
)

// PublicKey is an SM2 public key (curve sm2p256v1). It may be shown.
type PublicKey struct {
	key *ecdsa.PublicKey
	id  string
}

// PrivateKey is an SM2 private key held in software; it is a Signer and never
// prints itself.
type PrivateKey struct {
	pub    *PublicKey
	secret func() *sm2.PrivateKey // a function for the reason given at DataKey
}

var _ Signer = (*PrivateKey)(nil)

// GenerateSM2 makes a key pair.
func GenerateSM2() (*PrivateKey, error) {
	k, err := sm2.GenerateKey(rand.Reader)
	if err != nil {
		return nil, fmt.Errorf("seal: make SM2 key: %w", err)
	}
	return newPrivateKey(k)
}

func newPrivateKey(k *sm2.PrivateKey) (*PrivateKey, error) {
	pub, err := newPublicKey(&k.PublicKey)
	if err != nil {
		return nil, err
	}
	return &PrivateKey{pub, func() *sm2.PrivateKey { return k }}, nil
}

func newPublicKey(k *ecdsa.PublicKey) (*PublicKey, error) {
	if !sm2.IsSM2PublicKey(k) {
		return nil, fmt.Errorf("%w: not an SM2 key", ErrFormat)
	}
	der, err := smx509.MarshalPKIXPublicKey(k)
	if err != nil {
		return nil, fmt.Errorf("seal: SM2 public key: %w", err)
	}
	d := SM3(der)
	return &PublicKey{key: k, id: hex.EncodeToString(d[:8])}, nil
}

// ID returns 16 hexadecimal digits: the first 8 bytes of the SM3 of the key's
// SubjectPublicKeyInfo.
func (p *PublicKey) ID() string { return p.id }

// Verify checks an ASN.1 SM2 signature over message with the default user id
// 1234567812345678. Error: ErrSignature.
func (p *PublicKey) Verify(message, signature []byte) error {
	if !sm2.VerifyASN1WithSM2(p.key, nil, message, signature) {
		return fmt.Errorf("%w: SM2 key %s", ErrSignature, p.id)
	}
	return nil
}

// Wrap encrypts a few bytes (a data key) for the owner of the private key: SM2
// encryption of GB/T 32918.4 in the ASN.1 form of GM/T 0009 (C1, C3, C2).
func (p *PublicKey) Wrap(secret []byte) ([]byte, error) {
	if len(secret) == 0 {
		return nil, fmt.Errorf("%w: nothing to wrap", ErrFormat)
	}
	out, err := sm2.EncryptASN1(rand.Reader, p.key, secret)
	if err != nil {
		return nil, fmt.Errorf("seal: SM2 encrypt: %w", err)
	}
	return out, nil
}

// WrapKey wraps a data key that lives in software.
func (p *PublicKey) WrapKey(k DataKey) ([]byte, error) {
	if k.secret == nil {
		return nil, fmt.Errorf("%w: no key", ErrUnknownKey)
	}
	_, raw := k.secret()
	if raw == nil {
		return nil, fmt.Errorf("%w: key %q cannot leave where it lives", ErrUnknownKey, k.id)
	}
	return p.Wrap(raw)
}

// String shows the key's id.
func (p *PublicKey) String() string { return "SM2PublicKey(" + p.id + ")" }

// ID returns the id of the public half.
func (k *PrivateKey) ID() string { return k.pub.id }

// Public returns the public half.
func (k *PrivateKey) Public() *PublicKey { return k.pub }

// Sign returns an ASN.1 SM2 signature over the whole message; see Signer.
func (k *PrivateKey) Sign(message []byte) ([]byte, error) {
	sig, err := k.secret().Sign(rand.Reader, message, sm2.DefaultSM2SignerOpts)
	if err != nil {
		return nil, fmt.Errorf("seal: SM2 sign: %w", err)
	}
	return sig, nil
}

// Unwrap decrypts what Wrap made. Error: ErrOpen.
func (k *PrivateKey) Unwrap(wrapped []byte) ([]byte, error) {
	out, err := k.secret().Decrypt(rand.Reader, wrapped, sm2.ASN1DecrypterOpts)
	if err != nil {
		return nil, fmt.Errorf("%w: SM2 key %s", ErrOpen, k.pub.id)
	}
	return out, nil
}

// UnwrapKey decrypts a wrapped data key and gives it its id again.
func (k *PrivateKey) UnwrapKey(id string, wrapped []byte) (DataKey, error) {
	raw, err := k.Unwrap(wrapped)
	if err != nil {
		return DataKey{}, err
	}
	return NewDataKey(id, raw)
}

// String shows the public id only.
func (k *PrivateKey) String() string { return "SM2PrivateKey(" + k.pub.id + ", ***)" }

// GoString shows the public id only, also under %#v.
func (k *PrivateKey) GoString() string { return k.String() }

// LogValue shows the public id only in log lines.
func (k *PrivateKey) LogValue() slog.Value { return slog.StringValue(k.String()) }
