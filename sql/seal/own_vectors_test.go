package seal

import (
	"bytes"
	"encoding/hex"
	"encoding/json"
	"os"
	"strings"
	"testing"
	"time"
)

func TestOwnSealedVectors(t *testing.T) {
	for _, c := range readVectors(t).Own.Sealed {
		root := [rootSize]byte(c.Root)
		k, err := deriveDataKey(&root, Purpose(c.Purpose), c.ID)
		if err != nil {
			t.Fatal(err)
		}
		if !bytes.Equal(rawOf(k), c.Key) {
			t.Errorf("derived key %x, want %x", rawOf(k), c.Key)
		}
		if got, err := k.Open([]byte(c.AAD), c.Sealed); err != nil || string(got) != c.Plain {
			t.Errorf("open = %q, %v, want %q", got, err, c.Plain)
		}
	}
	for _, c := range readVectors(t).Own.Codes {
		m := NewMemoryKeys()
		root := [rootSize]byte(c.Root)
		m.mac = &root
		s := NewSealer(m)
		if got, err := s.Index(Purpose(c.Purpose), c.IndexOf); err != nil || !bytes.Equal(got, c.Index) {
			t.Errorf("index = %x, %v, want %x", got, err, c.Index)
		}
		if got, err := s.MAC(Purpose(c.Purpose), []byte(c.MACOf)); err != nil || !bytes.Equal(got, c.MAC) {
			t.Errorf("mac = %x, %v, want %x", got, err, c.MAC)
		}
	}
}

func TestOwnChainVectors(t *testing.T) {
	v := readVectors(t).Own
	for _, c := range v.Canonical {
		got, err := recordOf(t, c.Fields).Encode()
		if err != nil || !bytes.Equal(got, c.Bytes) {
			t.Errorf("%v: %x, %v, want %x", c.Fields, got, err, c.Bytes)
		}
	}
	for _, c := range v.Links {
		prev, err := ParseDigest(c.Prev)
		if err != nil {
			t.Fatal(err)
		}
		if got := Link(c.Domain, prev, c.Canonical).String(); got != c.Digest {
			t.Errorf("link = %s, want %s", got, c.Digest)
		}
	}
	if len(v.Canonical) < 3 || len(v.Links) < 3 {
		t.Error("vectors are missing from testdata")
	}
}

func TestOwnKeyVectors(t *testing.T) {
	v := readVectors(t).Own
	for _, c := range v.Passwords {
		if ok, err := VerifyPassword(c.Hash, c.Password); !ok || err != nil {
			t.Errorf("password: %v, %v", ok, err)
		}
	}
	root := [rootSize]byte(v.KeyFile.Root)
	if got := string(secretLine(v.KeyFile.Name, &root)); got != v.KeyFile.Line {
		t.Errorf("key file %q, want %q", got, v.KeyFile.Line)
	}
	p := v.KeyPair
	k, err := ParsePrivatePEM([]byte(p.ProtectedPEM), p.Passphrase)
	if err != nil {
		t.Fatal(err)
	}
	if !k.secret().Equal(privateOf(t, p.Private).secret()) || k.ID() != p.ID {
		t.Error("protected PEM holds another key")
	}
	pub, err := ParsePublicPEM([]byte(p.PublicPEM))
	if err != nil || pub.ID() != p.ID {
		t.Fatalf("public PEM: %v, %v", pub, err)
	}
	if err := pub.Verify([]byte(p.Message), p.Signature); err != nil {
		t.Error(err)
	}
	if got, err := k.Unwrap(p.Wrapped); err != nil || !bytes.Equal(got, p.Unwrapped) {
		t.Errorf("unwrap = %x, %v", got, err)
	}
}

// TestFormatExamples holds the examples of FORMAT.md to the vectors.
func TestFormatExamples(t *testing.T) {
	text, err := os.ReadFile("FORMAT.md")
	if err != nil {
		t.Fatal(err)
	}
	packed := strings.ReplaceAll(string(text), " ", "")
	v := readVectors(t).Own
	for _, want := range []string{
		hex.EncodeToString(v.Sealed[0].Sealed), hex.EncodeToString(v.Sealed[0].Key), v.Sealed[0].AAD,
		hex.EncodeToString(v.Canonical[0].Bytes),
	} {
		if !strings.Contains(packed, want) {
			t.Errorf("FORMAT.md lacks %s", want)
		}
	}
}

// recordOf builds a Record from the triples [name, type, value] of the vectors.
func recordOf(t *testing.T, fields [][3]any) Record {
	t.Helper()
	r := Record{}
	for _, f := range fields {
		r = append(r, Field{f[0].(string), valueOf(t, f[1].(string), f[2])})
	}
	return r
}

func valueOf(t *testing.T, kind string, v any) any {
	t.Helper()
	switch kind {
	case "b":
		b, err := hex.DecodeString(v.(string))
		if err != nil {
			t.Fatal(err)
		}
		return b
	case "i":
		var n int64
		if err := json.Unmarshal([]byte(v.(string)), &n); err != nil {
			t.Fatal(err)
		}
		return n
	case "t":
		at, err := time.Parse(time.RFC3339Nano, v.(string))
		if err != nil {
			t.Fatal(err)
		}
		return at
	case "l":
		list := []any{}
		for _, e := range v.([]any) {
			pair := e.([]any)
			list = append(list, valueOf(t, pair[0].(string), pair[1]))
		}
		return list
	case "r":
		var fields [][3]any
		for _, e := range v.([]any) {
			fields = append(fields, [3]any(e.([]any)))
		}
		return recordOf(t, fields)
	}
	return v // string, bool and null are themselves
}
