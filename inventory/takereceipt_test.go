package inventory_test

import (
	"context"
	"strings"
	"sync"
	"testing"
	"time"

	"jingfang/inventory"
	"jingfang/session/identity"
	"jingfang/sql/db"
)

func TestTheSameDocumentTwiceChangesNothing(t *testing.T) {
	s := newShop(t)
	doc := transfer("R1", 2, 2)
	doc.Lines[0].Codes = []string{code(prefix1, 1), code(prefix1, 2)}
	s.take(t, doc)
	again := transfer("R1", 2, 2)
	again.IssuedAt = doc.IssuedAt.In(time.FixedZone("far", 5*3600))
	again.Lines[0].Codes = []string{code(prefix1, 2), code(prefix1, 1)}
	again.Lines[0].Price = "12.5"
	again.Lines[0], again.Lines[1] = again.Lines[1], again.Lines[0]
	before := countOf(t, s.App, `SELECT count(*) FROM movement`)
	changed, err := s.TakeReceipt(t.Context(), identity.System("his-poller"), again)
	if err != nil || changed {
		t.Fatalf("changed %v, %v", changed, err)
	}
	if n := countOf(t, s.App, `SELECT count(*) FROM movement`); n != before {
		t.Errorf("%d movements, before %d", n, before)
	}
	again.Lines[0].Packs = 3
	if _, err := s.TakeReceipt(t.Context(), identity.System("his-poller"), again); db.KindOf(err) != db.Conflict || !strings.Contains(db.Sentence(err), "R1") {
		t.Errorf("another content under the same revision: %v", err)
	}
	s.clean(t)
}

// Two servers fetch the same document at the same moment.
func TestTheSameDocumentAtOnce(t *testing.T) {
	s := newShop(t)
	doc := transfer("R1", 3, 1)
	doc.Lines[0].Codes = []string{code(prefix1, 1), code(prefix1, 2)}
	var wg sync.WaitGroup
	results := make(chan bool, 8)
	for range 8 {
		wg.Go(func() {
			changed, err := s.TakeReceipt(t.Context(), identity.System("his-poller"), doc)
			if err != nil {
				t.Error(err)
			}
			results <- changed
		})
	}
	wg.Wait()
	close(results)
	taken := 0
	for changed := range results {
		if changed {
			taken++
		}
	}
	if taken != 1 || countOf(t, s.App, `SELECT count(*) FROM receipt`) != 1 {
		t.Errorf("taken %d times", taken)
	}
}

func TestDocumentsRefusedAsAWhole(t *testing.T) {
	s := newShop(t)
	s.scan(t, s.take(t, transfer("R9", 1, 1)), code(prefix1, 9))
	for name, c := range map[string]struct {
		spoil func(*inventory.Document)
		say   string
	}{
		"red of nothing": {func(d *inventory.Document) { d.Kind = inventory.DocumentRed }, "冲销哪一张单"},
		"red of itself":  {func(d *inventory.Document) { d.Kind, d.Cancels = inventory.DocumentRed, "BAD" }, "冲销哪一张单"},
		"red of unknown": {func(d *inventory.Document) { d.Kind, d.Cancels = inventory.DocumentRed, "R0" }, "还没有收到"},
		"unknown kind":   {func(d *inventory.Document) { d.Kind = "gift" }, "不认识"},
		"long batch":     {func(d *inventory.Document) { d.Lines[0].Batch = strings.Repeat("批", 61) }, "批号太长"},
		"long number":    {func(d *inventory.Document) { d.Number = strings.Repeat("9", 61) }, "太长"},
		"no lines":       {func(d *inventory.Document) { d.Lines = nil }, "没有明细"},
		"future":         {func(d *inventory.Document) { d.IssuedAt = time.Now().AddDate(0, 0, 3) }, "将来"},
		"unknown drug":   {func(d *inventory.Document) { d.Lines[1].HISCode = "NONE" }, "NONE"},
		"negative":       {func(d *inventory.Document) { d.Lines[0].Packs = -4 }, "-4"},
		"too many":       {func(d *inventory.Document) { d.Lines[0].Packs = 1_000_000 }, "1000000"},
		"line twice":     {func(d *inventory.Document) { d.Lines[1].LineNo = 1 }, "两个第 1 行"},
		"year 9999":      {func(d *inventory.Document) { d.Lines[0].ExpiresOn = day(9999, 1, 1) }, "有效期"},
		"made after":     {func(d *inventory.Document) { d.Lines[0].MadeOn = day(2030, 1, 1) }, "生产日期"},
		"price":          {func(d *inventory.Document) { d.Lines[0].Price = "1e9" }, "单价"},
		"bad code":       {func(d *inventory.Document) { d.Lines[0].Codes = []string{"6901234567892"} }, "商品码"},
		"code twice":     {func(d *inventory.Document) { d.Lines[0].Codes = []string{code(prefix1, 1), code(prefix1, 1)} }, "两次"},
		"more codes":     {func(d *inventory.Document) { d.Lines[1].Codes = []string{code(prefix2, 1), code(prefix2, 2)} }, "多于盒数"},
		"other drug":     {func(d *inventory.Document) { d.Lines[0].Codes = []string{code(prefix2, 1)} }, "对照为"},
		"of another one": {func(d *inventory.Document) { d.Lines[0].Codes = []string{code(prefix1, 9)} }, "另一张单"},
	} {
		doc := transfer("BAD", 2, 1)
		c.spoil(&doc)
		changed, err := s.TakeReceipt(t.Context(), identity.System("his-poller"), doc)
		if changed || err == nil || db.KindOf(err) == db.Internal || !strings.Contains(db.Sentence(err), c.say) {
			t.Errorf("%s: changed %v, %v", name, changed, err)
		}
	}
	if countOf(t, s.App, `SELECT count(*) FROM receipt`) != 1 || countOf(t, s.App, `SELECT count(*) FROM pack`) != 1 {
		t.Error("something was kept of a refused document")
	}
}

func TestTakingADocumentIsFewStatements(t *testing.T) {
	s := newShop(t)
	doc := transfer("R1", 2000, 2000)
	for i := range 2000 {
		doc.Lines[0].Codes = append(doc.Lines[0].Codes, code(prefix1, i))
		doc.Lines[1].Codes = append(doc.Lines[1].Codes, code(prefix2, i))
	}
	ctx, counter := db.WithCounter(t.Context())
	began := time.Now()
	if _, err := s.TakeReceipt(ctx, identity.System("his-poller"), doc); err != nil {
		t.Fatal(err)
	}
	t.Logf("4,000 listed codes: %v, %d statements", time.Since(began), counter.Count())
	if counter.Count() > 12 {
		t.Errorf("%d statements", counter.Count())
	}
	s.clean(t)
}

func TestDictionary(t *testing.T) {
	s := newShop(t)
	entry := inventory.DictionaryDrug{HISCode: "YS9", GenericName: "演示利培酮片", Spec: "1mg×20片", Maker: "演示药厂", UnitName: "片", PackName: "盒",
		UnitsPerPack: 20, Class: inventory.ClassPsychotropic2, ClassSince: day(2020, 1, 1),
		Prefixes: []inventory.DictionaryPrefix{{Prefix: "8177777", Level: 1, Units: 20}, {Prefix: "8177778", Level: 3, Units: 2000}}}
	put := func(want int) {
		t.Helper()
		n, err := s.TakeDrugs(t.Context(), identity.System("his-poller"), []inventory.DictionaryDrug{entry})
		if err != nil || n != want {
			t.Fatalf("%d entries changed, want %d: %v", n, want, err)
		}
	}
	accept := func(words string) {
		t.Helper()
		list, err := inventory.DrugChanges(t.Context(), s.App)
		if err != nil || len(list) == 0 || list[0].State != "open" || !strings.Contains(strings.Join(list[0].Words, "；"), words) {
			t.Fatalf("no open change with %q: %+v, %v", words, list, err)
		}
		in := inventory.DecidingDrug{CommandID: newID(), ID: list[0].ID, Accept: true}
		if _, err := s.DecideDrug(t.Context(), pharmacist(), in); err != nil {
			t.Fatal(err)
		}
		in.CommandID = newID()
		if _, err := s.DecideDrug(t.Context(), pharmacist(), in); db.KindOf(err) != db.Conflict {
			t.Errorf("decided twice: %v", err)
		}
	}
	put(1)
	put(0)
	entry.Spec = "1mg×30片"
	put(1)
	put(0)
	if d := oneDrug(t, s, "YS9"); d.Spec != "1mg×20片" {
		t.Errorf("overwritten before anybody said yes: %+v", d)
	}
	accept("规格：1mg×20片 → 1mg×30片")
	put(0)
	entry.Class = inventory.ClassOrdinary // a correction for the same day
	put(1)
	accept("管理类别")
	put(0)
	entry.Prefixes[1].Units = 3000
	put(1)
	accept("前缀 8177778")
	put(0)
	drugs, err := inventory.ListDrugs(t.Context(), s.App, time.Now())
	if err != nil || len(drugs) != 3 {
		t.Fatalf("%d drugs, %v", len(drugs), err)
	}
	for _, d := range drugs {
		switch d.HISCode {
		case "YS9":
			if !d.Class.Ordinary() || len(d.Prefixes) != 2 || d.Prefixes[1].Units != 3000 || d.Spec != "1mg×30片" {
				t.Errorf("entry %+v", d)
			}
		default:
			if d.Class.Ordinary() {
				t.Errorf("unknown class of %s passes for ordinary", d.HISCode)
			}
		}
	}
	early, err := inventory.ListDrugs(t.Context(), s.App, day(2019, 12, 31))
	if err != nil || early[0].Class != inventory.ClassUnknown && early[1].Class != inventory.ClassUnknown && early[2].Class != inventory.ClassUnknown {
		t.Errorf("a class before its day: %v", err)
	}
	entry.UnitsPerPack = 0
	if _, err := s.TakeDrugs(t.Context(), identity.System("his-poller"), []inventory.DictionaryDrug{entry}); db.KindOf(err) != db.Invalid {
		t.Errorf("no units: %v", err)
	}
}

// What a pharmacist taught is not overruled by the dictionary.
func TestDictionaryDoesNotOverruleAPerson(t *testing.T) {
	s := newShop(t)
	in := inventory.Teaching{CommandID: newID(), Code: "8166666", DrugID: s.drug1, Level: 1}
	if _, err := s.TeachPrefix(t.Context(), pharmacist(), in); err != nil {
		t.Fatal(err)
	}
	entry := inventory.DictionaryDrug{HISCode: "YS2", GenericName: "演示药YS2", UnitName: "片", PackName: "盒", UnitsPerPack: 20,
		Prefixes: []inventory.DictionaryPrefix{{Prefix: "8166666", Level: 1, Units: 20}}}
	if n, err := s.TakeDrugs(t.Context(), identity.System("his-poller"), []inventory.DictionaryDrug{entry}); err != nil || n != 1 {
		t.Fatalf("%d changed, %v", n, err)
	}
	known, err := inventory.FindPrefixes(context.Background(), s.App, []string{"8166666"})
	if err != nil || known["8166666"].DrugID != s.drug1 {
		t.Errorf("prefix %+v %v", known, err)
	}
	list, err := inventory.DrugChanges(t.Context(), s.App)
	if err != nil || len(list) != 1 || list[0].State != "open" || !strings.Contains(list[0].Words[0]+list[0].Words[len(list[0].Words)-1], "8166666") {
		t.Fatalf("changes %+v, %v", list, err)
	}
	// Refused, it is not asked again until HIS says something else.
	no := inventory.DecidingDrug{CommandID: newID(), ID: list[0].ID}
	if _, err := s.DecideDrug(t.Context(), pharmacist(), no); db.KindOf(err) != db.Invalid {
		t.Errorf("refused without a reason: %v", err)
	}
	no.Reason = "药师已核对实物"
	if _, err := s.DecideDrug(t.Context(), pharmacist(), no); err != nil {
		t.Fatal(err)
	}
	again := func(want int) {
		t.Helper()
		if n, err := s.TakeDrugs(t.Context(), identity.System("his-poller"), []inventory.DictionaryDrug{entry}); err != nil || n != want {
			t.Errorf("%d changed, want %d: %v", n, want, err)
		}
	}
	again(0)
	entry.Maker = "另一药厂"
	again(1)
	if n, err := inventory.OpenDrugChanges(t.Context(), s.App); err != nil || n != 1 {
		t.Errorf("%d open, %v", n, err)
	}
}

func oneDrug(t *testing.T, s *shop, code string) inventory.Drug {
	t.Helper()
	drugs, err := inventory.ListDrugs(t.Context(), s.App, time.Now())
	if err != nil {
		t.Fatal(err)
	}
	for _, d := range drugs {
		if d.HISCode == code {
			return d
		}
	}
	t.Fatalf("no drug %s", code)
	return inventory.Drug{}
}
