package patient

import (
	"bytes"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"strings"
	"unicode/utf8"

	"golang.org/x/text/encoding/simplifiedchinese"

	"jingfang/sql/db"
)

// readCSV reads text with commas, semicolons or tabs. Text that is not UTF-8 is
// GB18030, as spreadsheets in China write it; a character that has no place in it
// becomes U+FFFD and is complained about at its row.
func readCSV(data []byte) (Grid, error) {
	g := Grid{}
	data = bytes.TrimPrefix(data, []byte("\xef\xbb\xbf"))
	if !utf8.Valid(data) {
		text, err := simplifiedchinese.GB18030.NewDecoder().Bytes(data)
		if err != nil {
			return g, db.RefuseBecause(err, db.Invalid, "文字编码读不出来。请在表格软件里另存为“CSV UTF-8”或 .xlsx 再导入。")
		}
		data = text
		g.Notes = append(g.Notes, "文件是 GB18030 编码，已转换。")
	}
	r := csv.NewReader(bytes.NewReader(data))
	r.Comma, r.LazyQuotes, r.FieldsPerRecord, r.ReuseRecord = separator(data), true, -1, true
	for {
		cells, err := r.Read()
		if errors.Is(err, io.EOF) {
			return g, g.checkRows()
		}
		if err != nil {
			return g, db.RefuseBecause(err, db.Invalid, "第 %d 行读不出来（引号没有配对）。请在表格软件里另存为 .xlsx 再导入。", lineOf(err))
		}
		no, _ := r.FieldPos(0)
		if err := g.add(no, cells); err != nil {
			return g, err
		}
	}
}

func lineOf(err error) int {
	var wrong *csv.ParseError
	if errors.As(err, &wrong) {
		return wrong.StartLine
	}
	return 0
}

// separator is the one of comma, tab and semicolon that the first line has most.
func separator(data []byte) rune {
	line, _, _ := strings.Cut(string(data[:min(len(data), 4096)]), "\n")
	best, most := ',', strings.Count(line, ",")
	for _, c := range []rune{'\t', ';'} {
		if n := strings.Count(line, string(c)); n > most {
			best, most = c, n
		}
	}
	return best
}

// sheetError is what excelize could not read.
func sheetError(err error) error {
	return db.RefuseBecause(fmt.Errorf("read spreadsheet: %w", err), db.Invalid, "表格打不开，文件可能不完整、过大或加了密码。请在表格软件里打开后另存为 .xlsx，再导入。")
}
