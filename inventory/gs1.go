package inventory

import (
	"regexp"
	"strconv"
	"strings"
	"time"
)

// aiSpec is what the GS1 General Specifications say of one application
// identifier: the most characters its value may have, whether it always has
// exactly that many (then no FNC1 follows), and whether only digits.
type aiSpec struct {
	max            int
	fixed, numeric bool
}

// specOf lists the application identifiers met on medicine. Another one is
// refused rather than guessed, for without its length the rest cannot be read.
func specOf(ai string) (aiSpec, bool) {
	switch ai {
	case "01":
		return aiSpec{14, true, true}, true
	case "11", "12", "13", "15", "16", "17":
		return aiSpec{6, true, true}, true
	case "20":
		return aiSpec{2, true, true}, true
	case "10", "21", "22", "710", "711", "712", "713", "714", "715", "716", "717":
		return aiSpec{20, false, false}, true
	case "30", "37":
		return aiSpec{8, false, true}, true
	case "240", "241", "250", "251":
		return aiSpec{30, false, false}, true
	case "7003":
		return aiSpec{10, false, true}, true
	case "90", "91", "92", "93", "94", "95", "96", "97", "98", "99":
		return aiSpec{90, false, false}, true
	}
	return aiSpec{}, false
}

// symbology is the prefix by which a scanner names the kind of bar code
// (ISO/IEC 15424).
var symbology = regexp.MustCompile(`^\][A-Za-z][0-9A-Za-z]`)

// stripSymbology removes the prefix and reports whether it promises GS1.
func stripSymbology(text string) (body string, gs1 bool) {
	id := symbology.FindString(text)
	switch strings.ToLower(id) {
	case "]d2", "]c1", "]q3", "]e0", "]j1":
		gs1 = true
	}
	return text[len(id):], gs1
}

// looksLikeGS1 reports text in a GS1 form that no symbology prefix announced.
// A text of exactly 20 characters is left to the plain families: a serial
// number of two characters does not occur.
func looksLikeGS1(s string) bool {
	if strings.ContainsRune(s, groupSeparator) || bracketAI.MatchString(s) {
		return true
	}
	if len(s) <= 18 || len(s) == plainLength || s[:2] != "01" || !isDigits(s[2:16]) {
		return false
	}
	if isDigits(s) && !validCheckDigit(s[2:16]) {
		return false // a plain number of some other kind
	}
	switch s[16:18] {
	case "10", "11", "17", "21", "30":
		return true
	}
	return false
}

// parseGS1 reads an element string or its bracketed form.
func parseGS1(s string) (TraceCode, AnswerKind) {
	if bracketAI.MatchString(s) {
		fields, kind := readBracketed(strings.ReplaceAll(s, " ", ""))
		if kind != "" {
			return TraceCode{}, kind
		}
		return newGS1(fields)
	}
	separated := strings.ContainsRune(s, groupSeparator)
	fields, kind := readElements(s)
	if kind == KindGS1Unreadable && !separated && len(s) > 36 {
		kind = KindSeparatorLost
	}
	if kind != "" {
		return TraceCode{}, kind
	}
	if !separated && swallowed(fields) {
		return TraceCode{}, KindSeparatorLost
	}
	return newGS1(fields)
}

// gs1Fields are the values by application identifier.
type gs1Fields map[string]string

// add keeps one field. The same identifier twice with different values, or a
// link inside a value, means that two codes ran together.
func (f gs1Fields) add(ai, value string) AnswerKind {
	spec, known := specOf(ai)
	switch {
	case !known, value == "", len(value) > spec.max, spec.fixed && len(value) != spec.max,
		spec.numeric && !isDigits(value), strings.ContainsFunc(value, notGS1):
		return KindGS1Unreadable
	}
	if old, seen := f[ai]; (seen && old != value) || strings.Contains(value, "://") {
		return KindJoined
	}
	f[ai] = value
	return ""
}

// notGS1 reports a character outside the GS1 set of 82 that lot and serial
// numbers are written in.
func notGS1(r rune) bool {
	if r > 127 || r <= ' ' {
		return true
	}
	return !isAlphanumeric(string(r)) && !strings.ContainsRune(`!"%&'()*+,-./:;<=>?_`, r)
}

// readElements reads an element string: fields one behind the other, those of
// variable length ended by FNC1 or by the end of the text.
func readElements(s string) (gs1Fields, AnswerKind) {
	fields := gs1Fields{}
	for s = strings.TrimLeft(s, "\x1d"); s != ""; s = strings.TrimLeft(s, "\x1d") {
		ai, spec, known := leadingAI(s)
		if !known {
			return nil, KindGS1Unreadable
		}
		s = s[len(ai):]
		end := strings.IndexByte(s, groupSeparator)
		if end < 0 {
			end = len(s)
		}
		if spec.fixed {
			end = min(end, spec.max)
		}
		if kind := fields.add(ai, s[:end]); kind != "" {
			return nil, kind
		}
		s = s[end:]
	}
	return fields, ""
}

// leadingAI finds the application identifier s begins with. No identifier is
// the beginning of another one.
func leadingAI(s string) (string, aiSpec, bool) {
	for n := 2; n <= 4 && n <= len(s); n++ {
		if spec, known := specOf(s[:n]); known {
			return s[:n], spec, true
		}
	}
	return "", aiSpec{}, false
}

// bracketAI recognises the bracketed form by its first field.
var bracketAI = regexp.MustCompile(`^\([0-9]{2,4}\)`)

// readBracketed reads (01)…(21)…. A bracket that does not open a known field
// belongs to the value, as does one behind a backslash.
func readBracketed(s string) (gs1Fields, AnswerKind) {
	fields := gs1Fields{}
	for s != "" {
		ai := openBracket(s)
		if ai == "" {
			return nil, KindGS1Unreadable
		}
		s = s[len(ai)+2:]
		end := 0
		for end < len(s) && openBracket(s[end:]) == "" {
			if s[end] == '\\' {
				end++
			}
			end++
		}
		end = min(end, len(s))
		value := strings.ReplaceAll(strings.TrimSuffix(s[:end], "\x1d"), `\(`, "(")
		if kind := fields.add(ai, value); kind != "" {
			return nil, kind
		}
		s = s[end:]
	}
	return fields, ""
}

// openBracket returns the known application identifier that s opens with in
// brackets, or "".
func openBracket(s string) string {
	m := bracketAI.FindString(s)
	if m == "" {
		return ""
	}
	ai := m[1 : len(m)-1]
	if _, known := specOf(ai); !known {
		return ""
	}
	return ai
}

// escapeBracket writes a value so that readBracketed finds its end.
func escapeBracket(value string) string { return strings.ReplaceAll(value, "(", `\(`) }

// swallowed reports fields that were probably read across a lost FNC1: a lot
// that hides the serial number, or a serial that ends in an expiry date. A
// guess would give one box two identities, so the scanner is to be mended.
func swallowed(f gs1Fields) bool {
	serial, has := f["21"]
	if !has {
		return strings.Contains(f["10"], "21") || strings.Contains(f["30"], "21")
	}
	for i := 1; i+8 <= len(serial); i++ {
		if serial[i:i+2] != "17" || parseGS1Date(serial[i+2:i+8], true).IsZero() {
			continue
		}
		rest := serial[i+8:]
		if rest == "" || strings.HasPrefix(rest, "10") || strings.HasPrefix(rest, "11") {
			return true
		}
	}
	return false
}

// newGS1 checks the fields and builds the code. The unit is GTIN and serial;
// lot and dates only describe it.
func newGS1(f gs1Fields) (TraceCode, AnswerKind) {
	// A comma at the end parts codes in a list. Kept, it would give the same box
	// another identity in a list than alone.
	gtin, serial := f["01"], strings.TrimRight(f["21"], ",;")
	switch {
	case gtin == "":
		return TraceCode{}, KindGS1Unreadable
	case !validCheckDigit(gtin):
		return TraceCode{}, KindBadCheckDigit
	case serial == "":
		return TraceCode{}, KindGS1WithoutSerial
	}
	c := TraceCode{
		code: "(01)" + gtin + "(21)" + escapeBracket(serial), prefix: gtin, serial: serial,
		family: FamilyGS1, batch: f["10"],
	}
	if v := f["17"]; v != "" {
		if c.expiry = parseGS1Date(v, true); c.expiry.IsZero() {
			return TraceCode{}, KindGS1Unreadable
		}
	}
	if v := f["11"]; v != "" {
		if c.made = parseGS1Date(v, false); c.made.IsZero() {
			return TraceCode{}, KindGS1Unreadable
		}
	}
	// Eight digits at most, already checked: Atoi cannot fail on a present field.
	c.units, _ = strconv.Atoi(f["30"])
	return c, ""
}

// parseGS1Date reads YYMMDD of this century; the zero time means that there is
// no such day. Day 00 stands for the whole month: its last day for an expiry,
// its first for a production date.
func parseGS1Date(s string, endOfMonth bool) time.Time {
	if len(s) != 6 || !isDigits(s) {
		return time.Time{}
	}
	if s[4:] != "00" {
		t, err := time.Parse("20060102", "20"+s)
		if err != nil {
			return time.Time{}
		}
		return t
	}
	t, err := time.Parse("20060102", "20"+s[:4]+"01")
	switch {
	case err != nil:
		return time.Time{}
	case endOfMonth:
		return t.AddDate(0, 1, -1)
	}
	return t
}

// validCheckDigit tests the last digit of a GTIN, EAN or UPC number: weights 3
// and 1 from the right, modulo 10.
func validCheckDigit(s string) bool {
	if !isDigits(s) {
		return false
	}
	sum := 0
	for i := range len(s) {
		d := int(s[len(s)-1-i] - '0')
		if i%2 == 1 {
			d *= 3
		}
		sum += d
	}
	return sum%10 == 0
}
