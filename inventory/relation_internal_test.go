package inventory

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"golang.org/x/text/encoding/simplifiedchinese"
)

// relationWorld is two drugs: A in boxes, middle packs of 2 and cartons of 4, B in
// boxes.
func relationWorld() (map[string]Prefix, map[int64]int64) {
	return map[string]Prefix{
		"8112345": {"8112345", 1, "甲片", 1, 20}, "8212345": {"8212345", 1, "甲片", 2, 40}, "8312345": {"8312345", 1, "甲片", 3, 80},
		"8112346": {"8112346", 2, "乙片", 1, 20}, "8412345": {"8412345", 1, "甲片", 2, 50},
	}, map[int64]int64{1: 20, 2: 20}
}

func rc(prefix string, n int) string { return fmt.Sprintf("%s%013d", prefix, n) }

const small, middle, large = "8112345", "8212345", "8312345"

// fullCarton is a good carton: two middle packs of two boxes.
func fullCarton() []RelationRow {
	return []RelationRow{
		{Line: 1, Code: rc(large, 1), Level: 3},
		{Line: 2, Code: rc(middle, 1), Level: 2, Parent: rc(large, 1)}, {Line: 3, Code: rc(middle, 2), Level: 2, Parent: rc(large, 1)},
		{Line: 4, Code: rc(small, 1), Level: 1, Parent: rc(middle, 1)}, {Line: 5, Code: rc(small, 2), Level: 1, Parent: rc(middle, 1)},
		{Line: 6, Code: rc(small, 3), Level: 1, Parent: rc(middle, 2)}, {Line: 7, Code: rc(small, 4), Level: 1, Parent: rc(middle, 2)},
	}
}

func TestCheckRelation(t *testing.T) {
	t.Parallel()
	known, per := relationWorld()
	for _, x := range []struct {
		name string
		do   func(rows []RelationRow) []RelationRow
		want string // in the first problem; empty for a good file
	}{
		{"good", func(r []RelationRow) []RelationRow { return r }, ""},
		{"in any order", func(r []RelationRow) []RelationRow { r[0], r[6] = r[6], r[0]; return r }, ""},
		{"an odd carton holds less", func(r []RelationRow) []RelationRow { r[2].Status, r[0].Status = BoxOdd, BoxOdd; return r[:6] }, ""},
		{"a mixed carton may hold less", func(r []RelationRow) []RelationRow { r[2].Status, r[0].Status = BoxMixed, BoxMixedAndOdd; return r[:6] }, ""},
		{"a circle of two", func(r []RelationRow) []RelationRow { r[0].Parent = rc(middle, 1); return r }, "绕成了一圈"},
		{"itself", func(r []RelationRow) []RelationRow { r[0].Parent = rc(large, 1); return r }, "它自己"},
		{"a parent too small", func(r []RelationRow) []RelationRow { r[2].Parent = rc(small, 1); return r }, "装不下"},
		{"a parent of the same level", func(r []RelationRow) []RelationRow { r[2].Parent = rc(middle, 1); return r }, "装不下"},
		{"twice", func(r []RelationRow) []RelationRow { return append(r, r[6]) }, "重复，第 7 行"},
		{"two parents", func(r []RelationRow) []RelationRow {
			r = append(r, r[6])
			r[7].Line, r[7].Parent = 8, rc(middle, 1)
			return r
		}, "有两个上级码"},
		{"a parent that is not there", func(r []RelationRow) []RelationRow { r[6].Parent = rc(middle, 9); return r }, "不在文件里"},
		{"a box in nothing", func(r []RelationRow) []RelationRow { r[6].Parent = ""; return r }, "没有上级码"},
		{"too few", func(r []RelationRow) []RelationRow { return r[:6] }, "只有"},
		{"too many", func(r []RelationRow) []RelationRow {
			return append(r, RelationRow{Line: 8, Code: rc(small, 5), Level: 1, Parent: rc(middle, 2)})
		}, "最多"},
		{"an odd carton too full", func(r []RelationRow) []RelationRow {
			r[2].Status = BoxOdd
			return append(r, RelationRow{Line: 8, Code: rc(small, 5), Level: 1, Parent: rc(middle, 2)})
		}, "最多"},
		{"empty", func(r []RelationRow) []RelationRow { r[2].Status, r[0].Status = BoxOdd, BoxOdd; return r[:5] }, "没有任何小盒"},
		{"unknown prefix", func(r []RelationRow) []RelationRow { r[6].Code = rc("8199999", 4); return r }, "未对照"},
		{"another level than taught", func(r []RelationRow) []RelationRow { r[6].Level = 2; return r }, "对照的是 1 级"},
		{"level nine", func(r []RelationRow) []RelationRow { r[6].Level = 9; return r }, "级别是 9"},
		{"another drug", func(r []RelationRow) []RelationRow { r[6].Code = rc("8112346", 4); return r }, "乙片"},
		{"no code", func(r []RelationRow) []RelationRow { r[6].Code = "8112345"; return r }, "读到 7 位"},
		{"spoilt by a spreadsheet", func(r []RelationRow) []RelationRow { r[6].Code = "8.11235E+19"; return r }, "科学计数"},
		{"no whole boxes", func(r []RelationRow) []RelationRow {
			r[2].Code = rc("8412345", 2)
			r[5].Parent = r[2].Code
			r[6].Parent = r[2].Code
			return r
		}, "不是整盒数"},
		{"another ratio", func(r []RelationRow) []RelationRow { r[0].PerCarton = 6; return r }, "包装比例"},
		{"expires before made", func(r []RelationRow) []RelationRow {
			r[6].MadeOn, r[6].ExpiresOn = time.Date(2027, 1, 1, 0, 0, 0, 0, time.UTC), time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
			return r
		}, "早于"},
		{"a date far away", func(r []RelationRow) []RelationRow {
			r[6].ExpiresOn = time.Date(9999, 1, 1, 0, 0, 0, 0, time.UTC)
			return r
		}, "不合理"},
	} {
		r := checkRelation(x.do(fullCarton()), known, per)
		switch {
		case x.want == "" && r.problems.Total > 0:
			t.Errorf("%s: %s", x.name, r.problems.List[0].Sentence())
		case x.want != "" && (r.problems.Total == 0 || !strings.Contains(r.problems.List[0].Sentence(), x.want)):
			t.Errorf("%s: %+v", x.name, r.problems)
		case x.want != "" && r.problems.List[0].Line == 0:
			t.Errorf("%s: no line: %+v", x.name, r.problems.List[0])
		}
	}
}

func TestRatio(t *testing.T) {
	t.Parallel()
	for text, want := range map[string][3]int{"1:2:4": {0, 2, 4}, "1:50": {0, 50, 50}, "1：10：200": {0, 20, 200}, "": {}, "10盒/箱": {}, "1:0": {}, "2:4": {}, "1:3:10": {0, 0, 10}, "1:2:3:4": {}} {
		for level := 1; level <= 3; level++ {
			if got := perCarton(ratio(text), level); got != want[level-1] {
				t.Errorf("%q level %d: %d", text, level, got)
			}
		}
	}
}

const goodXML = `<?xml version="1.0" encoding="UTF-8"?>
<Document License="x"><Events><Event>
<Relation productCode="8312345" subTypeNo="1" cascade="1:2:4" packageSpec="x">
<Batch batchNo="批1" madeDate="2026-01-02" validateDate="20280101">
<Code curCode="83123450000000000001" packLayer="3" parentCode="" flag="2"/>
<Code curCode="81123450000000000001" packLayer="1" parentCode="83123450000000000001" flag="0"/>
</Batch></Relation></Event></Events></Document>`

func TestReadRelationXML(t *testing.T) {
	t.Parallel()
	rows, p := readRelation([]byte("\xef\xbb\xbf" + goodXML))
	if p.Total != 0 || len(rows) != 2 || rows[1].Line != 6 || rows[1].Batch != "批1" || rows[1].Parent != rows[0].Code || rows[0].Status != BoxOdd ||
		rows[0].PerCarton != 4 || rows[1].ExpiresOn.Year() != 2028 || rows[1].MadeOn.Year() != 2026 {
		t.Fatalf("%+v %+v", rows, p)
	}
	gb, err := simplifiedchinese.GB18030.NewEncoder().String(strings.Replace(goodXML, "UTF-8", "GB2312", 1))
	if err != nil {
		t.Fatal(err)
	}
	if rows, p := readRelation([]byte(gb)); p.Total != 0 || len(rows) != 2 || rows[0].Batch != "批1" {
		t.Errorf("GB2312: %+v %+v", rows, p)
	}
	for name, x := range map[string]struct{ text, want string }{
		"empty":                  {"", "空的"},
		"blank":                  {" \n\t", "空的"},
		"truncated":              {goodXML[:len(goodXML)-80], "中断"},
		"cut in a tag":           {goodXML[:len(goodXML)-130], "中断"},
		"other encoding":         {strings.Replace(goodXML, "UTF-8", "Shift_JIS", 1), "编码不支持"},
		"a lying encoding":       {strings.Replace(gb, "GB2312", "UTF-8", 1), "乱码"},
		"UTF-16":                 {"\xff\xfe<\x00", "UTF-16"},
		"a DOCTYPE":              {`<!DOCTYPE x [<!ENTITY a "b">]>` + goodXML[38:], "DOCTYPE"},
		"an entity":              {strings.Replace(goodXML, "批1", "&xxe;", 1), "写法不对"},
		"tags that do not match": {strings.Replace(goodXML, "</Batch>", "</Bat>", 1), "写法不对"},
		"another document":       {`<?xml version="1.0"?><html><body/></html>`, "不是箱码关系"},
		"a layer of words":       {strings.Replace(goodXML, `packLayer="1"`, `packLayer="一"`, 1), "不是数字"},
		"a flag of words":        {strings.Replace(goodXML, `flag="0"`, `flag="零"`, 1), "flag"},
		"a code without":         {strings.Replace(goodXML, "curCode", "code", 1), "没有 curCode"},
		"a date of words":        {strings.Replace(goodXML, "2026-01-02", "昨天", 1), "生产日期"},
		"a spreadsheet":          {"PK\x03\x04xx", "压缩包"},
		"deep":                   {strings.Repeat("<a>", 50), "嵌套太深"},
	} {
		_, p := readRelation([]byte(x.text))
		if p.Total == 0 || !strings.Contains(p.List[0].Sentence(), x.want) {
			t.Errorf("%s: %+v", name, p)
		}
	}
}

func TestReadRelationCSV(t *testing.T) {
	t.Parallel()
	const good = "追溯码,上级码,级别,箱状态,批号,有效期\r\n83123450000000000001,,3,2,批1,2028/1/1\r\n'81123450000000000001,83123450000000000001,1,,批1,2028-01-01\r\n"
	gb, err := simplifiedchinese.GB18030.NewEncoder().String(good)
	if err != nil {
		t.Fatal(err)
	}
	for name, text := range map[string]string{"UTF-8": good, "with BOM": "\xef\xbb\xbf" + good, "GB18030": gb, "tabs": strings.ReplaceAll(good, ",", "\t"),
		"no head": "83123450000000000001,,3,2\n81123450000000000001,83123450000000000001,1\n"} {
		rows, p := readRelation([]byte(text))
		if p.Total != 0 || len(rows) != 2 || rows[1].Code != rc(small, 1) || rows[1].Parent != rc(large, 1) || rows[0].Status != BoxOdd || rows[0].Level != 3 {
			t.Errorf("%s: %+v %+v", name, rows, p)
		}
	}
	for name, x := range map[string]struct{ text, want string }{
		"no level":    {"81123450000000000001,83123450000000000001\n", "每行要有"},
		"words":       {"a,b,c\n", "每行要有"},
		"a quote":     {"\"8112345,1,1\n", "引号"},
		"status nine": {"81123450000000000001,,1,9\n", "箱状态"},
		"bytes":       {"\x81\x20\xff\xff,a,1\n", "编码"},
		"a head only": {"追溯码,上级码,级别\n", "没有任何码"},
		"half a head": {"追溯码,上级码\n", "表头"},
		"a date":      {"追溯码,上级码,级别,有效期\n81123450000000000001,,1,明年\n", "有效期"},
	} {
		if _, p := readRelation([]byte(x.text)); p.Total == 0 || !strings.Contains(p.List[0].Sentence(), x.want) {
			t.Errorf("%s: %+v", name, p)
		}
	}
}

func TestRelationExampleIsGood(t *testing.T) {
	t.Parallel()
	known, per := relationWorld()
	drugs := []Drug{{ID: 2, UnitsPerPack: 20, Prefixes: []Prefix{known["8112346"]}}, {ID: 1, UnitsPerPack: 20, Prefixes: []Prefix{known[small], known[middle], known[large]}}}
	drug, levels := exampleLevels(drugs)
	if drug != 1 {
		t.Fatalf("the example is of drug %d", drug)
	}
	x, c := writeExample(levels, "B1", "2026-01-01", "2028-01-01")
	for name, text := range map[string]string{"XML": x, "CSV": c} {
		rows, p := readRelation([]byte(text))
		r := checkRelation(rows, known, per)
		if p.Total+r.problems.Total != 0 || len(rows) != 7 {
			t.Errorf("%s: %d rows, %+v %+v", name, len(rows), p, r.problems)
		}
	}
	if _, levels := exampleLevels(nil); len(levels) != 2 {
		t.Error("without a drug in cartons there is no example")
	}
}

// Whatever the bytes, reading ends, names no more rows than the file can hold and
// says what is wrong where nothing was read.
func FuzzReadRelation(f *testing.F) {
	for _, s := range []string{goodXML, goodXML[:200], "<a", "<Document><Code/></Document>", "<Relation><Batch></Batch></Relation>", "a,b,1\n", "\"", "\xff\xfe", "<?xml version='1.0' encoding='GBK'?><a/>", `<!DOCTYPE a SYSTEM "file:///etc/passwd"><a>&b;</a>`} {
		f.Add([]byte(s))
	}
	known, per := relationWorld()
	f.Fuzz(func(t *testing.T, body []byte) {
		rows, p := readRelation(body)
		if len(rows) == 0 && p.Total == 0 {
			t.Errorf("nothing was read and nothing is wrong: %q", body)
		}
		if len(p.List) > maxRelationProblems || p.Total < len(p.List) {
			t.Errorf("%d problems of %d", len(p.List), p.Total)
		}
		r := checkRelation(rows, known, per)
		for _, x := range r.problems.List {
			if strings.ContainsAny(x.Sentence(), "\x00\n\r") {
				t.Errorf("an unprintable sentence: %q", x.Sentence())
			}
		}
	})
}
