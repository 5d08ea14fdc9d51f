package patient

import (
	"fmt"
	"math"
	"strconv"
	"strings"
	"time"

	"golang.org/x/text/width"

	"jingfang/sql/db"
)

// CellError is what is wrong with a row, and where.
type CellError struct {
	Cell string // such as C12; the row alone when no one cell is to blame
	Text string // a Chinese sentence
}

// fileRow is a row as the columns' meanings make it.
type fileRow struct {
	no     int
	number string // the patient's, when the file has it
	entry  Entry
	placed bool // the row names its site
	wrong  []CellError
}

// rowReader turns rows into entries.
type rowReader struct {
	grid    *Grid
	columns []Field
	sites   siteNames
	// site is the one for rows that name none; 0 when there is none.
	site int64
	now  time.Time
}

// siteNames finds a site by what people write: the name, with or without 社区.
type siteNames map[string]int64

func siteKey(name string) string {
	name = strings.Join(strings.Fields(width.Fold.String(name)), "")
	for _, tail := range []string{"精防点", "居委会", "居委", "社区", "村"} {
		if short := strings.TrimSuffix(name, tail); short != "" {
			name = short
		}
	}
	return name
}

// read reads one row. Each field is judged on its own, so that a person mends all
// at once.
func (r rowReader) read(row GridRow) fileRow {
	out := fileRow{no: row.No, entry: Entry{HomeSiteID: r.site}}
	column := map[Field]int{}
	for i, f := range r.columns {
		text := row.Cell(i)
		if f == FieldNone || text == "" {
			continue
		}
		column[f] = i
		if err := r.set(&out, f, text); err != nil {
			out.wrong = append(out.wrong, CellError{ColumnName(i) + strconv.Itoa(row.No), db.Sentence(err)})
		}
	}
	if len(out.wrong) > 0 {
		return out
	}
	if out.entry.Paper == "" && out.entry.PaperNo != "" {
		out.entry.Paper = guessPaper(out.entry.PaperNo)
	}
	checked, err := out.entry.Check(r.now)
	if err != nil {
		out.wrong = append(out.wrong, CellError{blame(db.Sentence(err), column, row.No), db.Sentence(err)})
		return out
	}
	out.entry = checked
	return out
}

// blame finds the cell that a complaint about the whole row means, by the word it
// uses first.
func blame(sentence string, column map[Field]int, no int) string {
	best, at := -1, len(sentence)
	for f, word := range map[Field]string{FieldPaperNo: "证件号", FieldBirth: "出生日期", FieldSex: "性别", FieldPhone: "电话", FieldAddress: "地址",
		FieldAllergies: "过敏史", FieldSite: "精防点", FieldName: "姓名"} {
		i := strings.Index(sentence, word)
		if f == FieldPaperNo && i < 0 {
			i = strings.Index(sentence, "身份证号")
		}
		if c, there := column[f]; there && i >= 0 && i < at {
			best, at = c, i
		}
	}
	if best < 0 {
		return fmt.Sprintf("第 %d 行", no)
	}
	return ColumnName(best) + strconv.Itoa(no)
}

// set takes one cell into the row.
func (r rowReader) set(out *fileRow, f Field, text string) (err error) {
	e := &out.entry
	switch f {
	case FieldName:
		e.Name = cleanName(text)
		return checkName(e.Name)
	case FieldSex:
		e.Sex, err = parseSex(text)
	case FieldBirth:
		e.BirthOn, err = r.parseDay(text)
	case FieldPaperKind:
		e.Paper, err = parsePaperKind(text)
	case FieldPaperNo:
		e.PaperNo, err = plainDigits(text)
	case FieldPhone:
		e.Phone, err = plainDigits(text)
	case FieldAddress:
		e.Address = text
	case FieldAllergies:
		e.Allergies = text
	case FieldSite:
		id, ok := r.sites[siteKey(text)]
		if !ok {
			return db.Refuse(db.Invalid, "没有名为“%s”的精防点，或您不能在那里登记患者。", clipText(text, 20))
		}
		e.HomeSiteID, out.placed = id, true
	case FieldNumber:
		out.number, err = parseNumber(text)
	}
	return err
}

func clipText(s string, n int) string {
	if r := []rune(s); len(r) > n {
		return string(r[:n]) + "…"
	}
	return s
}

func parseSex(text string) (string, error) {
	switch strings.ToUpper(width.Fold.String(text)) {
	case "男", "男性", "M", "1":
		return "M", nil
	case "女", "女性", "F", "2":
		return "F", nil
	case "未知", "不详", "0", "9":
		return "", nil
	}
	return "", db.Refuse(db.Invalid, "性别请写“男”或“女”，不知道就留空。")
}

func parsePaperKind(text string) (PaperKind, error) {
	switch {
	case strings.Contains(text, "身份证"), strings.Contains(text, "居住证"), text == "01", text == "1":
		return PaperIDCard, nil
	case strings.Contains(text, "护照"):
		return PaperPassport, nil
	case text == "无", strings.Contains(text, "没有"), strings.Contains(text, "无证"):
		return PaperNone, nil
	case strings.Contains(text, "证"), strings.Contains(text, "其他"), strings.Contains(text, "其它"), strings.Contains(text, "户口"):
		return PaperOther, nil
	}
	return "", db.Refuse(db.Invalid, "证件种类请写：身份证、护照、其他证件、没有证件。")
}

// guessPaper takes a number without a kind for an ID card's, unless it cannot be
// one: a passport begins with a letter.
func guessPaper(no string) PaperKind {
	if s := fold(no); s != "" && (s[0] < '0' || s[0] > '9') {
		return PaperOther
	}
	return PaperIDCard
}

// plainDigits refuses a number that a spreadsheet has rounded: 18 digits kept as a
// number lose their last ones for good.
func plainDigits(text string) (string, error) {
	s := width.Narrow.String(text)
	if strings.ContainsAny(s, "eE") && strings.Trim(s, "0123456789.eE+") == "" {
		return "", db.Refuse(db.Invalid, "这个号码被表格存成了数字，末几位已丢失。请把这一列设为“文本”后重新填写。")
	}
	return strings.TrimSuffix(s, ".0"), nil
}

func parseNumber(text string) (string, error) {
	s := strings.TrimSuffix(fold(text), ".0")
	n, err := strconv.ParseInt(s, 10, 64)
	if err != nil || n <= 0 || len(s) > maxNumber {
		return "", db.Refuse(db.Invalid, "患者编号应为数字，例如 000123；新患者请留空。")
	}
	return formatNumber(n), nil
}

// dayForms are how people write a date.
func dayForms() []string {
	return []string{"2006-1-2", "2006/1/2", "2006.1.2", "2006年1月2日", "20060102", "2006-1-2 15:04:05", "2006/1/2 15:04", "2006-01-02T15:04:05Z"}
}

// parseDay reads a date as written, or the number of days that a spreadsheet keeps.
func (r rowReader) parseDay(text string) (*time.Time, error) {
	s := strings.Join(strings.Fields(width.Narrow.String(text)), " ")
	for _, form := range dayForms() {
		if t, err := time.Parse(form, s); err == nil {
			on := time.Date(t.Year(), t.Month(), t.Day(), 0, 0, 0, 0, time.UTC)
			return &on, nil
		}
	}
	if days, err := strconv.ParseFloat(s, 64); err == nil && r.grid.Serial && days >= 1 && days < 80_000 {
		on := serialDay(days, r.grid.Date1904)
		return &on, nil
	}
	return nil, db.Refuse(db.Invalid, "出生日期“%s”读不懂，请写成 1970-01-31。", clipText(text, 20))
}

// serialDay is the date that a spreadsheet keeps as a number (ECMA-376 part 1,
// 18.17.4): days since 1899-12-30, in the older system of one program since
// 1904-01-01. Before March 1900 the first counts a day that never was; nobody
// here is as old.
func serialDay(days float64, from1904 bool) time.Time {
	first := time.Date(1899, 12, 30, 0, 0, 0, 0, time.UTC)
	if from1904 {
		first = time.Date(1904, 1, 1, 0, 0, 0, 0, time.UTC)
	}
	return first.AddDate(0, 0, int(math.Floor(days)))
}
