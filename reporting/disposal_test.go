package reporting_test

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/uuid"

	"jingfang/inventory"
	"jingfang/reporting"
	"jingfang/session/identity"
	"jingfang/sql/db"
)

// disposalText draws a paper twice, holds both to the same bytes and reads it
// back.
func disposalText(t *testing.T, d *db.DB, id int64, name string) (string, int) {
	t.Helper()
	needFonts(t)
	r, err := reporting.ReadDisposalReport(t.Context(), d, id)
	if err != nil {
		t.Fatal(err)
	}
	var one, two bytes.Buffer
	for _, b := range []*bytes.Buffer{&one, &two} {
		if err := drawn(reporting.WriteDisposalPDF(b, r, made())); err != nil {
			t.Fatal(err)
		}
	}
	if !bytes.Equal(one.Bytes(), two.Bytes()) {
		t.Error("the same paper has other bytes")
	}
	folder := os.Getenv("JINGFANG_PAPERS")
	if folder == "" {
		folder = t.TempDir()
	}
	path := filepath.Join(folder, name+".pdf")
	if err := os.WriteFile(path, one.Bytes(), 0o600); err != nil {
		t.Fatal(err)
	}
	list := pages(t, path)
	return strings.Join(strings.Fields(strings.Join(list, " ")), " "), len(list)
}

// A destruction on paper: nothing before the second person's word, every code
// and both names after it, what moved meanwhile named apart.
func TestDisposalPDF(t *testing.T) {
	d := newDay(t, 1, drugLine{"演示利培酮片", "1mg×20片", risperidone, 20, 90})
	codes := d.codes[risperidone]
	d.unpack(codes...)
	stock := inventory.New(d.db.App)
	second := d.person("演示药师乙", identity.Pharmacist)
	a, err := stock.SetAside(d.ctx, d.chief, inventory.SettingAside{CommandID: uuid.New(), Act: inventory.MoveDamage, Codes: strings.Join(codes, "\n"), Reason: "受潮"})
	d.must(err)
	a, err = stock.SetAside(d.ctx, d.chief, inventory.SettingAside{CommandID: uuid.New(), Act: inventory.MoveDestroy, Codes: strings.Join(codes, "\n"),
		Reason: "=受潮，不能再用", Method: "交医废公司焚烧", Place: "医废暂存间", Witness: "演示监销人"})
	d.must(err)
	text, _ := disposalText(t, d.db.App, a.Disposal, "disposal-waits")
	for _, want := range []string{"药品销毁单", a.Number, "这一单没有生效：等第二人确认", "演示药师甲", "90 盒", "监销人："} {
		if !strings.Contains(text, want) {
			t.Errorf("%q is missing", want)
		}
	}
	d.move(inventory.Move{Kind: inventory.MoveLose}, codes[0])
	_, err = stock.ConfirmDisposal(d.ctx, second, inventory.Deciding{DisposalID: a.Disposal, CommandID: uuid.New(), Packs: 89})
	d.must(err)
	text, n := disposalText(t, d.db.App, a.Disposal, "disposal-done")
	for _, want := range []string{"已完成", "89 盒", "演示药师乙", "交医废公司焚烧", "提出以后动过，不在这一单里", fmt.Sprintf("第%d/%d页", n, n)} {
		if !strings.Contains(text, want) {
			t.Errorf("%q is missing from %s", want, text[:min(len(text), 600)])
		}
	}
	for _, c := range codes {
		if strings.Count(text, c) != 1 {
			t.Fatalf("code %s stands there %d times", c, strings.Count(text, c))
		}
	}
	if strings.Contains(text, "没有生效") || n < 2 {
		t.Errorf("%d pages", n)
	}
	if _, err := reporting.ReadDisposalReport(context.Background(), d.db.App, 99); db.KindOf(err) != db.NotFound {
		t.Errorf("a paper that is none: %v", err)
	}
}
