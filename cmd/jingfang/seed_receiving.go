package main

import (
	"context"
	"fmt"
	"strings"

	"github.com/google/uuid"

	"jingfang/integration/simulator"
	"jingfang/integration/wire"
	"jingfang/inventory"
	"jingfang/session/identity"
)

// unknownPrefix begins codes that no drug of the demo has.
const unknownPrefix = "8199999"

// changedDocuments shows what happens to documents: one that is changed after
// boxes were scanned in, one that a red document cancels in part, a red one whose
// original has not come, and one without batches whose boxes nobody knows.
func (s *seeder) changedDocuments(ctx context.Context, by identity.Actor) error {
	for _, do := range []func(context.Context, identity.Actor) error{s.changedRevision, s.redDocuments, s.unknownBoxes} {
		if err := do(ctx, by); err != nil {
			return err
		}
	}
	return nil
}

// order has HIS send a receipt, fetches it and gives its number here.
func (s *seeder) order(ctx context.Context, o simulator.Order) (wire.Receipt, int64, error) {
	sent, err := s.his.his.MakeReceipt(o)
	if err != nil {
		return sent, 0, err
	}
	if _, err := s.app.poller.Round(ctx); err != nil {
		return sent, 0, err
	}
	id, err := s.receiptID(ctx, sent.Number)
	return sent, id, err
}

// send has HIS send documents as they are, and fetches them.
func (s *seeder) send(ctx context.Context, docs ...wire.Receipt) error {
	for _, d := range docs {
		if err := s.his.his.AddReceipt(d); err != nil {
			return err
		}
	}
	_, err := s.app.poller.Round(ctx)
	return err
}

func (s *seeder) scanIn(ctx context.Context, by identity.Actor, receipt int64, codes []string) error {
	_, err := s.app.stock.Receive(ctx, by, inventory.ReceiveScan{ReceiptID: receipt, CommandID: uuid.New(), Codes: strings.Join(codes, "\n")})
	return err
}

// changedRevision: four boxes are in, then the sender changes the list; one of
// the four is not on it any more.
func (s *seeder) changedRevision(ctx context.Context, by identity.Actor) error {
	sent, id, err := s.order(ctx, simulator.Order{Lines: 2, Packs: 6, FirstDrug: 5, Codes: true})
	if err != nil {
		return err
	}
	if err := s.scanIn(ctx, by, id, sent.Lines[0].Codes[:4]); err != nil {
		return err
	}
	next := sent
	next.Revision, next.Lines = 2, append([]wire.Line(nil), sent.Lines...)
	next.Lines[0].Codes = next.Lines[0].Codes[1:]
	next.Lines[0].Packs = len(next.Lines[0].Codes)
	s.note(fmt.Sprintf("换过版的单 %s（第 2 版）里还没扫的药盒：", sent.Number), append(append([]string{}, next.Lines[0].Codes[3:]...), next.Lines[1].Codes...))
	return s.send(ctx, next)
}

// redDocuments: two of five boxes are in when four are cancelled; another red
// document waits for an original that never came.
func (s *seeder) redDocuments(ctx context.Context, by identity.Actor) error {
	sent, id, err := s.order(ctx, simulator.Order{Lines: 1, Packs: 5, FirstDrug: 12})
	if err != nil {
		return err
	}
	if err := s.scanIn(ctx, by, id, sent.Lines[0].Codes[:2]); err != nil {
		return err
	}
	red := sent
	red.Number, red.Kind, red.Cancels = sent.Number+"H1", wire.KindRed, sent.Number
	red.Lines = append([]wire.Line(nil), sent.Lines...)
	red.Lines[0].Packs, red.Lines[0].Codes = 4, nil
	waiting := red
	waiting.Number, waiting.Cancels = sent.Number+"H2", sent.Number+"X"
	return s.send(ctx, red, waiting)
}

// unknownBoxes: a document that tells neither batch nor expiry, and boxes of a
// prefix that nobody has taught.
func (s *seeder) unknownBoxes(ctx context.Context, by identity.Actor) error {
	sent, id, err := s.order(ctx, simulator.Order{Lines: 1, Packs: 3, FirstDrug: 18})
	if err != nil {
		return err
	}
	bare := sent
	bare.Number, bare.Lines = sent.Number+"N", append([]wire.Line(nil), sent.Lines...)
	bare.Lines[0].Batch, bare.Lines[0].ExpiresOn, bare.Lines[0].MadeOn = "", wire.Date{}, wire.Date{}
	bare.Lines[0].Codes, bare.Lines[0].Packs = nil, 6
	if err := s.send(ctx, bare); err != nil {
		return err
	}
	if err := s.scanIn(ctx, by, id, sent.Lines[0].Codes); err != nil {
		return err
	}
	if _, err := s.app.stock.FinishReceipt(ctx, by, inventory.Finishing{ReceiptID: id, CommandID: uuid.New()}); err != nil {
		return err
	}
	if id, err = s.receiptID(ctx, bare.Number); err != nil {
		return err
	}
	var unknown []string
	for n := range 4 {
		unknown = append(unknown, simulator.DemoCode(unknownPrefix, int64(n+1)))
	}
	s.note(fmt.Sprintf("单 %s 里未对照的药盒（前缀 %s，请药师在这张单上对照）：", bare.Number, unknownPrefix), unknown)
	return s.scanIn(ctx, by, id, unknown[:3])
}
