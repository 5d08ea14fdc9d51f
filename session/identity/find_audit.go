package identity

import (
	"context"
	"fmt"
	"time"

	"jingfang/sql/db"
)

// AuditEntry is one row of the audit as it is shown.
type AuditEntry struct {
	ID         int64     `db:"id"`
	At         time.Time `db:"at"`
	StaffID    *int64    `db:"staff_id"`
	Username   string    `db:"username"` // "" for the program itself
	Name       string    `db:"name"`
	Roles      string    `db:"roles"`
	Addr       string    `db:"addr"`
	RequestID  string    `db:"request_id"`
	Event      string    `db:"event"`
	Outcome    string    `db:"outcome"`
	ObjectKind string    `db:"object_kind"`
	ObjectID   string    `db:"object_id"`
	SiteID     *int64    `db:"site_id"`
	SessionID  *int64    `db:"session_id"`
	Detail     string    `db:"detail"`
}

// AuditFilter chooses rows of the audit. From is included, Until is not; both
// are needed.
type AuditFilter struct {
	From, Until time.Time
	// StaffID is 0 for everybody, Event "" for all; an event matches by its
	// beginning, so "login" also finds "login.…".
	StaffID int64
	Event   string
	// Before is the id below which the page begins, 0 for the newest.
	Before int64
	// Limit is at most 500; 0 means 50.
	Limit int
}

// FindAudit lists events, newest first. by needs ViewAudit.
func (s *Service) FindAudit(ctx context.Context, by Actor, f AuditFilter) ([]AuditEntry, error) {
	if err := Allow(ctx, s.d, by, ViewAudit, 0); err != nil {
		return nil, err
	}
	if f.Limit <= 0 || f.Limit > 500 {
		f.Limit = 50
	}
	return readAudit(ctx, s.d, f)
}

// auditWindow is how many events [EachAudit] holds at a time.
const auditWindow = 2000

// EachAudit gives every event that the filter leaves, newest first, without holding
// more than some of them; Before and Limit do not count. It ends with do's error.
// Whether somebody may read the audit is for the caller.
func EachAudit(ctx context.Context, r db.Reader, f AuditFilter, do func(AuditEntry) error) error {
	f.Before, f.Limit = 0, auditWindow
	for {
		list, err := readAudit(ctx, r, f)
		if err != nil {
			return err
		}
		for _, e := range list {
			if err := do(e); err != nil {
				return err
			}
		}
		if len(list) < f.Limit {
			return nil
		}
		f.Before = list[len(list)-1].ID
	}
}

func readAudit(ctx context.Context, r db.Reader, f AuditFilter) ([]AuditEntry, error) {
	list := []AuditEntry{}
	err := r.Select(ctx, &list, `
SELECT a.id, a.at, a.staff_id, COALESCE(s.username, '') AS username, COALESCE(s.name, '') AS name, a.roles, a.addr, a.request_id,
  a.event, a.outcome, a.object_kind, a.object_id, a.site_id, a.session_id, a.detail
FROM audit a LEFT JOIN staff s ON s.id = a.staff_id
WHERE a.at >= $1 AND a.at < $2
  AND ($3::bigint = 0 OR a.staff_id = $3::bigint)
  AND ($4::text = '' OR strpos(a.event, $4::text) = 1)
  AND ($5::bigint = 0 OR a.id < $5::bigint)
ORDER BY a.id DESC LIMIT $6`, f.From, f.Until, f.StaffID, f.Event, f.Before, f.Limit)
	if err != nil {
		return nil, fmt.Errorf("find audit: %w", err)
	}
	return list, nil
}

// AuditDay is the filter of a calendar day in zone, written 2026-11-23; "" is today.
// Errors: Invalid for what is no day.
func AuditDay(day string, now time.Time, zone *time.Location) (AuditFilter, error) {
	if day == "" {
		day = now.In(zone).Format(time.DateOnly)
	}
	from, err := time.ParseInLocation(time.DateOnly, day, zone)
	if err != nil {
		return AuditFilter{}, db.Refuse(db.Invalid, "日期无法识别，请写成 2026-11-23 的样子。")
	}
	return AuditFilter{From: from, Until: from.AddDate(0, 0, 1)}, nil
}

// OutcomeWord is how the act ended, for people.
func (e AuditEntry) OutcomeWord() string {
	switch e.Outcome {
	case Refused:
		return "拒绝"
	case Failed:
		return "失败"
	}
	return "成功"
}

// Who is the person's name; the program's own acts are 系统's.
func (e AuditEntry) Who() string {
	if e.Name == "" {
		return "系统"
	}
	return e.Name
}

// Object is what the act was done to, its kind and its number; "" for nothing.
func (e AuditEntry) Object() string {
	if e.ObjectKind == "" || e.ObjectID == "" {
		return ""
	}
	return e.ObjectKind + " " + e.ObjectID
}
