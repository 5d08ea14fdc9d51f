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
// which has just been taken in.
func (p *Poller) follow(ctx context.Context, raw []byte) error {
	source, number, _ := wire.Identify(raw)
	if source != p.c.Source || number == "" {
		return nil
	}
	var waiting [][]byte
	err := p.c.DB.Select(ctx, &waiting, `SELECT document FROM pull_problem
WHERE source = $1 AND stream = $2 AND waits_for = $3::text AND waits_for <> '' AND resolved_at IS NULL ORDER BY id`, p.c.Source, p.c.Stream, number)
	if err != nil {
		return fmt.Errorf("look for what waits for %s: %w", number, err)
	}
	for _, red := range waiting {
		_, err := p.ingest(ctx, red)
		switch {
		case err == nil:
			err = p.settle(ctx, red)
		case isRefusal(err):
			err = p.noteProblem(ctx, red, err)
		}
		if err != nil {
			return err
		}
	}
	return nil
}
