package seal

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"strings"
)

// The files of a key folder. Data and signing keys are numbered from 1; the highest
// number is current. The stamp is written last: with it, nothing may be missing.
const (
	fileStamp     = "jingfang-keys"
	fileMAC       = "mac.key"
	fileOfficer   = "log-officer.pub.pem"
	stampText     = "jingfang keys 1\n"
	dataPattern   = "data-%d.key"
	signPattern   = "sign-%d.pem"
	publicPattern = "sign-%d.pub.pem"
)

// KeyDir is a KeyProvider over a folder (mode 0700) of key files (mode 0600).
type KeyDir struct {
	ring
	dir string
}

var _ KeyProvider = (*KeyDir)(nil)

// OpenKeyDir loads the folder and, when it is not there or its first creation was
// interrupted, makes it with fresh keys. Several processes may do so at once: each
// file is made by exactly one. Errors: ErrPermissions, ErrKeyMissing, ErrFormat.
func OpenKeyDir(dir string) (*KeyDir, error) {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, fmt.Errorf("seal: make key folder: %w", err)
	}
	if err := checkDir(dir); err != nil {
		return nil, err
	}
	if _, err := os.Lstat(filepath.Join(dir, fileStamp)); errors.Is(err, fs.ErrNotExist) {
		if err := createKeys(dir); err != nil {
			return nil, err
		}
	}
	return LoadKeyDir(dir)
}

// LoadKeyDir loads a folder and never makes a key. Errors: ErrKeyMissing also for a
// folder that is not there or was never finished.
func LoadKeyDir(dir string) (*KeyDir, error) {
	if err := checkDir(dir); err != nil {
		return nil, err
	}
	if _, err := readPublic(dir, fileStamp); err != nil {
		return nil, err
	}
	d := &KeyDir{ring: newRing(), dir: dir}
	if err := d.load(); err != nil {
		return nil, err
	}
	return d, nil
}

func createKeys(dir string) error {
	if err := writeSecretKey(dir, fileMAC, newRoot()); err != nil {
		return err
	}
	if err := writeSecretKey(dir, fmt.Sprintf(dataPattern, 1), newRoot()); err != nil {
		return err
	}
	if err := writeSigner(dir, 1); err != nil {
		return err
	}
	return writeNew(dir, fileStamp, []byte(stampText))
}

// load reads everything into a KeyDir that nobody else knows yet.
func (d *KeyDir) load() error {
	mac, err := readSecretKey(d.dir, fileMAC)
	if err != nil {
		return err
	}
	d.mac = mac
	if err := d.loadNumbered(dataPattern, d.loadRoot); err != nil {
		return err
	}
	if err := d.loadNumbered(signPattern, d.loadSigner); err != nil {
		return err
	}
	return d.loadOfficer()
}

// loadNumbered calls load for 1, 2, … without a gap up to the highest number there.
func (d *KeyDir) loadNumbered(pattern string, load func(n int) error) error {
	highest, err := highestNumber(d.dir, pattern)
	if err != nil {
		return err
	}
	for n := 1; n <= max(highest, 1); n++ {
		if err := load(n); err != nil {
			return err
		}
	}
	return nil
}

func (d *KeyDir) loadRoot(n int) error {
	root, err := readSecretKey(d.dir, fmt.Sprintf(dataPattern, n))
	if err != nil {
		return err
	}
	d.addRoot(n, root)
	return nil
}

func (d *KeyDir) loadSigner(n int) error {
	text, err := readSecret(d.dir, fmt.Sprintf(signPattern, n))
	if err != nil {
		return err
	}
	k, err := ParsePrivatePEM(text, "")
	if err != nil {
		return fmt.Errorf("%s: %w", fmt.Sprintf(signPattern, n), err)
	}
	d.addSigner(k)
	return nil
}

func (d *KeyDir) loadOfficer() error {
	text, err := readPublic(d.dir, fileOfficer)
	if errors.Is(err, ErrKeyMissing) {
		return nil
	}
	if err != nil {
		return err
	}
	d.officer, err = ParsePublicPEM(text)
	if err != nil {
		return fmt.Errorf("%s: %w", fileOfficer, err)
	}
	return nil
}

// DataKeyByID returns a key by id. An id that is not known yet may come from another
// server on the same folder: the folder is read again once.
func (d *KeyDir) DataKeyByID(p Purpose, id string) (DataKey, error) {
	k, err := d.ring.DataKeyByID(p, id)
	if !errors.Is(err, ErrUnknownKey) || !fileExists(d.dir, dataFileOf(id)) {
		return k, err
	}
	if err := d.Reload(); err != nil {
		return DataKey{}, err
	}
	return d.ring.DataKeyByID(p, id)
}

// PublicKey returns a signing public key. Another server may have rotated the signing
// key: more key files than keys let the folder be read again.
func (d *KeyDir) PublicKey(id string) (*PublicKey, error) {
	pub, err := d.ring.PublicKey(id)
	if err == nil {
		return pub, nil
	}
	d.mu.RLock()
	known := len(d.publics)
	d.mu.RUnlock()
	if !fileExists(d.dir, fmt.Sprintf(signPattern, known+1)) {
		return nil, err
	}
	if err := d.Reload(); err != nil {
		return nil, err
	}
	return d.ring.PublicKey(id)
}

// LogWrapKey returns the log officer's public key, also when it was installed by
// another process since the start.
func (d *KeyDir) LogWrapKey() (*PublicKey, error) {
	pub, err := d.ring.LogWrapKey()
	if err == nil || !fileExists(d.dir, fileOfficer) {
		return pub, err
	}
	if err := d.Reload(); err != nil {
		return nil, err
	}
	return d.ring.LogWrapKey()
}

// Reload reads the folder again, for keys that were added by another process. When
// anything is wrong there, the keys in use stay as they are.
func (d *KeyDir) Reload() error {
	fresh, err := LoadKeyDir(d.dir)
	if err != nil {
		return err
	}
	if fresh.Fingerprint() != d.Fingerprint() {
		return fmt.Errorf("%w: 密钥目录已被换成另一套密钥: %s", ErrFormat, d.dir)
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	d.roots, d.current, d.derived = fresh.roots, fresh.current, fresh.derived
	d.signer, d.publics, d.officer = fresh.signer, fresh.publics, fresh.officer
	return nil
}

// Rotate adds a new data key and a new signing key and makes them current. Earlier
// ones stay, to open and verify.
func (d *KeyDir) Rotate() error {
	n, err := highestNumber(d.dir, dataPattern)
	if err != nil {
		return err
	}
	if err := writeSecretKey(d.dir, fmt.Sprintf(dataPattern, n+1), newRoot()); err != nil {
		return err
	}
	if n, err = highestNumber(d.dir, signPattern); err != nil {
		return err
	}
	if err := writeSigner(d.dir, n+1); err != nil {
		return err
	}
	return d.Reload()
}

// SetLogOfficer installs the public key that the transfer log's data keys are wrapped
// for, in place of an earlier one (whose owner still reads the older logs).
func (d *KeyDir) SetLogOfficer(pub *PublicKey) error {
	text, err := pub.MarshalPEM()
	if err != nil {
		return err
	}
	if err := writeReplace(d.dir, fileOfficer, text); err != nil {
		return err
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	d.officer = pub
	return nil
}

// CreateOfficerKey makes the log officer's key pair and writes the private key to
// path (mode 0600, never over an existing file) under the passphrase. The file
// belongs to the officer, not to the server.
func CreateOfficerKey(path, passphrase string, rounds int) (*PublicKey, error) {
	k, err := GenerateSM2()
	if err != nil {
		return nil, err
	}
	text, err := k.MarshalProtectedPEM(passphrase, rounds)
	if err != nil {
		return nil, err
	}
	made, err := writeOnce(filepath.Dir(path), filepath.Base(path), text)
	if err != nil {
		return nil, err
	}
	if !made {
		return nil, fmt.Errorf("seal: 私钥文件已存在，为避免覆盖请换一个文件名: %s: %w", path, fs.ErrExist)
	}
	return k.Public(), nil
}

// LoadOfficerKey reads a private key file. Errors: ErrPermissions, ErrPassphrase, ErrFormat.
func LoadOfficerKey(path, passphrase string) (*PrivateKey, error) {
	text, err := readSecret(filepath.Dir(path), filepath.Base(path))
	if err != nil {
		return nil, err
	}
	return ParsePrivatePEM(text, passphrase)
}

func dataFileOf(id string) string {
	return "data-" + strings.TrimPrefix(id, "k") + ".key"
}

func highestNumber(dir, pattern string) (int, error) {
	entries, err := os.ReadDir(dir)
	if err != nil {
		return 0, fmt.Errorf("seal: read key folder: %w", err)
	}
	prefix, suffix, _ := strings.Cut(pattern, "%d")
	highest := 0
	for _, e := range entries {
		rest, ok := strings.CutPrefix(e.Name(), prefix)
		if !ok || !strings.HasSuffix(rest, suffix) {
			continue
		}
		n, err := strconv.Atoi(strings.TrimSuffix(rest, suffix))
		if err == nil && fmt.Sprintf(pattern, n) == e.Name() {
			highest = max(highest, n)
		}
	}
	return highest, nil
}
