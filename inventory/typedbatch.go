package inventory

import (
	"strings"
	"time"
	"unicode"

	"jingfang/sql/db"
)

// TypedBatch is what a person reads off boxes whose code and document do not
// say it.
type TypedBatch struct {
	Batch     string    // at most 60 characters
	ExpiresOn time.Time // the calendar day; zero when nothing was typed
	// Confirmed says that a date which has passed is what stands on the box.
	Confirmed bool
}

// longestLife is how many years ahead an expiry may lie: more is a slip of the
// finger.
const longestLife = 10

// IsZero reports that nothing was typed.
func (t TypedBatch) IsZero() bool { return t.Batch == "" && t.ExpiresOn.IsZero() }

// check refuses what cannot stand on a box, and asks about what hardly can.
func (t TypedBatch) check(now time.Time) error {
	day := dateText(t.ExpiresOn)
	switch {
	case longer(t.Batch, 60):
		return db.Refuse(db.Invalid, "批号最多 60 个字，请核对盒上的批号。")
	case strings.ContainsFunc(t.Batch, unicode.IsControl):
		return db.Refuse(db.Invalid, "批号里有看不见的字符，请重新输入盒上的批号。")
	case t.ExpiresOn.IsZero():
		return nil
	case !plausibleDay(t.ExpiresOn), dayNumber(t.ExpiresOn) > dayNumber(now.In(shanghai()).AddDate(longestLife, 0, 0)):
		return db.Refuse(db.Invalid, "有效期 %s 离今天超过 %d 年，多半是输错了。请核对盒上的有效期。", day, longestLife)
	case Expired(t.ExpiresOn, now) && !t.Confirmed:
		return db.Refuse(db.Invalid, "有效期 %s 已经过去。盒上确实如此，请勾选“盒上确实是这天”再保存；入库后请放到隔离区。", day)
	}
	return nil
}

// whole refuses a batch or an expiry that is missing.
func (t TypedBatch) whole() error {
	if t.Batch == "" || t.ExpiresOn.IsZero() {
		return db.Refuse(db.Invalid, "请把批号和有效期都填上，照盒上印的写。")
	}
	return nil
}
