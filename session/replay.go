package session

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/lib/pq"

	"jingfang/inventory"
	"jingfang/session/identity"
	"jingfang/sql/db"
)

// clockSlack is how far a device's clock may run ahead before its time is not
// believed and the server's is taken.
const clockSlack = 5 * time.Minute

// replayed says that the boxes of a scan have been handed over already, while the
// link was down: a fact, which is written down whatever the boxes' state was.
func (in Scan) replayed() bool { return !in.DoneAt.IsZero() }

// moment is when the boxes were handed over: what decides on expiry.
func (in Scan) moment(now time.Time) time.Time {
	if !in.replayed() || in.DoneAt.After(now.Add(clockSlack)) {
		return now
	}
	return in.DoneAt
}

// lockForScan takes the session of a scan. Facts may come while the session is
// being counted, and may name boxes that lie in other sessions' trays on the books:
// those sessions are locked with it, all in the order of their ids.
func lockForScan(ctx context.Context, tx *db.Tx, in Scan, read []inventory.Parsed) (Session, []int64, error) {
	if !in.replayed() {
		x, err := lock(ctx, tx, in.SessionID, Open)
		return x, nil, err
	}
	codes, _ := codesOf(read)
	var holders []int64
	err := tx.Select(ctx, &holders, `SELECT DISTINCT session_id FROM pack WHERE code = ANY($1::text[]) AND state = 'allocated' AND session_id <> $2::bigint`,
		pq.Array(codes), in.SessionID)
	if err != nil {
		return Session{}, nil, fmt.Errorf("read who holds the packs: %w", err)
	}
	all := append(slices.Clone(holders), in.SessionID)
	slices.Sort(all)
	var x Session
	for _, id := range all {
		one, err := lock(ctx, tx, id, Planned, Open, Closing)
		if id == in.SessionID && err == nil {
			x = one
		}
		if err != nil {
			return x, nil, lateFact(err, id == in.SessionID)
		}
	}
	return x, holders, nil
}

// lateFact says where a fact goes that no longer fits into its session.
func lateFact(err error, own bool) error {
	if db.KindOf(err) != db.Conflict || !own {
		return err
	}
	return db.RefuseBecause(err, db.Conflict, "本场次已经结束，断网时发出的药不能再记入。请把码和患者告诉药师，由药师写补充记录。")
}

// fact is a box that was handed over and could not have been.
type fact struct {
	code inventory.TraceCode
	pack *inventory.Pack // nil for a code that gets its row now
	said inventory.Answer
	// before is the state the box had on the books.
	before inventory.State
}

// takeFact decides on a box of a replayed scan that the table would have refused:
// it is written down as given where it can be, and the duty holder is told either
// way. It reports whether it has answered.
func (t *table) takeFact(code inventory.TraceCode, pack *inventory.Pack, said inventory.Answer) bool {
	tone := said.Kind.Tone()
	if !t.in.replayed() || tone == inventory.ToneGood || tone == inventory.ToneSoft {
		return false
	}
	if slices.ContainsFunc(t.late, func(f fact) bool { return f.code.Code() == code.Code() }) {
		t.settle(inventory.NewCodeAnswer(code.Raw(), code.Code(), "", inventory.KindAbsorbed, inventory.KindAbsorbed.Sentence(inventory.Details{})))
		return true
	}
	if said.Kind == inventory.KindAskQuantity && t.visit.State == InConsultation {
		return false // the doctor is there to be asked
	}
	drug := t.known[code.Prefix()].Drug
	if pack != nil {
		drug = pack.DrugName()
	}
	if !t.canBeFact(pack, said) {
		t.alarms = append(t.alarms, NewAlarm{Kind: said.Kind, Code: code.Code(), Drug: drug, Sentence: "断网时发出，没有记成：" + said.Sentence})
		return false
	}
	f := fact{code: code, pack: pack, said: said}
	if pack != nil {
		f.before = pack.State
	}
	t.late = append(t.late, f)
	sentence := inventory.KindFactAlarm.Sentence(inventory.Details{Drug: drug, State: stateBefore(said.Kind, f.before)})
	t.answer.Answers = append(t.answer.Answers, inventory.NewCodeAnswer(code.Raw(), code.Code(), drug, inventory.KindFactAlarm, sentence))
	t.alarms = append(t.alarms, NewAlarm{Kind: said.Kind, Code: code.Code(), Drug: drug, Sentence: factAlarm(said.Kind, f.before)})
	return true
}

// canBeFact reports whether the rules let the hand-over be written down: not when
// somebody else is on record for the whole box, nor for what no drug is known for.
func (t *table) canBeFact(pack *inventory.Pack, said inventory.Answer) bool {
	if pack == nil {
		return said.Kind == inventory.KindUnknown
	}
	if t.wantsNumber(pack) {
		return false // how much of it was given, nobody has said
	}
	if pack.State == inventory.StateAllocated && pack.SessionID != nil && *pack.SessionID != t.session.ID && !slices.Contains(t.holders, *pack.SessionID) {
		return false // it changed its trays while we locked
	}
	facts := pack.Facts()
	moves, err := inventory.FactMoves(facts, pack.UnitsTotal, t.in.Quantity, t.session.ID, t.in.moment(t.tx.Now))
	for _, m := range moves {
		if err == nil {
			facts, _, err = inventory.Apply(facts, m)
		}
	}
	return err == nil
}

// factAlarm tells the duty holder what was given although it should not have been.
func factAlarm(kind inventory.AnswerKind, before inventory.State) string {
	return fmt.Sprintf("已发给患者，已补记（当时：%s）。请核对实物和来源。", stateBefore(kind, before))
}

// stateBefore is what stood against a box that was given, in few words.
func stateBefore(kind inventory.AnswerKind, state inventory.State) string {
	switch kind {
	case inventory.KindExpired:
		return "已经过期"
	case inventory.KindRecalled:
		return "正在召回"
	case inventory.KindOtherSession:
		return "在另一场的药箱里"
	case inventory.KindUnknown:
		return "没有入库记录"
	case inventory.KindNotReceived:
		return "还没有扫码入库"
	case inventory.KindNotPacked:
		return "在药房账上，没有装箱"
	case inventory.KindInABag:
		return "在另一位患者的药袋里"
	}
	return state.Chinese()
}

// handOutFacts writes the facts of a replayed scan down and raises the alarms.
func (t *table) handOutFacts(ctx context.Context) error {
	var list []handed
	for _, f := range t.late {
		quantity, err := t.writeFact(ctx, &f)
		if err != nil {
			return err
		}
		if quantity > 0 {
			list = append(list, handed{f.pack, quantity})
		}
	}
	if len(list) > 0 {
		if err := insertLines(ctx, t.tx, t.visit, list, t.how, t.by.StaffID); err != nil {
			return err
		}
	}
	for _, a := range t.alarms {
		a.SessionID, a.Visit = t.session.ID, t.visit.ID
		if err := RaiseAlarm(ctx, t.tx, t.by, a); err != nil {
			return err
		}
	}
	return t.replayFinished(ctx)
}

// writeFact moves one box to the patient, from wherever it was.
func (t *table) writeFact(ctx context.Context, f *fact) (int64, error) {
	e := inventory.Entry{Move: inventory.Move{Session: t.session.ID, At: t.in.moment(t.tx.Now), Quantity: t.in.Quantity}, Visit: t.visit.ID, How: t.how,
		Reason: "断网时已发出", Device: t.by.Device, DeviceAt: t.in.DoneAt, Command: t.in.CommandID}
	if f.pack == nil {
		enter := e
		enter.Quantity = 0
		var err error
		if f.pack, err = inventory.EnterLetIn(ctx, t.tx, t.by, f.code, t.known[f.code.Prefix()], enter); err != nil {
			return 0, fmt.Errorf("enter a box that was given: %w", err)
		}
		if t.wantsNumber(f.pack) {
			return 0, askNumber(ctx, t.tx, Request{VisitID: t.visit.ID, Code: f.pack.Code, Drug: f.pack.DrugName(), AskedBy: t.by.StaffID}, f.pack)
		}
	}
	given, _, err := writeFactMoves(ctx, t.tx, t.by, f.pack, e)
	return given, err
}

// writeFactMoves carries out [inventory.FactMoves] for e.Quantity units of a box, 0
// being all that it holds, and gives the units handed over and the first alarm that a step or an earlier one raised.
func writeFactMoves(ctx context.Context, tx *db.Tx, by identity.Actor, p *inventory.Pack, e inventory.Entry) (int64, inventory.AnswerKind, error) {
	moves, err := inventory.FactMoves(p.Facts(), p.UnitsTotal, e.Quantity, e.Session, e.At)
	if err != nil {
		return 0, "", moveRefused(err, p.DrugName())
	}
	given, alarm := int64(0), inventory.AnswerKind(p.Alarm)
	for _, move := range moves {
		e.Move = move
		step, err := inventory.Write(ctx, tx, by, p, e)
		if err != nil {
			return 0, "", moveRefused(err, p.DrugName())
		}
		given = step.Quantity
		if alarm == "" {
			alarm = step.Alarm
		}
	}
	return given, alarm, nil
}

// replayFinished writes down what was handed over in a visit that somebody has
// ended meanwhile: the boxes become its lines, and a record that names the old one
// waits for the doctor's countersign.
func (t *table) replayFinished(ctx context.Context) error {
	if t.visit.State != Finished || len(t.giving)+len(t.late) == 0 {
		return nil
	}
	old, err := lastRecord(ctx, t.tx, t.session.ID, t.visit.ID)
	if err != nil {
		return err
	}
	text := fmt.Sprintf("断网时发出 %d 盒，诊毕之后补记。", len(t.giving)+len(t.late))
	_, err = writeLate(ctx, t.tx, t.by, t.session.ID, mainChain, t.visit.ID, lateness{kind: lateGiven, text: text, old: old})
	return err
}
