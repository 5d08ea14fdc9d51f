package seal

import (
	"bytes"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"log/slog"
	"strings"
	"testing"
)

// TestNothingPrintsAKey prints every type that holds a secret in every way, alone and
// inside a struct whose fields fmt reads without asking the type.
func TestNothingPrintsAKey(t *testing.T) {
	mem := NewMemoryKeys()
	dir := newDir(t)
	data, err := mem.DataKey("patient")
	if err != nil {
		t.Fatal(err)
	}
	mac, err := mem.MACKey("patient")
	if err != nil {
		t.Fatal(err)
	}
	derived := derive(mem.mac, "jingfang mac key", "patient")
	secrets := [][]byte{rawOf(data), mem.mac[:], mem.roots["k1"][:], dir.mac[:], derived[:], scalarOf(t, mem.signer), scalarOf(t, mem.officerKey)}

	type hidden struct{ v any }
	type inside struct {
		d DataKey
		m MACKey
		p PrivateKey
		k *KeyDir
		s Sealer
	}
	for _, v := range []any{
		data, &data, mac, &mac, mem, dir, mem.signer, mem.officerKey, NewSealer(mem), *NewSealer(mem),
		hidden{data}, hidden{mem}, hidden{dir}, hidden{mem.signer}, hidden{NewSealer(mem)},
		inside{data, mac, *mem.signer, dir, *NewSealer(mem)},
		[]any{data, mac}, map[string]any{"k": dir},
	} {
		var log bytes.Buffer
		slog.New(slog.NewTextHandler(&log, nil)).Info("x", "v", v)
		slog.New(slog.NewJSONHandler(&log, nil)).Info("x", "v", v)
		out := log.String()
		for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%x", "%d"} {
			out += fmt.Sprintf(verb, v) + "\n"
		}
		if text, err := json.Marshal(v); err == nil {
			out += string(text)
		}
		for i, s := range secrets {
			if shows(out, s) {
				t.Errorf("%T shows secret %d:\n%.300s", v, i, out)
			}
		}
	}
}

func scalarOf(t *testing.T, k *PrivateKey) []byte {
	t.Helper()
	e, err := k.secret().ECDH()
	if err != nil {
		t.Fatal(err)
	}
	return e.Bytes()
}

// shows looks for the first 8 bytes in the ways fmt prints bytes and numbers.
func shows(out string, secret []byte) bool {
	s := secret[:8]
	decimal := strings.Trim(fmt.Sprint(s), "[]")
	goSyntax := strings.TrimSuffix(strings.TrimPrefix(fmt.Sprintf("%#v", s), "[]byte{"), "}")
	whole := bigInt(secret).String()
	for _, form := range []string{decimal, goSyntax, hex.EncodeToString(s), string(s), whole} {
		if strings.Contains(out, form) {
			return true
		}
	}
	return false
}

// TestShowsSees proves that the test above can fail.
func TestShowsSees(t *testing.T) {
	secret := []byte("0123456789abcdef")
	for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%x", "%d"} {
		if !shows(fmt.Sprintf(verb, struct{ B []byte }{secret}), secret) {
			t.Errorf("%s is not seen", verb)
		}
	}
}
