package reporting

import "jingfang/inventory"

// TotalWords adds one figure over lines, boxes with boxes and tablets with
// tablets, such as 120盒3瓶5片.
func TotalWords(lines []LedgerLine, of func(LedgerLine) Amount) string {
	var packs, loose sums
	for _, l := range lines {
		a := of(l)
		packs.add(a.Packs, l.PackWord)
		loose.add(a.Loose, l.UnitWord)
	}
	for i, n := range loose.n {
		packs.add(n, loose.words[i])
	}
	return packs.String()
}

// KindTotal is what a kind of movement brought and took over all lines.
type KindTotal struct {
	Kind    inventory.MovementKind
	In, Out string // as people say it
	Moves   int64
}

// KindTotals adds the kinds of all lines, in the order of reports.
func KindTotals(lines []LedgerLine) []KindTotal {
	var list []KindTotal
	for _, kind := range inventory.MovementKinds() {
		in := TotalWords(lines, func(l LedgerLine) Amount { return l.kind(kind).In })
		out := TotalWords(lines, func(l LedgerLine) Amount { return l.kind(kind).Out })
		var moves int64
		for _, l := range lines {
			moves += l.kind(kind).Moves
		}
		if moves > 0 {
			list = append(list, KindTotal{kind, in, out, moves})
		}
	}
	return list
}

// kind is the line's flow of one kind.
func (l LedgerLine) kind(k inventory.MovementKind) KindFlow {
	for _, x := range l.Kinds {
		if x.Kind == k {
			return x
		}
	}
	return KindFlow{Kind: k}
}

// OpenedWords tells of the boxes that were opened, such as 拆2盒为40片; "" for
// none.
func (l LedgerLine) OpenedWords() string {
	switch o := l.Opened; {
	case o.Packs < 0:
		return "拆" + o.times(-1).boxes(l) + "为" + Amount{Loose: o.Loose}.Words(l.PackWord, l.UnitWord)
	case o.Packs > 0:
		return Amount{Loose: -o.Loose}.Words(l.PackWord, l.UnitWord) + "合" + o.boxes(l)
	}
	return ""
}

func (a Amount) boxes(l LedgerLine) string {
	return Amount{Packs: a.Packs}.Words(l.PackWord, l.UnitWord)
}
