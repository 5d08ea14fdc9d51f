package notice

import (
	"context"
	"fmt"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"jingfang/session"
	"jingfang/session/live"
	"jingfang/sql/db"
)

// MaxBody is the longest notice, in characters; maxOpen how many a session shows
// at a time: a board with more would be read by nobody.
const (
	MaxBody = 100
	maxOpen = 3
)

// Notice is one notice with who has read it.
type Notice struct {
	ID        int64      `db:"id"`
	SessionID int64      `db:"session_id"`
	Body      string     `db:"body"`
	Writer    string     `db:"writer"`
	WrittenAt time.Time  `db:"written_at"`
	EndedAt   *time.Time `db:"ended_at"`
	// Readers are the names of those who said that they have read it, in order.
	Readers []string `db:"-"`
}

// Service holds the use cases. It is safe for concurrent use.
type Service struct {
	db  *db.DB
	hub *live.Hub
}

// New makes the service; hub tells the boards.
func New(d *db.DB, hub *live.Hub) *Service { return &Service{db: d, hub: hub} }

// checkBody gives the notice as it is kept. Line breaks become blanks: a board
// has one line.
func checkBody(text string) (string, error) {
	if !utf8.ValidString(text) {
		return "", db.Refuse(db.Invalid, "通知里有读不懂的字符，请重新输入。")
	}
	body := strings.Join(strings.Fields(text), " ")
	switch n := utf8.RuneCountInString(body); {
	case n == 0:
		return "", db.Refuse(db.Invalid, "请先写通知的内容。")
	case n > MaxBody:
		return "", db.Refuse(db.Invalid, "通知最多 %d 个字，现在是 %d 个。请写短一些。", MaxBody, n)
	case strings.ContainsFunc(body, unicode.IsControl):
		return "", db.Refuse(db.Invalid, "通知里有看不见的控制字符，请重新输入。")
	}
	return body, nil
}

// mayWriteIn refuses a session that nobody works in any more.
func mayWriteIn(x session.Session, open int) error {
	switch x.State {
	case session.Planned, session.Open, session.Closing:
	default:
		return db.Refuse(db.Conflict, "这个场次%s，不能再发通知。", x.State.Word())
	}
	if open >= maxOpen {
		return db.Refuse(db.Conflict, "已有 %d 条通知在显示。请先收起一条，再发新的。", open)
	}
	return nil
}

// Find lists the notices of a session, newest first, ended ones included.
func Find(ctx context.Context, r db.Reader, sessionID int64) ([]Notice, error) {
	return find(ctx, r, sessionID, false)
}

// Board lists those that a board shows: not ended, newest first.
func Board(ctx context.Context, r db.Reader, sessionID int64) ([]Notice, error) {
	return find(ctx, r, sessionID, true)
}

func find(ctx context.Context, r db.Reader, sessionID int64, open bool) ([]Notice, error) {
	var list []Notice
	err := r.Select(ctx, &list, `SELECT n.id, n.session_id, n.body, s.name AS writer, n.written_at, n.ended_at
FROM session_notice n JOIN staff s ON s.id = n.written_by
WHERE n.session_id = $1::bigint AND (NOT $2::boolean OR n.ended_at IS NULL) ORDER BY n.id DESC LIMIT 50`, sessionID, open)
	if err != nil {
		return nil, fmt.Errorf("find notices: %w", err)
	}
	if len(list) == 0 {
		return nil, nil
	}
	var seen []struct {
		Notice int64  `db:"notice_id"`
		Name   string `db:"name"`
	}
	err = r.Select(ctx, &seen, `SELECT k.notice_id, s.name FROM session_notice_seen k JOIN staff s ON s.id = k.staff_id
WHERE k.notice_id IN (SELECT id FROM session_notice WHERE session_id = $1::bigint) ORDER BY k.notice_id, k.seen_at, s.id`, sessionID)
	if err != nil {
		return nil, fmt.Errorf("find readers of notices: %w", err)
	}
	for i := range list {
		for _, x := range seen {
			if x.Notice == list[i].ID {
				list[i].Readers = append(list[i].Readers, x.Name)
			}
		}
	}
	return list, nil
}

// Told is a session that has notices, for the list of all.
type Told struct {
	SessionID int64     `db:"session_id"`
	Site      string    `db:"site"`
	HeldOn    time.Time `db:"held_on"`
	Last      string    `db:"last_body"`
	Open      int       `db:"open_count"`
	All       int       `db:"all_count"`
	SiteID    int64     `db:"site_id"`
}

// Lately lists the sessions with notices of the last 31 days, newest first, at the
// sites given; everywhere when all.
func Lately(ctx context.Context, r db.Reader, now time.Time, sites func(siteID int64) bool) ([]Told, error) {
	var rows []Told
	err := r.Select(ctx, &rows, `SELECT c.id AS session_id, s.name AS site, s.id AS site_id, c.held_on,
  (SELECT n.body FROM session_notice n WHERE n.id = x.last_id) AS last_body, x.open_count, x.all_count
FROM (SELECT session_id, max(id) AS last_id, count(*) AS all_count, sum(CASE WHEN ended_at IS NULL THEN 1 ELSE 0 END) AS open_count
  FROM session_notice WHERE written_at >= $1 GROUP BY session_id) x
JOIN clinic_session c ON c.id = x.session_id JOIN site s ON s.id = c.site_id
ORDER BY x.last_id DESC LIMIT 50`, now.AddDate(0, 0, -31))
	if err != nil {
		return nil, fmt.Errorf("find sessions with notices: %w", err)
	}
	var out []Told
	for _, x := range rows {
		if sites(x.SiteID) {
			out = append(out, x)
		}
	}
	return out, nil
}
