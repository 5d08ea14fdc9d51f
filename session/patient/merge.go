package patient

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/lib/pq"

	"jingfang/session/identity"
	"jingfang/sql/db"
)

// Joining is two entries of one person.
type Joining struct {
	From, Into Patient // the younger, the older
	Reason     string
}

// LockPair takes the rows of two entries and says which goes into which: the younger
// into the older. It refuses entries that are one, merged already, or not active.
func LockPair(ctx context.Context, tx *db.Tx, a, b int64) (Joining, error) {
	var j Joining
	if a == b {
		return j, db.Refuse(db.Invalid, "这是同一份档案。请选择另一份重复的档案。")
	}
	var list []Patient
	err := tx.Select(ctx, &list, `SELECT `+columns+` FROM patient p JOIN site s ON s.id = p.home_site_id
WHERE p.id = ANY($1::bigint[]) ORDER BY p.id FOR NO KEY UPDATE OF p`, pq.Array([]int64{a, b}))
	if err != nil {
		return j, fmt.Errorf("lock two patients: %w", err)
	}
	if len(list) != 2 {
		return j, db.Refuse(db.NotFound, "没有这位患者，请重新查找。")
	}
	for _, p := range list {
		if p.State == Merged {
			return j, db.Refuse(db.Conflict, "编号 %s 的档案已经并入另一份。请刷新页面。", p.Number)
		}
	}
	j.Into, j.From = list[0], list[1]
	if j.Into.State != Active {
		return j, db.Refuse(db.Conflict, "编号 %s 的档案%s，不能再并入别的档案。请先恢复在册。", j.Into.Number, j.Into.State.Label())
	}
	return j, nil
}

// Join merges a locked pair, as a building block, and gives the merge's id. The
// paper of the younger entry stays with it; its labels lead to the older one from
// now on.
func (g *Registry) Join(ctx context.Context, tx *db.Tx, by identity.Actor, j Joining) (int64, error) {
	j.Reason = strings.TrimSpace(j.Reason)
	if n := len([]rune(j.Reason)); n < 2 || n > 200 {
		return 0, db.Refuse(db.Invalid, "请写明为什么是同一个人，2 到 200 个字。")
	}
	err := tx.ExecOne(ctx, `UPDATE patient SET state = 'merged', merged_into_id = $2, version = version + 1, changed_at = $3 WHERE id = $1 AND version = $4`,
		j.From.ID, j.Into.ID, tx.Now, j.From.Version)
	if err != nil {
		return 0, fmt.Errorf("merge a patient: %w", err)
	}
	err = tx.ExecOne(ctx, `UPDATE patient SET version = version + 1, changed_at = $2 WHERE id = $1 AND version = $3`, j.Into.ID, tx.Now, j.Into.Version)
	if err != nil {
		return 0, fmt.Errorf("mark the entry that goes on: %w", err)
	}
	var id int64
	err = tx.Get(ctx, &id, `INSERT INTO patient_merge (from_id, into_id, reason, was_state, at, merged_by) VALUES ($1, $2, $3, $4, $5, $6) RETURNING id`,
		j.From.ID, j.Into.ID, j.Reason, string(j.From.State), tx.Now, by.StaffID)
	if err != nil {
		return 0, fmt.Errorf("insert merge: %w", err)
	}
	return id, g.traceJoin(ctx, tx, by, "patient.merge", j, string(j.From.State), string(Merged))
}

// traceJoin keeps both sides of a merge or of its undoing in the trace and the audit.
func (g *Registry) traceJoin(ctx context.Context, tx *db.Tx, by identity.Actor, event string, j Joining, before, after string) error {
	note := "并入了 " + j.From.Number
	if after != string(Merged) {
		note = "撤销并入 " + j.From.Number
	}
	changes := map[int64][]fieldChange{j.From.ID: {{FieldState, before, after}}, j.Into.ID: {{FieldState, string(Active), note}}}
	if err := g.insertChanges(ctx, tx, by, "merge", changes); err != nil {
		return err
	}
	return identity.Audit(ctx, tx, by, identity.Event{Name: event, ObjectKind: "patient", ObjectID: j.From.Number, SiteID: j.Into.HomeSiteID,
		Detail: "into=" + j.Into.Number})
}

// Merge is a merge that was carried out.
type Merge struct {
	ID     int64     `db:"id"`
	FromID int64     `db:"from_id"`
	IntoID int64     `db:"into_id"`
	Number string    `db:"number"` // of the merged entry
	Name   string    `db:"name"`
	Reason string    `db:"reason"`
	Was    State     `db:"was_state"`
	At     time.Time `db:"at"`
	Who    string    `db:"who"`
}

// Undoable reports whether a merge may be undone still: on its own day, by the
// calendar in Shanghai.
func (m Merge) Undoable(now time.Time) bool { return today(m.At).Equal(today(now)) }

// Merges lists what was merged into a patient and stands, the last first.
func Merges(ctx context.Context, r db.Reader, into int64) ([]Merge, error) {
	var list []Merge
	err := r.Select(ctx, &list, `SELECT m.id, m.from_id, m.into_id, p.number, p.name, m.reason, m.was_state, m.at, f.name AS who
FROM patient_merge m JOIN patient p ON p.id = m.from_id JOIN staff f ON f.id = m.merged_by
WHERE m.into_id = $1::bigint AND m.undone_at IS NULL ORDER BY m.id DESC`, into)
	if err != nil {
		return nil, fmt.Errorf("read merges: %w", err)
	}
	return list, nil
}

// Part undoes a merge on its day, as a building block.
func (g *Registry) Part(ctx context.Context, tx *db.Tx, by identity.Actor, mergeID int64) (Joining, error) {
	var m Merge
	err := tx.Get(ctx, &m, `SELECT id, from_id, into_id, reason, was_state, at FROM patient_merge WHERE id = $1::bigint AND undone_at IS NULL FOR NO KEY UPDATE`, mergeID)
	if db.IsNoRows(err) {
		return Joining{}, db.Refuse(db.Conflict, "这次合并已经撤销。请刷新页面。")
	}
	if err != nil {
		return Joining{}, fmt.Errorf("lock merge: %w", err)
	}
	if !m.Undoable(tx.Now) {
		return Joining{}, db.Refuse(db.Conflict, "合并只能在当天撤销。请联系系统管理员核对。")
	}
	j := Joining{Reason: m.Reason}
	if j.From, err = ByID(ctx, tx, m.FromID); err != nil {
		return j, err
	}
	if j.Into, err = ByID(ctx, tx, m.IntoID); err != nil {
		return j, err
	}
	err = tx.ExecOne(ctx, `UPDATE patient_merge SET undone_at = $2, undone_by = $3 WHERE id = $1 AND undone_at IS NULL`, m.ID, tx.Now, by.StaffID)
	if err != nil {
		return j, fmt.Errorf("undo merge: %w", err)
	}
	err = tx.ExecOne(ctx, `UPDATE patient SET state = $2, merged_into_id = NULL, version = version + 1, changed_at = $3 WHERE id = $1 AND state = 'merged'`,
		m.FromID, string(m.Was), tx.Now)
	if err != nil {
		return j, fmt.Errorf("part two patients: %w", err)
	}
	return j, g.traceJoin(ctx, tx, by, "patient.unmerge", j, string(Merged), string(m.Was))
}
