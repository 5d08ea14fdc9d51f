package seal

import (
	"bytes"
	"errors"
	"testing"
)

func TestSealerRotation(t *testing.T) {
	keys := NewMemoryKeys()
	s := NewSealer(keys)
	old, err := s.SealString("patient", "phone/1", "13800000000")
	if err != nil {
		t.Fatal(err)
	}
	index, err := s.Index("patient", "13800000000")
	if err != nil {
		t.Fatal(err)
	}
	keys.Rotate()
	if got, err := s.OpenString("patient", "phone/1", old); err != nil || got != "13800000000" {
		t.Errorf("after rotation: %q, %v", got, err)
	}
	fresh, err := s.SealString("patient", "phone/1", "13800000000")
	if err != nil {
		t.Fatal(err)
	}
	if id, err := KeyID(fresh); err != nil || id != "k2" {
		t.Errorf("sealed with %q, %v", id, err)
	}
	if again, err := s.Index("patient", "13800000000"); err != nil || !bytes.Equal(index, again) {
		t.Errorf("the index moved with the rotation: %v", err)
	}
}

func TestSealerPurposesAreApart(t *testing.T) {
	s := NewSealer(NewMemoryKeys())
	sealed, err := s.SealString("patient", "a", "plain")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := s.OpenString("audit", "a", sealed); !errors.Is(err, ErrOpen) {
		t.Errorf("opens for another purpose: %v", err)
	}
	a, errA := s.Index("patient.phone", "1")
	b, errB := s.Index("patient.id", "1")
	m, errM := s.MAC("patient.phone", []byte("1"))
	if errA != nil || errB != nil || errM != nil {
		t.Fatal(errA, errB, errM)
	}
	if bytes.Equal(a, b) || bytes.Equal(a, m) {
		t.Error("two purposes or uses give one value")
	}
	if _, err := s.Seal("", "a", nil); !errors.Is(err, ErrFormat) {
		t.Errorf("empty purpose: %v", err)
	}
	if _, err := s.Index("a b", "1"); !errors.Is(err, ErrFormat) {
		t.Errorf("purpose with a space: %v", err)
	}
}

func TestSealerEmptyText(t *testing.T) {
	s := NewSealer(NewMemoryKeys())
	sealed, err := s.SealString("patient", "a", "")
	if err != nil || sealed != nil {
		t.Errorf("%x, %v", sealed, err)
	}
	if got, err := s.OpenString("patient", "a", nil); err != nil || got != "" {
		t.Errorf("%q, %v", got, err)
	}
	if index, err := s.Index("patient", ""); err != nil || index != nil {
		t.Errorf("%x, %v", index, err)
	}
}

func TestSealerMAC(t *testing.T) {
	s := NewSealer(NewMemoryKeys())
	mac, err := s.MAC("identity.role", []byte("row"))
	if err != nil {
		t.Fatal(err)
	}
	if err := s.VerifyMAC("identity.role", []byte("row"), mac); err != nil {
		t.Error(err)
	}
	for name, c := range map[string]struct{ data, mac []byte }{
		"row altered": {[]byte("rov"), mac},
		"mac cut":     {[]byte("row"), mac[:31]},
		"mac missing": {[]byte("row"), nil},
		"mac altered": {[]byte("row"), append([]byte{mac[0] ^ 1}, mac[1:]...)},
	} {
		if err := s.VerifyMAC("identity.role", c.data, c.mac); !errors.Is(err, ErrSignature) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if _, err := (MACKey{}).MAC(nil); !errors.Is(err, ErrUnknownKey) {
		t.Errorf("zero key: %v", err)
	}
	if _, err := NewMACKey(make([]byte, 15)); !errors.Is(err, ErrFormat) {
		t.Errorf("short key: %v", err)
	}
}
