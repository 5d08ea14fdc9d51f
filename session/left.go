package session

import (
	"context"
	"fmt"

	"jingfang/session/identity"
	"jingfang/sql/db"
)

// Left is what a doctor says at 诊毕 of the codes that are still 未记录.
type Left string

// What may have become of boxes that were not recorded.
const (
	LeftNotGiven Left = "not_given"
	LeftGiven    Left = "given" // a fact that somebody has to write down later
)

// resolution is the answer as it stands in the record, "" for none.
func (l Left) resolution() string {
	switch l {
	case LeftNotGiven:
		return "诊毕时确认没有给出"
	case LeftGiven:
		return "诊毕时说明已给出，待补记"
	}
	return ""
}

// settleLeft writes the answer for all open codes of a visit. Without an answer,
// and when one is asked for, it gives how many wait for it.
func settleLeft(ctx context.Context, tx *db.Tx, by identity.Actor, v Visit, in Ending) (int, error) {
	if in.Left == "" && !in.AskLeft {
		return 0, nil
	}
	chips, err := Chips(ctx, tx, v.ID)
	if err != nil {
		return 0, err
	}
	open := 0
	for _, f := range chips {
		if f.Resolution == "" {
			open++
		}
	}
	if open == 0 || in.Left == "" {
		return open, nil
	}
	if in.Left == LeftGiven {
		if err := noQuestions(chips); err != nil {
			return open, err
		}
	}
	for _, f := range chips {
		if f.Resolution != "" {
			continue
		}
		_, err := tx.Exec(ctx, `UPDATE visit_refusal SET resolved_at = $4, resolved_by = $5, resolution = $6
WHERE visit_id = $1 AND raw = $2 AND code = $3 AND resolved_at IS NULL`, v.ID, f.Raw, f.Code, tx.Now, by.StaffID, in.Left.resolution())
		if err != nil {
			return 0, fmt.Errorf("resolve refusal: %w", err)
		}
	}
	return 0, nil
}
