package seal

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/rand"
	"encoding/binary"
	"encoding/pem"
	"fmt"

	"github.com/emmansun/gmsm/pkcs8"
	"github.com/emmansun/gmsm/sm2"
	"github.com/emmansun/gmsm/smx509"
)

const (
	pemPublic    = "PUBLIC KEY"
	pemPrivate   = "PRIVATE KEY"
	pemPKCS8     = "ENCRYPTED PRIVATE KEY"
	pemProtected = "JINGFANG ENCRYPTED PRIVATE KEY"

	// protectedKeyID stands where sealed bytes name their key.
	protectedKeyID  = "passphrase"
	protectedSalt   = 16
	protectedHeader = 1 + 4 + protectedSalt
)

// MarshalPEM writes the public key as SubjectPublicKeyInfo, which openssl reads.
func (p *PublicKey) MarshalPEM() ([]byte, error) {
	der, err := smx509.MarshalPKIXPublicKey(p.key)
	if err != nil {
		return nil, fmt.Errorf("seal: SM2 public key: %w", err)
	}
	return pem.EncodeToMemory(&pem.Block{Type: pemPublic, Bytes: der}), nil
}

// ParsePublicPEM reads an SM2 public key, ours or one that openssl wrote.
func ParsePublicPEM(text []byte) (*PublicKey, error) {
	block, _ := pem.Decode(text)
	if block == nil || block.Type != pemPublic {
		return nil, fmt.Errorf("%w: no PEM public key", ErrFormat)
	}
	key, err := smx509.ParsePKIXPublicKey(block.Bytes)
	if err != nil {
		return nil, fmt.Errorf("%w: public key: %w", ErrFormat, err)
	}
	ec, ok := key.(*ecdsa.PublicKey)
	if !ok {
		return nil, fmt.Errorf("%w: not an SM2 public key", ErrFormat)
	}
	return newPublicKey(ec)
}

// MarshalPEM writes the private key in the clear as PKCS#8, which openssl reads. The
// result is secret.
func (k *PrivateKey) MarshalPEM() ([]byte, error) {
	der, err := smx509.MarshalPKCS8PrivateKey(k.secret())
	if err != nil {
		return nil, fmt.Errorf("seal: SM2 private key: %w", err)
	}
	return pem.EncodeToMemory(&pem.Block{Type: pemPrivate, Bytes: der}), nil
}

// MarshalProtectedPEM writes the private key under a passphrase: PBKDF2-HMAC-SM3 and
// SM4-GCM in the format of FORMAT.md §6. (openssl 3.0 knows no PBKDF2 with SM3, and
// PKCS#8 would not notice altered bytes.)
func (k *PrivateKey) MarshalProtectedPEM(passphrase string, rounds int) ([]byte, error) {
	if len(passphrase) == 0 || len(passphrase) > maxPassword || rounds < minRounds || rounds > maxRounds {
		return nil, fmt.Errorf("%w: passphrase length or rounds", ErrFormat)
	}
	der, err := smx509.MarshalPKCS8PrivateKey(k.secret())
	if err != nil {
		return nil, fmt.Errorf("seal: SM2 private key: %w", err)
	}
	header := make([]byte, protectedHeader)
	header[0] = 1
	binary.BigEndian.PutUint32(header[1:], uint32(rounds))
	rand.Read(header[5:])
	key, err := protectionKey(passphrase, header)
	if err != nil {
		return nil, err
	}
	sealed, err := key.Seal(header, der)
	if err != nil {
		return nil, err
	}
	body := bytes.Join([][]byte{header, sealed}, nil)
	return pem.EncodeToMemory(&pem.Block{Type: pemProtected, Bytes: body}), nil
}

func protectionKey(passphrase string, header []byte) (DataKey, error) {
	rounds := int(binary.BigEndian.Uint32(header[1:5]))
	if header[0] != 1 || rounds < minRounds || rounds > maxRounds {
		return DataKey{}, fmt.Errorf("%w: protected key of version %d with %d rounds", ErrFormat, header[0], rounds)
	}
	raw, err := passwordKey(passphrase, header[5:protectedHeader], rounds, 16)
	if err != nil {
		return DataKey{}, err
	}
	return NewDataKey(protectedKeyID, raw)
}

// ParsePrivatePEM reads an SM2 private key: ours with or without a passphrase, and
// PKCS#8 files that openssl wrote, encrypted or not. Errors: ErrPassphrase, ErrFormat.
func ParsePrivatePEM(text []byte, passphrase string) (*PrivateKey, error) {
	block, _ := pem.Decode(text)
	if block == nil {
		return nil, fmt.Errorf("%w: no PEM private key", ErrFormat)
	}
	der, err := block.Bytes, error(nil)
	switch block.Type {
	case pemPrivate:
		passphrase = ""
	case pemPKCS8:
		if passphrase == "" {
			return nil, ErrPassphrase
		}
	case pemProtected:
		der, err = openProtected(block.Bytes, passphrase)
		passphrase = ""
	default:
		return nil, fmt.Errorf("%w: PEM block is no private key", ErrFormat)
	}
	if err != nil {
		return nil, err
	}
	return parsePKCS8(der, passphrase)
}

func openProtected(body []byte, passphrase string) ([]byte, error) {
	if len(body) < protectedHeader {
		return nil, fmt.Errorf("%w: protected key is cut short", ErrFormat)
	}
	header := body[:protectedHeader]
	key, err := protectionKey(passphrase, header)
	if err != nil {
		return nil, err
	}
	der, err := key.Open(header, body[protectedHeader:])
	if err != nil {
		return nil, fmt.Errorf("%w (%w)", ErrPassphrase, err)
	}
	return der, nil
}

func parsePKCS8(der []byte, passphrase string) (*PrivateKey, error) {
	key, err := pkcs8.ParsePKCS8PrivateKey(der, []byte(passphrase))
	if err != nil && passphrase != "" {
		return nil, fmt.Errorf("%w (%w)", ErrPassphrase, err)
	}
	if err != nil {
		return nil, fmt.Errorf("%w: private key", ErrFormat) // the cause could quote the key
	}
	k, ok := key.(*sm2.PrivateKey)
	if !ok {
		return nil, fmt.Errorf("%w: not an SM2 private key", ErrFormat)
	}
	return newPrivateKey(k)
}
