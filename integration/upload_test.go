package integration_test

import (
	"archive/zip"
	"bytes"
	"fmt"
	"html"
	"strings"
	"testing"

	"jingfang/integration/wire"
	"jingfang/sql/db"
)

// head are the titles of the template.
const head = "单号*\t版本\t类别\t冲销单号\t开单时间*\t发出库房\t行号\t药品编码*\t批号\t有效期\t生产日期\t盒数*\t单价\t追溯码（空格隔开）"

// bombPart is a part of a parcel that is written three hundred times over.
const bombPart = "xl/media/bomb.bin"

// sheetXML writes rows of cells with tabs between; a cell that begins with # is a
// number, as workbooks keep days and quantities.
func sheetXML(rows ...string) string {
	var b strings.Builder
	b.WriteString(`<?xml version="1.0" encoding="UTF-8"?><worksheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"><sheetData>`)
	for i, row := range rows {
		fmt.Fprintf(&b, `<row r="%d">`, i+1)
		for j, cell := range strings.Split(row, "\t") {
			at := fmt.Sprintf("%c%d", 'A'+j, i+1)
			if number, ok := strings.CutPrefix(cell, "#"); ok {
				fmt.Fprintf(&b, `<c r="%s"><v>%s</v></c>`, at, number)
			} else if cell != "" {
				fmt.Fprintf(&b, `<c r="%s" t="inlineStr"><is><t>%s</t></is></c>`, at, html.EscapeString(cell))
			}
		}
		b.WriteString(`</row>`)
	}
	return b.String() + `</sheetData></worksheet>`
}

// workbook is a .xlsx of one sheet; more are further parts of the parcel.
func workbook(t *testing.T, sheet string, more map[string]string) []byte {
	t.Helper()
	parts := map[string]string{
		"[Content_Types].xml":        `<?xml version="1.0"?><Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types"><Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/><Default Extension="xml" ContentType="application/xml"/><Override PartName="/xl/workbook.xml" ContentType="application/vnd.openxmlformats-officedocument.spreadsheetml.sheet.main+xml"/><Override PartName="/xl/worksheets/sheet1.xml" ContentType="application/vnd.openxmlformats-officedocument.spreadsheetml.worksheet+xml"/></Types>`,
		"_rels/.rels":                `<?xml version="1.0"?><Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships"><Relationship Id="rId1" Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/officeDocument" Target="xl/workbook.xml"/></Relationships>`,
		"xl/workbook.xml":            `<?xml version="1.0"?><workbook xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main" xmlns:r="http://schemas.openxmlformats.org/officeDocument/2006/relationships"><sheets><sheet name="单据" sheetId="1" r:id="rId1"/></sheets></workbook>`,
		"xl/_rels/workbook.xml.rels": `<?xml version="1.0"?><Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships"><Relationship Id="rId1" Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/worksheet" Target="worksheets/sheet1.xml"/></Relationships>`,
		"xl/worksheets/sheet1.xml":   sheet,
	}
	for name, text := range more {
		parts[name] = text
	}
	var b bytes.Buffer
	z := zip.NewWriter(&b)
	for name, text := range parts {
		w, err := z.Create(name)
		if err != nil {
			t.Fatal(err)
		}
		times := 1
		if name == bombPart {
			times = 300
		}
		for range times {
			if _, err := w.Write([]byte(text)); err != nil {
				t.Fatal(err)
			}
		}
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// A workbook with days and quantities as spreadsheets keep them: two receipts, each
// whole, and the same file again changes nothing.
func TestTakeAWorkbook(t *testing.T) {
	h := build(t)
	var got []wire.Receipt
	h.store.fail = func(doc wire.Receipt) error { got = append(got, doc); return nil }
	file := workbook(t, sheetXML(head,
		"YS-1\t\t调拨\t\t#46083.3541666667\t中心药库\t\tDEMO001\t260101\t#46752\t2026/1/5\t#10\t#12.5\t",
		"YS-1\t\t\t\t\t\t\tDEMO002\tB2\t\t\t#2\t\t80000020000000000001 80000020000000000002",
		"",
		"YS-2\t#1\t红单\tYS-0\t2026-03-02 08:30\t\t#1\tDEMO001\t\t\t\t3\t\t"), nil)
	n, err := h.poller.TakeFile(t.Context(), pharmacist(), file)
	if err != nil || n.Taken != 2 || n.Refused != 0 || len(got) != 2 {
		t.Fatalf("%+v %v %+v", n, err, h.problems())
	}
	a, b := got[0], got[1]
	if a.Number != "YS-1" || a.Revision != 1 || a.IssuedAt.Format("2006-01-02T15:04:05Z07:00") != "2026-03-02T08:30:00+08:00" || len(a.Lines) != 2 ||
		a.Lines[0].Packs != 10 || a.Lines[0].Price != "12.5" || a.Lines[0].ExpiresOn.String() != "2027-12-31" || a.Lines[0].MadeOn.String() != "2026-01-05" ||
		a.Lines[1].LineNo != 2 || len(a.Lines[1].Codes) != 2 {
		t.Errorf("%+v", a)
	}
	if b.Kind != wire.KindRed || b.Cancels != "YS-0" || b.Lines[0].Packs != 3 {
		t.Errorf("%+v", b)
	}
	if n, err := h.poller.TakeFile(t.Context(), pharmacist(), file); err != nil || n.Taken != 0 || n.Refused != 0 {
		t.Errorf("again: %+v %v", n, err)
	}
}

// What is wrong in a table is named by row and column, and nothing of the file is in,
// not even the good receipts; a workbook and a CSV say the same.
func TestBadCellsOfATable(t *testing.T) {
	h := build(t)
	good := "YS-1\t\t\t\t2026-03-02 08:30\t中心药库\t1\tDEMO001\tB1\t2027-12-31\t\t10\t\t"
	for name, c := range map[string]struct{ row, want string }{
		"quantity":        {"YS-2\t\t\t\t2026-03-02\t\t\tDEMO001\t\t\t\t十盒\t\t", "第 3 行 L 列（盒数）应为大于 0 的整数，现在是“十盒”"},
		"negative":        {"YS-2\t\t\t\t2026-03-02\t\t\tDEMO001\t\t\t\t-3\t\t", "第 3 行 L 列（盒数）应为大于 0 的整数，现在是“-3”"},
		"half a box":      {"YS-2\t\t\t\t2026-03-02\t\t\tDEMO001\t\t\t\t1.5\t\t", "L 列（盒数）"},
		"no quantity":     {"YS-2\t\t\t\t2026-03-02\t\t\tDEMO001\t\t\t\t\t\t", "第 3 行 L 列（盒数）没有填"},
		"no drug":         {"YS-2\t\t\t\t2026-03-02\t\t\t\t\t\t\t1\t\t", "第 3 行 H 列（药品编码）没有填"},
		"no number":       {"\t\t\t\t2026-03-02\t\t\tDEMO001\t\t\t\t1\t\t", "第 3 行 A 列（单号）没有填"},
		"expiry":          {"YS-2\t\t\t\t2026-03-02\t\t\tDEMO001\t\t明年底\t\t1\t\t", "第 3 行 J 列（有效期）应为 2026-01-31 这样的日期，现在是“明年底”"},
		"no such day":     {"YS-2\t\t\t\t2026-03-02\t\t\tDEMO001\t\t2026-02-30\t\t1\t\t", "J 列（有效期）"},
		"issued":          {"YS-2\t\t\t\t昨天\t\t\tDEMO001\t\t\t\t1\t\t", "第 3 行 E 列（开单时间）应为 2026-01-31 08:30 这样的时间，现在是“昨天”"},
		"price":           {"YS-2\t\t\t\t2026-03-02\t\t\tDEMO001\t\t\t\t1\t免费\t", "M 列（单价）"},
		"kind":            {"YS-2\t\t退药\t\t2026-03-02\t\t\tDEMO001\t\t\t\t1\t\t", "C 列（类别）应为“调拨”或“红单”"},
		"lost digits":     {"YS-2\t\t\t\t2026-03-02\t\t\tDEMO001\t\t\t\t1\t\t8.0000001E+19", "N 列（追溯码）有追溯码被表格存成了数字"},
		"another head":    {"YS-1\t\t\t\t2026-03-03\t\t2\tDEMO002\t\t\t\t1\t\t", "第 3 行 E 列（开单时间）与同一张单的第 2 行不同"},
		"formula-like":    {"YS-2\t\t\t\t2026-03-02\t\t\tDEMO001\t\t\t\t=1+1\t\t", "现在是“=1+1”"},
		"long nonsense":   {"YS-2\t\t\t\t2026-03-02\t\t\tDEMO001\t\t\t\t" + strings.Repeat("九", 3000) + "\t\t", "九…”"},
		"several at once": {"YS-2\tx\ty\t\tz\t\tw\t\t\ta\tb\tc\td\t", "另有"},
	} {
		for kind, file := range map[string][]byte{"xlsx": workbook(t, sheetXML(head, good, c.row), nil),
			"csv": []byte(strings.ReplaceAll(strings.Join([]string{head, good, c.row}, "\n"), "\t", ","))} {
			_, err := h.poller.TakeFile(t.Context(), pharmacist(), file)
			if db.KindOf(err) != db.Invalid || !strings.Contains(db.Sentence(err), c.want) || !strings.Contains(db.Sentence(err), "没有接收") {
				t.Errorf("%s as %s: %v, want %q", name, kind, err, c.want)
			}
			if len([]rune(db.Sentence(err))) > 600 {
				t.Errorf("%s: a sentence of %d characters", name, len([]rune(db.Sentence(err))))
			}
		}
	}
	if n, calls := h.store.count(); n != 0 || calls != 0 || len(h.problems()) != 0 {
		t.Errorf("%d documents taken in, %d tried, problems %+v", n, calls, h.problems())
	}
}

// Parcels that are no workbook, hold macros, or grow beyond all measure are refused
// before anything of them is read.
func TestNoWorkbook(t *testing.T) {
	h := build(t)
	ok := sheetXML(head, "YS-1\t\t\t\t2026-03-02\t\t\tDEMO001\t\t\t\t1\t\t")
	other := workbook(t, ok, map[string]string{"xl/workbook.xml": "", "word/document.xml": "x"})
	for name, c := range map[string]struct {
		file []byte
		want string
	}{
		"not a parcel":   {[]byte("PK\x03\x04xxxx"), "表格"},
		"macros":         {workbook(t, ok, map[string]string{"xl/vbaProject.bin": "x"}), "宏"},
		"a bomb":         {workbook(t, ok, map[string]string{bombPart: strings.Repeat("\x00", 1<<20)}), "展开后过大"},
		"cut off":        {workbook(t, ok, nil)[:400], "表格"},
		"no columns":     {workbook(t, sheetXML("a\tb", "1\t2"), nil), "请用本页的模板"},
		"twice a column": {workbook(t, sheetXML(head+"\t盒数", "x"), nil), "出现了两次"},
		"only titles":    {workbook(t, sheetXML(head), nil), "应有 1 到 200 张"},
		"empty":          {workbook(t, sheetXML(), nil), "没有内容"},
		"old .xls":       {[]byte("\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + strings.Repeat("x", 600)), "旧版 .xls"},
		"another parcel": {other, "表格"},
		"too large":      {append([]byte("PK\x03\x04"), make([]byte, 11<<20)...), "10 MB"},
		"entities":       {workbook(t, `<?xml version="1.0"?><!DOCTYPE a [<!ENTITY x SYSTEM "file:///etc/passwd">]><worksheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"><sheetData><row r="1"><c r="A1" t="inlineStr"><is><t>&x;</t></is></c></row></sheetData></worksheet>`, nil), ""},
	} {
		_, err := h.poller.TakeFile(t.Context(), pharmacist(), c.file)
		if db.KindOf(err) != db.Invalid || !strings.Contains(db.Sentence(err), c.want) || strings.Contains(db.Sentence(err), "root:") {
			t.Errorf("%s: %v, want %q", name, err, c.want)
		}
	}
	if n, _ := h.store.count(); n != 0 {
		t.Errorf("%d documents taken in", n)
	}
}
