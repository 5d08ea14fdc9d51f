package inventory

import (
	"context"
	"fmt"

	"jingfang/session/identity"
	"jingfang/sql/db"
)

// LetIn brings a locked pack to the clinic day e names, on the duty holder's
// word: from the store, from a receipt that has not been scanned in, or from
// another clinic day's trays. An expired or recalled pack is refused with a
// *[MoveError]. A pack that was never received raises an alarm: that it lies on
// the table is a fact, where it came from is to be found out.
func LetIn(ctx context.Context, tx *db.Tx, by identity.Actor, p *Pack, e Entry) (Step, error) {
	e.Kind, e.Fact = MoveLetIn, false
	if p.State == StateAllocated {
		e.Kind = MoveRollOver
	}
	if e.At.IsZero() {
		e.At = tx.Now
	}
	if _, err := plan(p, e); err != nil {
		return Step{}, err
	}
	e.Fact = p.State == StateExpected
	return Write(ctx, tx, by, p, e)
}

// EnterLetIn gives a code that no pack is known for its row and brings it to the
// clinic day e names, with an alarm. means is what its prefix says: a small pack
// of a drug. A code that got its row meanwhile fails as unique(pack_code_uq).
func EnterLetIn(ctx context.Context, tx *db.Tx, by identity.Actor, code TraceCode, means Prefix, e Entry) (*Pack, error) {
	e.Kind, e.Content, e.Fact = MoveLetIn, means.Units, false
	if e.At.IsZero() {
		e.At = tx.Now
	}
	// The lock of the insert, taken before the recalls are read: a recall that is
	// on its way is waited for and then seen, one that comes later waits for this box.
	if _, err := tx.Exec(ctx, `LOCK TABLE pack IN ROW EXCLUSIVE MODE`); err != nil {
		return nil, fmt.Errorf("wait for a recall: %w", err)
	}
	open, err := openRecalls(ctx, tx, []int64{means.DrugID}, []string{code.Code()})
	if err != nil {
		return nil, err
	}
	before := PackFacts{Expiry: code.Expiry(), Recalled: recallOf(open, means.DrugID, code.Batch(), code.Code()) != 0}
	if _, _, err := Apply(before, e.Move); err != nil {
		return nil, err
	}
	e.Fact = true
	after, step, err := Apply(before, e.Move)
	if err != nil {
		return nil, err
	}
	p := &Pack{Code: code.Code(), DrugID: means.DrugID, GenericName: means.Drug, State: after.State, UnitsTotal: after.Content,
		UnitsLeft: after.Remainder, Batch: clip(code.Batch(), 60), SessionID: &after.Session, Alarm: string(step.Alarm)}
	if !code.Expiry().IsZero() {
		day := code.Expiry()
		p.ExpiresOn = &day
	}
	err = tx.Get(ctx, &p.ID, `INSERT INTO pack (code, drug_id, state, units_total, units_left, batch, expires_on, made_on, session_id, alarm, batch_read, created_at, changed_at)
VALUES ($1, $2, $3, $4, $5, $6, CAST(NULLIF($7::text, '') AS date), CAST(NULLIF($8::text, '') AS date), $9, $10, $12, $11, $11) RETURNING id`,
		p.Code, p.DrugID, string(p.State), p.UnitsTotal, p.UnitsLeft, p.Batch, dateText(code.Expiry()), dateText(code.Made()),
		after.Session, p.Alarm, tx.Now, code.describes())
	if err != nil {
		return nil, fmt.Errorf("insert pack: %w", err)
	}
	if err := insertMovement(ctx, tx, by, change{pack: p, before: before, after: after, step: step}, e); err != nil {
		return nil, err
	}
	// Once more, with the words of its drug.
	found, err := FindPack(ctx, tx, p.Code)
	return &found, err
}
