package inventory

import (
	"crypto/rand"
	"strings"
)

// Container is what a label of ours is stuck on.
type Container string

// The containers whose contents are known.
const (
	ContainerTote   Container = "tote"   // 周转箱
	ContainerBag    Container = "bag"    // 药袋
	ContainerCarton Container = "carton" // 大包装, with the maker's code and no label of ours
)

// head is what the label's text begins with; [ParseScan] knows it by that.
func (c Container) head() string {
	if c == ContainerBag {
		return "JFB"
	}
	return "JFT"
}

const (
	labelRandom = 10 // 50 bits
	labelLetter = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
)

// NewLabel makes the text of a container's label: JFT or JFB, ten random
// characters of Crockford's base 32 and a check character. Fourteen characters of
// plain ASCII can be typed by every wedge scanner and by hand, are never taken
// for a trace code (20) or a patient's label (JFP), and say nothing about what is
// inside.
func NewLabel(c Container) string {
	var b [labelRandom]byte
	_, _ = rand.Read(b[:]) // never fails: the program ends instead (crypto/rand)
	body := make([]byte, labelRandom)
	for i, v := range b {
		body[i] = labelLetter[v&31]
	}
	return c.head() + string(body) + string(labelCheck(string(body)))
}

// ParseLabel reads what [ParseScan] recognised as a container's label. false
// means that it was not read completely, or wrongly.
func ParseLabel(raw string) (c Container, code string, ok bool) {
	text, kind := clean(raw)
	if kind != "" {
		return "", "", false
	}
	switch code = strings.ToUpper(text); ownLabel(code) {
	case KindToteLabel:
		c = ContainerTote
	case KindBagLabel:
		c = ContainerBag
	default:
		return "", "", false
	}
	body := code[len(c.head()):]
	if len(body) != labelRandom+1 || strings.Trim(body, labelLetter) != "" {
		return c, code, false
	}
	return c, code, labelCheck(body[:labelRandom]) == body[labelRandom]
}

// labelCheck makes the eleven characters, read as coefficients of a polynomial
// over the field of 32 elements, zero at a generator of the field: any wrong
// character and any two that changed places show.
func labelCheck(body string) byte {
	sum := 0
	for i := range body {
		sum = timesGenerator(sum) ^ strings.IndexByte(labelLetter, body[i])
	}
	return labelLetter[timesGenerator(sum)]
}

// timesGenerator multiplies by x in GF(2)[x]/(x⁵+x²+1), whose powers run through
// all 31 elements other than zero.
func timesGenerator(v int) int {
	v <<= 1
	if v&32 != 0 {
		v ^= 0b100101
	}
	return v
}
