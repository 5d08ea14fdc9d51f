package session

import (
	"fmt"
	"strings"
)

// Amounts adds numbers up by the word of their unit: whole boxes and loose units
// are never added to each other. The zero value is ready.
type Amounts struct {
	words []string
	n     map[string]int64
}

// Add counts n of a unit; zero is left out.
func (a *Amounts) Add(n int64, word string) {
	if n == 0 {
		return
	}
	if a.n == nil {
		a.n = map[string]int64{}
	}
	if a.n[word] == 0 {
		a.words = append(a.words, word)
	}
	a.n[word] += n
}

// AddAll counts all of b, after what is here.
func (a *Amounts) AddAll(b Amounts) {
	for _, w := range b.words {
		a.Add(b.n[w], w)
	}
}

// Empty tells whether there is nothing.
func (a Amounts) Empty() bool { return len(a.words) == 0 }

// Parts is the sum of each unit, 3 盒 and 12 片, in the order they came.
func (a Amounts) Parts() []string {
	var list []string
	for _, w := range a.words {
		list = append(list, fmt.Sprintf("%d %s", a.n[w], w))
	}
	return list
}

// String is 3 盒 + 12 片; nothing is 0 盒.
func (a Amounts) String() string {
	if a.Empty() {
		return "0 盒"
	}
	return strings.Join(a.Parts(), " + ")
}

// boxesFirst is the two kinds of units of something, to be joined.
type boxesFirst struct{ boxes, loose Amounts }

func (b *boxesFirst) add(quantity, content int64, pack, unit string) {
	if quantity == content {
		b.boxes.Add(1, pack)
		return
	}
	b.loose.Add(quantity, unit)
}

func (b boxesFirst) all() Amounts {
	b.boxes.AddAll(b.loose)
	return b.boxes
}

// Handed is what a visit has: whole boxes, then loose units.
func Handed(lines []Line) Amounts {
	var b boxesFirst
	for _, l := range lines {
		b.add(l.Quantity, l.Content, l.PackWord, l.UnitWord)
	}
	return b.all()
}

// handedWords is the same of a record's lines.
func handedWords(lines []recordLine) string {
	var b boxesFirst
	for _, l := range lines {
		b.add(l.Quantity, l.Content, l.PackWord, l.Unit)
	}
	return b.all().String()
}

// partsWord says how many whole boxes and how many parts of boxes, where the units
// are not at hand: 2 盒 + 拆零 1 份.
func partsWord(lines, parts int) string {
	var a Amounts
	a.Add(int64(lines-parts), "盒")
	text := a.String()
	switch {
	case parts == 0:
		return text
	case a.Empty():
		return fmt.Sprintf("拆零 %d 份", parts)
	}
	return fmt.Sprintf("%s + 拆零 %d 份", text, parts)
}

// Given says what the visit has, for lists.
func (v Visit) Given() string { return partsWord(v.Lines, v.Parts) }

// Given says what the doctor has handed out.
func (d DoctorLine) Given() string { return partsWord(d.Packs, d.Parts) }

// GivenAmount is what was handed out of the drug: boxes that are empty now, and units of
// opened ones.
func (l StockLine) GivenAmount() Amounts {
	var a Amounts
	a.Add(int64(l.Given), l.PackWord)
	a.Add(l.LooseGiven, l.UnitWord)
	return a
}

// LooseTotal is the units in opened boxes, handed out and left, over all drugs.
func (s Snapshot) LooseTotal() (given, left Amounts) {
	for _, l := range s.Stock {
		given.Add(l.LooseGiven, l.UnitWord)
		left.Add(l.LooseLeft, l.UnitWord)
	}
	return given, left
}
