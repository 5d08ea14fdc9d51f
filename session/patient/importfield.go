package patient

import (
	"slices"
	"strings"
	"unicode"

	"golang.org/x/text/width"
)

// Field is what a column of an imported table means.
type Field string

// The fields that a table may bring. Only the name must be there.
const (
	FieldNone      Field = ""
	FieldNumber    Field = "number"
	FieldName      Field = "name"
	FieldSex       Field = "sex"
	FieldBirth     Field = "birth"
	FieldPaperKind Field = "paper_kind"
	FieldPaperNo   Field = "paper_no"
	FieldPhone     Field = "phone"
	FieldAddress   Field = "address"
	FieldAllergies Field = "allergies"
	FieldSite      Field = "site"
)

// The fields that a table never brings, but whose changes are kept.
const (
	FieldState     Field = "state"
	FieldCollector Field = "collector"
	FieldRisk      Field = "risk"
	FieldHIS       Field = "his_no"
)

// Fields lists the fields in the order of the template.
func Fields() []Field {
	return []Field{FieldName, FieldSex, FieldBirth, FieldPaperKind, FieldPaperNo, FieldPhone, FieldAddress, FieldAllergies, FieldSite, FieldNumber}
}

// Label is the field's heading in the template.
func (f Field) Label() string {
	switch f {
	case FieldNumber:
		return "患者编号"
	case FieldName:
		return "姓名"
	case FieldSex:
		return "性别"
	case FieldBirth:
		return "出生日期"
	case FieldPaperKind:
		return "证件种类"
	case FieldPaperNo:
		return "证件号"
	case FieldPhone:
		return "电话"
	case FieldAddress:
		return "地址"
	case FieldAllergies:
		return "过敏史"
	case FieldSite:
		return "精防点"
	case FieldState:
		return "档案状态"
	case FieldCollector:
		return "代领人"
	case FieldRisk:
		return "危险性"
	case FieldHIS:
		return "HIS 编号"
	}
	return "不导入"
}

// headings are the usual headings of a field, as folded by heading.
func (f Field) headings() []string {
	switch f {
	case FieldNumber:
		return []string{"患者编号", "编号", "档案号", "档案编号", "病历号", "患者号"}
	case FieldName:
		return []string{"姓名", "患者姓名", "病人姓名", "名字", "患者", "患者名称"}
	case FieldSex:
		return []string{"性别"}
	case FieldBirth:
		return []string{"出生日期", "出生年月日", "出生年月", "生日", "出生"}
	case FieldPaperKind:
		return []string{"证件种类", "证件类型", "证件类别", "证件名称"}
	case FieldPaperNo:
		return []string{"证件号", "证件号码", "身份证号", "身份证号码", "身份证", "公民身份号码", "身份号码", "居民身份证号", "居民身份证号码"}
	case FieldPhone:
		return []string{"电话", "联系电话", "手机", "手机号", "手机号码", "联系方式", "电话号码", "本人电话", "患者电话"}
	case FieldAddress:
		return []string{"地址", "住址", "家庭住址", "现住址", "居住地址", "家庭地址", "联系地址", "详细地址", "户籍地址"}
	case FieldAllergies:
		return []string{"过敏史", "药物过敏史", "过敏", "药物过敏", "过敏药物"}
	case FieldSite:
		return []string{"精防点", "社区", "所属社区", "所属精防点", "站点", "发药点", "居委", "居委会", "村居", "所在社区"}
	}
	return nil
}

// heading folds what people write into a head: width, spaces, signs and what
// stands in brackets, such as （必填）.
func heading(text string) string {
	text = width.Fold.String(text)
	if before, _, found := strings.Cut(text, "("); found && before != "" {
		text = before
	}
	return strings.Map(func(r rune) rune {
		if unicode.IsSpace(r) || unicode.IsPunct(r) || unicode.IsSymbol(r) {
			return -1
		}
		return r
	}, text)
}

// recognise gives the field of a heading, FieldNone when it is no usual one.
func recognise(text string) Field {
	h := heading(text)
	for _, f := range Fields() {
		if slices.Contains(f.headings(), h) {
			return f
		}
	}
	return FieldNone
}

// headRows is how far down a heading is looked for: above it stand titles and
// merged cells.
const headRows = 10

// findHead gives the index of the row that has most usual headings, and what its
// columns mean: of two columns for one field the first. Without any usual heading
// it is the first row.
func findHead(rows []GridRow) (head int, columns []Field) {
	most := 0
	for i, row := range rows[:min(len(rows), headRows)] {
		found, n := columnsOf(row)
		if n > most {
			head, columns, most = i, found, n
		}
	}
	if most == 0 {
		columns, _ = columnsOf(rows[0])
	}
	return head, columns
}

func columnsOf(row GridRow) (columns []Field, found int) {
	columns = make([]Field, len(row.Cells))
	for i, c := range row.Cells {
		f := recognise(c)
		if f == FieldNone || slices.Contains(columns[:i], f) {
			continue
		}
		columns[i], found = f, found+1
	}
	return columns, found
}
