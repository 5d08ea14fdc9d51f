package patient

import (
	"fmt"
	"io"
	"log/slog"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/google/uuid"
	"golang.org/x/text/width"

	"jingfang/sql/db"
)

// Entry is what is typed for a new patient. Only the name and the site must be
// there: nobody goes without medicine for want of a paper.
type Entry struct {
	// Name is kept as typed but for white space; at most 50 characters.
	Name string
	// Sex is "M", "F" or "" when unknown.
	Sex string
	// BirthOn is a date as midnight UTC, nil when unknown. With an ID card both
	// come from its number.
	BirthOn    *time.Time
	HomeSiteID int64
	// Paper "" means PaperNone. PaperNo has at most 40 characters.
	Paper   PaperKind
	PaperNo string
	// Phone has at most 40 characters, Address 200, Allergies 300.
	Phone     string
	Address   string
	Allergies string
	// HISNumber is the number under which HIS knows the person, at most 40 characters;
	// "" where HIS was not asked.
	HISNumber string
	// CommandID is made by the page or the device, so that a form sent twice
	// registers one person; uuid.Nil means that the caller sees to it.
	CommandID uuid.UUID
}

// Format keeps an entry out of logs and messages: it holds what is sealed on
// disk.
func (Entry) Format(f fmt.State, _ rune) { _, _ = io.WriteString(f, "patient.Entry{…}") }

// LogValue is Format for package slog.
func (e Entry) LogValue() slog.Value { return slog.StringValue(fmt.Sprint(e)) }

// Check normalises the entry and refuses, with a sentence of kind Invalid, what
// cannot be right.
func (e Entry) Check(now time.Time) (Entry, error) {
	e.Name = cleanName(e.Name)
	if err := checkName(e.Name); err != nil {
		return e, err
	}
	if e.HomeSiteID <= 0 {
		return e, db.Refuse(db.Invalid, "请选择患者所属的精防点。")
	}
	e, err := e.checkTexts()
	if err != nil {
		return e, err
	}
	if e, err = e.checkPaper(now); err != nil {
		return e, err
	}
	if e.HISNumber, err = checkHISNumber(e.HISNumber); err != nil {
		return e, err
	}
	if e.BirthOn != nil && (e.BirthOn.After(today(now)) || e.BirthOn.Year() < firstYear) {
		return e, db.Refuse(db.Invalid, "出生日期在今天之后或过早，请核对。")
	}
	if e.Sex != "" && e.Sex != "M" && e.Sex != "F" {
		return e, db.Refuse(db.Invalid, "请选择性别：男、女，或不填。")
	}
	return e, nil
}

// checkTexts tidies the free texts. What goes into sealed columns never passes
// the database's own check of text, so it is checked here.
func (e Entry) checkTexts() (Entry, error) {
	e.Phone = width.Narrow.String(e.Phone)
	for _, f := range []struct {
		name  string
		value *string
		limit int
	}{{"证件号", &e.PaperNo, 40}, {"电话", &e.Phone, 40}, {"地址", &e.Address, 200}, {"过敏史", &e.Allergies, 300}} {
		text := strings.Join(strings.Fields(*f.value), " ")
		if utf8.RuneCountInString(text) > f.limit {
			return e, db.Refuse(db.Invalid, "%s太长（最多 %d 个字），请缩短。", f.name, f.limit)
		}
		if !utf8.ValidString(text) || strings.ContainsFunc(text, unicode.IsControl) || strings.ContainsRune(text, utf8.RuneError) {
			return e, db.Refuse(db.Invalid, "%s里有无法识别的字符，请重新输入。", f.name)
		}
		*f.value = text
	}
	return e, nil
}

// checkPaper holds kind and number together. What an ID card says about birth
// and sex fills gaps; where it contradicts what was typed, one of them is wrong.
func (e Entry) checkPaper(now time.Time) (Entry, error) {
	if e.Paper == "" {
		e.Paper = PaperNone
	}
	switch {
	case !e.Paper.Valid():
		return e, db.Refuse(db.Invalid, "请重新选择证件种类。")
	case e.Paper == PaperNone && e.PaperNo != "":
		return e, db.Refuse(db.Invalid, "选的是“没有证件”，却填了证件号。请选择证件种类，或清空证件号。")
	case e.Paper == PaperNone:
		return e, nil
	case e.PaperNo == "":
		return e, db.Refuse(db.Invalid, "请填写证件号；没有证件请在“证件”里选“没有证件”。")
	case e.Paper != PaperIDCard:
		e.PaperNo = fold(e.PaperNo)
		return e, nil
	}
	card, err := ParseIDCard(e.PaperNo, now)
	if err != nil {
		return e, err
	}
	birth, sex := card.Birth(), card.Sex()
	if e.BirthOn != nil && !e.BirthOn.Equal(birth) {
		return e, db.Refuse(db.Invalid, "所填出生日期与身份证号不一致，请核对；身份证号无误时可不填出生日期。")
	}
	if e.Sex != "" && e.Sex != sex {
		return e, db.Refuse(db.Invalid, "所填性别与身份证号不一致，请核对；身份证号无误时可不填性别。")
	}
	e.PaperNo, e.BirthOn, e.Sex = card.Number(), &birth, sex
	return e, nil
}
