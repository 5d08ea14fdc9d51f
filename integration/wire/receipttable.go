package wire

import (
	"encoding/json"
	"regexp"
	"strconv"
	"strings"
	"time"
)

// TableRow is a row of a spreadsheet that is not empty, with its number in the file.
type TableRow struct {
	No    int
	Cells []string
}

// maxTableRows bounds the rows of a file.
const maxTableRows = 50_000

func errTableTooLong() error { return refuse("", "表格太长，请分成几个文件") }

// ReceiptTable makes the receipts of the rows of a table, the first of which holds the
// titles of ReceiptTemplate. serial, where it is not nil, is the moment that a bare number
// in a column of dates means, as workbooks keep them. A cell that cannot be right is
// named by its row and column, and then nothing of the table is taken. Error:
// *DocumentError.
func ReceiptTable(rows []TableRow, serial func(days float64) time.Time) ([]json.RawMessage, error) {
	if len(rows) == 0 {
		return nil, refuse("", "表格里没有内容")
	}
	if len(rows) > maxTableRows {
		return nil, errTableTooLong()
	}
	places, err := placesOf(rows[0].Cells)
	if err != nil {
		return nil, err
	}
	t := table{places: places, byNumber: map[string]int{}, serial: serial}
	for _, row := range rows[1:] {
		t.add(row)
		if len(t.documents) > maxFileDocuments {
			return nil, errTableTooLong()
		}
	}
	if len(t.documents) == 0 {
		return nil, refuse("", "文件里应有 1 到 "+strconv.Itoa(maxFileDocuments)+" 张单据")
	}
	if len(t.bad) > 0 {
		return nil, refuse("", t.complaint())
	}
	return t.encode()
}

func placesOf(head []string) (map[string]int, error) {
	places := map[string]int{}
	for i, cell := range head {
		for _, c := range columns() {
			if strings.TrimRight(strings.TrimSpace(cell), "*") != strings.TrimRight(c.title, "*") {
				continue
			}
			if _, twice := places[c.name]; twice {
				return nil, refuse(strings.TrimRight(c.title, "*"), "这一列出现了两次。请用本页的模板")
			}
			places[c.name] = i
		}
	}
	for _, c := range columns() {
		if _, ok := places[c.name]; !ok && strings.HasSuffix(c.title, "*") {
			return nil, refuse(strings.TrimRight(c.title, "*"), "这一列没有找到。请用本页的模板")
		}
	}
	return places, nil
}

// table gathers rows into documents by number and revision.
type table struct {
	places    map[string]int
	byNumber  map[string]int
	documents []tableDocument
	serial    func(days float64) time.Time
	bad       []string // sentences about cells
}

type tableDocument struct {
	head  map[string]any
	first TableRow // the row that said what the whole document is
	lines []any
}

func (t *table) cell(row TableRow, name string) string {
	at, ok := t.places[name]
	if !ok || at >= len(row.Cells) {
		return ""
	}
	return strings.TrimSpace(row.Cells[at])
}

func (t *table) add(row TableRow) {
	number, revision := t.cell(row, "number"), t.cell(row, "revision")
	key := number + "\n" + revision
	at, ok := t.byNumber[key]
	t.check(row, !ok)
	if !ok {
		at = len(t.documents)
		t.byNumber[key] = at
		t.documents = append(t.documents, tableDocument{head: t.head(row, number, revision), first: row})
	}
	d := &t.documents[at]
	t.checkHead(row, d.first)
	line := map[string]any{"line_no": whole(t.cell(row, "line_no")), "his_code": t.cell(row, "his_code"), "batch": t.cell(row, "batch"),
		"expires_on": t.day(t.cell(row, "expires_on")), "made_on": t.day(t.cell(row, "made_on")), "packs": whole(t.cell(row, "packs"))}
	if line["line_no"] == nil {
		line["line_no"] = len(d.lines) + 1
	}
	if price := t.cell(row, "price"); price != "" {
		line["price"] = decimal(price)
	}
	if codes := strings.Fields(t.cell(row, "codes")); len(codes) > 0 {
		line["codes"] = codes
	}
	d.lines = append(d.lines, line)
}

func (t *table) head(row TableRow, number, revision string) map[string]any {
	kind := kindWord(t.cell(row, "kind"))
	if revision == "" {
		revision = "1"
	}
	return map[string]any{"source": "HIS", "number": number, "revision": whole(revision), "kind": kind,
		"issued_at": t.moment(t.cell(row, "issued_at")), "from_store": t.cell(row, "from_store"), "cancels": t.cell(row, "cancels")}
}

// kindWord is a kind as people write it; others stay as they are.
func kindWord(text string) string {
	switch text {
	case "", "调拨":
		return KindTransfer
	case "红单":
		return KindRed
	}
	return text
}

func (t *table) encode() ([]json.RawMessage, error) {
	var out []json.RawMessage
	for _, d := range t.documents {
		d.head["lines"] = d.lines
		raw, err := json.Marshal(d.head)
		if err != nil {
			return nil, refuse("", "单据无法识别")
		}
		out = append(out, raw)
	}
	return out, nil
}

// whole is a number where the cell holds one.
func whole(cell string) any { return typed(field{kind: asInt}, Rule{}, cell) }

func decimal(cell string) any { return typed(field{kind: asNumber}, Rule{}, cell) }

var slashDay = regexp.MustCompile(`^(\d{4})[/.年-](\d{1,2})[/.月-](\d{1,2})日?`)

var serialForm = regexp.MustCompile(`^[0-9]{1,5}(\.[0-9]{1,12})?$`)

// counted is the moment that a bare number means in a workbook.
func (t *table) counted(cell string) (time.Time, bool) {
	if t.serial == nil || !serialForm.MatchString(cell) {
		return time.Time{}, false
	}
	days, err := strconv.ParseFloat(cell, 64)
	return t.serial(days), err == nil && days >= 1
}

// day takes a day as spreadsheets show or keep it: 2027/1/5, 46392.
func (t *table) day(cell string) string {
	if at, ok := t.counted(cell); ok {
		return at.Format(time.DateOnly)
	}
	m := slashDay.FindStringSubmatch(cell)
	if m == nil {
		return cell
	}
	return m[1] + "-" + twoDigits(m[2]) + "-" + twoDigits(m[3]) + cell[len(m[0]):]
}

func twoDigits(s string) string {
	if len(s) == 1 {
		return "0" + s
	}
	return s
}

// moment takes a moment typed in the hospital: without a zone it is its own. A day
// alone is its beginning.
func (t *table) moment(cell string) string {
	if at, ok := t.counted(cell); ok {
		cell = at.Round(time.Second).Format(time.DateTime)
	}
	cell = t.day(cell)
	for _, layout := range []string{"2006-01-02 15:04:05", "2006-01-02 15:04", "2006-01-02"} {
		if v, ok := momentIn(Rule{Layout: layout, Zone: "+08:00"}, cell).(string); ok && v != cell {
			return v
		}
	}
	return cell
}
