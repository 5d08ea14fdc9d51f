package inventory

// Family says by which scheme a trace code was formed, and with it what its
// prefix means. The list is closed.
type Family string

// The families of trace codes that are accepted.
const (
	// FamilyMashang is 码上放心: 20 digits, the first an 8, the first seven the
	// 药品标识码. 89 marks special drugs (特药).
	FamilyMashang Family = "mashang"
	// FamilyOwn is a holder's own scheme after NMPAB/T 1002-2019: 20 digits or
	// letters, the first seven the 药品标识码. It is only as good as the prefix
	// map: an unmapped prefix is asked about, not refused.
	FamilyOwn Family = "own"
	// FamilyGS1 is GTIN and serial number, mostly imports.
	FamilyGS1 Family = "gs1"
	// FamilyInternal is the code that we give a box without a readable one (无码):
	// WM, the day, a running number and a check character.
	FamilyInternal Family = "internal"
)

// Families lists every family in the order they are tried.
func Families() []Family { return []Family{FamilyInternal, FamilyMashang, FamilyOwn, FamilyGS1} }

// Chinese is the family's name for people.
func (f Family) Chinese() string {
	switch f {
	case FamilyMashang:
		return "码上放心"
	case FamilyOwn:
		return "企业自有码"
	case FamilyGS1:
		return "GS1 码"
	case FamilyInternal:
		return "院内码（无码盒）"
	}
	return "未知"
}
