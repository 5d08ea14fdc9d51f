package session

import (
	"context"
	"fmt"
	"time"

	"jingfang/session/live"
	"jingfang/session/patient"
	"jingfang/sql/db"
	"jingfang/sql/seal"
)

// State is where a clinic session stands.
type State string

// The states of a session.
const (
	Planned     State = "planned"
	Open        State = "open"
	Closing     State = "closing"
	Closed      State = "closed"
	Cancelled   State = "cancelled"
	Rescheduled State = "rescheduled"
)

// Word is the state in Chinese.
func (s State) Word() string {
	switch s {
	case Planned:
		return "待开始"
	case Open:
		return "进行中"
	case Closing:
		return "收尾中"
	case Closed:
		return "已结束"
	case Cancelled:
		return "已取消"
	}
	return "已改期"
}

// Session is one clinic day at one site, or a home-visit round.
type Session struct {
	ID          int64      `db:"id"`
	SiteID      int64      `db:"site_id"`
	Site        string     `db:"site"`
	HeldOn      time.Time  `db:"held_on"` // midnight UTC of the clinic date
	Kind        string     `db:"kind"`    // "site" or "home"
	Place       string     `db:"place"`
	State       State      `db:"state"`
	DutyStaffID *int64     `db:"duty_staff_id"`
	OpenedAt    *time.Time `db:"opened_at"`
	StoppedAt   *time.Time `db:"stopped_at"`
	ClosedAt    *time.Time `db:"closed_at"`
	// CarrierID is who takes the left-overs home; the session stays closing.
	CarrierID *int64     `db:"carrier_id"`
	CarrierAt *time.Time `db:"carrier_at"`
}

// Service runs the use cases of the clinic day.
type Service struct {
	db       *db.DB
	hub      *live.Hub
	patients *patient.Registry
	gates    *gates
	keys     seal.KeyProvider // nil: nothing can be signed, so nothing closed
}

// New makes the service. A nil hub only raises versions: other servers' screens
// change all the same.
func New(d *db.DB, hub *live.Hub, patients *patient.Registry) *Service {
	return &Service{db: d, hub: hub, patients: patients, gates: newGates()}
}

// WithKeys gives a service that signs the heads of closed sessions.
func (s *Service) WithKeys(keys seal.KeyProvider) *Service {
	c := *s
	c.keys = keys
	return &c
}

const sessionColumns = `c.id, c.site_id, s.name AS site, c.held_on, c.kind, c.place, c.state, c.duty_staff_id, c.opened_at,
  c.stopped_at, c.closed_at, c.carrier_id, c.carrier_at`

// Find reads one session.
func Find(ctx context.Context, r db.Reader, id int64) (Session, error) {
	var x Session
	err := r.Get(ctx, &x, `SELECT `+sessionColumns+` FROM clinic_session c JOIN site s ON s.id = c.site_id WHERE c.id = $1::bigint`, id)
	if db.IsNoRows(err) {
		return x, db.Refuse(db.NotFound, "没有这个义诊场次。请从首页重新进入。")
	}
	if err != nil {
		return x, fmt.Errorf("read session: %w", err)
	}
	return x, nil
}

// lock takes the session's row for the rest of the transaction. It is the
// first lock of every use case, directly in its final strength (an upgrade from
// a share lock deadlocks), and the state is checked under it.
func lock(ctx context.Context, tx *db.Tx, id int64, allowed ...State) (Session, error) {
	var x Session
	err := tx.Get(ctx, &x, `SELECT `+sessionColumns+` FROM clinic_session c JOIN site s ON s.id = c.site_id
WHERE c.id = $1::bigint FOR NO KEY UPDATE OF c`, id)
	if db.IsNoRows(err) {
		return x, db.Refuse(db.NotFound, "没有这个义诊场次。请从首页重新进入。")
	}
	if err != nil {
		return x, fmt.Errorf("lock session: %w", err)
	}
	for _, s := range allowed {
		if x.State == s {
			return x, nil
		}
	}
	return x, wrongState(x)
}

func wrongState(x Session) error {
	switch x.State {
	case Planned:
		return db.Refuse(db.Conflict, "本场次还没有开始。请先点“开始义诊”。")
	case Open:
		return db.Refuse(db.Conflict, "本场次正在进行，不能做这一步。")
	case Closing:
		return db.Refuse(db.Conflict, "本场次已停止发药，正在清点。要继续发药，请值班药师恢复。")
	case Closed:
		return db.Refuse(db.Conflict, "本场次已结束，记录不再改动。补记请用“补充记录”。")
	}
	return db.Refuse(db.Conflict, "本场次%s，不能操作。请从首页进入当天的场次。", x.State.Word())
}

// Zone is the time zone of every clinic date. China has no daylight saving
// time, so a fixed zone needs no time zone files on the machine.
func Zone() *time.Location { return time.FixedZone("Asia/Shanghai", 8*60*60) }

// Today is the clinic date of a moment, as midnight UTC like the date columns.
func Today(now time.Time) time.Time {
	y, m, d := now.In(Zone()).Date()
	return time.Date(y, m, d, 0, 0, 0, 0, time.UTC)
}
