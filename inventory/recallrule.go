package inventory

import (
	"fmt"
	"time"
)

// RecallClass says how fast a recall must have reached everybody
// (药品召回管理办法).
type RecallClass string

// The classes.
const (
	RecallFirst  RecallClass = "一级" // serious harm: 24 hours
	RecallSecond RecallClass = "二级" // passing harm: 48 hours
	RecallThird  RecallClass = "三级" // hardly any harm: 72 hours
)

// RecallClasses lists every class, the most urgent first.
func RecallClasses() []RecallClass { return []RecallClass{RecallFirst, RecallSecond, RecallThird} }

// Window is how long after its start a recall of this class may take; zero for
// a class that does not exist.
func (c RecallClass) Window() time.Duration {
	switch c {
	case RecallFirst:
		return 24 * time.Hour
	case RecallSecond:
		return 48 * time.Hour
	case RecallThird:
		return 72 * time.Hour
	}
	return 0
}

// RecallKind says what a recall names.
type RecallKind string

// The kinds.
const (
	RecallDrug  RecallKind = "drug"  // every box of a drug
	RecallBatch RecallKind = "batch" // those of one batch
	RecallCodes RecallKind = "codes" // the boxes of a list
)

// RecallScope is what a recall names: the drug, with a batch or without one, or
// codes. Of the two, only one is filled.
type RecallScope struct {
	DrugID int64
	Batch  string
	Codes  []string
}

// Kind is the kind of the scope.
func (s RecallScope) Kind() RecallKind {
	switch {
	case s.DrugID == 0:
		return RecallCodes
	case s.Batch == "":
		return RecallDrug
	}
	return RecallBatch
}

// openRecall is one line of what is recalled at the moment: a drug, a batch of
// it, or a code.
type openRecall struct {
	ID     int64  `db:"id"`
	DrugID int64  `db:"drug_id"`
	Batch  string `db:"batch"`
	Code   string `db:"code"`
}

// names reports whether the recall means this box.
func (r openRecall) names(drugID int64, batch, code string) bool {
	if r.Code != "" {
		return r.Code == code
	}
	return r.DrugID == drugID && (r.Batch == "" || r.Batch == batch)
}

// recallOf is the first of the recalls that means this box, by its number; zero
// for none.
func recallOf(open []openRecall, drugID int64, batch, code string) int64 {
	var first int64
	for _, r := range open {
		if r.names(drugID, batch, code) && (first == 0 || r.ID < first) {
			first = r.ID
		}
	}
	return first
}

// RecallNumber is a recall as people speak of it: ZH000012.
func RecallNumber(id int64) string { return fmt.Sprintf("ZH%06d", id) }

// maxNear is how many batches are offered for one that is not known.
const maxNear = 5

// nearBatches lists the batches that somebody who typed another one may have
// meant, the nearest first: those that differ by few characters, and those that
// hold it or are held by it.
func nearBatches(typed string, known []string) []string {
	var near []string
	want := foldBatch(typed)
	for distance := 0; distance <= 3; distance++ {
		for _, k := range known {
			if batchDistance(want, foldBatch(k)) == distance && len(near) < maxNear {
				near = append(near, k)
			}
		}
	}
	return near
}

// Countdown says how long there is until a recall is due: 3 小时 12 分, or how
// long it is past that.
func Countdown(due, now time.Time) (words string, late bool) {
	left := due.Sub(now)
	if late = left < 0; late {
		left = -left
	}
	minutes := int(left / time.Minute)
	if minutes < 60 {
		return fmt.Sprintf("%d 分", minutes), late
	}
	return fmt.Sprintf("%d 小时 %d 分", minutes/60, minutes%60), late
}
