package web

import (
	"context"

	"jingfang/inventory"
	"jingfang/session/identity"
)

// recallHintView points from the day's page to the recalls in force; Open is zero
// on most days and for who does not call patients.
type recallHintView struct {
	URL          string
	Open         int
	Word, Figure string
}

func (h *Handlers) readRecallHint(ctx context.Context, by identity.Actor) (recallHintView, error) {
	v := recallHintView{URL: "/recalls"}
	if by.Can(identity.CallPatients, 0) != nil {
		return v, nil
	}
	c, err := inventory.CountOpenRecalls(ctx, h.db)
	if err != nil || c.First == nil {
		return v, err
	}
	words, late := inventory.Countdown(*c.First, h.db.Now())
	v.Open, v.Word, v.Figure = c.Open, "最近还剩", words
	if late {
		v.Word = "最急的已超时"
	}
	return v, nil
}
