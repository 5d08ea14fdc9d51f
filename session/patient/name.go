package patient

import (
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/mozillazg/go-pinyin"
	"golang.org/x/text/width"

	"jingfang/sql/db"
)

// nameLimit is the longest name, in characters (not bytes).
const nameLimit = 50

// cleanName takes away the white space around a name and within it what only
// fills: names typed as 陈　明 to line up with others are 陈明. Between other
// words one space stays. Nothing else is changed.
func cleanName(name string) string {
	var b strings.Builder
	last := ' '
	for _, word := range strings.Fields(name) {
		first, _ := utf8.DecodeRuneInString(word)
		if b.Len() > 0 && !(unicode.Is(unicode.Han, last) && unicode.Is(unicode.Han, first)) {
			b.WriteByte(' ')
		}
		b.WriteString(word)
		last, _ = utf8.DecodeLastRuneInString(word)
	}
	return b.String()
}

// checkName counts characters, not bytes, and flags what a broken conversion or
// an old input method leaves: a person mends it, the program never does.
func checkName(name string) error {
	if name == "" {
		return db.Refuse(db.Invalid, "请填写患者姓名；身份不明者可填“无名氏”加编号。")
	}
	if utf8.RuneCountInString(name) > nameLimit {
		return db.Refuse(db.Invalid, "姓名太长（最多 %d 个字），请核对。", nameLimit)
	}
	letters := false
	for _, r := range name {
		switch {
		case r == utf8.RuneError || unicode.Is(unicode.Co, r) || unicode.Is(unicode.Noncharacter_Code_Point, r):
			return db.Refuse(db.Invalid, "姓名里有无法识别的字（%U），请用正确的字重新输入。", r)
		case unicode.Is(unicode.Cc, r) || unicode.Is(unicode.Cf, r):
			return db.Refuse(db.Invalid, "姓名里有看不见的字符（%U），请重新输入姓名。", r)
		}
		// Characters newer than Go's tables are of no class; they are letters too.
		letters = letters || unicode.IsLetter(r) || r >= 0x20000
	}
	if !letters {
		return db.Refuse(db.Invalid, "姓名里没有文字，请重新输入。")
	}
	return nil
}

// MaskName keeps the first character of a name (陈**), so that a screen that
// others can see names nobody.
func MaskName(name string) string {
	for _, r := range name {
		return string(r) + "**"
	}
	return ""
}

// Pinyin is the initials of a name, for typing it on a phone: 陈小明 is cxm.
// A family name is read as one (曾小明 is zxm). Characters without pinyin stay
// as they are, in lower case.
func Pinyin(name string) string {
	args := pinyin.NewArgs()
	args.Style = pinyin.FirstLetter
	args.Fallback = func(r rune, _ pinyin.Args) []string { return []string{strings.ToLower(width.Narrow.String(string(r)))} }
	initials := strings.Join(pinyin.LazyPinyin(name, args), "")
	first, size := utf8.DecodeRuneInString(name)
	if read := surnameInitial(first); read != "" {
		return read + strings.Join(pinyin.LazyPinyin(name[size:], args), "")
	}
	return initials
}

// surnameInitial is how a character is read as a family name where that differs
// from its usual reading; "" where it does not (《现代汉语词典》).
func surnameInitial(r rune) string {
	switch r {
	case '曾', '翟', '查':
		return "z"
	case '仇', '覃':
		return "q"
	case '单':
		return "s"
	case '解':
		return "x"
	case '区':
		return "o"
	case '乐':
		return "y"
	case '种':
		return "c"
	case '繁':
		return "p"
	}
	return ""
}
