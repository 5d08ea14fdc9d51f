package reporting_test

import (
	"testing"

	"jingfang/inventory"
	"jingfang/reporting"
	"jingfang/session"
)

// lineOf finds the line of a pack's drug and batch.
func lineOf(t *testing.T, r reporting.SessionReport, drug, batch string) reporting.StockLine {
	t.Helper()
	for _, l := range r.Stock {
		if l.Drug == drug && l.Batch == batch {
			return l
		}
	}
	t.Fatalf("no line %s %s", drug, batch)
	return reporting.StockLine{}
}

func words(l reporting.StockLine, a reporting.Amount) string { return a.Words(l.PackWord, l.UnitWord) }

func TestStockOfADay(t *testing.T) {
	d := newDay(t, 2, usualDrugs()...)
	playUsual(d)
	r, a := d.codes[risperidone], d.codes[aripiprazol]
	other, err := d.svc.PlanSession(d.ctx, d.chief, session.Plan{SiteID: d.site, HeldOn: session.Today(d.db.App.Now()).AddDate(0, 1, 0),
		Team: []session.Member{{StaffID: d.chief.StaffID, Part: session.PartPharmacist}, {StaffID: d.doctors[0].StaffID, Part: session.PartDoctor}}})
	d.must(err)
	d.move(inventory.Move{Kind: inventory.MoveRollOver, Session: other}, r[6], r[7])
	d.move(inventory.Move{Kind: inventory.MoveDamage}, r[8])
	d.move(inventory.Move{Kind: inventory.MoveLose}, r[9])
	d.move(inventory.Move{Kind: inventory.MoveLose}, r[10])
	d.move(inventory.Move{Kind: inventory.MoveFind, To: inventory.StateAllocated, Session: d.session}, r[10])
	d.move(inventory.Move{Kind: inventory.MoveQuarantine}, a[2])
	d.move(inventory.Move{Kind: inventory.MoveShortage, Quantity: 3}, a[3])
	d.unpack(r[3])

	report := d.read()
	if len(report.Differences) != 0 {
		t.Fatalf("differences on a good day: %+v", report.Differences)
	}
	first, second := lineOf(t, report, "演示利培酮片 1mg×20片", "B2601"), lineOf(t, report, "演示利培酮片 1mg×20片", "B2607")
	loose, late := lineOf(t, report, "演示阿立哌唑口崩片 10mg×14片", "B2601"), lineOf(t, report, "演示阿立哌唑口崩片 10mg×14片", "B2607")
	for _, want := range []struct {
		name string
		line reporting.StockLine
		got  reporting.Amount
		want string
	}{
		{"taken before opening", first, first.Tally[reporting.Opening], "6盒"},
		{"given less undone", first, first.Tally[reporting.Given], "3盒"},
		{"home", first, first.Tally[reporting.Home], "1盒"},
		{"left", first, first.Left, "2盒"},
		{"put back before opening", second, second.Tally[reporting.Opening], "5盒"},
		{"packed later", second, second.Tally[reporting.Added], "1盒"},
		{"rolled over", second, second.Tally[reporting.Rolled], "2盒"},
		{"damaged", second, second.Tally[reporting.Damaged], "1盒"},
		{"lost, less found", second, second.Tally[reporting.Lost], "1盒"},
		{"left of the second batch", second, second.Left, "2盒"},
		{"loose given", loose, loose.Tally[reporting.Given], "1盒5片"},
		{"loose left", loose, loose.Left, "9片"},
		{"quarantined", loose, loose.Tally[reporting.Quarantined], "1盒"},
		{"counted away", late, late.Tally[reporting.Counted], "3片"},
		{"left after counting", late, late.Left, "2盒11片"},
	} {
		if got := words(want.line, want.got); got != want.want {
			t.Errorf("%s: %s, want %s", want.name, got, want.want)
		}
	}
	for _, l := range report.Stock {
		if l.Booked != l.Left {
			t.Errorf("%s %s: movements say %+v left, packs %+v", l.Drug, l.Batch, l.Booked, l.Left)
		}
	}
	kinds := map[inventory.MovementKind]int{}
	for _, n := range report.Notes {
		kinds[n.Kind]++
	}
	if len(report.Notes) != 4 || kinds[inventory.MoveLose] != 1 || kinds[inventory.MoveShortage] != 1 {
		t.Errorf("notes: %v", kinds)
	}
	// The screens count boxes by what became of each; the paper must agree.
	x, err := session.Find(d.ctx, d.db.App, d.session)
	d.must(err)
	e, err := session.ReadEquation(d.ctx, d.db.App, x)
	d.must(err)
	var taken, home, rolled, damaged int64
	for _, l := range report.Stock {
		taken, home = taken+l.Tally.Taken().Packs, home+l.Tally[reporting.Home].Packs
		rolled, damaged = rolled+l.Tally[reporting.Rolled].Packs, damaged+l.Tally[reporting.Damaged].Packs
	}
	if int(taken) != e.Taken || int(home) != e.Home || int(rolled) != e.Rolled || int(damaged) != e.Damaged {
		t.Errorf("the paper says %d taken, %d home, %d rolled, %d damaged; the screens %+v", taken, home, rolled, damaged, e)
	}
	next, err := reporting.ReadSessionReport(d.ctx, d.db.App, other)
	d.must(err)
	if len(next.Stock) != 1 || words(next.Stock[0], next.Stock[0].Tally[reporting.Opening]) != "2盒" || len(next.Differences) != 0 {
		t.Errorf("the next session: %+v", next.Stock)
	}
}

func TestVisitsOfADay(t *testing.T) {
	d := newDay(t, 2, usualDrugs()...)
	visits := playUsual(d)
	// What was frozen stays, whatever is renamed afterwards.
	d.exec(`UPDATE patient SET name = '改名' WHERE name = '演示王小明'`)
	r := d.read()
	if len(r.Visits) != 4 || r.Visits[0].ID != visits[0] || r.Visits[0].Patient != "演示王小明" || len(r.Visits[0].Lines) != 1 {
		t.Fatalf("first visit: %+v", r.Visits[0])
	}
	first := r.Visits[0]
	if first.CollectorName != "演示王大明" || first.Prescription == "" || len(first.NotRecorded) != 3 || first.Record != 1 {
		t.Errorf("first visit: %+v", first)
	}
	if l := r.Visits[1].Lines[3]; l.Amount().Words(l.PackWord, l.UnitWord) != "5片" || l.How != inventory.HowTyped || l.Days == nil || *l.Days != 28 {
		t.Errorf("loose line: %+v", l)
	}
	if v := r.Visits[2]; v.NoDrug == "" || len(v.Lines) != 0 {
		t.Errorf("visit without medicine: %+v", v)
	}
	if v := r.Visits[3]; v.State != session.InConsultation || len(v.Lines) != 1 || v.Record != 0 {
		t.Errorf("open visit: %+v", v)
	}
	if len(r.Doctors) != 2 || r.Doctors[0].Quantity != "1盒" || r.Doctors[0].Empty != 1 || r.Doctors[1].Quantity != "4盒5片" {
		t.Errorf("doctors: %+v", r.Doctors)
	}
	if r.Main.Length != 3 || r.Main.Problem != "" || r.Main.Digest.IsZero() {
		t.Errorf("chain: %+v", r.Main)
	}
	if len(r.Team) != 3 || !r.Team[2].Duty {
		t.Errorf("team: %+v", r.Team)
	}
}

func TestDifferencesAreNamed(t *testing.T) {
	for _, tc := range []struct{ name, statement, code, want string }{
		{"a pack moved without a movement", `UPDATE pack SET state = 'in_store', session_id = NULL WHERE code = $1`, "80000010000000000004", "按流水应余 20 片，药盒登记为 0 片（状态“在库”）。"},
		{"units gone from a pack", `UPDATE pack SET units_left = 15 WHERE code = $1`, "80000010000000000004", "按流水应余 20 片，药盒登记为 15 片（状态“已配场次”）。"},
		{"a given pack put back", `UPDATE pack SET state = 'allocated', units_left = 20, units_given = 0 WHERE code = $1`, "80000010000000000001", "按流水应余 0 片，药盒登记为 20 片（状态“已配场次”）。"},
		{"a visit's line gone", `UPDATE visit_line SET undone_at = now() WHERE pack_id = (SELECT id FROM pack WHERE code = $1)`, "80000010000000000003", "按流水发出 20 片，就诊明细为 0 片。"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			d := newDay(t, 2, usualDrugs()...)
			playUsual(d)
			d.exec(tc.statement, tc.code)
			r := d.read()
			if len(r.Differences) != 1 || r.Differences[0].Code != tc.code || r.Differences[0].What != tc.want {
				t.Errorf("differences: %+v", r.Differences)
			}
			if l := lineOf(t, r, "演示利培酮片 1mg×20片", "B2601"); !l.Wrong {
				t.Error("its line is not marked")
			}
		})
	}
}

func TestWhatIsLeftInAClosedSessionIsNamed(t *testing.T) {
	d := newDay(t, 1, drugLine{"演示利培酮片", "1mg×20片", risperidone, 20, 2})
	d.open()
	d.exec(`UPDATE clinic_session SET state = 'closed', closed_at = now() WHERE id = $1`, d.session)
	if r := d.read(); len(r.Differences) != 2 || r.Differences[0].What != "场次已结束，还有 20 片记在本场。" {
		t.Errorf("differences: %+v", r.Differences)
	}
}

func TestTamperedRecordShows(t *testing.T) {
	d := newDay(t, 2, usualDrugs()...)
	playUsual(d)
	d.exec(`ALTER TABLE record DISABLE TRIGGER record_append_only`)
	d.exec(`UPDATE record SET canonical = overlay(canonical placing '\x41'::bytea from octet_length(canonical)-3 for 1) WHERE seq = 2`)
	if r := d.read(); r.Main.Problem != "第 2 条与前面的记录接不上或内容被改动" {
		t.Errorf("chain: %+v", r.Main)
	}
	d.exec(`ALTER TABLE record DISABLE TRIGGER record_no_truncate`)
	d.exec(`DELETE FROM record WHERE seq >= 2`)
	if r := d.read(); r.Main.Problem != "链头记着 3 条，实有 1 条" {
		t.Errorf("chain: %+v", r.Main)
	}
}
