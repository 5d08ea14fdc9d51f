package inventory_test

import (
	"context"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"

	"jingfang/inventory"
	"jingfang/session/identity"
	"jingfang/sql/db"
	"jingfang/sql/dbtest"
)

// ward is a pharmacy with packs in the store and people who care for them.
type ward struct {
	*dbtest.DB
	t     testing.TB
	stock *inventory.Service
	codes []string
	// first and second are pharmacists, helper an assistant.
	first, second, helper identity.Actor
}

func newWard(t testing.TB, packs int) *ward {
	t.Helper()
	d := dbtest.New(t)
	w := &ward{DB: d, t: t, stock: inventory.New(d.App), first: someone(1, identity.Pharmacist), second: someone(2, identity.Pharmacist),
		helper: someone(3, identity.Assistant)}
	drug := addDrug(t, d, "YS1", "8100001")
	for i := range packs {
		w.codes = append(w.codes, code("8100001", i))
	}
	stocked(t, d, drug, w.codes...)
	for id := int64(1); id <= 3; id++ {
		w.exec(`INSERT INTO staff (id, username, name, created_at) VALUES ($1, $2, $3, now())`, id, fmt.Sprintf("u%d", id), fmt.Sprintf("演示人员%d", id))
	}
	return w
}

func (w *ward) exec(query string, args ...any) {
	w.t.Helper()
	err := w.App.InTx(w.t.Context(), func(ctx context.Context, tx *db.Tx) error {
		_, err := tx.Exec(ctx, query, args...)
		return err
	})
	if err != nil {
		w.t.Fatal(err)
	}
}

func (w *ward) states() map[inventory.State]int {
	w.t.Helper()
	var rows []struct {
		State inventory.State `db:"state"`
		N     int             `db:"n"`
	}
	if err := w.App.Select(w.t.Context(), &rows, `SELECT state, count(*) AS n FROM pack GROUP BY state`); err != nil {
		w.t.Fatal(err)
	}
	n := map[inventory.State]int{}
	for _, r := range rows {
		n[r.State] = r.N
	}
	return n
}

// aside does an act with the words that every paper needs.
func (w *ward) aside(act inventory.MovementKind, codes ...string) inventory.AsideAnswer {
	w.t.Helper()
	a, err := w.stock.SetAside(w.t.Context(), w.first, inventory.SettingAside{CommandID: uuid.New(), Act: act, Codes: strings.Join(codes, "\n"),
		Reason: "演示原因", Method: "焚烧", Place: "医废间"})
	if err != nil {
		w.t.Fatal(err)
	}
	return a
}

func (w *ward) confirm(by identity.Actor, id int64, packs int) (inventory.DecisionAnswer, error) {
	return w.stock.ConfirmDisposal(w.t.Context(), by, inventory.Deciding{DisposalID: id, CommandID: uuid.New(), Packs: packs})
}

// verified holds that every pack is where its movements put it.
func (w *ward) verified() {
	w.t.Helper()
	check, err := inventory.VerifyStock(w.t.Context(), w.App, nil)
	if err != nil || check.First != nil {
		w.t.Errorf("verify: %+v %v", check.First, err)
	}
}

// Every act is reachable from where the table allows it, and back again.
func TestSetAsideEveryAct(t *testing.T) {
	w := newWard(t, 4)
	c := w.codes
	walk := []struct {
		act  inventory.MovementKind
		code string
		to   inventory.State
	}{
		{inventory.MoveQuarantine, c[0], inventory.StateQuarantined}, {inventory.MoveRelease, c[0], inventory.StateInStore},
		{inventory.MoveDamage, c[1], inventory.StateDamaged}, {inventory.MoveDestroy, c[1], inventory.StateDestroyed},
		{inventory.MoveLose, c[2], inventory.StateLost}, {inventory.MoveFind, c[2], inventory.StateInStore},
		{inventory.MoveSendBack, c[3], inventory.StateSentBack},
	}
	for _, x := range walk {
		a := w.aside(x.act, x.code)
		if a.Moved != 1 || (a.Disposal != 0) != inventory.AsideNeedsTwo(x.act) {
			t.Fatalf("%s: %+v", x.act, a)
		}
		if a.Disposal != 0 {
			if done, err := w.confirm(w.second, a.Disposal, 1); err != nil || done.Moved != 1 {
				t.Fatalf("confirm %s: %+v %v", x.act, done, err)
			}
		}
		if p, err := inventory.FindPack(t.Context(), w.App, x.code); err != nil || p.State != x.to {
			t.Fatalf("%s: %s, %v", x.act, p.State, err)
		}
	}
	w.verified()
}

// What needs two moves nothing by one; the same person is never the second, an
// assistant may be, a withdrawn or old paper does nothing.
func TestDisposalNeedsTwo(t *testing.T) {
	w := newWard(t, 3)
	w.aside(inventory.MoveDamage, w.codes...)
	a := w.aside(inventory.MoveDestroy, w.codes...)
	if a.Disposal == 0 || !strings.HasPrefix(a.Number, "XH") || w.states()[inventory.StateDamaged] != 3 {
		t.Fatalf("proposed: %+v %v", a, w.states())
	}
	refused := func(by identity.Actor, packs int, kind db.Kind, words string) {
		t.Helper()
		_, err := w.confirm(by, a.Disposal, packs)
		if db.KindOf(err) != kind || !strings.Contains(db.Sentence(err), words) {
			t.Errorf("got %v, want %s", err, words)
		}
	}
	refused(w.first, 3, db.Conflict, "另一位同事")
	refused(someone(4, identity.Doctor), 3, db.Denied, "双人确认")
	refused(w.second, 2, db.Conflict, "一盒也没有动")
	if again := w.aside(inventory.MoveDestroy, w.codes[0]); again.Disposal != 0 || again.Answers[0].Kind != inventory.KindWaiting {
		t.Errorf("proposed twice: %+v", again)
	}
	if again := w.aside(inventory.MoveLose, w.codes[0]); again.Disposal != 0 {
		t.Errorf("proposed as lost too: %+v", again)
	}
	if _, err := w.stock.WithdrawDisposal(t.Context(), w.helper, inventory.Deciding{DisposalID: a.Disposal, CommandID: uuid.New(), Reason: "数量不对"}); err != nil {
		t.Fatal(err)
	}
	refused(w.second, 3, db.Conflict, "撤回")
	a = w.aside(inventory.MoveDestroy, w.codes...)
	w.exec(`UPDATE disposal SET proposed_at = proposed_at - interval '7 days' WHERE id = $1`, a.Disposal)
	refused(w.second, 3, db.Conflict, "已过期")
	a = w.aside(inventory.MoveDestroy, w.codes...) // the old paper lets the packs go
	if a.Disposal == 0 || w.states()[inventory.StateDamaged] != 3 {
		t.Fatalf("proposed again: %+v %v", a, w.states())
	}
	if done, err := w.confirm(w.helper, a.Disposal, 3); err != nil || done.Moved != 3 || w.states()[inventory.StateDestroyed] != 3 {
		t.Errorf("an assistant stands by: %+v %v", done, err)
	}
	refused(w.second, 3, db.Conflict, "已由")
	var people int
	err := w.App.Get(t.Context(), &people, `SELECT count(DISTINCT event) FROM audit WHERE event IN ('disposal.propose', 'disposal.confirm', 'disposal.withdraw')`)
	if err != nil || people != 3 {
		t.Errorf("audited %d, %v", people, err)
	}
	w.verified()
}

// A paper is written whole or not at all; what one person may do is done code by
// code.
func TestSetAsideLists(t *testing.T) {
	w := newWard(t, 3)
	w.aside(inventory.MoveDamage, w.codes[0], w.codes[1])
	a := w.aside(inventory.MoveDestroy, w.codes[0], w.codes[1], w.codes[2], "6901234567892")
	if a.Disposal != 0 || a.Moved != 0 || !strings.Contains(a.Sentence, "2 个码") || a.Answers[2].Kind != inventory.KindNotThus {
		t.Errorf("a paper with what cannot stand on it: %+v", a)
	}
	a = w.aside(inventory.MoveQuarantine, w.codes[2], w.codes[2], w.codes[0], code("8100001", 999), "x")
	kinds := []inventory.AnswerKind{inventory.KindOK, inventory.KindAbsorbed, inventory.KindNotThus, inventory.KindNotOurs, a.Answers[4].Kind}
	for i, want := range kinds {
		if a.Answers[i].Kind != want {
			t.Errorf("code %d: %+v, want %s", i, a.Answers[i], want)
		}
	}
	if a.Moved != 1 || !strings.Contains(a.Sentence, "另有 3 个码") {
		t.Errorf("%+v", a)
	}
	for _, in := range []inventory.SettingAside{
		{Act: inventory.MoveDispense, Codes: w.codes[0], Reason: "x"}, {Act: inventory.MoveDamage, Codes: w.codes[0]},
		{Act: inventory.MoveDamage, Codes: " ", Reason: "x"}, {Act: inventory.MoveDestroy, Codes: w.codes[0], Reason: "x"},
		{Act: inventory.MoveDamage, Codes: w.codes[0], Reason: strings.Repeat("长", 201)},
		{Act: inventory.MoveDamage, Codes: strings.Repeat(w.codes[0]+"\n", inventory.MaxAside+1), Reason: "x"},
	} {
		in.CommandID = uuid.New()
		if _, err := w.stock.SetAside(t.Context(), w.first, in); db.KindOf(err) != db.Invalid {
			t.Errorf("%s %q: %v", in.Act, in.Reason, err)
		}
	}
	in := inventory.SettingAside{CommandID: uuid.New(), Act: inventory.MoveDamage, Codes: w.codes[0], Reason: "x"}
	if _, err := w.stock.SetAside(t.Context(), w.helper, in); db.KindOf(err) != db.Denied {
		t.Errorf("an assistant reports damage: %v", err)
	}
}

// A pack that moved since it was proposed is named; nothing moves until the
// second person has seen it and confirms the rest.
func TestConfirmNamesWhatMoved(t *testing.T) {
	w := newWard(t, 3)
	a := w.aside(inventory.MoveLose, w.codes...)
	if _, err := moveAll(t.Context(), w.App, w.codes[:1], inventory.Entry{Move: inventory.Move{Kind: inventory.MoveAllocate, Session: 7}, How: inventory.HowScanned}); err != nil {
		t.Fatal(err)
	}
	_, err := w.confirm(w.second, a.Disposal, 3)
	if db.KindOf(err) != db.Conflict || !strings.Contains(db.Sentence(err), "…0000（现在：已配场次）") || !strings.Contains(db.Sentence(err), "其余 2 盒") {
		t.Errorf("%v", err)
	}
	if w.states()[inventory.StateLost] != 0 {
		t.Fatal("something moved")
	}
	done, err := w.confirm(w.second, a.Disposal, 2)
	if err != nil || done.Moved != 2 || done.LeftOut != 1 {
		t.Fatalf("%+v %v", done, err)
	}
	list, err := inventory.DisposalPacks(t.Context(), w.App, a.Disposal)
	if err != nil || len(list) != 3 || list[0].Outcome != "left_out" || list[1].Outcome != "done" {
		t.Errorf("%+v %v", list, err)
	}
	if n := w.states(); n[inventory.StateLost] != 2 || n[inventory.StateAllocated] != 1 {
		t.Errorf("%v", n)
	}
}

// Ten people confirm one paper at once, and each sends it twice: it counts once.
func TestConfirmAtOnce(t *testing.T) {
	w := newWard(t, 5)
	w.aside(inventory.MoveDamage, w.codes...)
	a := w.aside(inventory.MoveDestroy, w.codes...)
	var wg sync.WaitGroup
	var mu sync.Mutex
	done := 0
	for i := range 10 {
		by, id := someone(int64(10+i), identity.Pharmacist), uuid.New()
		for range 2 {
			wg.Go(func() {
				x, err := w.stock.ConfirmDisposal(t.Context(), by, inventory.Deciding{DisposalID: a.Disposal, CommandID: id, Packs: 5})
				mu.Lock()
				defer mu.Unlock()
				if err == nil && x.Moved == 5 {
					done++
				} else if db.KindOf(err) != db.Conflict {
					t.Errorf("%+v %v", x, err)
				}
			})
		}
	}
	wg.Wait()
	var moves int
	if err := w.App.Get(t.Context(), &moves, `SELECT count(*) FROM movement WHERE kind = 'destroy'`); err != nil || moves != 5 {
		t.Errorf("%d movements, %v", moves, err)
	}
	if done == 0 || done > 2 {
		t.Errorf("%d answers of success: one person's, sent twice", done)
	}
	w.verified()
}

// Many propose the same packs at once: every pack stands on one paper, papers
// have numbers of their own, and confirming against withdrawing has one end.
func TestProposeAtOnce(t *testing.T) {
	w := newWard(t, 4)
	var wg sync.WaitGroup
	var mu sync.Mutex
	var papers []int64
	for i := range 8 {
		wg.Go(func() {
			in := inventory.SettingAside{CommandID: uuid.New(), Act: inventory.MoveLose, Codes: w.codes[i%4], Reason: "演示"}
			a, err := w.stock.SetAside(t.Context(), someone(int64(20+i), identity.Pharmacist), in)
			mu.Lock()
			defer mu.Unlock()
			if err != nil {
				t.Errorf("%v", err)
			} else if a.Disposal != 0 {
				papers = append(papers, a.Disposal)
			}
		})
	}
	wg.Wait()
	if len(papers) != 4 {
		t.Fatalf("%d papers for 4 packs", len(papers))
	}
	for _, id := range papers {
		for _, decide := range []func(context.Context, identity.Actor, inventory.Deciding) (inventory.DecisionAnswer, error){w.stock.ConfirmDisposal, w.stock.WithdrawDisposal} {
			wg.Go(func() {
				_, err := decide(t.Context(), w.second, inventory.Deciding{DisposalID: id, CommandID: uuid.New(), Packs: 1})
				if err != nil && db.KindOf(err) != db.Conflict {
					t.Errorf("%v", err)
				}
			})
		}
	}
	wg.Wait()
	var wrong int
	err := w.App.Get(t.Context(), &wrong, `SELECT count(*) FROM disposal x JOIN disposal_pack l ON l.disposal_id = x.id JOIN pack k ON k.id = l.pack_id
WHERE l.waiting OR (x.state = 'done') <> (k.state = 'lost') OR x.state = 'proposed'`)
	if err != nil || wrong != 0 {
		t.Errorf("%d packs are not where their paper says, %v", wrong, err)
	}
	w.verified()
}

// What a patient had goes back to quarantine when it is found, never to the
// shelf.
func TestFindWhatAPatientHad(t *testing.T) {
	w := newWard(t, 1)
	steps := []inventory.Move{{Kind: inventory.MoveAllocate, Session: 7}, {Kind: inventory.MoveDispense, Session: 7}, {Kind: inventory.MoveReturn}, {Kind: inventory.MoveLose}}
	for _, m := range steps {
		if _, err := moveAll(t.Context(), w.App, w.codes, inventory.Entry{Move: m, How: inventory.HowScanned}); err != nil {
			t.Fatal(err)
		}
	}
	if a := w.aside(inventory.MoveFind, w.codes[0]); a.Moved != 1 || w.states()[inventory.StateQuarantined] != 1 {
		t.Errorf("%+v %v", a, w.states())
	}
	for _, act := range []inventory.MovementKind{inventory.MoveRelease, inventory.MoveSendBack} {
		if a := w.aside(act, w.codes[0]); a.Moved != 0 || a.Answers[0].Kind != inventory.KindPatientHad {
			t.Errorf("%s: %+v", act, a)
		}
	}
	w.verified()
}

// The lists name why, since when and by whom, and the paper a pack waits on.
func TestListAside(t *testing.T) {
	w := newWard(t, 3)
	w.aside(inventory.MoveQuarantine, w.codes...)
	a := w.aside(inventory.MoveDestroy, w.codes[1])
	list, err := inventory.ListAside(t.Context(), w.App, time.Now(), inventory.StateQuarantined, 0, 10)
	if err != nil || len(list) != 3 {
		t.Fatalf("%d %v", len(list), err)
	}
	for _, l := range list {
		if l.Reason != "演示原因" || l.Who != "演示人员1" || l.Kind != inventory.MoveQuarantine || (l.Waiting == a.Number) != (l.Code == w.codes[1]) {
			t.Errorf("%+v", l)
		}
	}
	if rest, err := inventory.ListAside(t.Context(), w.App, time.Now(), inventory.StateQuarantined, 2, 10); err != nil || len(rest) != 1 {
		t.Errorf("%d from the third on, %v", len(rest), err)
	}
	n, err := inventory.CountAside(t.Context(), w.App, time.Now())
	if err != nil || n != (inventory.AsideCounts{Quarantined: 3, Waiting: 1}) {
		t.Errorf("%+v %v", n, err)
	}
	waiting, err := inventory.ListDisposals(t.Context(), w.App, time.Now(), true, 10)
	if err != nil || len(waiting) != 1 || waiting[0].Proposer != "演示人员1" || waiting[0].Number != a.Number {
		t.Errorf("%+v %v", waiting, err)
	}
}

// Two thousand codes are one command of few statements.
func TestSetAsideTwoThousand(t *testing.T) {
	w := newWard(t, inventory.MaxAside)
	ctx, counter := db.WithCounter(t.Context())
	in := inventory.SettingAside{CommandID: uuid.New(), Act: inventory.MoveQuarantine, Codes: strings.Join(w.codes, "\n"), Reason: "召回演示"}
	a, err := w.stock.SetAside(ctx, w.first, in)
	if err != nil || a.Moved != inventory.MaxAside || counter.Count() > 12 {
		t.Errorf("%d moved with %d statements, %v", a.Moved, counter.Count(), err)
	}
	in.Act, in.CommandID, in.Method, in.Place = inventory.MoveDestroy, uuid.New(), "焚烧", "医废间"
	if a, err = w.stock.SetAside(ctx, w.first, in); err != nil || a.Disposal == 0 {
		t.Fatalf("%+v %v", a, err)
	}
	if done, err := w.confirm(w.second, a.Disposal, inventory.MaxAside); err != nil || done.Moved != inventory.MaxAside {
		t.Errorf("%d %v", done.Moved, err)
	}
}
