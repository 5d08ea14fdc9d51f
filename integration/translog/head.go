package translog

import (
	"context"
	"fmt"
	"strings"
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
	// ChangedAt is when the head moved last; only Heads and ChangedHeads fill it.
	ChangedAt time.Time
}

// headPrefix begins the names of our chains in anchors.
const headPrefix = "translog/"

// Name is how anchors call the chain.
func (h Head) Name() string { return headPrefix + h.Writer.String() }

// writerOf is the writer whose chain an anchor calls by this name.
func writerOf(name string) (uuid.UUID, bool) {
	text, ours := strings.CutPrefix(name, headPrefix)
	id, err := uuid.Parse(text)
	return id, ours && err == nil
}

// Heads reads the heads of all writers in the order they moved, oldest first.
func Heads(ctx context.Context, r db.Reader) ([]Head, error) {
	return ChangedHeads(ctx, r, time.Time{})
}

// ChangedHeads is Heads for those that moved at since or later: what an hourly
// anchor has to name.
func ChangedHeads(ctx context.Context, r db.Reader, since time.Time) ([]Head, error) {
	var rows []headRow
	err := r.Select(ctx, &rows, `SELECT writer_id, length, digest, changed_at FROM translog_head
WHERE changed_at >= $1::timestamptz ORDER BY changed_at, writer_id`, since)
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

// Lookup gives a function that tells, for a name from an anchor and a length,
// which digest stands at that place of the chain now; found is false when the
// place is gone or the name is not one of ours.
func Lookup(r db.Reader) func(ctx context.Context, name string, length int64) (digest seal.Digest, found bool, err error) {
	return func(ctx context.Context, name string, length int64) (seal.Digest, bool, error) {
		writer, ours := writerOf(name)
		if !ours {
			return seal.Digest{}, false, nil
		}
		var digest []byte
		var err error
		if length == 0 {
			err = r.Get(ctx, &digest, `SELECT digest FROM translog_writer WHERE id = $1`, writer)
		} else {
			err = r.Get(ctx, &digest, `SELECT digest FROM translog_entry WHERE writer_id = $1 AND seq = $2::bigint`, writer, length)
		}
		if db.IsNoRows(err) {
			return seal.Digest{}, false, nil
		}
		if err != nil {
			return seal.Digest{}, false, fmt.Errorf("look up %s at %d: %w", name, length, err)
		}
		d, err := seal.DigestOf(digest)
		return d, err == nil, err
	}
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
