package session

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/lib/pq"

	"jingfang/inventory"
	"jingfang/sql/db"
)

// Over tells whether the line gives more days than its class allows without a
// reason (处方管理办法).
func (l Line) Over() bool {
	return l.Days != nil && inventory.ClassRule{MaxDays: l.MaxDays}.Over(*l.Days)
}

// Asks tells whether the line is over the limit and nobody has said why.
func (l Line) Asks() bool { return l.Over() && l.OverReason == "" }

// Limit names the limit for people, such as 精二 7 日常用量; "" where there is none.
func (l Line) Limit() string {
	if l.MaxDays == nil {
		return ""
	}
	return fmt.Sprintf("%s %d 日常用量", l.Class.Chinese(), *l.MaxDays)
}

func checkOverReason(text string) error {
	if utf8.RuneCountInString(text) > 100 {
		return db.Refuse(db.Invalid, "超量的理由最多 100 个字，请写短一些。")
	}
	return nil
}

// doseAnswer says that a dose is written, and what it still wants.
func doseAnswer(lines []Line, pack int64) DoseAnswer {
	for _, l := range lines {
		if l.PackID == pack && l.Asks() {
			return DoseAnswer{Over: true, Sentence: fmt.Sprintf("已记下。%s %d 天，超过%s。请写明理由。",
				inventory.DrugName(l.Generic, l.Spec), *l.Days, l.Limit())}
		}
	}
	return DoseAnswer{Sentence: "用量和天数已记下。"}
}

// settleOver writes the reason for all lines of a visit that want one. Without a
// reason, and when it is to be asked for, it says how many drugs want it.
func settleOver(ctx context.Context, tx *db.Tx, v Visit, in Ending) (FinishAnswer, error) {
	in.OverReason = strings.TrimSpace(in.OverReason)
	if in.OverReason == "" && (!in.AskLeft || in.OverAsked) {
		return FinishAnswer{}, nil
	}
	lines, err := VisitLines(ctx, tx, v.ID)
	if err != nil {
		return FinishAnswer{}, err
	}
	var packs, drugs []int64
	for _, l := range lines {
		if l.Asks() {
			packs, drugs = append(packs, l.PackID), append(drugs, l.DrugID)
		}
	}
	slices.Sort(drugs)
	if n := len(slices.Compact(drugs)); n == 0 || in.OverReason == "" {
		return FinishAnswer{Number: v.Number, Packs: v.Lines, OverLimit: n,
			Sentence: fmt.Sprintf("%d 种药的天数超过管理类别的限量。请点理由再诊毕；不注明也能诊毕，账册会标出。", n)}, nil
	}
	_, err = tx.Exec(ctx, `UPDATE visit_line SET over_reason = $3 WHERE visit_id = $1 AND pack_id = ANY($2::bigint[]) AND undone_at IS NULL`,
		v.ID, pq.Array(packs), in.OverReason)
	if err != nil {
		return FinishAnswer{}, fmt.Errorf("write why a supply is long: %w", err)
	}
	return FinishAnswer{}, nil
}
