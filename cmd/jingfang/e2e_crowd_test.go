package main

import (
	"fmt"
	"math/rand/v2"
	"net/url"
	"strings"
	"sync"
	"testing"

	"github.com/google/uuid"
)

// Size of the crowd: all of them want codes of one small heap.
const (
	crowdHands  = 50
	crowdRounds = 4
	crowdBatch  = 4
	crowdHeap   = 120
)

// crowd is fifty hands at five tables, each with a scanner of its own.
type crowd struct {
	clinic
	codes []string

	mu    sync.Mutex
	given map[string]int // by code: times given minus times taken back
	tell  []string       // what was wrong
}

func (c *crowd) wrong(format string, args ...any) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if len(c.tell) < 10 {
		c.tell = append(c.tell, fmt.Sprintf(format, args...))
	}
}

// note keeps account of what was answered.
func (c *crowd) note(code string, n int) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.given[code] += n
}

// thrice sends a command three times, as a device does that hears no answer, and
// gives the answer when all three are the same.
func (c *crowd) thrice(d *caller, path string, form url.Values) (scanReply, bool) {
	first := d.post(path, form)
	for range 2 {
		again := d.post(path, form)
		if again.status != first.status || again.status == 200 && again.body != first.body {
			c.wrong("the same command was answered %d %s and then %d %s", first.status, first.body, again.status, again.body)
		}
	}
	var a scanReply
	if first.status == 409 {
		return a, false
	}
	if first.status != 200 {
		c.wrong("%s was answered %d: %s", path, first.status, first.body)
		return a, false
	}
	first.json(c.t, &a)
	return a, true
}

// hand scans batches of random codes of the heap and takes some back.
func (c *crowd) hand(d *caller, visit string) {
	for range crowdRounds {
		var batch []string
		for _, i := range rand.Perm(crowdHeap)[:crowdBatch] {
			batch = append(batch, c.codes[i])
		}
		a, ok := c.thrice(d, c.visitPath(visit, "/scans"), commandForm("codes", strings.Join(batch, "\n")))
		if !ok {
			continue
		}
		if len(a.Answers) != crowdBatch {
			c.wrong("%d codes had %d answers", crowdBatch, len(a.Answers))
		}
		var mine []string
		for _, x := range a.Answers {
			switch x.Kind {
			case "ok":
				c.note(x.Code, 1)
				mine = append(mine, x.Code)
			case "repeat", "absorbed", "taken_today", "last_one_gone":
			default:
				c.wrong("code %s was answered %s: %s", x.Code, x.Kind, x.Sentence)
			}
		}
		if len(mine) == 0 || rand.IntN(3) > 0 {
			continue
		}
		if a, ok := c.thrice(d, c.visitPath(visit, "/undo"), commandForm("code", mine[0])); ok && a.kinds()[0] == "ok" {
			c.note(mine[0], -1)
		}
	}
}

// testCrowd has fifty goroutines scan overlapping codes at five tables, every
// command three times. Each code is given once, nothing deadlocks, and packs,
// movements and visits agree.
func (w *world) testCrowd(t *testing.T) {
	x := w.plan.Sessions[0]
	c := &crowd{clinic: clinic{t: t, id: x.ID}, codes: x.Codes[:crowdHeap], given: map[string]int{}}
	before := c.totals(w.pharm)
	screen := w.pharm.watch(c.id)
	var hands sync.WaitGroup
	visits := map[*caller]string{}
	for i, name := range x.Doctors {
		d := person(t, w.URL, name)
		visits[d] = c.start(d, x.Patients[i])
	}
	for d, visit := range visits {
		for range crowdHands / len(x.Doctors) {
			hands.Go(func() { c.hand(d, visit) })
		}
	}
	hands.Wait()
	for _, what := range c.tell {
		t.Error(what)
	}
	out := 0
	for code, n := range c.given {
		if n < 0 || n > 1 {
			t.Errorf("code %s was given %d times", code, n)
		}
		out += n
	}
	after := c.totals(w.pharm)
	if after.Given-before.Given != out || after.Taken != before.Taken {
		t.Errorf("before %+v, after %+v, but %d packs were given", before, after, out)
	}
	screen.until(t, 0, "the last board", showsFoot(after.Taken, after.Given, after.Left))
	c.finishThrice(t, visits)
}

// finishThrice ends the visits, each three times at once, by the same command.
func (c *crowd) finishThrice(t *testing.T, visits map[*caller]string) {
	t.Helper()
	for d, visit := range visits {
		form := commandForm("collector", "self", "no_drug_reason", "只复诊")
		var answers [3]reply
		var wait sync.WaitGroup
		for i := range answers {
			wait.Go(func() { answers[i] = d.post(c.visitPath(visit, "/finish"), form) })
		}
		wait.Wait()
		for _, a := range answers {
			if a.status != 200 || a.body != answers[0].body {
				t.Errorf("诊毕 three times: %d %s, %d %s", answers[0].status, answers[0].body, a.status, a.body)
			}
		}
		// Another command finds it done.
		if kind, _ := d.post(c.visitPath(visit, "/finish"), commandForm("collector", "self")).refusal(); kind != "conflict" {
			t.Errorf("a second 诊毕 was answered %q", kind)
		}
	}
}

// A command's id belongs to its request: the same id for another one is refused,
// and permission is asked before a replay.
func (w *world) testReplay(t *testing.T) {
	codes := w.take(t, 1, 3)
	c := w.session(t, codes, "doctor1", "doctor2")
	d, other := w.doctors[0], w.doctors[1]
	token := w.patient(t, "重发")
	enter := commandForm("visit", uuid.NewString(), "patient", token, "start", "true")
	var first reply
	for i := range 3 {
		r := d.post(c.path("/visits"), enter)
		if i == 0 {
			first = r
		}
		if r.status != 200 || r.body != first.body {
			t.Errorf("check-in %d: %d %s, first %s", i+1, r.status, r.body, first.body)
		}
	}
	if x := c.totals(w.pharm); x.Finished+x.Waiting != 0 {
		t.Errorf("one check-in sent three times: %+v", x)
	}
	visit := enter.Get("visit")
	scan := commandForm("codes", codes[0])
	first = d.post(c.visitPath(visit, "/scans"), scan)
	scan.Set("codes", codes[1])
	if kind, text := d.post(c.visitPath(visit, "/scans"), scan).refusal(); kind != "conflict" || text == "" {
		t.Errorf("the id of a command with another request: %s %s", kind, text)
	}
	scan.Set("codes", codes[0])
	if r := w.helper.post(c.visitPath(visit, "/scans"), scan); r.status != 403 {
		t.Errorf("somebody without the right replays a doctor's command: %d %s", r.status, r.body)
	}
	// Another doctor's same id is another command, and not his visit.
	if r := other.post(c.visitPath(visit, "/scans"), scan); r.status != 409 && r.status != 403 || r.body == first.body {
		t.Errorf("another doctor with the same id: %d %s", r.status, r.body)
	}
	if x := c.totals(w.pharm); x.Given != 1 {
		t.Errorf("one pack was given: %+v", x)
	}
	c.finish(d, visit)
	// After 诊毕 the first answers are still given, and change nothing.
	if r := d.post(c.visitPath(visit, "/scans"), scan); r.status != 200 || r.body != first.body {
		t.Errorf("a late replay: %d %s, first %s", r.status, r.body, first.body)
	}
	if x := c.totals(w.pharm); x.Given != 1 {
		t.Errorf("one pack was given: %+v", x)
	}
}
