package reporting_test

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"jingfang/inventory"
	"jingfang/reporting"
	"jingfang/session/identity"
)

// everyPaper draws one of each kind of paper.
func everyPaper(d *day) map[string]func(w io.Writer, made reporting.Made) (reporting.Printed, error) {
	d.t.Helper()
	report := d.read()
	drug := d.insert(`SELECT id FROM drug WHERE his_code = 'DEMO0'`)
	d.insert(`INSERT INTO drug_class (drug_id, class, since_on, at) VALUES ($1, '精二', '2020-01-01', now()) RETURNING id`, drug)
	ledger, register := d.ledger(reporting.LedgerQuestion{ByBatch: true}), d.register(d.chief, drug)
	month := reporting.MonthOf(d.today())
	read := func(kind reporting.ReportKind, p reporting.Period, site int64) reporting.Document {
		x, err := reporting.ReadReport(d.ctx, d.db.App, kind, p, site)
		d.must(err)
		return x
	}
	document := func(x reporting.Document) func(io.Writer, reporting.Made) (reporting.Printed, error) {
		return func(w io.Writer, m reporting.Made) (reporting.Printed, error) {
			return reporting.WriteDocumentPDF(w, x, m, m.By)
		}
	}
	at, later := made().At.Add(-time.Hour), made().At.Add(-time.Minute)
	disposal := reporting.DisposalReport{State: inventory.DisposalDone, At: made().At, Disposal: inventory.Disposal{ID: 3, Number: "XH20261123-3", Act: inventory.MoveDestroy, State: inventory.DisposalDone, Reason: "过期",
		Method: "焚烧", Place: "演示处置点", Witness: "演示监销", Proposer: "演示药师甲", ProposedAt: at, Decider: "演示药师乙", DecidedAt: &later}}
	for i := range 60 {
		disposal.Packs = append(disposal.Packs, inventory.DisposalPack{Code: fmt.Sprintf("8000001%013d", i), Generic: "演示利培酮片", Spec: "1mg×20片", UnitName: "片", PackName: "盒", Batch: "B2403", Units: 20, Total: 20, Outcome: "done"})
	}
	return map[string]func(io.Writer, reporting.Made) (reporting.Printed, error){
		"session": func(w io.Writer, m reporting.Made) (reporting.Printed, error) {
			return reporting.WriteSessionPDF(w, report, m)
		},
		"ledger": func(w io.Writer, m reporting.Made) (reporting.Printed, error) {
			return reporting.WriteLedgerPDF(w, ledger, "药房账上全部", m)
		},
		"register": func(w io.Writer, m reporting.Made) (reporting.Printed, error) {
			return reporting.WriteRegisterPDF(w, register, "药房账上全部", m)
		},
		"stocktake": func(w io.Writer, m reporting.Made) (reporting.Printed, error) {
			return reporting.WriteStocktakePDF(w, countResult(60), m)
		},
		"recall": func(w io.Writer, m reporting.Made) (reporting.Printed, error) {
			return reporting.WriteRecallPDF(w, recallOf(60), m)
		},
		"receipt": func(w io.Writer, m reporting.Made) (reporting.Printed, error) {
			return reporting.WriteReceiptSheetPDF(w, differing(40), m)
		},
		"disposal": func(w io.Writer, m reporting.Made) (reporting.Printed, error) {
			return reporting.WriteDisposalPDF(w, disposal, m)
		},
		"daily":   document(read(reporting.ReportMonth, reporting.Period{From: d.today(), To: d.today()}, 0)),
		"monthly": document(read(reporting.ReportMonth, month, 0)), "yearly": document(read(reporting.ReportYear, reporting.YearOf(d.today()), 0)), "site": document(read(reporting.ReportMonth, month, d.site)),
	}
}

// Every kind of paper has what a paper of the hospital has: title, who and when,
// numbered pages with a running head, its digest in words and in its QR code, an
// outline, a mark across the page; the same data give the same bytes, and the digest
// holds for whoever takes it.
func TestEveryKindOfPaper(t *testing.T) {
	needFonts(t)
	d := newDay(t, 2, usualDrugs()...)
	playUsual(d)
	other := reporting.Made{By: "演示他人", At: made().At.Add(time.Hour)}
	for name, write := range everyPaper(d) {
		var one, two, three bytes.Buffer
		p, err := write(&one, made())
		d.must(err)
		d.must(drawn(write(&two, made())))
		q, err := write(&three, other)
		d.must(err)
		if !bytes.Equal(one.Bytes(), two.Bytes()) {
			t.Errorf("%s: the same data give other bytes", name)
		}
		if p != q || len(p.Digest) != 64 || bytes.Equal(one.Bytes(), three.Bytes()) {
			t.Errorf("%s: taken by another it is %+v, not %+v", name, q, p)
		}
		path := d.paperOf("every-"+name, func(b *bytes.Buffer) error { return drawn(write(b, made())) })
		list := pages(t, path)
		text := squeezed(strings.Join(list, "\n"))
		for _, want := range []string{"数字指纹" + p.Digest[:reporting.DigestShown], "数据截至", "制表" + made().By, fmt.Sprintf("第1/%d页", len(list)), fmt.Sprintf("第%d/%d页", len(list), len(list))} {
			if !strings.Contains(text, squeezed(want)) {
				t.Errorf("%s: the paper lacks %q", name, want)
			}
		}
		if n := len(regexp.MustCompile(`/Title <?\(?`).FindAll(one.Bytes(), -1)); n < 3 { // of the file, of the paper, of its first section
			t.Errorf("%s: %d titles in the outline", name, n)
		}
		picture := filepath.Join(t.TempDir(), name)
		run(t, "pdftoppm", "-r", "150", "-png", "-f", "1", "-l", "1", "-singlefile", path, picture)
		if got := strings.TrimSpace(run(t, "zbarimg", "--quiet", "--raw", picture+".png")); got != p.Code {
			t.Errorf("%s: the code says %q, want %q", name, got, p.Code)
		}
		if strings.ContainsFunc(p.Code, func(r rune) bool { return r > '~' }) {
			t.Errorf("%s: %q cannot be typed by a scanner", name, p.Code)
		}
	}
}

// A paper that was handed out is found by its code and by the digits on it; one
// whose digest differs is not that paper, and a stranger's text is refused.
func TestCheckPaper(t *testing.T) {
	needFonts(t)
	d := newDay(t, 2, usualDrugs()...)
	playUsual(d)
	kept, _, err := reporting.KeepReport(d.ctx, d.db.App, d.chief, reporting.ReportMonth, reporting.MonthOf(d.today()), d.site)
	d.must(err)
	_, doc, err := reporting.FindReport(d.ctx, d.db.App, kept.ID)
	d.must(err)
	p, err := reporting.WriteDocumentPDF(io.Discard, doc, made(), "演示")
	d.must(err)
	for range 2 {
		d.must(reporting.IssuePaper(d.ctx, d.db.App, d.chief, p, identity.Event{Name: "report.kept", SiteID: d.site}))
	}
	by := d.doctors[0]
	check := func(text string, allowed []int64) reporting.PaperCheck {
		c, err := reporting.CheckPaper(context.Background(), d.db.App, text, by, allowed)
		d.must(err)
		return c
	}
	for _, text := range []string{p.Code, " " + p.Code + "\n", p.Digest, strings.ToUpper(p.Digest[:32]), p.Digest[:8] + " " + p.Digest[8:32]} {
		if c := check(text, nil); len(c.Same) != 2 || c.Same[0].By != d.chief.Name || c.Kept == nil || c.Kept.ID != kept.ID || c.Newest.ID != kept.ID {
			t.Errorf("%q: %+v", text, c)
		}
	}
	forged := p.Code[:len(p.Code)-4] + "0000"
	if c := check(forged, nil); len(c.Same) != 0 || len(c.Others) != 2 {
		t.Errorf("a forged one: %+v", c)
	}
	if c := check(p.Code, []int64{d.site + 1}); len(c.Same)+len(c.Others) != 0 || c.Kept != nil {
		t.Errorf("whoever sees another site: %+v", c)
	}
	by = d.chief
	if c := check(p.Code, []int64{d.site + 1}); len(c.Same) != 2 {
		t.Errorf("whoever took it: %+v", c)
	}
	if c := check(strings.Repeat("0", 32), nil); len(c.Same)+len(c.Others) != 0 {
		t.Errorf("no paper: %+v", c)
	}
	for _, text := range []string{"", "8123", "JF1|x", "'; DROP TABLE issued_paper", strings.Repeat("a", 65), strings.Repeat("g", 32), "https://example.invalid/|||||"} {
		if _, err := reporting.CheckPaper(d.ctx, d.db.App, text, identity.Actor{}, nil); err == nil {
			t.Errorf("%q is taken for a paper", text)
		}
	}
}
