package integration

import (
	"context"
	"fmt"

	"jingfang/integration/wire"
)

// waitsFor is the document that a red one cancels; "" for all others. Documents
// may come in any order: a red one before its original stays in the work list.
func waitsFor(raw []byte) string {
	doc, err := wire.DecodeReceipt(raw)
	if err != nil || doc.Kind != wire.KindRed {
		return ""
	}
	return doc.Cancels
}

// follow tries the red documents of the work list again that cancel the document
// which has just been taken in, whichever way they came.
func (p *Poller) follow(ctx context.Context, stream string, raw []byte) error {
	raw, err := p.ours(stream, raw)
	if err != nil {
		return nil // it was taken in, so it is readable
	}
	source, number, _ := wire.Identify(raw)
	if source != p.c.Source || number == "" {
		return nil
	}
	var waiting []struct {
		Stream   string `db:"stream"`
		Document []byte `db:"document"`
	}
	err = p.c.DB.Select(ctx, &waiting, `SELECT stream, document FROM pull_problem
WHERE source = $1 AND waits_for = $2::text AND waits_for <> '' AND resolved_at IS NULL ORDER BY id`, p.c.Source, number)
	if err != nil {
		return fmt.Errorf("look for what waits for %s: %w", number, err)
	}
	for _, red := range waiting {
		_, err := p.ingest(ctx, red.Stream, red.Document)
		switch {
		case err == nil:
			err = p.settle(ctx, red.Stream, red.Document)
		case isRefusal(err):
			err = p.noteProblem(ctx, red.Stream, red.Document, err)
		}
		if err != nil {
			return err
		}
	}
	return nil
}
