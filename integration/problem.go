package integration

import (
	"context"
	"errors"
	"fmt"
	"time"

	"jingfang/integration/translog"
	"jingfang/integration/wire"
	"jingfang/session/identity"
	"jingfang/sql/db"
	"jingfang/sql/seal"
)

// Problem is a document that could not be taken in.
type Problem struct {
	ID       int64  `db:"id"`
	Source   string `db:"source"`
	Stream   string `db:"stream"`
	Number   string `db:"number"` // "" and 0 when not even that was readable
	Revision int    `db:"revision"`
	// Reason is a Chinese sentence, Document the bytes as they came.
	Reason string `db:"reason"`
	// WaitsFor is the number of the document that a red one cancels: when that is
	// taken in, the red one is tried again by itself. Empty for all others.
	WaitsFor string    `db:"waits_for"`
	Document []byte    `db:"document"`
	Seen     int       `db:"seen"`
	FirstAt  time.Time `db:"first_at"`
	LastAt   time.Time `db:"last_at"`
}

// Problems reads the open entries of the work list, newest first, at most 200.
func Problems(ctx context.Context, r db.Reader) ([]Problem, error) {
	var list []Problem
	err := r.Select(ctx, &list, `SELECT id, source, stream, number, revision, reason, waits_for, document, seen, first_at, last_at
FROM pull_problem WHERE resolved_at IS NULL ORDER BY last_at DESC, id DESC LIMIT 200`)
	if err != nil {
		return nil, fmt.Errorf("read the pull's work list: %w", err)
	}
	return list, nil
}

// noteProblem writes a document into the work list, or counts it once more.
func (p *Poller) noteProblem(ctx context.Context, stream string, raw []byte, cause error) error {
	ours, err := p.ours(stream, raw)
	if err != nil {
		ours = nil // not even its number is readable
	}
	digest, reason, waits := seal.SM3(raw), short(sentence(cause), 400), waitsFor(ours)
	_, number, revision := wire.Identify(ours)
	known := false
	err = p.c.DB.InTx(ctx, func(ctx context.Context, tx *db.Tx) error {
		for range 2 {
			n, err := tx.Exec(ctx, `UPDATE pull_problem SET seen = seen + 1, last_at = $4, reason = $5
WHERE source = $1 AND stream = $2 AND digest = $3`, p.c.Source, stream, digest[:], tx.Now, reason)
			if known = n > 0; err != nil || known {
				return err
			}
			err = tx.Try(ctx, func() error {
				return tx.ExecOne(ctx, `INSERT INTO pull_problem (source, stream, number, revision, digest, document, reason, waits_for, first_at, last_at)
VALUES ($1, $2, $3, $4, $5, $6, $7, $9, $8::timestamptz, $8::timestamptz)`,
					p.c.Source, stream, short(number, 60), revision, digest[:], raw, reason, tx.Now, waits)
			})
			// Another server's poller may have met the same document just now.
			if !db.IsUnique(err, "pull_problem_document_uq") {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return fmt.Errorf("write into the pull's work list: %w", err)
	}
	if !known {
		if err := p.logRefused(ctx, short(number, 60), reason, raw); err != nil {
			return err
		}
	}
	p.c.Log.InfoContext(ctx, "document refused", "stream", p.c.Source+"/"+stream, "number", number, "revision", revision, "error", cause)
	return nil
}

// RefusedService is the service of the transfer log under which a document stands that
// was not taken in: the call that brought it went well.
const RefusedService = "receipt.refused"

// logRefused writes a document that is new in the work list into the transfer log, with
// the reason. A program without the log's key has said so at the call itself.
func (p *Poller) logRefused(ctx context.Context, number, reason string, raw []byte) error {
	if p.c.Transfers == nil {
		return nil
	}
	x := translog.Exchange{System: p.c.Source, Service: RefusedService, Direction: translog.In, Key: number, Person: person(p.by), Body: raw}
	pending, err := p.c.Transfers.Begin(ctx, x)
	if errors.Is(err, seal.ErrNoLogOfficer) {
		return nil
	}
	if err == nil {
		err = pending.End(ctx, translog.Outcome{Result: translog.Refused, Detail: reason})
	}
	if err != nil {
		return fmt.Errorf("log a refused document: %w", err)
	}
	return nil
}

// settle closes the work list's entry of a document that was taken in after
// all, if there is one.
func (p *Poller) settle(ctx context.Context, stream string, raw []byte) error {
	digest := seal.SM3(raw)
	var id int64
	err := p.c.DB.Get(ctx, &id, `SELECT id FROM pull_problem WHERE source = $1 AND stream = $2 AND digest = $3 AND resolved_at IS NULL`,
		p.c.Source, stream, digest[:])
	if db.IsNoRows(err) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("look into the pull's work list: %w", err)
	}
	return p.resolve(ctx, p.by, id, "taken")
}

func (p *Poller) resolve(ctx context.Context, by identity.Actor, id int64, how string) error {
	err := p.c.DB.InTx(ctx, func(ctx context.Context, tx *db.Tx) error {
		n, err := tx.Exec(ctx, `UPDATE pull_problem SET resolved_at = $2, resolved_by = NULLIF($3::bigint, 0), resolution = $4
WHERE id = $1 AND resolved_at IS NULL`, id, tx.Now, by.StaffID, short(how, 40))
		if err != nil {
			return err
		}
		if n == 0 {
			return db.Refuse(db.Conflict, "这张单据刚才已经处理过了，请刷新页面。")
		}
		return identity.Audit(ctx, tx, by, identity.Event{Name: "pull.resolve", ObjectKind: "pull_problem", ObjectID: fmt.Sprint(id), Detail: short(how, 40)})
	})
	if err != nil {
		return fmt.Errorf("resolve entry %d of the pull's work list: %w", id, err)
	}
	return nil
}
