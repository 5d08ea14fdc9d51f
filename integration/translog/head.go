package translog

import (
	"context"
	"fmt"
	"time"

	"github.com/google/uuid"

	"jingfang/sql/db"
	"jingfang/sql/seal"
)

// Head is a place in a writer's chain: after Length entries the digest is
// Digest. Length 0 is the writer's header alone.
type Head struct {
	Writer uuid.UUID
	Length int64
	Digest seal.Digest
	// ChangedAt is when the head moved last; only Heads fills it.
	ChangedAt time.Time
}

// Heads reads the heads of all writers in the order they moved, oldest first,
// for the hourly anchor, which takes those that moved since the one before.
func Heads(ctx context.Context, r db.Reader) ([]Head, error) {
	var rows []headRow
	err := r.Select(ctx, &rows, `SELECT writer_id, length, digest, changed_at FROM translog_head ORDER BY changed_at, writer_id`)
	if err != nil {
		return nil, fmt.Errorf("read transfer log heads: %w", err)
	}
	out := make([]Head, len(rows))
	for i, row := range rows {
		if out[i], err = row.head(); err != nil {
			return nil, err
		}
	}
	return out, nil
}

type headRow struct {
	WriterID  uuid.UUID `db:"writer_id"`
	Length    int64     `db:"length"`
	Digest    []byte    `db:"digest"`
	ChangedAt time.Time `db:"changed_at"`
}

func (h headRow) head() (Head, error) {
	d, err := seal.DigestOf(h.Digest)
	if err != nil {
		return Head{}, fmt.Errorf("head of transfer log writer %s: %w", h.WriterID, err)
	}
	return Head{h.WriterID, h.Length, d, h.ChangedAt}, nil
}
