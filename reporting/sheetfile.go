package reporting

import (
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/xuri/excelize/v2"

	"jingfang/session"
)

// SheetColumn is one column of a spreadsheet.
type SheetColumn struct {
	Title string
	Width float64 // in characters
}

// SheetFile is a spreadsheet while it is written, row by row: what it is and who
// made it, the frozen head, then the rows. Numbers and dates are numbers and
// dates; a text stays a text whatever it looks like.
type SheetFile struct {
	file                    *excelize.File
	out                     *excelize.StreamWriter
	row                     int
	head, day, moment, bold int // styles
}

// headRows is how many rows stay when the sheet is scrolled.
const headRows = 3

// NewSheetFile opens a spreadsheet with one sheet of these columns.
func NewSheetFile(title string, made Made, cols ...SheetColumn) (*SheetFile, error) {
	f := &SheetFile{file: excelize.NewFile(), row: 1}
	name := sheetName(title)
	if err := f.file.SetSheetName("Sheet1", name); err != nil {
		return nil, fmt.Errorf("name the sheet: %w", err)
	}
	if err := f.styles(); err != nil {
		return nil, err
	}
	return f, f.open(name, title, made, cols)
}

// Next ends the sheet and opens a further one of this name.
func (f *SheetFile) Next(name, title string, made Made, cols ...SheetColumn) error {
	if err := f.out.Flush(); err != nil {
		return fmt.Errorf("end the sheet: %w", err)
	}
	name = sheetName(name)
	if _, err := f.file.NewSheet(name); err != nil {
		return fmt.Errorf("a further sheet: %w", err)
	}
	f.row = 1
	return f.open(name, title, made, cols)
}

// open begins to write a sheet, which is there.
func (f *SheetFile) open(name, title string, made Made, cols []SheetColumn) error {
	var err error
	if f.out, err = f.file.NewStreamWriter(name); err != nil {
		return fmt.Errorf("open the sheet: %w", err)
	}
	for i, c := range cols {
		if err := f.out.SetColWidth(i+1, i+1, c.Width); err != nil {
			return fmt.Errorf("width of column %d: %w", i+1, err)
		}
	}
	err = f.out.SetPanes(&excelize.Panes{Freeze: true, YSplit: headRows, TopLeftCell: fmt.Sprintf("A%d", headRows+1), ActivePane: "bottomLeft"})
	if err != nil {
		return fmt.Errorf("freeze the head: %w", err)
	}
	return f.begin(title, made, cols)
}

// styles registers how cells look.
func (f *SheetFile) styles() error {
	var err error
	style := func(s *excelize.Style) (id int) {
		if err == nil {
			id, err = f.file.NewStyle(s)
		}
		return id
	}
	day, moment := "yyyy-mm-dd", "yyyy-mm-dd hh:mm:ss"
	f.bold = style(&excelize.Style{Font: &excelize.Font{Bold: true, Size: 14}})
	f.head = style(&excelize.Style{Font: &excelize.Font{Bold: true}, Fill: excelize.Fill{Type: "pattern", Pattern: 1, Color: []string{"E8ECF0"}}})
	f.day = style(&excelize.Style{CustomNumFmt: &day})
	f.moment = style(&excelize.Style{CustomNumFmt: &moment})
	if err != nil {
		return fmt.Errorf("styles of the sheet: %w", err)
	}
	return nil
}

// begin writes the three rows of the head.
func (f *SheetFile) begin(title string, made Made, cols []SheetColumn) error {
	if err := f.write([]any{excelize.Cell{StyleID: f.bold, Value: plainText(title)}}); err != nil {
		return err
	}
	who := fmt.Sprintf("制表：%s　%s", made.By, made.At.In(session.Zone()).Format("2006-01-02 15:04:05"))
	if err := f.write([]any{plainText(who)}); err != nil {
		return err
	}
	heads := make([]any, len(cols))
	for i, c := range cols {
		heads[i] = excelize.Cell{StyleID: f.head, Value: c.Title}
	}
	return f.write(heads)
}

// Row adds a row. A value is a string, an int, an int64, a [SheetDay], a
// time.Time (a moment), or nil for an empty cell.
func (f *SheetFile) Row(values ...any) error {
	cells := make([]any, len(values))
	for i, v := range values {
		switch v := v.(type) {
		case string:
			cells[i] = plainText(v)
		case SheetDay:
			cells[i] = excelize.Cell{StyleID: f.day, Value: time.Time(v)}
		case time.Time:
			// The file has no zones: the clock of the clinic is written.
			local := v.In(session.Zone())
			cells[i] = excelize.Cell{StyleID: f.moment, Value: time.Date(local.Year(), local.Month(), local.Day(), local.Hour(), local.Minute(), local.Second(), 0, time.UTC)}
		case int, int64, nil:
			cells[i] = v
		default:
			return fmt.Errorf("spreadsheet: a %T is no cell", v)
		}
	}
	return f.write(cells)
}

// SheetDay is a calendar day in a spreadsheet, without a time.
type SheetDay time.Time

func (f *SheetFile) write(cells []any) error {
	if err := f.out.SetRow(fmt.Sprintf("A%d", f.row), cells); err != nil {
		return fmt.Errorf("row %d of the sheet: %w", f.row, err)
	}
	f.row++
	return nil
}

// WriteTo ends the spreadsheet and writes it.
func (f *SheetFile) WriteTo(w io.Writer) (int64, error) {
	if err := f.out.Flush(); err != nil {
		return 0, fmt.Errorf("end the sheet: %w", err)
	}
	n, err := f.file.WriteTo(w)
	if err != nil {
		return n, fmt.Errorf("write the spreadsheet: %w", err)
	}
	return n, f.file.Close()
}

// plainText keeps a text from being taken for a formula when it is opened,
// copied or saved as another kind of file: an apostrophe goes before what begins
// like one. Characters that the format forbids are left out.
func plainText(s string) string {
	s = strings.Map(func(r rune) rune {
		if r < ' ' && r != '\t' && r != '\n' {
			return -1
		}
		return r
	}, s)
	if s == "" {
		return s
	}
	if r := []rune(s)[0]; strings.ContainsRune("=+-@\t\n＝＋－＠", r) {
		return "'" + s
	}
	return s
}

// sheetName is the title as the format allows it for a sheet.
func sheetName(title string) string {
	name := []rune(strings.Map(func(r rune) rune {
		if strings.ContainsRune(`:\/?*[]'`, r) {
			return ' '
		}
		return r
	}, title))
	return string(name[:min(len(name), 31)])
}
