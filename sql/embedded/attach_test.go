package embedded_test

import (
	"testing"

	"jingfang/sql/embedded"
)

func TestAttach(t *testing.T) {
	t.Parallel()
	dir := dataDir(t)
	_, err := embedded.Attach(dir)
	want(t, err, embedded.ErrNotRunning, dir)

	c := start(t, embedded.Config{Dir: dir, Fast: true})
	a, err := embedded.Attach(dir)
	if err != nil {
		t.Fatal(err)
	}
	if a.AppDSN("x") != c.AppDSN("x") || a.OwnerDSN("") != c.OwnerDSN("") || a.Addr() != c.Addr() || a.Version() != c.Version() {
		t.Error("the attached cluster has other addresses than the running one")
	}
	if err := a.Stop(t.Context()); err != nil {
		t.Fatal(err)
	}
	if err := a.Resume(t.Context()); err == nil {
		t.Error("an attached program restarted the other's database")
	}
	if err := open(t, c.AppDSN("")).PingContext(t.Context()); err != nil {
		t.Errorf("stopping the attached handle stopped the database: %v", err)
	}

	if err := c.Halt(t.Context()); err != nil {
		t.Fatal(err)
	}
	_, err = embedded.Attach(dir)
	want(t, err, embedded.ErrNotRunning, dir)
}
