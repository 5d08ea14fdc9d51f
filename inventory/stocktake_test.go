package inventory_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/google/uuid"

	"jingfang/inventory"
	"jingfang/session/identity"
	"jingfang/sql/db"
)

// tally is a pharmacy with people who count: two assistants, a pharmacist and a
// manager.
type tally struct {
	*shop
	one, two, pharmacist, manager identity.Actor
	id                            int64
}

func newTally(t testing.TB) *tally {
	s := &tally{shop: newShop(t)}
	s.one, s.two = s.hire(t, "演示甲", identity.Assistant), s.hire(t, "演示乙", identity.Assistant)
	s.pharmacist, s.manager = s.hire(t, "演示药师", identity.Pharmacist), s.hire(t, "演示管理", identity.Manager)
	return s
}

func (s *tally) hire(t testing.TB, name string, role identity.Role) identity.Actor {
	t.Helper()
	by := identity.Actor{Username: uuid.NewString()[:13], Name: name, Device: "测试", Grants: []identity.Grant{{Role: role}}}
	err := s.Owner.InTx(t.Context(), func(ctx context.Context, tx *db.Tx) error {
		return tx.Get(ctx, &by.StaffID, `INSERT INTO staff (username, name, created_at) VALUES ($1, $2, $3) RETURNING id`, by.Username, name, tx.Now)
	})
	if err != nil {
		t.Fatal(err)
	}
	return by
}

// fill puts n boxes of a drug on the shelf and gives their codes.
func (s *tally) fill(t testing.TB, prefix string, n int) []string {
	t.Helper()
	drug := s.drug1
	if prefix == prefix2 {
		drug = s.drug2
	}
	codes := make([]string, n)
	for i := range codes {
		codes[i] = code(prefix, i+1)
	}
	stocked(t, s.DB, drug, codes...)
	return codes
}

func (s *tally) start(t testing.TB, drugs ...int64) {
	t.Helper()
	a, err := s.StartStocktake(t.Context(), s.one, inventory.StartingCount{CommandID: uuid.New(), Drugs: drugs})
	if err != nil {
		t.Fatal(err)
	}
	s.id = a.ID
}

func (s *tally) scanning(codes ...string) inventory.CountScan {
	return inventory.CountScan{StocktakeID: s.id, CommandID: uuid.New(), Codes: strings.Join(codes, "\n")}
}

func (s *tally) seen(t testing.TB, by identity.Actor, codes ...string) inventory.CountAnswer {
	t.Helper()
	a, err := s.CountCodes(t.Context(), by, s.scanning(codes...))
	if err != nil {
		t.Fatal(err)
	}
	return a
}

func (s *tally) units(t testing.TB, by identity.Actor, code string, units int64) inventory.CountAnswer {
	t.Helper()
	in := s.scanning(code)
	in.Units = &units
	a, err := s.CountCodes(t.Context(), by, in)
	if err != nil {
		t.Fatal(err)
	}
	return a
}

func (s *tally) number(t testing.TB, drug, packs int64, loose *int64) {
	t.Helper()
	in := inventory.CountingNumber{StocktakeID: s.id, CommandID: uuid.New(), DrugID: drug, Packs: packs, Loose: loose}
	if _, err := s.CountByNumber(t.Context(), s.two, in); err != nil {
		t.Fatal(err)
	}
}

func (s *tally) step(reason string) inventory.CountStep {
	return inventory.CountStep{StocktakeID: s.id, CommandID: uuid.New(), Reason: reason}
}

// submit hands in and reads the differences as "kind tail proposal".
func (s *tally) submit(t testing.TB) (inventory.CountResult, []string) {
	t.Helper()
	if _, err := s.SubmitStocktake(t.Context(), s.one, s.step("")); err != nil {
		t.Fatal(err)
	}
	return s.result(t)
}

func (s *tally) result(t testing.TB) (inventory.CountResult, []string) {
	t.Helper()
	x, err := inventory.FindStocktake(t.Context(), s.App, s.id)
	if err != nil {
		t.Fatal(err)
	}
	r, err := inventory.ReadCountResult(t.Context(), s.App, x, 0)
	if err != nil {
		t.Fatal(err)
	}
	var list []string
	for _, d := range r.Differences {
		list = append(list, strings.TrimSpace(fmt.Sprintf("%s %s %s", d.Kind, d.Code[max(0, len(d.Code)-4):], d.Proposal)))
	}
	slices.Sort(list)
	return r, list
}

func (s *tally) explain(t testing.TB, r inventory.CountResult, adjust bool) {
	t.Helper()
	in := inventory.Explaining{StocktakeID: s.id, CommandID: uuid.New(), Reason: inventory.ReasonNotKnown, Adjust: adjust}
	for _, d := range r.Differences {
		in.Differences = append(in.Differences, d.ID)
	}
	if _, err := s.ExplainDifferences(t.Context(), s.one, in); err != nil {
		t.Fatal(err)
	}
}

func (s *tally) approving(submission int) inventory.CountStep {
	in := s.step("")
	in.Submission = submission
	return in
}

func (s *tally) state(t testing.TB, c string) inventory.Pack {
	t.Helper()
	p, err := inventory.FindPack(t.Context(), s.App, c)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// move moves one pack as the daily work does.
func (s *tally) move(t testing.TB, c string, m inventory.Move) {
	t.Helper()
	if _, err := one(t.Context(), s.App, c, inventory.Entry{Move: m, How: inventory.HowScanned}); err != nil {
		t.Fatal(err)
	}
}

func wantKind(t testing.TB, err error, kind db.Kind, word string) {
	t.Helper()
	if db.KindOf(err) != kind || !strings.Contains(db.Sentence(err), word) {
		t.Errorf("error %v, want %s with %q", err, kind, word)
	}
}

func same(t testing.TB, got []string, want ...string) {
	t.Helper()
	if !slices.Equal(got, want) {
		t.Errorf("differences %q, want %q", got, want)
	}
}

// A count from the start to the movements it makes, with everything in it that
// can differ.
func TestStocktakeFromStartToMovements(t *testing.T) {
	s := newTally(t)
	c := s.fill(t, prefix1, 10)
	s.fill(t, prefix2, 5)
	s.move(t, c[9], inventory.Move{Kind: inventory.MoveLose})
	s.start(t)
	a := s.seen(t, s.one, append(slices.Clone(c[:7]), c[9], "81999990000000000001", "6901234567892")...)
	if got := kindsOf(a); !slices.Equal(got[7:], []inventory.AnswerKind{inventory.KindCountExtra, inventory.KindCountUnknown, inventory.KindCommodityCode}) || a.Taken != 9 {
		t.Fatalf("answers %v, taken %d", got, a.Taken)
	}
	s.number(t, s.drug2, 5, nil)
	r, diff := s.submit(t)
	same(t, diff, "extra 0001", "extra 0010 find", "missing 0008 lose", "missing 0009 lose")
	if l := r.Lines[0]; l.Way != inventory.WayScanned || l.BookedPacks != 9 || l.FoundPacks != 8 || l.Equal() {
		t.Errorf("line %+v", l)
	}
	if l := r.Lines[1]; l.Way != inventory.WayNumber || l.BookedPacks != 5 || l.FoundPacks != 5 || !l.Equal() {
		t.Errorf("line %+v", l)
	}
	_, err := s.ApproveStocktake(t.Context(), s.manager, s.approving(1))
	wantKind(t, err, db.Conflict, "没有写明原因")
	s.explain(t, r, true)
	_, err = s.ApproveStocktake(t.Context(), s.manager, s.approving(0))
	wantKind(t, err, db.Conflict, "换过一版")
	done, err := s.ApproveStocktake(t.Context(), s.manager, s.approving(1))
	if err != nil || done.Adjusted != 3 || done.Dropped != 0 {
		t.Fatalf("approved %+v %v", done, err)
	}
	for _, x := range []struct {
		code  string
		state inventory.State
	}{{c[7], inventory.StateLost}, {c[8], inventory.StateLost}, {c[9], inventory.StateInStore}, {c[0], inventory.StateInStore}} {
		if p := s.state(t, x.code); p.State != x.state {
			t.Errorf("%s is %s, want %s", x.code, p.State, x.state)
		}
	}
	if n := countOf(t, s.App, `SELECT count(*) FROM movement WHERE reason LIKE '盘点 PD%原因不明（提交 演示甲）' AND staff_id = $1::bigint`, s.manager.StaffID); n != 3 {
		t.Errorf("%d movements with the count's number", n)
	}
	s.clean(t)
	r, _ = s.result(t)
	for _, d := range r.Differences {
		if want := map[bool]string{true: "recorded", false: "adjusted"}[d.Action == ""]; d.Outcome != want {
			t.Errorf("%s %s became %q, want %q", d.Kind, d.Code, d.Outcome, want)
		}
	}
	everyLabel(t, s)
}

func kindsOf(a inventory.CountAnswer) (list []inventory.AnswerKind) {
	for _, x := range a.Answers {
		list = append(list, x.Kind)
	}
	return list
}

func everyLabel(t *testing.T, s *tally) {
	t.Helper()
	var events []string
	if err := s.App.Select(t.Context(), &events, `SELECT DISTINCT event FROM audit`); err != nil {
		t.Fatal(err)
	}
	for _, e := range events {
		if strings.HasPrefix(e, "stocktake.") && inventory.EventLabel(e) == "" {
			t.Errorf("%q has no label", e)
		}
	}
}

func TestStocktakeStartedTwice(t *testing.T) {
	s := newTally(t)
	s.fill(t, prefix1, 1)
	s.start(t)
	_, err := s.StartStocktake(t.Context(), s.two, inventory.StartingCount{CommandID: uuid.New(), Drugs: []int64{s.drug1}})
	wantKind(t, err, db.Conflict, "已经在盘点")
	var running *inventory.CountRunning
	if !errors.As(err, &running) || running.ID != s.id {
		t.Errorf("the refusal does not lead to the open count: %v", err)
	}
	if _, err := s.AbandonStocktake(t.Context(), s.one, s.step("演示")); err != nil {
		t.Fatal(err)
	}
	errs := make(chan error)
	for _, by := range []identity.Actor{s.one, s.two, s.pharmacist} {
		go func() {
			_, err := s.StartStocktake(t.Context(), by, inventory.StartingCount{CommandID: uuid.New()})
			errs <- err
		}()
	}
	won := 0
	for range 3 {
		if err := <-errs; err == nil {
			won++
		} else {
			wantKind(t, err, db.Conflict, "已经在盘点")
		}
	}
	if won != 1 {
		t.Errorf("%d counts were started", won)
	}
}

// Two counters scan the same 200 boxes at the same time: each counts once, and
// who comes later is told who had it.
func TestStocktakeTwoCountersOneShelf(t *testing.T) {
	s := newTally(t)
	c := s.fill(t, prefix1, 200)
	s.start(t)
	back := slices.Clone(c)
	slices.Reverse(back)
	answers := make(chan inventory.CountAnswer)
	for by, codes := range map[*identity.Actor][]string{&s.one: c, &s.two: back} {
		go func() {
			a, err := s.CountCodes(t.Context(), *by, s.scanning(codes...))
			if err != nil {
				t.Error(err)
			}
			answers <- a
		}()
	}
	a, b := <-answers, <-answers
	if a.Taken+b.Taken != 200 || max(a.Counted, b.Counted) != 200 {
		t.Errorf("taken %d and %d", a.Taken, b.Taken)
	}
	again := s.seen(t, s.one, c[0], c[0])
	if len(again.Answers) != 2 || again.Taken != 0 {
		t.Fatalf("scanned again: %+v", again)
	}
	for _, who := range []identity.Actor{s.one, s.two} {
		x := s.seen(t, who, c[1]).Answers[0]
		if x.Kind == inventory.KindCountedBy && !strings.Contains(x.Sentence, "演示") || x.Tone != inventory.ToneSoft {
			t.Errorf("%+v does not say who has it", x)
		}
	}
	if _, diff := s.submit(t); len(diff) != 0 {
		t.Errorf("differences %q", diff)
	}
}

// The day goes on while boxes are counted; no difference appears where none is.
func TestStocktakeWhilePacksMove(t *testing.T) {
	s := newTally(t)
	c := s.fill(t, prefix1, 8)
	out := inventory.Move{Kind: inventory.MoveAllocate, Session: 7}
	home := inventory.Move{Kind: inventory.MoveComeHome}
	s.move(t, c[7], out)
	s.start(t)
	s.move(t, c[0], out) // gone before a counter came
	s.seen(t, s.one, c[1], c[2], c[5], c[6])
	s.move(t, c[1], out) // gone after it was counted
	s.move(t, c[3], out) // out and home, never scanned
	s.move(t, c[3], home)
	s.move(t, c[7], home) // came while counting, never scanned
	late := code(prefix1, 99)
	stocked(t, s.DB, s.drug1, late) // received while counting
	s.move(t, c[6], out)            // counted, gone, home, counted twice
	s.move(t, c[6], home)
	s.seen(t, s.two, c[6])
	r, diff := s.submit(t)
	same(t, diff, "missing 0005 lose")
	if l := r.Lines[0]; l.BookedPacks != 7 || l.FoundPacks != 6 || l.Moved != 6 {
		t.Errorf("line %+v", l)
	}
}

func TestStocktakeUnits(t *testing.T) {
	s := newTally(t)
	c := s.fill(t, prefix1, 4)
	s.fill(t, prefix2, 2)
	open := func(c string, less int64) { s.move(t, c, inventory.Move{Kind: inventory.MoveShortage, Quantity: less}) }
	for _, x := range []string{c[0], c[1], c[2], code(prefix2, 1)} {
		open(x, 8)
	}
	s.start(t)
	s.seen(t, s.one, c...)
	s.units(t, s.one, c[0], 11)
	s.units(t, s.two, c[1], 15)
	if a := s.units(t, s.one, c[3], 21); a.Answers[0].Kind != inventory.KindBadQuantity {
		t.Errorf("more than a box can hold: %+v", a.Answers[0])
	}
	loose := int64(13)
	s.number(t, s.drug2, 1, &loose)
	r, diff := s.submit(t)
	same(t, diff, "loose 0001 adjust_up", "units 0001 adjust_down", "units 0002 adjust_up")
	s.explain(t, r, true)
	if _, err := s.ApproveStocktake(t.Context(), s.pharmacist, s.approving(1)); err != nil {
		t.Fatal(err)
	}
	for c, want := range map[string]int64{c[0]: 11, c[1]: 15, c[2]: 12, c[3]: 20, code(prefix2, 1): 13} {
		if p := s.state(t, c); p.UnitsLeft != want || p.State != inventory.StateInStore {
			t.Errorf("%s has %d units, want %d", c, p.UnitsLeft, want)
		}
	}
	s.clean(t)
}

// What nobody counted is named and is not zero; zero by number names every box.
func TestStocktakeUncountedIsNotZero(t *testing.T) {
	s := newTally(t)
	s.fill(t, prefix1, 3)
	s.fill(t, prefix2, 2)
	s.start(t)
	_, err := s.SubmitStocktake(t.Context(), s.one, s.step(""))
	wantKind(t, err, db.Invalid, "还没有点到")
	s.number(t, s.drug2, 1, nil)
	r, diff := s.submit(t)
	same(t, diff, "number")
	if l := r.Lines[0]; l.Way != inventory.WayUncounted || !l.Equal() {
		t.Errorf("uncounted %+v", l)
	}
	_, err = s.RecountDrug(t.Context(), s.one, inventory.Recounting{StocktakeID: s.id, CommandID: uuid.New(), DrugID: s.drug2})
	if err != nil {
		t.Fatal(err)
	}
	s.number(t, s.drug2, 0, nil)
	_, diff = s.submit(t)
	same(t, diff, "missing 0001 lose", "missing 0002 lose")
	if n := countOf(t, s.App, `SELECT count(*) FROM stocktake_number WHERE ended_how = 'recounted' AND packs = 1`); n != 1 {
		t.Errorf("%d first counts are kept", n)
	}
}

// A box that moved after the handing-in is dropped from the adjustments and named.
func TestStocktakeApprovalLooksAgain(t *testing.T) {
	s := newTally(t)
	c := s.fill(t, prefix1, 4)
	s.start(t)
	s.seen(t, s.one, c[0])
	r, _ := s.submit(t)
	s.explain(t, r, true)
	s.move(t, c[2], inventory.Move{Kind: inventory.MoveAllocate, Session: 7})
	done, err := s.ApproveStocktake(t.Context(), s.manager, s.approving(1))
	if err != nil || done.Adjusted != 2 || done.Dropped != 1 {
		t.Fatalf("approved %+v %v", done, err)
	}
	if p := s.state(t, c[2]); p.State != inventory.StateAllocated {
		t.Errorf("the box that moved is %s", p.State)
	}
	r, _ = s.result(t)
	for _, d := range r.Differences {
		if want := map[bool]string{true: "dropped", false: "adjusted"}[d.Code == c[2]]; d.Outcome != want {
			t.Errorf("%s became %q, want %q", d.Code, d.Outcome, want)
		}
	}
	s.clean(t)
}

// Nobody approves what they counted, however little, and handing in is counting.
func TestStocktakeNeedsAnotherPerson(t *testing.T) {
	s := newTally(t)
	c := s.fill(t, prefix1, 2)
	other := s.hire(t, "演示药师二", identity.Pharmacist)
	s.start(t)
	s.seen(t, s.one, c...)
	s.seen(t, s.pharmacist, c[0]) // had it already: adds nothing
	in := inventory.UncountingCode{StocktakeID: s.id, CommandID: uuid.New(), Code: c[0]}
	if _, err := s.UncountCode(t.Context(), s.one, in); err != nil {
		t.Fatal(err)
	}
	_, err := s.UncountCode(t.Context(), s.one, inventory.UncountingCode{StocktakeID: s.id, CommandID: uuid.New(), Code: c[0]})
	wantKind(t, err, db.NotFound, "没有点到过")
	s.seen(t, s.pharmacist, c[0])
	if _, err := s.SubmitStocktake(t.Context(), other, s.step("")); err != nil {
		t.Fatal(err)
	}
	for _, by := range []identity.Actor{s.pharmacist, other} {
		_, err := s.ApproveStocktake(t.Context(), by, s.approving(1))
		wantKind(t, err, db.Denied, "不能自己审核")
	}
	_, err = s.ApproveStocktake(t.Context(), s.two, s.approving(1))
	wantKind(t, err, db.Denied, "审核盘点")
	if _, err := s.ApproveStocktake(t.Context(), s.manager, s.approving(1)); err != nil {
		t.Error(err)
	}
	_, err = s.CountCodes(t.Context(), s.one, s.scanning(c[1]))
	wantKind(t, err, db.Conflict, "已由演示管理审核")
}

func TestStocktakeRejectedAndAbandoned(t *testing.T) {
	s := newTally(t)
	c := s.fill(t, prefix1, 3)
	s.start(t)
	s.seen(t, s.one, c[0])
	r, _ := s.submit(t)
	s.explain(t, r, true)
	_, err := s.RejectStocktake(t.Context(), s.manager, s.step(" "))
	wantKind(t, err, db.Invalid, "要写原因")
	if _, err := s.RejectStocktake(t.Context(), s.manager, s.step("里面的柜子没有点")); err != nil {
		t.Fatal(err)
	}
	x, err := inventory.FindStocktake(t.Context(), s.App, s.id)
	if err != nil {
		t.Fatal(err)
	}
	_, err = inventory.ReadCountResult(t.Context(), s.App, x, 0)
	wantKind(t, err, db.Conflict, "没有提交的结果")
	s.seen(t, s.two, c[1])
	r, diff := s.submit(t)
	same(t, diff, "missing 0003 lose")
	if r.Submission != 2 || r.Unexplained != 1 {
		t.Errorf("second handing-in %+v", r.Stocktake)
	}
	if _, err := s.AbandonStocktake(t.Context(), s.one, s.step("演示")); err != nil {
		t.Fatal(err)
	}
	_, err = s.ApproveStocktake(t.Context(), s.manager, s.approving(2))
	wantKind(t, err, db.Conflict, "已作废")
	if n := countOf(t, s.App, `SELECT count(*) FROM movement WHERE kind <> 'opening'`); n != 0 {
		t.Errorf("an abandoned count made %d movements", n)
	}
	everyLabel(t, s)
}

// The same command again gives the first answer and counts nothing twice.
func TestStocktakeCommandsReplay(t *testing.T) {
	s := newTally(t)
	c := s.fill(t, prefix1, 3)
	start := inventory.StartingCount{CommandID: uuid.New()}
	first, err := s.StartStocktake(t.Context(), s.one, start)
	if err != nil {
		t.Fatal(err)
	}
	s.id = first.ID
	if again, err := s.StartStocktake(t.Context(), s.one, start); err != nil || again != first {
		t.Errorf("again %+v %v", again, err)
	}
	scan := s.scanning(c...)
	for range 3 {
		a, err := s.CountCodes(t.Context(), s.one, scan)
		if err != nil || a.Taken != 3 || a.Answers[0].Kind != inventory.KindOK {
			t.Fatalf("%+v %v", a, err)
		}
	}
	hand := s.step("")
	for range 3 {
		if a, err := s.SubmitStocktake(t.Context(), s.one, hand); err != nil || a.Submission != 1 {
			t.Fatalf("%+v %v", a, err)
		}
	}
}

// A session's count names what is missing and what is there against the books,
// and offers no adjustment: its closing has its own exits.
func TestStocktakeOfASession(t *testing.T) {
	s := newTally(t)
	c := s.fill(t, prefix1, 5)
	for _, x := range c[:4] {
		s.move(t, x, inventory.Move{Kind: inventory.MoveAllocate, Session: 7})
	}
	err := s.App.InTx(t.Context(), func(ctx context.Context, tx *db.Tx) error {
		a, err := inventory.BeginStocktake(ctx, tx, s.one, inventory.StocktakeScope{SessionID: 7, Place: "演示社区"})
		s.id = a.ID
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	s.seen(t, s.one, c[0], c[1], c[4])
	s.move(t, c[0], inventory.Move{Kind: inventory.MoveDispense, Session: 7})
	s.move(t, c[2], inventory.Move{Kind: inventory.MoveDispense, Session: 7, Quantity: 5})
	r, diff := s.submit(t)
	same(t, diff, "extra 0005", "missing 0004")
	if r.Lines[0].BookedPacks != 2 || r.Lines[0].BookedLoose != 15 {
		t.Errorf("line %+v", r.Lines[0])
	}
	s.explain(t, r, true)
	if done, err := s.ApproveStocktake(t.Context(), s.manager, s.approving(1)); err != nil || done.Adjusted != 0 {
		t.Errorf("approved %+v %v", done, err)
	}
}

func TestStocktakeOfSomeDrugs(t *testing.T) {
	s := newTally(t)
	c := s.fill(t, prefix1, 2)
	d := s.fill(t, prefix2, 2)
	_, err := s.StartStocktake(t.Context(), s.one, inventory.StartingCount{CommandID: uuid.New(), Drugs: []int64{s.drug1, 9999}})
	wantKind(t, err, db.Invalid, "目录没有")
	s.start(t, s.drug1)
	a := s.seen(t, s.one, c[0], d[0])
	if a.Answers[1].Kind != inventory.KindNotCounted || a.Taken != 1 {
		t.Errorf("a drug that is left out: %+v", a)
	}
	in := inventory.CountingNumber{StocktakeID: s.id, CommandID: uuid.New(), DrugID: s.drug2, Packs: 2}
	_, err = s.CountByNumber(t.Context(), s.one, in)
	wantKind(t, err, db.Invalid, "不在这次盘点")
	_, diff := s.submit(t)
	same(t, diff, "missing 0002 lose")
}

func TestStocktakeBadInput(t *testing.T) {
	s := newTally(t)
	c := s.fill(t, prefix1, 1)
	s.start(t)
	zero, many := int64(0), int64(-1)
	cases := []struct {
		name string
		do   func() error
		kind db.Kind
		word string
	}{
		{"too many codes", func() error {
			_, err := s.CountCodes(t.Context(), s.one, s.scanning(strings.Repeat(c[0]+"\n", 2001)))
			return err
		}, db.Invalid, "一次最多"},
		{"units of two boxes", func() error {
			in := s.scanning(c[0], code(prefix1, 2))
			in.Units = &many
			_, err := s.CountCodes(t.Context(), s.one, in)
			return err
		}, db.Invalid, "一次只能扫一盒"},
		{"an empty box", func() error {
			in := s.scanning(c[0])
			in.Units = &zero
			_, err := s.CountCodes(t.Context(), s.one, in)
			return err
		}, db.Invalid, "空盒"},
		{"a long shelf", func() error {
			in := s.scanning(c[0])
			in.Shelf = strings.Repeat("架", 41)
			_, err := s.CountCodes(t.Context(), s.one, in)
			return err
		}, db.Invalid, "货架名"},
		{"fewer than none", func() error {
			_, err := s.CountByNumber(t.Context(), s.one, inventory.CountingNumber{StocktakeID: s.id, CommandID: uuid.New(), DrugID: s.drug1, Packs: -1})
			return err
		}, db.Invalid, "数量不对"},
		{"an unknown drug", func() error {
			_, err := s.CountByNumber(t.Context(), s.one, inventory.CountingNumber{StocktakeID: s.id, CommandID: uuid.New(), DrugID: 999, Packs: 1})
			return err
		}, db.NotFound, "没有这种药"},
		{"an unknown count", func() error {
			in := s.scanning(c[0])
			in.StocktakeID = 999
			_, err := s.CountCodes(t.Context(), s.one, in)
			return err
		}, db.NotFound, "没有这次盘点"},
		{"approved before it was handed in", func() error {
			_, err := s.ApproveStocktake(t.Context(), s.manager, s.approving(0))
			return err
		}, db.Conflict, "还在清点"},
		{"recount of nothing", func() error {
			_, err := s.RecountDrug(t.Context(), s.one, inventory.Recounting{StocktakeID: s.id, CommandID: uuid.New(), DrugID: s.drug1})
			return err
		}, db.Invalid, "还没有盘过"},
		{"explained before it was handed in", func() error {
			_, err := s.ExplainDifferences(t.Context(), s.one, inventory.Explaining{StocktakeID: s.id, CommandID: uuid.New(), Differences: []int64{1}, Reason: inventory.ReasonNotKnown})
			return err
		}, db.Conflict, "还在清点"},
		{"another reason without a word", func() error {
			_, err := s.ExplainDifferences(t.Context(), s.one, inventory.Explaining{StocktakeID: s.id, CommandID: uuid.New(), Differences: []int64{1}, Reason: inventory.ReasonOtherReason})
			return err
		}, db.Invalid, "写明原因"},
		{"a reason that is none", func() error {
			_, err := s.ExplainDifferences(t.Context(), s.one, inventory.Explaining{StocktakeID: s.id, CommandID: uuid.New(), Differences: []int64{1}, Reason: "x"})
			return err
		}, db.Invalid, "选一个原因"},
		{"a manager counts", func() error {
			_, err := s.CountCodes(t.Context(), s.manager, s.scanning(c[0]))
			return err
		}, db.Denied, "盘点"},
	}
	for _, x := range cases {
		t.Run(x.name, func(t *testing.T) { wantKind(t, x.do(), x.kind, x.word) })
	}
	if n := countOf(t, s.App, `SELECT (SELECT count(*) FROM stocktake_seen) + (SELECT count(*) FROM stocktake_number)`); n != 0 {
		t.Errorf("bad input left %d rows", n)
	}
}

// A box that came without a code and whose true one was found later counts once,
// whichever of the two is read.
func TestStocktakeBoxWithTwoCodes(t *testing.T) {
	s := newTally(t)
	id := s.take(t, transfer("R1", 1, 1))
	ours, found := s.codeless(t, id, s.line(t, id, 1).ID, 1)[0], code(prefix1, 3)
	link := inventory.CodelessLink{CommandID: uuid.New(), Code: ours, TrueCode: found}
	if _, err := s.LinkCodeless(t.Context(), someone(2, identity.Assistant), link); err != nil {
		t.Fatal(err)
	}
	s.start(t)
	if a := s.seen(t, s.one, found); a.Answers[0].Kind != inventory.KindOK || a.Answers[0].Code != ours {
		t.Fatalf("by the true code: %+v", a.Answers[0])
	}
	if a := s.seen(t, s.two, ours); a.Answers[0].Kind != inventory.KindCountedBy || a.Taken != 0 {
		t.Errorf("by our code: %+v", a.Answers[0])
	}
	if _, diff := s.submit(t); len(diff) != 0 {
		t.Errorf("differences %q", diff)
	}
}
