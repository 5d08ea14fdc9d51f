package reporting

import (
	"context"

	"jingfang/sql/db"
)

// everyRow is more than there are.
const everyRow = 1 << 40

// window is a page of a long list: only these sessions have rows in it, whose first
// skip rows belong to the page before.
type window struct {
	sessions []int64
	skip     int64
	total    int64 // of all rows of the list
}

// windowOf finds the sessions, in order, that have the most rows from a place on;
// count says how many rows each has. Of thirty years a page then reads a week.
func windowOf(sessions []int64, count map[int64]int64, from, most int64) window {
	w := window{}
	for _, id := range sessions {
		before := w.total
		if w.total += count[id]; w.total <= from || before >= from+most {
			continue
		}
		if len(w.sessions) == 0 {
			w.skip = from - before
		}
		w.sessions = append(w.sessions, id)
	}
	return w
}

// sessionsOf are the sessions of a question in the order of days and sites.
func sessionsOf(ctx context.Context, tx *db.Tx, q Question) ([]int64, error) {
	list, err := readClinics(ctx, tx, q)
	ids := make([]int64, len(list))
	for i, c := range list {
		ids[i] = c.ID
	}
	return ids, err
}

func eachOf[T any](list []T, err error, do func(T) error) error {
	for _, x := range list {
		if err == nil {
			err = do(x)
		}
	}
	return err
}

// eachMonth does something with the sessions of every month of a question on one
// snapshot.
func eachMonth(ctx context.Context, d *db.DB, q Question, progress func(done, total int64), do func(context.Context, *db.Tx, []int64) error) error {
	if err := q.Check(today(d.Now())); err != nil {
		return err
	}
	return d.InSnapshot(db.WithOwnPlans(ctx), func(ctx context.Context, tx *db.Tx) error {
		total := int64(q.months())
		for done, day := int64(0), q.From; !day.After(q.To); done, day = done+1, nextMonth(day) {
			if progress != nil {
				progress(done, total)
			}
			month := q
			month.Period = Period{day, earlier(MonthOf(day).To, q.To)}
			ids, err := sessionsOf(ctx, tx, month)
			if err == nil && len(ids) > 0 {
				err = do(ctx, tx, ids)
			}
			if err != nil {
				return err
			}
		}
		return nil
	})
}
