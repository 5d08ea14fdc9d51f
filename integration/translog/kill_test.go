package translog_test

import (
	"bufio"
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"jingfang/integration/translog"
	"jingfang/sql/db"
	"jingfang/sql/dbtest"
	"jingfang/sql/seal"
)

const childKeys = "JINGFANG_TRANSLOG_CHILD_KEYS"

// TestMain lets the test binary play the server that is killed.
func TestMain(m *testing.M) {
	if dir := os.Getenv(childKeys); dir != "" {
		child(dir)
		return
	}
	os.Exit(m.Run())
}

// child commits an intent, says so and waits to be killed.
func child(dir string) {
	ctx := context.Background()
	d, err := db.Open(ctx, db.Config{DSN: os.Getenv("JINGFANG_DSN")})
	if err != nil {
		os.Exit(3)
	}
	keys, err := seal.OpenKeyDir(dir)
	if err != nil {
		os.Exit(4)
	}
	log := translog.New(d, keys, "child")
	done, err := log.Begin(ctx, pull("done"))
	if err != nil || done.End(ctx, ok("x")) != nil {
		os.Exit(5)
	}
	p, err := log.Begin(ctx, pull("cut off"))
	if err != nil {
		os.Exit(6)
	}
	_, _ = os.Stdout.WriteString(p.ID().String() + "\n")
	select {}
}

func TestKilledBetweenIntentAndOutcome(t *testing.T) {
	d := dbtest.New(t)
	keyDir, officerFile := filepath.Join(t.TempDir(), "keys"), filepath.Join(t.TempDir(), "officer.pem")
	keys, err := seal.OpenKeyDir(keyDir)
	if err != nil {
		t.Fatal(err)
	}
	pub, err := seal.CreateOfficerKey(officerFile, "a long passphrase", seal.TestRounds)
	if err != nil {
		t.Fatal(err)
	}
	if err := keys.SetLogOfficer(pub); err != nil {
		t.Fatal(err)
	}
	id := killedChild(t, d, keyDir)

	list, err := translog.List(t.Context(), d.App, translog.Filter{Key: "cut off", Keys: keys})
	if err != nil || len(list) != 1 || list[0].Exchange.String() != id || list[0].Result != translog.Unknown || !list[0].Open {
		t.Fatalf("%+v, %v", list, err)
	}
	var out strings.Builder
	env := translog.Env{DB: d.App, Out: &out, Keys: keys, Passphrase: func() (string, error) { return "a long passphrase", nil }}
	if err := translog.Main(t.Context(), env, []string{"show", "-key-file", officerFile, id}); err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(out.String(), "未知") || !strings.Contains(out.String(), "cut off") {
		t.Errorf("shown:\n%s", out.String())
	}
	// The next start opens a writer of its own; the old one stays as it is.
	p, err := translog.New(d.App, keys, "restarted").Begin(t.Context(), pull("next"))
	if err != nil || p.End(t.Context(), ok("x")) != nil {
		t.Fatal(err)
	}
	r, err := translog.Verify(t.Context(), d.App, translog.Checks{})
	if err != nil || !r.Good() || r.Writers != 2 || r.Entries != 5 || r.Open != 1 {
		t.Errorf("%+v, %v", r, err)
	}
}

// killedChild gives the exchange that the child had begun when it was killed.
func killedChild(t *testing.T, d *dbtest.DB, keyDir string) string {
	t.Helper()
	cmd := exec.Command(os.Args[0])
	cmd.Env = append(os.Environ(), childKeys+"="+keyDir, "JINGFANG_DSN="+d.AppDSN)
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	id, err := bufio.NewReader(out).ReadString('\n')
	if err != nil {
		t.Errorf("child: %v, %v", err, cmd.Wait())
		t.FailNow()
	}
	if err := cmd.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	if err := cmd.Wait(); err == nil {
		t.Fatal("the child ended by itself")
	}
	return strings.TrimSpace(id)
}
