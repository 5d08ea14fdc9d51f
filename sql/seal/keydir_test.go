package seal

import (
	"bytes"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
)

func newDir(t *testing.T) *KeyDir {
	t.Helper()
	d, err := OpenKeyDir(filepath.Join(t.TempDir(), "keys"))
	if err != nil {
		t.Fatal(err)
	}
	return d
}

func TestKeyDirIsMadeOnceAndSafely(t *testing.T) {
	d := newDir(t)
	st, err := os.Stat(d.dir)
	if err != nil || st.Mode().Perm() != 0o700 {
		t.Fatalf("folder: %v, %v", st.Mode(), err)
	}
	entries, err := os.ReadDir(d.dir)
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, e := range entries {
		names = append(names, e.Name())
		if info, err := e.Info(); err != nil || info.Mode().Perm() != 0o600 {
			t.Errorf("%s: %v, %v", e.Name(), info.Mode(), err)
		}
	}
	if got := strings.Join(names, " "); got != "data-1.key jingfang-keys mac.key sign-1.pem sign-1.pub.pem" {
		t.Errorf("files: %s", got)
	}
	again, err := OpenKeyDir(d.dir)
	if err != nil {
		t.Fatal(err)
	}
	assertSameKeys(t, d, again)
}

func assertSameKeys(t *testing.T, a, b *KeyDir) {
	t.Helper()
	sealed, err := NewSealer(a).SealString("patient", "x", "plain")
	if err != nil {
		t.Fatal(err)
	}
	if got, err := NewSealer(b).OpenString("patient", "x", sealed); err != nil || got != "plain" {
		t.Errorf("%q, %v", got, err)
	}
	if a.Fingerprint() != b.Fingerprint() || len(a.Fingerprint()) != 16 {
		t.Error("fingerprints differ")
	}
	signer, err := a.Signer()
	if err != nil {
		t.Fatal(err)
	}
	sig, err := signer.Sign([]byte("m"))
	if err != nil {
		t.Fatal(err)
	}
	pub, err := b.PublicKey(signer.ID())
	if err != nil {
		t.Fatal(err)
	}
	if err := pub.Verify([]byte("m"), sig); err != nil {
		t.Error(err)
	}
}

func TestKeyDirMadeByManyAtOnce(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "keys")
	all := make([]*KeyDir, 8)
	var wg sync.WaitGroup
	for i := range all {
		wg.Go(func() {
			d, err := OpenKeyDir(dir)
			if err != nil {
				t.Error(err)
			}
			all[i] = d
		})
	}
	wg.Wait()
	if t.Failed() {
		return
	}
	for _, d := range all[1:] {
		assertSameKeys(t, all[0], d)
	}
	left, err := filepath.Glob(filepath.Join(dir, ".*"))
	if err != nil || len(left) != 0 {
		t.Errorf("temporary files stay: %v, %v", left, err)
	}
}

func TestKeyDirRefusesWidePermissions(t *testing.T) {
	for _, name := range []string{"mac.key", "data-1.key", "sign-1.pem"} {
		for _, mode := range []fs.FileMode{0o640, 0o604, 0o620, 0o602} {
			d := newDir(t)
			if err := os.Chmod(filepath.Join(d.dir, name), mode); err != nil {
				t.Fatal(err)
			}
			_, err := OpenKeyDir(d.dir)
			if !errors.Is(err, ErrPermissions) || !strings.Contains(err.Error(), "chmod 600") || !strings.Contains(err.Error(), name) {
				t.Errorf("%s with %04o: %v", name, mode, err)
			}
		}
	}
	for _, mode := range []fs.FileMode{0o750, 0o705, 0o777} {
		d := newDir(t)
		if err := os.Chmod(d.dir, mode); err != nil {
			t.Fatal(err)
		}
		if _, err := OpenKeyDir(d.dir); !errors.Is(err, ErrPermissions) || !strings.Contains(err.Error(), "chmod 700") {
			t.Errorf("folder with %04o: %v", mode, err)
		}
	}
}

func TestKeyDirNeverReplacesALostKey(t *testing.T) {
	for _, name := range []string{"mac.key", "data-1.key", "sign-1.pem"} {
		d := newDir(t)
		if err := os.Remove(filepath.Join(d.dir, name)); err != nil {
			t.Fatal(err)
		}
		if _, err := OpenKeyDir(d.dir); !errors.Is(err, ErrKeyMissing) || !strings.Contains(err.Error(), name) {
			t.Errorf("%s lost: %v", name, err)
		}
	}
	d := newDir(t)
	if err := d.Rotate(); err != nil {
		t.Fatal(err)
	}
	if err := os.Remove(filepath.Join(d.dir, "data-1.key")); err != nil {
		t.Fatal(err)
	}
	if _, err := OpenKeyDir(d.dir); !errors.Is(err, ErrKeyMissing) {
		t.Errorf("an earlier key lost: %v", err)
	}
}

func TestKeyDirFinishesAnInterruptedCreation(t *testing.T) {
	d := newDir(t)
	for _, name := range []string{fileStamp, "sign-1.pub.pem", "sign-1.pem"} {
		if err := os.Remove(filepath.Join(d.dir, name)); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := LoadKeyDir(d.dir); !errors.Is(err, ErrKeyMissing) {
		t.Errorf("loading half a folder: %v", err)
	}
	again, err := OpenKeyDir(d.dir)
	if err != nil {
		t.Fatal(err)
	}
	if again.Fingerprint() != d.Fingerprint() {
		t.Error("a key that was there already was replaced")
	}
	if _, err := LoadKeyDir(filepath.Join(t.TempDir(), "none")); !errors.Is(err, ErrKeyMissing) {
		t.Errorf("no folder: %v", err)
	}
}

func TestKeyDirRefusesSpoiledFiles(t *testing.T) {
	for name, spoil := range map[string]func(dir string) error{
		"truncated":   func(dir string) error { return os.Truncate(filepath.Join(dir, "mac.key"), 40) },
		"empty":       func(dir string) error { return os.Truncate(filepath.Join(dir, "data-1.key"), 0) },
		"no PEM":      func(dir string) error { return os.Truncate(filepath.Join(dir, "sign-1.pem"), 40) },
		"swapped":     func(dir string) error { return copyFile(dir, "mac.key", "data-1.key") },
		"digit wrong": func(dir string) error { return editFile(dir, "mac.key") },
	} {
		d := newDir(t)
		if err := spoil(d.dir); err != nil {
			t.Fatal(err)
		}
		secret := bytes.Fields(get(t, d.dir, "mac.key"))
		_, err := OpenKeyDir(d.dir)
		if !errors.Is(err, ErrFormat) {
			t.Errorf("%s: %v", name, err)
		}
		if len(secret) == 5 && strings.Contains(err.Error(), string(secret[3])) {
			t.Errorf("%s: the error shows the key", name)
		}
	}
}

func copyFile(dir, from, to string) error {
	b, err := os.ReadFile(filepath.Join(dir, from))
	return errors.Join(err, os.WriteFile(filepath.Join(dir, to), b, 0o600))
}

// editFile changes one hexadecimal digit of the key.
func editFile(dir, name string) error {
	b, err := os.ReadFile(filepath.Join(dir, name))
	at := len("jingfang-key 1 "+name+" ") + 5
	b[at] = "0123456789abcdef"[(strings.IndexByte("0123456789abcdef", b[at])+1)%16]
	return errors.Join(err, os.WriteFile(filepath.Join(dir, name), b, 0o600))
}

func TestKeyDirRotationReachesOtherServers(t *testing.T) {
	a := newDir(t)
	b, err := LoadKeyDir(a.dir)
	if err != nil {
		t.Fatal(err)
	}
	before, err := NewSealer(a).SealString("patient", "x", "old")
	if err != nil {
		t.Fatal(err)
	}
	if err := a.Rotate(); err != nil {
		t.Fatal(err)
	}
	after, err := NewSealer(a).SealString("patient", "x", "new")
	if err != nil {
		t.Fatal(err)
	}
	var wg sync.WaitGroup
	for range 4 {
		wg.Go(func() {
			if got, err := NewSealer(b).OpenString("patient", "x", after); err != nil || got != "new" {
				t.Errorf("%q, %v", got, err)
			}
			if got, err := NewSealer(b).OpenString("patient", "x", before); err != nil || got != "old" {
				t.Errorf("%q, %v", got, err)
			}
		})
	}
	wg.Wait()
	assertKnowsNewSigner(t, a, b)
}

func assertKnowsNewSigner(t *testing.T, a, b *KeyDir) {
	t.Helper()
	if err := a.Rotate(); err != nil {
		t.Fatal(err)
	}
	signer, err := a.Signer()
	if err != nil {
		t.Fatal(err)
	}
	if _, err := b.PublicKey("0000000000000000"); !errors.Is(err, ErrUnknownKey) {
		t.Errorf("a public key nobody has: %v", err)
	}
	if _, err := b.PublicKey(signer.ID()); err != nil {
		t.Errorf("the new signing key is unknown to the other server: %v", err)
	}
}

func TestKeyDirUnknownIDs(t *testing.T) {
	b := newDir(t)
	for _, id := range []string{"k9", "k0", "../../x", "", "k01"} {
		if _, err := b.DataKeyByID("patient", id); !errors.Is(err, ErrUnknownKey) {
			t.Errorf("key %q: %v", id, err)
		}
	}
}

func TestKeyDirReloadRefusesAnotherSet(t *testing.T) {
	a, b := newDir(t), newDir(t)
	fingerprint := a.Fingerprint()
	if err := errors.Join(os.RemoveAll(a.dir), os.Rename(b.dir, a.dir)); err != nil {
		t.Fatal(err)
	}
	if err := a.Reload(); !errors.Is(err, ErrFormat) || a.Fingerprint() != fingerprint {
		t.Errorf("reload: %v", err)
	}
}
