package patient

import (
	"bytes"
	"fmt"
	"strings"

	"jingfang/sql/db"
)

// MaxImportFile is the largest file of patients that is read, in bytes.
const MaxImportFile = 16 << 20

// maxImportRows is how many patients one file may bring.
const maxImportRows = 50_000

// Grid is a table read from a file: rows of text, as they stand in it.
type Grid struct {
	Sheet  string   `json:"sheet"`  // the sheet that was read; "" for a csv
	Sheets []string `json:"sheets"` // all that hold something
	Rows   []GridRow
	// Serial says that a bare number in a column of dates counts days, as
	// spreadsheets keep them; Date1904 from 1904 on instead of 1900.
	Serial   bool `json:"serial"`
	Date1904 bool `json:"date1904"`
	// Notes are sentences about the file that a person should read.
	Notes []string `json:"notes"`
}

// GridRow is one row that is not empty, with its number in the file.
type GridRow struct {
	No    int      `json:"n"`
	Cells []string `json:"c"`
}

// Cell is the text in a column, counted from 0; "" beyond the end.
func (r GridRow) Cell(column int) string {
	if column < 0 || column >= len(r.Cells) {
		return ""
	}
	return r.Cells[column]
}

// ReadGrid reads a spreadsheet (xlsx of Excel, WPS or LibreOffice) or a csv (UTF-8
// or GB18030) by what it is, not by its name. sheet chooses among several; ""
// takes the first that holds something. What is no table is refused with a
// sentence of kind Invalid.
func ReadGrid(data []byte, sheet string) (Grid, error) {
	switch {
	case len(data) == 0:
		return Grid{}, db.Refuse(db.Invalid, "文件是空的。请选择填好的表格。")
	case len(data) > MaxImportFile:
		return Grid{}, db.Refuse(db.Invalid, "文件超过 %d MB。请分成几个文件导入。", MaxImportFile>>20)
	case bytes.HasPrefix(data, []byte("\xd0\xcf\x11\xe0")):
		return Grid{}, db.Refuse(db.Invalid, "这是旧版 .xls 或加了密码的表格。请去掉密码，另存为 .xlsx 再导入。")
	case bytes.HasPrefix(data, []byte("PK\x03\x04")):
		return readWorkbook(data, sheet)
	case looksBinary(data):
		return Grid{}, db.Refuse(db.Invalid, "这不是表格文件。请选择 .xlsx 或 .csv 文件；只改文件名不行，要在表格软件里另存。")
	}
	return readCSV(data)
}

// looksBinary tells pictures and other files from text: text has no zero bytes
// and hardly any control characters.
func looksBinary(data []byte) bool {
	head, odd := data[:min(len(data), 4096)], 0
	for _, b := range head {
		if b == 0 {
			return true
		}
		if b < 0x20 && b != '\t' && b != '\n' && b != '\r' && b != 0x1c && b != 0x1d {
			odd++
		}
	}
	return odd*50 > len(head)
}

// add keeps a row that is not empty; too many rows are refused.
func (g *Grid) add(no int, cells []string) error {
	last := -1
	for i, c := range cells {
		cells[i] = strings.TrimSpace(c)
		if cells[i] != "" {
			last = i
		}
	}
	if last < 0 {
		return nil
	}
	if len(g.Rows) > maxImportRows {
		return db.Refuse(db.Invalid, "表格超过 %d 行。请分成几个文件导入。", maxImportRows)
	}
	g.Rows = append(g.Rows, GridRow{No: no, Cells: append([]string(nil), cells[:last+1]...)})
	return nil
}

// checkRows refuses a table that has nothing below its heading.
func (g *Grid) checkRows() error {
	if len(g.Rows) == 0 {
		where := ""
		if g.Sheet != "" {
			where = fmt.Sprintf("（工作表“%s”）", g.Sheet)
		}
		return db.Refuse(db.Invalid, "表格里没有内容%s。请填好后再导入。", where)
	}
	return nil
}

// ColumnName is the letter of a column, counted from 0: A, B, … AA.
func ColumnName(column int) string {
	name := ""
	for n := column + 1; n > 0; n = (n - 1) / 26 {
		name = string(rune('A'+(n-1)%26)) + name
	}
	return name
}
