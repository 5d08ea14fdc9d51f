package integration

import (
	"context"
	"fmt"
	"strings"
	"time"

	"jingfang/session"
	"jingfang/sql/db"
)

// Quiet is what the exchange with HIS leaves waiting, in one line for people who
// have no business with interfaces but want to know.
type Quiet struct {
	// Down says that HIS cannot be reached.
	Down          bool
	LastSuccessAt *time.Time `db:"last_success_at"`
	Failures      int        `db:"failures"`
	Waiting       int        `db:"waiting"`  // documents that HIS said it has for us
	Problems      int        `db:"problems"` // documents that were not taken in
	Facts         int        `db:"facts"`    // dispensing facts that are not delivered
	Failed        int        `db:"failed"`   // of them, those that need a person
}

// ReadQuiet reads the line's figures in one statement.
func ReadQuiet(ctx context.Context, r db.Reader) (Quiet, error) {
	var q Quiet
	err := r.Get(ctx, &q, `SELECT (SELECT max(last_success_at) FROM pull_position) AS last_success_at,
  COALESCE((SELECT max(failures) FROM pull_position WHERE active), 0) AS failures, COALESCE((SELECT sum(waiting) FROM pull_position), 0) AS waiting,
  (SELECT count(*) FROM pull_problem WHERE resolved_at IS NULL) AS problems,
  (SELECT count(*) FROM outbox_fact WHERE state IN ('waiting', 'sending', 'unknown', 'failed')) AS facts,
  (SELECT count(*) FROM outbox_fact WHERE state = 'failed') AS failed`)
	if err != nil {
		return q, fmt.Errorf("read what waits for HIS: %w", err)
	}
	q.Down = q.Failures > 0
	return q, nil
}

// Sentence is the line, such as "HIS 连不上，上次成功 09:12，3 份待取，5 条上报待发。",
// or "" when there is nothing to say. Facts that wait while all is well are on their
// way and not worth a word.
func (q Quiet) Sentence(now time.Time) string {
	var parts []string
	if q.Down {
		parts = append(parts, "HIS 连不上")
		if q.LastSuccessAt != nil {
			parts = append(parts, "上次成功 "+clock(*q.LastSuccessAt, now))
		}
		if q.Waiting > 0 {
			parts = append(parts, fmt.Sprintf("%d 份待取", q.Waiting))
		}
	}
	if q.Problems > 0 {
		parts = append(parts, fmt.Sprintf("%d 张单据没有收下", q.Problems))
	}
	switch {
	case q.Down && q.Facts > 0:
		parts = append(parts, fmt.Sprintf("%d 条上报待发", q.Facts))
	case q.Failed > 0:
		parts = append(parts, fmt.Sprintf("%d 条上报失败", q.Failed))
	}
	if len(parts) == 0 {
		return ""
	}
	text := strings.Join(parts, "，") + "。"
	if q.Down {
		text += "义诊照常，恢复后自动补上。"
	}
	return text
}

// clock is the time of day, with the day where that is not today's.
func clock(t, now time.Time) string {
	t, now = t.In(session.Zone()), now.In(session.Zone())
	if t.Format(time.DateOnly) == now.Format(time.DateOnly) {
		return t.Format("15:04")
	}
	return t.Format("1月2日 15:04")
}
