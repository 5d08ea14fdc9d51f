package integration

import (
	"context"
	"errors"
	"fmt"

	"jingfang/integration/wire"
	"jingfang/sql/db"
	"jingfang/sql/seal"
)

// ours makes our document of one as a stream brings it. An uploaded one is ours
// already.
func (p *Poller) ours(stream string, raw []byte) ([]byte, error) {
	if stream == UploadStream || p.c.Client == nil {
		return raw, nil
	}
	return p.c.Client.Receipt(raw)
}

// take hands one document to its owner, or puts it into the work list. Its
// error ends the round.
func (p *Poller) take(ctx context.Context, stream string, raw []byte, n *Pulled) error {
	n.Documents++
	changed, err := p.ingest(ctx, stream, raw)
	if err == nil {
		if err := p.settle(ctx, stream, raw); err != nil || !changed {
			return err
		}
		n.Taken++
		return p.follow(ctx, stream, raw)
	}
	if !isRefusal(err) && !p.putAside(ctx, raw, err) {
		return err
	}
	n.Refused++
	return p.noteProblem(ctx, stream, raw, err)
}

func (p *Poller) ingest(ctx context.Context, stream string, raw []byte) (bool, error) {
	raw, err := p.ours(stream, raw)
	if err != nil {
		return false, err
	}
	doc, err := wire.DecodeReceipt(raw)
	if err != nil {
		return false, err
	}
	if doc.Source != p.c.Source {
		return false, db.Refuse(db.Invalid, "单据整张未收：来源写的是“%s”，应为“%s”。", doc.Source, p.c.Source)
	}
	changed, err := p.c.Ingest(ctx, doc)
	if err != nil {
		return false, fmt.Errorf("take in receipt %s/%d: %w", doc.Number, doc.Revision, err)
	}
	return changed, nil
}

// isRefusal tells a document that cannot be taken in from a moment in which
// nothing can.
func isRefusal(err error) bool {
	var d *wire.DocumentError
	if errors.As(err, &d) || errors.Is(err, wire.ErrTooLarge) {
		return true
	}
	switch db.KindOf(err) {
	case db.Invalid, db.NotFound, db.Conflict, db.Denied:
		return true
	}
	return false
}

// putAside says whether a document that meets an inner fault again and again
// is to be put aside: one such document must not stop the stream for ever.
func (p *Poller) putAside(ctx context.Context, raw []byte, err error) bool {
	if db.KindOf(err) != db.Internal || ctx.Err() != nil {
		return false
	}
	digest := seal.SM3(raw)
	if p.stuck.digest != digest {
		p.stuck = stuck{digest: digest}
	}
	p.stuck.times++
	return p.stuck.times >= maxStuck
}

// sentence is what the work list shows.
func sentence(err error) string {
	var d *wire.DocumentError
	if errors.As(err, &d) {
		return d.Sentence()
	}
	return db.Sentence(err)
}
