package session_test

import (
	"context"
	"errors"
	"strings"
	"sync"
	"testing"

	"github.com/google/uuid"

	"jingfang/inventory"
	"jingfang/session"
	"jingfang/sql/db"
)

func TestOneScanThroughAllOfIt(t *testing.T) {
	c := newClinic(t, 2, 2, 4)
	doctor, other := c.doctors[0], c.doctors[1]
	visit := c.start(doctor, 0)

	a := c.scan(doctor, visit, c.codes[0], c.codes[1])
	if a.Packs != 2 || a.Answers[0].Kind != inventory.KindOK || a.Answers[1].Kind != inventory.KindOK {
		t.Fatalf("two packs: %+v", a)
	}
	if a = c.scan(doctor, visit, c.codes[0]); a.Answers[0].Kind != inventory.KindAbsorbed || a.Packs != 2 {
		t.Errorf("the scanner read twice: %+v", a)
	}
	c.must(c.db.App.InTx(c.ctx, func(ctx context.Context, tx *db.Tx) error {
		_, err := tx.Exec(ctx, `UPDATE visit_line SET at = at - interval '3 seconds'`)
		return err
	}))
	if a = c.scan(doctor, visit, c.codes[0]); a.Answers[0].Kind != inventory.KindRepeat || a.Packs != 2 {
		t.Errorf("same pack again, later: %+v", a)
	}
	theirs := c.start(other, 1)
	a = c.scan(other, theirs, c.codes[0])
	if a.Answers[0].Kind != inventory.KindTakenToday || !strings.Contains(a.Answers[0].Sentence, "医生1") || !strings.Contains(a.Answers[0].Sentence, "1 号") {
		t.Errorf("taken pack: %+v", a.Answers[0])
	}
	undone, err := c.svc.Undo(c.ctx, doctor, session.Undoing{SessionID: c.session, Visit: visit, CommandID: uuid.New(), Code: c.codes[0]})
	c.must(err)
	if undone.Packs != 1 {
		t.Errorf("after undo %d packs, want 1", undone.Packs)
	}
	if a = c.scan(other, theirs, c.codes[0]); a.Answers[0].Kind != inventory.KindOK {
		t.Errorf("undone pack for the other: %+v", a.Answers[0])
	}
	end, err := c.svc.FinishVisit(c.ctx, doctor, session.Ending{SessionID: c.session, Visit: visit, CommandID: uuid.New()})
	c.must(err)
	if end.Seq != 1 || end.Packs != 1 {
		t.Errorf("finish: %+v", end)
	}
	_, err = c.svc.Dispense(c.ctx, doctor, session.Scan{SessionID: c.session, Visit: visit, CommandID: uuid.New(), Codes: c.codes[2]})
	if db.KindOf(err) != db.Conflict {
		t.Errorf("scan after 诊毕: %v", err)
	}
	report, err := session.VerifyRecords(c.ctx, c.db.App, 0)
	c.must(err)
	if report.Problem != "" || report.Records != 1 {
		t.Errorf("verify: %+v", report)
	}
	c.checkStock(4, 2)
}

// checkStock holds the equation and the ledger.
func (c *clinic) checkStock(taken, given int) {
	c.t.Helper()
	s, err := session.ReadBoard(c.ctx, c.db.App, c.session)
	c.must(err)
	gotTaken, gotGiven, left := s.Totals()
	if gotTaken != taken || gotGiven != given || left != taken-given {
		c.t.Errorf("taken %d given %d left %d, want %d %d %d", gotTaken, gotGiven, left, taken, given, taken-given)
	}
	// Every pack's remainder is what its movements say.
	var wrong int
	c.must(c.db.App.Get(c.ctx, &wrong, `SELECT count(*) FROM pack k WHERE k.units_left <> (SELECT m.units_after FROM movement m
WHERE m.pack_id = k.id ORDER BY m.id DESC LIMIT 1) OR k.state <> (SELECT m.to_state FROM movement m WHERE m.pack_id = k.id ORDER BY m.id DESC LIMIT 1)`))
	if wrong != 0 {
		c.t.Errorf("%d packs differ from their movements", wrong)
	}
}

func TestEveryCommandReplayedHasOneEffect(t *testing.T) {
	c := newClinic(t, 1, 1, 3)
	doctor := c.doctors[0]
	arrive := session.Arrival{SessionID: c.session, Visit: uuid.New(), CommandID: uuid.New(), Patient: c.tokens[0], Start: true}
	scan := session.Scan{SessionID: c.session, Visit: arrive.Visit, CommandID: uuid.New(), Codes: join(c.codes)}
	undo := session.Undoing{SessionID: c.session, Visit: arrive.Visit, CommandID: uuid.New(), Code: c.codes[0]}
	end := session.Ending{SessionID: c.session, Visit: arrive.Visit, CommandID: uuid.New()}
	for _, step := range []func() (any, error){
		func() (any, error) { return c.svc.CheckIn(c.ctx, doctor, arrive) },
		func() (any, error) { return c.svc.Dispense(c.ctx, doctor, scan) },
		func() (any, error) { return c.svc.Undo(c.ctx, doctor, undo) },
		func() (any, error) { return c.svc.FinishVisit(c.ctx, doctor, end) },
	} {
		first, err := step()
		c.must(err)
		for range 2 {
			again, err := step()
			c.must(err)
			if !sameJSON(t, first, again) {
				t.Errorf("replay answered %+v, first was %+v", again, first)
			}
		}
	}
	var movements, records int
	c.must(c.db.App.Get(c.ctx, &movements, `SELECT count(*) FROM movement WHERE kind IN ('dispense', 'undo')`))
	c.must(c.db.App.Get(c.ctx, &records, `SELECT count(*) FROM record`))
	if movements != 4 || records != 1 {
		t.Errorf("%d movements, %d records; want 4 and 1", movements, records)
	}
	scan.Codes = c.codes[1]
	if _, err := c.svc.Dispense(c.ctx, doctor, scan); db.KindOf(err) != db.Conflict {
		t.Errorf("another request under the same id: %v", err)
	}
}

func TestManyDoctorsOnTheSamePacks(t *testing.T) {
	const doctors, packs = 8, 30
	c := newClinic(t, doctors, doctors, packs)
	visits := make([]uuid.UUID, doctors)
	for i := range visits {
		visits[i] = c.start(c.doctors[i], i)
	}
	var wg sync.WaitGroup
	errs := make(chan error, doctors*packs)
	for i := range doctors {
		wg.Add(1)
		go func() {
			defer wg.Done()
			for k := range packs {
				first, second := c.codes[(k*7+i*3)%packs], c.codes[(k*5+i)%packs]
				_, err := c.svc.Dispense(c.ctx, c.doctors[i], session.Scan{SessionID: c.session, Visit: visits[i], CommandID: uuid.New(), Codes: join([]string{first, second})})
				errs <- err
			}
		}()
	}
	wg.Wait()
	close(errs)
	for err := range errs {
		if err != nil {
			t.Fatalf("a doctor read %v", err)
		}
	}
	var given, lines int
	c.must(c.db.App.Get(c.ctx, &given, `SELECT count(*) FROM movement WHERE kind = 'dispense'`))
	c.must(c.db.App.Get(c.ctx, &lines, `SELECT count(*) FROM visit_line WHERE undone_at IS NULL`))
	if given != packs || lines != packs {
		t.Errorf("%d dispensed, %d lines, want %d of each", given, lines, packs)
	}
	c.checkStock(packs, packs)
}

func TestRefusals(t *testing.T) {
	c := newClinic(t, 2, 3, 2)
	doctor := c.doctors[0]
	visit := c.start(doctor, 0)
	cases := []struct {
		name, raw string
		want      inventory.AnswerKind
	}{
		{"empty", "  \r\n", inventory.KindEmpty},
		{"too long", strings.Repeat("X", 300), inventory.KindTooLong},
		{"control characters", "8000001\x010000000000001", inventory.KindBadCharacters},
		{"invalid utf-8", "8000001\xff\xfe000001", inventory.KindBadEncoding},
		{"commodity code", "6901234567892", inventory.KindCommodityCode},
		{"veterinary code", "123456789012345678901234", inventory.KindVeterinaryCode},
		{"patient label", c.tokens[0], inventory.KindPatientLabel},
		{"unknown prefix", "81234567890123456789", inventory.KindUnknownPrefix},
		{"unknown pack", "80000019999999999999", inventory.KindUnknown},
	}
	for _, tc := range cases {
		t.Run(tc.name, func(t *testing.T) {
			a := c.scan(doctor, visit, tc.raw)
			if got := a.Answers[0]; got.Kind != tc.want || got.Sentence == "" {
				t.Errorf("answered %q (%s), want %q", got.Kind, got.Sentence, tc.want)
			}
		})
	}
	t.Run("full-width digits", func(t *testing.T) {
		if a := c.scan(doctor, visit, "８０００００１０００００００００００００１"); a.Answers[0].Kind != inventory.KindOK && a.Answers[0].Kind != inventory.KindWrongLength {
			t.Errorf("%+v", a.Answers[0])
		}
	})
	t.Run("label where medicine was", func(t *testing.T) {
		_, err := c.svc.CheckIn(c.ctx, c.doctors[1], session.Arrival{SessionID: c.session, Visit: uuid.New(), CommandID: uuid.New(), Patient: c.codes[1], Start: true})
		var e *db.Error
		if !errors.As(err, &e) || !strings.Contains(e.Message, "追溯码") {
			t.Errorf("medicine scanned as a label: %v", err)
		}
	})
}

func TestTheLastPackIsGone(t *testing.T) {
	c := newClinic(t, 2, 2, 1)
	one, other := c.start(c.doctors[0], 0), c.start(c.doctors[1], 1)
	c.scan(c.doctors[0], one, c.codes[0])
	a := c.scan(c.doctors[1], other, c.codes[0]).Answers[0]
	if a.Kind != inventory.KindLastOneGone || !strings.Contains(a.Sentence, "医生1") || !strings.Contains(a.Sentence, "最后一盒") {
		t.Errorf("%+v", a)
	}
}
