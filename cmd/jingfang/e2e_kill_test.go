package main

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"net"
	"net/url"
	"os"
	"os/exec"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"
)

// childArgs names the variable that makes this test binary be the program.
const childArgs = "JINGFANG_E2E_ARGS"

// TestMainAsChild is no test: it is the program itself, run in a process that
// other tests may kill.
func TestMainAsChild(t *testing.T) {
	args := os.Getenv(childArgs)
	if args == "" {
		t.Skip("only other tests run it")
	}
	p := &program{args: strings.Split(args, "\x1f"), env: environment(nil), in: strings.NewReader(""), out: os.Stdout, err: os.Stderr,
		ready: func(r running) { fmt.Printf("ready %s\n", r.URL) }}
	os.Exit(p.main(context.Background()))
}

// child is the program in a process of its own.
type child struct {
	cmd  *exec.Cmd
	url  string
	said *transcript
}

// startChild waits until the program answers.
func startChild(t *testing.T, args ...string) *child {
	t.Helper()
	c := &child{cmd: exec.Command(os.Args[0], "-test.run=^TestMainAsChild$"), said: &transcript{}}
	c.cmd.Env = append(os.Environ(), childArgs+"="+strings.Join(args, "\x1f"))
	c.cmd.Stderr = c.said
	out, err := c.cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := c.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.kill() })
	lines := bufio.NewScanner(io.TeeReader(out, c.said))
	for lines.Scan() {
		if url, ok := strings.CutPrefix(lines.Text(), "ready "); ok {
			c.url = url
			go func() { _, _ = io.Copy(c.said, out) }() // ends with the process
			return c
		}
	}
	t.Fatalf("the program did not start:\n%s", c.said)
	return nil
}

// kill ends the process as a power failure does; a second call does nothing.
func (c *child) kill() {
	_ = c.cmd.Process.Kill() // it may have ended
	_ = c.cmd.Wait()         // says that it was killed
}

// sentCommand is one that went out, with the answer if one came.
type sentCommand struct {
	who    int
	path   string
	form   url.Values
	answer string
}

// hands are people who scan until told to stop, and keep what was answered. No
// answer, or a refusal for now, makes them send the same command again.
type hands struct {
	clinic
	doctors []*caller
	tokens  []string
	codes   []string

	next    atomic.Int64 // of codes and patients
	closing atomic.Bool  // nobody begins another patient
	mu      sync.Mutex
	log     []sentCommand
	answers atomic.Int64
	refused map[string]int // by status and kind
	tell    []string
}

// do sends a command and notes what came of it; false when there was no answer.
func (h *hands) do(who int, path string, form url.Values) (reply, bool) {
	r := h.doctors[who].post(path, form)
	h.mu.Lock()
	defer h.mu.Unlock()
	s := sentCommand{who: who, path: path, form: form}
	switch {
	case r.status == 200:
		s.answer = r.body
		h.answers.Add(1)
	case r.status != 0:
		kind, sentence := r.refusal()
		h.refused[fmt.Sprintf("%d %s", r.status, kind)]++
		if r.status != 503 || kind != "unavailable" || !strings.HasSuffix(sentence, "。") {
			h.tell = append(h.tell, fmt.Sprintf("%s: %d %s", path, r.status, r.body))
		}
	}
	h.log = append(h.log, s)
	return r, r.status == 200
}

// work is one doctor's day: label, two codes, an undo now and then, 诊毕. What is
// not answered is sent again with the same id until it is, as a device does.
func (h *hands) work(ctx context.Context, who int) {
	again := func(path string, form url.Values) bool {
		for ctx.Err() == nil {
			if _, ok := h.do(who, path, form); ok {
				return true
			}
			idle(ctx, 30*time.Millisecond)
		}
		return false
	}
	for ctx.Err() == nil && !h.closing.Load() {
		n := int(h.next.Add(1)) - 1
		if n >= len(h.tokens) || 2*n+1 >= len(h.codes) {
			return
		}
		enter := commandForm("visit", newID(), "patient", h.tokens[n], "start", "true")
		visit := enter.Get("visit")
		ok := again(h.path("/visits"), enter) &&
			again(h.visitPath(visit, "/scans"), commandForm("codes", h.codes[2*n])) &&
			again(h.visitPath(visit, "/scans"), commandForm("codes", h.codes[2*n+1])) &&
			(n%4 > 0 || again(h.visitPath(visit, "/undo"), commandForm("code", h.codes[2*n]))) &&
			again(h.visitPath(visit, "/finish"), commandForm("collector", "self"))
		if !ok {
			return
		}
	}
}

// idle is the pause of a device before it tries again.
func idle(ctx context.Context, d time.Duration) {
	ctx, cancel := context.WithTimeout(ctx, d)
	defer cancel()
	<-ctx.Done()
}

// TestKilledWhileScanning kills the server and its database with it while five
// doctors scan. After the next start everything that was answered is there, the
// same commands give the same answers, nothing is half, and work goes on.
func TestKilledWhileScanning(t *testing.T) {
	needDatabaseBinaries(t)
	data := t.TempDir()
	args := []string{"demo", "-data", data, "-addr", freeAddr(t), "-password", demoPassword, "-load", "1"}
	first := startChild(t, args...)
	removeHome(t, data)
	house := &runningHouse{running: running{URL: first.url, Data: data}}
	house.readPlan(t)
	h := house.hands(t)
	wait := h.begin(t)
	await(t, "two hundred commands are answered", func() bool { return h.answers.Load() >= 200 })
	first.kill()
	before := h.answers.Load()
	startChild(t, args...)
	house.verify(t)
	await(t, "work goes on after the restart", func() bool { return h.answers.Load() >= before+100 })
	h.closing.Store(true)
	wait()
	h.check(t, person(t, first.url, "pharmacist"))
	house.verify(t)
}

// hands are the doctors of the big session.
func (h *runningHouse) hands(t *testing.T) *hands {
	t.Helper()
	x := h.plan.Sessions[0]
	all := &hands{clinic: clinic{t: t, id: x.ID}, tokens: x.Patients, codes: x.Codes, refused: map[string]int{}}
	for _, name := range x.Doctors {
		all.doctors = append(all.doctors, person(t, h.URL, name))
	}
	return all
}

// begin lets all of them work; the answer waits for the end.
func (h *hands) begin(t *testing.T) func() {
	t.Helper()
	ctx, stop := context.WithCancel(t.Context())
	t.Cleanup(stop)
	var wait sync.WaitGroup
	for who := range h.doctors {
		wait.Go(func() { h.work(ctx, who) })
	}
	return wait.Wait
}

// freeAddr is an address that nobody listens on, so that a server comes back
// where its clients look for it.
func freeAddr(t *testing.T) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	return l.Addr().String()
}

// check sends every command again: it has the same answer and no further effect.
// Then what the answers say must be what is there.
func (h *hands) check(t *testing.T, pharm *caller) {
	t.Helper()
	for _, s := range h.log {
		if s.answer == "" {
			continue
		}
		if r := h.doctors[s.who].post(s.path, s.form); r.status != 200 || r.body != s.answer {
			t.Errorf("%s was answered %q, and later %d %q", s.path, s.answer, r.status, r.body)
		}
	}
	given, finished := h.sum()
	if got := h.totals(pharm); got.Given != given || got.Finished != finished || got.Taken != len(h.codes) || got.Waiting != 0 {
		t.Errorf("%d packs and %d visits were answered, the server has %+v", given, finished, got)
	}
	for _, what := range h.tell[:min(len(h.tell), 10)] {
		t.Error(what)
	}
}

// sum is what the answers say: packs that are given, visits that are finished.
func (h *hands) sum() (given, finished int) {
	done := map[string]bool{}
	for _, s := range h.log {
		if id := s.form.Get("command_id"); s.answer == "" || done[id] {
			continue
		} else {
			done[id] = true
		}
		switch {
		case strings.HasSuffix(s.path, "/scans") && strings.Contains(s.answer, `"kind":"ok"`):
			given++
		case strings.HasSuffix(s.path, "/undo"):
			given--
		case strings.HasSuffix(s.path, "/finish"):
			finished++
		}
	}
	return given, finished
}
