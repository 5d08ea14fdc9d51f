package reporting_test

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"jingfang/reporting"
)

// rareNames is a report whose names have characters beyond the basic plane, in the
// head, in cells that wrap, on the right and in red and bold.
func rareNames() reporting.Document {
	day := time.Date(2026, 11, 1, 0, 0, 0, 0, time.UTC)
	name := reporting.Cell{Text: "演示张𬭎（𫖯仰）"}
	d := reporting.Document{Name: "rare", Title: "演示𬬩社区报表", Scope: "演示𬭎社区", Period: reporting.MonthOf(day), At: day.Add(10 * time.Hour), Wrong: []string{"演示𬱖：不符。"}, Notes: []string{"没有字形的仍写成编号：𠮷。"}}
	s := reporting.Section{Title: "按患者𬭎", Columns: []reporting.Column{{Title: "患者𬭎", Wide: 30}, {Title: "说明", Wide: 20}, {Title: "数", Figure: true, Wide: 20}}}
	for range 60 {
		s.Rows = append(s.Rows, reporting.Row{Cells: []reporting.Cell{name, {Text: strings.Repeat("𬭎𬬩", 12)}, {Text: "12𬭎"}}})
	}
	s.Total = []reporting.Cell{{Text: "合计"}, {Text: ""}, {Text: "720𬭎"}}
	d.Sections = []reporting.Section{s}
	return d
}

// A name with a character that the font has beyond the basic plane is drawn, is found
// in the file, and breaks and ends where any other character would.
func TestRareCharactersAreDrawn(t *testing.T) {
	needFonts(t)
	var one, two bytes.Buffer
	for _, b := range []*bytes.Buffer{&one, &two} {
		if err := drawn(reporting.WriteDocumentPDF(b, rareNames(), made(), "演示药师𬭎")); err != nil {
			t.Fatal(err)
		}
	}
	if !bytes.Equal(one.Bytes(), two.Bytes()) {
		t.Error("the same report gives other bytes")
	}
	if folder := os.Getenv("JINGFANG_PAPERS"); folder != "" { // to be looked at
		if err := os.WriteFile(filepath.Join(folder, "rare.pdf"), one.Bytes(), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	said := pdfWords(t, one.Bytes())
	for text, least := range map[string]int{"演示张𬭎（𫖯仰）": 60, "患者𬭎": 3, "12𬭎": 60, "720𬭎": 1, "演示𬬩社区报表": 3, "演示𬱖：不符": 1, "〔U+20BB7〕": 1} {
		if n := strings.Count(said, text); n < least {
			t.Errorf("%q stands there %d times, not %d", text, n, least)
		}
	}
	if strings.Contains(said, "〔U+2B") || strings.Contains(said, "〔U+2C") {
		t.Error("a character that the font has is written as its number")
	}
}
