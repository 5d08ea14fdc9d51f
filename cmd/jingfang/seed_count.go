package main

import (
	"context"
	"strings"

	"github.com/google/uuid"

	"jingfang/integration/simulator"
	"jingfang/inventory"
	"jingfang/session/identity"
)

// counts leaves a visitor one count that was approved, with a difference in it,
// and one of the whole pharmacy that is going on. They are made once.
func (s *seeder) counts(ctx context.Context) error {
	open, done, err := inventory.ListStocktakes(ctx, s.app.db, 1)
	if err != nil || len(open)+len(done) > 0 {
		return err
	}
	pharmacist, err := s.by(ctx, "pharmacist")
	if err != nil {
		return err
	}
	helper, err := s.by(ctx, "assistant")
	if err != nil {
		return err
	}
	codes, err := s.receiveAll(ctx, pharmacist, simulator.Order{Lines: 1, Packs: 8, FirstDrug: 13, Codes: true})
	if err != nil {
		return err
	}
	if err := s.endedCount(ctx, helper, codes); err != nil {
		return err
	}
	a, err := s.app.stock.StartStocktake(ctx, pharmacist, inventory.StartingCount{CommandID: uuid.New()})
	if err != nil {
		return err
	}
	s.note("药房正在盘点，可以点到的药盒：", codes[:6])
	return s.scanned(ctx, helper, a.ID, codes[:3], "A 架")
}

// endedCount counts one drug of which a box is missing, and has it approved.
func (s *seeder) endedCount(ctx context.Context, by identity.Actor, codes []string) error {
	manager, err := s.by(ctx, "manager")
	if err != nil {
		return err
	}
	pack, err := inventory.FindPack(ctx, s.app.db, codes[0])
	if err != nil {
		return err
	}
	a, err := s.app.stock.StartStocktake(ctx, by, inventory.StartingCount{CommandID: uuid.New(), Drugs: []int64{pack.DrugID}})
	if err != nil {
		return err
	}
	if err := s.scanned(ctx, by, a.ID, codes[:len(codes)-1], "B 架"); err != nil {
		return err
	}
	step := inventory.CountStep{StocktakeID: a.ID, CommandID: uuid.New()}
	handed, err := s.app.stock.SubmitStocktake(ctx, by, step)
	if err != nil {
		return err
	}
	in := inventory.Explaining{StocktakeID: a.ID, CommandID: uuid.New(), Kind: inventory.DifferMissing, Reason: inventory.ReasonNotKnown, Text: "货架和药箱都找过", Adjust: true}
	if _, err := s.app.stock.ExplainDifferences(ctx, by, in); err != nil {
		return err
	}
	step = inventory.CountStep{StocktakeID: a.ID, CommandID: uuid.New(), Submission: handed.Submission}
	_, err = s.app.stock.ApproveStocktake(ctx, manager, step)
	return err
}

func (s *seeder) scanned(ctx context.Context, by identity.Actor, id int64, codes []string, shelf string) error {
	in := inventory.CountScan{StocktakeID: id, CommandID: uuid.New(), Codes: strings.Join(codes, "\n"), Shelf: shelf}
	_, err := s.app.stock.CountCodes(ctx, by, in)
	return err
}
