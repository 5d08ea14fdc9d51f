package seal

import "fmt"

// MemoryKeys is a KeyProvider that forgets everything when the program ends: for
// tests. Unlike a server it also knows the log officer's private key.
type MemoryKeys struct {
	ring
	officerKey *PrivateKey
}

var _ KeyProvider = (*MemoryKeys)(nil)

// NewMemoryKeys makes a full set of fresh keys.
func NewMemoryKeys() *MemoryKeys {
	m := &MemoryKeys{ring: newRing(), officerKey: mustSM2()}
	m.mac = newRoot()
	m.addRoot(1, newRoot())
	m.addSigner(mustSM2())
	m.officer = m.officerKey.Public()
	return m
}

// Rotate makes a new current data key and signing key; the old ones still open and
// verify.
func (m *MemoryKeys) Rotate() {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.addRoot(len(m.roots)+1, newRoot())
	m.addSigner(mustSM2())
}

// LogOfficer returns the private key that a real server does not have.
func (m *MemoryKeys) LogOfficer() *PrivateKey { return m.officerKey }

// mustSM2 may panic: key generation fails only without randomness, and then
// crypto/rand has ended the program already.
func mustSM2() *PrivateKey {
	k, err := GenerateSM2()
	if err != nil {
		panic(fmt.Sprintf("seal: %v", err))
	}
	return k
}
