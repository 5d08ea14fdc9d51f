package session_test

import (
	"strings"
	"testing"

	"github.com/google/uuid"

	"jingfang/inventory"
	"jingfang/session"
	"jingfang/session/identity"
)

// typed types the end of a code at a visit.
func (c *clinic) typed(by identity.Actor, visit uuid.UUID, text string) session.ScanAnswer {
	c.t.Helper()
	a, err := c.svc.Dispense(c.ctx, by, session.Scan{SessionID: c.session, Visit: visit, CommandID: uuid.New(), Codes: text, Typed: true})
	c.must(err)
	return a
}

// The fixture's codes end …0001, …0002 and so on: four characters name one pack
// of twelve, and "0000" none.
func TestTailOfACode(t *testing.T) {
	c := newClinic(t, 2, 2, 12)
	doctor := c.doctors[0]
	visit, theirs := c.start(doctor, 0), c.start(c.doctors[1], 1)
	c.scan(c.doctors[1], theirs, c.codes[4])
	cases := []struct {
		name, text string
		want       inventory.AnswerKind
		packs      int
	}{
		{"one", "0011", inventory.KindOK, 1},
		{"the same again", "0011", inventory.KindRepeat, 1},
		{"six", "000003", inventory.KindOK, 2},
		{"full-width and blanks", " ０００７ ", inventory.KindOK, 3},
		{"none", "9999", inventory.KindTailUnknown, 3},
		{"with another doctor", "0005", inventory.KindTakenToday, 3},
		{"three are too few", "001", inventory.KindWrongLength, 3},
		{"seven are too many", "0000001", inventory.KindWrongLength, 3},
		{"letters alone", "abcd", inventory.KindNotATraceCode, 3},
		{"two at once", "0001 0002", inventory.KindWrongLength, 3},
	}
	for _, x := range cases {
		a := c.typed(doctor, visit, x.text)
		if a.Answers[0].Kind != x.want || a.Packs != x.packs || a.Answers[0].Sentence == "" {
			t.Errorf("%s: %+v, want %s and %d packs", x.name, a, x.want, x.packs)
		}
	}
	lines, err := session.VisitLines(c.ctx, c.db.App, visit)
	c.must(err)
	for _, l := range lines {
		if l.How != string(inventory.HowTyped) {
			t.Errorf("%s is marked %q", l.Code, l.How)
		}
	}
	// What a scanner reads is never taken for the end of a code.
	if a := c.scan(doctor, visit, "0008"); a.Answers[0].Kind != inventory.KindWrongLength {
		t.Errorf("scanned: %+v", a)
	}
	end, err := c.svc.FinishVisit(c.ctx, doctor, session.Ending{SessionID: c.session, Visit: visit, CommandID: uuid.New()})
	c.must(err)
	if record := c.record(end.Seq); strings.Count(record, "typed") != 3 {
		t.Errorf("the record marks %d lines as typed", strings.Count(record, "typed"))
	}
	c.checkStock(12, 4)
}

// record is the canonical text of a record of the main chain.
func (c *clinic) record(seq int64) string {
	c.t.Helper()
	var canonical []byte
	c.must(c.db.App.Get(c.ctx, &canonical, `SELECT canonical FROM record WHERE session_id = $1 AND chain = 'main' AND seq = $2`, c.session, seq))
	return string(canonical)
}

func TestSeveralPacksWithOneTail(t *testing.T) {
	c := newClinic(t, 1, 1, 0)
	c.codes = nil
	for _, code := range []string{"80000019000000001234", "80000019100000001234"} {
		c.allocated(code)
	}
	visit := c.start(c.doctors[0], 0)
	a := c.typed(c.doctors[0], visit, "1234")
	if a.Answers[0].Kind != inventory.KindTailSeveral || len(a.Choices) != 2 || a.Packs != 0 {
		t.Fatalf("%+v", a)
	}
	in := session.Scan{SessionID: c.session, Visit: visit, CommandID: uuid.New(), Codes: a.Choices[1].Code, Chosen: true}
	for range 2 {
		got, err := c.svc.Dispense(c.ctx, c.doctors[0], in)
		c.must(err)
		if got.Packs != 1 || got.Answers[0].Kind != inventory.KindOK {
			t.Errorf("%+v", got)
		}
	}
	if refused, err := session.Refusals(c.ctx, c.db.App, visit); err != nil || len(refused) != 0 {
		t.Errorf("%v, %v", refused, err)
	}
	// The other one is the only one left.
	if a := c.typed(c.doctors[0], visit, "1234"); a.Packs != 2 {
		t.Errorf("%+v", a)
	}
}

// allocated puts one more pack into the session's trays.
func (c *clinic) allocated(code string) {
	c.t.Helper()
	var id int64
	c.insert(&id, `INSERT INTO pack (code, drug_id, state, units_total, units_left, batch, session_id, created_at, changed_at)
VALUES ($1, $2, 'allocated', 20, 20, 'B2', $3, now(), now()) RETURNING id`, code, c.drug, c.session)
}
