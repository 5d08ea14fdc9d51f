package reporting

import (
	"bufio"
	"encoding/csv"
	"fmt"
	"io"
	"time"

	"jingfang/session"
)

// WriteDocumentSheet writes a document as a spreadsheet, every section as a sheet
// of its own with figures as numbers and dates as dates.
func WriteDocumentSheet(w io.Writer, d Document, made Made) error {
	var f *SheetFile
	for i, x := range d.Sections {
		title, cols := x.Title, x.sheetColumns()
		var err error
		if i == 0 {
			f, err = NewSheetFile(title, made, cols...)
		} else {
			err = f.Next(fmt.Sprintf("%s %d", title, i+1), d.Heading(), made, cols...)
		}
		if err != nil {
			return err
		}
		if err := f.section(x); err != nil {
			return err
		}
	}
	if f == nil {
		return fmt.Errorf("write a spreadsheet: %q has no section", d.Title)
	}
	_, err := f.WriteTo(w)
	return err
}

func (f *SheetFile) section(x Section) error {
	for _, r := range x.Rows {
		if err := f.Row(sheetValues(r.Cells)...); err != nil {
			return err
		}
	}
	if x.Total != nil {
		return f.Row(sheetValues(x.Total)...)
	}
	return nil
}

func (x Section) sheetColumns() []SheetColumn {
	list := make([]SheetColumn, len(x.Columns))
	for i, c := range x.Columns {
		list[i] = SheetColumn{c.Title, max(10, c.Wide*0.6)}
	}
	return list
}

// sheetValues are the cells of a spreadsheet.
func sheetValues(cells []Cell) []any {
	list := make([]any, len(cells))
	for i, c := range cells {
		if list[i] = c.Value; c.Value == nil {
			list[i] = c.Text
		}
	}
	return list
}

// CSVFile is a table in text while it is written: UTF-8 with a byte order mark, by
// which spreadsheets know it, lines as RFC 4180 wants them.
type CSVFile struct {
	out *bufio.Writer
	csv *csv.Writer
}

// NewCSVFile writes the mark and the head.
func NewCSVFile(w io.Writer, cols ...Column) (*CSVFile, error) {
	f := &CSVFile{out: bufio.NewWriter(w)}
	if _, err := f.out.WriteString("\ufeff"); err != nil {
		return nil, fmt.Errorf("begin a CSV: %w", err)
	}
	f.csv = csv.NewWriter(f.out)
	f.csv.UseCRLF = true
	heads := make([]string, len(cols))
	for i, c := range cols {
		heads[i] = c.Title
	}
	return f, f.write(heads)
}

// Row adds a row of cells; what looks like a formula is kept from being one.
func (f *CSVFile) Row(cells []Cell) error {
	list := make([]string, len(cells))
	for i, c := range cells {
		switch v := c.Value.(type) {
		case nil:
			list[i] = plainText(c.Text)
		case time.Time:
			list[i] = v.In(session.Zone()).Format("2006-01-02 15:04:05")
		default:
			list[i] = c.Text
		}
	}
	return f.write(list)
}

func (f *CSVFile) write(fields []string) error {
	if err := f.csv.Write(fields); err != nil {
		return fmt.Errorf("write a CSV: %w", err)
	}
	return nil
}

// Close writes what is left.
func (f *CSVFile) Close() error {
	f.csv.Flush()
	if err := f.csv.Error(); err != nil {
		return fmt.Errorf("end a CSV: %w", err)
	}
	if err := f.out.Flush(); err != nil {
		return fmt.Errorf("end a CSV: %w", err)
	}
	return nil
}

// WriteDocumentCSV writes the sections of a document one below the other, each with
// its title and its head.
func WriteDocumentCSV(w io.Writer, d Document) error {
	f, err := NewCSVFile(w, Column{Title: d.Heading()})
	if err != nil {
		return err
	}
	for _, x := range d.Sections {
		rows := [][]Cell{{words(x.Title)}, {}}
		for _, c := range x.Columns {
			rows[1] = append(rows[1], words(c.Title))
		}
		for _, r := range x.Rows {
			rows = append(rows, r.Cells)
		}
		if x.Total != nil {
			rows = append(rows, x.Total)
		}
		for _, r := range rows {
			if err := f.Row(r); err != nil {
				return err
			}
		}
	}
	return f.Close()
}
