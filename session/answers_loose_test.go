package session_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/google/uuid"

	"jingfang/inventory"
	"jingfang/session"
	"jingfang/sql/db"
)

// looseTable is what the scan of a box of a drug that is given by quantity is
// answered with, for whoever may scan there at all. The points: table is a plain
// scan at the doctor's visit, units asks for 5 of 20, more for 25, whole for all,
// tail types the last six characters; the others are those of answersTable. The
// boxes: opened_here has 12 of 20 left and another patient has the 8, of
// opened_mine the visit itself has them, opened_else is with another session,
// opened_store went back to the pharmacy, used_up was given out today to its last
// unit.
const looseTable = `
box             table          units             whole             more            tail          receiving       packing       closing

expected        not_received   not_received      not_received      not_received    tail_unknown  ok              not_received  not_received
expected_else   not_received   not_received      not_received      not_received    tail_unknown  other_receipt   not_received  not_received
in_store        not_packed     not_packed        not_packed        not_packed      tail_unknown  already_here    ok            not_packed
expired         expired        expired           expired           expired         tail_unknown  already_here    expired       expired
allocated_here  ask_quantity   ok                ok                not_enough      ask_quantity  other_session   already_here  ok
allocated_else  other_session  other_session     other_session     other_session   tail_unknown  other_session   other_session other_session
given_here      repeat         quantity_changed  repeat            not_enough      repeat        taken_today     taken_today   taken_today
given_today     used_up        used_up           used_up           used_up         used_up       taken_today     taken_today   taken_today
given_earlier   taken_before   taken_before      taken_before      taken_before    taken_before  taken_today     taken_before  taken_before
opened_here     ask_quantity   ok                ok                not_enough      ask_quantity  other_session   already_here  ok
opened_mine     repeat         quantity_changed  quantity_changed  not_enough      repeat        other_session   already_here  ok
opened_else     other_session  other_session     other_session     other_session   tail_unknown  other_session   other_session other_session
opened_store    not_packed     not_packed        not_packed        not_packed      tail_unknown  already_here    ok            not_packed
used_up         used_up        used_up           used_up           used_up         used_up       taken_today     taken_today   taken_today
quarantined     quarantined    quarantined       quarantined       quarantined     tail_unknown  quarantined     quarantined   quarantined
damaged         wrong_state    wrong_state       wrong_state       wrong_state     tail_unknown  wrong_state     wrong_state   wrong_state
destroyed       wrong_state    wrong_state       wrong_state       wrong_state     tail_unknown  wrong_state     wrong_state   wrong_state
lost            lost           lost              lost              lost            tail_unknown  lost            lost          lost
sent_back       wrong_state    wrong_state       wrong_state       wrong_state     tail_unknown  wrong_state     wrong_state   wrong_state
withdrawn       withdrawn      withdrawn         withdrawn         withdrawn       tail_unknown  withdrawn       withdrawn     withdrawn  
unknown         unknown        unknown           unknown           unknown         tail_unknown  not_on_receipt  unknown       unknown
unmapped        unknown_prefix unknown_prefix    unknown_prefix    unknown_prefix  tail_unknown  unknown_prefix  unknown_prefix unknown_prefix
no_code         commodity_code commodity_code    commodity_code    commodity_code  tail_unknown  commodity_code  commodity_code commodity_code
`

// looseLeft is what the boxes that are changed by a yes hold afterwards.
var looseLeft = map[[2]string]int64{
	{"units", "allocated_here"}: 15, {"whole", "allocated_here"}: 0,
	{"units", "opened_here"}: 7, {"whole", "opened_here"}: 0,
	{"units", "given_here"}: 15, {"units", "opened_mine"}: 15, {"whole", "opened_mine"}: 0,
}

// otherwise is what those read at a point who may not scan there.
func otherwise(point, person string) string {
	switch {
	case person == "manager":
		return "denied"
	case point == "receiving" && person != "duty" && person != "assistant",
		point == "packing" && person != "duty",
		point == "closing" && person == "stranger":
		return "denied"
	case point == "receiving" || point == "packing" || point == "closing" || person == "doctor":
		return ""
	case person == "other" || person == "stranger":
		return "conflict"
	}
	return "denied"
}

func looseCells(t *testing.T) (cells map[[3]string]string, boxes, points, people []string) {
	t.Helper()
	people = []string{"doctor", "other", "duty", "assistant", "manager", "stranger"}
	cells = map[[3]string]string{}
	for i, line := range strings.Split(strings.TrimSpace(looseTable), "\n") {
		words := strings.Fields(line)
		switch {
		case i == 0:
			points = words[1:]
			continue
		case len(words) == 0:
			continue
		case len(words) != 1+len(points):
			t.Fatalf("line %d has %d words", i, len(words))
		}
		boxes = append(boxes, words[0])
		for n, point := range points {
			for _, person := range people {
				want := otherwise(point, person)
				if want == "" {
					want = words[1+n]
				}
				cells[[3]string{point, words[0], person}] = want
			}
		}
	}
	return cells, boxes, points, people
}

// Every box of a loose drug in every state, with and without a number, at every
// point by everybody, is answered as the table says; and unless the answer is yes
// nothing about the box changes.
func TestEveryScanOfEveryLooseBoxByEverybody(t *testing.T) {
	cells, boxes, points, people := looseCells(t)
	c := newCounter(t, cells, boxes)
	c.openBoxes()
	for _, point := range points {
		if point == "closing" {
			_, err := c.svc.StopDispensing(c.ctx, c.chief, session.Stopping{SessionID: c.session, CommandID: uuid.New()})
			c.must(err)
		}
		for _, box := range boxes {
			for _, person := range people {
				cell := [3]string{point, box, person}
				c.looseHolds(cell, cells[cell])
			}
		}
	}
	c.stockHolds()
}

// openBoxes makes the drug loose and opens the boxes that are to be opened.
func (c *counter) openBoxes() {
	c.t.Helper()
	c.makeLoose()
	codes := map[string][]string{}
	for cell, code := range c.boxes {
		codes[cell[1]] = append(codes[cell[1]], code)
	}
	theirs, _, err := session.CurrentVisit(c.ctx, c.db.App, c.session, c.doctors[1].StaffID)
	c.must(err)
	for _, box := range []string{"opened_here", "opened_mine", "opened_else", "opened_store", "used_up"} {
		slices.Sort(codes[box])
		a, err := c.svc.Pack(c.ctx, c.chief, session.Packing{SessionID: c.session, CommandID: uuid.New(), Codes: join(codes[box])})
		c.must(err)
		if a.Moved != len(codes[box]) {
			c.t.Fatalf("%s: %+v", box, a.Worst())
		}
		for _, code := range codes[box] {
			by, visit, units := c.doctors[1], theirs.ID, int64(8)
			switch box {
			case "opened_mine":
				by, visit = c.doctors[0], c.visit
			case "used_up":
				units = 20
			}
			if got := c.units(by, visit, code, units); got.Kind != inventory.KindOK {
				c.t.Fatalf("%s: %+v", box, got)
			}
		}
	}
	home := append(slices.Clone(codes["opened_else"]), codes["opened_store"]...)
	_, err = c.svc.Unpack(c.ctx, c.chief, session.Packing{SessionID: c.session, CommandID: uuid.New(), Codes: join(home)})
	c.must(err)
	_, err = c.svc.Pack(c.ctx, c.chief, session.Packing{SessionID: c.elsewhere, CommandID: uuid.New(), Codes: join(codes["opened_else"])})
	c.must(err)
	c.exec(`UPDATE visit_line SET at = at - interval '3 seconds'`)
}

func (c *counter) looseHolds(cell [3]string, want string) {
	c.t.Helper()
	code := c.boxes[cell]
	before := c.looseIs(code)
	answers, err := c.looseScan(cell, code)
	got := string(db.KindOf(err))
	switch {
	case err == nil && len(answers) == 1:
		got = string(answers[0].Kind)
		if answers[0].Sentence == "" || strings.ContainsAny(answers[0].Sentence, "{}") || !answers[0].Kind.Valid() {
			c.t.Errorf("%v: unfinished answer %+v", cell, answers[0])
		}
	case err == nil:
		got = fmt.Sprintf("%d answers", len(answers))
	case db.Sentence(err) == "":
		c.t.Errorf("%v: %v says nothing", cell, err)
	}
	if got != want {
		c.t.Errorf("%v: %s, want %s (%+v, %v)", cell, got, want, answers, err)
	}
	now := c.looseIs(code)
	if want != "ok" && want != "quantity_changed" {
		if now != before {
			c.t.Errorf("%v: the box was %q and is %q", cell, before, now)
		}
		return
	}
	left, changes := looseLeft[[2]string{cell[0], cell[1]}]
	if changes && !strings.HasSuffix(now, fmt.Sprintf(" %d left", left)) || now == before {
		c.t.Errorf("%v: the box was %q and is %q, want %d left", cell, before, now, left)
	}
}

// looseIs is the state of a box and what it holds.
func (c *counter) looseIs(code string) string {
	c.t.Helper()
	var list []string
	c.must(c.db.App.Select(c.ctx, &list, `SELECT concat(k.state, CASE WHEN z.pack_id IS NULL THEN '' ELSE ' ticked off' END, ' ', k.units_left, ' left') AS place
FROM pack k LEFT JOIN closing_seen z ON z.pack_id = k.id WHERE k.code = $1::text`, code))
	return strings.Join(list, "; ")
}

func (c *counter) looseScan(cell [3]string, code string) ([]inventory.CodeAnswer, error) {
	by := c.who[cell[2]]
	in := session.Scan{SessionID: c.session, Visit: c.visit, CommandID: uuid.New(), Codes: code}
	switch cell[0] {
	case "units":
		in.Quantity = 5
	case "more":
		in.Quantity = 25
	case "whole":
		in.Whole = true
	default:
		return c.scanAt(cell[0], by, code)
	}
	a, err := c.svc.Dispense(c.ctx, by, in)
	return a.Answers, err
}
