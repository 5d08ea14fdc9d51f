package session

import (
	"context"
	"fmt"
	"strings"
	"time"

	"jingfang/sql/db"
)

// named is how many visits or codes a refusal names; the page shows all.
const named = 5

// readyToClose refuses a session that something still keeps open, naming the first
// thing that does.
func readyToClose(ctx context.Context, tx *db.Tx, x Session) ([]ClosingLine, error) {
	if err := noOpenVisits(ctx, tx, x.ID); err != nil {
		return nil, err
	}
	if err := noOpenRequests(ctx, tx, x.ID); err != nil {
		return nil, err
	}
	if err := noWaitingBags(ctx, tx, x.ID); err != nil {
		return nil, err
	}
	if err := noWaitingDevices(ctx, tx, x.ID); err != nil {
		return nil, err
	}
	lines, err := readLines(ctx, tx, x)
	if err != nil {
		return nil, err
	}
	missing, err := readMissing(ctx, tx, x, lines)
	if err != nil {
		return nil, err
	}
	if len(missing) > 0 {
		return nil, missingSentence(missing)
	}
	for _, l := range lines {
		if !l.State().Settled() {
			return nil, db.Refuse(db.Conflict, "还不能结束：%s", l.Sentence())
		}
	}
	return lines, mayRoll(ctx, tx, x.ID)
}

// noOpenVisits refuses while somebody is at a table or waits, by number and
// doctor.
func noOpenVisits(ctx context.Context, r db.Reader, sessionID int64) error {
	open, err := openVisits(ctx, r, sessionID)
	if err != nil || len(open) == 0 {
		return err
	}
	var words []string
	for i, v := range open {
		if i == named {
			words = append(words, "…")
			break
		}
		if v.State == InConsultation {
			words = append(words, fmt.Sprintf("%d 号（%s）", v.Number, doctorWord(v.Doctor)))
		} else {
			words = append(words, fmt.Sprintf("%d 号（候诊）", v.Number))
		}
	}
	return db.Refuse(db.Conflict, "还有 %d 位患者没有结束：%s。请诊毕，没有来的请作废，再结束场次。", len(open), strings.Join(words, "、"))
}

// openVisits lists the visits that are not over, those at a table first.
func openVisits(ctx context.Context, r db.Reader, sessionID int64) ([]Visit, error) {
	var list []Visit
	err := r.Select(ctx, &list, `SELECT `+visitColumns+` FROM `+visitTables+`
WHERE v.session_id = $1::bigint AND v.state IN ('waiting', 'in_consultation')
ORDER BY CASE v.state WHEN 'in_consultation' THEN 0 ELSE 1 END, v.number`, sessionID)
	if err != nil {
		return nil, fmt.Errorf("read open visits: %w", err)
	}
	return list, nil
}

// openRequests counts the let-in requests that nobody has decided.
func openRequests(ctx context.Context, r db.Reader, sessionID int64) (int, error) {
	var n int
	err := r.Get(ctx, &n, `SELECT count(*) FROM let_in_request WHERE session_id = $1::bigint AND decision = ''`, sessionID)
	if err != nil {
		return 0, fmt.Errorf("count requests: %w", err)
	}
	return n, nil
}

func noOpenRequests(ctx context.Context, r db.Reader, sessionID int64) error {
	n, err := openRequests(ctx, r, sessionID)
	if err != nil || n == 0 {
		return err
	}
	return db.Refuse(db.Conflict, "还有 %d 个放行申请没有处理。请值班药师放行或拒绝后再结束。", n)
}

// missingSentence names the codes that are missing and who had the first of them.
func missingSentence(missing []MissingPack) error {
	var words []string
	for i, m := range missing {
		if i == named {
			words = append(words, "…")
			break
		}
		words = append(words, m.Code)
	}
	first := missing[0]
	return db.Refuse(db.Conflict, "还缺 %d 盒：%s。%s 最后：%s。请逐个选择去向后再结束。",
		len(missing), strings.Join(words, "、"), first.DrugName(), first.LastHeld())
}

// mayRoll refuses left-overs that another session may not take: what is out of
// date goes home.
func mayRoll(ctx context.Context, tx *db.Tx, sessionID int64) error {
	var row struct {
		Code    string `db:"code"`
		Generic string `db:"generic_name"`
	}
	err := tx.Get(ctx, &row, `SELECT k.code, d.generic_name FROM pack k JOIN drug d ON d.id = k.drug_id
JOIN closing_target t ON t.session_id = k.session_id AND t.drug_id = k.drug_id
WHERE k.session_id = $1::bigint AND k.state = 'allocated' AND (k.expires_on < $2::date OR k.returned) ORDER BY k.code LIMIT 1`,
		sessionID, Today(tx.Now).Format(time.DateOnly))
	if db.IsNoRows(err) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("look for packs that may not be rolled over: %w", err)
	}
	return db.Refuse(db.Conflict, "%s（%s）已过期或曾被退回，不能转下场。请把这种药改为带回药房。", row.Generic, row.Code)
}
