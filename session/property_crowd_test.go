package session_test

import (
	"encoding/json"
	"sync"
	"testing"
	"time"

	"jingfang/sql/db"
)

// The same six people, each with two devices, all at once; every few commands one
// is sent twice at the same moment. Nobody reads anything but a sentence.
func TestSixPeopleAtOnce(t *testing.T) {
	seed, steps := chance(t, 2400, 300)
	w := newWorld(t, seed)
	w.restock(300)
	c := &crowd{world: w, t: t}
	var wg sync.WaitGroup
	for range 12 {
		wg.Go(func() {
			for range steps / 12 {
				c.step()
			}
		})
	}
	wg.Wait()
	w.read()
	w.verify()
	t.Logf("%d of %d commands carried out, %d sent twice at once, %d again later", len(c.sent), c.steps, c.twice, c.repeated)
	var shelf int
	w.must(w.db.App.Get(w.ctx, &shelf, `SELECT count(*) FROM pack k JOIN recall_code x ON x.code = k.code JOIN recall a ON a.id = x.recall_id
WHERE k.state = 'in_store' AND a.lifted_at IS NULL`))
	if shelf != 0 {
		t.Errorf("%d recalled packs lie on the shelf", shelf)
	}
	if len(c.sent) < c.steps/10 {
		t.Errorf("only %d of %d commands were carried out", len(c.sent), c.steps)
	}
}

// crowd is a world with many hands: what they choose from is read under mu, what
// they do is not.
type crowd struct {
	*world
	t                      *testing.T
	mu                     sync.Mutex
	sent                   []kept
	steps, twice, repeated int
}

// next chooses an act, and sometimes one that was done before.
func (c *crowd) next() (a act, again *kept, double bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.steps++
	if c.steps%25 == 0 {
		m, err := readModel(c.ctx, c.db.App, time.Now())
		if err != nil {
			c.t.Error(err)
		} else {
			c.model = m
		}
	}
	if len(c.sent) > 0 && c.usually(8) {
		k := one(c.r, c.sent)
		again = &k
		c.repeated++
	}
	double = c.usually(10)
	if c.usually(4) {
		return c.recallOrLift(), again, double
	}
	return c.choose(), again, double
}

func (c *crowd) step() {
	a, again, double := c.next()
	if again != nil {
		answer, err := again.do()
		c.same(again.name, again.answer, answer, err)
	}
	if double && a.name != "open" {
		c.both(a)
		return
	}
	answer, err := a.do()
	c.told(a, answer, err)
}

// both sends a command twice at the same moment.
func (c *crowd) both(a act) {
	var other any
	var failed error
	var wg sync.WaitGroup
	wg.Go(func() { other, failed = a.do() })
	answer, err := a.do()
	wg.Wait()
	if err == nil && failed == nil {
		body, bad := json.Marshal(other)
		if bad != nil {
			c.t.Error(bad)
		}
		c.same(a.name, body, answer, nil)
		c.mu.Lock()
		c.twice++
		c.mu.Unlock()
	}
	c.polite(a.name, failed)
	c.told(a, answer, err)
}

// same compares the answer to a repeat with the first one.
func (c *crowd) same(name string, first []byte, answer any, err error) {
	body, bad := json.Marshal(answer)
	if err != nil || bad != nil || string(body) != string(first) {
		c.t.Errorf("%s sent again: %s, %v, %v; the first answer was %s", name, body, err, bad, first)
	}
}

// polite holds an error to being a sentence.
func (c *crowd) polite(name string, err error) {
	if k := db.KindOf(err); k == db.Internal || k == db.Unavailable {
		c.t.Errorf("%s: %v", name, err)
	}
}

func (c *crowd) told(a act, answer any, err error) {
	c.polite(a.name, err)
	if err != nil {
		return
	}
	body, bad := json.Marshal(answer)
	if bad != nil {
		c.t.Error(bad)
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if a.heard != nil {
		a.heard(answer)
	}
	if a.name != "open" {
		c.sent = append(c.sent, kept{a.name, a.do, body})
	}
}
