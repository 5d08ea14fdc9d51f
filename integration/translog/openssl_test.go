package translog_test

import (
	"bytes"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"jingfang/integration/translog"
)

// TestOpenSSLReadsTheVector computes the chain and decrypts the bodies of the
// published log with the openssl command, from FORMAT.md: our own SM3 and SM4
// take no part.
func TestOpenSSLReadsTheVector(t *testing.T) {
	needOpenSSL(t)
	text, err := os.ReadFile(filepath.Join("testdata", "vector.json"))
	if err != nil {
		t.Fatal(err)
	}
	var v struct {
		Writer          string
		HeaderCanonical []byte `json:"header_canonical_base64"`
		HeaderDigest    string `json:"header_digest"`
		DataKeyHex      string `json:"data_key_hex"`
		Entries         []struct {
			Seq       int64
			Canonical []byte `json:"canonical_base64"`
			Digest    string
			Payload   []byte `json:"payload_canonical_base64"`
		}
	}
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
		if plain := opensslOpen(t, v.DataKeyHex, bytesField(t, e.Canonical, "sealed")); !bytes.Equal(plain, e.Payload) {
			t.Errorf("entry %d: openssl reads %q", e.Seq, plain)
		}
	}
}

func needOpenSSL(t *testing.T) {
	t.Helper()
	if _, err := exec.LookPath("openssl"); err != nil {
		t.Skip("no openssl command on this machine")
	}
}

// TestOpenSSLReadsAFolder reads a day that was written and exported just now with
// openssl and the officer's private key alone: the manifest's signature and digests,
// the data key, every link, every body.
func TestOpenSSLReadsAFolder(t *testing.T) {
	needOpenSSL(t)
	x := export(t)
	dir := t.TempDir()
	pem, err := x.keys.LogOfficer().MarshalPEM()
	if err != nil {
		t.Fatal(err)
	}
	officer := filepath.Join(dir, "officer.pem")
	keep(t, officer, pem)
	m := readJSON[translog.Manifest](t, []byte(fileText(t, x.dir, "manifest.json")))

	signature := filepath.Join(dir, "signature")
	keep(t, signature, openssl(t, []byte(fileText(t, x.dir, "manifest.sig")), "base64", "-d", "-A"))
	said := openssl(t, nil, "pkeyutl", "-verify", "-pubin", "-inkey", filepath.Join(x.dir, "keys", m.SignedBy+".pem"), "-in", filepath.Join(x.dir, "manifest.json"),
		"-sigfile", signature, "-rawin", "-digest", "sm3", "-pkeyopt", "distid:1234567812345678")
	if !bytes.Contains(said, []byte("Successfully")) {
		t.Errorf("the manifest's signature: %s", said)
	}
	if sum := opensslSM3(t, []byte(fileText(t, x.dir, m.Writers[0].File))); sum != m.Writers[0].SM3 {
		t.Errorf("the file's digest: openssl has %s, the manifest %s", sum, m.Writers[0].SM3)
	}

	head, key, bodies := strings.Repeat("00", 32), "", ""
	for line := range strings.Lines(fileText(t, x.dir, m.Writers[0].File)) {
		l := readJSON[struct {
			Canonical []byte
			Digest    string
		}](t, []byte(line))
		if head = opensslLink(t, m.Writers[0].ID.String(), head, l.Canonical); head != l.Digest {
			t.Errorf("openssl has %s, the folder %s", head, l.Digest)
		}
		if key == "" {
			wrapped := bytesField(t, l.Canonical, "wrapped_key")
			key = fmt.Sprintf("%x", openssl(t, wrapped, "pkeyutl", "-decrypt", "-inkey", officer))
			continue
		}
		bodies += string(opensslOpen(t, key, bytesField(t, l.Canonical, "sealed")))
	}
	if head != m.Writers[0].Digest {
		t.Errorf("the chain ends at %s, the manifest says %s", head, m.Writers[0].Digest)
	}
	for _, want := range []string{`{"since":"CK0"}`, "answer to CK2", "系统定时拉取", "不认识"} {
		if !strings.Contains(bodies, want) {
			t.Errorf("openssl does not read %s", want)
		}
	}
}

func keep(t *testing.T, file string, text []byte) {
	t.Helper()
	if err := os.WriteFile(file, text, 0o600); err != nil {
		t.Fatal(err)
	}
}

func fileText(t *testing.T, dir, name string) string {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(dir, name))
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

func readJSON[T any](t *testing.T, text []byte) (v T) {
	t.Helper()
	if err := json.Unmarshal(text, &v); err != nil {
		t.Fatal(err)
	}
	return v
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
	return opensslSM3(t, in)
}

func opensslSM3(t *testing.T, in []byte) string {
	t.Helper()
	fields := strings.Fields(string(openssl(t, in, "dgst", "-sm3")))
	return fields[len(fields)-1]
}

// bytesField finds a field of bytes in a canonical record: length and name, "b",
// length and value.
func bytesField(t *testing.T, canonical []byte, name string) []byte {
	t.Helper()
	mark := append(append([]byte{byte(len(name))}, name...), 'b')
	at := bytes.LastIndex(canonical, mark)
	if at < 0 {
		t.Fatalf("no field %s", name)
	}
	rest := canonical[at+len(mark):]
	n := int(binary.BigEndian.Uint32(rest))
	if n > len(rest)-4 {
		t.Fatalf("%s is %d bytes of %d", name, n, len(rest)-4)
	}
	return rest[4 : 4+n]
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
