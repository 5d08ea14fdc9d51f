package reporting_test

import (
	"bytes"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"jingfang/inventory"
	"jingfang/reporting"
	"jingfang/session"
	"jingfang/session/identity"
	"jingfang/sql/db"
)

// ledgerDay plays a day with every kind of movement.
func ledgerDay(t *testing.T) *day {
	t.Helper()
	d := newDay(t, 2, usualDrugs()...)
	playUsual(d)
	r, a := d.codes[risperidone], d.codes[aripiprazol]
	d.move(inventory.Move{Kind: inventory.MoveDamage}, r[8])
	d.move(inventory.Move{Kind: inventory.MoveDestroy}, r[8])
	d.move(inventory.Move{Kind: inventory.MoveLose}, r[9])
	d.move(inventory.Move{Kind: inventory.MoveQuarantine}, a[2])
	d.move(inventory.Move{Kind: inventory.MoveShortage, Quantity: 3}, a[3])
	d.unpack(r[3])
	return d
}

func (d *day) today() time.Time { return session.Today(d.db.App.Now()) }

func (d *day) ledger(q reporting.LedgerQuestion) reporting.Ledger {
	d.t.Helper()
	if q.From.IsZero() {
		q.From, q.To = d.today(), d.today()
	}
	l, err := reporting.ReadLedger(d.ctx, d.db.App, q)
	d.must(err)
	return l
}

// scopes are all that a ledger can be kept over here.
func (d *day) scopes() []reporting.Scope {
	list := []reporting.Scope{{}, {Place: inventory.PlaceSession, SiteID: d.site}, {Place: inventory.PlaceSession, SiteID: d.site + 1}}
	for _, p := range reporting.LedgerPlaces() {
		list = append(list, reporting.Scope{Place: p})
	}
	return list
}

func ledgerWords(l reporting.LedgerLine, of ...reporting.Amount) string {
	var list []string
	for _, a := range of {
		list = append(list, a.Words(l.PackWord, l.UnitWord))
	}
	return strings.Join(list, " ")
}

func TestLedgerOfADay(t *testing.T) {
	d := ledgerDay(t)
	l := d.ledger(reporting.LedgerQuestion{ByBatch: true})
	if wrong := l.Wrong(); len(wrong) > 0 {
		t.Fatalf("a good day: %s", wrong[0].Problem())
	}
	got := map[string]string{}
	for _, x := range l.Lines {
		got[x.Drug+" "+x.Batch] = ledgerWords(x, x.Opening, x.In, x.Out, x.Closing) + " " + x.OpenedWords()
	}
	for name, want := range map[string]string{
		"演示利培酮片 1mg×20片 B2601":     "0 7盒 4盒 3盒 ",            // one came back by undo
		"演示利培酮片 1mg×20片 B2607":     "0 6盒 2盒 4盒 ",            // one destroyed, one lost
		"演示阿立哌唑口崩片 10mg×14片 B2601": "0 3盒 1盒5片 1盒9片 拆1盒为14片", // one given, one opened
		"演示阿立哌唑口崩片 10mg×14片 B2607": "0 3盒 3片 2盒11片 拆1盒为14片",  // three counted away
	} {
		if got[name] != want {
			t.Errorf("%s: %q, want %q", name, got[name], want)
		}
	}
	if n := len(d.ledger(reporting.LedgerQuestion{}).Lines); n != 3 {
		t.Errorf("%d lines by drug", n)
	}
	places, err := reporting.ByPlace(d.ctx, d.db.App, reporting.LedgerQuestion{From: d.today(), To: d.today()})
	d.must(err)
	if len(places) != 4 || len(places[0].Wrong())+len(places[1].Wrong())+len(places[2].Wrong())+len(places[3].Wrong()) != 0 {
		t.Errorf("by place: %+v", places)
	}
}

// Every figure is the sum of the movements behind it, whatever the ledger is kept
// over: the rule in Go and the one in the query are the same.
func TestFiguresAreTheirMovements(t *testing.T) {
	d := ledgerDay(t)
	for _, s := range d.scopes() {
		q := reporting.LedgerQuestion{Scope: s, From: d.today(), To: d.today()}
		for _, x := range d.ledger(q).Lines {
			for way, want := range map[string]reporting.Amount{"in": x.In, "out": x.Out} {
				of := q
				of.DrugID = x.DrugID
				list, more, err := reporting.ReadMoves(d.ctx, d.db.App, reporting.MovesQuestion{LedgerQuestion: of, Way: way})
				d.must(err)
				var units int64
				for _, m := range list {
					units += m.Quantity
				}
				if more || units != want.Units {
					t.Errorf("%+v %s %s: %d units in %d movements, the ledger says %d", s, x.Drug, way, units, len(list), want.Units)
				}
			}
		}
	}
}

// A period begins and ends at midnight in Shanghai: to the microsecond.
func TestLedgerBoundaries(t *testing.T) {
	d := newDay(t, 1, drugLine{"演示甲片", "", "8000001", 20, 2})
	d.tamper(`UPDATE movement SET at = '2026-03-01 00:00:00+08' WHERE pack_id = 1`)
	d.tamper(`UPDATE movement SET at = '2026-02-28 23:59:59.999999+08' WHERE pack_id = 2`)
	at := func(day string) time.Time {
		x, err := time.Parse(time.DateOnly, day)
		d.must(err)
		return x
	}
	for _, summed := range []bool{false, true} {
		if summed {
			if _, err := reporting.SumLedger(d.ctx, d.db.App); err != nil {
				t.Fatal(err)
			}
		}
		for _, x := range []struct{ from, to, want string }{
			{"2026-02-28", "2026-02-28", "0 1盒 1盒"}, {"2026-03-01", "2026-03-01", "1盒 1盒 2盒"},
			{"2026-02-28", "2026-03-01", "0 2盒 2盒"}, {"2026-03-02", "2026-03-31", "2盒 0 2盒"}, {"2026-02-01", "2026-02-27", ""},
		} {
			l := d.ledger(reporting.LedgerQuestion{From: at(x.from), To: at(x.to)})
			got := ""
			if len(l.Lines) == 1 {
				got = ledgerWords(l.Lines[0], l.Lines[0].Opening, l.Lines[0].In, l.Lines[0].Closing)
			}
			if got != x.want || len(l.Wrong()) > 0 {
				t.Errorf("%s to %s: %q, want %q (summed: %v)", x.from, x.to, got, x.want, summed)
			}
		}
	}
}

// tamper changes movements past the program.
func (d *day) tamper(query string) {
	d.t.Helper()
	d.exec(`ALTER TABLE movement DISABLE TRIGGER USER`)
	d.exec(query)
	d.exec(`ALTER TABLE movement ENABLE TRIGGER USER`)
}

func TestLedgerRefusesOddPeriods(t *testing.T) {
	d := newDay(t, 1)
	day := d.today()
	for _, x := range []struct {
		from, to time.Time
		want     string
	}{
		{day, day.AddDate(0, 0, -1), "早于"}, {day.AddDate(0, 0, 1), day.AddDate(0, 0, 2), "还没有到"}, {day, day.AddDate(2, 0, 0), "太远"},
		{time.Date(1, 1, 1, 0, 0, 0, 0, time.UTC), day, "太早"}, {day, time.Date(9999, 12, 31, 0, 0, 0, 0, time.UTC), "太远"},
	} {
		_, err := reporting.ReadLedger(d.ctx, d.db.App, reporting.LedgerQuestion{From: x.from, To: x.to})
		if db.KindOf(err) != db.Invalid || !strings.Contains(db.Sentence(err), x.want) {
			t.Errorf("%v to %v: %v", x.from, x.to, err)
		}
	}
	if l := d.ledger(reporting.LedgerQuestion{From: day, To: day.AddDate(0, 0, 20)}); len(l.Lines) != 0 {
		t.Errorf("nothing has happened: %+v", l.Lines)
	}
}

// What was changed past the program makes its line, and no other, unbalanced.
func TestLedgerNamesTheLineThatIsWrong(t *testing.T) {
	for name, change := range map[string]func(d *day){
		"a pack put back": func(d *day) {
			d.exec(`UPDATE pack SET state = 'in_store', units_left = 20, units_given = 0 WHERE code = '80000010000000000001'`)
		},
		"units gone":        func(d *day) { d.exec(`UPDATE pack SET units_left = 5 WHERE code = '80000010000000000005'`) },
		"a movement gone":   func(d *day) { d.tamper(`DELETE FROM movement WHERE pack_id = 5 AND kind = 'receive'`) },
		"a movement turned": func(d *day) { d.tamper(`UPDATE movement SET units_after = 3 WHERE pack_id = 5`) },
	} {
		t.Run(name, func(t *testing.T) {
			d := ledgerDay(t)
			change(d)
			wrong := d.ledger(reporting.LedgerQuestion{ByBatch: true}).Wrong()
			if len(wrong) != 1 || wrong[0].Drug != "演示利培酮片 1mg×20片" || wrong[0].Batch != "B2601" || !strings.Contains(wrong[0].Problem(), "B2601：按流水") {
				t.Errorf("%+v", wrong)
			}
		})
	}
}

func TestPaperOfALedger(t *testing.T) {
	needFonts(t)
	d := ledgerDay(t)
	path := d.paperOf("ledger", func(b *bytes.Buffer) error {
		return drawn(reporting.WriteLedgerPDF(b, d.ledger(reporting.LedgerQuestion{ByBatch: true}), "全部（账上）", made()))
	})
	text := strings.Join(pages(t, path), "\n")
	for _, want := range []string{"药品收发统计表", "核对：平衡", "B2607", "拆1盒为14", "1盒9片", "销毁", "合计"} {
		if !strings.Contains(text, want) {
			t.Errorf("the paper lacks %q", want)
		}
	}
}

func (d *day) paperOf(name string, draw func(b *bytes.Buffer) error) string {
	d.t.Helper()
	var b bytes.Buffer
	d.must(draw(&b))
	folder := os.Getenv("JINGFANG_PAPERS")
	if folder == "" {
		folder = d.t.TempDir()
	}
	path := filepath.Join(folder, name+".pdf")
	d.must(os.WriteFile(path, b.Bytes(), 0o600))
	return path
}

func TestStockCheckIsKept(t *testing.T) {
	d := ledgerDay(t)
	d.tamper(`UPDATE movement SET from_state = '' WHERE kind = 'receive'`) // the test's packs were never announced
	var last, total int64
	report, err := reporting.RunStockCheck(d.ctx, d.db.App, identity.System("test"), reporting.CheckNightly, func(done, of int64) { last, total = done, of })
	if err != nil || report.Problem != "" || last != total || total != 21 || report.Packs != 21 {
		t.Fatalf("%+v, %d of %d, %v", report, last, total, err)
	}
	if _, err := reporting.RunStockCheck(d.ctx, d.db.App, identity.System("test"), reporting.CheckNightly, nil); !errors.Is(err, reporting.ErrCheckedTonight) {
		t.Errorf("a second one in a night: %v", err)
	}
	d.exec(`UPDATE pack SET units_left = 5 WHERE code = '80000010000000000005'`)
	if _, err = reporting.RunStockCheck(d.ctx, d.db.App, d.chief, reporting.CheckAsked, nil); err != nil {
		t.Fatal(err)
	}
	list, err := reporting.LastStockChecks(d.ctx, d.db.App, 5)
	d.must(err)
	if len(list) != 2 || list[0].State != reporting.CheckWrong || list[0].Code != "80000010000000000005" || list[0].By != d.chief.Name || list[1].State != reporting.CheckRight {
		t.Errorf("kept: %+v", list)
	}
	if !strings.Contains(list[0].Sentence(), "第一处不符：追溯码 80000010000000000005") || !strings.Contains(list[1].Sentence(), "全部一致（21 盒") {
		t.Errorf("%s / %s", list[0].Sentence(), list[1].Sentence())
	}
}
