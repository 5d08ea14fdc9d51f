package patient

import (
	"archive/zip"
	"bytes"
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/xuri/excelize/v2"

	"jingfang/sql/db"
)

// Limits of a workbook once it is unpacked, in bytes: a small file can hold more
// than the machine has memory for. What is above maxInMemory goes to a temporary
// file while it is read.
const (
	maxUnpacked = 256 << 20
	maxInMemory = 32 << 20
)

// readWorkbook reads one sheet of a workbook, row by row, in the raw form of its
// cells: what is shown depends on a program's language.
func readWorkbook(data []byte, sheet string) (Grid, error) {
	var g Grid
	formulas, err := inspect(data)
	if err != nil {
		return g, err
	}
	f, err := excelize.OpenReader(bytes.NewReader(data), excelize.Options{UnzipSizeLimit: maxUnpacked, UnzipXMLSizeLimit: maxInMemory, RawCellValue: true})
	if err != nil {
		return g, sheetError(err)
	}
	defer func() { _ = f.Close() }() // only temporary files; the reading has its own errors
	g.Serial = true
	if props, err := f.GetWorkbookProps(); err == nil && props.Date1904 != nil {
		g.Date1904 = *props.Date1904
	}
	if err := g.chooseSheet(f, sheet); err != nil {
		return g, err
	}
	if formulas {
		g.Notes = append(g.Notes, "表里有公式，按保存时的结果读入；没有结果的格子算空。")
	}
	return g, g.checkRows()
}

// chooseSheet reads the wanted sheet, or the first that holds something, and lists
// those that do.
func (g *Grid) chooseSheet(f *excelize.File, want string) error {
	list := f.GetSheetList()
	if want != "" && !slices.Contains(list, want) {
		return db.Refuse(db.Invalid, "文件里没有工作表“%s”。请重新选择。", want)
	}
	for _, name := range list {
		one := Grid{Sheet: name}
		if err := one.readSheet(f); err != nil {
			return err
		}
		if len(one.Rows) == 0 {
			continue
		}
		g.Sheets = append(g.Sheets, name)
		if g.Sheet == "" && want == "" || name == want {
			g.Sheet, g.Rows = name, one.Rows
		}
	}
	if g.Sheet == "" && want != "" {
		g.Sheet = want
	}
	if len(g.Sheets) > 1 {
		g.Notes = append(g.Notes, fmt.Sprintf("文件里有 %d 个工作表，读的是“%s”。", len(g.Sheets), g.Sheet))
	}
	return nil
}

func (g *Grid) readSheet(f *excelize.File) error {
	rows, err := f.Rows(g.Sheet)
	if err != nil {
		return sheetError(err)
	}
	defer func() { _ = rows.Close() }() // only a temporary file
	for no := 1; rows.Next(); no++ {
		cells, err := rows.Columns(excelize.Options{RawCellValue: true})
		if err != nil {
			return sheetError(err)
		}
		if err := g.add(no, cells); err != nil {
			return err
		}
	}
	if err := rows.Error(); err != nil {
		return sheetError(err)
	}
	return nil
}

// inspect looks into the parcel before it is unpacked: what is no workbook, brings
// macros or would grow beyond all measure is refused. It says whether there are
// formulas.
func inspect(data []byte) (formulas bool, err error) {
	z, err := zip.NewReader(bytes.NewReader(data), int64(len(data)))
	if err != nil {
		return false, sheetError(err)
	}
	var size uint64
	book, open := false, false
	for _, part := range z.File {
		size += part.UncompressedSize64
		name := strings.ToLower(part.Name)
		switch {
		case strings.HasSuffix(name, "vbaproject.bin"):
			return false, db.Refuse(db.Invalid, "这个表格带有宏。请另存为不带宏的 .xlsx 再导入。")
		case name == "xl/workbook.xml":
			book = true
		case name == "mimetype":
			open = true // the mark of OpenDocument
		}
	}
	if size > maxUnpacked {
		return false, db.Refuse(db.Invalid, "表格展开后过大（%d MB）。请删去空行、空列和图片，另存后再导入。", size>>20)
	}
	if !book && open {
		return false, db.Refuse(db.Invalid, "这是 .ods 表格。请在 LibreOffice 或 WPS 里另存为 .xlsx 再导入。")
	}
	if !book {
		return false, db.Refuse(db.Invalid, "这是压缩文件，不是表格。请选择 .xlsx 或 .csv 文件。")
	}
	for _, part := range z.File {
		if !formulas && strings.HasPrefix(part.Name, "xl/worksheets/") {
			if formulas, err = hasFormula(part); err != nil {
				return false, sheetError(err)
			}
		}
	}
	return formulas, nil
}

// hasFormula looks for the element <f of a sheet.
func hasFormula(part *zip.File) (bool, error) {
	r, err := part.Open()
	if err != nil {
		return false, err
	}
	defer func() { _ = r.Close() }() // reading is over
	const overlap = 3
	buf, kept := make([]byte, 64<<10), 0
	for {
		n, err := r.Read(buf[kept:])
		have := buf[:kept+n]
		if bytes.Contains(have, []byte("<f>")) || bytes.Contains(have, []byte("<f ")) {
			return true, nil
		}
		if err == io.EOF {
			return false, nil
		}
		if err != nil {
			return false, err
		}
		kept = copy(buf, have[max(0, len(have)-overlap):])
	}
}
