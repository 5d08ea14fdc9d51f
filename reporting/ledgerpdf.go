package reporting

import (
	"fmt"
	"io"
	"time"

	"jingfang/inventory"
)

// ledgerTitle is what stands on the paper.
const ledgerTitle = "药品收发统计表"

// WriteLedgerPDF draws the ledger on A4. scope names what it is kept over, such as
// 药房. The same ledger and the same Made give the same bytes. Error: Unavailable
// when the program was built without fonts.
func WriteLedgerPDF(w io.Writer, l Ledger, scope string, made Made) (Printed, error) {
	period := l.Question.From.Format(time.DateOnly) + " 至 " + l.Question.To.Format(time.DateOnly)
	s, err := newSheet(ledgerTitle+" "+period, ledgerTitle+"　"+scope+"　"+period, made)
	if err != nil {
		return Printed{}, err
	}
	p := ledgerPaper{sheet: s, l: l}
	p.front(scope, period)
	p.lines()
	p.kinds()
	p.sign("制表", "复核", "负责人")
	return s.finish(w)
}

// ledgerPaper is the ledger on its way to paper.
type ledgerPaper struct {
	*sheet
	l Ledger
}

func (p *ledgerPaper) front(scope, period string) {
	p.cover(cover{title: ledgerTitle, scope: scope, period: period, at: p.l.At, notes: []string{"每天从零点到零点，北京时间。"}, code: paperCode("ledger", p.l.Question.Scope.key(), p.l.Question.From, p.l.Question.To)})
	total := func(of func(LedgerLine) Amount) string { return TotalWords(p.l.Lines, of) }
	p.font(true, 10, black())
	p.paragraph(fmt.Sprintf("期初 %s ＋ 入 %s － 出 %s ± 拆零 %s ＝ 期末 %s", total(func(l LedgerLine) Amount { return l.Opening }),
		total(func(l LedgerLine) Amount { return l.In }), total(func(l LedgerLine) Amount { return l.Out }),
		total(func(l LedgerLine) Amount { return l.Opened }), total(func(l LedgerLine) Amount { return l.Closing })))
	p.font(true, 10, red())
	for _, x := range p.l.Open {
		p.paragraph(x.Sentence())
	}
	wrong := p.l.Wrong()
	if len(wrong) == 0 {
		p.font(true, 10, black())
		p.paragraph("核对：平衡，并与每盒药的登记一致。")
		return
	}
	p.font(true, 10, red())
	p.paragraph("核对：不平衡。")
	for _, x := range wrong {
		p.paragraph(x.Problem())
	}
}

func (p *ledgerPaper) lines() {
	p.heading("按药品" + map[bool]string{true: "和批号"}[p.l.Question.ByBatch])
	if len(p.l.Lines) == 0 {
		p.font(false, 9.5, black())
		p.paragraph("这段时间没有收发。")
		return
	}
	t := newTable(p.sheet, 8.5, column{title: "药品", width: 50}, column{title: "批号", width: 22}, column{title: "期初", width: 22, right: true},
		column{title: "入", width: 22, right: true}, column{title: "出", width: 22, right: true}, column{title: "拆零", width: 24, right: true}, column{title: "期末", width: 24, right: true})
	for _, x := range p.l.Lines {
		words := func(a Amount) cell { return cell{text: a.Words(x.PackWord, x.UnitWord), red: !x.Right()} }
		batch := x.Batch
		if batch == "" && p.l.Question.ByBatch {
			batch = "未知"
		}
		t.row(cell{text: x.Drug}, cell{text: batch}, words(x.Opening), words(x.In), words(x.Out), cell{text: x.OpenedWords()}, words(x.Closing))
	}
	sum := []cell{{text: "合计", bold: true}, {}}
	for _, of := range []func(LedgerLine) Amount{func(l LedgerLine) Amount { return l.Opening }, func(l LedgerLine) Amount { return l.In },
		func(l LedgerLine) Amount { return l.Out }, func(l LedgerLine) Amount { return l.Opened }, func(l LedgerLine) Amount { return l.Closing }} {
		sum = append(sum, cell{text: TotalWords(p.l.Lines, of), bold: true})
	}
	t.row(sum...)
}

func (p *ledgerPaper) kinds() {
	list := KindTotals(p.l.Lines)
	if len(list) == 0 {
		return
	}
	p.heading("按类别")
	t := newTable(p.sheet, 8.5, column{title: "类别", width: 40}, column{title: "入", width: 58, right: true}, column{title: "出", width: 58, right: true}, column{title: "流水", width: 30, right: true})
	for _, k := range list {
		t.row(plain(k.Kind.Chinese(), k.In, k.Out, fmt.Sprintf("%d 条", k.Moves))...)
	}
}

// sign draws boxes to be signed by hand.
func (s *sheet) sign(who ...string) {
	s.y += 6
	s.need(16)
	s.font(false, 10, black())
	width := bodyWidth / float64(len(who))
	for i, x := range who {
		at := margin + float64(i)*width
		s.text(at, s.y+8, x+"：")
		s.pdf.Line(at+s.width(x+"：")+1, s.y+9, at+width-6, s.y+9)
	}
	s.y += 14
}

// ScopeWords names what a ledger is kept over; site is the name of the site asked
// for, or "".
func (q LedgerQuestion) ScopeWords(site string) string {
	text := q.Place.Chinese()
	if site != "" && q.Place == inventory.PlaceSession {
		text += "（" + site + "）"
	}
	return text
}
