package reporting

import (
	"cmp"
	"fmt"
	"slices"

	"jingfang/inventory"
)

// stockColumn is a column of the report of stock: what some kinds of movements
// brought, less what they took; out turns the sign, for what mostly goes.
type stockColumn struct {
	title string
	out   bool
	kinds []inventory.MovementKind
}

// stockColumns divides all kinds of movements; what is in none is 其他, so that the
// line always adds up.
func stockColumns() []stockColumn {
	return []stockColumn{
		{"入库", false, []inventory.MovementKind{inventory.MoveReceive, inventory.MoveUnreceive, inventory.MoveOpening, inventory.MoveAdopt, inventory.MoveLetIn}},
		{"配药带出", true, []inventory.MovementKind{inventory.MoveAllocate, inventory.MoveRollOver}},
		{"带回", false, []inventory.MovementKind{inventory.MoveComeHome}},
		{"发药", true, []inventory.MovementKind{inventory.MoveDispense, inventory.MoveUndo}},
		{"盘点调整", false, []inventory.MovementKind{inventory.MoveSurplus, inventory.MoveShortage}},
		{"报损报失", true, []inventory.MovementKind{inventory.MoveDamage, inventory.MoveDestroy, inventory.MoveLose, inventory.MoveFind}},
		{"隔离", true, []inventory.MovementKind{inventory.MoveQuarantine, inventory.MoveRelease, inventory.MoveReturn}},
	}
}

// net is what the kinds brought less what they took, with the sign of the column.
func (c stockColumn) net(l LedgerLine) Amount {
	var sum Amount
	for _, k := range l.Kinds {
		if slices.Contains(c.kinds, k.Kind) {
			sum = sum.plus(k.In).plus(k.Out.times(-1))
		}
	}
	if c.out {
		return sum.times(-1)
	}
	return sum
}

// other is what no column has.
func other(l LedgerLine) Amount {
	sum := l.In.plus(l.Out.times(-1))
	for _, c := range stockColumns() {
		sign := int64(-1)
		if c.out {
			sign = 1
		}
		sum = sum.plus(c.net(l).times(sign))
	}
	return sum
}

// otherKinds are the kinds that no column has.
func otherKinds() []inventory.MovementKind {
	return slices.DeleteFunc(inventory.MovementKinds(), func(k inventory.MovementKind) bool {
		return slices.ContainsFunc(stockColumns(), func(c stockColumn) bool { return slices.Contains(c.kinds, k) })
	})
}

// StockSection is a ledger as a table: opening, what came and went by kind, and
// closing; a session's 配药带出 is what it was brought, its 带回 what it gave back.
func (l Ledger) StockSection(title string) Section {
	s := Section{Title: title, Empty: "这段时间没有收发，也没有结存。"}
	s.Columns = []Column{{"药品", false, 34}}
	if l.Question.ByBatch {
		s.Columns = append(s.Columns, Column{"批号", false, 18})
	}
	cols, place := l.stockParts(), cmp.Or(string(l.Question.Place), EveryPlace)
	for _, c := range cols {
		s.Columns = append(s.Columns, Column{c.title, true, 17})
	}
	for _, x := range l.Lines {
		cells := []Cell{words(x.Drug)}
		if l.Question.ByBatch {
			cells = append(cells, words(orDash(x.Batch)))
		}
		for _, c := range cols {
			cells = append(cells, Cell{Text: c.of(x).Words(x.PackWord, x.UnitWord), To: c.to(x), Only: c.only})
		}
		s.Rows = append(s.Rows, Row{Cells: cells, Of: Narrow{DrugID: x.DrugID, Place: place, Batch: l.batchOf(x)}, Bad: !x.Right()})
	}
	if len(l.Lines) == 0 {
		return s
	}
	s.Total, s.TotalOf = []Cell{words("合计")}, Narrow{DrugID: l.Question.DrugID, Place: place, Batch: l.Question.Batch}
	if l.Question.ByBatch {
		s.Total = append(s.Total, words(""))
	}
	for _, c := range cols {
		sum := words(TotalWords(l.Lines, c.of))
		if c.only != "" && sum.Text != "0" {
			sum.To, sum.Only = ToMoves, c.only
		}
		s.Total = append(s.Total, sum)
	}
	return s
}

// batchOf is the batch of a line, for the movements behind it; "" where the line is
// of all batches.
func (l Ledger) batchOf(x LedgerLine) string {
	if !l.Question.ByBatch {
		return l.Question.Batch
	}
	return cmp.Or(x.Batch, NoBatch)
}

func orDash(text string) string {
	if text == "" {
		return "—"
	}
	return text
}

// stockPart is a column as it is drawn.
type stockPart struct {
	title, only string
	of          func(LedgerLine) Amount
}

func (p stockPart) to(x LedgerLine) Target {
	if p.only == "" || p.of(x) == (Amount{}) {
		return ToNothing
	}
	return ToMoves
}

// stockParts are the columns that have something to say; in a session what it was
// brought comes in.
func (l Ledger) stockParts() []stockPart {
	list := []stockPart{{title: "期初", of: func(x LedgerLine) Amount { return x.Opening }}}
	for _, c := range stockColumns() {
		part := stockPart{title: "＋" + c.title, of: c.net, only: JoinKinds(c.kinds)}
		if c.out {
			part.title = "－" + c.title
		}
		if l.Question.Place == inventory.PlaceSession && (c.title == "配药带出" || c.title == "带回") {
			part.of = func(x LedgerLine) Amount { return c.net(x).times(-1) }
			part.title = map[string]string{"配药带出": "＋带来", "带回": "－带回"}[c.title]
		}
		list = append(list, part)
	}
	list = append(list, stockPart{title: "＋其他", of: other, only: JoinKinds(otherKinds())}, stockPart{title: "±拆零", of: func(x LedgerLine) Amount { return x.Opened }})
	list = slices.DeleteFunc(list, func(p stockPart) bool {
		return p.title != "期初" && !slices.ContainsFunc(l.Lines, func(x LedgerLine) bool { return p.of(x) != Amount{} })
	})
	return append(list, stockPart{title: "期末", of: func(x LedgerLine) Amount { return x.Closing }})
}

// StockEquation is the balance in one line: opening, every part, closing.
func (l Ledger) StockEquation() string {
	text := ""
	for i, p := range l.stockParts() {
		switch {
		case p.title == "期末":
			text += " ＝ 期末 "
		case i > 0:
			text += " " + p.title + " "
		default:
			text += p.title + " "
		}
		text += TotalWords(l.Lines, p.of)
	}
	return text
}

// problems are the sentences of the lines that do not balance.
func (l Ledger) problems(scope string) (list []string) {
	for _, x := range l.Wrong() {
		list = append(list, fmt.Sprintf("%s：%s", scope, x.Problem()))
	}
	return list
}

// Document is the ledger as figures and words.
func (l Ledger) Document(scope string) Document {
	q := l.Question
	d := Document{Name: "stock-" + dateOf(q.From) + "-" + dateOf(q.To), Title: "库存报表", Scope: scope, Period: Period{q.From, q.To}, At: l.At, Wrong: l.problems(scope),
		Notes: []string{"按流水的时刻计，每天从零点到零点，北京时间。整盒和拆零分开：拆开一盒，整盒少一盒，拆零多出它的片数。"}}
	if len(l.Lines) > 0 && len(d.Wrong) == 0 {
		d.Good = "平衡：" + l.StockEquation() + "，并与每盒药的登记一致。"
	}
	d.Sections = []Section{l.StockSection(map[bool]string{true: "按药品和批号", false: "按药品"}[q.ByBatch])}
	return d
}
