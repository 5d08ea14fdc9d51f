package inventory

import (
	"context"
	"fmt"
	"time"

	"github.com/google/uuid"

	"jingfang/sql/db"
)

// StockCheck is the result of [VerifyStock].
type StockCheck struct {
	Packs, Movements int64 // checked, up to the first difference
	// First is the first pack, by its row's number, that is not what its
	// movements make of it; nil when all are.
	First *StockDifference
}

// StockDifference says what is wrong with a pack.
type StockDifference struct {
	PackID     int64
	Code       string
	MovementID int64  // the movement that cannot be; zero when all can
	Problem    string // one Chinese sentence
}

// VerifyStock makes every pack anew from its movements by the rules of [Apply]
// and compares state, remainder, units with patients and clinic day with its
// row, on one snapshot and in bounded memory. It stops at the first difference.
// progress, which may be nil, hears the number of packs checked so far.
func VerifyStock(ctx context.Context, d *db.DB, progress func(packs int64)) (StockCheck, error) {
	var check StockCheck
	err := d.InSnapshot(ctx, func(ctx context.Context, tx *db.Tx) error {
		for last := int64(0); ; {
			packs, err := nextPacks(ctx, tx, last)
			if err != nil || len(packs) == 0 {
				return err
			}
			if err := check.batch(ctx, tx, packs); err != nil || check.First != nil {
				return err
			}
			if progress != nil {
				progress(check.Packs)
			}
			last = packs[len(packs)-1].ID
		}
	})
	return check, err
}

// verifyBatch bounds the packs held in memory at a time; a pack has few
// movements.
const verifyBatch = 2000

func nextPacks(ctx context.Context, tx *db.Tx, after int64) ([]Pack, error) {
	var packs []Pack
	err := tx.Select(ctx, &packs, `SELECT id, code, state, units_total, units_left, units_given, expires_on, session_id, visit_id, returned
FROM pack WHERE id > $1 ORDER BY id LIMIT $2`, after, verifyBatch)
	if err != nil {
		return nil, fmt.Errorf("read packs to verify: %w", err)
	}
	return packs, nil
}

// ledgerRow is a movement as it was written.
type ledgerRow struct {
	ID          int64        `db:"id"`
	Kind        MovementKind `db:"kind"`
	PackID      int64        `db:"pack_id"`
	Quantity    int64        `db:"quantity"`
	From        State        `db:"from_state"`
	To          State        `db:"to_state"`
	After       int64        `db:"units_after"`
	FromSession int64        `db:"from_session"`
	ToSession   int64        `db:"to_session"`
	Visit       *uuid.UUID   `db:"visit_id"`
	At          time.Time    `db:"at"`
}

func (c *StockCheck) batch(ctx context.Context, tx *db.Tx, packs []Pack) error {
	var rows []ledgerRow
	err := tx.Select(ctx, &rows, `SELECT id, kind, pack_id, quantity, from_state, to_state, units_after, COALESCE(from_session_id, 0) AS from_session,
  COALESCE(to_session_id, 0) AS to_session, visit_id, at FROM movement WHERE pack_id >= $1 AND pack_id <= $2 ORDER BY pack_id, id`,
		packs[0].ID, packs[len(packs)-1].ID)
	if err != nil {
		return fmt.Errorf("read movements to verify: %w", err)
	}
	for _, p := range packs {
		n := 0
		for n < len(rows) && rows[n].PackID == p.ID {
			n++
		}
		c.Packs++
		c.Movements += int64(n)
		if c.First = verifyPack(p, rows[:n]); c.First != nil {
			return nil
		}
		rows = rows[n:]
	}
	return nil
}

// verifyPack replays the movements of a pack.
func verifyPack(p Pack, rows []ledgerRow) *StockDifference {
	wrong := func(movement int64, problem string) *StockDifference {
		return &StockDifference{PackID: p.ID, Code: p.Code, MovementID: movement, Problem: problem}
	}
	if len(rows) == 0 {
		return wrong(0, "有药盒，没有任何流水")
	}
	made := Pack{UnitsTotal: p.UnitsTotal, ExpiresOn: p.ExpiresOn}
	for _, r := range rows {
		before := made.Facts()
		if problem := before.follows(r); problem != "" {
			return wrong(r.ID, problem)
		}
		c, err := plan(&made, r.entry(p.UnitsTotal))
		if err != nil {
			return wrong(r.ID, fmt.Sprintf("流水“%s”按规则不成立（%v）", r.Kind.Chinese(), err))
		}
		if problem := c.agrees(r); problem != "" {
			return wrong(r.ID, problem)
		}
		made.UnitsTotal = c.after.Content
		c.settle()
	}
	if problem := made.differs(p); problem != "" {
		return wrong(0, problem)
	}
	return nil
}

// entry is the movement as what was asked for. It is replayed as a fact: that a
// pack was in date or not recalled is not written in the ledger.
func (r ledgerRow) entry(content int64) Entry {
	m := Move{Kind: r.Kind, Quantity: r.Quantity, Content: content, To: r.To, Session: r.ToSession, At: r.At, Fact: true}
	if r.Kind == MoveDispense {
		m.To = StateNone // the remainder decides
	}
	m.Empty = r.Kind == MoveReturn && r.Quantity == 0
	e := Entry{Move: m}
	if r.Visit != nil {
		e.Visit = *r.Visit
	}
	return e
}

// follows compares where a movement says it starts with where the one before
// ended.
func (f PackFacts) follows(r ledgerRow) string {
	switch {
	case f.State != r.From:
		return fmt.Sprintf("流水“%s”从“%s”开始，而前一步停在“%s”", r.Kind.Chinese(), r.From.Chinese(), f.State.Chinese())
	case f.Session != r.FromSession:
		return fmt.Sprintf("流水“%s”从场次 %d 开始，而前一步停在场次 %d", r.Kind.Chinese(), r.FromSession, f.Session)
	}
	return ""
}

// agrees compares what the rules make of a movement with what it says.
func (c change) agrees(r ledgerRow) string {
	switch {
	case c.after.State != r.To || c.after.Session != r.ToSession:
		return fmt.Sprintf("流水“%s”到“%s”（场次 %d），按规则应到“%s”（场次 %d）", r.Kind.Chinese(), r.To.Chinese(), r.ToSession, c.after.State.Chinese(), c.after.Session)
	case c.step.Quantity != r.Quantity || c.after.Remainder != r.After:
		return fmt.Sprintf("流水“%s”动 %d 剩 %d，按规则应动 %d 剩 %d", r.Kind.Chinese(), r.Quantity, r.After, c.step.Quantity, c.after.Remainder)
	}
	return ""
}

// differs compares the pack that the movements make with its row.
func (p Pack) differs(row Pack) string {
	switch {
	case p.State != row.State:
		return fmt.Sprintf("状态是“%s”，流水算出“%s”", row.State.Chinese(), p.State.Chinese())
	case p.UnitsLeft != row.UnitsLeft || p.UnitsGiven != row.UnitsGiven:
		return fmt.Sprintf("余 %d、患者手中 %d，流水算出余 %d、患者手中 %d", row.UnitsLeft, row.UnitsGiven, p.UnitsLeft, p.UnitsGiven)
	case valueOf(p.SessionID) != valueOf(row.SessionID):
		return fmt.Sprintf("属于场次 %d，流水算出场次 %d", valueOf(row.SessionID), valueOf(p.SessionID))
	case textOf(p.VisitID) != textOf(row.VisitID):
		return "发给的就诊与流水不符"
	case p.Returned != row.Returned:
		return "是否患者退回过与流水不符"
	}
	return ""
}
