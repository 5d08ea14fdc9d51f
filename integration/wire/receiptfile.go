package wire

import (
	"bytes"
	"encoding/csv"
	"encoding/json"
	"errors"
	"io"
	"regexp"
	"strconv"
	"strings"
	"unicode/utf8"

	"golang.org/x/text/encoding/simplifiedchinese"
)

// maxFileDocuments bounds the receipts in one file.
const maxFileDocuments = 200

// ReceiptFile reads the receipts of a file that a person brings while the interface
// is down: what the interface would have answered, as JSON or XML in the other
// system's words or in ours, one document or a page of them, or the table of
// ReceiptTemplate. The documents are in our own shape and still unchecked. Errors:
// *DocumentError, ErrTooLarge.
func (d Dialect) ReceiptFile(data []byte) ([]json.RawMessage, error) {
	if len(data) > MaxBody {
		return nil, ErrTooLarge
	}
	if bytes.HasPrefix(data, []byte("PK\x03\x04")) {
		return nil, refuse("", "是 Excel 工作簿。请用本页的模板填写，另存为 CSV 再上传")
	}
	head := bytes.TrimSpace(bytes.TrimPrefix(data[:min(len(data), 400)], []byte("\xef\xbb\xbf")))
	var list []json.RawMessage
	var err error
	switch {
	case len(head) == 0:
		return nil, refuse("", "文件是空的")
	case head[0] == '{' || head[0] == '[' || head[0] == '<':
		list, err = d.treeFile(data, head[0] == '<')
	default:
		list, err = tableFile(data)
	}
	if err == nil && (len(list) == 0 || len(list) > maxFileDocuments) {
		err = refuse("", "文件里应有 1 到 "+strconv.Itoa(maxFileDocuments)+" 张单据")
	}
	return list, err
}

// treeFile reads documents of an interface.
func (d Dialect) treeFile(data []byte, isXML bool) ([]json.RawMessage, error) {
	data, err := toUTF8(data, "")
	if err != nil {
		return nil, err
	}
	var tree any
	if isXML {
		_, tree, err = parseXML(data)
	} else {
		tree, err = parseTree(data)
	}
	if err != nil {
		return nil, err
	}
	documents, ok := tree.([]any)
	if !ok {
		documents = d.documentsOf(tree)
	}
	var out []json.RawMessage
	for _, x := range documents {
		raw, err := json.Marshal(d.document(x, isXML))
		if err != nil {
			return nil, refuse("", "单据无法识别")
		}
		out = append(out, raw)
	}
	return out, nil
}

// documentsOf are the documents of a page, or the one that the file is.
func (d Dialect) documentsOf(tree any) []any {
	for _, path := range []string{d.fields[shapePage].rule("documents").Path, "documents"} {
		if list, ok := at(tree, path); ok && path != "" {
			documents, _ := listOf(list).([]any)
			return documents
		}
	}
	return []any{tree}
}

// document is one in our words; the names of its number tell whose words it is in.
func (d Dialect) document(x any, isXML bool) any {
	_, hasNumber := at(x, "number")
	_, hasLines := at(x, "lines")
	switch own := hasNumber && hasLines; {
	case own && isXML:
		return mapping{}.inward(shapeReceipt, x)
	case own || !d.translates():
		return x
	}
	return d.fields.inward(shapeReceipt, x)
}

// columns of the table, in their order; those with a star must be filled in.
func columns() []struct{ title, name string } {
	return []struct{ title, name string }{{"单号*", "number"}, {"版本", "revision"}, {"类别", "kind"}, {"冲销单号", "cancels"}, {"开单时间*", "issued_at"},
		{"发出库房", "from_store"}, {"行号", "line_no"}, {"药品编码*", "his_code"}, {"批号", "batch"}, {"有效期", "expires_on"}, {"生产日期", "made_on"},
		{"盒数*", "packs"}, {"单价", "price"}, {"追溯码（空格隔开）", "codes"}}
}

// ReceiptTemplate is the table to fill in, with one line as an example that is
// refused if it is sent as it is: its drug code does not exist.
func ReceiptTemplate() []byte {
	var b bytes.Buffer
	b.WriteString("\xef\xbb\xbf")
	w := csv.NewWriter(&b)
	var titles []string
	for _, c := range columns() {
		titles = append(titles, c.title)
	}
	// A buffer does not fail.
	_ = w.Write(titles)
	_ = w.Write([]string{"示例单号", "1", "调拨", "", "2026-01-31 08:30", "中心药库", "1", "示例编码", "B2601", "2027-12-31", "2026-01-01", "10", "12.50", ""})
	w.Flush()
	return b.Bytes()
}

// tableFile reads the table: one line of a receipt in each row.
func tableFile(data []byte) ([]json.RawMessage, error) {
	text, err := tableText(data)
	if err != nil {
		return nil, err
	}
	r := csv.NewReader(strings.NewReader(text))
	r.FieldsPerRecord, r.LazyQuotes = -1, true
	head, err := r.Read()
	if err != nil {
		return nil, refuse("", "不是可读的 CSV 表格")
	}
	places, err := placesOf(head)
	if err != nil {
		return nil, err
	}
	t := table{places: places, byNumber: map[string]int{}}
	for row := 2; ; row++ {
		cells, err := r.Read()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return nil, refuse("", "第 "+strconv.Itoa(row)+" 行不是可读的 CSV")
		}
		if len(t.documents) > maxFileDocuments || row > maxFileDocuments*maxLines {
			return nil, refuse("", "表格太长，请分成几个文件")
		}
		if strings.TrimSpace(strings.Join(cells, "")) != "" {
			t.add(cells)
		}
	}
	return t.encode()
}

// tableText takes what spreadsheets write: UTF-8, or GB18030 where it is not that.
func tableText(data []byte) (string, error) {
	data = bytes.TrimPrefix(data, []byte("\xef\xbb\xbf"))
	if utf8.Valid(data) {
		return string(data), nil
	}
	out, err := simplifiedchinese.GB18030.NewDecoder().Bytes(data)
	if err != nil || bytes.ContainsRune(out, utf8.RuneError) {
		return "", refuse("", "文件的编码无法识别。请另存为 CSV（UTF-8）")
	}
	return string(out), nil
}

func placesOf(head []string) (map[string]int, error) {
	places := map[string]int{}
	for i, cell := range head {
		for _, c := range columns() {
			if strings.TrimRight(strings.TrimSpace(cell), "*") == strings.TrimRight(c.title, "*") {
				places[c.name] = i
			}
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
}

type tableDocument struct {
	head  map[string]any
	lines []any
}

func (t *table) cell(cells []string, name string) string {
	at, ok := t.places[name]
	if !ok || at >= len(cells) {
		return ""
	}
	return strings.TrimSpace(cells[at])
}

func (t *table) add(cells []string) {
	number, revision := t.cell(cells, "number"), t.cell(cells, "revision")
	key := number + "\n" + revision
	at, ok := t.byNumber[key]
	if !ok {
		at = len(t.documents)
		t.byNumber[key] = at
		t.documents = append(t.documents, tableDocument{head: t.head(cells, number, revision)})
	}
	d := &t.documents[at]
	line := map[string]any{"line_no": whole(t.cell(cells, "line_no")), "his_code": t.cell(cells, "his_code"), "batch": t.cell(cells, "batch"),
		"expires_on": tableDay(t.cell(cells, "expires_on")), "made_on": tableDay(t.cell(cells, "made_on")), "packs": whole(t.cell(cells, "packs"))}
	if line["line_no"] == "" {
		line["line_no"] = len(d.lines) + 1
	}
	if price := t.cell(cells, "price"); price != "" {
		line["price"] = decimal(price)
	}
	if codes := strings.Fields(t.cell(cells, "codes")); len(codes) > 0 {
		line["codes"] = codes
	}
	d.lines = append(d.lines, line)
}

func (t *table) head(cells []string, number, revision string) map[string]any {
	kind := t.cell(cells, "kind")
	switch kind {
	case "", "调拨":
		kind = KindTransfer
	case "红单":
		kind = KindRed
	}
	if revision == "" {
		revision = "1"
	}
	return map[string]any{"source": "HIS", "number": number, "revision": whole(revision), "kind": kind,
		"issued_at": tableMoment(t.cell(cells, "issued_at")), "from_store": t.cell(cells, "from_store"), "cancels": t.cell(cells, "cancels")}
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

// whole is a number where the cell holds one; anything else is refused later by its
// name.
func whole(cell string) any { return typed(field{kind: asInt}, Rule{}, cell) }

func decimal(cell string) any { return typed(field{kind: asNumber}, Rule{}, cell) }

var slashDay = regexp.MustCompile(`^(\d{4})[/.年-](\d{1,2})[/.月-](\d{1,2})日?`)

// tableDay takes a day as spreadsheets show it: 2027/1/5.
func tableDay(cell string) string {
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

// tableMoment takes a moment typed in the hospital: without a zone it is its own. A
// day alone is its beginning.
func tableMoment(cell string) any {
	cell = tableDay(cell)
	for _, layout := range []string{"2006-01-02 15:04:05", "2006-01-02 15:04", "2006-01-02"} {
		if v := momentIn(Rule{Layout: layout, Zone: "+08:00"}, cell); v != cell {
			return v
		}
	}
	return cell
}
