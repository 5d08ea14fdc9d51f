package inventory

import (
	"regexp"
	"strings"
	"unicode/utf8"
)

// MaxScan is the most text, in bytes, that one scan or paste may bring: far
// more than 2,000 codes in their longest form.
const MaxScan = 1 << 20

// Parsed is one piece of a scan: a code, or the reason why it is none.
type Parsed struct {
	// Raw is the piece of the input that was read.
	Raw string
	// Code is valid when Err is nil.
	Code TraceCode
	// Err is nil when Code is valid.
	Err *CodeError
}

// ParseScan reads what a batch reader sends or a person pastes: codes parted by
// line breaks, tabs, commas, semicolons or blanks, also several 码上放心 codes, links
// or GS1 codes run together. Order is kept and repeats are kept, for the same code
// twice has its own answer. It returns at least one piece; nothing that was read
// is dropped but the words around a 药品标识码 text.
func ParseScan(raw string) []Parsed {
	switch {
	case len(raw) > MaxScan:
		return []Parsed{refused(raw[:maxCodeLength], KindTooLong)}
	case !utf8.ValidString(raw):
		return parseBrokenText(raw)
	}
	found := parseText(raw)
	if len(found) == 0 {
		return []Parsed{refused(raw, KindEmpty)}
	}
	return found
}

// parseBrokenText keeps one broken line of a paste from taking the good ones
// with it.
func parseBrokenText(raw string) []Parsed {
	var out []Parsed
	for _, line := range hardSplit(raw) {
		if utf8.ValidString(line) {
			out = append(out, parseText(line)...)
		} else {
			out = append(out, refused(line, KindBadEncoding))
		}
	}
	return out
}

// parseText cuts out the labelled texts, which may run over several lines, and
// reads the lines between them.
func parseText(raw string) []Parsed {
	text := strings.Map(foldWidth, raw)
	found := labelled.FindAllStringIndex(text, -1)
	if found == nil {
		return parseLines(text)
	}
	var out []Parsed
	from := 0
	for _, at := range found {
		out = append(out, parseAround(text[from:at[0]])...)
		out = append(out, parseOne(text[at[0]:at[1]]))
		from = at[1]
	}
	return append(out, parseAround(text[from:])...)
}

// foldWidth makes separators and letters half-width but keeps line breaks.
func foldWidth(r rune) rune {
	switch {
	case r == '\r' || r == '\n' || r == '\t' || r == '\v' || r == '\f':
		return r
	case r == '、':
		return ',' // in running text it parts codes; at the ends it is debris
	}
	return foldRune(r)
}

// parseAround reads the text beside a labelled code: codes count, and so does
// any number long enough to be meant as one; words are the label's own.
func parseAround(text string) []Parsed {
	var out []Parsed
	for _, p := range parseLines(text) {
		if p.Err == nil || (isDigits(p.Err.Text) && len(p.Err.Text) >= 13) {
			out = append(out, p)
		}
	}
	return out
}

// parseLines reads line by line.
func parseLines(text string) []Parsed {
	var out []Parsed
	for _, line := range hardSplit(text) {
		for _, piece := range splitStarts(line) {
			out = append(out, parsePiece(piece)...)
		}
	}
	return out
}

// parsePiece reads one line. Commas, semicolons and brackets may be part of a
// GS1 serial number and blanks part of a printed number, so the parts are taken
// only if each is a code, or if the whole is none.
func parsePiece(line string) []Parsed {
	parts := parseParts(softSplit(line))
	if len(parts) < 2 || allGood(parts) {
		return parts
	}
	if _, code, ok := ParseLabel(strings.ReplaceAll(line, " ", "")); ok {
		return []Parsed{parseOne(code)} // typed as it stands on the label, in two halves
	}
	if whole := parseOne(line); whole.Err == nil {
		return []Parsed{whole}
	}
	return parts
}

// parseParts reads each part, with codes that ran together taken apart.
func parseParts(parts []string) []Parsed {
	out := make([]Parsed, 0, len(parts))
	for _, part := range parts {
		for _, s := range splitJoined(part) {
			out = append(out, parseOne(s))
		}
	}
	return out
}

// allGood reports whether every piece is a code.
func allGood(parts []Parsed) bool {
	for _, p := range parts {
		if p.Err != nil {
			return false
		}
	}
	return true
}

// parseOne is [ParseTraceCode] with its typed error.
func parseOne(raw string) Parsed {
	text, kind := clean(raw)
	if kind == "" {
		var c TraceCode
		if c, kind = classify(text); kind == "" {
			c.raw = raw
			return Parsed{Raw: raw, Code: c}
		}
	}
	return Parsed{Raw: raw, Err: &CodeError{Kind: kind, Raw: raw, Text: labelText(text, kind)}}
}

// refused is a piece that was not looked at any further.
func refused(raw string, kind AnswerKind) Parsed {
	return Parsed{Raw: raw, Err: &CodeError{Kind: kind, Raw: raw}}
}

// hardSplit parts lines and columns; no code contains these.
func hardSplit(text string) []string {
	return notBlank(strings.FieldsFunc(text, func(r rune) bool { return r == '\r' || r == '\n' || r == '\t' }))
}

// softSplit parts at separators that may also belong to a code.
func softSplit(text string) []string {
	return notBlank(strings.FieldsFunc(text, func(r rune) bool { return r == ' ' || r == ',' || r == ';' }))
}

// notBlank drops parts that hold nothing.
func notBlank(parts []string) []string {
	out := parts[:0]
	for _, p := range parts {
		if strings.TrimSpace(p) != "" {
			out = append(out, p)
		}
	}
	return out
}

// codeStart finds what can only stand at the beginning of a code: a symbology
// prefix, a link, the first field of a bracketed GS1 code.
var codeStart = regexp.MustCompile(`(?i)\][a-z][0-9]|https?://|\(01\)`)

// splitStarts cuts a line before every beginning of a code in it.
func splitStarts(line string) []string {
	var out []string
	from := 0
	for _, at := range codeStart.FindAllStringIndex(line, -1) {
		// A bracket behind a backslash is a value's own, and a symbology prefix
		// belongs to the bracket it stands before.
		if at[0] == 0 || line[at[0]-1] == '\\' || symbology.FindString(line[from:at[0]]) == line[from:at[0]] {
			continue
		}
		out = append(out, line[from:at[0]])
		from = at[0]
	}
	return notBlank(append(out, line[from:]))
}

// splitJoined takes 码上放心 codes apart that a reader sent without a line break.
// It does so only where nothing else fits: digits in a multiple of 20, each
// twenty beginning with the 8 of that family.
func splitJoined(s string) []string {
	if len(s) <= plainLength || len(s)%plainLength != 0 || !isDigits(s) {
		return []string{s}
	}
	var out []string
	for from := 0; from < len(s); from += plainLength {
		if s[from] != '8' {
			return []string{s}
		}
		out = append(out, s[from:from+plainLength])
	}
	return out
}
