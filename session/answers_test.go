package session_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/google/uuid"

	"jingfang/inventory"
	"jingfang/session"
	"jingfang/session/identity"
	"jingfang/sql/db"
)

// answersTable is what a scan of any box, at any point, by anybody, is answered
// with: a kind of answer, or the kind of refusal when the whole scan is refused.
//
// The people: doctor has the visit, other is a doctor with another table, duty is
// the pharmacist on duty, assistant is in the team, manager is not, stranger is a
// doctor of the site who is not in the team. The points: table is a scan at the
// doctor's visit, tail the same with the last six characters typed, receiving is
// the receipt that the box came with, packing is for this session, closing is
// scanning what is left when dispensing has stopped. Receiving reads the ledger,
// which cannot be put back to an earlier day: given_earlier is of today to it.
const answersTable = `
point      box             doctor          other           duty            assistant       manager  stranger

table      expected        not_received    conflict        denied          denied          denied   conflict
table      expected_else   not_received    conflict        denied          denied          denied   conflict
table      in_store        not_packed      conflict        denied          denied          denied   conflict
table      expired         expired         conflict        denied          denied          denied   conflict
table      allocated_here  ok              conflict        denied          denied          denied   conflict
table      allocated_else  other_session   conflict        denied          denied          denied   conflict
table      given_here      repeat          conflict        denied          denied          denied   conflict
table      given_today     taken_today     conflict        denied          denied          denied   conflict
table      given_earlier   taken_before    conflict        denied          denied          denied   conflict
table      quarantined     quarantined     conflict        denied          denied          denied   conflict
table      damaged         wrong_state     conflict        denied          denied          denied   conflict
table      destroyed       wrong_state     conflict        denied          denied          denied   conflict
table      lost            lost            conflict        denied          denied          denied   conflict
table      sent_back       wrong_state     conflict        denied          denied          denied   conflict
table      withdrawn       withdrawn       conflict        denied          denied          denied   conflict
table      unknown         unknown         conflict        denied          denied          denied   conflict
table      unmapped        unknown_prefix  conflict        denied          denied          denied   conflict
table      no_code         commodity_code  conflict        denied          denied          denied   conflict

tail       expected        tail_unknown    conflict        denied          denied          denied   conflict
tail       expected_else   tail_unknown    conflict        denied          denied          denied   conflict
tail       in_store        tail_unknown    conflict        denied          denied          denied   conflict
tail       expired         tail_unknown    conflict        denied          denied          denied   conflict
tail       allocated_here  ok              conflict        denied          denied          denied   conflict
tail       allocated_else  tail_unknown    conflict        denied          denied          denied   conflict
tail       given_here      repeat          conflict        denied          denied          denied   conflict
tail       given_today     taken_today     conflict        denied          denied          denied   conflict
tail       given_earlier   taken_before    conflict        denied          denied          denied   conflict
tail       quarantined     tail_unknown    conflict        denied          denied          denied   conflict
tail       damaged         tail_unknown    conflict        denied          denied          denied   conflict
tail       destroyed       tail_unknown    conflict        denied          denied          denied   conflict
tail       lost            tail_unknown    conflict        denied          denied          denied   conflict
tail       sent_back       tail_unknown    conflict        denied          denied          denied   conflict
tail       withdrawn       tail_unknown    conflict        denied          denied          denied   conflict
tail       unknown         tail_unknown    conflict        denied          denied          denied   conflict
tail       unmapped        tail_unknown    conflict        denied          denied          denied   conflict
tail       no_code         tail_unknown    conflict        denied          denied          denied   conflict

receiving  expected        denied          denied          ok              ok              denied   denied
receiving  expected_else   denied          denied          other_receipt   other_receipt   denied   denied
receiving  in_store        denied          denied          already_here    already_here    denied   denied
receiving  expired         denied          denied          already_here    already_here    denied   denied
receiving  allocated_here  denied          denied          other_session   other_session   denied   denied
receiving  allocated_else  denied          denied          other_session   other_session   denied   denied
receiving  given_here      denied          denied          taken_today     taken_today     denied   denied
receiving  given_today     denied          denied          taken_today     taken_today     denied   denied
receiving  given_earlier   denied          denied          taken_today     taken_today     denied   denied
receiving  quarantined     denied          denied          quarantined     quarantined     denied   denied
receiving  damaged         denied          denied          wrong_state     wrong_state     denied   denied
receiving  destroyed       denied          denied          wrong_state     wrong_state     denied   denied
receiving  lost            denied          denied          lost            lost            denied   denied
receiving  sent_back       denied          denied          wrong_state     wrong_state     denied   denied
receiving  withdrawn       denied          denied          withdrawn       withdrawn       denied   denied
receiving  unknown         denied          denied          not_on_receipt  not_on_receipt  denied   denied
receiving  unmapped        denied          denied          unknown_prefix  unknown_prefix  denied   denied
receiving  no_code         denied          denied          commodity_code  commodity_code  denied   denied

packing    expected        denied          denied          not_received    denied          denied   denied
packing    expected_else   denied          denied          not_received    denied          denied   denied
packing    in_store        denied          denied          ok              denied          denied   denied
packing    expired         denied          denied          expired         denied          denied   denied
packing    allocated_here  denied          denied          already_here    denied          denied   denied
packing    allocated_else  denied          denied          other_session   denied          denied   denied
packing    given_here      denied          denied          taken_today     denied          denied   denied
packing    given_today     denied          denied          taken_today     denied          denied   denied
packing    given_earlier   denied          denied          taken_before    denied          denied   denied
packing    quarantined     denied          denied          quarantined     denied          denied   denied
packing    damaged         denied          denied          wrong_state     denied          denied   denied
packing    destroyed       denied          denied          wrong_state     denied          denied   denied
packing    lost            denied          denied          lost            denied          denied   denied
packing    sent_back       denied          denied          wrong_state     denied          denied   denied
packing    withdrawn       denied          denied          withdrawn       denied          denied   denied
packing    unknown         denied          denied          unknown         denied          denied   denied
packing    unmapped        denied          denied          unknown_prefix  denied          denied   denied
packing    no_code         denied          denied          commodity_code  denied          denied   denied

closing    expected        not_received    not_received    not_received    not_received    denied   denied
closing    expected_else   not_received    not_received    not_received    not_received    denied   denied
closing    in_store        not_packed      not_packed      not_packed      not_packed      denied   denied
closing    expired         expired         expired         expired         expired         denied   denied
closing    allocated_here  ok              ok              ok              ok              denied   denied
closing    allocated_else  other_session   other_session   other_session   other_session   denied   denied
closing    given_here      taken_today     taken_today     taken_today     taken_today     denied   denied
closing    given_today     taken_today     taken_today     taken_today     taken_today     denied   denied
closing    given_earlier   taken_before    taken_before    taken_before    taken_before    denied   denied
closing    quarantined     quarantined     quarantined     quarantined     quarantined     denied   denied
closing    damaged         wrong_state     wrong_state     wrong_state     wrong_state     denied   denied
closing    destroyed       wrong_state     wrong_state     wrong_state     wrong_state     denied   denied
closing    lost            lost            lost            lost            lost            denied   denied
closing    sent_back       wrong_state     wrong_state     wrong_state     wrong_state     denied   denied
closing    withdrawn       withdrawn       withdrawn       withdrawn       withdrawn       denied   denied
closing    unknown         unknown         unknown         unknown         unknown         denied   denied
closing    unmapped        unknown_prefix  unknown_prefix  unknown_prefix  unknown_prefix  denied   denied
closing    no_code         commodity_code  commodity_code  commodity_code  commodity_code  denied   denied
`

// cellsOf takes the table apart: point, box and person to the answer, and the
// boxes and people in their order.
func cellsOf(t *testing.T) (cells map[[3]string]string, boxes, people []string) {
	t.Helper()
	cells = map[[3]string]string{}
	for i, line := range strings.Split(strings.TrimSpace(answersTable), "\n") {
		words := strings.Fields(line)
		switch {
		case i == 0:
			people = words[2:]
		case len(words) == 0:
		case len(words) != 2+len(people):
			t.Fatalf("line %d has %d words", i, len(words))
		default:
			if !slices.Contains(boxes, words[1]) {
				boxes = append(boxes, words[1])
			}
			for n, p := range people {
				cells[[3]string{words[0], words[1], p}] = words[2+n]
			}
		}
	}
	return cells, boxes, people
}

// Every box in every state, scanned at every point by everybody, is answered as
// the table says by the use cases themselves; and unless the answer is yes the
// box stays where it was.
func TestEveryScanOfEveryBoxByEverybody(t *testing.T) {
	cells, boxes, people := cellsOf(t)
	points := []string{"table", "tail", "receiving", "packing", "closing"}
	if len(cells) != len(points)*len(boxes)*len(people) {
		t.Fatalf("%d cells for %d points, %d boxes, %d people", len(cells), len(points), len(boxes), len(people))
	}
	c := newCounter(t, cells, boxes)
	for _, point := range points {
		if point == "closing" {
			_, err := c.svc.StopDispensing(c.ctx, c.chief, session.Stopping{SessionID: c.session, CommandID: uuid.New()})
			c.must(err)
		}
		for _, box := range boxes {
			for _, person := range people {
				c.holds([3]string{point, box, person}, cells[[3]string{point, box, person}])
			}
		}
	}
	check, err := inventory.VerifyStock(c.ctx, c.db.App, nil)
	if err != nil || check.First != nil {
		t.Errorf("stock: %+v, %v", check.First, err)
	}
}

func (c *counter) holds(cell [3]string, want string) {
	c.t.Helper()
	code := c.boxes[cell]
	before := c.whereIs(code)
	answers, err := c.scanAt(cell[0], c.who[cell[2]], code)
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
	after := before
	if want == "ok" {
		after = map[string]string{"table": "dispensed", "tail": "dispensed", "receiving": "in_store", "packing": "allocated", "closing": "allocated, ticked off"}[cell[0]]
	}
	if now := c.whereIs(code); now != after {
		c.t.Errorf("%v: the box was %q and is %q, want %q", cell, before, now, after)
	}
}

// whereIs is the state of a box, "" when there is none.
func (c *counter) whereIs(code string) string {
	c.t.Helper()
	var list []string
	c.must(c.db.App.Select(c.ctx, &list, `SELECT concat(k.state, CASE WHEN z.pack_id IS NULL THEN '' ELSE ', ticked off' END) AS place
FROM pack k LEFT JOIN closing_seen z ON z.pack_id = k.id WHERE k.code = $1::text`, code))
	return strings.Join(list, "; ")
}

func (c *counter) scanAt(point string, by identity.Actor, code string) ([]inventory.CodeAnswer, error) {
	command := uuid.New()
	switch point {
	case "table", "tail":
		in := session.Scan{SessionID: c.session, Visit: c.visit, CommandID: command, Codes: code}
		if point == "tail" {
			in.Typed, in.Codes = true, code[len(code)-6:]
		}
		a, err := c.svc.Dispense(c.ctx, by, in)
		return a.Answers, err
	case "receiving":
		a, err := c.stock.Receive(c.ctx, by, inventory.ReceiveScan{ReceiptID: c.receipt, CommandID: command, Codes: code})
		return a.Answers, err
	case "packing":
		a, err := c.svc.Pack(c.ctx, by, session.Packing{SessionID: c.session, CommandID: command, Codes: code})
		return a.Answers, err
	}
	a, err := c.svc.ScanLeft(c.ctx, by, session.LeftScan{SessionID: c.session, CommandID: command, Codes: code})
	return a.Answers, err
}
