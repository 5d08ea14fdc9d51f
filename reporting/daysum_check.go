package reporting

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"time"

	"jingfang/inventory"
	"jingfang/sql/db"
)

// LedgerCheck is what a check of the daily sums found.
type LedgerCheck struct {
	Days, Rows int64  // made anew, up to the first thing that is wrong
	Problem    string // one Chinese sentence, "" when nothing is wrong
}

// CheckLedger makes every daily sum and every month's carry-over anew from the
// movements, on one snapshot and a month at a time, and names the first that
// differs. Days that wait to be summed anew are read from the movements by every
// ledger, and passed over here.
func CheckLedger(ctx context.Context, d *db.DB) (LedgerCheck, error) {
	var check LedgerCheck
	err := d.InSnapshot(db.WithOwnPlans(ctx), func(ctx context.Context, tx *db.Tx) error {
		s, err := readSums(ctx, tx)
		if err != nil || s.open.IsZero() {
			return err
		}
		if check.Problem, err = checkBefore(ctx, tx, s); err != nil || check.Problem != "" {
			return err
		}
		for month := s.since; month.Before(s.open); month = nextMonth(month) {
			if err := check.month(ctx, tx, s, month); err != nil || check.Problem != "" {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return LedgerCheck{}, fmt.Errorf("check the sums of the ledger: %w", err)
	}
	return check, nil
}

// checkBefore looks for movements, sums and carry-overs that lie outside the days
// that are summed.
func checkBefore(ctx context.Context, tx *db.Tx, s daySums) (string, error) {
	var outside int64
	err := tx.Get(ctx, &outside, `SELECT (SELECT count(*) FROM movement WHERE at < $1::timestamptz) + (SELECT count(*) FROM ledger_day WHERE day < $2::date OR day >= $3::date)
  + (SELECT count(*) FROM ledger_carry WHERE on_day <= $2::date OR on_day > $3::date)`, midnight(s.since), dateOf(s.since), dateOf(s.open))
	if err != nil {
		return "", fmt.Errorf("look outside the summed days: %w", err)
	}
	if outside > 0 {
		return fmt.Sprintf("收发日合计只应有 %s 到 %s 前的日子，这之外还有 %d 行。", dateOf(s.since), dateOf(s.open), outside), nil
	}
	return "", nil
}

func (c *LedgerCheck) month(ctx context.Context, tx *db.Tx, s daySums, month time.Time) error {
	to := earlier(nextMonth(month), s.open)
	made, err := makeDays(ctx, tx, month, to)
	if err != nil {
		return err
	}
	kept, err := keptDays(ctx, tx, month, to)
	if err != nil {
		return err
	}
	c.Days += int64(to.Sub(month) / (24 * time.Hour))
	c.Rows += int64(len(made))
	if x, differ := firstDifference(made, kept, s.stale); differ {
		c.Problem, err = differenceWords(ctx, tx, x)
		return err
	}
	// A carry-over builds on all days before it, and waits with the first of them.
	if to.Before(nextMonth(month)) || len(s.stale) > 0 && s.stale[0].Before(to) {
		return nil
	}
	return c.carry(ctx, tx, month)
}

func (c *LedgerCheck) carry(ctx context.Context, tx *db.Tx, month time.Time) error {
	made, err := makeCarry(ctx, tx, month)
	if err != nil {
		return err
	}
	kept, err := keptCarry(ctx, tx, nextMonth(month))
	if err == nil && !slices.Equal(made, kept) {
		c.Problem = fmt.Sprintf("%s 的月初结转与之前各日的合计不符。", dateOf(nextMonth(month)))
	}
	return err
}

// sumDifference is a row of the daily sums that is not what the movements make.
type sumDifference struct{ made, kept dayFlow }

// compareKey puts rows in the order of the table's key.
func (x dayFlow) compareKey(y dayFlow) int {
	return cmp.Or(x.Day.Compare(y.Day), cmp.Compare(x.DrugID, y.DrugID), cmp.Compare(x.Batch, y.Batch), cmp.Compare(x.Content, y.Content),
		cmp.Compare(x.Kind, y.Kind), cmp.Compare(x.From, y.From), cmp.Compare(x.To, y.To), cmp.Compare(x.FromSite, y.FromSite), cmp.Compare(x.ToSite, y.ToSite))
}

// firstDifference finds the first row that is not the same in both, by the key; on
// one side it may be missing, and then counts nothing. Days to pass over are in
// order. Rows are put in order here: a database sorts text by its own rules.
func firstDifference(made, kept []dayFlow, over []time.Time) (sumDifference, bool) {
	slices.SortFunc(made, dayFlow.compareKey)
	slices.SortFunc(kept, dayFlow.compareKey)
	for len(made)+len(kept) > 0 {
		var x sumDifference
		switch {
		case len(kept) == 0 || len(made) > 0 && made[0].compareKey(kept[0]) < 0:
			x.made, x.kept, made = made[0], made[0].nothing(), made[1:]
		case len(made) == 0 || made[0].compareKey(kept[0]) > 0:
			x.made, x.kept, kept = kept[0].nothing(), kept[0], kept[1:]
		default:
			x.made, x.kept, made, kept = made[0], kept[0], made[1:], kept[1:]
		}
		if x.made.flow == x.kept.flow {
			continue
		}
		if _, passed := slices.BinarySearchFunc(over, x.made.Day, time.Time.Compare); !passed {
			return x, true
		}
	}
	return sumDifference{}, false
}

// nothing is the row with nothing summed in it.
func (x dayFlow) nothing() dayFlow {
	x.Moves, x.WholeBefore, x.LooseBefore, x.WholeAfter, x.LooseAfter = 0, 0, 0, 0, 0
	return x
}

// differenceWords names the row in a sentence.
func differenceWords(ctx context.Context, tx *db.Tx, x sumDifference) (string, error) {
	words, err := readWords(ctx, tx)
	if err != nil {
		return "", err
	}
	w := words[x.made.DrugID]
	name := inventory.DrugName(w.Generic, w.Spec)
	if x.made.Batch != "" {
		name += " 批号 " + x.made.Batch
	}
	side := func(f flow) string {
		return fmt.Sprintf("%d 条，变动前 %s，变动后 %s", f.Moves, f.amountBefore().Words(w.PackWord, w.UnitWord), f.amountAfter().Words(w.PackWord, w.UnitWord))
	}
	return fmt.Sprintf("%s 的收发日合计，%s“%s”：合计记着 %s；按流水是 %s。", dateOf(x.made.Day), name, x.made.Kind.Chinese(), side(x.kept.flow), side(x.made.flow)), nil
}
