package session

import (
	"context"
	"fmt"

	"github.com/google/uuid"

	"jingfang/session/identity"
	"jingfang/sql/db"
)

// Counting is the input of CountLeft: what a person counted of one drug, in full
// packs and in loose units of opened ones.
type Counting struct {
	SessionID, DrugID int64
	CommandID         uuid.UUID
	Packs             int
	Loose             int64
}

// CountLeft takes the number of left-overs of a drug. The same drug counted again
// replaces the number; the audit keeps both.
func (s *Service) CountLeft(ctx context.Context, by identity.Actor, in Counting) (ClosingAnswer, error) {
	call := closingCall{kind: "closing_count", session: in.SessionID, id: in.CommandID, request: in, who: helps}
	return runClosing(ctx, s, by, call, func(ctx context.Context, tx *db.Tx) (ClosingAnswer, error) {
		x, err := lock(ctx, tx, in.SessionID, Closing)
		if err != nil {
			return ClosingAnswer{}, err
		}
		lines, err := readLines(ctx, tx, x)
		if err != nil {
			return ClosingAnswer{}, err
		}
		l, ok := findLine(lines, in.DrugID)
		if !ok {
			return ClosingAnswer{}, db.Refuse(db.Invalid, "本场没有带这种药，不用清点。请刷新页面。")
		}
		if err := in.fits(l); err != nil {
			return ClosingAnswer{}, err
		}
		if err := keepCount(ctx, tx, by, in); err != nil {
			return ClosingAnswer{}, err
		}
		detail := fmt.Sprintf("drug=%d packs=%d loose=%d", in.DrugID, in.Packs, in.Loose)
		if l.CountedAt != nil {
			detail += fmt.Sprintf(" before packs=%d loose=%d", l.CountedPacks, l.CountedLoose)
		}
		l.CountedAt, l.CountedPacks, l.CountedLoose = &tx.Now, in.Packs, in.Loose
		return s.closingStep(ctx, tx, by, x, "closing.count", detail, ClosingAnswer{Closing, l.Sentence()})
	})
}

// fits refuses a number that cannot be.
func (in Counting) fits(l ClosingLine) error {
	switch {
	case in.Packs < 0 || in.Loose < 0:
		return db.Refuse(db.Invalid, "%s 的数量不对，请填零或正整数。", l.DrugName())
	case in.Packs > l.Taken:
		return db.Refuse(db.Invalid, "%s 本场只带出 %d %s，不会余下 %d %s。请重新数；多出来的请扫码，看它是哪一盒。",
			l.DrugName(), l.Taken, l.PackWord, in.Packs, l.PackWord)
	case in.Loose > l.Capacity:
		return db.Refuse(db.Invalid, "%s 的散装数 %d %s 超过了带出的总量，请重新数。", l.DrugName(), in.Loose, l.UnitWord)
	}
	return nil
}

// keepCount writes the number; the session is locked, so nobody inserts between.
func keepCount(ctx context.Context, tx *db.Tx, by identity.Actor, in Counting) error {
	n, err := tx.Exec(ctx, `UPDATE closing_count SET packs = $3, loose_units = $4, counted_by = $5, counted_at = $6 WHERE session_id = $1 AND drug_id = $2`,
		in.SessionID, in.DrugID, in.Packs, in.Loose, by.StaffID, tx.Now)
	if err == nil && n == 0 {
		err = tx.ExecOne(ctx, `INSERT INTO closing_count (session_id, drug_id, packs, loose_units, counted_by, counted_at) VALUES ($1, $2, $3, $4, $5, $6)`,
			in.SessionID, in.DrugID, in.Packs, in.Loose, by.StaffID, tx.Now)
	}
	if err != nil {
		return fmt.Errorf("keep a count: %w", err)
	}
	return nil
}

// Sentence says where a line stands and what to do next.
func (l ClosingLine) Sentence() string {
	name := l.DrugName()
	switch l.State() {
	case LineEqual:
		return name + " 数目相符，不用扫码。"
	case LineScanned:
		return name + " 已逐盒核对。"
	case LineScan:
		return fmt.Sprintf("%s 数目不符。请把在手的 %d %s逐盒扫一遍（已扫 %d）。", name, l.CountedPacks, l.PackWord, l.Seen)
	case LineMissing:
		return name + " 在手的已扫完，缺的码列在下面，请逐个处理。"
	case LineSurplus:
		return fmt.Sprintf("%s 多了 %d %s。请扫码看多出来的是哪一盒：可能已记为发出。核对后重新填数。", name, l.CountedPacks-l.Packs, l.PackWord)
	case LineLoose:
		return fmt.Sprintf("%s 的散装数对不上：账上 %d %s，数到 %d。请重新数；空盒不算在内。", name, l.Loose, l.UnitWord, l.CountedLoose)
	}
	return name + " 还没有清点。"
}
