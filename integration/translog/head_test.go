package translog_test

import (
	"strings"
	"testing"
	"time"

	"jingfang/integration/translog"
	"jingfang/session/identity"
	"jingfang/sql/seal"
)

// The hourly anchor takes the log's heads, and checking anchors looks them up.
func TestAnchorsHoldTheLog(t *testing.T) {
	f := setUp(t)
	f.exchange("A")
	f.exchange("B")
	heads, err := translog.ChangedHeads(t.Context(), f.db.App, time.Time{})
	if err != nil || len(heads) != 1 || heads[0].Length != 4 {
		t.Fatalf("%+v, %v", heads, err)
	}
	if later, err := translog.ChangedHeads(t.Context(), f.db.App, f.clock.Now()); err != nil || len(later) != 0 {
		t.Errorf("heads that have not moved since: %+v, %v", later, err)
	}
	signer, err := f.keys.Signer()
	if err != nil {
		t.Fatal(err)
	}
	named := []identity.Head{{Name: heads[0].Name(), Length: heads[0].Length, Digest: heads[0].Digest}}
	if n, err := identity.Anchor(t.Context(), f.db.App, signer, named); err != nil || n != 1 {
		t.Fatalf("anchored %d, %v", n, err)
	}
	if r := checkAnchors(t, f); r != "" {
		t.Errorf("a good log: %s", r)
	}
	f.tamper(`DELETE FROM translog_entry WHERE seq > 2`,
		`UPDATE translog_head SET length = 2, digest = (SELECT digest FROM translog_entry WHERE seq = 2)`)
	if r := checkAnchors(t, f); !strings.Contains(r, heads[0].Name()) {
		t.Errorf("a cut log: %q", r)
	}
}

// checkAnchors gives what is wrong, or "".
func checkAnchors(t *testing.T, f *fixture) string {
	t.Helper()
	key := func(id string) (*seal.PublicKey, error) { return f.keys.PublicKey(id) }
	r, err := identity.VerifyAnchors(t.Context(), f.db.App, key, translog.Lookup(f.db.App))
	if err != nil {
		t.Fatal(err)
	}
	if r.Broken == nil {
		return ""
	}
	return r.Broken.What
}
