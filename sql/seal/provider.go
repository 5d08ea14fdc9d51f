package seal

import "fmt"

// Purpose names what keys are used for, such as "patient" or "audit": 1 to 64
// characters of A-Z a-z 0-9 . _ -. Each purpose has keys of its own, so what is
// sealed for one does not open for another. A caller declares its purposes as
// constants and never renames them.
type Purpose string

// Valid says whether the purpose may name keys.
func (p Purpose) Valid() error {
	if !validName(string(p), 64) {
		return fmt.Errorf("%w: purpose %q", ErrFormat, string(p))
	}
	return nil
}

// KeyProvider is where keys come from: KeyDir and MemoryKeys in software, a crypto
// machine later. All methods are safe for concurrent use.
type KeyProvider interface {
	// DataKey returns the key that seals new values of the purpose.
	DataKey(p Purpose) (DataKey, error)
	// DataKeyByID returns an earlier or the current key, to open. Error: ErrUnknownKey.
	DataKeyByID(p Purpose, id string) (DataKey, error)
	// MACKey returns the HMAC-SM3 key of the purpose. It is never rotated: every
	// stored index would be lost.
	MACKey(p Purpose) (MACKey, error)
	// Signer returns the server's current SM2 signing key.
	Signer() (Signer, error)
	// PublicKey returns the server's signing public key with the id, current or
	// earlier. Error: ErrUnknownKey.
	PublicKey(id string) (*PublicKey, error)
	// LogWrapKey returns the log officer's public key, for which the data keys of the
	// transfer log are wrapped. The private half is not on the server.
	// Error: ErrNoLogOfficer.
	LogWrapKey() (*PublicKey, error)
}

// Signer signs with an SM2 private key that may live in a machine.
type Signer interface {
	// ID returns the id of the public key, to be stored beside the signature.
	ID() string
	// Public returns the public key.
	Public() *PublicKey
	// Sign returns the ASN.1 SM2 signature (GB/T 32918.2, SM3, user id
	// 1234567812345678) over the whole message, which is hashed here.
	Sign(message []byte) ([]byte, error)
}
