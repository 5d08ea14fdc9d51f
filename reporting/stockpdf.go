package reporting

import (
	"cmp"
	"fmt"
	"time"
)

// total adds one figure over all drugs, each in its own word.
func (p *sessionPaper) total(of func(StockLine) Amount) string { return totalOf(p.r.Stock, of) }

func totalOf(lines []StockLine, of func(StockLine) Amount) string {
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

// stockFigures are the columns of the stock, in the order of the equation.
func stockFigures() []struct {
	title string
	of    func(StockLine) Amount
} {
	way := func(w Way) func(StockLine) Amount { return func(l StockLine) Amount { return l.Tally[w] } }
	return []struct {
		title string
		of    func(StockLine) Amount
	}{
		{"期初", way(Opening)}, {"补入", way(Added)}, {"发出", way(Given)}, {"带回", way(Home)}, {"转下场", way(Rolled)},
		{"损坏", way(Damaged)}, {"说明", func(l StockLine) Amount { return l.Tally.Explained() }}, {"余", func(l StockLine) Amount { return l.Left }},
	}
}

// stock draws the medicine by drug and batch with its balance.
func (p *sessionPaper) stock() {
	p.part("药品收发（按药品和批号）")
	if len(p.r.Stock) == 0 {
		p.says("本场没有带出药品。", false, black())
		return
	}
	cols := []column{{title: "药品", width: 42}, {title: "批号 / 有效期", width: 24}}
	for _, f := range stockFigures() {
		cols = append(cols, column{title: f.title, width: 15, right: true})
	}
	t := newTable(p.sheet, 8.5, cols...)
	for from := 0; from < len(p.r.Stock); {
		to := from
		for to < len(p.r.Stock) && p.r.Stock[to].DrugID == p.r.Stock[from].DrugID {
			stockRow(t, p.r.Stock[to], to == from)
			to++
		}
		if to-from > 1 {
			sumRow(t, "小计", p.r.Stock[from:to])
		}
		from = to
	}
	sumRow(t, "合计", p.r.Stock)
	p.balance()
	p.differences()
}

func stockRow(t *table, l StockLine, first bool) {
	name := l.Drug
	if !first {
		name = "同上"
	}
	cells := plain(name, batchText(l.Batch, l.ExpiresOn))
	for _, f := range stockFigures() {
		cells = append(cells, cell{text: f.of(l).Words(l.PackWord, l.UnitWord)})
	}
	last := &cells[len(cells)-1]
	last.red, last.bold = l.Wrong, l.Wrong
	t.row(cells...)
}

func batchText(batch string, expires *time.Time) string {
	return cmp.Or(batch, "批号未知") + " " + cmp.Or(dateText(expires), "效期未知")
}

func sumRow(t *table, title string, lines []StockLine) {
	cells := []cell{{text: title, bold: true}, {}}
	for _, f := range stockFigures() {
		cells = append(cells, cell{text: totalOf(lines, f.of), bold: true})
	}
	t.row(cells...)
}

// balance draws the equation of the day, first from movements with what the
// packs say is left, then in red what the movements say where that differs.
func (p *sessionPaper) balance() {
	p.y += 1.5
	of := func(w Way) string { return p.total(func(l StockLine) Amount { return l.Tally[w] }) }
	left := p.total(func(l StockLine) Amount { return l.Left })
	p.need(18)
	p.says(fmt.Sprintf("带出 %s = 发出 %s + 带回 %s + 转下场 %s + 损坏 %s + 说明 %s + 余 %s",
		p.total(func(l StockLine) Amount { return l.Tally.Taken() }), of(Given), of(Home), of(Rolled), of(Damaged),
		p.total(func(l StockLine) Amount { return l.Tally.Explained() }), left), true, p.verdictInk())
	p.font(false, 8.5, grey())
	p.paragraph(fmt.Sprintf("带出 = 期初 %s（开始义诊时在箱）+ 补入 %s（开始后配入、放行、转入）；说明 = 丢失 %s + 隔离 %s + 盘差 %s。拆开的药盒按最小单位计，整盒按盒计。发出已扣除撤销。",
		of(Opening), of(Added), of(Lost), of(Quarantined), of(Counted)))
	booked := p.total(func(l StockLine) Amount { return l.Booked })
	for _, l := range p.r.Stock {
		if l.Booked != l.Left {
			p.says(fmt.Sprintf("账实不符：按流水应余 %s，按药盒登记余 %s。", booked, left), true, red())
			return
		}
	}
}

func (p *sessionPaper) verdictInk() ink {
	if len(p.r.Differences) > 0 {
		return red()
	}
	return black()
}

func (p *sessionPaper) differences() {
	if len(p.r.Differences) == 0 {
		return
	}
	p.y += 2
	p.says("差异表：请逐盒查明后再签名。", true, red())
	t := newTable(p.sheet, 8.5, column{title: "追溯码", width: 40}, column{title: "药品", width: 46}, column{title: "批号", width: 22}, column{title: "差异", width: 78})
	for _, d := range p.r.Differences {
		t.row(cell{text: d.Code, red: true}, cell{text: d.Drug}, cell{text: d.Batch}, cell{text: d.What, red: true})
	}
}

// notes draws the packs that need a word.
func (p *sessionPaper) notes() {
	p.part("需要说明的药盒")
	if len(p.r.Notes) == 0 {
		p.says("没有现场放行、损坏、丢失、隔离和盘差的药盒。", false, black())
		return
	}
	t := newTable(p.sheet, 8.5, column{title: "事由", width: 18}, column{title: "追溯码", width: 40}, column{title: "药品", width: 44},
		column{title: "数量", width: 15, right: true}, column{title: "时间", width: 17}, column{title: "经手", width: 20}, column{title: "原因", width: 32})
	for _, n := range p.r.Notes {
		at := n.At
		t.row(plain(n.Kind.Chinese(), n.Code, n.Drug, n.Amount().Words(n.PackWord, n.UnitWord), moment(&at, p.r.Heading.HeldOn, ""), n.By, cmp.Or(n.Reason, "—"))...)
	}
}
