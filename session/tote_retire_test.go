package session_test

import (
	"strings"
	"sync"
	"testing"

	"github.com/google/uuid"

	"jingfang/inventory"
	"jingfang/session"
	"jingfang/session/identity"
	"jingfang/sql/db"
)

// empty makes a tote with nothing in it.
func (d *depot) empty(name string) inventory.Tote {
	d.t.Helper()
	t, err := d.stock.MakeTote(d.ctx, d.chief, inventory.NewTote{CommandID: uuid.New(), Name: name})
	d.must(err)
	return t
}

func (d *depot) retire(id int64) error {
	_, err := d.stock.RetireTote(d.ctx, d.chief, inventory.ToteStep{ToteID: id, CommandID: uuid.New()})
	return err
}

func (d *depot) rename(id int64, name string) error {
	_, err := d.stock.RenameTote(d.ctx, d.chief, inventory.ToteNaming{ToteID: id, CommandID: uuid.New(), Name: name})
	return err
}

func TestTote_rename(t *testing.T) {
	t.Parallel()
	d := newDepot(t, 2)
	full, other := d.tote(d.codes...), d.empty("急用")
	d.must(d.rename(full.ID, " 新华专用 "))
	if got := d.in(full.ID); got.Name != "新华专用" || got.Code != full.Code || got.InStore != 2 || got.State() != inventory.ContainerSealed {
		t.Errorf("renamed: %+v", got)
	}
	if a := d.pack(d.session, full.Code); a.Moved != 2 || !strings.Contains(a.Worst().Sentence, "周转箱 新华专用") {
		t.Errorf("the old label: %+v", a)
	}
	for name, kind := range map[string]db.Kind{"": db.Invalid, strings.Repeat("长", 21): db.Invalid, "a\nb": db.Invalid, "急用": db.Conflict, "新华专用": db.Conflict} {
		if err := d.rename(full.ID, name); db.KindOf(err) != kind || db.Sentence(err) == "" {
			t.Errorf("renamed to %q: %v", name, err)
		}
	}
	doctor := d.doctors[0]
	if _, err := d.stock.RenameTote(d.ctx, doctor, inventory.ToteNaming{ToteID: other.ID, CommandID: uuid.New(), Name: "医生的"}); db.KindOf(err) != db.Denied {
		t.Errorf("a doctor renames a tote: %v", err)
	}
	if _, err := d.stock.RetireTote(d.ctx, doctor, inventory.ToteStep{ToteID: other.ID, CommandID: uuid.New()}); db.KindOf(err) != db.Denied {
		t.Errorf("a doctor retires a tote: %v", err)
	}
	if said := d.toteAudit(full.Code); !strings.Contains(said, "原来叫周转箱 1 号") {
		t.Errorf("the audit: %s", said)
	}
}

// toteAudit is what was done to a tote, a line an act.
func (d *depot) toteAudit(label string) string {
	d.t.Helper()
	var rows []struct {
		Event  string `db:"event"`
		Detail string `db:"detail"`
	}
	d.must(d.db.App.Select(d.ctx, &rows, `SELECT event, detail FROM audit WHERE object_kind = 'tote' AND object_id = $1::text ORDER BY id`, label))
	var lines []string
	for _, r := range rows {
		lines = append(lines, r.Event+" "+r.Detail)
	}
	return strings.Join(lines, "\n")
}

func TestTote_retire(t *testing.T) {
	t.Parallel()
	d := newDepot(t, 2)
	full, idle := d.tote(d.codes...), d.empty("")
	if err := d.retire(full.ID); db.KindOf(err) != db.Conflict || !strings.Contains(db.Sentence(err), "还有 2 盒") {
		t.Errorf("a full one: %v", err)
	}
	d.pack(d.session, full.Code)
	if err := d.retire(full.ID); db.KindOf(err) != db.Conflict || !strings.Contains(db.Sentence(err), "2 盒随场次在外") {
		t.Errorf("one that is away: %v", err)
	}
	d.must(d.retire(idle.ID))
	if err := d.retire(idle.ID); db.KindOf(err) != db.Conflict || !strings.Contains(db.Sentence(err), "停用") {
		t.Errorf("retired twice: %v", err)
	}
	for what, err := range map[string]error{"renamed": d.rename(idle.ID, "新名"), "opened": errOf(d.stock.OpenTote(d.ctx, d.chief, inventory.ToteStep{ToteID: idle.ID, CommandID: uuid.New()})),
		"sealed": errOf(d.stock.SealTote(d.ctx, d.chief, inventory.ToteStep{ToteID: idle.ID, CommandID: uuid.New()}))} {
		if db.KindOf(err) != db.Conflict || !strings.Contains(db.Sentence(err), "停用") {
			t.Errorf("a retired one is %s: %v", what, err)
		}
	}
	for _, back := range []bool{false, true} {
		ask := d.pack
		if back {
			ask = d.home
		}
		if a := ask(d.session, idle.Code); a.Moved != 0 || kindsOf(a.Answers) != "tote_retired" || !strings.Contains(a.Worst().Sentence, "已于") {
			t.Errorf("its label, home %v: %+v", back, a)
		}
	}
	again := d.empty(idle.Name) // the name is free for the box that takes its place
	if next := d.empty(""); again.Code == idle.Code || next.Name != "3 号" {
		t.Errorf("after %q came %q", again.Name, next.Name)
	}
}

func errOf[T any](_ T, err error) error { return err }

// Somebody retires the very tote that somebody else packs: either it keeps the
// packs and is used, or it is retired and empty. Never both.
func TestTote_retireWhilePacking(t *testing.T) {
	t.Parallel()
	d := newDepot(t, 12)
	colleague := d.person("药师丁", identity.Pharmacist)
	for i, code := range d.codes {
		tote := d.empty("")
		var stowed inventory.StowAnswer
		var stowErr, retireErr error
		var both sync.WaitGroup
		both.Go(func() {
			stowed, stowErr = d.stock.Stow(d.ctx, colleague, inventory.Stowing{ToteID: tote.ID, CommandID: uuid.New(), Codes: code})
		})
		both.Go(func() { retireErr = d.retire(tote.ID) })
		both.Wait()
		got := d.in(tote.ID)
		switch {
		case stowErr == nil && stowed.Moved == 1 && db.KindOf(retireErr) == db.Conflict && got.Retired == nil && got.InStore == 1:
		case retireErr == nil && db.KindOf(stowErr) == db.Conflict && got.Retired != nil && got.InStore == 0:
		default:
			t.Fatalf("round %d: stowed %+v %v, retired %v, the tote is %+v", i, stowed, stowErr, retireErr, got)
		}
	}
}

// A tote's ways stand in the audit under its label: packed, brought home, rolled.
func TestTote_itsWaysAreFiled(t *testing.T) {
	t.Parallel()
	d := newDepot(t, 3)
	tote := d.tote(d.codes...)
	d.pack(d.session, tote.Code)
	d.home(d.session, tote.Code)
	later := d.another()
	d.pack(later, tote.Code)
	_, err := d.svc.Reschedule(d.ctx, d.chief, session.CallOff{SessionID: later, HeldOn: session.Today(d.db.App.Now()).AddDate(0, 0, 3), Reason: "演示", CommandID: uuid.New()})
	d.must(err)
	said := d.toteAudit(tote.Code)
	for _, want := range []string{"tote.make", "tote.stow moved=3", "tote.seal packs=3", "tote.allocate packs=3", "tote.come_home packs=3", "tote.roll_over packs=3"} {
		if !strings.Contains(said, want) {
			t.Errorf("the audit lacks %q:\n%s", want, said)
		}
	}
}

// A recall sends a box of the store to quarantine on the books; in the tote it lies
// still, until somebody says that he took it out.
func TestTote_setApartInside(t *testing.T) {
	t.Parallel()
	d := newDepot(t, 1)
	tote := d.tote(d.codes...)
	_, err := d.stock.StartRecall(d.ctx, d.chief, inventory.Recalling{CommandID: uuid.New(), Codes: d.codes[0], Class: "二级", Reason: "演示", SourceNo: "演 1"})
	d.must(err)
	if got := d.in(tote.ID); got.InStore != 0 || got.SetApart != 1 {
		t.Fatalf("after the recall: %+v", got)
	}
	if err := d.retire(tote.ID); db.KindOf(err) != db.Conflict || !strings.Contains(db.Sentence(err), "实物可能还在箱里") {
		t.Errorf("retired with a box inside: %v", err)
	}
	_, err = d.stock.OpenTote(d.ctx, d.chief, inventory.ToteStep{ToteID: tote.ID, CommandID: uuid.New()})
	d.must(err)
	if _, err := d.stock.SealTote(d.ctx, d.chief, inventory.ToteStep{ToteID: tote.ID, CommandID: uuid.New()}); db.KindOf(err) != db.Conflict || !strings.Contains(db.Sentence(err), "请先开箱拿出") {
		t.Errorf("sealed with nothing else inside: %v", err)
	}
	for i, want := range []string{"请放到隔离区", "不在这个周转箱里"} {
		a, err := d.stock.TakeOut(d.ctx, d.chief, inventory.Stowing{ToteID: tote.ID, CommandID: uuid.New(), Codes: d.codes[0]})
		d.must(err)
		if a.Packs != 0 || a.Moved != 1-i || !strings.Contains(a.Worst().Sentence, want) {
			t.Errorf("taken out, time %d: %+v", i+1, a)
		}
	}
	d.must(d.retire(tote.ID))
}

// A box that went through other hands since it lay in a tote, and is set apart then,
// does not hold up the tote it once lay in.
func TestTote_setApartElsewhere(t *testing.T) {
	t.Parallel()
	d := newDepot(t, 1)
	tote := d.tote(d.codes...)
	_, err := d.stock.OpenTote(d.ctx, d.chief, inventory.ToteStep{ToteID: tote.ID, CommandID: uuid.New()})
	d.must(err)
	for _, kind := range []inventory.MovementKind{inventory.MoveLose, inventory.MoveFind, inventory.MoveQuarantine} {
		d.move(inventory.Entry{Move: inventory.Move{Kind: kind, At: d.db.App.Now()}, How: inventory.HowTyped, Reason: "演示"}, d.codes...)
	}
	if got := d.in(tote.ID); got.InStore != 0 || got.SetApart != 0 {
		t.Fatalf("after it was lost, found and set apart: %+v", got)
	}
	if a, err := d.stock.TakeOut(d.ctx, d.chief, inventory.Stowing{ToteID: tote.ID, CommandID: uuid.New(), Codes: d.codes[0]}); err != nil || a.Moved != 0 {
		t.Errorf("taken out of where it is not: %+v %v", a, err)
	}
	d.must(d.retire(tote.ID))
}
