package patient_test

import (
	"archive/zip"
	"bytes"
	"context"
	"fmt"
	"io"
	"strings"
	"testing"

	"github.com/google/uuid"
	"github.com/xuri/excelize/v2"
	"golang.org/x/text/encoding/simplifiedchinese"

	"jingfang/session/identity"
	"jingfang/session/patient"
	"jingfang/sql/db"
)

// upload brings a file and gives its dry run.
func (h *house) upload(by identity.Actor, data []byte) patient.Draft {
	h.t.Helper()
	id, err := h.Upload(ctx(), by, data)
	check(h.t, err)
	return h.draft(by, id)
}

func (h *house) draft(by identity.Actor, id uuid.UUID) patient.Draft {
	h.t.Helper()
	d, err := h.ReadDraft(ctx(), by, id)
	check(h.t, err)
	return d
}

func (h *house) run(by identity.Actor, id uuid.UUID) patient.ImportResult {
	h.t.Helper()
	done, err := h.Import(ctx(), by, patient.Importing{ID: id, CommandID: uuid.New()}, func(int, int) {})
	check(h.t, err)
	return done
}

// fates counts the rows of a dry run.
func fates(d patient.Draft) string {
	var words []string
	for _, f := range patient.Fates() {
		if n := d.Count(f); n > 0 {
			words = append(words, fmt.Sprintf("%s %d", f, n))
		}
	}
	return strings.Join(words, ", ")
}

// card is a good ID number of region 999900 for a serial 1 to 998.
func idCard(day string, serial int) string {
	body := fmt.Sprintf("999900%s%03d", day, serial)
	sum := 0
	for i, w := range []int{7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2} {
		sum += w * int(body[i]-'0')
	}
	return body + string("10X98765432"[sum%11])
}

const csvHead = "姓名,性别,出生日期,身份证号,联系电话,家庭住址,过敏史,所属社区\n"

func TestImportOfACSV(t *testing.T) {
	h := newHouse(t)
	text := csvHead +
		"演示甲,男,,999900197001010015,000-0000-0001,演示路 1 号,青霉素,演示新华\n" +
		"演示乙,女,1980/2/29,,,,,演示新华社区\n" +
		"演示庚,,,,,,,演示新华\n" +
		"演示丙,,,999900198502290013,,,,演示新华\n" + // an impossible date
		"演示丁,男,1970-13-01,,,,,演示新华\n" +
		"演示戊,,,,,,,不存在社区\n" +
		",男,,,,,,演示新华\n" +
		"演示甲,男,,999900197001010015,,,,演示新华\n" +
		"演示己,妖,,1.10105E+17,,,,演示新华\n"
	for _, form := range []struct {
		name string
		data []byte
	}{{"utf-8", []byte(text)}, {"with a mark", []byte("\xef\xbb\xbf" + text)}, {"gb18030", gb18030(t, text)}, {"tabs", []byte(strings.ReplaceAll(text, ",", "\t"))}} {
		t.Run(form.name, func(t *testing.T) {
			d := h.upload(h.helper, form.data)
			if got := fates(d); got != "error 5, twice 1, new 3" {
				t.Fatalf("%s: %s", got, d.Problem)
			}
			wrong := map[int]string{}
			for _, r := range d.Rows {
				for _, e := range r.Wrong {
					wrong[r.No] += e.Cell + " "
				}
			}
			for no, cell := range map[int]string{5: "D5 ", 6: "C6 ", 7: "H7 ", 8: "第 8 行 ", 10: "B10 D10 "} {
				if wrong[no] != cell {
					t.Errorf("row %d: wrong at %q, want %q", no, wrong[no], cell)
				}
			}
		})
	}
	d := h.upload(h.helper, []byte(text))
	if done := h.run(h.helper, d.ID); done != (patient.ImportResult{Created: 3, LeftOut: 6}) {
		t.Errorf("%+v", done)
	}
	if n := h.count(`SELECT count(*) FROM patient_label`); n != 3 {
		t.Errorf("%d labels", n)
	}
	again := h.upload(h.helper, []byte(text))
	if got := fates(again); got != "error 5, twice 1, unchanged 3" {
		t.Errorf("the same file again: %s", got)
	}
	if h.audited("patient.import", identity.OK) != 1 {
		t.Error("the import is not in the audit")
	}
}

func gb18030(t *testing.T, text string) []byte {
	t.Helper()
	data, err := simplifiedchinese.GB18030.NewEncoder().Bytes([]byte(text))
	check(t, err)
	return data
}

// Somebody registered gets what the file knows more; a blank changes nothing.
func TestImportUpdates(t *testing.T) {
	h := newHouse(t)
	d := h.upload(h.helper, []byte(csvHead+"演示甲,男,,999900197001010015,000-0000-0001,演示路 1 号,青霉素,演示新华\n"))
	h.run(h.helper, d.ID)
	d = h.upload(h.helper, []byte(csvHead+"演示甲,,,999900197001010015,000-0000-0002,,,\n"))
	d = h.chosen(d, patient.Choices{Site: h.here})
	if got := fates(d); got != "update 1" || d.Rows[0].Detail != "改 电话" {
		t.Fatalf("%s %+v", got, d.Rows)
	}
	if done := h.run(h.helper, d.ID); done.Updated != 1 {
		t.Errorf("%+v", done)
	}
	id := h.insert(`SELECT id FROM patient`)
	open, err := h.Unmask(ctx(), h.doctor, id)
	check(t, err)
	if open.Phone != "000-0000-0002" || open.Address != "演示路 1 号" || open.PaperNo != "999900197001010015" {
		t.Errorf("%q %q %q", open.Phone, open.Address, open.PaperNo)
	}
	if n := h.count(`SELECT count(*) FROM patient_change WHERE field = 'phone' AND before_sealed IS NOT NULL AND source = 'import'`); n != 1 {
		t.Errorf("%d traces of the change", n)
	}
	d = h.upload(h.helper, []byte(csvHead+"演示别名,,,999900197001010015,,,,演示新华\n"))
	if got := fates(d); got != "error 1" || !strings.Contains(d.Rows[0].Wrong[0].Text, "姓名不同") {
		t.Errorf("another name: %s %+v", got, d.Rows)
	}
}

func (h *house) chosen(d patient.Draft, c patient.Choices) patient.Draft {
	h.t.Helper()
	check(h.t, h.Choose(ctx(), h.helper, d.ID, c))
	return h.draft(h.helper, d.ID)
}

// A row without a paper that resembles somebody waits for a person's word.
func TestImportAsks(t *testing.T) {
	h := newHouse(t)
	h.add(h.here, "演示甲")
	text := []byte("姓名,电话\n演示甲,000-0000-0009\n")
	d := h.upload(h.helper, text)
	if got := fates(d); got != "ask 1" || d.Rows[0].Like == nil {
		t.Fatalf("%s", got)
	}
	if done := h.run(h.helper, d.ID); done.LeftOut != 1 || done.Created != 0 {
		t.Errorf("undecided: %+v", done)
	}
	for decision, want := range map[patient.Decision]string{patient.DecideSame: "update 1", patient.DecideNew: "new 1", patient.DecideSkip: "skip 1"} {
		d := h.chosen(h.upload(h.helper, text), patient.Choices{Decided: map[int]patient.Decision{2: decision}})
		if got := fates(d); got != want {
			t.Errorf("%s: %s, want %s", decision, got, want)
		}
	}
}

func workbook(t *testing.T, fill func(f *excelize.File)) []byte {
	t.Helper()
	f := excelize.NewFile()
	fill(f)
	var b bytes.Buffer
	check(t, f.Write(&b))
	return b.Bytes()
}

func TestImportOfAWorkbook(t *testing.T) {
	h := newHouse(t)
	data := workbook(t, func(f *excelize.File) {
		check(t, f.MergeCell("Sheet1", "A1", "D1"))
		check(t, f.SetCellStr("Sheet1", "A1", "患者名册"))
		for i, c := range []string{"序号", "患者姓名（必填）", "出生年月日", "身份证号码", "社 区"} {
			check(t, f.SetCellStr("Sheet1", fmt.Sprintf("%s3", patient.ColumnName(i)), c))
		}
		check(t, f.SetCellInt("Sheet1", "A4", 1))
		check(t, f.SetCellStr("Sheet1", "B4", "演示·甲"))
		check(t, f.SetCellFloat("Sheet1", "C4", 25569, 0, 64)) // 1970-01-01
		check(t, f.SetCellStr("Sheet1", "D4", "999900197001010015"))
		check(t, f.SetCellStr("Sheet1", "E4", "演示新华"))
		check(t, f.SetCellStr("Sheet1", "B6", "演示乙"))
		check(t, f.SetCellInt("Sheet1", "D6", 999900198802290015)) // kept as a number: rounded
		check(t, f.SetCellStr("Sheet1", "E6", "演示新华"))
		check(t, f.SetCellFormula("Sheet1", "C6", "=1+1"))
		_, err := f.NewSheet("说明")
		check(t, err)
		check(t, f.SetCellStr("说明", "A1", "填表说明"))
	})
	d := h.upload(h.helper, data)
	if got := fates(d); got != "error 1, new 1" && got != "new 2" {
		t.Fatalf("%s %s %+v", got, d.Problem, d.Rows)
	}
	if d.Head.No != 3 || len(d.Grid.Sheets) != 2 || len(d.Grid.Notes) != 2 {
		t.Errorf("head in row %d, sheets %v, notes %v", d.Head.No, d.Grid.Sheets, d.Grid.Notes)
	}
	d = h.chosen(d, patient.Choices{Sheet: "说明"})
	if d.Problem == "" {
		t.Error("a sheet without names was accepted")
	}
}

func TestNotATable(t *testing.T) {
	h := newHouse(t)
	macro := workbook(t, func(f *excelize.File) {
		check(t, f.AddVBAProject([]byte("\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1 演示")))
	})
	for _, x := range []struct {
		name string
		data []byte
		word string
	}{
		{"empty", nil, "空的"},
		{"a picture", append([]byte("\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR"), make([]byte, 500)...), "不是表格"},
		{"an old workbook", []byte("\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1 and more"), ".xls"},
		{"half a workbook", workbook(t, func(f *excelize.File) {})[:400], "打不开"},
		{"another parcel", zipOf(t, "readme.txt", 10), "压缩文件"},
		{"an open document", zipOf(t, "mimetype", 46), "另存为 .xlsx"},
		{"a bomb", zipOf(t, "xl/workbook.xml", 300<<20), "过大"},
		{"macros", macro, "宏"},
		{"only blanks", []byte(" , ,\n,,\n"), "没有内容"},
		{"too large", make([]byte, patient.MaxImportFile+1), "MB"},
	} {
		t.Run(x.name, func(t *testing.T) {
			_, err := h.Upload(ctx(), h.helper, x.data)
			refused(t, err, db.Invalid, x.word)
		})
	}
	d := h.upload(h.helper, []byte("甲,乙\n1,2\n"))
	if !strings.Contains(d.Problem, "姓名") {
		t.Errorf("no name: %q", d.Problem)
	}
	_, err := h.Import(ctx(), h.helper, patient.Importing{ID: d.ID, CommandID: uuid.New()}, func(int, int) {})
	refused(t, err, db.Invalid, "姓名")
	_, err = h.ReadDraft(ctx(), h.doctor, d.ID)
	refused(t, err, db.NotFound)
	_, err = h.Upload(ctx(), h.manager, []byte("姓名\n演示\n"))
	refused(t, err, db.Denied)
}

// zipOf is a parcel with one part of so many zero bytes.
func zipOf(t *testing.T, name string, size int) []byte {
	t.Helper()
	var b bytes.Buffer
	z := zip.NewWriter(&b)
	w, err := z.Create(name)
	check(t, err)
	block := make([]byte, 1<<20)
	for size > 0 {
		n, err := w.Write(block[:min(size, len(block))])
		check(t, err)
		size -= n
	}
	check(t, z.Close())
	return b.Bytes()
}

// bigFile is n patients of whom every twentieth has a wrong ID number.
func bigFile(n int) []byte {
	var b strings.Builder
	b.WriteString(csvHead)
	for i := range n {
		day := fmt.Sprintf("%04d%02d%02d", 1950+i%50, 1+i%12, 1+i%28)
		no := idCard(day, 1+i%998)
		if i%20 == 7 {
			no = no[:17] + "Y"
		}
		fmt.Fprintf(&b, "演示%s%d,,,%s,000-%08d,演示路 %d 号,,演示新华\n", string(rune('一'+i%200)), i, no, i, i)
	}
	return []byte(b.String())
}

// Ten thousand rows with five in a hundred wrong: every wrong row is named, the
// rest goes in at once, and the same file again changes nothing.
func TestImportOfTenThousand(t *testing.T) {
	h := newHouse(t)
	data := bigFile(10_000)
	d := h.upload(h.helper, data)
	wrong := d.Count(patient.FateError)
	if wrong != 500 || d.Count(patient.FateNew)+d.Count(patient.FateTwice) != 9_500 {
		t.Fatalf("%s", fates(d))
	}
	for _, r := range d.Rows {
		if bad := (r.No-2)%20 == 7; bad != (r.Fate == patient.FateError) || bad && r.Wrong[0].Cell != fmt.Sprintf("D%d", r.No) {
			t.Fatalf("row %d: %s %+v", r.No, r.Fate, r.Wrong)
		}
	}
	var b bytes.Buffer
	check(t, d.WriteErrors(&b))
	f, err := excelize.OpenReader(&b)
	check(t, err)
	rows, err := f.GetRows("有错误的行")
	check(t, err)
	if len(rows) != 501 || rows[0][0] != "原因" || rows[1][0] != "D9：身份证号前 17 位须为数字，末位为数字或 X，请核对。" || rows[0][4] != "身份证号" {
		t.Errorf("%d rows of errors, the first two %q", len(rows), rows[:2])
	}
	steps := 0
	var done patient.ImportResult
	n := statements(func(ctx context.Context) {
		done, err = h.Import(ctx, h.helper, patient.Importing{ID: d.ID, CommandID: uuid.New()}, func(int, int) { steps++ })
	})
	check(t, err)
	if done.Created != d.Count(patient.FateNew) || steps < 10 || n > 80 {
		t.Errorf("%+v in %d steps and %d statements", done, steps, n)
	}
	again := h.upload(h.helper, data)
	if again.Count(patient.FateUnchanged) != done.Created || again.Count(patient.FateNew) != 0 || again.Count(patient.FateUpdate) != 0 {
		t.Errorf("again: %s", fates(again))
	}
}

// BenchmarkImport is the dry run and the import of ten thousand people.
func BenchmarkImport(b *testing.B) {
	data := bigFile(10_000)
	for range b.N {
		b.StopTimer()
		h := newHouse(b)
		b.StartTimer()
		id, err := h.Upload(ctx(), h.helper, data)
		check(b, err)
		_, err = h.ReadDraft(ctx(), h.helper, id)
		check(b, err)
		_, err = h.Import(ctx(), h.helper, patient.Importing{ID: id, CommandID: uuid.New()}, func(int, int) {})
		check(b, err)
	}
}

// A million rows without content cost time, not memory, and are no patients.
func TestAMillionEmptyRows(t *testing.T) {
	h := newHouse(t)
	book := workbook(t, func(f *excelize.File) {
		check(t, f.SetCellStr("Sheet1", "A1", "姓名"))
		check(t, f.SetCellStr("Sheet1", "A2", "演示甲"))
	})
	from, err := zip.NewReader(bytes.NewReader(book), int64(len(book)))
	check(t, err)
	var b bytes.Buffer
	to := zip.NewWriter(&b)
	for _, part := range from.File {
		r, err := part.Open()
		check(t, err)
		text, err := io.ReadAll(r)
		check(t, err)
		w, err := to.Create(part.Name)
		check(t, err)
		if strings.HasPrefix(part.Name, "xl/worksheets/sheet") {
			var rows bytes.Buffer
			for no := 3; no <= 1_000_000; no++ {
				fmt.Fprintf(&rows, `<row r="%d"/>`, no)
			}
			text = bytes.Replace(text, []byte("</sheetData>"), append(rows.Bytes(), "</sheetData>"...), 1)
		}
		_, err = w.Write(text)
		check(t, err)
	}
	check(t, to.Close())
	d := h.upload(h.helper, b.Bytes())
	if got := fates(h.chosen(d, patient.Choices{Site: h.here})); got != "new 1" || d.Rows[0].No != 2 {
		t.Errorf("%s %s", got, d.Problem)
	}
}
