package reporting

import (
	"context"
	"fmt"
	"io"

	"jingfang/sql/db"
)

// VisitColumns are the columns of a list of visits.
func VisitColumns() []Column {
	return []Column{{"日期", false, 20}, {"精防点", false, 30}, {"号", true, 10}, {"患者", false, 18}, {"患者编号", false, 24}, {"医生", false, 20}, {"初复诊", false, 12}, {"药盒", true, 12}, {"欠药", false, 10}, {"未取药原因", false, 30}, {"用时（分）", true, 16}}
}

// Cells are the visit as a row of [VisitColumns]; name is the patient's as the
// reader may see it.
func (v VisitRow) Cells(name string) []Cell {
	kind, owed, length := "复诊", "", words("")
	if v.Fresh {
		kind = "初诊"
	}
	if v.Owed {
		owed = "欠药"
	}
	if v.StartedAt != nil && v.FinishedAt != nil && !v.FinishedAt.Before(*v.StartedAt) {
		length = words(tenths((int64(v.FinishedAt.Sub(*v.StartedAt).Seconds())*10 + 30) / 60))
	}
	return []Cell{dayCell(v.HeldOn), words(siteWords(v.Site, v.Kind)), figure(v.Number, ToNothing, ""), words(name), words(v.PatientNo), words(v.Doctor), words(kind),
		figure(v.Packs, ToGiven, ""), words(owed), words(v.Reason), length}
}

// Narrow is what the row leads to.
func (v VisitRow) Narrow() Narrow {
	return Narrow{Visit: v.ID, Period: Period{v.HeldOn.UTC(), v.HeldOn.UTC()}}
}

// GivenColumns are the columns of a list of boxes handed out.
func GivenColumns() []Column {
	return []Column{{"日期", false, 20}, {"精防点", false, 28}, {"号", true, 10}, {"患者", false, 18}, {"患者编号", false, 24}, {"医生", false, 18}, {"药品", false, 36}, {"批号", false, 18},
		{"追溯码", false, 38}, {"整盒", true, 12}, {"拆零", true, 12}, {"单位", false, 14}}
}

// Cells are the box as a row of [GivenColumns].
func (g GivenRow) Cells(name string) []Cell {
	u := g.Used()
	return []Cell{dayCell(g.HeldOn), words(siteWords(g.Site, g.Kind)), figure(g.Number, ToNothing, ""), words(name), words(g.PatientNo), words(g.Doctor), words(g.Drug()), words(orDash(g.Batch)),
		{Text: g.Code, To: ToTrace}, figure(u.Whole, ToNothing, ""), figure(u.Loose, ToNothing, ""), words(g.PackWord + "／" + g.UnitWord)}
}

// PersonColumns are the columns of a list of patients with their medicine.
func PersonColumns() []Column {
	return []Column{{"患者", false, 20}, {"患者编号", false, 28}, {"药品", false, 46}, {"领药人次", true, 16}, {"整盒", true, 14}, {"拆零", true, 14}, {"单位", false, 14}, {"合计（最小单位）", true, 22}}
}

// Cells are the patient's drug as a row of [PersonColumns].
func (p PersonUse) Cells(name string) []Cell {
	return []Cell{words(name), words(p.Number), words(p.Drug()), figure(p.Visits, ToGiven, ""), figure(p.Whole, ToGiven, ""), figure(p.Loose, ToGiven, ""), words(p.PackWord + "／" + p.UnitWord), figure(p.Units, ToGiven, "")}
}

// Narrow is what the row leads to.
func (p PersonUse) Narrow() Narrow { return Narrow{PatientID: p.PatientID, DrugID: p.DrugID} }

// Export is a list of rows as a file of any length.
type Export struct {
	Question Question
	// What is "visits", "given" or "people".
	What string
	Only Only
	// CSV asks for text; otherwise it is a spreadsheet.
	CSV  bool
	Made Made
	// Name gives a patient's name as the reader may see it.
	Name func(string) string
}

// Title is what the file is called.
func (e Export) Title() string {
	return map[string]string{"visits": "就诊明细", "given": "发药明细", "people": "患者用药汇总"}[e.What] + " " + e.Question.Words()
}

// Columns are those of the list.
func (e Export) Columns() []Column {
	switch e.What {
	case "given":
		return GivenColumns()
	case "people":
		return PersonColumns()
	}
	return VisitColumns()
}

// rowWriter takes rows one by one.
type rowWriter interface {
	cells([]Cell) error
	end() error
}

func (f *CSVFile) cells(list []Cell) error { return f.Row(list) }
func (f *CSVFile) end() error              { return f.Close() }

// sheetRows writes rows into a spreadsheet.
type sheetRows struct {
	*SheetFile
	w io.Writer
}

func (s sheetRows) cells(list []Cell) error { return s.Row(sheetValues(list)...) }

func (s sheetRows) end() error {
	_, err := s.WriteTo(s.w)
	return err
}

// Write writes the rows and says how many there are. They are read a month at a
// time on one snapshot and never held together. progress, which may be nil, hears
// of the months. Errors are those of [ReadVisits]; Invalid for an unknown list.
func (e Export) Write(ctx context.Context, d *db.DB, w io.Writer, progress func(done, total int64)) (rows int64, err error) {
	out, err := e.open(w)
	if err != nil {
		return 0, err
	}
	put := func(cells []Cell) error {
		rows++
		return out.cells(cells)
	}
	switch e.What {
	case "visits":
		err = EachVisit(ctx, d, e.Question, e.Only, progress, func(v VisitRow) error { return put(v.Cells(e.Name(v.Patient))) })
	case "given":
		err = EachGiven(ctx, d, e.Question, progress, func(g GivenRow) error { return put(g.Cells(e.Name(g.Patient))) })
	case "people":
		var list []PersonUse
		list, _, _, err = PersonRows(ctx, d, e.Question, 0, everyRow)
		for _, p := range list {
			if err == nil {
				err = put(p.Cells(e.Name(p.Name)))
			}
		}
	default:
		return 0, db.Refuse(db.Invalid, "没有这种明细。请从统计页面重新选择。")
	}
	if err != nil {
		return rows, fmt.Errorf("export %s: %w", e.What, err)
	}
	return rows, out.end()
}

func (e Export) open(w io.Writer) (rowWriter, error) {
	if e.CSV {
		return NewCSVFile(w, e.Columns()...)
	}
	f, err := NewSheetFile(e.Title(), e.Made, Section{Columns: e.Columns()}.sheetColumns()...)
	return sheetRows{f, w}, err
}

// Tail is the last characters of a trace code, which people read.
func (g GivenRow) Tail() string { return g.Code[max(0, len(g.Code)-4):] }
