package main

import (
	"bufio"
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"jingfang/sql/db"
	"jingfang/sql/dbtest"
)

// startDemo builds the program, starts it with n sessions on a schema of the
// test's own, and gives the file it writes.
func startDemo(t *testing.T, d *dbtest.DB, n int) (file string) {
	t.Helper()
	if owns, err := db.OwnsTables(t.Context(), d.App); err != nil || owns {
		t.Skipf("the server refuses to run as the owner of the tables; set JINGFANG_TEST_APP_DSN (%v)", err)
	}
	dir := t.TempDir()
	program, data := filepath.Join(dir, "jingfang"), filepath.Join(dir, "data")
	if out, err := exec.CommandContext(t.Context(), "go", "build", "-o", program, "jingfang/cmd/jingfang").CombinedOutput(); err != nil {
		t.Fatalf("build: %v\n%s", err, out)
	}
	c := exec.Command(program, "demo", "-load", fmt.Sprint(n), "-addr", "127.0.0.1:0", "-data", data, "-log-level", "error")
	c.Env = append(os.Environ(), "JINGFANG_DSN="+d.AppDSN, "JINGFANG_OWNER_DSN="+d.OwnerDSN)
	var said bytes.Buffer
	out, err := c.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	c.Stderr = &said
	if err := c.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := c.Process.Signal(syscall.SIGTERM); err != nil {
			t.Error(err)
		}
		if err := c.Wait(); err != nil {
			t.Errorf("the server ended with %v\n%s", err, said.String())
		}
	})
	lines := bufio.NewScanner(out)
	for lines.Scan() {
		if strings.Contains(lines.Text(), "精防演示已启动") {
			go func() {
				for lines.Scan() { // so that it can go on printing
				}
			}()
			return filepath.Join(data, "load.json")
		}
	}
	t.Fatalf("the demo did not start: %s", said.String())
	return ""
}

// TestSmallClinic plays two sessions against the real server: nothing may be
// lost or refused, and both comparisons must have measured something.
func TestSmallClinic(t *testing.T) {
	if testing.Short() {
		t.Skip("builds and starts the program")
	}
	d := dbtest.New(t)
	file := startDemo(t, d, 2)
	t.Setenv("JINGFANG_DSN", d.AppDSN)
	t.Setenv("JINGFANG_OWNER_DSN", d.OwnerDSN)
	r := play(t, "-file", file, "-doctors", "2", "-viewers", "9", "-time", "1s", "-slices", "2", "-raw", "-bare")
	if r.Packs == 0 || r.Scan.Count != r.Packs || len(r.Errors) != 0 || r.DoctorsGone != 0 {
		t.Errorf("scans went wrong: %+v", r)
	}
	if r.Screen.Count != r.Packs || r.Lost != 0 || r.Reconnects != 0 {
		t.Errorf("%d of %d packs came to all screens, %d lost", r.Screen.Count, r.Packs, r.Lost)
	}
	if r.Raw.Times.Count == 0 || len(r.Raw.Errors) != 0 || r.Bare.Times.Count == 0 || r.Bare.Lost != 0 {
		t.Errorf("the comparisons measured %+v and %+v", r.Raw, r.Bare)
	}
	if r.Process.Resident == 0 || r.Process.Renders == 0 || r.Process.BytesPerViewer == 0 {
		t.Errorf("the server's figures are missing: %+v", r.Process)
	}
	ended(t, d, r.Packs)
	// A second run goes on with what is left.
	again := play(t, "-file", file, "-sessions", "1", "-viewers", "0", "-time", "1s", "-rate", "20")
	if again.Packs == 0 || len(again.Errors) != 0 {
		t.Errorf("the second run: %+v", again)
	}
	ended(t, d, r.Packs+again.Packs)
}

func play(t *testing.T, args ...string) (r report) {
	t.Helper()
	var out, progress bytes.Buffer
	if err := run(t.Context(), append(args, "-json"), &out, &progress); err != nil {
		t.Fatalf("%v\n%s", err, progress.String())
	}
	if err := json.Unmarshal(out.Bytes(), &r); err != nil {
		t.Fatal(err)
	}
	if err := r.writeText(&progress); err != nil {
		t.Fatal(err)
	}
	t.Logf("%s", progress.String())
	return r
}

// ended holds what a run leaves behind: its packs, no open visit, no schema.
func ended(t *testing.T, d *dbtest.DB, packs int) {
	t.Helper()
	var n struct {
		Lines int `db:"lines"`
		Open  int `db:"open_visits"`
		Raw   int `db:"raw_schemas"`
	}
	err := d.App.Get(t.Context(), &n, `SELECT (SELECT count(*) FROM visit_line l JOIN visit v ON v.id = l.visit_id JOIN clinic_session c ON c.id = v.session_id WHERE c.kind = 'home') AS lines,
  (SELECT count(*) FROM visit v JOIN clinic_session c ON c.id = v.session_id WHERE c.kind = 'home' AND v.state = 'in_consultation') AS open_visits,
  (SELECT count(*) FROM pg_namespace WHERE nspname = $1::text) AS raw_schemas`, rawSchema)
	if err != nil {
		t.Fatal(err)
	}
	if n.Lines != packs || n.Open != 0 || n.Raw != 0 {
		t.Errorf("left behind: %+v, want %d lines and nothing else", n, packs)
	}
}
