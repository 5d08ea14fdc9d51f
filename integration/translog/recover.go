package translog

import (
	"context"
	"encoding/hex"
	"fmt"
	"time"

	"github.com/google/uuid"

	"jingfang/sql/db"
)

// RecoveredSuffix ends the service of an entry that was made later, out of the
// command that the lost transfer had brought.
const RecoveredSuffix = ".recovered"

// Bounds of recovering.
const (
	// recoverAfter is how old a command is before its entry counts as missing: no
	// request runs longer, and a note waits for a moment only.
	recoverAfter = 90 * time.Second
	// recoverAgain is how far a round looks back behind the one before: a command's
	// time is that of its transaction's beginning, and the longest is an import.
	recoverAgain = 15 * time.Minute
	recoverMark  = "commands"
)

// missed is a command that a transfer brought and of which the log knows nothing.
type missed struct {
	StaffID  int64     `db:"staff_id"`
	Person   string    `db:"person"`
	ID       uuid.UUID `db:"id"`
	Kind     string    `db:"kind"`
	Request  []byte    `db:"request"`
	Answer   []byte    `db:"answer"`
	At       time.Time `db:"at"`
	Exchange uuid.UUID `db:"exchange_id"`
	System   string    `db:"transfer_system"`
	Service  string    `db:"transfer_service"`
	Key      string    `db:"transfer_key"`
}

// Recover writes the entries that a program took with it when it was killed. The
// row of a command is committed with the command's effect and names its exchange;
// what stands there and not in the log gets an entry whose service ends in
// RecoveredSuffix, with time, person, key, the answer as it was kept, and the SM3 of
// the request, whose bytes are lost. It gives how many entries it wrote. Any server
// may run it for all; it looks at commands older than 90 seconds.
func (l *Log) Recover(ctx context.Context) (int, error) {
	to := l.db.Now().Add(-recoverAfter)
	from, err := l.recoveredTo(ctx)
	if err != nil {
		return 0, err
	}
	n := 0
	for {
		list, err := l.missing(ctx, from, to)
		if err != nil {
			return n, err
		}
		if len(list) == 0 {
			return n, l.markRecovered(ctx, to)
		}
		drafts := make([]draft, len(list))
		for i, m := range list {
			x, o := m.entry()
			if drafts[i], err = l.event(x, o, m.At, 0); err != nil {
				return n, err
			}
		}
		err = l.appendAll(ctx, drafts)
		if db.IsUnique(err, "translog_entry_phase_uq") {
			continue // another server was first; what it has left is found again
		}
		if err != nil {
			return n, err
		}
		n += len(list)
	}
}

// missing gives some of the commands without an entry, each exchange once.
func (l *Log) missing(ctx context.Context, from, to time.Time) ([]missed, error) {
	var rows []missed
	err := l.db.Select(ctx, &rows, `SELECT c.staff_id, COALESCE(s.name, '') AS person, c.id, c.kind, c.request, c.answer, c.at, c.exchange_id,
  c.transfer_system, c.transfer_service, c.transfer_key
FROM command c LEFT JOIN staff s ON s.id = c.staff_id
WHERE c.at >= $1::timestamptz AND c.at < $2::timestamptz AND c.exchange_id IS NOT NULL
  AND NOT EXISTS (SELECT 1 FROM translog_entry e WHERE e.exchange_id = c.exchange_id)
ORDER BY c.at, c.staff_id, c.id LIMIT $3::bigint`, from, to, maxBatch-1)
	if err != nil {
		return nil, fmt.Errorf("find commands without an entry: %w", err)
	}
	seen, out := map[uuid.UUID]bool{}, rows[:0]
	for _, m := range rows {
		if !seen[m.Exchange] {
			out = append(out, m)
		}
		seen[m.Exchange] = true
	}
	return out, nil
}

// entry is what the log gets of a missed command.
func (m missed) entry() (Exchange, Outcome) {
	x := Exchange{ID: m.Exchange, System: m.System, Service: cut(m.Service, 60-len(RecoveredSuffix)) + RecoveredSuffix, Direction: In,
		Key: m.Key, StaffID: m.StaffID, Person: m.Person}
	o := Outcome{Result: OK, Body: m.Answer, Detail: fmt.Sprintf("程序在写下这次传输之前中断，事后按操作登记补记。操作 %s %s 已生效；请求正文没有留存，其摘要（SM3）是 %s。",
		m.Kind, m.ID, hex.EncodeToString(m.Request))}
	return x, o
}

// recoveredTo is from when commands have to be looked at.
func (l *Log) recoveredTo(ctx context.Context) (time.Time, error) {
	var at time.Time
	err := l.db.Get(ctx, &at, `SELECT at FROM translog_mark WHERE name = $1`, recoverMark)
	if db.IsNoRows(err) {
		return time.Time{}, nil
	}
	if err != nil {
		return at, fmt.Errorf("read how far commands were compared: %w", err)
	}
	return at.Add(-recoverAgain), nil
}

// markRecovered never goes back: another server may be further.
func (l *Log) markRecovered(ctx context.Context, to time.Time) error {
	err := l.db.InTx(ctx, func(ctx context.Context, tx *db.Tx) error {
		n, err := tx.Exec(ctx, `UPDATE translog_mark SET at = GREATEST(at, $2::timestamptz) WHERE name = $1`, recoverMark, to)
		if err != nil || n > 0 {
			return err
		}
		return tx.ExecOne(ctx, `INSERT INTO translog_mark (name, at) VALUES ($1, $2)`, recoverMark, to)
	})
	if db.IsUnique(err, "translog_mark_pk") {
		return nil // another server noted it first; the next round goes on from there
	}
	if err != nil {
		return fmt.Errorf("note how far commands were compared: %w", err)
	}
	return nil
}
