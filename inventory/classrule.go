package inventory

import (
	"context"
	"fmt"
	"time"

	"jingfang/sql/db"
)

// ClassRule is what the law asks of the drugs of a class from a day on.
type ClassRule struct {
	Class Class `db:"class"`
	// Since is the first day, as midnight UTC.
	Since time.Time `db:"since_on"`
	// MaxDays is how many days' usual quantity may be given without a stated
	// reason; nil is no limit. LimitLaw is the text that says so.
	MaxDays  *int   `db:"max_days"`
	LimitLaw string `db:"limit_law"`
	// KeepYears is how long the register is kept after the batch has expired; nil
	// is no register. KeepLaw is the text that says so.
	KeepYears *int   `db:"keep_years"`
	KeepLaw   string `db:"keep_law"`
}

// Over tells whether so many days need a reason. No days are not over.
func (r ClassRule) Over(days int) bool { return r.MaxDays != nil && days > *r.MaxDays }

// Registered tells whether the class has a register of its own (专用账册).
func (r ClassRule) Registered() bool { return r.KeepYears != nil }

// KeepUntil is the last day on which the register's lines of a batch must still be
// there; false when the expiry is not known, and then they are kept for good.
func (r ClassRule) KeepUntil(expires *time.Time) (time.Time, bool) {
	if r.KeepYears == nil || expires == nil {
		return time.Time{}, false
	}
	return expires.AddDate(*r.KeepYears, 0, 0), true
}

// ClassRules are all rules, in the order of their days; of two of the same class
// and day the later row stands behind the earlier.
type ClassRules []ClassRule

// On is the rule of a class on a day (midnight UTC). A class without a rule has
// neither limit nor register, and no text.
func (l ClassRules) On(c Class, day time.Time) ClassRule {
	found := ClassRule{Class: c}
	for _, r := range l {
		if r.Class == c && !r.Since.After(day) {
			found = r
		}
	}
	return found
}

// ReadClassRules reads all rules.
func ReadClassRules(ctx context.Context, r db.Reader) (ClassRules, error) {
	var list ClassRules
	err := r.Select(ctx, &list, `SELECT class, since_on, max_days, limit_law, keep_years, keep_law FROM class_rule ORDER BY since_on, id`)
	if err != nil {
		return nil, fmt.Errorf("read the rules of classes: %w", err)
	}
	return list, nil
}
