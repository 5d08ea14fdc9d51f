package seal

import (
	"bytes"
	"encoding/asn1"
	"encoding/hex"
	"encoding/json"
	"math/big"
	"os"
	"testing"

	"github.com/emmansun/gmsm/sm2"
	"github.com/emmansun/gmsm/sm4"
)

// hexBytes reads hexadecimal JSON strings.
type hexBytes []byte

func (h *hexBytes) UnmarshalText(text []byte) (err error) {
	*h, err = hex.DecodeString(string(text))
	return err
}

type vectors struct {
	Published struct {
		SM3    []struct{ Text, Digest string }
		HMAC   []struct{ Key, Data, Code hexBytes }
		SM4    []struct{ Key, Plain, Cipher hexBytes }
		SM4GCM []struct {
			Key, Nonce, Plain, AAD hexBytes
			CipherAndTag           hexBytes `json:"cipher_and_tag"`
		}
		PBKDF2 []struct {
			Password  string
			Salt, Key hexBytes
			Rounds    int
		}
		SM2Sign []struct {
			Public, R, S hexBytes
			Message      string
		}
		SM2Decrypt []struct {
			Private, C1x, C1y, C2, C3 hexBytes
			Plain                     string
		}
	}
	Own struct {
		Sealed []struct {
			Root, Key, Sealed       hexBytes
			Purpose, ID, AAD, Plain string
		}
		Codes []struct {
			Root, Key, Index, MAC hexBytes
			Purpose               string
			IndexOf               string `json:"index_of"`
			MACOf                 string `json:"mac_of"`
		}
		Canonical []struct {
			Fields [][3]any
			Bytes  hexBytes
		}
		Links []struct {
			Domain, Prev, Digest string
			Canonical            hexBytes
		}
		Passwords []struct{ Password, Hash string }
		KeyPair   struct {
			Private, Signature, Wrapped, Unwrapped hexBytes
			ID, Passphrase, Message                string
			PublicPEM                              string `json:"public_pem"`
			ProtectedPEM                           string `json:"protected_pem"`
		} `json:"key_pair"`
		KeyFile struct {
			Name, Line string
			Root       hexBytes
		} `json:"key_file"`
	}
}

func readVectors(t *testing.T) vectors {
	t.Helper()
	text, err := os.ReadFile("testdata/vectors.json")
	if err != nil {
		t.Fatal(err)
	}
	var v vectors
	if err := json.Unmarshal(text, &v); err != nil {
		t.Fatal(err)
	}
	return v
}

func TestPublishedVectors(t *testing.T) {
	v := readVectors(t).Published
	for _, c := range v.SM3 {
		if got := SM3([]byte(c.Text)).String(); got != c.Digest {
			t.Errorf("SM3(%s) = %s, want %s", c.Text, got, c.Digest)
		}
	}
	for _, c := range v.HMAC {
		half := len(c.Data) / 2
		if got := HMAC(c.Key, c.Data[:half], c.Data[half:]); !bytes.Equal(got[:], c.Code) {
			t.Errorf("HMAC = %s, want %x", got, c.Code)
		}
	}
	for _, c := range v.SM4 {
		block, err := sm4.NewCipher(c.Key)
		if err != nil {
			t.Fatal(err)
		}
		got := make([]byte, 16)
		if block.Encrypt(got, c.Plain); !bytes.Equal(got, c.Cipher) {
			t.Errorf("SM4 = %x, want %x", got, c.Cipher)
		}
	}
	for _, c := range v.PBKDF2 {
		got, err := passwordKey(c.Password, c.Salt, c.Rounds, len(c.Key))
		if err != nil || !bytes.Equal(got, c.Key) {
			t.Errorf("PBKDF2 = %x, %v, want %x", got, err, c.Key)
		}
	}
	if len(v.SM3) < 2 || len(v.HMAC) < 2 || len(v.SM4) < 1 || len(v.PBKDF2) < 1 {
		t.Error("vectors are missing from testdata")
	}
}

func TestPublishedGCM(t *testing.T) {
	cases := readVectors(t).Published.SM4GCM
	if len(cases) == 0 {
		t.Fatal("no vector")
	}
	for _, c := range cases {
		k, err := NewDataKey("k1", c.Key)
		if err != nil {
			t.Fatal(err)
		}
		if got := aeadOf(k).Seal(nil, c.Nonce, c.Plain, c.AAD); !bytes.Equal(got, c.CipherAndTag) {
			t.Errorf("SM4-GCM = %x, want %x", got, c.CipherAndTag)
		}
	}
}

func TestPublishedSM2(t *testing.T) {
	v := readVectors(t).Published
	if len(v.SM2Sign) == 0 || len(v.SM2Decrypt) == 0 {
		t.Fatal("no vector")
	}
	for _, c := range v.SM2Sign {
		key, err := sm2.NewPublicKey(c.Public)
		if err != nil {
			t.Fatal(err)
		}
		pub, err := newPublicKey(key)
		if err != nil {
			t.Fatal(err)
		}
		sig := mustASN1(t, struct{ R, S *big.Int }{bigInt(c.R), bigInt(c.S)})
		if err := pub.Verify([]byte(c.Message), sig); err != nil {
			t.Error(err)
		}
		if err := pub.Verify([]byte(c.Message+"."), sig); err == nil {
			t.Error("another message verifies")
		}
	}
	for _, c := range v.SM2Decrypt {
		k := privateOf(t, c.Private)
		wrapped := mustASN1(t, struct {
			X, Y   *big.Int
			C3, C2 []byte
		}{bigInt(c.C1x), bigInt(c.C1y), c.C3, c.C2})
		if got, err := k.Unwrap(wrapped); err != nil || string(got) != c.Plain {
			t.Errorf("unwrap = %q, %v, want %q", got, err, c.Plain)
		}
	}
}

func privateOf(t *testing.T, raw []byte) *PrivateKey {
	t.Helper()
	key, err := sm2.NewPrivateKey(raw)
	if err != nil {
		t.Fatal(err)
	}
	k, err := newPrivateKey(key)
	if err != nil {
		t.Fatal(err)
	}
	return k
}

func bigInt(b []byte) *big.Int { return new(big.Int).SetBytes(b) }

func mustASN1(t *testing.T, v any) []byte {
	t.Helper()
	der, err := asn1.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	return der
}
