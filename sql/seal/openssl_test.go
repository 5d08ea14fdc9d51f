package seal

import (
	"bytes"
	"encoding/hex"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// openssl runs the command in dir. The whole test is skipped where there is none, or
// one without SM2 and SM3.
func openssl(t *testing.T, dir string, args ...string) []byte {
	t.Helper()
	path, err := exec.LookPath("openssl")
	if err != nil {
		t.Skip("the openssl command is not installed: interoperation was not tested")
	}
	list, err := exec.Command(path, "list", "-digest-algorithms").CombinedOutput()
	if err != nil || !bytes.Contains(list, []byte("SM3")) {
		t.Skip("this openssl has no SM3: interoperation was not tested")
	}
	cmd := exec.Command(path, args...)
	cmd.Dir = dir
	out, err := cmd.CombinedOutput()
	if err != nil {
		t.Fatalf("openssl %s: %v\n%s", strings.Join(args, " "), err, out)
	}
	return out
}

func put(t *testing.T, dir, name string, data []byte, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, name), data, 0o600); err != nil {
		t.Fatal(err)
	}
}

func get(t *testing.T, dir, name string) []byte {
	t.Helper()
	b, err := os.ReadFile(filepath.Join(dir, name))
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func TestOpenSSLDigests(t *testing.T) {
	dir := t.TempDir()
	data := []byte(strings.Repeat("jingfang ", 1000))
	put(t, dir, "data", data, nil)
	if out := string(openssl(t, dir, "dgst", "-sm3", "-r", "data")); !strings.HasPrefix(out, SM3(data).String()) {
		t.Errorf("SM3: openssl says %s", out)
	}
	key := []byte("0123456789abcdef")
	out := string(openssl(t, dir, "dgst", "-sm3", "-r", "-mac", "HMAC", "-macopt", "hexkey:"+hex.EncodeToString(key), "data"))
	if !strings.HasPrefix(out, HMAC(key, data).String()) {
		t.Errorf("HMAC-SM3: openssl says %s", out)
	}
	out = string(openssl(t, dir, "kdf", "-keylen", "32", "-kdfopt", "digest:SM3", "-kdfopt", "pass:secret",
		"-kdfopt", "salt:saltsalt", "-kdfopt", "iter:2000", "PBKDF2"))
	want, err := passwordKey("secret", []byte("saltsalt"), 2000, 32)
	if got := strings.ReplaceAll(strings.TrimSpace(out), ":", ""); err != nil || !strings.EqualFold(got, hex.EncodeToString(want)) {
		t.Errorf("PBKDF2: openssl says %s, we %x, %v", got, want, err)
	}
}

// TestOpenSSLCounterMode opens a sealed value with SM4-CTR: GCM's first counter block
// is the nonce and the number 2.
func TestOpenSSLCounterMode(t *testing.T) {
	dir := t.TempDir()
	k := testKey(t, "k1")
	sealed, err := k.Seal([]byte("aad"), []byte("演示: sealed by us, read by openssl"))
	if err != nil {
		t.Fatal(err)
	}
	_, header, err := splitSealed(sealed)
	put(t, dir, "sealed", sealed[len(header):len(sealed)-tagSize], err)
	iv := hex.EncodeToString(header[len(header)-nonceSize:]) + "00000002"
	openssl(t, dir, "enc", "-d", "-sm4-ctr", "-K", hex.EncodeToString(rawOf(k)), "-iv", iv, "-in", "sealed", "-out", "plain")
	if got := string(get(t, dir, "plain")); got != "演示: sealed by us, read by openssl" {
		t.Errorf("openssl reads %q", got)
	}
}

func TestOpenSSLSignatures(t *testing.T) {
	dir := t.TempDir()
	k := mustSM2()
	msg := []byte("session head of the day")
	put(t, dir, "msg", msg, nil)
	sig, err := k.Sign(msg)
	put(t, dir, "sig", sig, err)
	pub, err := k.Public().MarshalPEM()
	put(t, dir, "pub.pem", pub, err)
	priv, err := k.MarshalPEM()
	put(t, dir, "key.pem", priv, err)

	openssl(t, dir, "pkey", "-in", "key.pem", "-noout", "-check")
	if text := openssl(t, dir, "pkey", "-pubin", "-in", "pub.pem", "-noout", "-text"); !bytes.Contains(bytes.ToLower(text), []byte("sm2")) {
		t.Errorf("openssl does not see SM2:\n%s", text)
	}
	out := openssl(t, dir, "pkeyutl", "-verify", "-pubin", "-inkey", "pub.pem", "-in", "msg", "-sigfile", "sig",
		"-rawin", "-digest", "sm3", "-pkeyopt", "distid:1234567812345678")
	if !bytes.Contains(out, []byte("Successfully")) {
		t.Errorf("openssl does not verify our signature: %s", out)
	}
	openssl(t, dir, "pkeyutl", "-sign", "-inkey", "key.pem", "-in", "msg", "-out", "theirs",
		"-rawin", "-digest", "sm3", "-pkeyopt", "distid:1234567812345678")
	if err := k.Public().Verify(msg, get(t, dir, "theirs")); err != nil {
		t.Errorf("openssl's signature: %v", err)
	}
}

func TestOpenSSLWrapping(t *testing.T) {
	dir := t.TempDir()
	k := mustSM2()
	data := testKey(t, "run-1")
	wrapped, err := k.Public().WrapKey(data)
	put(t, dir, "wrapped", wrapped, err)
	pub, err := k.Public().MarshalPEM()
	put(t, dir, "pub.pem", pub, err)
	priv, err := k.MarshalPEM()
	put(t, dir, "key.pem", priv, err)
	openssl(t, dir, "pkeyutl", "-decrypt", "-inkey", "key.pem", "-in", "wrapped", "-out", "raw")
	if !bytes.Equal(get(t, dir, "raw"), rawOf(data)) {
		t.Error("openssl unwraps another key")
	}
	openssl(t, dir, "pkeyutl", "-encrypt", "-pubin", "-inkey", "pub.pem", "-in", "raw", "-out", "theirs")
	if got, err := k.Unwrap(get(t, dir, "theirs")); err != nil || !bytes.Equal(got, rawOf(data)) {
		t.Errorf("openssl's wrapping: %v", err)
	}
}

func TestOpenSSLKeysAreRead(t *testing.T) {
	dir := t.TempDir()
	openssl(t, dir, "genpkey", "-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:SM2", "-pkeyopt", "ec_param_enc:named_curve", "-out", "key.pem")
	openssl(t, dir, "pkey", "-in", "key.pem", "-pubout", "-out", "pub.pem")
	openssl(t, dir, "pkcs8", "-topk8", "-in", "key.pem", "-v2", "aes-256-cbc", "-passout", "pass:officer", "-out", "protected.pem")
	pub, err := ParsePublicPEM(get(t, dir, "pub.pem"))
	if err != nil {
		t.Fatal(err)
	}
	k, err := ParsePrivatePEM(get(t, dir, "key.pem"), "")
	if err != nil || k.ID() != pub.ID() {
		t.Errorf("private: %v", err)
	}
	k, err = ParsePrivatePEM(get(t, dir, "protected.pem"), "officer")
	if err != nil || k.ID() != pub.ID() {
		t.Errorf("protected: %v", err)
	}
	for _, wrong := range []string{"", "officer2"} {
		if _, err := ParsePrivatePEM(get(t, dir, "protected.pem"), wrong); err == nil {
			t.Errorf("passphrase %q opens", wrong)
		}
	}
}
