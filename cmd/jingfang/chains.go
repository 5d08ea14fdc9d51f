package main

import (
	"context"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/google/uuid"

	"jingfang/integration/translog"
	"jingfang/session"
	"jingfang/session/identity"
	"jingfang/sql/db"
	"jingfang/sql/seal"
)

// Names of chains in the anchors; identity names those of the audit itself.
const (
	recordPrefix   = "record/"
	translogPrefix = "translog/"
	// anchorOverlap is how far behind the last anchor changed heads are looked
	// for: a transaction's time is older than its commit.
	anchorOverlap = 10 * time.Minute
)

// anchorNow signs the heads of all chains that moved since the last anchor.
func anchorNow(ctx context.Context, d *db.DB, keys seal.KeyProvider) (int, error) {
	heads, err := movedHeads(ctx, d)
	if err != nil {
		return 0, err
	}
	signer, err := keys.Signer()
	if err != nil {
		return 0, fmt.Errorf("anchor: %w", err)
	}
	return identity.Anchor(ctx, d, signer, heads)
}

// movedHeads are the heads of the records' and the transfer log's chains.
func movedHeads(ctx context.Context, d *db.DB) ([]identity.Head, error) {
	var last time.Time
	err := d.Get(ctx, &last, `SELECT COALESCE(max(at), TIMESTAMPTZ '2000-01-01 00:00:00+00') FROM anchor`)
	if err != nil {
		return nil, fmt.Errorf("time of the last anchor: %w", err)
	}
	since := last.Add(-anchorOverlap)
	records, err := session.Heads(ctx, d, since)
	if err != nil {
		return nil, err
	}
	var heads []identity.Head
	for _, h := range records {
		digest, err := seal.DigestOf(h.Digest)
		if err != nil {
			return nil, fmt.Errorf("head of session %d: %w", h.SessionID, err)
		}
		heads = append(heads, identity.Head{Name: fmt.Sprintf("%s%d/%s", recordPrefix, h.SessionID, h.Chain), Length: h.Length, Digest: digest})
	}
	logs, err := translog.Heads(ctx, d)
	if err != nil {
		return nil, err
	}
	for _, h := range logs {
		if h.ChangedAt.After(since) {
			heads = append(heads, identity.Head{Name: translogPrefix + h.Writer.String(), Length: h.Length, Digest: h.Digest})
		}
	}
	return heads, nil
}

// lookup finds what a chain outside the audit has at a place, to compare it
// with an anchor. r is one snapshot.
func lookup(r db.Reader) identity.Lookup {
	return func(ctx context.Context, name string, length int64) (seal.Digest, bool, error) {
		switch {
		case strings.HasPrefix(name, recordPrefix):
			return recordAt(ctx, r, strings.TrimPrefix(name, recordPrefix), length)
		case strings.HasPrefix(name, translogPrefix):
			return entryAt(ctx, r, strings.TrimPrefix(name, translogPrefix), length)
		}
		return seal.Digest{}, false, fmt.Errorf("anchor names the chain %q, which this program does not know", name)
	}
}

// recordAt reads "<session>/<chain>".
func recordAt(ctx context.Context, r db.Reader, name string, length int64) (seal.Digest, bool, error) {
	text, chain, _ := strings.Cut(name, "/")
	id, err := strconv.ParseInt(text, 10, 64)
	if err != nil {
		return seal.Digest{}, false, fmt.Errorf("anchor names the record chain %q: %w", name, err)
	}
	var raw []byte
	err = r.Get(ctx, &raw, `SELECT digest FROM record WHERE session_id = $1::bigint AND chain = $2::text AND seq = $3::bigint`, id, chain, length)
	return found(raw, err)
}

// entryAt reads the transfer log's chain of one writer; length 0 is its header.
func entryAt(ctx context.Context, r db.Reader, name string, length int64) (seal.Digest, bool, error) {
	writer, err := uuid.Parse(name)
	if err != nil {
		return seal.Digest{}, false, fmt.Errorf("anchor names the transfer log %q: %w", name, err)
	}
	var raw []byte
	if length == 0 {
		err = r.Get(ctx, &raw, `SELECT digest FROM translog_writer WHERE id = $1::uuid`, writer)
	} else {
		err = r.Get(ctx, &raw, `SELECT digest FROM translog_entry WHERE writer_id = $1::uuid AND seq = $2::bigint`, writer, length)
	}
	return found(raw, err)
}

func found(raw []byte, err error) (seal.Digest, bool, error) {
	if db.IsNoRows(err) {
		return seal.Digest{}, false, nil
	}
	if err != nil {
		return seal.Digest{}, false, fmt.Errorf("look a chain up: %w", err)
	}
	d, err := seal.DigestOf(raw)
	return d, err == nil, err
}
