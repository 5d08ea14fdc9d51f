package translog_test

import (
	"bufio"
	"context"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/lib/pq"

	"jingfang/integration/translog"
	"jingfang/integration/web"
	"jingfang/session/identity"
	"jingfang/sql/db"
	"jingfang/sql/dbtest"
	"jingfang/sql/seal"
)

// The variables that make this test binary a server that is killed, and what it does.
const (
	childKeys = "JINGFANG_TRANSLOG_CHILD_KEYS"
	childWork = "JINGFANG_TRANSLOG_CHILD_WORK"
)

// TestMain lets the test binary play the server that is killed.
func TestMain(m *testing.M) {
	if dir := os.Getenv(childKeys); dir != "" {
		child(dir)
		return
	}
	os.Exit(m.Run())
}

// child does its work and waits to be killed.
func child(dir string) {
	d, err := db.Open(context.Background(), db.Config{DSN: os.Getenv("JINGFANG_DSN")})
	if err != nil {
		os.Exit(3)
	}
	keys, err := seal.OpenKeyDir(dir)
	if err != nil {
		os.Exit(4)
	}
	log := translog.New(d, keys, "child")
	if os.Getenv(childWork) == "scans" {
		childScans(d, log)
	}
	childIntent(log)
	select {}
}

// childIntent commits an intent and says so.
func childIntent(log *translog.Log) {
	ctx := context.Background()
	done, err := log.Begin(ctx, pull("done"))
	if err != nil || done.End(ctx, ok("x")) != nil {
		os.Exit(5)
	}
	p, err := log.Begin(ctx, pull("cut off"))
	if err != nil {
		os.Exit(6)
	}
	_, _ = os.Stdout.WriteString(p.ID().String() + "\n")
}

// childScans takes scans without end, as the program's own addresses do, and says
// which were accepted.
func childScans(d *db.DB, log *translog.Log) {
	spool := translog.NewSpool(log, 0)
	go spool.Run(context.Background())
	line := web.Transfer{System: web.DeviceSystem, Service: "visit.scan", Direction: translog.In}
	scan := web.NewRecorder(spool, d.Now).Wrap(line, func(w http.ResponseWriter, r *http.Request) error {
		by, _ := identity.ActorOf(r.Context())
		cmd := identity.Command{ID: uuid.MustParse(r.PostFormValue("command_id")), Kind: "dispense", Request: r.PostForm}
		said, _, err := identity.RunCommand(r.Context(), d, by, cmd, func(context.Context, *db.Tx) (string, error) { return "已发出", nil })
		_, _ = io.WriteString(w, said)
		return err
	})
	for {
		id := uuid.NewString()
		r := httptest.NewRequest(http.MethodPost, "/sessions/1/visits/7/scans", strings.NewReader("command_id="+id))
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		if err := scan(httptest.NewRecorder(), r.WithContext(identity.WithActor(r.Context(), identity.Actor{StaffID: 7}))); err != nil {
			os.Exit(7)
		}
		_, _ = os.Stdout.WriteString(id + "\n")
	}
}

func TestKilledBetweenIntentAndOutcome(t *testing.T) {
	d := dbtest.New(t)
	keyDir, officerFile := filepath.Join(t.TempDir(), "keys"), filepath.Join(t.TempDir(), "officer.pem")
	keys := serverKeys(t, keyDir, officerFile)
	id := killedChild(t, d, keyDir, "", 1)[0]

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

// serverKeys makes the keys of a server with a log officer.
func serverKeys(t *testing.T, dir, officerFile string) *seal.KeyDir {
	t.Helper()
	keys, err := seal.OpenKeyDir(dir)
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
	return keys
}

// A server is killed while it takes scans. After the next start every scan that was
// accepted has its entry: those that had been written, and the others out of their
// commands.
func TestKilledWhileScansCome(t *testing.T) {
	d := dbtest.With(t, dbtest.Options{Clock: func() time.Time { return time.Now().Add(time.Hour) }})
	keyDir := filepath.Join(t.TempDir(), "keys")
	keys := serverKeys(t, keyDir, filepath.Join(t.TempDir(), "officer.pem"))
	accepted := killedChild(t, d, keyDir, "scans", 1000)
	entered := func() (n int) {
		err := d.App.Get(t.Context(), &n, `SELECT count(*) FROM command c WHERE c.id = ANY($1::uuid[])
  AND EXISTS (SELECT 1 FROM translog_entry e WHERE e.exchange_id = c.exchange_id)`, pq.Array(accepted))
		if err != nil {
			t.Fatal(err)
		}
		return n
	}
	before := entered()
	n, err := translog.New(d.App, keys, "restarted").Recover(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if after := entered(); after != len(accepted) {
		t.Errorf("%d of %d accepted scans are in the log", after, len(accepted))
	}
	t.Logf("%d scans accepted, %d were in the log at the kill, %d made again", len(accepted), before, n)
	if r, err := translog.Verify(t.Context(), d.App, translog.Checks{}); err != nil || !r.Good() {
		t.Errorf("%+v, %v", r, err)
	}
}

// killedChild gives what the child said before it was killed, so many lines.
func killedChild(t *testing.T, d *dbtest.DB, keyDir, work string, lines int) []string {
	t.Helper()
	cmd := exec.Command(os.Args[0])
	cmd.Env = append(os.Environ(), childKeys+"="+keyDir, childWork+"="+work, "JINGFANG_DSN="+d.AppDSN)
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	var said []string
	in := bufio.NewScanner(out)
	for len(said) < lines && in.Scan() {
		said = append(said, in.Text())
	}
	if err := cmd.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	if err := cmd.Wait(); err == nil || len(said) < lines {
		t.Fatalf("the child ended by itself after %d lines: %v", len(said), err)
	}
	return said
}
