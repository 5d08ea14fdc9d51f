package inventory

import "strings"

// classify decides which form a cleaned text has. The empty kind means that
// the code is good.
func classify(text string) (TraceCode, AnswerKind) {
	// A patient token has 20 letters and digits like a holder's own code, so our
	// own labels are looked for before anything else.
	if kind := ownLabel(text); kind != "" {
		return TraceCode{}, kind
	}
	if strings.Contains(text, "药品标识码") {
		return parseLabelled(text)
	}
	if isLink(text) {
		return parseLink(text)
	}
	body, marked := stripSymbology(text)
	if marked || looksLikeGS1(body) {
		return parseGS1(body)
	}
	return parsePlain(body)
}

// ownLabel recognises the labels this program prints: patient JFP, tote JFT,
// bag JFB.
func ownLabel(text string) AnswerKind {
	if len(text) < 3 {
		return ""
	}
	switch strings.ToUpper(text[:3]) {
	case "JFP":
		return KindPatientLabel
	case "JFT":
		return KindToteLabel
	case "JFB":
		return KindBagLabel
	}
	return ""
}

// parsePlain reads a text without structure: 20 characters, or one of the
// other numbers that stand on a box.
func parsePlain(text string) (TraceCode, AnswerKind) {
	text = joinGroups(strings.Trim(text, " ,;"))
	switch {
	case text == "":
		return TraceCode{}, KindEmpty
	case looksInternal(text):
		return parseInternal(text)
	case isDigits(text):
		return parseDigits(text)
	case isAlphanumeric(text) && len(text) == plainLength && strings.ContainsAny(text, "0123456789"):
		return newPlain(text), ""
	case severalCodes(text):
		return TraceCode{}, KindJoined
	case isAlphanumeric(text) && text[0] <= '9':
		return TraceCode{}, KindWrongLength
	}
	return TraceCode{}, KindNotATraceCode
}

// parseDigits tells the numbers on a box apart by their length.
func parseDigits(s string) (TraceCode, AnswerKind) {
	switch n := len(s); {
	case n == plainLength:
		return newPlain(s), ""
	case n == 13 && (s[:2] == "69" || validCheckDigit(s)),
		(n == 12 || n == 14) && validCheckDigit(s):
		return TraceCode{}, KindCommodityCode
	case n == 16 && s[:2] == "01" && validCheckDigit(s[2:]):
		return TraceCode{}, KindGS1WithoutSerial
	case n == 24:
		return TraceCode{}, KindVeterinaryCode
	case n > plainLength && n%plainLength == 0:
		return TraceCode{}, KindJoined
	}
	return TraceCode{}, KindWrongLength
}

// severalCodes reports a text whose parts are complete codes by themselves.
func severalCodes(text string) bool {
	parts := softSplit(text)
	for _, p := range parts {
		if len(p) != plainLength || !isAlphanumeric(p) {
			return false
		}
	}
	return len(parts) > 1
}

// joinGroups closes the gaps of a number printed in groups, "8385793-0000…" or
// "8385 7930 …". It only does so where the whole is a 码上放心 code and no group
// can be a code or a commodity number of its own; otherwise text is unchanged.
func joinGroups(text string) string {
	groups := strings.FieldsFunc(text, func(r rune) bool { return r == ' ' || r == '-' })
	joined := strings.Join(groups, "")
	if len(groups) < 2 || len(joined) != plainLength || joined[0] != '8' || !isDigits(joined) {
		return text
	}
	if len(groups) == 2 && len(groups[0]) == prefixLength {
		return joined
	}
	for _, g := range groups {
		if len(g) > 8 {
			return text
		}
	}
	return joined
}
