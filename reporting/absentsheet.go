package reporting

import (
	"io"
	"time"

	"jingfang/session"
)

// AbsentPaper is a list of people who should have come. Names and Phones are by
// patient; who may not be named is missing from Names.
type AbsentPaper struct {
	Title         string
	Today         time.Time // the clinic date that days are counted to
	List          []session.Due
	Names, Phones map[int64]string
}

// WriteAbsentSheet writes the list as a spreadsheet, a row for each person.
func WriteAbsentSheet(w io.Writer, p AbsentPaper, made Made) error {
	f, err := NewSheetFile(p.Title, made, SheetColumn{"患者号", 10}, SheetColumn{"姓名", 12}, SheetColumn{"电话", 16}, SheetColumn{"登记站点", 16}, SheetColumn{"上次取药", 12},
		SheetColumn{"所发天数", 10}, SheetColumn{"药还够（天）", 14}, SheetColumn{"应取药", 12}, SheetColumn{"逾期（天）", 12}, SheetColumn{"今天", 10}, SheetColumn{"到期的针剂或检查", 30})
	if err != nil {
		return err
	}
	for _, d := range p.List {
		if err := f.Row(p.row(d)...); err != nil {
			return err
		}
	}
	_, err = f.WriteTo(w)
	return err
}

func (p AbsentPaper) row(d session.Due) []any {
	var last, next, days, left any
	if d.LastOn != nil {
		last = SheetDay(*d.LastOn)
	}
	if d.NextDue != nil {
		next = SheetDay(*d.NextDue)
	}
	if n, known := d.Left(p.Today); known {
		days, left = d.Days, n
	}
	came := ""
	if d.Came() {
		came = "已来"
	}
	return []any{d.Number, p.Names[d.PatientID], p.Phones[d.PatientID], d.HomeSite, last, days, left, next, d.Late(p.Today), came, d.Shot + d.Check}
}
