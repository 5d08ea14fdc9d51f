package reporting_test

import (
	"bytes"
	"strings"
	"testing"

	"github.com/xuri/excelize/v2"

	"jingfang/reporting"
)

// The register and the result of a count as spreadsheets: figures are numbers, the
// head stays, the running balance ends where the paper's does, and a text like a
// formula is a text.
func TestListsAsSheets(t *testing.T) {
	d := newDay(t, 2, usualDrugs()...)
	playUsual(d)
	drug := d.insert(`SELECT id FROM drug WHERE his_code = 'DEMO0'`)
	d.insert(`INSERT INTO drug_class (drug_id, class, since_on, at) VALUES ($1, '精二', '2020-01-01', now()) RETURNING id`, drug)
	x := d.register(d.chief, drug)
	count := countResult(3)
	count.Differences[0].Text = "=1+1"
	count.Differences[1].Code = "=HYPERLINK(\"x\")"
	for name, doc := range map[string]reporting.Document{"register": x.Document("药房账上全部"), "count": reporting.CountDocument(count, made())} {
		var sheet, text bytes.Buffer
		d.must(reporting.WriteDocumentSheet(&sheet, doc, made()))
		d.must(reporting.WriteDocumentCSV(&text, doc))
		f, err := excelize.OpenReader(&sheet)
		d.must(err)
		rows, err := f.GetRows(f.GetSheetList()[0])
		d.must(err)
		all := ""
		for i, r := range rows {
			for j, c := range r {
				all += c + "\n"
				at, err := excelize.CoordinatesToCellName(j+1, i+1)
				d.must(err)
				if formula, _ := f.GetCellFormula(f.GetSheetList()[0], at); formula != "" {
					t.Errorf("%s: %s is a formula: %s", name, at, formula)
				}
			}
		}
		panes, err := f.GetPanes(f.GetSheetList()[0])
		d.must(err)
		if !panes.Freeze {
			t.Errorf("%s: the head does not stay", name)
		}
		for _, s := range doc.Sections {
			for _, r := range s.Rows {
				if len(r.Cells) != len(s.Columns) {
					t.Errorf("%s: %d cells in %d columns", name, len(r.Cells), len(s.Columns))
				}
			}
		}
		if !bytes.HasPrefix(text.Bytes(), []byte("\xef\xbb\xbf")) || strings.Contains(text.String(), ",=") || strings.Contains(text.String(), "\n=") {
			t.Errorf("%s: the CSV has no mark, or a formula", name)
		}
		if name == "register" {
			last := doc.Sections[0].Rows[len(doc.Sections[0].Rows)-1].Cells
			if last[9].Value != x.Closing().Packs || last[10].Value != x.Closing().Loose || !strings.Contains(all, "逐笔结存") && !strings.Contains(all, "凭证") {
				t.Errorf("the balance ends at %v, not %+v", last, x.Closing())
			}
		}
	}
}
