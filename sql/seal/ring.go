package seal

import (
	"crypto/rand"
	"encoding/binary"
	"fmt"
	"log/slog"
	"sync"
)

const rootSize = 32

// ring holds root keys and derives from them; KeyDir and MemoryKeys are rings that
// are filled differently. Roots are behind pointers so that no %+v prints them.
type ring struct {
	mu      sync.RWMutex
	roots   map[string]*[rootSize]byte // data roots by id: "k1", "k2", …
	current string
	mac     *[rootSize]byte // never changes once the ring is in use, so it needs no lock
	signer  *PrivateKey
	publics map[string]*PublicKey
	officer *PublicKey
	derived map[derivedID]DataKey
}

type derivedID struct {
	purpose Purpose
	id      string
}

func newRing() ring {
	return ring{
		roots:   map[string]*[rootSize]byte{},
		publics: map[string]*PublicKey{},
		derived: map[derivedID]DataKey{},
	}
}

func newRoot() *[rootSize]byte {
	var k [rootSize]byte
	rand.Read(k[:])
	return &k
}

// derive is the key derivation of NIST SP 800-108 in counter mode with HMAC-SM3, one
// block: HMAC(root, uint32 1 ‖ label ‖ 0x00 ‖ purpose ‖ uint32 256).
func derive(root *[rootSize]byte, label string, p Purpose) Digest {
	var one, bits [4]byte
	binary.BigEndian.PutUint32(one[:], 1)
	binary.BigEndian.PutUint32(bits[:], 256)
	return HMAC(root[:], one[:], []byte(label), []byte{0}, []byte(p), bits[:])
}

func deriveDataKey(root *[rootSize]byte, p Purpose, id string) (DataKey, error) {
	k := derive(root, "jingfang data key", p)
	return NewDataKey(id, k[:16])
}

// DataKey returns the key that seals new values; see KeyProvider.
func (r *ring) DataKey(p Purpose) (DataKey, error) {
	r.mu.RLock()
	id := r.current
	r.mu.RUnlock()
	return r.DataKeyByID(p, id)
}

// DataKeyByID returns an earlier or the current key; see KeyProvider.
func (r *ring) DataKeyByID(p Purpose, id string) (DataKey, error) {
	if err := p.Valid(); err != nil {
		return DataKey{}, err
	}
	r.mu.RLock()
	k, known := r.derived[derivedID{p, id}]
	root := r.roots[id]
	r.mu.RUnlock()
	if known {
		return k, nil
	}
	if root == nil {
		return DataKey{}, fmt.Errorf("%w: %q", ErrUnknownKey, id)
	}
	k, err := deriveDataKey(root, p, id)
	if err != nil {
		return DataKey{}, err
	}
	r.mu.Lock()
	r.derived[derivedID{p, id}] = k
	r.mu.Unlock()
	return k, nil
}

// MACKey returns the HMAC key of the purpose; see KeyProvider.
func (r *ring) MACKey(p Purpose) (MACKey, error) {
	if err := p.Valid(); err != nil {
		return MACKey{}, err
	}
	k := derive(r.mac, "jingfang mac key", p)
	return NewMACKey(k[:])
}

// Signer returns the current signing key; see KeyProvider.
func (r *ring) Signer() (Signer, error) {
	r.mu.RLock()
	defer r.mu.RUnlock()
	return r.signer, nil
}

// PublicKey returns a signing public key by id; see KeyProvider.
func (r *ring) PublicKey(id string) (*PublicKey, error) {
	r.mu.RLock()
	defer r.mu.RUnlock()
	if p := r.publics[id]; p != nil {
		return p, nil
	}
	return nil, fmt.Errorf("%w: SM2 public key %q", ErrUnknownKey, id)
}

// LogWrapKey returns the log officer's public key; see KeyProvider.
func (r *ring) LogWrapKey() (*PublicKey, error) {
	r.mu.RLock()
	defer r.mu.RUnlock()
	if r.officer == nil {
		return nil, ErrNoLogOfficer
	}
	return r.officer, nil
}

// Fingerprint tells key sets apart without revealing them: 16 hexadecimal digits. A
// database remembers it, so that a server started with other keys is refused before
// it seals anything.
func (r *ring) Fingerprint() string {
	return derive(r.mac, "jingfang key set", "").String()[:16]
}

// String hides the keys.
func (r *ring) String() string { return "seal keys(***)" }

// GoString hides the keys, also under %#v.
func (r *ring) GoString() string { return r.String() }

// LogValue hides the keys in log lines.
func (r *ring) LogValue() slog.Value { return slog.StringValue(r.String()) }

func (r *ring) addRoot(n int, root *[rootSize]byte) {
	r.current = dataKeyID(n)
	r.roots[r.current] = root
}

func (r *ring) addSigner(k *PrivateKey) {
	r.signer = k
	r.publics[k.ID()] = k.Public()
}

func dataKeyID(n int) string { return fmt.Sprintf("k%d", n) }
