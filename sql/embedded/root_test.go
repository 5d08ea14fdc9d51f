package embedded_test

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"jingfang/sql/embedded"
)

// TestClosedHome lays the folder below one that the database's own account may
// not enter, as a clone in root's home is.
func TestClosedHome(t *testing.T) {
	t.Parallel()
	dir := dataDir(t, "closed", "data")
	if err := os.Mkdir(filepath.Dir(dir), 0o700); err != nil {
		t.Fatal(err)
	}
	c := start(t, embedded.Config{Dir: dir, Fast: true})
	if err := open(t, c.AppDSN("")).PingContext(t.Context()); err != nil {
		t.Error(err)
	}
	if closed := strings.HasPrefix(c.Home(), filepath.Dir(dir)); closed == (os.Geteuid() == 0) {
		t.Errorf("run by user %d the cluster lies in %s", os.Geteuid(), c.Home())
	}
}

func TestRootsPointer(t *testing.T) {
	t.Parallel()
	if os.Geteuid() != 0 {
		t.Skip("only root's clusters lie outside the data folder")
	}
	dir := dataDir(t, "data")
	moved := filepath.Join(filepath.Dir(dir), "moved")
	c := start(t, embedded.Config{Dir: dir, Fast: true})
	home := c.Home()
	t.Cleanup(func() { removeAll(t, home) })
	exec(t, open(t, c.OwnerDSN("")), "CREATE SCHEMA mark")
	if err := c.Stop(t.Context()); err != nil {
		t.Fatal(err)
	}

	t.Run("a renamed folder keeps its data", func(t *testing.T) {
		if err := os.Rename(dir, moved); err != nil {
			t.Fatal(err)
		}
		c := start(t, embedded.Config{Dir: moved, Fast: true})
		if got := ask(t, open(t, c.OwnerDSN("")), "SELECT count(*)::text FROM pg_namespace WHERE nspname = 'mark'"); got != "1" {
			t.Error("the data did not move along")
		}
	})
	t.Run("a deleted folder's data is set aside, not read and not deleted", func(t *testing.T) {
		removeAll(t, moved)
		c := start(t, embedded.Config{Dir: dir, Fast: true})
		if got := ask(t, open(t, c.OwnerDSN("")), "SELECT count(*)::text FROM pg_namespace WHERE nspname = 'mark'"); got != "0" {
			t.Error("a new folder reads the data of a deleted one")
		}
		old, err := filepath.Glob(home + ".old-*")
		if err != nil || len(old) != 1 {
			t.Fatalf("set aside: %v %v", old, err)
		}
		removeAll(t, old[0])
	})
}

func removeAll(t *testing.T, path string) {
	t.Helper()
	if err := os.RemoveAll(path); err != nil {
		t.Error(err)
	}
}

func TestOtherAccount(t *testing.T) {
	t.Parallel()
	if os.Geteuid() != 0 {
		t.Skip("only root's clusters run under another account")
	}
	dir := dataDir(t)
	c := start(t, embedded.Config{Dir: dir, Fast: true})
	if err := c.Stop(t.Context()); err != nil {
		t.Fatal(err)
	}
	const nobody = 65534
	err := filepath.WalkDir(c.Home(), func(path string, _ os.DirEntry, err error) error {
		return errors.Join(err, os.Chown(path, nobody, nobody))
	})
	if err != nil {
		t.Fatal(err)
	}
	c = start(t, embedded.Config{Dir: dir, Fast: true})
	if got := owner(t, filepath.Join(c.Home(), "data", "postmaster.pid")).Uid; got != nobody {
		t.Errorf("the database runs as user %d", got)
	}
}
