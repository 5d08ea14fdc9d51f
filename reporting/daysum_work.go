package reporting

import (
	"context"
	"fmt"
	"slices"
	"time"

	"jingfang/inventory"
	"jingfang/session"
	"jingfang/sql/db"
)

const (
	// dayRest is how long a day rests before it is summed: what was begun before
	// midnight has long been committed by then.
	dayRest = time.Hour
	// daysAgain is how many of the last summed days are summed again at every run,
	// should something have been committed later than anybody thinks.
	daysAgain = 3
	// mostMarks bounds the marks of one transaction.
	mostMarks = 200
)

// DaySums says what a run of [SumLedger] did.
type DaySums struct {
	Days   int         // summed for the first time
	Mended []time.Time // summed before, with another result now
}

// reach says which days are summed.
type reach struct {
	Since *time.Time `db:"since"`
	Open  *time.Time `db:"open_day"`
}

// SumLedger sums the days that have ended since the last run, month by month, and
// mends sums that no longer hold. Of several servers one works at a time; a run
// without anything to do changes nothing.
func SumLedger(ctx context.Context, d *db.DB) (DaySums, error) {
	var done DaySums
	ctx = db.WithOwnPlans(ctx)
	for more := true; more; {
		var days int
		err := d.InTx(ctx, func(ctx context.Context, tx *db.Tx) (err error) {
			days, more, err = sumMonth(ctx, tx)
			return err
		})
		if err != nil {
			return done, fmt.Errorf("sum the ledger: %w", err)
		}
		done.Days += days
	}
	for more := true; more; {
		var mended []time.Time
		err := d.InTx(ctx, func(ctx context.Context, tx *db.Tx) (err error) {
			mended, more, err = mendDays(ctx, tx)
			return err
		})
		if err != nil {
			return done, fmt.Errorf("mend the sums of the ledger: %w", err)
		}
		done.Mended = append(done.Mended, mended...)
	}
	return done, nil
}

// lockReach keeps other servers from summing until the transaction ends.
func lockReach(ctx context.Context, tx *db.Tx) (r reach, err error) {
	if err = tx.Get(ctx, &r, `SELECT since, open_day FROM ledger_reach WHERE id = 1 FOR NO KEY UPDATE`); err != nil {
		return reach{}, fmt.Errorf("lock the sums: %w", err)
	}
	return r, nil
}

// sumMonth sums the rest of the first month that is not summed whole, as far as its
// days have ended; more says that there is another one.
func sumMonth(ctx context.Context, tx *db.Tx) (days int, more bool, err error) {
	r, err := lockReach(ctx, tx)
	if err != nil {
		return 0, false, err
	}
	if r, err = r.fromFirst(ctx, tx); err != nil || r.Open == nil {
		return 0, false, err
	}
	end, err := endedBefore(ctx, tx)
	if err != nil || !r.Open.Before(end) {
		return 0, false, err
	}
	from, to := *r.Open, earlier(nextMonth(*r.Open), end)
	made, err := makeDays(ctx, tx, from, to)
	if err != nil {
		return 0, false, err
	}
	if err := writeDays(ctx, tx, from, to, made); err != nil {
		return 0, false, err
	}
	if to.Equal(nextMonth(from)) {
		if err := carryOver(ctx, tx, monthOf(from)); err != nil {
			return 0, false, err
		}
	}
	err = setReach(ctx, tx, *r.Since, to)
	return int(to.Sub(from) / (24 * time.Hour)), to.Before(end), err
}

func setReach(ctx context.Context, tx *db.Tx, since, open time.Time) error {
	if err := tx.ExecOne(ctx, `UPDATE ledger_reach SET since = $1::date, open_day = $2::date WHERE id = 1`, dateOf(since), dateOf(open)); err != nil {
		return fmt.Errorf("say which days are summed: %w", err)
	}
	return nil
}

// fromFirst begins with the month of the first movement there is: where nothing is
// summed yet, and anew where older movements have been brought in since.
func (r reach) fromFirst(ctx context.Context, tx *db.Tx) (reach, error) {
	var first *time.Time
	if err := tx.Get(ctx, &first, `SELECT min(at) FROM movement`); err != nil {
		return reach{}, fmt.Errorf("find the first movement: %w", err)
	}
	if first == nil || r.Since != nil && !session.Today(*first).Before(*r.Since) {
		return r, nil
	}
	if _, err := tx.Exec(ctx, `DELETE FROM ledger_day`); err != nil {
		return reach{}, fmt.Errorf("forget the sums of days: %w", err)
	}
	if _, err := tx.Exec(ctx, `DELETE FROM ledger_carry`); err != nil {
		return reach{}, fmt.Errorf("forget what months carry over: %w", err)
	}
	month := monthOf(session.Today(*first))
	return reach{Since: &month, Open: &month}, setReach(ctx, tx, month, month)
}

// endedBefore is the first day that may still get a movement: today, yesterday
// shortly after midnight, or the day on which a transaction began that still runs.
func endedBefore(ctx context.Context, tx *db.Tx) (time.Time, error) {
	end := session.Today(tx.Now.Add(-dayRest))
	var oldest *time.Time
	err := tx.Get(ctx, &oldest, `SELECT min(xact_start) FROM pg_stat_activity
WHERE datname = current_database() AND usename = current_user AND pid <> pg_backend_pid()`)
	if err != nil {
		return time.Time{}, fmt.Errorf("ask for the oldest transaction: %w", err)
	}
	if oldest != nil {
		end = earlier(end, session.Today(*oldest))
	}
	return end, nil
}

// carryOver writes what lies where at the beginning of the next month.
func carryOver(ctx context.Context, tx *db.Tx, month time.Time) error {
	list, err := makeCarry(ctx, tx, month)
	if err != nil {
		return err
	}
	return writeCarry(ctx, tx, nextMonth(month), list)
}

// mendDays sums again the days that are marked and the last ones, and all that
// builds on a day that has come out otherwise.
func mendDays(ctx context.Context, tx *db.Tx) (mended []time.Time, more bool, err error) {
	r, err := lockReach(ctx, tx)
	if err != nil || r.Open == nil {
		return nil, false, err
	}
	// The marks are read first: a pack whose mark is seen here has its new name in
	// everything that is read later.
	marks, err := inventory.ListStaleDays(ctx, tx, mostMarks)
	if err != nil {
		return nil, false, err
	}
	for _, day := range r.again(marks) {
		changed, err := mendDay(ctx, tx, day)
		if err != nil {
			return nil, false, err
		}
		if changed {
			mended = append(mended, day)
		}
	}
	if len(mended) > 0 {
		if err := r.carryAgain(ctx, tx, mended[0]); err != nil {
			return nil, false, err
		}
	}
	var marked []string
	for _, m := range marks {
		marked = append(marked, dateOf(m.Day))
	}
	if err := forgetDays(ctx, tx, marked); err != nil {
		return nil, false, err
	}
	return mended, len(marks) == mostMarks, inventory.ForgetStaleDays(ctx, tx, marks)
}

// again lists the days to sum again, the first of them first.
func (r reach) again(marks []inventory.StaleDay) []time.Time {
	var days []time.Time
	for n := range daysAgain {
		if day := r.Open.AddDate(0, 0, -n-1); !day.Before(*r.Since) {
			days = append(days, day)
		}
	}
	for _, m := range marks {
		if m.Day.Before(*r.Open) {
			days = append(days, m.Day.UTC())
		}
	}
	slices.SortFunc(days, time.Time.Compare)
	return slices.CompactFunc(days, time.Time.Equal)
}

// mendDay sums one day again and tells whether it came out otherwise.
func mendDay(ctx context.Context, tx *db.Tx, day time.Time) (bool, error) {
	next := day.AddDate(0, 0, 1)
	made, err := makeDays(ctx, tx, day, next)
	if err != nil {
		return false, err
	}
	kept, err := keptDays(ctx, tx, day, next)
	if err != nil {
		return false, err
	}
	if _, differ := firstDifference(made, kept, nil); !differ {
		return false, nil
	}
	return true, writeDays(ctx, tx, day, next, made)
}

// carryAgain carries every month over anew that comes after a day.
func (r reach) carryAgain(ctx context.Context, tx *db.Tx, day time.Time) error {
	for month := monthOf(day); !nextMonth(month).After(*r.Open); month = nextMonth(month) {
		if err := carryOver(ctx, tx, month); err != nil {
			return err
		}
	}
	return setReach(ctx, tx, earlier(*r.Since, monthOf(day)), *r.Open)
}
