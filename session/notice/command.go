package notice

import (
	"context"
	"fmt"

	"github.com/google/uuid"

	"jingfang/session"
	"jingfang/session/identity"
	"jingfang/sql/db"
)

// Writing is a notice to be written.
type Writing struct {
	SessionID int64     `json:"session"`
	Body      string    `json:"body"`
	CommandID uuid.UUID `json:"-"`
}

// Write shows a notice on the session's boards. It needs identity.WriteNotice at
// the session's site. Errors: Invalid, Denied, NotFound, Conflict.
func (s *Service) Write(ctx context.Context, by identity.Actor, in Writing) (int64, error) {
	body, err := checkBody(in.Body)
	if err != nil {
		return 0, err
	}
	in.Body = body
	if err := s.allowed(ctx, by, in.SessionID, identity.WriteNotice); err != nil {
		return 0, err
	}
	id, _, err := identity.RunCommand(ctx, s.db, by, identity.Command{ID: in.CommandID, Kind: "notice.write", Request: in},
		func(ctx context.Context, tx *db.Tx) (int64, error) { return s.write(ctx, tx, by, in) })
	return id, err
}

// allowed asks for a permission at the site of a session.
func (s *Service) allowed(ctx context.Context, by identity.Actor, sessionID int64, p identity.Permission) error {
	x, err := session.Find(ctx, s.db, sessionID)
	if err != nil {
		return err
	}
	return identity.Allow(ctx, s.db, by, p, x.SiteID)
}

func (s *Service) write(ctx context.Context, tx *db.Tx, by identity.Actor, in Writing) (int64, error) {
	x, open, err := s.lock(ctx, tx, in.SessionID)
	if err != nil {
		return 0, err
	}
	if err := mayWriteIn(x, open); err != nil {
		return 0, err
	}
	var id int64
	err = tx.Get(ctx, &id, `INSERT INTO session_notice (session_id, body, written_by, written_at) VALUES ($1, $2, $3, $4) RETURNING id`,
		in.SessionID, in.Body, by.StaffID, tx.Now)
	if err != nil {
		return 0, fmt.Errorf("insert notice: %w", err)
	}
	e := identity.Event{Name: "notice.write", ObjectKind: "notice", ObjectID: fmt.Sprint(id), SiteID: x.SiteID, SessionID: x.ID, Detail: in.Body}
	return id, s.finish(ctx, tx, by, e)
}

// lock takes the session's row, so that two who write at once do not both see room
// for one more, and counts the notices that are shown.
func (s *Service) lock(ctx context.Context, tx *db.Tx, sessionID int64) (x session.Session, open int, err error) {
	if x, err = session.Lock(ctx, tx, sessionID); err != nil {
		return x, 0, err
	}
	err = tx.Get(ctx, &open, `SELECT count(*) FROM session_notice WHERE session_id = $1 AND ended_at IS NULL`, sessionID)
	if err != nil {
		return x, 0, fmt.Errorf("count notices: %w", err)
	}
	return x, open, nil
}

// finish writes the audit and tells the boards, in this order and last.
func (s *Service) finish(ctx context.Context, tx *db.Tx, by identity.Actor, e identity.Event) error {
	if err := identity.Audit(ctx, tx, by, e); err != nil {
		return err
	}
	return s.hub.Touch(ctx, tx, e.SessionID)
}

// Act is something done about one notice.
type Act struct {
	SessionID int64     `json:"session"`
	Notice    int64     `json:"notice"`
	CommandID uuid.UUID `json:"-"`
}

// End takes a notice off the boards. It needs identity.WriteNotice at the site; one
// that has ended stays as it was.
func (s *Service) End(ctx context.Context, by identity.Actor, in Act) error {
	return s.act(ctx, by, in, "notice.end", identity.WriteNotice, func(ctx context.Context, tx *db.Tx) (bool, error) {
		n, err := tx.Exec(ctx, `UPDATE session_notice SET ended_by = $2, ended_at = $3 WHERE id = $1 AND ended_at IS NULL`, in.Notice, by.StaffID, tx.Now)
		if err != nil {
			return false, fmt.Errorf("end notice: %w", err)
		}
		return n == 1, nil
	})
}

// Acknowledge notes that the actor has read a notice, once. Whoever sees the session
// may.
func (s *Service) Acknowledge(ctx context.Context, by identity.Actor, in Act) error {
	return s.act(ctx, by, in, "notice.seen", identity.ViewSession, func(ctx context.Context, tx *db.Tx) (bool, error) {
		n, err := tx.Exec(ctx, `INSERT INTO session_notice_seen (notice_id, staff_id, seen_at) SELECT $1::bigint, $2::bigint, $3::timestamptz
WHERE NOT EXISTS (SELECT 1 FROM session_notice_seen WHERE notice_id = $1::bigint AND staff_id = $2::bigint)`, in.Notice, by.StaffID, tx.Now)
		if err != nil {
			return false, fmt.Errorf("note the reader of a notice: %w", err)
		}
		return n == 1, nil
	})
}

// act does something about a notice of the session, with audit and news where it
// changed something.
func (s *Service) act(ctx context.Context, by identity.Actor, in Act, kind string, p identity.Permission, do func(ctx context.Context, tx *db.Tx) (bool, error)) error {
	if err := s.allowed(ctx, by, in.SessionID, p); err != nil {
		return err
	}
	_, _, err := identity.RunCommand(ctx, s.db, by, identity.Command{ID: in.CommandID, Kind: kind, Request: in},
		func(ctx context.Context, tx *db.Tx) (bool, error) {
			x, _, err := s.lock(ctx, tx, in.SessionID)
			if err != nil {
				return false, err
			}
			var there int
			err = tx.Get(ctx, &there, `SELECT count(*) FROM session_notice WHERE id = $1 AND session_id = $2`, in.Notice, in.SessionID)
			if err != nil {
				return false, fmt.Errorf("find notice: %w", err)
			}
			if there == 0 {
				return false, db.Refuse(db.NotFound, "没有这条通知。请看最新的列表。")
			}
			changed, err := do(ctx, tx)
			if err != nil || !changed {
				return changed, err
			}
			e := identity.Event{Name: kind, ObjectKind: "notice", ObjectID: fmt.Sprint(in.Notice), SiteID: x.SiteID, SessionID: x.ID}
			return true, s.finish(ctx, tx, by, e)
		})
	return err
}
