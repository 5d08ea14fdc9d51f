package inventory

import (
	"fmt"
	"strings"
	"time"
)

// Our own code of a box without a readable one: WM, the day, nine digits that
// never come again, a check character. It has the length of a trace code, so that
// every scanner and column takes it.
const (
	internalMark   = "WM"
	internalPrefix = len(internalMark) + 8
	internalDigits = 9
)

// internalCode makes the code of a running number.
func internalCode(day time.Time, n int64) string {
	body := fmt.Sprintf("%s%s%0*d", internalMark, day.Format("20060102"), internalDigits, n)
	return body + string(checkCharacter(body))
}

// alphanumerics are the characters of ISO/IEC 7064 in the order of their values.
const alphanumerics = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ"

// checkCharacter is that of ISO/IEC 7064 MOD 37,36, which finds every single
// wrong character and every swap of two neighbours.
func checkCharacter(body string) byte {
	p := 36
	for i := range len(body) {
		p += strings.IndexByte(alphanumerics, body[i])
		if p %= 36; p == 0 {
			p = 36
		}
		p = p * 2 % 37
	}
	return alphanumerics[(37-p)%36]
}

// looksInternal reports a text of the form of our own codes, right or misread.
func looksInternal(text string) bool {
	if len(text) != plainLength || !isAlphanumeric(text) || !strings.EqualFold(text[:2], internalMark) {
		return false
	}
	_, err := time.Parse("20060102", text[2:internalPrefix])
	return err == nil && isDigits(text[2:plainLength-1])
}

func parseInternal(text string) (TraceCode, AnswerKind) {
	s := strings.ToUpper(text)
	if s[plainLength-1] != checkCharacter(s[:plainLength-1]) {
		return TraceCode{}, KindBadCheckDigit
	}
	return TraceCode{code: s, prefix: s[:internalPrefix], serial: s[internalPrefix:], family: FamilyInternal}, ""
}
