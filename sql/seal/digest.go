package seal

import (
	"crypto/hmac"
	"encoding/hex"
	"fmt"
	"hash"

	"github.com/emmansun/gmsm/sm3"
)

// Digest is an SM3 digest or HMAC-SM3 code: 32 bytes. It may be logged.
type Digest [32]byte

// SM3 returns the digest of data (GB/T 32905-2016).
func SM3(data []byte) Digest { return sm3.Sum(data) }

// NewSM3 returns a running SM3 for data that comes in pieces.
func NewSM3() hash.Hash { return sm3.New() }

// HMAC returns the HMAC-SM3 (GB/T 15852.2) of the parts written one after the
// other. The caller separates the parts: their borders are not part of the code.
func HMAC(key []byte, parts ...[]byte) Digest {
	h := hmac.New(sm3.New, key)
	for _, p := range parts {
		h.Write(p)
	}
	return sum(h)
}

// String returns the digest in 64 lower-case hexadecimal digits.
func (d Digest) String() string { return hex.EncodeToString(d[:]) }

// IsZero says whether the digest is the all-zero start of a chain.
func (d Digest) IsZero() bool { return d == Digest{} }

// Equal compares in constant time; b of another length is unequal.
func (d Digest) Equal(b []byte) bool { return hmac.Equal(d[:], b) }

// ParseDigest reads 64 hexadecimal digits.
func ParseDigest(s string) (Digest, error) {
	b, err := hex.DecodeString(s)
	if err != nil {
		return Digest{}, fmt.Errorf("%w: digest is not hexadecimal", ErrFormat)
	}
	return DigestOf(b)
}

// DigestOf makes a Digest of exactly 32 bytes, as they come from a column.
func DigestOf(b []byte) (Digest, error) {
	if len(b) != len(Digest{}) {
		return Digest{}, fmt.Errorf("%w: digest of %d bytes, want 32", ErrFormat, len(b))
	}
	return Digest(b), nil
}

func sum(h hash.Hash) (d Digest) {
	h.Sum(d[:0])
	return d
}
