package seal

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"testing"
)

func TestLogOfficer(t *testing.T) {
	d := newDir(t)
	if _, err := d.LogWrapKey(); !errors.Is(err, ErrNoLogOfficer) {
		t.Errorf("no officer yet: %v", err)
	}
	path := filepath.Join(t.TempDir(), "officer.pem")
	pub, err := CreateOfficerKey(path, "口令", TestRounds)
	if err != nil {
		t.Fatal(err)
	}
	again, err := LoadKeyDir(d.dir) // a server that started before the officer came
	if err != nil {
		t.Fatal(err)
	}
	if err := d.SetLogOfficer(pub); err != nil {
		t.Fatal(err)
	}
	wrapKey, err := again.LogWrapKey()
	if err != nil {
		t.Fatal(err)
	}
	wrapped, err := wrapKey.Wrap([]byte("data key"))
	if err != nil {
		t.Fatal(err)
	}
	k, err := LoadOfficerKey(path, "口令")
	if err != nil {
		t.Fatal(err)
	}
	if got, err := k.Unwrap(wrapped); err != nil || string(got) != "data key" {
		t.Errorf("%q, %v", got, err)
	}
	if _, err := LoadOfficerKey(path, "x"); !errors.Is(err, ErrPassphrase) {
		t.Errorf("wrong passphrase: %v", err)
	}
	if _, err := CreateOfficerKey(path, "口令", TestRounds); !errors.Is(err, fs.ErrExist) {
		t.Errorf("over an existing file: %v", err)
	}
	if err := os.Chmod(path, 0o644); err != nil {
		t.Fatal(err)
	}
	if _, err := LoadOfficerKey(path, "口令"); !errors.Is(err, ErrPermissions) {
		t.Errorf("a private key others may read: %v", err)
	}
}

func TestOfficerKeyCannotBePlantedByOthers(t *testing.T) {
	d := newDir(t)
	if err := d.SetLogOfficer(mustSM2().Public()); err != nil {
		t.Fatal(err)
	}
	if err := os.Chmod(filepath.Join(d.dir, fileOfficer), 0o662); err != nil {
		t.Fatal(err)
	}
	if _, err := LoadKeyDir(d.dir); !errors.Is(err, ErrPermissions) {
		t.Errorf("a public key others may write: %v", err)
	}
}
