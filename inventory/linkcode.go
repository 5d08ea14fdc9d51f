package inventory

import (
	"net/url"
	"regexp"
	"strings"
)

// labelled finds the text form some makers put into their QR code. Between
// label and value stand colons, blanks or line breaks; hyphens may stand in
// the values.
var labelled = regexp.MustCompile(`药品标识码[^0-9A-Za-z]{0,10}([0-9A-Za-z-]+)[^0-9A-Za-z]{0,10}(?:序列号|生产标识码)[^0-9A-Za-z]{0,10}([0-9A-Za-z-]+)`)

// parseLabelled joins 药品标识码 and 序列号, 7 + 13 characters.
func parseLabelled(text string) (TraceCode, AnswerKind) {
	found := labelled.FindAllStringSubmatch(text, 2)
	switch {
	case len(found) == 0:
		return TraceCode{}, KindNotATraceCode
	case len(found) > 1:
		return TraceCode{}, KindJoined
	}
	prefix := strings.ReplaceAll(found[0][1], "-", "")
	serial := strings.ReplaceAll(found[0][2], "-", "")
	if len(prefix) != prefixLength || len(prefix)+len(serial) != plainLength {
		return TraceCode{}, KindWrongLength
	}
	return parsePlain(prefix + serial)
}

// isLink reports a web address; a scanner under Caps Lock sends HTTPS.
func isLink(text string) bool {
	head := strings.ToLower(text[:min(len(text), 8)])
	return strings.HasPrefix(head, "http://") || strings.HasPrefix(head, "https://")
}

// parseLink takes the code out of a link: the parameter "code" of
// mashangfangxin.com (drugQueryResult, rqQueryResult) and of holders who follow
// it, or the path of a GS1 Digital Link (/01/GTIN/21/serial).
func parseLink(text string) (TraceCode, AnswerKind) {
	u, err := url.Parse(text)
	if err != nil {
		return TraceCode{}, KindLinkWithoutCode
	}
	if body := digitalLink(u); body != "" {
		return parseGS1(body)
	}
	for name, values := range u.Query() {
		if strings.EqualFold(name, "code") && len(values) == 1 {
			return linkedCode(values[0])
		}
	}
	return TraceCode{}, KindLinkWithoutCode
}

// linkedCode accepts only a plain code behind "code=": links of other systems
// use the same word for anything.
func linkedCode(value string) (TraceCode, AnswerKind) {
	c, kind := parsePlain(value)
	switch kind {
	case "", KindJoined, KindWrongLength:
		return c, kind
	}
	return TraceCode{}, KindLinkWithoutCode
}

// digitalLink rewrites a GS1 Digital Link in bracketed form; empty when u is
// none.
func digitalLink(u *url.URL) string {
	parts := strings.Split(strings.Trim(u.EscapedPath(), "/"), "/")
	for i, p := range parts {
		if p == "01" && i+1 < len(parts) && len(parts[i+1]) == 14 {
			return bracketed(parts[i:], u.Query())
		}
	}
	return ""
}

// bracketed writes pairs of path segments, then the known fields of the query.
func bracketed(pairs []string, query url.Values) string {
	var b strings.Builder
	for i := 0; i+1 < len(pairs); i += 2 {
		value, err := url.PathUnescape(pairs[i+1])
		if err != nil {
			return ""
		}
		b.WriteString("(" + pairs[i] + ")" + escapeBracket(value))
	}
	for _, ai := range []string{"10", "11", "17", "30"} {
		if v := query.Get(ai); v != "" {
			b.WriteString("(" + ai + ")" + escapeBracket(v))
		}
	}
	return b.String()
}
