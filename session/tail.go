package session

import (
	"context"
	"fmt"
	"strings"
	"time"

	"jingfang/inventory"
	"jingfang/sql/db"
)

// The end of a code that a person may type: shorter ones fit too many packs,
// longer ones are no help to the eye.
const (
	shortestTail = 4
	longestTail  = 6
	// maxChoices is how many packs with the same end are offered.
	maxChoices = 8
)

// Choice is one of several packs whose codes end alike.
type Choice struct {
	Code      string     `db:"code" json:"code"`
	Generic   string     `db:"generic_name" json:"drug"`
	Spec      string     `db:"spec" json:"spec"`
	Batch     string     `db:"batch" json:"batch"`
	ExpiresOn *time.Time `db:"expires_on" json:"-"`
	Gone      bool       `db:"gone" json:"-"` // handed out already
}

// typedTail takes the end of a code out of what was typed: one piece of 4 to 6
// letters and digits with a digit among them, in upper case like every code.
func typedTail(in Scan, read []inventory.Parsed) (string, bool) {
	if !in.Typed || len(read) != 1 || read[0].Err == nil {
		return "", false
	}
	s := strings.ToUpper(strings.TrimSpace(read[0].Raw))
	if len(s) < shortestTail || len(s) > longestTail || !strings.ContainsAny(s, "0123456789") {
		return "", false
	}
	for _, c := range s {
		if (c < '0' || c > '9') && (c < 'A' || c > 'Z') {
			return "", false
		}
	}
	return s, true
}

// findTail looks for the end among the packs that the session holds. When none
// of those ends so, one that it has handed out is named instead: the answer
// then says who has it.
func findTail(ctx context.Context, tx *db.Tx, sessionID int64, tail string) ([]Choice, error) {
	var list []Choice
	err := tx.Select(ctx, &list, `SELECT k.code, d.generic_name, d.spec, k.batch, k.expires_on, (k.state = 'dispensed') AS gone
FROM pack k JOIN drug d ON d.id = k.drug_id
WHERE k.session_id = $1::bigint AND k.state IN ('allocated', 'dispensed') AND upper(right(k.code, $2::integer)) = $3::text
ORDER BY CASE WHEN k.state = 'allocated' THEN 1 ELSE 2 END, k.expires_on, k.code LIMIT $4::integer`,
		sessionID, len(tail), tail, maxChoices+1)
	if err != nil {
		return nil, fmt.Errorf("look for the end of a code: %w", err)
	}
	held := 0
	for held < len(list) && !list[held].Gone {
		held++
	}
	if held > 0 {
		return list[:held], nil
	}
	return list, nil
}

// tailAnswer is for an end that no pack or more than one has; nothing is kept as
// 未记录, because no box was read.
func tailAnswer(tail string, found []Choice, packs int) ScanAnswer {
	kind := inventory.KindTailUnknown
	if len(found) > 1 && !found[0].Gone {
		kind = inventory.KindTailSeveral
	} else {
		found = nil
	}
	count := fmt.Sprint(len(found))
	if len(found) > maxChoices {
		found, count = found[:maxChoices], fmt.Sprintf("%d 以上", maxChoices)
	}
	a := inventory.NewCodeAnswer(tail, "", "", kind, kind.Sentence(inventory.Details{Count: count}))
	return ScanAnswer{Answers: []inventory.CodeAnswer{a}, Packs: packs, Choices: found}
}
