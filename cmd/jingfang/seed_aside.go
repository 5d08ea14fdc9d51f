package main

import (
	"context"
	"strings"

	"github.com/google/uuid"

	"jingfang/integration/simulator"
	"jingfang/inventory"
	"jingfang/session/identity"
)

// setAside leaves something apart for a visitor: packs in quarantine, a damaged
// one, and a paper that waits for a second person. It is made once.
func (s *seeder) setAside(ctx context.Context) error {
	for _, waiting := range []bool{true, false} {
		papers, err := inventory.ListDisposals(ctx, s.app.db, s.app.db.Now(), waiting, 1)
		if err != nil || len(papers) > 0 {
			return err
		}
	}
	by, err := s.by(ctx, "pharmacist")
	if err != nil {
		return err
	}
	codes, err := s.receiveAll(ctx, by, simulator.Order{Lines: 1, Packs: 6, FirstDrug: 12, Codes: true})
	if err != nil {
		return err
	}
	for _, x := range []inventory.SettingAside{
		{Act: inventory.MoveQuarantine, Codes: strings.Join(codes[:2], "\n"), Reason: "封签断开，质量可疑"},
		{Act: inventory.MoveDamage, Codes: strings.Join(codes[2:4], "\n"), Reason: "搬运时受潮"},
		{Act: inventory.MoveDestroy, Codes: codes[3], Reason: "受潮，不能再用", Method: "交医废公司焚烧", Place: "医废暂存间"},
	} {
		if err := s.aside(ctx, by, x); err != nil {
			return err
		}
	}
	s.note("药房里可以隔离、报损的药盒：", codes[4:])
	return nil
}

func (s *seeder) aside(ctx context.Context, by identity.Actor, in inventory.SettingAside) error {
	in.CommandID = uuid.New()
	_, err := s.app.stock.SetAside(ctx, by, in)
	return err
}
