package identity

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/google/uuid"

	"jingfang/sql/db"
	"jingfang/sql/seal"
)

// Command is something a screen sent with an id of its own making, so that
// sending it again changes nothing.
type Command struct {
	// ID is made by the device.
	ID uuid.UUID
	// Kind names the use case; at most 40 characters.
	Kind string
	// Request is what was asked, as it marshals to JSON.
	Request any
}

// errSeen leaves the transaction of a command that was there already.
var errSeen = errors.New("identity: command seen before")

// RunCommand runs fn in a transaction once for each command of a person. Its
// first statement inserts the command's row, so that a second request with the
// same id waits for the first. A repeat gives the first answer (replayed is
// true), the same id with another kind or request is a Conflict. When fn fails
// nothing is kept and the command may be sent again. The caller has checked the
// permission before: a repeat must not answer who may not ask.
func RunCommand[T any](ctx context.Context, d *db.DB, by Actor, cmd Command, fn func(ctx context.Context, tx *db.Tx) (T, error)) (answer T, replayed bool, err error) {
	var zero T
	digest, err := requestDigest(cmd)
	if err != nil {
		return zero, false, err
	}
	err = d.InTx(ctx, func(ctx context.Context, tx *db.Tx) error {
		if err := insertCommand(ctx, tx, by, cmd, digest); err != nil {
			return err
		}
		var err error
		if answer, err = fn(ctx, tx); err != nil {
			return err
		}
		return keepAnswer(ctx, tx, by, cmd, answer)
	})
	if errors.Is(err, errSeen) {
		answer, err = firstAnswer[T](ctx, d, by, cmd, digest)
		return answer, err == nil, err
	}
	if err != nil {
		return zero, false, err
	}
	return answer, false, nil
}

// requestDigest is SM3 over kind and request; only it is kept, because a
// request may hold what belongs into sealed columns.
func requestDigest(cmd Command) ([]byte, error) {
	if cmd.ID == uuid.Nil {
		return nil, db.Refuse(db.Invalid, "请求缺少操作编号（command_id），请刷新页面后重试。")
	}
	body, err := json.Marshal(cmd.Request)
	if err != nil {
		return nil, fmt.Errorf("command %s: request: %w", cmd.Kind, err)
	}
	c, err := seal.Canonical(seal.F("kind", cmd.Kind), seal.F("request", body))
	if err != nil {
		return nil, fmt.Errorf("command %s: request: %w", cmd.Kind, err)
	}
	digest := seal.SM3(c)
	return digest[:], nil
}

func insertCommand(ctx context.Context, tx *db.Tx, by Actor, cmd Command, digest []byte) error {
	t := transferOf(ctx)
	err := tx.ExecOne(ctx, `INSERT INTO command (staff_id, id, kind, request, at, exchange_id, transfer_system, transfer_service, transfer_key)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)`,
		by.StaffID, cmd.ID, cmd.Kind, digest, tx.Now, t.exchange, t.system, t.service, t.key)
	if db.IsUnique(err, "command_pk") {
		return errSeen
	}
	if err != nil {
		return fmt.Errorf("command %s: %w", cmd.Kind, err)
	}
	return nil
}

func keepAnswer(ctx context.Context, tx *db.Tx, by Actor, cmd Command, answer any) error {
	body, err := json.Marshal(answer)
	if err != nil {
		return fmt.Errorf("command %s: answer: %w", cmd.Kind, err)
	}
	if err := tx.ExecOne(ctx, `UPDATE command SET answer = $3 WHERE staff_id = $1 AND id = $2`, by.StaffID, cmd.ID, body); err != nil {
		return fmt.Errorf("command %s: keep answer: %w", cmd.Kind, err)
	}
	return nil
}

func firstAnswer[T any](ctx context.Context, d *db.DB, by Actor, cmd Command, digest []byte) (answer T, err error) {
	var row struct {
		Kind    string `db:"kind"`
		Request []byte `db:"request"`
		Answer  []byte `db:"answer"`
	}
	err = d.Get(ctx, &row, `SELECT kind, request, answer FROM command WHERE staff_id = $1 AND id = $2`, by.StaffID, cmd.ID)
	if err != nil {
		return answer, fmt.Errorf("command %s: first answer: %w", cmd.Kind, err)
	}
	if row.Kind != cmd.Kind || string(row.Request) != string(digest) {
		return answer, db.Refuse(db.Conflict, "这个操作编号已经用于另一个操作。请刷新页面后重新操作。")
	}
	if err := json.Unmarshal(row.Answer, &answer); err != nil {
		return answer, fmt.Errorf("command %s: read first answer: %w", cmd.Kind, err)
	}
	return answer, nil
}

// KeepCommands is how long a command's answer is kept: longer than any device
// may have been away with commands it has not sent.
const KeepCommands = 90 * 24 * time.Hour

// SweepCommands removes the commands that nobody sends again; their answers
// would outgrow what they did.
func (s *Service) SweepCommands(ctx context.Context) (int64, error) {
	var n int64
	err := s.d.InTx(ctx, func(ctx context.Context, tx *db.Tx) (err error) {
		n, err = tx.Exec(ctx, `DELETE FROM command WHERE at < $1`, tx.Now.Add(-KeepCommands))
		return err
	})
	if err != nil {
		return 0, fmt.Errorf("sweep commands: %w", err)
	}
	return n, nil
}
