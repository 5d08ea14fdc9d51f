package inventory

import (
	"bytes"
	"encoding/csv"
	"errors"
	"io"
	"strconv"
	"strings"
	"unicode/utf8"

	"golang.org/x/text/encoding/simplifiedchinese"
)

// readRelation reads a relation file of either form. It never fails: what is
// wrong is among the problems.
func readRelation(body []byte) ([]RelationRow, Problems) {
	var p Problems
	text := bytes.TrimPrefix(body, []byte("\xef\xbb\xbf"))
	trimmed := bytes.TrimSpace(text)
	switch {
	case len(trimmed) == 0:
		p.add(0, "", "文件是空的")
	case bytes.HasPrefix(body, []byte("\xff\xfe")) || bytes.HasPrefix(body, []byte("\xfe\xff")):
		p.add(0, "", "文件是 UTF-16 编码，请用 UTF-8 或 GB18030 另存")
	case bytes.HasPrefix(trimmed, []byte("PK")):
		p.add(0, "", "这是压缩包或 Excel 文件，请导出为 XML 或 CSV")
	case trimmed[0] == '<':
		return readRelationXML(text)
	default:
		return readRelationCSV(text)
	}
	return nil, p
}

// relationColumns finds the columns of a CSV file by the words of its first line;
// without such a line they come in the order code, parent, level, box_status.
type relationColumns map[string]int

func columnWord(text string) string {
	switch strings.ToLower(strings.TrimSpace(text)) {
	case "code", "追溯码", "码", "当前码":
		return "code"
	case "parent", "parent_code", "上级码", "父码", "所在箱":
		return "parent"
	case "level", "code_level", "级别", "包装级别":
		return "level"
	case "box_status", "箱状态":
		return "status"
	case "batch", "批号":
		return "batch"
	case "expires", "expires_on", "有效期", "有效期至":
		return "expires"
	case "made", "made_on", "生产日期":
		return "made"
	}
	return ""
}

func readRelationCSV(body []byte) ([]RelationRow, Problems) {
	var p Problems
	if !utf8.Valid(body) {
		decoded, err := simplifiedchinese.GB18030.NewDecoder().Bytes(body)
		if err != nil || bytes.ContainsRune(decoded, utf8.RuneError) {
			p.add(0, "", "文件的编码看不懂，请用 UTF-8 或 GB18030 保存")
			return nil, p
		}
		body = decoded
	}
	r := csv.NewReader(bytes.NewReader(body))
	r.FieldsPerRecord, r.TrimLeadingSpace, r.ReuseRecord = -1, true, true
	first, _, _ := bytes.Cut(body, []byte("\n"))
	if !bytes.ContainsRune(first, ',') && bytes.ContainsRune(first, '\t') {
		r.Comma, r.TrimLeadingSpace = '\t', false // a tab is a blank as well
	}
	return readRelationRecords(r, &p), p
}

func readRelationRecords(r *csv.Reader, p *Problems) (rows []RelationRow) {
	columns := relationColumns{"code": 0, "parent": 1, "level": 2, "status": 3}
	for n := 0; ; n++ {
		record, err := r.Read()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			line := 0
			var wrong *csv.ParseError
			if errors.As(err, &wrong) {
				line = wrong.StartLine
			}
			p.add(line, "", "引号没有成对，文件可能没有传完整")
			break
		}
		line, _ := r.FieldPos(0)
		if n == 0 && columnWord(record[0]) != "" {
			columns = relationColumns{}
			for i, word := range record {
				columns[columnWord(word)] = i
			}
			if _, ok := columns["level"]; !ok {
				p.add(line, "", "表头里缺“追溯码”、“上级码”或“级别”")
				break
			}
			continue
		}
		if len(rows) == maxRelationRows {
			p.add(line, "", "一个文件最多 %d 个码，请分成几个文件", maxRelationRows)
			break
		}
		if row, ok := columns.row(record, line, p); ok {
			rows = append(rows, row)
		}
	}
	if p.Total == 0 && len(rows) == 0 {
		p.add(0, "", "文件里没有任何码")
	}
	return rows
}

func (c relationColumns) field(record []string, name string) string {
	i, ok := c[name]
	if !ok || i >= len(record) {
		return ""
	}
	// A quote before a number is how a spreadsheet is told to leave it alone.
	return strings.Clone(strings.TrimLeft(strings.TrimSpace(record[i]), "'="))
}

func (c relationColumns) row(record []string, line int, p *Problems) (RelationRow, bool) {
	row := RelationRow{Line: line, Code: c.field(record, "code"), Parent: c.field(record, "parent"), Batch: c.field(record, "batch")}
	level, err := strconv.Atoi(c.field(record, "level"))
	if row.Code == "" || err != nil {
		p.add(line, row.Code, "每行要有追溯码、上级码和级别（1、2 或 3），用逗号分开")
		return row, false
	}
	row.Level = level
	if text := c.field(record, "status"); text != "" {
		n, err := strconv.Atoi(text)
		if err != nil || n < 0 || n > 3 {
			p.add(line, row.Code, "箱状态“%s”不对，应是 0 正常、1 拼箱、2 零箱或 3", printable(text))
			return row, false
		}
		row.Status = BoxStatus(n)
	}
	if row.ExpiresOn, err = relationDay(c.field(record, "expires")); err != nil {
		p.add(line, row.Code, "有效期“%s”看不懂，请写成 2026-03-31", printable(c.field(record, "expires")))
	}
	if row.MadeOn, err = relationDay(c.field(record, "made")); err != nil {
		p.add(line, row.Code, "生产日期“%s”看不懂，请写成 2026-03-31", printable(c.field(record, "made")))
	}
	return row, true
}
