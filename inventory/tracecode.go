package inventory

import (
	"strings"
	"time"
)

// prefixLength is the length of the 药品标识码 (NMPAB/T 1002-2019).
const prefixLength = 7

// plainLength is the length of a code of [FamilyMashang] and [FamilyOwn].
const plainLength = 20

// TraceCode is a parsed trace code (药品追溯码). Only [ParseTraceCode] and
// [ParseScan] make one, so a value that is not zero is always valid. Compare
// two by their [TraceCode.Code]: the same box read as a bar code and as a link
// differs in the raw text only.
type TraceCode struct {
	code, prefix, serial, raw string
	family                    Family
	batch                     string
	expiry, made              time.Time
	units                     int
}

// ParseTraceCode reads exactly one code, in any of the forms boxes carry:
// 20 characters, GS1, a link, or the text 药品标识码…序列号…. Every error is a
// *[CodeError].
func ParseTraceCode(raw string) (TraceCode, error) {
	text, kind := clean(raw)
	if kind != "" {
		return TraceCode{}, &CodeError{Kind: kind, Raw: raw, Text: text}
	}
	c, kind := classify(text)
	if kind != "" {
		return TraceCode{}, &CodeError{Kind: kind, Raw: raw, Text: labelText(text, kind)}
	}
	c.raw = raw
	return c, nil
}

// labelText is the text of a refused code as it is looked up: our own labels
// are upper case by definition.
func labelText(text string, kind AnswerKind) string {
	switch kind {
	case KindPatientLabel, KindToteLabel, KindBagLabel:
		return strings.ToUpper(text)
	}
	return text
}

// Code is the identity of the box: 20 characters in upper case, or for GS1
// (01)GTIN(21)serial with a literal "(" in the serial written as \( after the
// GS1 bracketed syntax. At most 62 characters; parsing it again gives the same
// identity.
func (c TraceCode) Code() string { return c.code }

// Prefix names the product and pack level: the seven characters of the
// 药品标识码, or the 14 digits of the GTIN.
func (c TraceCode) Prefix() string { return c.prefix }

// Serial is what follows the prefix.
func (c TraceCode) Serial() string { return c.serial }

// Family says by which scheme the code was formed.
func (c TraceCode) Family() Family { return c.family }

// Raw is the text as it was scanned, to be kept beside the identity.
func (c TraceCode) Raw() string { return c.raw }

// Batch is the lot number (批号) if the code carries it, else empty.
func (c TraceCode) Batch() string { return c.batch }

// Expiry is the last good day as a date at midnight UTC, or the zero time when
// the code does not carry it.
func (c TraceCode) Expiry() time.Time { return c.expiry }

// describes reports a code that carries batch or expiry itself.
func (c TraceCode) describes() bool { return c.batch != "" || !c.expiry.IsZero() }

// Made is the day of production as a date at midnight UTC, or the zero time.
func (c TraceCode) Made() time.Time { return c.made }

// Units is the count of items the code itself states (GS1 field 30), or zero.
func (c TraceCode) Units() int { return c.units }

// IsZero reports whether c is the zero value and no code at all.
func (c TraceCode) IsZero() bool { return c.code == "" }

// Special reports a code that its own prefix marks as a special drug (特药:
// 麻醉、精神药品 of 码上放心). It is a hint; the drug's class decides.
func (c TraceCode) Special() bool {
	return c.family == FamilyMashang && strings.HasPrefix(c.code, "89")
}

// Tail is the last n characters of the serial number, as people read them off
// a box; the whole serial when it is shorter.
func (c TraceCode) Tail(n int) string {
	return c.serial[max(0, len(c.serial)-max(0, n)):]
}

// Masked is the short form for lists: 8000…6312.
func (c TraceCode) Masked() string {
	if c.IsZero() {
		return ""
	}
	return c.prefix[:4] + "…" + c.Tail(4)
}

// String is the identity.
func (c TraceCode) String() string { return c.code }

// newPlain makes a code of 20 characters. The caller has checked them.
func newPlain(s string) TraceCode {
	s = strings.ToUpper(s)
	c := TraceCode{code: s, prefix: s[:prefixLength], serial: s[prefixLength:], family: FamilyOwn}
	if s[0] == '8' && isDigits(s) {
		c.family = FamilyMashang
	}
	return c
}
