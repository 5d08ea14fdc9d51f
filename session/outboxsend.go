package session

import (
	"context"
	"fmt"
	"time"

	"github.com/google/uuid"
	"github.com/lib/pq"

	"jingfang/sql/db"
)

// FactState is how far a dispensing fact has come.
type FactState string

// The states. Sending is a call on its way; one that was left behind by a program
// that ended is unknown.
const (
	FactWaiting   FactState = "waiting"
	FactSending   FactState = "sending"
	FactSent      FactState = "sent"
	FactUnknown   FactState = "unknown"
	FactFailed    FactState = "failed"
	FactWithdrawn FactState = "withdrawn"
)

// Word is the state as people read it.
func (s FactState) Word() string {
	switch s {
	case FactWaiting:
		return "待发"
	case FactSending:
		return "发送中"
	case FactSent:
		return "已发"
	case FactUnknown:
		return "未知"
	case FactFailed:
		return "失败"
	case FactWithdrawn:
		return "已撤回"
	}
	return string(s)
}

// Fact is a dispensing fact with what another system is told of it. It names the
// patient by number only.
type Fact struct {
	ID         int64      `db:"id"`
	Fact       uuid.UUID  `db:"fact"`
	Channel    string     `db:"channel"`
	Kind       string     `db:"kind"`     // sale, reversal
	Reverses   *uuid.UUID `db:"reverses"` // the fact that a reversal takes back
	HappenedAt time.Time  `db:"happened_at"`
	Payer      Payer      `db:"payer"`
	Quantity   int64      `db:"quantity"`
	State      FactState  `db:"state"`
	Tries      int        `db:"tries"`
	LastTryAt  *time.Time `db:"last_try_at"`
	LastError  string     `db:"last_error"`
	Remote     string     `db:"remote_number"`

	Code         string     `db:"code"`
	HISCode      string     `db:"his_code"`
	Generic      string     `db:"generic_name"`
	Spec         string     `db:"spec"`
	PackUnits    int64      `db:"units_total"`
	Batch        string     `db:"batch"`
	MadeOn       *time.Time `db:"made_on"`
	ExpiresOn    *time.Time `db:"expires_on"`
	Doctor       string     `db:"doctor"`
	Duty         string     `db:"duty"`
	Prescription string     `db:"prescription_no"`
	Visit        uuid.UUID  `db:"visit_id"`
	SessionID    int64      `db:"session_id"`
	PatientID    int64      `db:"patient_id"`
	PatientNo    string     `db:"patient_no"`
	Site         string     `db:"site"`
}

const factColumns = `SELECT f.id, f.fact, f.channel, f.kind, o.fact AS reverses, f.happened_at, f.payer, f.quantity, f.state, f.tries, f.last_try_at, f.last_error,
  f.remote_number, k.code, g.his_code, g.generic_name, g.spec, k.units_total, k.batch, k.made_on, k.expires_on, COALESCE(d.name, '') AS doctor,
  COALESCE(u.name, '') AS duty, v.prescription_no, f.visit_id, f.session_id, v.patient_id, p.number AS patient_no, s.name AS site
FROM outbox_fact f JOIN visit v ON v.id = f.visit_id JOIN clinic_session c ON c.id = f.session_id JOIN site s ON s.id = c.site_id
JOIN pack k ON k.id = f.pack_id JOIN drug g ON g.id = k.drug_id JOIN patient p ON p.id = v.patient_id
LEFT JOIN outbox_fact o ON o.id = f.reverses LEFT JOIN staff d ON d.id = v.doctor_id LEFT JOIN staff u ON u.id = c.duty_staff_id`

// ClaimFacts takes up to limit facts of a channel that are due for sending and marks them as on
// their way; a reversal waits until its sale has arrived. It is a building block
// for whoever sends: the mark is committed before the call.
func ClaimFacts(ctx context.Context, tx *db.Tx, channel string, limit int) ([]Fact, error) {
	var ids []int64
	err := tx.Select(ctx, &ids, `SELECT f.id FROM outbox_fact f WHERE f.channel = $3 AND f.state = 'waiting' AND f.next_at <= $1
  AND NOT EXISTS (SELECT 1 FROM outbox_fact o WHERE o.id = f.reverses AND o.state <> 'sent')
ORDER BY f.id LIMIT $2 FOR UPDATE SKIP LOCKED`, tx.Now, limit, channel)
	if err != nil || len(ids) == 0 {
		return nil, wrapFacts(err)
	}
	_, err = tx.Exec(ctx, `UPDATE outbox_fact SET state = 'sending', tries = tries + 1, last_try_at = $2 WHERE id = ANY($1::bigint[])`, pq.Array(ids), tx.Now)
	if err != nil {
		return nil, wrapFacts(err)
	}
	return readFacts(ctx, tx, ids)
}

// ClaimDoubts takes up to limit facts of a channel whose outcome is unknown and due to be asked
// for, and puts the next asking off to next. A call that is on its way for longer
// than stale is one of them: the program that made it has ended.
func ClaimDoubts(ctx context.Context, tx *db.Tx, channel string, limit int, stale, next time.Time) ([]Fact, error) {
	var ids []int64
	err := tx.Select(ctx, &ids, `SELECT id FROM outbox_fact
WHERE channel = $4 AND (state = 'unknown' AND next_at <= $1 OR state = 'sending' AND last_try_at < $2) ORDER BY id LIMIT $3 FOR UPDATE SKIP LOCKED`, tx.Now, stale, limit, channel)
	if err != nil || len(ids) == 0 {
		return nil, wrapFacts(err)
	}
	_, err = tx.Exec(ctx, `UPDATE outbox_fact SET state = 'unknown', next_at = $2 WHERE id = ANY($1::bigint[])`, pq.Array(ids), next)
	if err != nil {
		return nil, wrapFacts(err)
	}
	return readFacts(ctx, tx, ids)
}

func readFacts(ctx context.Context, r db.Reader, ids []int64) ([]Fact, error) {
	var list []Fact
	err := r.Select(ctx, &list, factColumns+` WHERE f.id = ANY($1::bigint[]) ORDER BY f.id`, pq.Array(ids))
	return list, wrapFacts(err)
}

func wrapFacts(err error) error {
	if err == nil {
		return nil
	}
	return fmt.Errorf("dispensing facts: %w", err)
}

// FactOutcome is what came of sending a fact or of asking for it.
type FactOutcome struct {
	// State is what the fact is now: waiting (not done, to be sent again at Next),
	// sent, unknown (to be asked for at Next) or failed.
	State  FactState
	Remote string // the other side's number, at most 60 characters
	Error  string // a Chinese sentence, at most 400 characters
	Next   time.Time
}

// SettleFact writes down what came of a fact that was claimed. changed is false
// when somebody else has settled it meanwhile.
func SettleFact(ctx context.Context, tx *db.Tx, id int64, o FactOutcome) (changed bool, err error) {
	if o.Next.IsZero() {
		o.Next = tx.Now
	}
	n, err := tx.Exec(ctx, `UPDATE outbox_fact SET state = $2::text, remote_number = CASE WHEN $3::text = '' THEN remote_number ELSE $3::text END, last_error = $4, next_at = $5,
  settled_at = CASE WHEN $2::text IN ('sent', 'failed') THEN $6::timestamptz ELSE NULL END
WHERE id = $1 AND state IN ('sending', 'unknown')`, id, string(o.State), o.Remote, o.Error, o.Next, tx.Now)
	return n > 0, wrapFacts(err)
}

// RetryFact puts a failed fact back to those that wait, or has an unknown one asked
// for at once. An unknown one is never sent again by this.
func RetryFact(ctx context.Context, tx *db.Tx, id int64) (changed bool, err error) {
	n, err := tx.Exec(ctx, `UPDATE outbox_fact SET state = CASE WHEN state = 'failed' THEN 'waiting' ELSE state END, next_at = $2, settled_at = NULL
WHERE id = $1 AND state IN ('failed', 'unknown', 'waiting')`, id, tx.Now)
	return n > 0, wrapFacts(err)
}

// RetryFailed puts every failed fact of a channel back to those that wait, after what
// made them fail (a wrong key, say) was put right, and gives their number.
func RetryFailed(ctx context.Context, tx *db.Tx, channel string) (int64, error) {
	n, err := tx.Exec(ctx, `UPDATE outbox_fact SET state = 'waiting', next_at = $1, settled_at = NULL WHERE state = 'failed' AND channel = $2`, tx.Now, channel)
	return n, wrapFacts(err)
}

// FactCounts is how many facts stand in each state, of those that are not done, and
// how many were sent since a moment.
type FactCounts struct {
	Waiting int `db:"waiting"`
	Unknown int `db:"doubtful"` // sending ones too
	Failed  int `db:"failed"`
	Sent    int `db:"sent"`
	// Oldest is when the oldest that waits was written.
	Oldest *time.Time `db:"oldest"`
}

// Open is how many are not done.
func (c FactCounts) Open() int { return c.Waiting + c.Unknown + c.Failed }

// CountFacts counts those of a channel; "" is all.
func CountFacts(ctx context.Context, r db.Reader, channel string, since time.Time) (FactCounts, error) {
	var c FactCounts
	err := r.Get(ctx, &c, `SELECT COALESCE(sum(CASE WHEN state = 'waiting' THEN 1 ELSE 0 END), 0) AS waiting,
  COALESCE(sum(CASE WHEN state IN ('unknown', 'sending') THEN 1 ELSE 0 END), 0) AS doubtful,
  COALESCE(sum(CASE WHEN state = 'failed' THEN 1 ELSE 0 END), 0) AS failed,
  (SELECT count(*) FROM outbox_fact x WHERE x.state = 'sent' AND x.settled_at >= $1 AND ($2::text = '' OR x.channel = $2::text)) AS sent, min(written_at) AS oldest
FROM outbox_fact WHERE state IN ('waiting', 'sending', 'unknown', 'failed') AND ($2::text = '' OR channel = $2::text)`, since, channel)
	return c, wrapFacts(err)
}

// OpenChannels reads the channels whose switch is on or that have facts that are not
// done, in order: also those that no destination has any more.
func OpenChannels(ctx context.Context, r db.Reader) ([]string, error) {
	var list []string
	err := r.Select(ctx, &list, `SELECT o.channel FROM outbox_switch o WHERE o.active
UNION SELECT f.channel FROM outbox_fact f WHERE f.state IN ('waiting', 'sending', 'unknown', 'failed') ORDER BY 1`)
	return list, wrapFacts(err)
}

// OpenFacts reads the facts that are not done, those that need a person first, at
// most 100.
func OpenFacts(ctx context.Context, r db.Reader) ([]Fact, error) {
	var list []Fact
	err := r.Select(ctx, &list, factColumns+` WHERE f.state IN ('waiting', 'sending', 'unknown', 'failed')
ORDER BY CASE f.state WHEN 'failed' THEN 0 WHEN 'unknown' THEN 1 ELSE 2 END, f.id LIMIT 100`)
	return list, wrapFacts(err)
}
