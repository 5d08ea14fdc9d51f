package seal

import (
	"bytes"
	"encoding/pem"
	"errors"
	"strings"
	"testing"
)

func TestSignVerify(t *testing.T) {
	k := mustSM2()
	msg := []byte("session head")
	sig, err := k.Sign(msg)
	if err != nil {
		t.Fatal(err)
	}
	if err := k.Public().Verify(msg, sig); err != nil {
		t.Error(err)
	}
	for i := range len(sig) * 8 {
		bad := bytes.Clone(sig)
		bad[i/8] ^= 1 << (i % 8)
		if err := k.Public().Verify(msg, bad); !errors.Is(err, ErrSignature) {
			t.Errorf("signature with bit %d flipped: %v", i, err)
		}
	}
	for name, err := range map[string]error{
		"other message": k.Public().Verify([]byte("session hear"), sig),
		"other key":     mustSM2().Public().Verify(msg, sig),
		"empty":         k.Public().Verify(msg, nil),
		"cut":           k.Public().Verify(msg, sig[:len(sig)-1]),
		"longer":        k.Public().Verify(msg, append(bytes.Clone(sig), 0)),
	} {
		if !errors.Is(err, ErrSignature) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestWrapUnwrap(t *testing.T) {
	k := mustSM2()
	data := testKey(t, "run-7")
	wrapped, err := k.Public().WrapKey(data)
	if err != nil {
		t.Fatal(err)
	}
	sealed, err := data.Seal([]byte("1"), []byte("entry"))
	if err != nil {
		t.Fatal(err)
	}
	again, err := k.UnwrapKey("run-7", wrapped)
	if err != nil {
		t.Fatal(err)
	}
	if got, err := again.Open([]byte("1"), sealed); err != nil || string(got) != "entry" {
		t.Errorf("%q, %v", got, err)
	}
	if _, err := mustSM2().Unwrap(wrapped); !errors.Is(err, ErrOpen) {
		t.Errorf("other key: %v", err)
	}
	for i := range len(wrapped) {
		bad := bytes.Clone(wrapped)
		bad[i] ^= 1
		if _, err := k.Unwrap(bad); !errors.Is(err, ErrOpen) {
			t.Errorf("byte %d altered: %v", i, err)
		}
		if _, err := k.Unwrap(wrapped[:i]); !errors.Is(err, ErrOpen) {
			t.Errorf("cut to %d: %v", i, err)
		}
	}
	if _, err := k.Public().Wrap(nil); !errors.Is(err, ErrFormat) {
		t.Errorf("wrapping nothing: %v", err)
	}
}

func TestPEMRoundTrip(t *testing.T) {
	k := mustSM2()
	pub, err := k.Public().MarshalPEM()
	if err != nil {
		t.Fatal(err)
	}
	if got, err := ParsePublicPEM(pub); err != nil || got.ID() != k.ID() {
		t.Errorf("public: %v, %v", got, err)
	}
	open, err := k.MarshalPEM()
	if err != nil {
		t.Fatal(err)
	}
	if got, err := ParsePrivatePEM(open, ""); err != nil || !got.secret().Equal(k.secret()) {
		t.Errorf("private: %v, %v", got, err)
	}
	protected, err := k.MarshalProtectedPEM("口令", TestRounds)
	if err != nil {
		t.Fatal(err)
	}
	if got, err := ParsePrivatePEM(protected, "口令"); err != nil || !got.secret().Equal(k.secret()) {
		t.Errorf("protected: %v, %v", got, err)
	}
	for _, passphrase := range []string{"", "口 令", "x"} {
		if _, err := ParsePrivatePEM(protected, passphrase); !errors.Is(err, ErrPassphrase) {
			t.Errorf("passphrase %q: %v", passphrase, err)
		}
	}
	for _, c := range []struct {
		passphrase string
		rounds     int
	}{{"", TestRounds}, {"x", 1}, {"x", maxRounds + 1}} {
		if _, err := k.MarshalProtectedPEM(c.passphrase, c.rounds); !errors.Is(err, ErrFormat) {
			t.Errorf("%v: %v", c, err)
		}
	}
}

func TestProtectedPEMRefusesAlteredBytes(t *testing.T) {
	text, err := mustSM2().MarshalProtectedPEM("口令", TestRounds)
	if err != nil {
		t.Fatal(err)
	}
	block, _ := pem.Decode(text)
	for i := range block.Bytes {
		if i == 2 || i == 3 {
			continue // high bytes of the rounds: still in bounds, but minutes of work
		}
		bad := *block
		bad.Bytes = bytes.Clone(block.Bytes)
		bad.Bytes[i] ^= 0x80
		if _, err := ParsePrivatePEM(pem.EncodeToMemory(&bad), "口令"); err == nil {
			t.Errorf("byte %d altered: opens", i)
		}
		bad.Bytes = block.Bytes[:i]
		if _, err := ParsePrivatePEM(pem.EncodeToMemory(&bad), "口令"); err == nil {
			t.Errorf("cut to %d: opens", i)
		}
	}
}

func TestParsePEMRefuses(t *testing.T) {
	k := mustSM2()
	open, err := k.MarshalPEM()
	if err != nil {
		t.Fatal(err)
	}
	pub, err := k.Public().MarshalPEM()
	if err != nil {
		t.Fatal(err)
	}
	// A P-256 key of another program: well-formed, but not SM2.
	const p256 = "-----BEGIN PUBLIC KEY-----\nMFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAEaxfR8uEsQkf4vOblY6RA8ncDfYEt\n6zOg9KE5RdiYwpZP40Li/hp/m47n60p8D54WK84zV2sxXs7LtkBoN79R9Q==\n-----END PUBLIC KEY-----\n"
	for name, text := range map[string]string{
		"empty": "", "no PEM": "hello", "private as public": string(open), "P-256": p256,
		"cut": string(pub[:len(pub)/2]), "garbage inside": "-----BEGIN PUBLIC KEY-----\nAAAA\n-----END PUBLIC KEY-----\n",
	} {
		if got, err := ParsePublicPEM([]byte(text)); !errors.Is(err, ErrFormat) {
			t.Errorf("%s: %v, %v", name, got, err)
		}
	}
	for name, text := range map[string]string{
		"empty": "", "public as private": string(pub),
		"garbage inside": "-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n",
	} {
		if got, err := ParsePrivatePEM([]byte(text), ""); !errors.Is(err, ErrFormat) {
			t.Errorf("%s: %v, %v", name, got, err)
		}
	}
	if strings.Contains(k.ID(), "-") || len(k.ID()) != 16 {
		t.Errorf("id %q", k.ID())
	}
}

func FuzzUnwrap(f *testing.F) {
	k := mustSM2()
	good, err := k.Public().Wrap([]byte("sixteen bytes..."))
	if err != nil {
		f.Fatal(err)
	}
	f.Add(good)
	f.Add([]byte{0x30, 0x00})
	f.Fuzz(func(t *testing.T, b []byte) {
		got, err := k.Unwrap(b)
		if err == nil && !bytes.Equal(got, []byte("sixteen bytes...")) {
			t.Errorf("forged %x unwraps to %x", b, got)
		}
	})
}

func FuzzParsePEM(f *testing.F) {
	k := mustSM2()
	for _, make := range []func() ([]byte, error){k.MarshalPEM, k.Public().MarshalPEM} {
		text, err := make()
		if err != nil {
			f.Fatal(err)
		}
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		if p, err := ParsePublicPEM(text); (err == nil) != (p != nil) {
			t.Error("key and error do not fit")
		}
		if p, err := ParsePrivatePEM(text, ""); (err == nil) != (p != nil) {
			t.Error("key and error do not fit")
		}
	})
}
