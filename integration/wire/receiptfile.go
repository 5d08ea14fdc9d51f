package wire

import (
	"bytes"
	"encoding/csv"
	"encoding/json"
	"errors"
	"io"
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
		return nil, refuse("", "是 Excel 工作簿，要按表格来读") // see ReceiptTable
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
	var rows []TableRow
	for no := 1; ; no++ {
		cells, err := r.Read()
		if errors.Is(err, io.EOF) {
			return ReceiptTable(rows, nil)
		}
		if err != nil {
			return nil, refuse("", "第 "+strconv.Itoa(no)+" 行不是可读的 CSV")
		}
		if len(rows) > maxTableRows {
			return nil, errTableTooLong()
		}
		if strings.TrimSpace(strings.Join(cells, "")) != "" {
			rows = append(rows, TableRow{no, cells})
		}
	}
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
