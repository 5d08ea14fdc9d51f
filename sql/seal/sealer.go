package seal

import "fmt"

// Sealer seals columns: it picks keys by purpose and finds the right key again when
// opening.
type Sealer struct{ keys KeyProvider }

// NewSealer makes a Sealer over the keys.
func NewSealer(keys KeyProvider) *Sealer { return &Sealer{keys: keys} }

// Keys returns the provider, for chains and signatures.
func (s *Sealer) Keys() KeyProvider { return s.keys }

// Seal encrypts plain with the purpose's current key. aad says where the value
// stands ("patient.id_no/42"); a sealed value moved elsewhere does not open.
func (s *Sealer) Seal(p Purpose, aad string, plain []byte) ([]byte, error) {
	k, err := s.keys.DataKey(p)
	if err != nil {
		return nil, fmt.Errorf("seal for %s: %w", p, err)
	}
	return k.Seal([]byte(aad), plain)
}

// Open decrypts with the key the bytes name. Errors: ErrFormat, ErrUnknownKey, ErrOpen.
func (s *Sealer) Open(p Purpose, aad string, sealed []byte) ([]byte, error) {
	id, err := KeyID(sealed)
	if err != nil {
		return nil, fmt.Errorf("open for %s: %w", p, err)
	}
	k, err := s.keys.DataKeyByID(p, id)
	if err != nil {
		return nil, fmt.Errorf("open for %s: %w", p, err)
	}
	plain, err := k.Open([]byte(aad), sealed)
	if err != nil {
		return nil, fmt.Errorf("open for %s: %w", p, err)
	}
	return plain, nil
}

// SealString is Seal for text. An empty text is nil, which a column stores as NULL.
func (s *Sealer) SealString(p Purpose, aad, plain string) ([]byte, error) {
	if plain == "" {
		return nil, nil
	}
	return s.Seal(p, aad, []byte(plain))
}

// OpenString is Open for text; nil or empty bytes are the empty text.
func (s *Sealer) OpenString(p Purpose, aad string, sealed []byte) (string, error) {
	if len(sealed) == 0 {
		return "", nil
	}
	plain, err := s.Open(p, aad, sealed)
	return string(plain), err
}

// Index returns the 32-byte look-up value of a text that the caller has normalised
// (case, width, spaces). Different kinds of text need different purposes. An empty
// text is nil, so that persons without a telephone do not all have the same one.
func (s *Sealer) Index(p Purpose, normalised string) ([]byte, error) {
	if normalised == "" {
		return nil, nil
	}
	k, err := s.keys.MACKey(p)
	if err != nil {
		return nil, fmt.Errorf("index for %s: %w", p, err)
	}
	d, err := k.Index(normalised)
	if err != nil {
		return nil, fmt.Errorf("index for %s: %w", p, err)
	}
	return d[:], nil
}

// MAC returns the 32-byte code of a row's canonical bytes.
func (s *Sealer) MAC(p Purpose, data []byte) ([]byte, error) {
	k, err := s.keys.MACKey(p)
	if err != nil {
		return nil, fmt.Errorf("row code for %s: %w", p, err)
	}
	d, err := k.MAC(data)
	if err != nil {
		return nil, fmt.Errorf("row code for %s: %w", p, err)
	}
	return d[:], nil
}

// VerifyMAC checks a row's code; ErrSignature when the row was altered.
func (s *Sealer) VerifyMAC(p Purpose, data, mac []byte) error {
	k, err := s.keys.MACKey(p)
	if err != nil {
		return fmt.Errorf("row code for %s: %w", p, err)
	}
	return k.Verify(data, mac)
}
