package integration

import (
	"context"
	"fmt"
	"time"

	"jingfang/sql/db"
)

// Stream is how far a stream of documents has been pulled, and how it goes.
type Stream struct {
	Source string `db:"source"`
	Stream string `db:"stream"`
	// Mark is the position to ask from next.
	Mark string `db:"mark"`
	// Active is off when somebody switched the pulling off.
	Active        bool       `db:"active"`
	LastTryAt     *time.Time `db:"last_try_at"`
	LastSuccessAt *time.Time `db:"last_success_at"`
	// Failures counts the rounds that failed since the last success, LastError
	// is the Chinese sentence of the newest, "" when all is well.
	Failures  int    `db:"failures"`
	LastError string `db:"last_error"`
	// Waiting is how many documents the other system said are behind the mark, 0
	// where it does not say.
	Waiting int `db:"waiting"`
	// Problems counts the open entries of the work list.
	Problems int `db:"problems"`
}

// Streams reads the state of all streams, for the page of interfaces.
func Streams(ctx context.Context, r db.Reader) ([]Stream, error) {
	var list []Stream
	err := r.Select(ctx, &list, `SELECT p.source, p.stream, p.mark, p.active, p.last_try_at, p.last_success_at, p.failures, p.last_error, p.waiting,
  (SELECT count(*) FROM pull_problem q WHERE q.source = p.source AND q.stream = p.stream AND q.resolved_at IS NULL) AS problems
FROM pull_position p ORDER BY p.source, p.stream`)
	if err != nil {
		return nil, fmt.Errorf("read pull positions: %w", err)
	}
	return list, nil
}

// position reads the poller's own stream and makes its row on the first time.
func (p *Poller) position(ctx context.Context) (Stream, error) {
	s, err := p.findPosition(ctx)
	if !db.IsNoRows(err) {
		return s, err
	}
	err = p.c.DB.InTx(ctx, func(ctx context.Context, tx *db.Tx) error {
		return tx.ExecOne(ctx, `INSERT INTO pull_position (source, stream, changed_at) VALUES ($1, $2, $3)`,
			p.c.Source, p.c.Stream, tx.Now)
	})
	// Another server may have been faster.
	if err != nil && !db.IsUnique(err, "pull_position_pk") {
		return Stream{}, fmt.Errorf("begin pull position: %w", err)
	}
	return p.findPosition(ctx)
}

func (p *Poller) findPosition(ctx context.Context) (Stream, error) {
	var s Stream
	err := p.c.DB.Get(ctx, &s, `SELECT source, stream, mark, active, last_try_at, last_success_at, failures, last_error
FROM pull_position WHERE source = $1 AND stream = $2`, p.c.Source, p.c.Stream)
	if err != nil {
		return Stream{}, fmt.Errorf("read pull position: %w", err)
	}
	return s, nil
}

// advance moves on from one mark to the next, unless another server has moved
// it meanwhile: its mark then stands, and documents that both took in are the
// same documents.
func (p *Poller) advance(ctx context.Context, from, to string, waiting int) error {
	err := p.c.DB.InTx(ctx, func(ctx context.Context, tx *db.Tx) error {
		_, err := tx.Exec(ctx, `UPDATE pull_position SET mark = $4, changed_at = $5, waiting = $6
WHERE source = $1 AND stream = $2 AND mark = $3`, p.c.Source, p.c.Stream, from, to, tx.Now, waiting)
		return err
	})
	if err != nil {
		return fmt.Errorf("advance pull position: %w", err)
	}
	return nil
}

func (p *Poller) noteSuccess(ctx context.Context) error {
	err := p.c.DB.InTx(ctx, func(ctx context.Context, tx *db.Tx) error {
		return tx.ExecOne(ctx, `UPDATE pull_position SET last_try_at = $3::timestamptz, last_success_at = $3::timestamptz,
  failures = 0, last_error = '', waiting = 0, changed_at = $3::timestamptz WHERE source = $1 AND stream = $2`, p.c.Source, p.c.Stream, tx.Now)
	})
	if err != nil {
		return fmt.Errorf("note a good round: %w", err)
	}
	return nil
}

func (p *Poller) noteFailure(ctx context.Context, cause error) error {
	err := p.c.DB.InTx(ctx, func(ctx context.Context, tx *db.Tx) error {
		return tx.ExecOne(ctx, `UPDATE pull_position SET last_try_at = $3::timestamptz, failures = failures + 1, last_error = $4,
  changed_at = $3::timestamptz WHERE source = $1 AND stream = $2`, p.c.Source, p.c.Stream, tx.Now, short(db.Sentence(cause), 400))
	})
	if err != nil {
		return fmt.Errorf("note a failed round: %w", err)
	}
	return nil
}
