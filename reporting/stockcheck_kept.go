package reporting

import (
	"context"
	"errors"
	"fmt"
	"time"

	"jingfang/session"
	"jingfang/session/identity"
	"jingfang/sql/db"
)

// CheckKind says who asked for a check of the stock.
type CheckKind string

// The kinds of checks.
const (
	CheckNightly CheckKind = "nightly" // the program itself, once a night
	CheckAsked   CheckKind = "asked"   // a person
)

// CheckState is where a kept check stands.
type CheckState string

// The states of a kept check. One that runs and was begun long ago was cut off
// with its server.
const (
	CheckRunning   CheckState = "running"
	CheckRight     CheckState = "right"
	CheckWrong     CheckState = "wrong"
	CheckCancelled CheckState = "cancelled"
	CheckFailed    CheckState = "failed"
)

// KeptCheck is a check of the stock as it is kept.
type KeptCheck struct {
	ID        int64      `db:"id"`
	Kind      CheckKind  `db:"kind"`
	State     CheckState `db:"state"`
	StartedAt time.Time  `db:"started_at"`
	By        string     `db:"by_name"` // "" for the program itself
	EndedAt   *time.Time `db:"ended_at"`
	Packs     int64      `db:"packs"`
	Movements int64      `db:"movements"`
	Code      string     `db:"code"`
	Problem   string     `db:"problem"`
}

// ErrCheckedTonight says that another server makes, or made, this night's check.
var ErrCheckedTonight = errors.New("reporting: the stock is checked tonight already")

// checkEnd bounds writing down how a check ended when its own time is over.
const checkEnd = 20 * time.Second

// RunStockCheck checks the stock and keeps what it found. progress is that of
// [CheckStock]. Whoever may ask is for the caller. A second nightly check of the
// same clinic day is ErrCheckedTonight.
func RunStockCheck(ctx context.Context, d *db.DB, by identity.Actor, kind CheckKind, progress func(done, total int64)) (StockReport, error) {
	id, err := beginCheck(ctx, d, by, kind)
	if err != nil {
		return StockReport{}, err
	}
	report, err := CheckStock(ctx, d, progress)
	end, cancel := context.WithTimeout(context.WithoutCancel(ctx), checkEnd)
	defer cancel()
	state := CheckRight
	switch {
	case err != nil && ctx.Err() != nil:
		state = CheckCancelled
	case err != nil:
		state = CheckFailed
	case report.Problem != "":
		state = CheckWrong
	}
	return report, errors.Join(err, endCheck(end, d, by, id, state, report))
}

func beginCheck(ctx context.Context, d *db.DB, by identity.Actor, kind CheckKind) (id int64, err error) {
	err = d.InTx(ctx, func(ctx context.Context, tx *db.Tx) error {
		var person *int64
		if by.StaffID != 0 {
			person = &by.StaffID
		}
		return tx.Get(ctx, &id, `INSERT INTO stock_check (kind, for_day, state, started_at, started_by) VALUES ($1, $2::date, 'running', $3, $4::bigint) RETURNING id`,
			string(kind), session.Today(tx.Now).Format(time.DateOnly), tx.Now, person)
	})
	if db.IsUnique(err, "stock_check_night_uq") {
		return 0, ErrCheckedTonight
	}
	if err != nil {
		return 0, fmt.Errorf("begin a check of the stock: %w", err)
	}
	return id, nil
}

func endCheck(ctx context.Context, d *db.DB, by identity.Actor, id int64, state CheckState, r StockReport) error {
	err := d.InTx(ctx, func(ctx context.Context, tx *db.Tx) error {
		err := tx.ExecOne(ctx, `UPDATE stock_check SET state = $2, ended_at = $3, packs = $4, movements = $5, code = $6, problem = $7 WHERE id = $1`,
			id, string(state), tx.Now, r.Packs, r.Movements, r.Code, clip(r.Problem, 400))
		if err != nil {
			return err
		}
		return identity.Audit(ctx, tx, by, identity.Event{Name: "stock.check", ObjectKind: "stock_check", ObjectID: fmt.Sprint(id),
			Detail: fmt.Sprintf("state=%s packs=%d movements=%d code=%s", state, r.Packs, r.Movements, r.Code)})
	})
	if err != nil {
		return fmt.Errorf("keep a check of the stock: %w", err)
	}
	return nil
}

// clip cuts a text to so many characters.
func clip(text string, most int) string {
	if r := []rune(text); len(r) > most {
		return string(r[:most])
	}
	return text
}

// LastStockChecks gives the last checks, the last first.
func LastStockChecks(ctx context.Context, r db.Reader, most int) ([]KeptCheck, error) {
	var list []KeptCheck
	err := r.Select(ctx, &list, `SELECT c.id, c.kind, c.state, c.started_at, COALESCE(f.name, '') AS by_name, c.ended_at, c.packs, c.movements, c.code, c.problem
FROM stock_check c LEFT JOIN staff f ON f.id = c.started_by ORDER BY c.id DESC LIMIT $1`, most)
	if err != nil {
		return nil, fmt.Errorf("read checks of the stock: %w", err)
	}
	return list, nil
}

// Sentence is the check as people read it.
func (c KeptCheck) Sentence() string {
	when := c.StartedAt.In(session.Zone()).Format("1月2日 15:04")
	if c.Kind == CheckNightly {
		when += " 夜间核对"
	} else {
		when += " 核对"
	}
	switch c.State {
	case CheckRight:
		return fmt.Sprintf("%s：全部一致（%d 盒，%d 条流水）。", when, c.Packs, c.Movements)
	case CheckWrong:
		return fmt.Sprintf("%s：第一处不符：%s。", when, c.Problem)
	case CheckCancelled:
		return when + "：中途停止，没有结果。"
	case CheckFailed:
		return when + "：没有完成，请再核对一次；仍不行请告诉管理员。"
	}
	return when + "：正在进行。"
}
