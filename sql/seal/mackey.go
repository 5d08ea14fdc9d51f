package seal

import (
	"fmt"
	"log/slog"
)

// MACKey is an HMAC-SM3 key of one purpose. It makes look-up indexes and row codes,
// is safe for concurrent use and never prints itself.
type MACKey struct {
	code func(parts ...[]byte) (Digest, error)
}

// The two uses of one key are kept apart by a first piece that no caller chooses. None
// is a prefix of the other.
const (
	indexTag = "jfindex\x01"
	rowTag   = "jfmac\x00\x00\x01"
)

// NewMACKey makes a key of at least 16 bytes.
func NewMACKey(key []byte) (MACKey, error) {
	if len(key) < 16 {
		return MACKey{}, fmt.Errorf("%w: HMAC key of %d bytes, want 16 or more", ErrFormat, len(key))
	}
	own := append([]byte(nil), key...)
	return MACKey{func(parts ...[]byte) (Digest, error) { return HMAC(own, parts...), nil }}, nil
}

// NewMACKeyFunc makes a key whose HMAC-SM3 over the joined parts runs elsewhere,
// such as in a crypto machine.
func NewMACKeyFunc(code func(parts ...[]byte) (Digest, error)) MACKey { return MACKey{code} }

// Index returns the look-up value of a normalised text: equal texts have equal
// values, and nobody without the key can try out texts.
func (k MACKey) Index(normalised string) (Digest, error) {
	return k.sum(indexTag, []byte(normalised))
}

// MAC returns the code of a row's canonical bytes.
func (k MACKey) MAC(data []byte) (Digest, error) { return k.sum(rowTag, data) }

// Verify compares a stored code with the row's bytes in constant time. Its error is
// ErrSignature when they do not fit.
func (k MACKey) Verify(data, mac []byte) error {
	d, err := k.MAC(data)
	if err != nil {
		return err
	}
	if !d.Equal(mac) {
		return fmt.Errorf("%w: row code", ErrSignature)
	}
	return nil
}

func (k MACKey) sum(tag string, data []byte) (Digest, error) {
	if k.code == nil {
		return Digest{}, fmt.Errorf("%w: no HMAC key", ErrUnknownKey)
	}
	d, err := k.code([]byte(tag), data)
	if err != nil {
		return Digest{}, fmt.Errorf("seal: HMAC-SM3: %w", err)
	}
	return d, nil
}

// String hides the key.
func (k MACKey) String() string { return "MACKey(***)" }

// GoString hides the key, also under %#v.
func (k MACKey) GoString() string { return k.String() }

// LogValue hides the key in log lines.
func (k MACKey) LogValue() slog.Value { return slog.StringValue(k.String()) }
