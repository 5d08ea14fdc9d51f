package patient

import (
	"strings"
	"time"

	"jingfang/sql/db"
)

// PaperKind says which paper names a person.
type PaperKind string

// The kinds of paper. None is allowed: unknown homeless patients have no paper.
const (
	PaperNone     PaperKind = "none"
	PaperIDCard   PaperKind = "idcard"
	PaperPassport PaperKind = "passport"
	PaperOther    PaperKind = "other"
)

// Valid tells whether the kind is in the list.
func (k PaperKind) Valid() bool {
	return k == PaperNone || k == PaperIDCard || k == PaperPassport || k == PaperOther
}

// Label is the kind's Chinese name.
func (k PaperKind) Label() string {
	switch k {
	case PaperIDCard:
		return "身份证"
	case PaperPassport:
		return "护照"
	case PaperOther:
		return "其他证件"
	}
	return "没有证件"
}

// firstYear is the first year of birth that anybody alive can have.
const firstYear = 1880

// IDCard is a checked ID card number (GB 11643-1999): 17 digits and a check
// character. Residence permits of the same form pass too.
type IDCard struct {
	number string
	birth  time.Time
}

// ParseIDCard checks length, characters, check character and birth date; now
// refuses a birth in the future. A lower-case x and full-width digits are
// accepted. The sentences never repeat the number.
func ParseIDCard(raw string, now time.Time) (IDCard, error) {
	s := fold(raw)
	if n := len([]rune(s)); n != 18 {
		return IDCard{}, db.Refuse(db.Invalid, "身份证号应为 18 位，现在是 %d 位，请核对。", n)
	}
	if len(s) != 18 || strings.Trim(s[:17], "0123456789") != "" || strings.IndexByte("0123456789X", s[17]) < 0 {
		return IDCard{}, db.Refuse(db.Invalid, "身份证号前 17 位须为数字，末位为数字或 X，请核对。")
	}
	if idCheck(s[:17]) != s[17] {
		return IDCard{}, db.Refuse(db.Invalid, "身份证号的校验位不对，多半是输错了一位，请核对。")
	}
	birth, err := time.Parse("20060102", s[6:14])
	if err != nil || birth.After(today(now)) || birth.Year() < firstYear {
		return IDCard{}, db.Refuse(db.Invalid, "身份证号第 7 至 14 位不是可能的出生日期，请核对。")
	}
	return IDCard{s, birth}, nil
}

// idCheck is the check character over the first 17 digits: ISO 7064 MOD 11-2
// with the weights of GB 11643.
func idCheck(digits string) byte {
	weights := [17]int{7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2}
	sum := 0
	for i, w := range weights {
		sum += w * int(digits[i]-'0')
	}
	return "10X98765432"[sum%11]
}

// Number is the normalised number, in capitals.
func (c IDCard) Number() string { return c.number }

// Birth is the date of birth in the number, as midnight UTC.
func (c IDCard) Birth() time.Time { return c.birth }

// Sex is "M" or "F" after the 17th digit.
func (c IDCard) Sex() string {
	if (c.number[16]-'0')%2 == 1 {
		return "M"
	}
	return "F"
}
