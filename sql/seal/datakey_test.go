package seal

import (
	"bytes"
	"crypto/cipher"
	"errors"
	"strings"
	"sync"
	"testing"
)

func testKey(t testing.TB, id string) DataKey {
	t.Helper()
	k, err := NewRandomDataKey(id)
	if err != nil {
		t.Fatal(err)
	}
	return k
}

func rawOf(k DataKey) []byte { _, raw := k.secret(); return raw }

func aeadOf(k DataKey) cipher.AEAD { aead, _ := k.secret(); return aead }

func TestSealOpen(t *testing.T) {
	k := testKey(t, "k1")
	for _, plain := range []string{"", "x", "演示", strings.Repeat("a", 100_000)} {
		sealed, err := k.Seal([]byte("aad"), []byte(plain))
		if err != nil {
			t.Fatal(err)
		}
		got, err := k.Open([]byte("aad"), sealed)
		if err != nil || string(got) != plain {
			t.Errorf("%d bytes: %v", len(plain), err)
		}
		if len(plain) > 3 && bytes.Contains(sealed, []byte(plain)) {
			t.Error("the plain text shows")
		}
	}
	a, errA := k.Seal(nil, []byte("same"))
	b, errB := k.Seal(nil, []byte("same"))
	if errA != nil || errB != nil || bytes.Equal(a, b) {
		t.Error("sealing twice gives the same bytes")
	}
}

func TestOpenRefusesEveryFlippedBit(t *testing.T) {
	k := testKey(t, "k1")
	sealed, err := k.Seal([]byte("aad"), []byte("plain"))
	if err != nil {
		t.Fatal(err)
	}
	for i := range len(sealed) * 8 {
		bad := bytes.Clone(sealed)
		bad[i/8] ^= 1 << (i % 8)
		_, err := k.Open([]byte("aad"), bad)
		want := ErrOpen
		switch {
		case i/8 == 0:
			want = ErrFormat // version
		case i/8 < 4:
			want = nil // length or id: ErrFormat or ErrUnknownKey
		}
		if err == nil || want != nil && !errors.Is(err, want) {
			t.Errorf("bit %d flipped: %v", i, err)
		}
	}
	for n := range sealed {
		if _, err := k.Open([]byte("aad"), sealed[:n]); err == nil {
			t.Errorf("cut to %d bytes: opens", n)
		}
	}
	if _, err := k.Open([]byte("aad"), append(sealed, 0)); !errors.Is(err, ErrOpen) {
		t.Errorf("one byte more: %v", err)
	}
}

func TestOpenRefusesOtherPlaceAndKey(t *testing.T) {
	k := testKey(t, "k1")
	sealed, err := k.Seal([]byte("phone/1"), []byte("plain"))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := k.Open([]byte("phone/2"), sealed); !errors.Is(err, ErrOpen) {
		t.Errorf("other place: %v", err)
	}
	if _, err := testKey(t, "k1").Open([]byte("phone/1"), sealed); !errors.Is(err, ErrOpen) {
		t.Errorf("other key of the same id: %v", err)
	}
	if _, err := testKey(t, "k2").Open([]byte("phone/1"), sealed); !errors.Is(err, ErrUnknownKey) {
		t.Errorf("other id: %v", err)
	}
	if _, err := (DataKey{}).Open(nil, sealed); !errors.Is(err, ErrUnknownKey) {
		t.Errorf("zero key opens: %v", err)
	}
	if _, err := (DataKey{}).Seal(nil, nil); !errors.Is(err, ErrUnknownKey) {
		t.Errorf("zero key seals: %v", err)
	}
}

func TestNewDataKeyRefuses(t *testing.T) {
	for _, id := range []string{"", "a b", "键", strings.Repeat("k", 33), "a/b", "a\x00"} {
		if _, err := NewDataKey(id, make([]byte, 16)); !errors.Is(err, ErrFormat) {
			t.Errorf("id %q: %v", id, err)
		}
	}
	for _, n := range []int{0, 15, 17, 32} {
		if _, err := NewDataKey("k1", make([]byte, n)); !errors.Is(err, ErrFormat) {
			t.Errorf("key of %d bytes: %v", n, err)
		}
	}
}

func TestNewDataKeyAEAD(t *testing.T) {
	soft := testKey(t, "k1")
	hard, err := NewDataKeyAEAD("k1", aeadOf(soft))
	if err != nil {
		t.Fatal(err)
	}
	sealed, err := hard.Seal([]byte("a"), []byte("plain"))
	if err != nil {
		t.Fatal(err)
	}
	if got, err := soft.Open([]byte("a"), sealed); err != nil || string(got) != "plain" {
		t.Errorf("%q, %v", got, err)
	}
	if _, err := NewMemoryKeys().LogOfficer().Public().WrapKey(hard); !errors.Is(err, ErrUnknownKey) {
		t.Errorf("a key outside was wrapped: %v", err)
	}
}

func TestDataKeyConcurrent(t *testing.T) {
	s := NewSealer(NewMemoryKeys())
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() {
			for range 200 {
				sealed, err := s.SealString("patient", "a", "plain")
				if err != nil {
					t.Error(err)
					return
				}
				if got, err := s.OpenString("patient", "a", sealed); err != nil || got != "plain" {
					t.Error(got, err)
				}
				if _, err := s.Index("patient", "x"); err != nil {
					t.Error(err)
				}
			}
		})
	}
	wg.Go(func() {
		for range 20 {
			s.Keys().(*MemoryKeys).Rotate()
		}
	})
	wg.Wait()
}

func FuzzOpen(f *testing.F) {
	k := testKey(f, "k1")
	good, err := k.Seal([]byte("aad"), []byte("plain"))
	if err != nil {
		f.Fatal(err)
	}
	f.Add(good)
	f.Add([]byte{1, 255})
	f.Add([]byte{})
	f.Fuzz(func(t *testing.T, b []byte) {
		got, err := k.Open([]byte("aad"), b)
		if err == nil && !bytes.Equal(b, good) {
			t.Errorf("forged %x opens to %x", b, got)
		}
	})
}
