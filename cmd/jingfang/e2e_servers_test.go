package main

import (
	"strings"
	"testing"
)

// A scan on one server changes the screen of who looks at another one, which
// only shares the database and the keys; a login made on one holds on both.
func (w *world) testTwoServers(t *testing.T) {
	other := startProgram(t, w.base, "serve", "-data", w.Data, "-addr", "127.0.0.1:0", "-log-level", "warn")
	codes := w.take(t, 0, 2)
	c := w.session(t, codes, "doctor1")
	d := w.doctors[0]
	there := w.pharm.at(other.URL).watch(c.id)
	there.until(t, 0, "the board of two packs", showsFoot(2, 0, 2))

	visit := c.start(d, w.patient(t, "双机"))
	from := there.seen()
	if a := c.scan(d, visit, codes[0]); a.kinds()[0] != "ok" {
		t.Fatalf("%+v", a)
	}
	there.until(t, from, "the scan of the other server", showsFoot(2, 1, 1))
	there.until(t, 0, "the doctor's last code", func(e streamEvent) bool {
		return strings.Contains(e.data, "…"+codes[0][len(codes[0])-4:])
	})

	// And back: the second scan goes through the other server.
	here := w.pharm.watch(c.id)
	here.until(t, 0, "the board", showsFoot(2, 1, 1))
	if a := c.scan(d.at(other.URL), visit, codes[1]); a.kinds()[0] != "ok" {
		t.Fatalf("%+v", a)
	}
	here.until(t, 0, "the scan of the other server", showsFoot(2, 2, 0))
	if x, y := c.totals(w.pharm), c.totals(w.pharm.at(other.URL)); x != y {
		t.Errorf("the servers differ: %+v and %+v", x, y)
	}

	// A login that ends on one server ends its streams on the other.
	leaving := person(t, w.URL, "pharmacist2")
	s := leaving.at(other.URL).watch(c.id)
	s.until(t, 0, "the board", showsFoot(2, 2, 0))
	if r := leaving.post("/logout", commandForm()); r.status/100 > 3 {
		t.Fatalf("logout: %d %s", r.status, r.body)
	}
	s.until(t, 0, "bye", func(e streamEvent) bool { return e.name == "bye" })
	if r := leaving.at(other.URL).get(c.path("")); r.status != 401 {
		t.Errorf("a login that ended is still let in by the other server: %d", r.status)
	}
	c.finish(d, visit)
}

// Bytes that a phone on a weak link may be asked to take: for one scan, and for
// the whole board on connecting.
const (
	scanBytes  = 4 << 10
	boardBytes = 40 << 10
)

// testWeight weighs what one scan sends to a phone in a session of twenty drugs
// and five doctors.
func (w *world) testWeight(t *testing.T) {
	x := w.plan.Sessions[0]
	c := clinic{t: t, id: x.ID}
	d := person(t, w.URL, x.Doctors[0])
	for _, token := range x.Patients[300:320] {
		c.queue(w.helper, token)
	}
	visit := c.start(d, x.Patients[299])
	before := c.totals(w.pharm)
	phone := d.watch(c.id)
	phone.until(t, 0, "the board", showsFoot(before.Taken, before.Given, before.Left))
	if n := len(phone.text()); n > boardBytes {
		t.Errorf("connecting costs %d bytes", n)
	}
	for i, code := range x.Codes[1000:1003] {
		from := len(phone.text())
		if a := c.scan(d, visit, code); a.kinds()[0] != "ok" {
			t.Fatalf("%+v", a)
		}
		phone.until(t, 0, "the scan", showsFoot(before.Taken, before.Given+i+1, before.Left-i-1))
		n := len(phone.text()) - from
		t.Logf("one scan costs a phone %d bytes", n)
		if n > scanBytes {
			t.Errorf("one scan costs a phone %d bytes", n)
		}
	}
	c.finish(d, visit)
}

// showsFoot matches a board whose equation has these numbers.
func showsFoot(taken, given, left int) func(streamEvent) bool {
	return func(e streamEvent) bool {
		if e.name != "board" {
			return false
		}
		s := screen{news: make(chan struct{}, 1)}
		s.read(e.data)
		return s.foot == footOf(taken, given, left)
	}
}
