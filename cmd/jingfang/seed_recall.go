package main

import (
	"context"
	"strings"

	"github.com/google/uuid"

	"jingfang/integration/simulator"
	"jingfang/inventory"
	"jingfang/session/identity"
)

// expiring puts packs on the shelf that end in 20, 60 and 150 days, for the list
// of what expires.
func (s *seeder) expiring(ctx context.Context, by identity.Actor) error {
	for i, days := range []int{20, 60, 150} {
		_, err := s.receiveAll(ctx, by, simulator.Order{Lines: 1, Packs: 6 + 2*i, FirstDrug: 16 + i, Codes: true, ExpiresIn: days})
		if err != nil {
			return err
		}
	}
	return nil
}

// demoUnknown is a code of the demo's recall that has never been here.
const demoUnknown = "89999990000000000017"

// recall starts a recall by a list of codes: boxes that the first patients have,
// and one that never came. A second start finds it running.
func (s *seeder) recall(ctx context.Context, by identity.Actor, codes []string) error {
	running, err := inventory.CountOpenRecalls(ctx, s.app.db)
	if err != nil || running.Open > 0 {
		return err
	}
	list := append([]string{demoUnknown}, codes[24:24+demoDone]...)
	_, err = s.app.stock.StartRecall(ctx, by, inventory.Recalling{CommandID: uuid.New(), Class: inventory.RecallSecond, Codes: strings.Join(list, "\n"),
		Reason: "演示：铝塑板密封不严", SourceNo: "演示召〔2026〕1 号"})
	return err
}
