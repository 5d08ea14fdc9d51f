package patient

import (
	"fmt"
	"io"
	"strings"

	"github.com/xuri/excelize/v2"
)

// WriteTemplate writes an empty table with the usual headings and one line that
// shows how to fill it in, whose person does not exist.
func WriteTemplate(w io.Writer) error {
	heads := make([]string, 0, len(Fields()))
	for _, f := range Fields() {
		heads = append(heads, f.Label())
	}
	example := []string{"演示患者（请删去本行）", "男", "1970-01-01", "身份证", "999900197001010015", "000-0000-0001", "演示路 1 号", "青霉素", "新华社区", ""}
	return writeTable(w, table{name: "患者", heads: heads, rows: [][]string{example}})
}

// WriteErrors writes the rows that an import leaves out because of errors, as they
// stood in the file, with the reasons in front: to be mended and uploaded again.
func (d Draft) WriteErrors(w io.Writer) error {
	heads := append([]string{"原因"}, d.Head.Cells...)
	wrong := map[int][]CellError{}
	for _, r := range d.Rows {
		if r.Fate == FateError {
			wrong[r.No] = r.Wrong
		}
	}
	var rows [][]string
	for _, row := range d.Grid.Rows {
		reasons, bad := wrong[row.No]
		if !bad {
			continue
		}
		var words []string
		for _, e := range reasons {
			words = append(words, e.Cell+"："+e.Text)
		}
		rows = append(rows, append([]string{strings.Join(words, " ")}, row.Cells...))
	}
	return writeTable(w, table{name: "有错误的行", heads: heads, rows: rows, wide: 1})
}

// table is a sheet of texts. mark stands above the heads when there is one; columns
// before wide are wider.
type table struct {
	name, mark string
	heads      []string
	rows       [][]string
	wide       int
}

// writeTable writes a sheet in which every cell is a text, so that an ID number
// keeps its digits and what looks like a formula stays one.
func writeTable(w io.Writer, t table) error {
	f := excelize.NewFile()
	defer func() { _ = f.Close() }() // only temporary files
	if err := f.SetSheetName("Sheet1", t.name); err != nil {
		return fmt.Errorf("name the sheet: %w", err)
	}
	text, err := f.NewStyle(&excelize.Style{NumFmt: 49}) // the format of texts
	if err != nil {
		return fmt.Errorf("style of the sheet: %w", err)
	}
	out, err := f.NewStreamWriter(t.name)
	if err != nil {
		return fmt.Errorf("open the sheet: %w", err)
	}
	for i := range t.heads {
		width := 18.0
		if i < t.wide {
			width = 48
		}
		if err := out.SetColWidth(i+1, i+1, width); err != nil {
			return fmt.Errorf("width of a column: %w", err)
		}
	}
	rows := append([][]string{t.heads}, t.rows...)
	if t.mark != "" {
		rows = append([][]string{{t.mark}}, rows...)
	}
	for i, row := range rows {
		cells := make([]any, len(row))
		for k, c := range row {
			cells[k] = excelize.Cell{StyleID: text, Value: c}
		}
		if err := out.SetRow(fmt.Sprintf("A%d", i+1), cells); err != nil {
			return fmt.Errorf("write row %d: %w", i+1, err)
		}
	}
	if err := out.Flush(); err != nil {
		return fmt.Errorf("end the sheet: %w", err)
	}
	if err := f.Write(w); err != nil {
		return fmt.Errorf("write the sheet: %w", err)
	}
	return nil
}
