package session

import (
	"context"
	"fmt"
	"time"

	"github.com/google/uuid"

	"jingfang/session/identity"
	"jingfang/sql/db"
)

// What stands behind a resolved code in the record.
const (
	refusedByDuty = "药师不放行："
	notGiven      = "没有给出（放回）"
)

// Chip is a code of an open visit that is not recorded (未记录), or that the duty
// holder has refused.
type Chip struct {
	ID         int64     `db:"id"`
	Raw        string    `db:"raw"`
	Code       string    `db:"code"`
	Kind       string    `db:"answer_kind"`
	At         time.Time `db:"at"`
	Resolution string    `db:"resolution"` // "" while it is open
	Asked      bool      `db:"asked"`      // a request waits for the duty holder
	Sentence   string    `db:"sentence"`   // what the doctor read
}

// Chips reads the codes that a doctor's screen keeps showing, each text once.
// One that the duty holder refused stays to be read until 诊毕.
func Chips(ctx context.Context, r db.Reader, visit uuid.UUID) ([]Chip, error) {
	var list []Chip
	err := r.Select(ctx, &list, `SELECT max(f.id) AS id, f.raw, f.code, max(f.answer_kind) AS answer_kind, max(f.at) AS at, f.resolution, max(f.sentence) AS sentence,
  (SELECT count(*) FROM let_in_request q WHERE q.visit_id = $1::uuid AND q.code = f.code AND q.decision = '') > 0 AS asked
FROM visit_refusal f WHERE f.visit_id = $1::uuid AND (f.resolved_at IS NULL OR f.resolution LIKE $2::text) AND NOT EXISTS (SELECT 1 FROM visit_line l JOIN pack k ON k.id = l.pack_id
  WHERE l.visit_id = $1::uuid AND l.undone_at IS NULL AND k.code = f.code)
GROUP BY f.raw, f.code, f.resolution ORDER BY max(f.id) DESC`, visit, refusedByDuty+"%")
	if err != nil {
		return nil, fmt.Errorf("read what is not recorded: %w", err)
	}
	return list, nil
}

// Resolving is the input of PutAway: a code of an open visit.
type Resolving struct {
	SessionID int64
	Visit     uuid.UUID
	CommandID uuid.UUID
	// Refusal is the id of the chip.
	Refusal int64
}

// ResolveAnswer is the answer to PutAway.
type ResolveAnswer struct {
	Sentence string `json:"sentence"`
}

// PutAway resolves a code that was not recorded as not given: the box went back.
// A request for it is withdrawn.
func (s *Service) PutAway(ctx context.Context, by identity.Actor, in Resolving) (ResolveAnswer, error) {
	if _, err := s.may(ctx, by, identity.Dispense, in.SessionID); err != nil {
		return ResolveAnswer{}, err
	}
	cmd := identity.Command{ID: in.CommandID, Kind: "put_away", Request: in}
	return atTable(ctx, s, by, in.SessionID, in.Visit, cmd, func(ctx context.Context, tx *db.Tx, x Session, v Visit) (ResolveAnswer, error) {
		return s.putAway(ctx, tx, by, x, v, in)
	})
}

func (s *Service) putAway(ctx context.Context, tx *db.Tx, by identity.Actor, x Session, v Visit, in Resolving) (ResolveAnswer, error) {
	var f struct {
		Raw  string `db:"raw"`
		Code string `db:"code"`
	}
	err := tx.Get(ctx, &f, `SELECT raw, code FROM visit_refusal WHERE id = $1::bigint AND visit_id = $2::uuid AND resolved_at IS NULL`, in.Refusal, v.ID)
	if db.IsNoRows(err) {
		return ResolveAnswer{}, db.Refuse(db.Conflict, "这个码已经处理过，请看最新的列表。")
	}
	if err != nil {
		return ResolveAnswer{}, fmt.Errorf("read refusal: %w", err)
	}
	_, err = tx.Exec(ctx, `UPDATE visit_refusal SET resolved_at = $4, resolved_by = $5, resolution = $6
WHERE visit_id = $1 AND raw = $2 AND code = $3 AND resolved_at IS NULL`, v.ID, f.Raw, f.Code, tx.Now, by.StaffID, notGiven)
	if err != nil {
		return ResolveAnswer{}, fmt.Errorf("resolve refusal: %w", err)
	}
	_, err = tx.Exec(ctx, `UPDATE let_in_request SET decision = 'withdrawn', decided_by = $3, decided_at = $4
WHERE visit_id = $1 AND code = $2 AND decision = ''`, v.ID, f.Code, by.StaffID, tx.Now)
	if err != nil {
		return ResolveAnswer{}, fmt.Errorf("withdraw request: %w", err)
	}
	err = identity.Audit(ctx, tx, by, identity.Event{Name: "visit.put_away", ObjectKind: "visit", ObjectID: v.ID.String(),
		SiteID: x.SiteID, SessionID: x.ID, Detail: fmt.Sprintf("refusal=%d", in.Refusal)})
	if err != nil {
		return ResolveAnswer{}, err
	}
	return ResolveAnswer{"已记下：这一盒没有给出，放回原处。"}, s.hub.Touch(ctx, tx, x.ID)
}

// resolveCode resolves what is open of one code at a visit.
func resolveCode(ctx context.Context, tx *db.Tx, by identity.Actor, visit uuid.UUID, code, resolution string) error {
	_, err := tx.Exec(ctx, `UPDATE visit_refusal SET resolved_at = $3, resolved_by = $4, resolution = $5
WHERE visit_id = $1 AND code = $2 AND resolved_at IS NULL`, visit, code, tx.Now, by.StaffID, cut(resolution, 40))
	if err != nil {
		return fmt.Errorf("resolve refusals: %w", err)
	}
	return nil
}

// MayAsk tells which answers at the table the duty holder can turn into a yes.
func (c Chip) MayAsk() bool {
	switch c.Kind {
	case "unknown", "not_packed", "not_received", "other_session":
		return c.Resolution == "" && c.Code != ""
	}
	return false
}
