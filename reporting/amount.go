package reporting

import (
	"strconv"
	"strings"
)

// Amount is a quantity of one drug as a person counts it: whole boxes, and loose
// units of boxes that were opened. A box of which 5 of 20 tablets were given is
// 1 box taken, 5 units given and 15 left; Units holds for all three.
type Amount struct {
	Packs int64 // boxes that moved whole
	Loose int64 // smallest units that moved without their box being whole
	Units int64 // all of it in smallest units
}

// add counts a movement of some units of a box of the given content; sign is 1
// or -1.
func (a *Amount) add(units, content, sign int64) {
	if units == content {
		a.Packs += sign
	} else {
		a.Loose += sign * units
	}
	a.Units += sign * units
}

func (a Amount) plus(b Amount) Amount {
	return Amount{a.Packs + b.Packs, a.Loose + b.Loose, a.Units + b.Units}
}

// Words is the amount for people, such as 12盒5片; nothing is 0.
func (a Amount) Words(pack, unit string) string {
	var s sums
	s.add(a.Packs, pack)
	s.add(a.Loose, unit)
	return s.String()
}

// sums adds quantities that are counted in different words, boxes with boxes and
// tablets with tablets, in the order the words first come.
type sums struct {
	words []string
	n     []int64
}

func (s *sums) add(n int64, word string) {
	if n == 0 {
		return
	}
	for i, w := range s.words {
		if w == word {
			s.n[i] += n
			return
		}
	}
	s.words, s.n = append(s.words, word), append(s.n, n)
}

// String joins the sums, such as 120盒3瓶5片; nothing is 0.
func (s *sums) String() string {
	var out strings.Builder
	for i, n := range s.n {
		if n != 0 {
			out.WriteString(strconv.FormatInt(n, 10) + s.words[i])
		}
	}
	if out.Len() == 0 {
		return "0"
	}
	return out.String()
}
