package reporting_test

import (
	"context"
	"strings"
	"testing"

	"jingfang/reporting"
	"jingfang/session/identity"
)

// The manager's line counts what waits for somebody: a recall in force, a paper
// without its second person. Who has one site only hears of the recall, which is
// everybody's.
func TestOverviewCountsWhatWaits(t *testing.T) {
	d := newDay(t, 1, usualDrugs()...)
	who := d.person("演示药师丙", identity.Pharmacist)
	read := func(allowed []int64) (o reporting.Overview) {
		o, err := reporting.ReadOverview(context.Background(), d.db.App, allowed)
		d.must(err)
		return o
	}
	if o := read(nil); !o.Calm() || !strings.HasSuffix(o.Sentence(), "，0 项待处理") {
		t.Fatalf("a quiet day: %s %v", o.Sentence(), o.Pending)
	}
	d.insert(`INSERT INTO recall (class, scope, reason, source_no, started_by, started_at, due_at) VALUES ('二级', 'batch', '演示', '演〔2026〕1号', $1, now(), now()) RETURNING id`, who.StaffID)
	d.insert(`INSERT INTO disposal (number, act, reason, packs, proposed_by, proposed_at) VALUES ('XH1', 'destroy', '演示', 1, $1, now()) RETURNING id`, who.StaffID)
	if o := read(nil); o.Calm() || len(o.Pending) != 2 || !strings.HasSuffix(o.Sentence(), "，2 项待处理") {
		t.Errorf("a day with two: %s %v", o.Sentence(), o.Pending)
	}
	if o := read([]int64{1}); len(o.Pending) != 1 || o.Pending[0].Kind != reporting.PendingRecall {
		t.Errorf("of one site: %v", o.Pending)
	}
}
