package session_test

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"

	"jingfang/inventory"
	"jingfang/session"
	"jingfang/session/identity"
	"jingfang/sql/db"
	"jingfang/sql/seal"
)

// depot is a clinic whose packs lie in the store, in totes.
type depot struct {
	*clinic
	stock *inventory.Service
}

// newDepot puts the clinic's packs back into the store.
func newDepot(t testing.TB, packs int) *depot {
	t.Helper()
	d := &depot{clinic: newClinic(t, 1, 1, packs)}
	d.svc = d.svc.WithKeys(seal.NewMemoryKeys())
	d.stock = inventory.New(d.db.App)
	d.home(d.session, join(d.codes))
	return d
}

func (d *depot) pack(to int64, codes string) session.PackingAnswer {
	d.t.Helper()
	a, err := d.svc.Pack(d.ctx, d.chief, session.Packing{SessionID: to, CommandID: uuid.New(), Codes: codes})
	d.must(err)
	return a
}

func (d *depot) home(from int64, codes string) session.PackingAnswer {
	d.t.Helper()
	a, err := d.svc.Unpack(d.ctx, d.chief, session.Packing{SessionID: from, CommandID: uuid.New(), Codes: codes})
	d.must(err)
	return a
}

// tote makes a tote, fills and seals it.
func (d *depot) tote(codes ...string) inventory.Tote {
	d.t.Helper()
	t, err := d.stock.MakeTote(d.ctx, d.chief, inventory.NewTote{CommandID: uuid.New()})
	d.must(err)
	a, err := d.stock.Stow(d.ctx, d.chief, inventory.Stowing{ToteID: t.ID, CommandID: uuid.New(), Codes: join(codes)})
	d.must(err)
	if a.Moved != len(codes) {
		d.t.Fatalf("stowed %+v", a)
	}
	t, err = d.stock.SealTote(d.ctx, d.chief, inventory.ToteStep{ToteID: t.ID, CommandID: uuid.New()})
	d.must(err)
	return t
}

// another plans a second session on the same day, as a round of home visits.
func (d *depot) another() int64 {
	d.t.Helper()
	id, err := d.svc.PlanSession(d.ctx, d.chief, session.Plan{SiteID: d.site, HeldOn: session.Today(time.Now()), Kind: "home", Place: "演示上门",
		Team: []session.Member{{StaffID: d.chief.StaffID, Part: session.PartPharmacist}, {StaffID: d.doctors[0].StaffID, Part: session.PartDoctor}}})
	d.must(err)
	return id
}

// drop writes past the rules, as time and others do.
func (d *depot) drop(query string, args ...any) {
	d.t.Helper()
	d.must(d.db.App.InTx(d.ctx, func(ctx context.Context, tx *db.Tx) error { return tx.ExecOne(ctx, query, args...) }))
}

func (d *depot) in(tote int64) inventory.Tote {
	d.t.Helper()
	t, err := inventory.FindTote(d.ctx, d.db.App, tote)
	d.must(err)
	return t
}

func TestTote_oneScanAllocates(t *testing.T) {
	t.Parallel()
	d := newDepot(t, 200)
	tote := d.tote(d.codes...)
	ctx, counter := db.WithCounter(d.ctx)
	a, err := d.svc.Pack(ctx, d.chief, session.Packing{SessionID: d.session, CommandID: uuid.New(), Codes: tote.Code})
	d.must(err)
	if a.Moved != 200 || a.Session != 200 || kindsOf(a.Answers) != "tote_done" || !strings.Contains(a.Worst().Sentence, "箱内 200 盒") {
		t.Fatalf("%+v", a)
	}
	if n := counter.Count(); n > 17 {
		t.Errorf("%d statements for a tote of 200", n)
	}
	var how []string
	d.must(d.db.App.Select(d.ctx, &how, `SELECT DISTINCT how FROM movement WHERE id > (SELECT max(id) - 200 FROM movement)`))
	if len(how) != 1 || how[0] != "container" {
		t.Errorf("the movements say %v", how)
	}
	if again := d.pack(d.session, tote.Code); again.Moved != 0 || kindsOf(again.Answers) != "already_here" {
		t.Errorf("scanned again: %+v", again)
	}
	if back := d.home(d.session, tote.Code); back.Moved != 200 || back.Session != 0 || kindsOf(back.Answers) != "tote_done" {
		t.Errorf("undone: moved %d, %s", back.Moved, kindsOf(back.Answers))
	}
	if after := d.in(tote.ID); after.InStore != 200 || after.Changed() {
		t.Errorf("the tote after all: %+v", after)
	}
}

func TestTote_changedSinceItWasSealed(t *testing.T) {
	t.Parallel()
	d := newDepot(t, 8)
	tote := d.tote(d.codes[:6]...)
	other := d.another()
	d.pack(other, d.codes[0])     // somebody took one out for another session
	d.pack(d.session, d.codes[1]) // one was packed by itself
	d.home(d.session, d.codes[1]) // and put back, on the shelf
	d.drop(`UPDATE pack SET expires_on = $2::date WHERE code = $1`, d.codes[2], time.Now().AddDate(0, 0, -2))
	a := d.pack(d.session, tote.Code)
	if a.Moved != 3 || kindsOf(a.Answers) != "expired other_session tote_changed tote_changed" {
		t.Fatalf("moved %d: %s", a.Moved, kindsOf(a.Answers))
	}
	last := a.Answers[len(a.Answers)-1].Sentence
	if !strings.Contains(last, "封箱时 6 盒") || !strings.Contains(last, "3 盒") {
		t.Errorf("the tote says %q", last)
	}
}

func TestTote_answersAtPacking(t *testing.T) {
	t.Parallel()
	d := newDepot(t, 4)
	sealed := d.tote(d.codes[0])
	open := d.tote(d.codes[1])
	_, err := d.stock.OpenTote(d.ctx, d.chief, inventory.ToteStep{ToteID: open.ID, CommandID: uuid.New()})
	d.must(err)
	gone := d.tote(d.codes[2])
	other := d.another()
	d.pack(other, gone.Code)
	for code, want := range map[string]string{
		open.Code:        "tote_open",
		gone.Code:        "nothing_inside",
		sealed.Code[:10]: "tote_unknown",
		inventory.NewLabel(inventory.ContainerTote):          "tote_unknown",
		inventory.NewLabel(inventory.ContainerBag):           "bag_label",
		sealed.Code + "\n" + d.codes[0]:                      "ok already_here",
		d.codes[3] + " " + strings.ToLower(gone.Code) + "\n": "ok nothing_inside",
	} {
		if a := d.pack(d.session, code); kindsOf(a.Answers) != want {
			t.Errorf("%q: %s, want %s", code, kindsOf(a.Answers), want)
		}
	}
}

// Two sessions take one tote at the same moment: one gets all of it, the other
// reads that it has gone.
func TestTote_race(t *testing.T) {
	t.Parallel()
	for range 5 {
		d := newDepot(t, 10)
		tote, other := d.tote(d.codes...), d.another()
		both := together(
			func() string {
				a := d.pack(d.session, tote.Code)
				return fmt.Sprint(a.Moved, " ", kindsOf(a.Answers))
			},
			func() string {
				a := d.pack(other, tote.Code)
				return fmt.Sprint(a.Moved, " ", kindsOf(a.Answers))
			})
		if both != "0 nothing_inside 10 tote_done" {
			t.Fatalf("two sessions, one tote: %s", both)
		}
	}
}

func TestTote_stowing(t *testing.T) {
	t.Parallel()
	d := newDepot(t, 5)
	first := d.tote(d.codes[0], d.codes[1])
	second, err := d.stock.MakeTote(d.ctx, d.chief, inventory.NewTote{CommandID: uuid.New(), Name: "急用"})
	d.must(err)
	stow := func(id int64, codes ...string) (inventory.StowAnswer, error) {
		return d.stock.Stow(d.ctx, d.chief, inventory.Stowing{ToteID: id, CommandID: uuid.New(), Codes: join(codes)})
	}
	d.pack(d.session, d.codes[4])
	a, err := stow(second.ID, d.codes[0], d.codes[2], d.codes[2], d.codes[4], "JFT0", d.tokens[0])
	d.must(err)
	if kindsOf(a.Answers) != "in_a_tote ok already_here other_session tote_label patient_label" || a.Packs != 1 || !strings.Contains(a.Answers[0].Sentence, first.Title()) {
		t.Errorf("%s: %+v", kindsOf(a.Answers), a)
	}
	if _, err := stow(first.ID, d.codes[3]); db.KindOf(err) != db.Conflict {
		t.Errorf("into a sealed tote: %v", err)
	}
	_, err = d.stock.OpenTote(d.ctx, d.chief, inventory.ToteStep{ToteID: first.ID, CommandID: uuid.New()})
	d.must(err)
	if a, err := stow(second.ID, d.codes[0]); err != nil || kindsOf(a.Answers) != "ok" || a.Packs != 2 || d.in(first.ID).InStore != 1 {
		t.Errorf("out of an open tote into another: %+v, %v", a, err)
	}
	out, err := d.stock.TakeOut(d.ctx, d.chief, inventory.Stowing{ToteID: second.ID, CommandID: uuid.New(), Codes: join([]string{d.codes[0], d.codes[3]})})
	d.must(err)
	if kindsOf(out.Answers) != "ok already_here" || out.Packs != 1 {
		t.Errorf("out: %+v", out)
	}
	_, err = d.stock.MakeTote(d.ctx, d.chief, inventory.NewTote{CommandID: uuid.New(), Name: "急用"})
	if db.KindOf(err) != db.Conflict {
		t.Errorf("the same name twice: %v", err)
	}
	if _, err := d.stock.MakeTote(d.ctx, d.helper, inventory.NewTote{CommandID: uuid.New()}); db.KindOf(err) != db.Denied {
		t.Errorf("an assistant: %v", err)
	}
}

// carry opens the session, hands packs out and stops.
func (d *depot) evening(given ...string) {
	d.t.Helper()
	visit := d.start(d.doctors[0], 0)
	if a := d.scan(d.doctors[0], visit, given...); a.Packs != len(given) {
		d.t.Fatalf("handed out %+v", a)
	}
	_, err := d.svc.FinishVisit(d.ctx, d.doctors[0], session.Ending{SessionID: d.session, Visit: visit, CommandID: uuid.New()})
	d.must(err)
	_, err = d.svc.StopDispensing(d.ctx, d.chief, session.Stopping{SessionID: d.session, CommandID: uuid.New()})
	d.must(err)
}

func (d *depot) seen(codes string) session.PackingAnswer {
	d.t.Helper()
	a, err := d.svc.ScanLeft(d.ctx, d.chief, session.LeftScan{SessionID: d.session, CommandID: uuid.New(), Codes: codes})
	d.must(err)
	return a
}

func (d *depot) close(packs int) {
	d.t.Helper()
	_, err := d.svc.CountLeft(d.ctx, d.chief, session.Counting{SessionID: d.session, DrugID: d.drug, CommandID: uuid.New(), Packs: packs})
	d.must(err)
	for _, by := range []identity.Actor{d.chief, d.doctors[0]} {
		_, err := d.svc.ConfirmClosing(d.ctx, by, session.Confirming{SessionID: d.session, CommandID: uuid.New()})
		d.must(err)
	}
}

func TestTote_bringsHomeWhatIsLeft(t *testing.T) {
	t.Parallel()
	d := newDepot(t, 12)
	whole, broken := d.tote(d.codes[:5]...), d.tote(d.codes[5:10]...)
	d.pack(d.session, whole.Code+"\n"+broken.Code+"\n"+d.codes[10])
	d.evening(d.codes[5], d.codes[6])
	a := d.seen(broken.Code)
	if a.Moved != 3 || kindsOf(a.Answers) != "tote_done" || !strings.Contains(a.Worst().Sentence, "应有 3 盒") {
		t.Fatalf("%+v", a)
	}
	if again := d.seen(broken.Code); again.Moved != 0 || kindsOf(again.Answers) != "already_here" {
		t.Errorf("scanned again: %+v", again)
	}
	d.close(9)
	if x := d.in(broken.ID); x.InStore != 3 || !x.Changed() {
		t.Errorf("the tote whose label was scanned: %+v", x)
	}
	if x := d.in(whole.ID); x.InStore != 0 {
		t.Errorf("what was counted by number went to the shelf: %+v", x)
	}
	var hows []string
	d.must(d.db.App.Select(d.ctx, &hows, `SELECT DISTINCT how FROM movement WHERE kind = 'come_home' AND reason = '收尾' ORDER BY how`))
	if strings.Join(hows, " ") != "by_number container" {
		t.Errorf("came home %v", hows)
	}
}

func TestTote_rollsOverWithItsPacks(t *testing.T) {
	t.Parallel()
	d := newDepot(t, 6)
	tote, next := d.tote(d.codes...), d.another()
	d.pack(d.session, tote.Code)
	d.evening(d.codes[0])
	_, err := d.svc.RollOver(d.ctx, d.chief, session.Rolling{SessionID: d.session, ToID: next, CommandID: uuid.New()})
	d.must(err)
	d.close(5)
	if x := d.in(tote.ID); x.Away != 5 {
		t.Errorf("rolled over: %+v", x)
	}
	if back := d.home(next, tote.Code); back.Moved != 5 {
		t.Errorf("the next session puts it back: %+v", back)
	}
}

// A session that moves to another day takes its totes and bags along.
func TestTote_reschedule(t *testing.T) {
	t.Parallel()
	d := newDepot(t, 4)
	d.expect()
	tote := d.tote(d.codes[:2]...)
	d.pack(d.session, tote.Code+"\n"+d.codes[2])
	b := d.bag(0, d.codes[2])
	a, err := d.svc.Reschedule(d.ctx, d.chief, session.CallOff{SessionID: d.session, CommandID: uuid.New(), Reason: "台风", HeldOn: session.Today(time.Now()).AddDate(0, 0, 1)})
	d.must(err)
	bags, err := session.Bags(d.ctx, d.db.App, a.SessionID)
	d.must(err)
	if len(bags) != 1 || bags[0].Code != b.Label || bags[0].Packs != 1 || d.in(tote.ID).Away != 2 {
		t.Errorf("bags %+v, tote %+v", bags, d.in(tote.ID))
	}
}

func TestCarton_whole(t *testing.T) {
	t.Parallel()
	d := newDepot(t, 6)
	carton := func(code string, complete bool, inside ...string) {
		var id int64
		d.insert(&id, `INSERT INTO carton (code, drug_id, pack_level, nominal, complete, state, created_at) VALUES ($1, $2, 3, 10, $3, 'resolved', now()) RETURNING id`, code, d.drug, complete)
		for _, c := range inside {
			d.drop(`INSERT INTO carton_code (carton_id, code) VALUES ($1, $2)`, id, c)
		}
	}
	var id int64
	d.insert(&id, `INSERT INTO drug_prefix (prefix, drug_id, pack_level, units, taught_at) VALUES ('8000003', $1, 3, 200, now()) RETURNING id`, d.drug)
	whole, broken, unsure := "80000030000000000001", "80000030000000000002", "80000030000000000003"
	carton(whole, true, d.codes[0], d.codes[1])
	carton(broken, true, d.codes[2], d.codes[3], "80000010000000099999")
	carton(unsure, false, d.codes[4], d.codes[5])
	for code, want := range map[string]string{whole: "carton_packed", broken: "carton_incomplete", unsure: "carton_incomplete", "80000030000000000009": "carton_code"} {
		if a := d.pack(d.session, code); kindsOf(a.Answers) != want {
			t.Errorf("%s: %s, want %s", code, kindsOf(a.Answers), want)
		}
	}
	if a := d.home(d.session, whole); a.Moved != 2 || a.Session != 0 {
		t.Errorf("put back: %+v", a)
	}
}

// A pack that is put into a patient's bag has left its tote.
func TestTote_losesWhatGoesIntoABag(t *testing.T) {
	t.Parallel()
	d := newDepot(t, 4)
	tote := d.tote(d.codes...)
	d.pack(d.session, tote.Code)
	if got := d.in(tote.ID); got.Away != 4 {
		t.Fatalf("%+v", got)
	}
	d.expect()
	d.bag(0, d.codes[:2]...)
	got := d.in(tote.ID)
	packs, err := inventory.TotePacks(d.ctx, d.db.App, tote.ID)
	d.must(err)
	if got.Away != 2 || len(packs) != 2 {
		t.Errorf("the tote still lists what lies in a bag: %+v, %d packs", got, len(packs))
	}
}
