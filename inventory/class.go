package inventory

import "slices"

// Class is the legal class of a drug (管理类别). The empty class is not known.
type Class string

// The classes of the law (药品管理法, 麻醉药品和精神药品管理条例).
const (
	ClassUnknown       Class = ""
	ClassOrdinary      Class = "普"
	ClassPsychotropic2 Class = "精二"
	ClassPsychotropic1 Class = "精一"
	ClassNarcotic      Class = "麻"
	ClassToxic         Class = "毒"
)

// Classes lists every known class.
func Classes() []Class {
	return []Class{ClassOrdinary, ClassPsychotropic2, ClassPsychotropic1, ClassNarcotic, ClassToxic}
}

// Ordinary reports a drug without the duties of a special one. A drug of
// unknown class is not ordinary: a missing entry must not relax anything.
func (c Class) Ordinary() bool { return c == ClassOrdinary }

// Valid reports a known class.
func (c Class) Valid() bool { return slices.Contains(Classes(), c) }

// Chinese is the class for people.
func (c Class) Chinese() string {
	switch c {
	case ClassUnknown:
		return "类别未知"
	case ClassOrdinary:
		return "普通"
	}
	return string(c)
}
