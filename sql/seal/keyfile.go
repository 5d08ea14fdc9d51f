package seal

import (
	"bytes"
	"crypto/hmac"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
)

const maxKeyFile = 64 << 10 // bytes

// A secret key file is one line: "jingfang-key 1 NAME HEX CHECK\n". NAME is the file's
// own name, so that two swapped files are noticed; CHECK is the start of the SM3 of
// all before it, so that a truncated or mistyped file is.
func secretLine(name string, k *[rootSize]byte) []byte {
	head := "jingfang-key 1 " + name + " " + hex.EncodeToString(k[:])
	d := SM3([]byte(head))
	return []byte(head + " " + hex.EncodeToString(d[:4]) + "\n")
}

func writeSecretKey(dir, name string, k *[rootSize]byte) error {
	return writeNew(dir, name, secretLine(name, k))
}

func readSecretKey(dir, name string) (*[rootSize]byte, error) {
	text, err := readSecret(dir, name)
	if err != nil {
		return nil, err
	}
	bad := fmt.Errorf("%w: 密钥文件内容损坏或放错位置，请从备份恢复: %s", ErrFormat, filepath.Join(dir, name))
	words := strings.Fields(string(text))
	if len(words) != 5 {
		return nil, bad
	}
	raw, err := hex.DecodeString(words[3])
	if err != nil || len(raw) != rootSize {
		return nil, bad
	}
	k := [rootSize]byte(raw)
	if !hmac.Equal(text, secretLine(name, &k)) {
		return nil, bad
	}
	return &k, nil
}

func writeSigner(dir string, n int) error {
	k, err := GenerateSM2()
	if err != nil {
		return err
	}
	text, err := k.MarshalPEM()
	if err != nil {
		return err
	}
	if err := writeNew(dir, fmt.Sprintf(signPattern, n), text); err != nil {
		return err
	}
	return writeSignerPublic(dir, n)
}

// writeSignerPublic writes the public half for people and other programs; it is
// taken from the file, because another process may have made the key first.
func writeSignerPublic(dir string, n int) error {
	text, err := readSecret(dir, fmt.Sprintf(signPattern, n))
	if err != nil {
		return err
	}
	k, err := ParsePrivatePEM(text, "")
	if err != nil {
		return err
	}
	pub, err := k.Public().MarshalPEM()
	if err != nil {
		return err
	}
	return writeNew(dir, fmt.Sprintf(publicPattern, n), pub)
}

// writeNew leaves an existing file alone: another process was first, and its key is
// the one that counts.
func writeNew(dir, name string, data []byte) error {
	_, err := writeOnce(dir, name, data)
	return err
}

// writeOnce makes the file whole or not at all, and says whether it was the maker.
// A hard link, unlike a rename, refuses to replace.
func writeOnce(dir, name string, data []byte) (made bool, err error) {
	tmp, err := writeTemp(dir, name, data)
	if err != nil {
		return false, err
	}
	defer func() {
		if e := os.Remove(tmp); e != nil && err == nil {
			err = fmt.Errorf("seal: remove temporary key file: %w", e)
		}
	}()
	err = os.Link(tmp, filepath.Join(dir, name))
	if errors.Is(err, fs.ErrExist) {
		return false, nil
	}
	if err != nil {
		return false, fmt.Errorf("seal: write key file: %w", err)
	}
	return true, syncDir(dir)
}

func writeReplace(dir, name string, data []byte) error {
	tmp, err := writeTemp(dir, name, data)
	if err != nil {
		return err
	}
	if err := os.Rename(tmp, filepath.Join(dir, name)); err != nil {
		return errors.Join(fmt.Errorf("seal: write key file: %w", err), os.Remove(tmp))
	}
	return syncDir(dir)
}

// writeTemp returns the path of a flushed file of mode 0600 (CreateTemp's mode).
func writeTemp(dir, name string, data []byte) (string, error) {
	f, err := os.CreateTemp(dir, "."+name+".*")
	if err != nil {
		return "", fmt.Errorf("seal: write key file: %w", err)
	}
	_, err = f.Write(data)
	err = errors.Join(err, f.Sync(), f.Close())
	if err != nil {
		return "", errors.Join(fmt.Errorf("seal: write key file: %w", err), os.Remove(f.Name()))
	}
	return f.Name(), nil
}

// syncDir makes the new name survive a power cut: a key that sealed data must not
// vanish.
func syncDir(dir string) error {
	d, err := os.Open(dir)
	if err != nil {
		return fmt.Errorf("seal: flush key folder: %w", err)
	}
	if err := errors.Join(d.Sync(), d.Close()); err != nil {
		return fmt.Errorf("seal: flush key folder: %w", err)
	}
	return nil
}

func readSecret(dir, name string) ([]byte, error) { return readKeyFile(dir, name, 0o077) }

// readPublic allows others to read, but not to put another key in.
func readPublic(dir, name string) ([]byte, error) { return readKeyFile(dir, name, 0o022) }

// readKeyFile checks the opened file, not the name: nothing can be exchanged between.
func readKeyFile(dir, name string, forbidden fs.FileMode) (_ []byte, err error) {
	path := filepath.Join(dir, name)
	f, err := os.Open(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("%w，请从备份恢复: %s", ErrKeyMissing, path)
	}
	if err != nil {
		return nil, fmt.Errorf("seal: read key file: %w", err)
	}
	defer func() { err = errors.Join(err, f.Close()) }()
	st, err := f.Stat()
	if err != nil {
		return nil, fmt.Errorf("seal: read key file: %w", err)
	}
	if !st.Mode().IsRegular() {
		return nil, fmt.Errorf("%w: %s is not a file", ErrFormat, path)
	}
	if st.Mode().Perm()&forbidden != 0 {
		return nil, fmt.Errorf("%w: %s 的权限为 %04o，请执行 chmod 600 后重试", ErrPermissions, path, st.Mode().Perm())
	}
	var b bytes.Buffer
	if _, err := io.Copy(&b, io.LimitReader(f, maxKeyFile)); err != nil {
		return nil, fmt.Errorf("seal: read key file: %w", err)
	}
	return b.Bytes(), nil
}

func checkDir(dir string) error {
	st, err := os.Stat(dir)
	if errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("%w: 密钥目录不存在: %s", ErrKeyMissing, dir)
	}
	if err != nil {
		return fmt.Errorf("seal: key folder: %w", err)
	}
	if !st.IsDir() {
		return fmt.Errorf("%w: %s is not a folder", ErrFormat, dir)
	}
	if st.Mode().Perm()&0o077 != 0 {
		return fmt.Errorf("%w: 目录 %s 的权限为 %04o，请执行 chmod 700 后重试", ErrPermissions, dir, st.Mode().Perm())
	}
	return nil
}

func fileExists(dir, name string) bool {
	_, err := os.Stat(filepath.Join(dir, name))
	return err == nil
}
