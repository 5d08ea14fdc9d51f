package session_test

import (
	"context"
	"math/rand/v2"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/google/uuid"

	"jingfang/inventory"
	"jingfang/session"
	"jingfang/session/identity"
	"jingfang/sql/db"
)

func (e *evening) roll(drug, to int64) error {
	_, err := e.svc.RollOver(e.ctx, e.chief, session.Rolling{SessionID: e.session, CommandID: uuid.New(), DrugID: drug, ToID: to})
	return err
}

// Left-overs may go straight to a planned session: those that were scanned by
// their scan, all others by number.
func TestLeftOversRollOver(t *testing.T) {
	e := newEvening(t, 1, 4)
	next := e.secondSession()
	e.refused(e.roll(0, e.session), db.Conflict, "待开始")
	e.refused(e.roll(e.drug+99, next), db.Invalid)
	e.must(e.roll(0, next))
	e.must(e.roll(0, 0))
	e.must(e.roll(e.drug, next))
	e.must(e.count(3, 0))
	e.see(e.codes[2])
	if a := e.close(); !strings.Contains(a.Sentence, "转下场 3") {
		t.Errorf("%s", a.Sentence)
	}
	if n, m := e.ways(inventory.MoveRollOver, inventory.HowByNumber), e.ways(inventory.MoveRollOver, inventory.HowScanned); n != 2 || m != 1 {
		t.Errorf("%d by number, %d scanned", n, m)
	}
	if got, want := e.equation(), (session.Equation{Taken: 4, Given: 1, Rolled: 3}); got != want {
		t.Errorf("%+v, want %+v", got, want)
	}
	there, err := session.ReadBoard(e.ctx, e.db.App, next)
	e.must(err)
	if got := there.Equation(); got.Taken != 3 || got.Left != 3 {
		t.Errorf("the next session has %+v", got)
	}
}

// What is out of date does not roll over, and a session that has begun takes
// nothing; nothing is half done.
func TestRollOverRefusals(t *testing.T) {
	e := newEvening(t, 1, 4)
	next := e.secondSession()
	e.must(e.roll(0, next))
	e.must(e.count(3, 0))
	expire := func(days int) {
		t.Helper()
		e.must(e.db.Owner.InTx(e.ctx, func(ctx context.Context, tx *db.Tx) error {
			_, err := tx.Exec(ctx, `UPDATE pack SET expires_on = $1::date`, tx.Now.AddDate(0, 0, days))
			return err
		}))
	}
	expire(-2)
	_, err := e.confirm(e.chief)
	e.refused(err, db.Conflict, "过期", e.codes[1])
	expire(100)
	_, err = e.confirm(e.chief)
	e.must(err)
	e.must(e.svc.OpenSession(e.ctx, e.chief, next))
	_, err = e.confirm(e.doctors[0])
	e.refused(err, db.Conflict, "重新选择去向")
	if got := e.equation(); got.Left != 3 || got.Rolled != 0 {
		t.Errorf("half done: %+v", got)
	}
	e.must(e.roll(0, 0))
	e.close()
}

// On the way home: a carrier of the team, what was counted before is void, and the
// pharmacy counts and confirms the next day.
func TestOnTheWayHome(t *testing.T) {
	e := newEvening(t, 1, 4)
	carry := func(by identity.Actor, who int64) error {
		_, err := e.svc.NameCarrier(e.ctx, by, session.Carrying{SessionID: e.session, CommandID: uuid.New(), StaffID: who})
		return err
	}
	e.must(e.count(3, 0))
	e.refused(carry(e.doctors[0], e.doctors[0].StaffID), db.Denied)
	e.refused(carry(e.chief, e.helper.StaffID), db.Invalid, "名单")
	e.must(carry(e.chief, e.doctors[0].StaffID))
	e.refused(carry(e.chief, e.chief.StaffID), db.Conflict, "路上")
	v, err := session.ReadClosing(e.ctx, e.db.App, e.session)
	e.must(err)
	if v.Session.State != session.Closing || v.Carrier != "医生1" || v.Lines[0].CountedAt != nil {
		t.Errorf("with the carrier: %+v", v)
	}
	_, err = e.svc.ResumeDispensing(e.ctx, e.chief, session.Stopping{SessionID: e.session, CommandID: uuid.New(), Reason: "又来一位"})
	e.refused(err, db.Conflict, "带回")
	one, two := e.person("药房甲", identity.Pharmacist), e.person("药房乙", identity.Pharmacist)
	_, err = e.confirm(one)
	e.refused(err, db.Conflict, "还没有清点")
	_, err = e.svc.CountLeft(e.ctx, one, session.Counting{SessionID: e.session, CommandID: uuid.New(), DrugID: e.drug, Packs: 3})
	e.must(err)
	_, err = e.confirm(one)
	e.must(err)
	a, err := e.confirm(two)
	e.must(err)
	if a.State != session.Closed {
		t.Errorf("%+v", a)
	}
}

// Every command of closing, sent three times, has one effect and one answer.
func TestEveryClosingCommandReplayedHasOneEffect(t *testing.T) {
	e := &evening{clinic: newClinic(t, 2, 1, 6)}
	e.svc = e.svc.WithKeys(newKeys(e))
	visit := e.start(e.doctors[0], 0)
	e.scan(e.doctors[0], visit, e.codes[0])
	_, err := e.svc.FinishVisit(e.ctx, e.doctors[0], session.Ending{SessionID: e.session, Visit: visit, CommandID: uuid.New()})
	e.must(err)
	id, chief, doctor := e.session, e.chief, e.doctors[0]
	ids := make([]uuid.UUID, 20)
	for i := range ids {
		ids[i] = uuid.New()
	}
	count := session.Counting{SessionID: id, DrugID: e.drug, Packs: 2}
	exit := func(n int, code string, kind session.ExitKind) func() (any, error) {
		return func() (any, error) {
			return e.svc.ExplainMissing(e.ctx, chief, session.Explaining{SessionID: id, CommandID: ids[n], Code: code, Exit: kind, Visit: visit, Reason: "核对"})
		}
	}
	for i, step := range []func() (any, error){
		func() (any, error) {
			return e.svc.StopDispensing(e.ctx, chief, session.Stopping{SessionID: id, CommandID: ids[0]})
		},
		func() (any, error) {
			return e.svc.ResumeDispensing(e.ctx, chief, session.Stopping{SessionID: id, CommandID: ids[1], Reason: "又来一位"})
		},
		func() (any, error) {
			return e.svc.StopDispensing(e.ctx, chief, session.Stopping{SessionID: id, CommandID: ids[2]})
		},
		func() (any, error) {
			return e.svc.RollOver(e.ctx, chief, session.Rolling{SessionID: id, CommandID: ids[3]})
		},
		func() (any, error) { count.CommandID = ids[4]; return e.svc.CountLeft(e.ctx, doctor, count) },
		func() (any, error) {
			return e.svc.ScanLeft(e.ctx, doctor, session.LeftScan{SessionID: id, CommandID: ids[5], Codes: join(e.codes[1:3])})
		},
		exit(6, e.codes[3], session.ExitGiven),
		exit(7, e.codes[4], session.ExitDamaged),
		exit(8, e.codes[5], session.ExitLost),
		func() (any, error) {
			return e.svc.ConfirmLoss(e.ctx, doctor, session.LossConfirming{SessionID: id, CommandID: ids[9], Code: e.codes[5]})
		},
		func() (any, error) {
			return e.svc.ConfirmClosing(e.ctx, chief, session.Confirming{SessionID: id, CommandID: ids[10]})
		},
		func() (any, error) {
			return e.svc.ConfirmClosing(e.ctx, doctor, session.Confirming{SessionID: id, CommandID: ids[11]})
		},
		func() (any, error) {
			return e.svc.AddSupplement(e.ctx, chief, session.Supplementing{SessionID: id, CommandID: ids[12], Visit: visit, Text: "处方号应为 12"})
		},
	} {
		first, err := step()
		e.must(err)
		for range 2 {
			again, err := step()
			e.must(err)
			if !sameJSON(t, first, again) {
				t.Errorf("step %d: replay answered %+v, first was %+v", i, again, first)
			}
		}
	}
	if got, want := e.equation(), (session.Equation{Taken: 6, Given: 2, Home: 2, Damaged: 1, Explained: 1}); got != want {
		t.Errorf("%+v, want %+v", got, want)
	}
	e.verified(3, 2)
}

// After closing nothing changes but by supplement: every use case refuses, and a
// supplement names the record it corrects.
func TestAClosedSessionIsReadOnly(t *testing.T) {
	e := newEvening(t, 2, 4)
	e.must(e.count(2, 0))
	_, err := e.svc.AddSupplement(e.ctx, e.chief, session.Supplementing{SessionID: e.session, CommandID: uuid.New(), Visit: e.visits[0], Text: "早了"})
	e.refused(err, db.Conflict, "还没有结束")
	e.close()
	id, visit := e.session, e.visits[0]
	for name, do := range map[string]func() error{
		"check in": func() error {
			_, err := e.svc.CheckIn(e.ctx, e.doctors[0], session.Arrival{SessionID: id, Visit: uuid.New(), CommandID: uuid.New(), Patient: e.tokens[0], Start: true})
			return err
		},
		"dispense": func() error {
			_, err := e.svc.Dispense(e.ctx, e.doctors[0], session.Scan{SessionID: id, Visit: visit, CommandID: uuid.New(), Codes: e.codes[3]})
			return err
		},
		"undo": func() error {
			_, err := e.svc.Undo(e.ctx, e.doctors[0], session.Undoing{SessionID: id, Visit: visit, CommandID: uuid.New(), Code: e.codes[0]})
			return err
		},
		"finish": func() error {
			_, err := e.svc.FinishVisit(e.ctx, e.doctors[0], session.Ending{SessionID: id, Visit: visit, CommandID: uuid.New()})
			return err
		},
		"pack": func() error {
			_, err := e.svc.Pack(e.ctx, e.chief, session.Packing{SessionID: id, CommandID: uuid.New(), Codes: e.codes[3]})
			return err
		},
		"open":  func() error { return e.svc.OpenSession(e.ctx, e.chief, id) },
		"stop":  func() error { return e.stop(e.chief) },
		"count": func() error { return e.count(2, 0) },
		"scan": func() error {
			_, err := e.svc.ScanLeft(e.ctx, e.chief, session.LeftScan{SessionID: id, CommandID: uuid.New(), Codes: e.codes[3]})
			return err
		},
		"roll": func() error { return e.roll(0, 0) },
		"explain": func() error {
			return e.explain(e.chief, session.Explaining{Code: e.codes[3], Exit: session.ExitLost, Reason: "x"})
		},
		"resume": func() error {
			_, err := e.svc.ResumeDispensing(e.ctx, e.chief, session.Stopping{SessionID: id, CommandID: uuid.New(), Reason: "x"})
			return err
		},
	} {
		if err := do(); db.KindOf(err) != db.Conflict || !strings.Contains(db.Sentence(err), "已结束") {
			t.Errorf("%s after closing: %v", name, err)
		}
	}
	add := func(by identity.Actor, in session.Supplementing) (session.SupplementAnswer, error) {
		in.SessionID, in.CommandID = id, uuid.New()
		return e.svc.AddSupplement(e.ctx, by, in)
	}
	_, err = add(e.doctors[0], session.Supplementing{Visit: visit, Text: "x"})
	e.refused(err, db.Denied)
	for _, text := range []string{"  ", strings.Repeat("长", 501)} {
		_, err = add(e.chief, session.Supplementing{Visit: visit, Text: text})
		e.refused(err, db.Invalid)
	}
	_, err = add(e.chief, session.Supplementing{Visit: uuid.New(), Text: "x"})
	e.refused(err, db.Conflict)
	_, err = add(e.chief, session.Supplementing{RecordID: 999999, Text: "x"})
	e.refused(err, db.NotFound)
	a, err := add(e.chief, session.Supplementing{Visit: visit, Text: "取药人应为家属"})
	e.must(err)
	if a.N != 1 {
		t.Errorf("%+v", a)
	}
	var second int64
	e.must(e.db.App.Get(e.ctx, &second, `SELECT id FROM record WHERE chain = 'main' AND seq = 2`))
	_, err = add(e.chief, session.Supplementing{RecordID: second, Text: "处方号应为 7"})
	e.must(err)
	list, err := session.Supplements(e.ctx, e.db.App, id)
	e.must(err)
	if len(list) != 2 || list[0].Corrects != "就诊记录 1" || list[0].Text != "取药人应为家属" || list[0].By != "药师甲" || list[1].Corrects != "就诊记录 2" || list[1].Number != 2 {
		t.Errorf("%+v", list)
	}
	e.verified(4, 3)
}

// Verifying names a head, a late record and its reference that were altered.
func TestVerifyNamesAnAlteredEnding(t *testing.T) {
	for _, tc := range []struct{ name, table, query, want string }{
		{"head", "session_head", `UPDATE session_head SET canonical = canonical || '\x00'::bytea`, "SM2 签名"},
		{"head's column", "session_head", `UPDATE session_head SET at = at + interval '1 day'`, "不一致"},
		{"key", "session_head", `UPDATE session_head SET key_name = 'feedfeedfeedfeed'`, "公钥"},
		{"tail cut", "record", `DELETE FROM record WHERE seq = 2`, "不一致"},
		{"reference", "record", `UPDATE record SET corrects_id = (SELECT id FROM record WHERE seq = 2 AND chain = 'main') WHERE chain = 'supplement'`, "表中的列"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			e := newEvening(t, 2, 3)
			e.must(e.count(1, 0))
			e.close()
			_, err := e.svc.AddSupplement(e.ctx, e.chief, session.Supplementing{SessionID: e.session, CommandID: uuid.New(), Visit: e.visits[0], Text: "更正"})
			e.must(err)
			e.must(e.db.Owner.InTx(e.ctx, func(ctx context.Context, tx *db.Tx) error {
				_, err := tx.Exec(ctx, `ALTER TABLE `+tc.table+` DISABLE TRIGGER USER; `+tc.query+`; ALTER TABLE `+tc.table+` ENABLE TRIGGER USER`)
				return err
			}))
			heads, err := session.VerifyHeads(e.ctx, e.db.App, 0, e.keys.PublicKey)
			e.must(err)
			records, err := session.VerifyRecords(e.ctx, e.db.App, 0)
			e.must(err)
			if !strings.Contains(heads.Problem+records.Problem, tc.want) {
				t.Errorf("said %q and %q, want %q", heads.Problem, records.Problem, tc.want)
			}
		})
	}
}

// Six people do everything of an evening at once, in any order: whatever they are
// answered has a sentence, and equation, ledger and chains hold.
func TestAnEveningOfSixPeople(t *testing.T) {
	e := newEvening(t, 4, 24)
	next := e.secondSession()
	people := []identity.Actor{e.chief, e.doctors[0], e.doctors[1], e.person("药师乙", identity.Pharmacist), e.chief, e.doctors[0]}
	var wg sync.WaitGroup
	for n, by := range people {
		r := rand.New(rand.NewPCG(uint64(n), 1730))
		wg.Go(func() {
			for range 40 {
				if err := e.anything(by, r, next); err != nil {
					if k := db.KindOf(err); k == db.Internal || k == db.Unavailable {
						t.Errorf("%v", err)
					}
				}
			}
		})
	}
	wg.Wait()
	s := e.equation()
	if s.Taken != 24 {
		t.Errorf("%+v", s)
	}
	v, err := session.ReadClosing(e.ctx, e.db.App, e.session)
	e.must(err)
	if v.Session.State == session.Closed && s.Left != 0 {
		t.Errorf("closed with %d packs left", s.Left)
	}
	records, err := session.VerifyRecords(e.ctx, e.db.App, 0)
	if err != nil || records.Problem != "" {
		t.Errorf("records: %+v, %v", records, err)
	}
}

// anything is one act of somebody in the evening.
func (e *evening) anything(by identity.Actor, r *rand.Rand, next int64) error {
	id, command, code := e.session, uuid.New(), e.codes[r.IntN(24)]
	var err error
	switch r.IntN(12) {
	case 0, 1:
		_, err = e.svc.CountLeft(e.ctx, by, session.Counting{SessionID: id, CommandID: command, DrugID: e.drug, Packs: 16 + r.IntN(6)})
	case 2, 3, 4:
		_, err = e.svc.ScanLeft(e.ctx, by, session.LeftScan{SessionID: id, CommandID: command, Codes: join(e.codes[r.IntN(12) : 12+r.IntN(12)])})
	case 5, 6, 7:
		kinds := []session.ExitKind{session.ExitGiven, session.ExitDamaged, session.ExitLost}
		_, err = e.svc.ExplainMissing(e.ctx, by, session.Explaining{SessionID: id, CommandID: command, Code: code, Exit: kinds[r.IntN(3)], Visit: e.visits[r.IntN(4)], Reason: "核对"})
	case 8:
		_, err = e.svc.ConfirmLoss(e.ctx, by, session.LossConfirming{SessionID: id, CommandID: command, Code: code})
	case 9:
		_, err = e.svc.RollOver(e.ctx, by, session.Rolling{SessionID: id, CommandID: command, ToID: next * int64(r.IntN(2))})
	case 10:
		_, err = e.svc.ResumeDispensing(e.ctx, by, session.Stopping{SessionID: id, CommandID: command, Reason: "又来一位"})
		if err == nil {
			_, err = e.svc.StopDispensing(e.ctx, by, session.Stopping{SessionID: id, CommandID: uuid.New()})
		}
	case 11:
		_, err = e.svc.ConfirmClosing(e.ctx, by, session.Confirming{SessionID: id, CommandID: command})
	}
	return err
}

// Of an opened box some may have been given: the rest stays missing and gets an exit
// of its own. A number that cannot be is refused.
func TestAPartOfAMissingBoxWasGiven(t *testing.T) {
	e := newEvening(t, 2, 4)
	e.makeLoose()
	box := e.codes[2]
	e.must(e.count(1, 0))
	e.see(e.codes[3])
	given := session.Explaining{Code: box, Exit: session.ExitGiven, Visit: e.visits[0], Quantity: 6}
	for name, change := range map[string]func(*session.Explaining){
		"more than it holds": func(in *session.Explaining) { in.Quantity = 21 },
		"less than nothing":  func(in *session.Explaining) { in.Quantity = -1 },
		"some is damaged":    func(in *session.Explaining) { in.Exit, in.Reason = session.ExitDamaged, "压坏" },
	} {
		in := given
		change(&in)
		if err := e.explain(e.chief, in); db.KindOf(err) != db.Invalid {
			t.Errorf("%s: %v", name, err)
		}
	}
	e.must(e.explain(e.chief, given))
	if p := e.pack(box); p.UnitsLeft != 14 || p.State != inventory.StateAllocated {
		t.Fatalf("after six of twenty: %+v", p)
	}
	if err := e.explain(e.chief, given); db.KindOf(err) != db.Conflict {
		t.Errorf("a second part to the same patient: %v", err)
	}
	given.Visit, given.Quantity = e.visits[1], 10
	e.must(e.explain(e.chief, given))
	e.must(e.explain(e.chief, session.Explaining{Code: box, Exit: session.ExitDamaged, Reason: "余下的压坏了"}))
	if p := e.pack(box); p.UnitsLeft != 4 || p.State != inventory.StateDamaged {
		t.Errorf("the rest: %+v", p)
	}
	lines, err := session.VisitLines(e.ctx, e.db.App, e.visits[0])
	e.must(err)
	if i := slices.IndexFunc(lines, func(l session.Line) bool { return l.Code == box }); i < 0 || lines[i].Quantity != 6 {
		t.Errorf("the visit has %+v", lines)
	}
	e.stockHolds()
}

// A box of a drug that is given whole is given whole, also when nobody scanned it.
func TestAWholeMissingBoxHasNoParts(t *testing.T) {
	e := newEvening(t, 1, 3)
	e.must(e.count(1, 0))
	e.see(e.codes[2])
	in := session.Explaining{Code: e.codes[1], Exit: session.ExitGiven, Visit: e.visits[0], Quantity: 5}
	if err := e.explain(e.chief, in); db.KindOf(err) != db.Invalid || !strings.Contains(db.Sentence(err), "整盒发") {
		t.Errorf("five tablets of it: %v", err)
	}
	in.Quantity = 0
	e.must(e.explain(e.chief, in))
}
