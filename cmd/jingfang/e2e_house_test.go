package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"jingfang/sql/dbtest"
	"jingfang/sql/embedded"
)

// demoPassword is the password of every account of the houses under test.
const demoPassword = "Demo-12345"

// testPatience bounds every wait of the tests; nothing takes so long that works.
const testPatience = time.Minute

// runningHouse is a program that answers, started as main starts it.
type runningHouse struct {
	running
	base *dbtest.DB // nil where the program has a cluster of its own
	said *transcript
	plan loadPlan // of -load 1
	// stop asks the program to end and gives its exit code.
	stop func() int
}

// transcript is what a program printed; it may be read while more comes.
type transcript struct {
	mu   sync.Mutex
	text bytes.Buffer
}

// Write takes what the program prints.
func (s *transcript) Write(p []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.text.Write(p)
}

// String is everything so far.
func (s *transcript) String() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.text.String()
}

// twoUsers gives a test its database with two users. Where one user plays both
// the program refuses to run, and the test is left without one.
func twoUsers(t *testing.T, o dbtest.Options) *dbtest.DB {
	t.Helper()
	d := dbtest.With(t, o)
	if !d.TwoUsers() {
		t.Skip("the program refuses to run as the owner of its tables; set JINGFANG_TEST_APP_DSN to a second user")
	}
	return d
}

// environment names the databases to a program, nothing else of ours.
func environment(d *dbtest.DB) func(string) (string, bool) {
	set := map[string]string{}
	if d != nil {
		set["JINGFANG_DSN"], set["JINGFANG_OWNER_DSN"] = d.AppDSN, d.OwnerDSN
	}
	return func(name string) (string, bool) {
		text, ok := set[name]
		return text, ok
	}
}

// startProgram runs the program until the test ends; it waits until requests are
// answered.
func startProgram(t *testing.T, d *dbtest.DB, args ...string) *runningHouse {
	t.Helper()
	h := &runningHouse{base: d, said: &transcript{}}
	ready := make(chan running, 1)
	p := &program{args: args, env: environment(d), in: strings.NewReader(""), out: h.said, err: h.said,
		ready: func(r running) { ready <- r }}
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan int, 1)
	go func() { ended <- p.main(ctx) }()
	h.stop = sync.OnceValue(func() int {
		cancel()
		return <-ended
	})
	t.Cleanup(func() {
		if code := h.stop(); code != exitOK {
			t.Errorf("the program ended with %d and said:\n%s", code, h.said)
		}
	})
	select {
	case h.running = <-ready:
	case code := <-ended:
		ended <- code
		t.Fatalf("the program ended with %d and said:\n%s", code, h.said)
	}
	return h
}

// startDemo starts the demonstration on a database for tests. Load asks for
// accounts with few rounds of password hashing and one big session; without it
// the demo's start takes most of a minute under the race detector.
func startDemo(t *testing.T, d *dbtest.DB, args ...string) *runningHouse {
	t.Helper()
	data := t.TempDir()
	h := startProgram(t, d, append([]string{"demo", "-data", data, "-addr", "127.0.0.1:0", "-password", demoPassword,
		"-load", "1", "-dev", "-his-every", "200ms"}, args...)...)
	h.readPlan(t)
	return h
}

func (h *runningHouse) readPlan(t *testing.T) {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(h.Data, loadFile))
	if err == nil {
		err = json.Unmarshal(text, &h.plan)
	}
	if err != nil {
		t.Fatal(err)
	}
}

// verify runs a verifying command of the program as an operator would, and
// fails the test if it finds anything.
func (h *runningHouse) verify(t *testing.T) {
	t.Helper()
	for _, what := range []string{"stock", "records", "audit", "transferlog"} {
		var said transcript
		p := &program{args: []string{"verify", what, "-data", h.Data}, env: environment(h.base), in: strings.NewReader(""), out: &said, err: &said}
		if code := p.main(context.Background()); code != exitOK {
			t.Errorf("verify %s ended with %d: %s", what, code, said.String())
		}
	}
}

// removeHome removes the files of a demo's own cluster, which lie outside of
// the test's folder when root runs it.
func removeHome(t *testing.T, data string) {
	t.Helper()
	c, err := embedded.Attach(data)
	if err != nil {
		t.Fatal(err)
	}
	home := c.Home()
	t.Cleanup(func() {
		if strings.HasPrefix(home, data) {
			return
		}
		if err := os.RemoveAll(home); err != nil {
			t.Error(err)
		}
	})
}

// await waits for a condition.
func await(t *testing.T, what string, condition func() bool) {
	t.Helper()
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	deadline := time.After(testPatience)
	for !condition() {
		select {
		case <-tick.C:
		case <-deadline:
			t.Fatalf("it did not come true: %s", what)
		}
	}
}

// statusOf is the status of a GET without a login.
func statusOf(url string) int {
	resp, err := http.Get(url)
	if err != nil {
		return 0
	}
	defer resp.Body.Close()
	return resp.StatusCode
}

// needDatabaseBinaries skips where the machine has no PostgreSQL to run a cluster
// with, and fails there in CI.
func needDatabaseBinaries(t *testing.T) {
	t.Helper()
	c, err := embedded.Start(t.Context(), embedded.Config{Fast: true})
	if errors.Is(err, embedded.ErrMissing) && os.Getenv("CI") == "" {
		t.Skipf("no PostgreSQL on this machine; sh deploy/test.sh installs it: %v", err)
	}
	if err != nil {
		t.Fatal(err)
	}
	if err := c.Stop(context.Background()); err != nil {
		t.Error(err)
	}
}
