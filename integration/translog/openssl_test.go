package translog

import (
	"bytes"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"strings"
	"testing"
)

// TestOpenSSLReadsTheVector computes the chain and decrypts the bodies of the
// published log with the openssl command, from FORMAT.md: our own SM3 and SM4
// take no part.
func TestOpenSSLReadsTheVector(t *testing.T) {
	if _, err := exec.LookPath("openssl"); err != nil {
		t.Skip("no openssl command on this machine")
	}
	text, err := os.ReadFile(vectorFile)
	if err != nil {
		t.Fatal(err)
	}
	var v vector
	if err := json.Unmarshal(text, &v); err != nil {
		t.Fatal(err)
	}
	head := opensslLink(t, v.Writer, strings.Repeat("00", 32), v.HeaderCanonical)
	if head != v.HeaderDigest {
		t.Errorf("header: openssl has %s, the vector %s", head, v.HeaderDigest)
	}
	for _, e := range v.Entries {
		head = opensslLink(t, v.Writer, head, e.Canonical)
		if head != e.Digest {
			t.Errorf("entry %d: openssl has %s, the vector %s", e.Seq, head, e.Digest)
		}
		if plain := opensslOpen(t, v.DataKeyHex, sealedOf(t, e.Canonical)); !bytes.Equal(plain, e.Payload) {
			t.Errorf("entry %d: openssl reads %q", e.Seq, plain)
		}
	}
}

func opensslLink(t *testing.T, writer, prev string, canonical []byte) string {
	t.Helper()
	name := "translog.v1/" + writer
	in := append(binary.BigEndian.AppendUint32(nil, uint32(len(name))), name...)
	var digest []byte
	if _, err := fmt.Sscanf(prev, "%x", &digest); err != nil {
		t.Fatal(err)
	}
	in = append(in, digest...)
	in = append(binary.BigEndian.AppendUint64(in, uint64(len(canonical))), canonical...)
	out := openssl(t, in, "dgst", "-sm3")
	fields := strings.Fields(string(out))
	return fields[len(fields)-1]
}

// sealedOf is the last field of an entry: its bytes end the record.
func sealedOf(t *testing.T, canonical []byte) []byte {
	t.Helper()
	mark := []byte("\x06sealedb")
	at := bytes.LastIndex(canonical, mark)
	if at < 0 {
		t.Fatal("no field sealed")
	}
	rest := canonical[at+len(mark):]
	if n := binary.BigEndian.Uint32(rest); int(n) != len(rest)-4 {
		t.Fatalf("sealed is %d bytes of %d", n, len(rest)-4)
	}
	return rest[4:]
}

func opensslOpen(t *testing.T, key string, sealed []byte) []byte {
	t.Helper()
	n := int(sealed[1])
	nonce, ciphertext := sealed[2+n:2+n+12], sealed[2+n+12:len(sealed)-16]
	return openssl(t, ciphertext, "enc", "-d", "-sm4-ctr", "-K", key, "-iv", fmt.Sprintf("%x00000002", nonce))
}

func openssl(t *testing.T, in []byte, args ...string) []byte {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), "openssl", args...)
	cmd.Stdin = bytes.NewReader(in)
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("openssl %s: %v", args[0], err)
	}
	return out
}
