package seal

import (
	"bytes"
	"crypto/cipher"
	"crypto/rand"
	"fmt"
	"log/slog"

	"github.com/emmansun/gmsm/sm4"
)

const (
	sealedVersion = 1
	nonceSize     = 12
	tagSize       = 16
	maxKeyID      = 32
)

// DataKey is an SM4 key with an id, ready to seal and open. It is safe for
// concurrent use and prints only its id. The zero value opens and seals nothing.
type DataKey struct {
	id string
	// A function, because fmt asks no String method of a private field of somebody
	// else's struct and %s even follows its pointers; of functions it knows the address.
	secret func() (aead cipher.AEAD, raw []byte)
}

// NewDataKey makes a key of 16 bytes. The id has 1 to 32 characters of
// A-Z a-z 0-9 . _ - and travels in the clear with everything sealed.
func NewDataKey(id string, key []byte) (DataKey, error) {
	if !validName(id, maxKeyID) {
		return DataKey{}, fmt.Errorf("%w: key id of 1 to %d letters, digits, '.', '_' or '-' expected", ErrFormat, maxKeyID)
	}
	if len(key) != 16 {
		return DataKey{}, fmt.Errorf("%w: SM4 key of %d bytes, want 16", ErrFormat, len(key))
	}
	block, err := sm4.NewCipher(key)
	if err != nil {
		return DataKey{}, fmt.Errorf("seal: SM4 key: %w", err)
	}
	aead, err := cipher.NewGCM(block)
	if err != nil {
		return DataKey{}, fmt.Errorf("seal: SM4-GCM: %w", err)
	}
	raw := bytes.Clone(key)
	return DataKey{id, func() (cipher.AEAD, []byte) { return aead, raw }}, nil
}

// NewRandomDataKey makes a fresh key, for one file, process or day.
func NewRandomDataKey(id string) (DataKey, error) {
	var key [16]byte
	rand.Read(key[:]) // never fails: it ends the program instead
	return NewDataKey(id, key[:])
}

// NewDataKeyAEAD makes a key whose SM4-GCM (12-byte nonce, 16-byte tag) runs
// elsewhere, such as in a crypto machine. Such a key cannot be wrapped.
func NewDataKeyAEAD(id string, aead cipher.AEAD) (DataKey, error) {
	if !validName(id, maxKeyID) || aead.NonceSize() != nonceSize || aead.Overhead() != tagSize {
		return DataKey{}, fmt.Errorf("%w: key id or cipher does not fit SM4-GCM", ErrFormat)
	}
	return DataKey{id, func() (cipher.AEAD, []byte) { return aead, nil }}, nil
}

// ID returns the key's id.
func (k DataKey) ID() string { return k.id }

// Seal encrypts plain and binds it to aad, which must be given again to open (table,
// column and row, say). A nonce is random, so one key may seal 2³² times.
//
//	0x01 ‖ len(id) ‖ id ‖ nonce (12) ‖ ciphertext ‖ tag (16)
//
// The tag covers everything before the ciphertext, then aad.
func (k DataKey) Seal(aad, plain []byte) ([]byte, error) {
	if k.secret == nil {
		return nil, fmt.Errorf("%w: no key", ErrUnknownKey)
	}
	aead, _ := k.secret()
	header := 2 + len(k.id) + nonceSize
	out := make([]byte, header, header+len(plain)+tagSize)
	out[0], out[1] = sealedVersion, byte(len(k.id))
	copy(out[2:], k.id)
	nonce := out[header-nonceSize : header]
	rand.Read(nonce)
	return aead.Seal(out, nonce, plain, bind(out, aad)), nil
}

// Open decrypts what Seal made. Errors: ErrFormat, ErrUnknownKey when the bytes name
// another key, ErrOpen.
func (k DataKey) Open(aad, sealed []byte) ([]byte, error) {
	id, header, err := splitSealed(sealed)
	if err != nil {
		return nil, err
	}
	if k.secret == nil || id != k.id {
		return nil, fmt.Errorf("%w: sealed with %q, this is %q", ErrUnknownKey, id, k.id)
	}
	aead, _ := k.secret()
	plain, err := aead.Open(nil, header[len(header)-nonceSize:], sealed[len(header):], bind(header, aad))
	if err != nil {
		return nil, ErrOpen // the library's text adds nothing, and must not: see ErrOpen
	}
	return plain, nil
}

// KeyID reads which key sealed the bytes, without opening them.
func KeyID(sealed []byte) (string, error) {
	id, _, err := splitSealed(sealed)
	return id, err
}

func splitSealed(sealed []byte) (id string, header []byte, err error) {
	if len(sealed) < 2 || sealed[0] != sealedVersion {
		return "", nil, fmt.Errorf("%w: not sealed bytes of version %d", ErrFormat, sealedVersion)
	}
	n := int(sealed[1])
	if len(sealed) < 2+n+nonceSize+tagSize {
		return "", nil, fmt.Errorf("%w: sealed bytes are too short", ErrFormat)
	}
	id = string(sealed[2 : 2+n])
	if !validName(id, maxKeyID) {
		return "", nil, fmt.Errorf("%w: sealed bytes name no valid key", ErrFormat)
	}
	return id, sealed[:2+n+nonceSize], nil
}

// bind needs no length between header and aad: the header ends where its own
// length byte says.
func bind(header, aad []byte) []byte { return bytes.Join([][]byte{header, aad}, nil) }

// String shows the id only.
func (k DataKey) String() string { return "DataKey(" + k.id + ")" }

// GoString shows the id only, also under %#v.
func (k DataKey) GoString() string { return k.String() }

// LogValue shows the id only in log lines.
func (k DataKey) LogValue() slog.Value { return slog.StringValue(k.String()) }

func validName(s string, max int) bool {
	if len(s) == 0 || len(s) > max {
		return false
	}
	for _, c := range []byte(s) {
		if !(c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9' || c == '.' || c == '_' || c == '-') {
			return false
		}
	}
	return true
}
