package translog

import (
	"context"
	"fmt"
	"time"

	"jingfang/session/identity"
	"jingfang/sql/db"
	"jingfang/sql/seal"
)

// Trim empties the bodies of a day in the database, after the archive in the folder
// has been verified once more and found to be the one that was noted. Only the
// owner of the tables can: the program's user is held back by its grants, and the
// triggers refuse everybody else. Rows, digests and search columns stay, so that
// chains, heads and anchors still verify. keep is the retention.
func Trim(ctx context.Context, owner *db.DB, by identity.Actor, f *Folder, keep time.Duration, who string) (int64, error) {
	day := f.Manifest.Day
	ends, err := time.ParseInLocation(time.DateOnly, day, zone())
	if err != nil {
		return 0, db.RefuseBecause(err, db.Invalid, "清单里的日期 %q 读不懂。", day)
	}
	if keep < leastKeep {
		return 0, db.Refuse(db.Invalid, "保存期至少半年。")
	}
	if until := ends.Add(keep); owner.Now().Before(until) {
		return 0, db.Refuse(db.Conflict, "%s 的日志要在数据库里保存到 %s，现在不能清。", day, until.Format(time.DateOnly))
	}
	report, _, err := VerifyFolder(ctx, f, nil)
	if err != nil {
		return 0, err
	}
	if !report.Good() {
		return 0, db.Refuse(db.Conflict, "归档没有通过核对，数据库没有改动：%s", report.Problems[0].Sentence)
	}
	var n int64
	err = owner.InTx(ctx, func(ctx context.Context, tx *db.Tx) (err error) {
		n, err = trimDay(ctx, tx, by, f, who)
		return err
	})
	return n, err
}

func trimDay(ctx context.Context, tx *db.Tx, by identity.Actor, f *Folder, who string) (int64, error) {
	day, sum := f.Manifest.Day, f.Digest()
	var archive int64
	err := tx.Get(ctx, &archive, `SELECT id FROM translog_archive WHERE log_day = CAST($1::text AS date) AND manifest = $2 ORDER BY id LIMIT 1`, day, sum[:])
	if db.IsNoRows(err) {
		return 0, db.Refuse(db.Conflict, "数据库没有登记过这份归档（%s，清单 %s）。请先用 jingfang transferlog archive 归档。", day, sum)
	}
	if err != nil {
		return 0, fmt.Errorf("find the archive: %w", err)
	}
	if err := sameHeads(ctx, tx, f); err != nil {
		return 0, err
	}
	if _, err := tx.Exec(ctx, `ALTER TABLE translog_entry DISABLE TRIGGER translog_entry_append_only`); err != nil {
		return 0, db.RefuseBecause(err, db.Denied, "只有建表用户能清除正文。请设置 JINGFANG_OWNER_DSN。")
	}
	n, err := tx.Exec(ctx, `UPDATE translog_entry SET canonical = CAST('' AS bytea)
WHERE octet_length(canonical) > 0 AND writer_id IN (SELECT id FROM translog_writer WHERE log_day = CAST($1::text AS date))`, day)
	if err != nil {
		return 0, fmt.Errorf("empty %s: %w", day, err)
	}
	if _, err := tx.Exec(ctx, `ALTER TABLE translog_entry ENABLE TRIGGER translog_entry_append_only`); err != nil {
		return 0, fmt.Errorf("guard the log again: %w", err)
	}
	if n != f.Manifest.Entries() {
		return 0, db.Refuse(db.Conflict, "数据库里 %s 有 %d 条，归档有 %d 条，没有改动。", day, n, f.Manifest.Entries())
	}
	err = tx.ExecOne(ctx, `INSERT INTO translog_trim (log_day, archive_id, entries, trimmed_at, trimmed_by) VALUES (CAST($1::text AS date), $2, $3, $4, $5)`,
		day, archive, n, tx.Now, cut(who, 200))
	if err != nil {
		return 0, fmt.Errorf("note the emptying: %w", err)
	}
	return n, identity.Audit(ctx, tx, by, identity.Event{Name: "transferlog.trim", ObjectKind: "day", ObjectID: day,
		Detail: fmt.Sprintf("清除 %d 条的正文，归档 %s，%s", n, sum, who)})
}

// sameHeads demands that the chains in the database end where they end in the
// archive.
func sameHeads(ctx context.Context, r db.Reader, f *Folder) error {
	heads, err := Heads(ctx, r)
	if err != nil {
		return err
	}
	want := map[string]seal.Digest{}
	for _, h := range heads {
		want[h.Writer.String()] = h.Digest
	}
	for _, w := range f.Manifest.Writers {
		if want[w.ID.String()].String() != w.Digest {
			return db.Refuse(db.Conflict, "数据库里的链 %s 与归档不同，没有改动。", w.ID)
		}
	}
	return nil
}
