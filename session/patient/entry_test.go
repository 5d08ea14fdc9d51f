package patient_test

import (
	"bytes"
	"fmt"
	"log/slog"
	"strings"
	"testing"
	"time"

	"jingfang/session/patient"
	"jingfang/sql/db"
)

func TestNames(t *testing.T) {
	for _, c := range []struct{ name, typed, kept string }{
		{"plain", "演示甲", "演示甲"},
		{"rare, plane 2", "𠮷田演示", "𠮷田演示"},
		{"rare, once in the private area", "演\u9fb4", "演\u9fb4"},
		{"rare, plane 3", "演𰻞", "演𰻞"},
		{"middle dot", "阿卜杜热西提·买买提依明", "阿卜杜热西提·买买提依明"},
		{"Latin", "Demo  Person", "Demo Person"},
		{"around", " \u3000演示甲\u00a0\t\r\n", "演示甲"},
		{"padded to line up", "演\u3000甲", "演甲"},
		{"between Latin and Han", "Demo 甲 ", "Demo 甲"},
		{"50 characters", strings.Repeat("𠮷", 50), strings.Repeat("𠮷", 50)},
		{"unnamed", "无名氏 12", "无名氏 12"},
		{"ideographic variation", "演葛\U000E0100", "演葛\U000E0100"},
	} {
		t.Run(c.name, func(t *testing.T) {
			e, err := patient.Entry{Name: c.typed, HomeSiteID: 1}.Check(noon)
			check(t, err)
			if e.Name != c.kept {
				t.Errorf("%q is kept as %q, want %q", c.typed, e.Name, c.kept)
			}
		})
	}
}

func TestNamesRefused(t *testing.T) {
	for _, c := range []struct{ name, typed, sentence string }{
		{"empty", "", "请填写患者姓名"},
		{"blank", " \u3000 ", "请填写患者姓名"},
		{"51 characters", strings.Repeat("演", 51), "最多 50 个字"},
		{"private use, old GB 18030", "演\ue81e", "无法识别的字（U+E81E）"},
		{"private use, plane 15", "演\U000F0001", "无法识别的字"},
		{"replacement character", "演\ufffd", "无法识别的字（U+FFFD）"},
		{"invalid UTF-8", "演\xff", "无法识别的字"},
		{"NUL", "演\x00甲", "看不见的字符（U+0000）"},
		{"escape", "演\x1b[31m", "看不见的字符"},
		{"zero width", "演\u200b甲", "看不见的字符（U+200B）"},
		{"text direction", "\u202e演甲", "看不见的字符"},
		{"no letter", "· 12", "没有文字"},
	} {
		t.Run(c.name, func(t *testing.T) {
			_, err := patient.Entry{Name: c.typed, HomeSiteID: 1}.Check(noon)
			refused(t, err, db.Invalid, c.sentence)
		})
	}
}

func date(text string) *time.Time {
	on, err := time.Parse(time.DateOnly, text)
	if err != nil {
		panic(err)
	}
	return &on
}

const card = "999900197001010015"

func TestEntryRefused(t *testing.T) {
	good := patient.Entry{Name: "演示甲", HomeSiteID: 1}
	for _, c := range []struct {
		name     string
		change   func(e *patient.Entry)
		sentence string
	}{
		{"no site", func(e *patient.Entry) { e.HomeSiteID = 0 }, "请选择患者所属的精防点"},
		{"unknown kind of paper", func(e *patient.Entry) { e.Paper, e.PaperNo = "driver", "1" }, "证件种类"},
		{"number without a kind", func(e *patient.Entry) { e.PaperNo = card }, "选的是“没有证件”"},
		{"number with no paper", func(e *patient.Entry) { e.Paper, e.PaperNo = patient.PaperNone, card }, "选的是“没有证件”"},
		{"kind without a number", func(e *patient.Entry) { e.Paper = patient.PaperIDCard }, "请填写证件号"},
		{"wrong ID card", func(e *patient.Entry) { e.Paper, e.PaperNo = patient.PaperIDCard, card[:17] }, "18 位"},
		{"other birth than the card", func(e *patient.Entry) {
			e.Paper, e.PaperNo, e.BirthOn = patient.PaperIDCard, card, date("1971-01-01")
		}, "出生日期与身份证号不一致"},
		{"other sex than the card", func(e *patient.Entry) { e.Paper, e.PaperNo, e.Sex = patient.PaperIDCard, card, "F" }, "性别与身份证号不一致"},
		{"born tomorrow", func(e *patient.Entry) { e.BirthOn = date("2026-11-24") }, "今天之后"},
		{"born long ago", func(e *patient.Entry) { e.BirthOn = date("1066-10-14") }, "过早"},
		{"sex", func(e *patient.Entry) { e.Sex = "X" }, "请选择性别"},
		{"long paper", func(e *patient.Entry) { e.Paper, e.PaperNo = patient.PaperOther, strings.Repeat("9", 41) }, "证件号太长（最多 40 个字）"},
		{"long phone", func(e *patient.Entry) { e.Phone = strings.Repeat("9", 41) }, "电话太长"},
		{"long address", func(e *patient.Entry) { e.Address = strings.Repeat("路", 201) }, "地址太长"},
		{"long allergies", func(e *patient.Entry) { e.Allergies = strings.Repeat("青", 301) }, "过敏史太长"},
		{"control in what is sealed", func(e *patient.Entry) { e.Address = "演示路\x00" }, "地址里有无法识别的字符"},
		{"invalid UTF-8 in what is sealed", func(e *patient.Entry) { e.Phone = "\xff" }, "电话里有无法识别的字符"},
	} {
		t.Run(c.name, func(t *testing.T) {
			e := good
			c.change(&e)
			_, err := e.Check(noon)
			refused(t, err, db.Invalid, c.sentence, "!"+card)
		})
	}
}

func TestEntryIsCompleted(t *testing.T) {
	e, err := patient.Entry{Name: "演示甲", HomeSiteID: 1, Paper: patient.PaperIDCard, PaperNo: " 11010519491231002x", Phone: "０００－００００ 0001 ",
		Address: " 演示路\t1 号", BirthOn: date("1949-12-31"), Sex: "F"}.Check(noon)
	check(t, err)
	want := patient.Entry{Name: "演示甲", HomeSiteID: 1, Paper: patient.PaperIDCard, PaperNo: "11010519491231002X", Phone: "000-0000 0001",
		Address: "演示路 1 号", BirthOn: e.BirthOn, Sex: "F"}
	if e != want || !e.BirthOn.Equal(*date("1949-12-31")) {
		t.Errorf("got %q %q %q %q %s %s", e.Paper, e.PaperNo, e.Phone, e.Address, e.BirthOn, e.Sex)
	}
	e, err = patient.Entry{Name: "演示甲", HomeSiteID: 1, Paper: patient.PaperPassport, PaperNo: " ｅ1234 5678"}.Check(noon)
	check(t, err)
	if e.PaperNo != "E12345678" {
		t.Errorf("passport %q", e.PaperNo)
	}
	if e, err = (patient.Entry{Name: "演示甲", HomeSiteID: 1}).Check(noon); err != nil || e.Paper != patient.PaperNone {
		t.Errorf("no papers: %q, %v", e.Paper, err)
	}
}

// What is sealed on disk does not get out through a log line either.
func TestNothingPrintsSealedFields(t *testing.T) {
	entry := patient.Entry{Name: "演示甲", PaperNo: card, Phone: "000-0000-0001", Address: "演示路 1 号"}
	private := patient.Private{Paper: patient.PaperIDCard, PaperNo: card, Phone: "000-0000-0001", Address: "演示路 1 号"}
	var out bytes.Buffer
	logger := slog.New(slog.NewJSONHandler(&out, nil))
	for _, v := range []any{entry, &entry, private, &private, []patient.Private{private}, struct{ E patient.Entry }{entry}} {
		fmt.Fprintf(&out, "%v %+v %#v %s", v, v, v, v)
	}
	logger.Info("x", "entry", entry, "private", private)
	for _, secret := range []string{card, "000-0000-0001", "演示路"} {
		if strings.Contains(out.String(), secret) {
			t.Errorf("%s is printed: %s", secret, out.String())
		}
	}
}

func TestAge(t *testing.T) {
	for _, c := range []struct {
		name, birth, at string
		want            int
	}{
		{"the day before the birthday", "1970-11-24", "2026-11-23T12:00:00+08:00", 55},
		{"on the birthday", "1970-11-23", "2026-11-23T12:00:00+08:00", 56},
		{"half past midnight in Shanghai", "1970-11-23", "2026-11-22T16:30:00Z", 56},
		{"before midnight in Shanghai", "1970-11-23", "2026-11-22T15:59:00Z", 55},
		{"leap birth, leap year, day before", "1988-02-29", "2024-02-28T12:00:00+08:00", 35},
		{"leap birth, leap year, on it", "1988-02-29", "2024-02-29T12:00:00+08:00", 36},
		{"leap birth, common year, 28th", "1988-02-29", "2025-02-28T12:00:00+08:00", 36},
		{"leap birth, common year, 1 March", "1988-02-29", "2025-03-01T12:00:00+08:00", 37},
		{"common birth, leap year, 29th", "1989-03-01", "2024-02-29T12:00:00+08:00", 34},
		{"common birth, leap year, 1 March", "1989-03-01", "2024-03-01T12:00:00+08:00", 35},
		{"last day of a leap year", "1989-12-31", "2024-12-30T12:00:00+08:00", 34},
		{"born today", "2026-11-23", "2026-11-22T17:00:00Z", 0},
	} {
		t.Run(c.name, func(t *testing.T) {
			at, err := time.Parse(time.RFC3339, c.at)
			check(t, err)
			if got := (patient.Patient{BirthOn: date(c.birth)}).Age(at); got != c.want {
				t.Errorf("age %d, want %d", got, c.want)
			}
		})
	}
	if got := (patient.Patient{}).Age(noon); got != -1 {
		t.Errorf("age without a birth date: %d", got)
	}
}

func TestMaskAndPinyin(t *testing.T) {
	for _, c := range []struct{ name, masked, pinyin string }{
		{"陈小明", "陈**", "cxm"},
		{"曾小明", "曾**", "zxm"},
		{"区小明", "区**", "oxm"},
		{"小曾", "小**", "xc"},
		{"𠮷小明", "𠮷**", "𠮷xm"},
		{"阿卜·买买提", "阿**", "ab·mmt"},
		{"Demo Person", "D**", "demo person"},
		{"", "", ""},
	} {
		if got := patient.MaskName(c.name); got != c.masked {
			t.Errorf("%s is masked as %s", c.name, got)
		}
		if got := patient.Pinyin(c.name); got != c.pinyin {
			t.Errorf("initials of %s: %s, want %s", c.name, got, c.pinyin)
		}
	}
}
