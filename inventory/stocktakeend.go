package inventory

import (
	"context"
	"fmt"
	"strings"
	"unicode/utf8"

	"github.com/google/uuid"

	"jingfang/session/identity"
	"jingfang/sql/db"
)

// Recounting has a drug counted anew.
type Recounting struct {
	StocktakeID int64
	CommandID   uuid.UUID
	DrugID      int64
}

// RecountDrug takes what was counted of a drug out of the count: the first count
// is kept, the later one counts. A count that was handed in goes back to counting,
// with everything else as it stands.
func (s *Service) RecountDrug(ctx context.Context, by identity.Actor, in Recounting) (CountStepped, error) {
	step := CountStep{StocktakeID: in.StocktakeID, CommandID: in.CommandID, Reason: fmt.Sprint(in.DrugID)}
	return s.countStep(ctx, by, identity.CountStock, "recount_drug", step, func(ctx context.Context, tx *db.Tx) (CountStepped, error) {
		x, err := lockStocktake(ctx, tx, in.StocktakeID, CountOpen, CountSubmitted)
		if err != nil {
			return CountStepped{}, err
		}
		drug, err := x.countedDrug(ctx, tx, in.DrugID)
		if err != nil {
			return CountStepped{}, err
		}
		n, err := x.forgetDrug(ctx, tx, by, in.DrugID)
		if err != nil {
			return CountStepped{}, err
		}
		if n == 0 && x.State == CountOpen {
			return CountStepped{}, db.Refuse(db.Invalid, "%s 还没有盘过，直接扫或按数填即可。", drug.Name())
		}
		if err := x.reopen(ctx, tx); err != nil {
			return CountStepped{}, err
		}
		a := CountStepped{State: CountOpen, Sentence: drug.Name() + " 请重新清点。先前的记录留底，以重盘为准。"}
		return a, x.audit(ctx, tx, by, "stocktake.recount", fmt.Sprintf("number=%s drug=%d rows=%d", x.Number(), in.DrugID, n))
	})
}

// forgetDrug ends what stands of a drug and says how many rows that were.
func (x Stocktake) forgetDrug(ctx context.Context, tx *db.Tx, by identity.Actor, drugID int64) (int64, error) {
	seen, err := tx.Exec(ctx, `UPDATE stocktake_seen SET ended_at = $3, ended_by = $4, ended_how = 'recounted'
WHERE stocktake_id = $1 AND drug_id = $2 AND ended_at IS NULL`, x.ID, drugID, tx.Now, by.StaffID)
	if err != nil {
		return 0, fmt.Errorf("end counted boxes of a drug: %w", err)
	}
	numbers, err := tx.Exec(ctx, `UPDATE stocktake_number SET ended_at = $3, ended_by = $4, ended_how = 'recounted'
WHERE stocktake_id = $1 AND drug_id = $2 AND ended_at IS NULL`, x.ID, drugID, tx.Now, by.StaffID)
	if err != nil {
		return 0, fmt.Errorf("end a counted number: %w", err)
	}
	return seen + numbers, nil
}

// reopen brings a count back to counting.
func (x Stocktake) reopen(ctx context.Context, tx *db.Tx) error {
	if err := tx.ExecOne(ctx, `UPDATE stocktake SET state = 'counting', version = version + 1 WHERE id = $1`, x.ID); err != nil {
		return fmt.Errorf("reopen stocktake: %w", err)
	}
	return nil
}

// RejectStocktake sends a submitted count back to counting, with a reason. What
// was counted stands.
func (s *Service) RejectStocktake(ctx context.Context, by identity.Actor, in CountStep) (CountStepped, error) {
	if err := in.wantsReason("退回重盘要写原因"); err != nil {
		return CountStepped{}, err
	}
	return s.countStep(ctx, by, identity.ApproveCount, "reject_stocktake", in, func(ctx context.Context, tx *db.Tx) (CountStepped, error) {
		x, err := lockStocktake(ctx, tx, in.StocktakeID, CountSubmitted)
		if err != nil {
			return CountStepped{}, err
		}
		if err := x.reopen(ctx, tx); err != nil {
			return CountStepped{}, err
		}
		if err := x.note(ctx, tx, "退回："+strings.TrimSpace(in.Reason)); err != nil {
			return CountStepped{}, err
		}
		a := CountStepped{State: CountOpen, Sentence: "已退回，可以继续清点。先前的结果留底。"}
		return a, x.audit(ctx, tx, by, "stocktake.reject", fmt.Sprintf("number=%s submission=%d reason=%s", x.Number(), x.Submission, in.Reason))
	})
}

// AbandonStocktake gives a count up: it changes nothing and enters no total.
func (s *Service) AbandonStocktake(ctx context.Context, by identity.Actor, in CountStep) (CountStepped, error) {
	if err := in.wantsReason("作废盘点要写原因"); err != nil {
		return CountStepped{}, err
	}
	return s.countStep(ctx, by, identity.CountStock, "abandon_stocktake", in, func(ctx context.Context, tx *db.Tx) (CountStepped, error) {
		x, err := lockStocktake(ctx, tx, in.StocktakeID, CountOpen, CountSubmitted)
		if err != nil {
			return CountStepped{}, err
		}
		err = tx.ExecOne(ctx, `UPDATE stocktake SET state = 'abandoned', decided_by = $2, decided_at = $3, version = version + 1 WHERE id = $1`, x.ID, by.StaffID, tx.Now)
		if err != nil {
			return CountStepped{}, fmt.Errorf("abandon stocktake: %w", err)
		}
		if err := x.note(ctx, tx, strings.TrimSpace(in.Reason)); err != nil {
			return CountStepped{}, err
		}
		a := CountStepped{State: CountAbandoned, Sentence: fmt.Sprintf("盘点 %s 已作废，没有改动任何库存。", x.Number())}
		return a, x.audit(ctx, tx, by, "stocktake.abandon", fmt.Sprintf("number=%s reason=%s", x.Number(), in.Reason))
	})
}

func (in CountStep) wantsReason(what string) error {
	text := strings.TrimSpace(in.Reason)
	switch {
	case text == "":
		return db.Refuse(db.Invalid, "%s。请写一句后再点。", what)
	case utf8.RuneCountInString(text) > 150:
		return db.Refuse(db.Invalid, "原因最多 150 个字，请写短一些。")
	}
	return nil
}

// note keeps the last word on a count.
func (x Stocktake) note(ctx context.Context, tx *db.Tx, text string) error {
	if err := tx.ExecOne(ctx, `UPDATE stocktake SET remark = $2 WHERE id = $1`, x.ID, clip(text, 200)); err != nil {
		return fmt.Errorf("note on a stocktake: %w", err)
	}
	return nil
}
