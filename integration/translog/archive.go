package translog

import (
	"context"
	"fmt"
	"path/filepath"
	"time"

	"jingfang/session/identity"
	"jingfang/sql/db"
)

// KeepYears is how long bodies stay in the database unless the hospital says
// otherwise. Registers of controlled medicine are kept five years after the
// medicine's expiry; audit half a year at least. The database keeps the log for
// longer than both, the archive for ever.
const KeepYears = 10

// leastKeep is the shortest that can be asked for: half a year.
const leastKeep = 183 * 24 * time.Hour

// Archived is one day that lies in a folder.
type Archived struct {
	ID         int64     `db:"id"`
	LogDay     time.Time `db:"log_day"`
	Folder     string    `db:"folder"`
	Writers    int       `db:"writers"`
	Entries    int64     `db:"entries"`
	Manifest   []byte    `db:"manifest"`
	ArchivedAt time.Time `db:"archived_at"`
	ArchivedBy string    `db:"archived_by"`
	// Emptied says that the bodies lie in the archive only.
	Emptied bool `db:"is_emptied"`
}

// archives lists the archived days from one to another, both included, newest first.
func archives(ctx context.Context, r db.Reader, from, to string) ([]Archived, error) {
	var out []Archived
	err := r.Select(ctx, &out, `SELECT a.id, a.log_day, a.folder, a.writers, a.entries, a.manifest, a.archived_at, a.archived_by,
  (t.log_day IS NOT NULL) AS is_emptied
FROM translog_archive a LEFT JOIN translog_trim t ON t.archive_id = a.id
WHERE a.log_day >= CAST($1::text AS date) AND a.log_day <= CAST($2::text AS date) ORDER BY a.log_day DESC, a.id DESC LIMIT 400`, from, to)
	if err != nil {
		return nil, fmt.Errorf("read archives: %w", err)
	}
	return out, nil
}

// Unarchived gives the closed days before a day ("2026-11-23", not included) that
// lie in no archive yet, oldest first.
func Unarchived(ctx context.Context, r db.Reader, before string) ([]string, error) {
	var days []time.Time
	err := r.Select(ctx, &days, `SELECT DISTINCT w.log_day FROM translog_writer w WHERE w.log_day < CAST($1::text AS date)
  AND NOT EXISTS (SELECT 1 FROM translog_archive a WHERE a.log_day = w.log_day) ORDER BY w.log_day`, before)
	if err != nil {
		return nil, fmt.Errorf("find days to archive: %w", err)
	}
	out := make([]string, len(days))
	for i, d := range days {
		out[i] = d.Format(time.DateOnly)
	}
	return out, nil
}

// Today is the log's day at a time.
func Today(now time.Time) string { return dayOf(now) }

// writeOrFind writes a day's folder, or takes the one that lies there already when it
// ends where the database ends: a program may have been killed after it was written
// and before it was noted.
func writeOrFind(ctx context.Context, d *db.DB, x Export) (*Folder, error) {
	f, err := OpenFolder(filepath.Join(x.Dir, "translog-"+x.Day))
	if err == nil && f.Manifest.Day == x.Day && sameHeads(ctx, d, f) == nil {
		return f, nil
	}
	return WriteFolder(ctx, d, x)
}

// Archive writes a closed day into a folder, verifies what was written, and only
// then notes that the day lies there. The report names what is wrong with a day
// that is not noted.
func Archive(ctx context.Context, d *db.DB, by identity.Actor, x Export) (*Folder, Report, error) {
	if x.Day >= LatestBefore(d.Now()) {
		return nil, Report{}, db.Refuse(db.Invalid, "%s 还没有结束满一小时，请在第二天归档。", x.Day)
	}
	f, err := x.leave(ctx, "log.archive", func() (*Folder, error) { return writeOrFind(ctx, d, x) })
	if err != nil {
		return nil, Report{}, err
	}
	report, _, err := VerifyFolder(ctx, f, nil)
	if err != nil || !report.Good() {
		return f, report, err
	}
	sum := f.Digest()
	err = d.InTx(ctx, func(ctx context.Context, tx *db.Tx) error {
		err := tx.ExecOne(ctx, `INSERT INTO translog_archive (log_day, folder, writers, entries, manifest, archived_at, archived_by)
VALUES (CAST($1::text AS date), $2, $3, $4, $5, $6, $7)`,
			x.Day, cut(f.dir, 400), len(f.Manifest.Writers), f.Manifest.Entries(), sum[:], tx.Now, cut(x.By, 200))
		if err != nil {
			return fmt.Errorf("note the archive: %w", err)
		}
		return identity.Audit(ctx, tx, by, identity.Event{Name: "transferlog.archive", ObjectKind: "day", ObjectID: x.Day,
			Detail: fmt.Sprintf("%s，%d 条，清单 %s，%s", f.dir, f.Manifest.Entries(), sum, x.By)})
	})
	return f, report, err
}
