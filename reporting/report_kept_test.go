package reporting_test

import (
	"bytes"
	"fmt"
	"os/exec"
	"slices"
	"strings"
	"testing"

	"github.com/xuri/excelize/v2"

	"jingfang/reporting"
	"jingfang/session/identity"
	"jingfang/sql/db"
)

// A report that is made again says the same and stays one edition; after a change
// to the period it says what changed, and the first edition stays.
func TestKeptReportSaysWhatChanged(t *testing.T) {
	c := newClinics(t, 21)
	c.play(30)
	c.sum()
	by := identity.Actor{StaffID: c.doctors[0], Name: "演示医生甲"}
	november := reporting.MonthOf(date(2025, 11, 15))
	first, changed, err := reporting.KeepReport(t.Context(), c.db.App, by, reporting.ReportMonth, november, 0)
	c.must(err)
	if first.Edition != 1 || changed != nil || first.By != "演示医生甲" {
		t.Errorf("%+v %v", first, changed)
	}
	again, changed, err := reporting.KeepReport(t.Context(), c.db.App, by, reporting.ReportMonth, november, 0)
	c.must(err)
	if again.ID != first.ID || changed != nil {
		t.Errorf("%+v %v", again, changed)
	}
	i := slices.IndexFunc(c.held, func(m *modelClinic) bool {
		return m.state == "closed" && within(m, reporting.Question{Period: november})
	})
	for range 4 { // a void visit changes no figure of visits
		if v := c.visit(c.held[i], 200+len(c.visits), c.patients[0]); v.state == "finished" {
			break
		}
	}
	c.exec(`UPDATE session_version SET version = version + 1 WHERE session_id = $1`, c.held[i].id)
	second, changed, err := reporting.KeepReport(t.Context(), c.db.App, by, reporting.ReportMonth, november, 0)
	c.must(err)
	if second.Edition != 2 || !slices.ContainsFunc(changed, func(s string) bool { return strings.Contains(s, "就诊人次") && strings.Contains(s, "原来是") }) {
		t.Errorf("%+v %v", second, changed)
	}
	_, old, err := reporting.FindReport(t.Context(), c.db.App, first.ID)
	c.must(err)
	if fmt.Sprintf("%x", first.Digest) != old.Digest() || old.Digest() == fmt.Sprintf("%x", second.Digest) {
		t.Error("the first edition is not what it was")
	}
	list, err := reporting.ListReports(t.Context(), c.db.App, nil)
	c.must(err)
	if len(list) != 1 || list[0].ID != second.ID {
		t.Errorf("%+v", list)
	}
	if list, err = reporting.ListReports(t.Context(), c.db.App, c.sites[:1]); err != nil || len(list) != 0 {
		t.Errorf("somebody of one site sees %+v, %v", list, err)
	}
	if _, _, err := reporting.KeepReport(t.Context(), c.db.App, by, reporting.ReportMonth, november, 999); db.KindOf(err) != db.NotFound {
		t.Errorf("an unknown site: %v", err)
	}
}

// The reports that are due are made once, whoever asks how often, for all sites
// together and for each.
func TestDueReportsAreMadeOnce(t *testing.T) {
	c := newClinics(t, 22)
	if made, err := reporting.MakeDueReports(t.Context(), c.db.App, identity.System("reports")); made != 0 || err != nil {
		t.Errorf("%d reports of nothing, %v", made, err)
	}
	c.play(20)
	pack := c.visits[slices.IndexFunc(c.visits, func(v *modelVisit) bool { return len(v.lines) > 0 })].lines[0].pack
	c.exec(`INSERT INTO movement (kind, pack_id, quantity, from_state, to_state, units_after, at, how) VALUES ('receive', $1, 20, '', 'in_store', 20, '2025-01-03', 'scanned')`, pack)
	for _, want := range []int{8, 0} {
		if made, err := reporting.MakeDueReports(t.Context(), c.db.App, identity.System("reports")); made != want || err != nil {
			t.Errorf("%d reports made, want %d, %v", made, want, err)
		}
	}
}

// Page, paper and spreadsheet are drawn from one document: every figure of it is
// found again in the paper's text and in the cells.
func TestPaperAndSheetSayWhatTheDocumentSays(t *testing.T) {
	needFonts(t)
	c := newClinics(t, 23)
	c.play(30)
	d, err := reporting.ReadReport(t.Context(), c.db.App, reporting.ReportYear, reporting.YearOf(date(2025, 1, 1)), 0)
	c.must(err)
	var one, two, sheet, text bytes.Buffer
	c.must(drawn(reporting.WriteDocumentPDF(&one, d, made(), "演示")))
	c.must(drawn(reporting.WriteDocumentPDF(&two, d, made(), "演示")))
	if !bytes.Equal(one.Bytes(), two.Bytes()) {
		t.Error("the same document gives other bytes")
	}
	c.must(reporting.WriteDocumentSheet(&sheet, d, made()))
	c.must(reporting.WriteDocumentCSV(&text, d))
	f, err := excelize.OpenReader(&sheet)
	c.must(err)
	paper := pdfWords(t, one.Bytes())
	for i, s := range d.Sections {
		rows, err := f.GetRows(f.GetSheetList()[i])
		c.must(err)
		all := slices.Clone(s.Rows)
		if s.Total != nil {
			all = append(all, reporting.Row{Cells: s.Total})
		}
		if len(rows) != len(all)+3 {
			t.Fatalf("%s has %d rows, its sheet %d", s.Title, len(all), len(rows))
		}
		for n, r := range all {
			for k, cell := range r.Cells {
				got := ""
				if k < len(rows[n+3]) {
					got = rows[n+3][k]
				}
				if strings.TrimPrefix(got, "'") != cell.Text {
					t.Errorf("%s row %d: %q in the sheet, %q in the document", s.Title, n, got, cell.Text)
				}
				if !strings.Contains(paper, squeeze(cell.Text)) {
					t.Errorf("%s row %d: %q is not on the paper", s.Title, n, cell.Text)
				}
			}
		}
	}
	if !strings.HasPrefix(text.String(), "\ufeff") || !strings.Contains(text.String(), "\r\n") {
		t.Error("the CSV has no mark or no line ends")
	}
}

// pdfWords is the text of a paper without spaces.
func pdfWords(t *testing.T, pdf []byte) string {
	t.Helper()
	if _, err := exec.LookPath("pdftotext"); err != nil {
		lacking(t, "pdftotext is missing: install poppler-utils")
	}
	cmd := exec.CommandContext(t.Context(), "pdftotext", "-layout", "-", "-")
	cmd.Stdin = bytes.NewReader(pdf)
	out, err := cmd.Output()
	if err != nil {
		t.Fatal(err)
	}
	return squeeze(string(out))
}

func squeeze(text string) string { return strings.Join(strings.Fields(text), "") }
