package reporting

import (
	"fmt"
	"io"
	"strings"
	"time"

	"jingfang/session"
)

// registerTitle is what stands on the paper.
const registerTitle = "特殊管理药品专用账册"

// WriteRegisterPDF draws the register on A4; scope names what it is kept over, such as
// 药房账上全部. Every page but the last ends with the
// balance that is carried to the next (过次页), every page but the first begins
// with it (承前页). Error: Unavailable when the program was built without fonts.
func WriteRegisterPDF(w io.Writer, r Register, scope string, made Made) (Printed, error) {
	period := r.From.Format(time.DateOnly) + " 至 " + r.To.Format(time.DateOnly)
	s, err := newSheet(registerTitle+" "+r.Drug.Name(), registerTitle+"　"+r.Drug.Name()+"　"+scope+"　"+period, made)
	if err != nil {
		return Printed{}, err
	}
	p := registerPaper{sheet: s, r: r, balance: r.Opening}
	p.front(scope, period)
	p.lines()
	p.end()
	p.sign("记账", "复核", "专管人员")
	return s.finish(w)
}

// registerPaper is the register on its way to paper.
type registerPaper struct {
	*sheet
	r       Register
	table   *table
	balance Amount // after the last line drawn
	// of the lines drawn
	in, out, opened Amount
}

func (p *registerPaper) words(a Amount) string { return a.Words(p.r.Drug.PackName, p.r.Drug.UnitName) }

func (p *registerPaper) front(scope, period string) {
	p.cover(cover{title: registerTitle, scope: p.r.Drug.Name() + "　" + p.r.Drug.Class.Chinese(), period: period, at: p.r.At, code: paperCode("register", fmt.Sprintf("%d-%s", p.r.Drug.ID, p.r.Scope.key()), p.r.From, p.r.To),
		notes: []string{fmt.Sprintf("厂家：%s　单位：%s（每%s %d %s）", orUnknown(p.r.Drug.Maker), p.r.Drug.PackName, p.r.Drug.PackName, p.r.Drug.UnitsPerPack, p.r.Drug.UnitName)}})
	p.font(false, 8.5, grey())
	for _, law := range []string{p.r.Rule.LimitLaw, p.r.Rule.KeepLaw} {
		if law != "" {
			p.block(margin, bodyWidth, law)
		}
	}
	p.block(margin, bodyWidth, "结存为"+scope+"的合计。")
	p.y += 2
}

func orUnknown(text string) string {
	if text == "" {
		return "未知"
	}
	return text
}

func (p *registerPaper) lines() {
	p.pdf.Bookmark("逐笔结存", 1, p.y)
	p.table = newTable(p.sheet, 8, column{title: "日期", width: 17}, column{title: "凭证", width: 24}, column{title: "摘要", width: 42}, column{title: "批号 / 有效期", width: 21},
		column{title: "入", width: 14, right: true}, column{title: "出", width: 14, right: true}, column{title: "结存", width: 16, right: true},
		column{title: "经手 / 复核", width: 20}, column{title: "保存至", width: 18})
	p.carried("期初结存")
	for _, l := range p.r.Lines {
		p.line(l)
	}
	p.table.row(cell{text: "合计", bold: true}, cell{}, cell{}, cell{}, cell{text: p.words(p.in), bold: true}, cell{text: p.words(p.out), bold: true}, cell{text: p.words(p.balance), bold: true})
}

// carried draws the balance as it stands.
func (p *registerPaper) carried(title string) {
	p.table.row(cell{text: title, bold: true}, cell{}, cell{}, cell{}, cell{}, cell{}, cell{text: p.words(p.balance), bold: true})
}

// line draws a line, on a new page with the balance carried over when it and the
// line that carries the balance no longer fit.
func (p *registerPaper) line(l RegisterLine) {
	cells := p.cells(l)
	_, most := p.table.wrap(cells)
	row := float64(most)*p.lineHeight() + 2*padding
	carry := 2*p.lineHeight() + 2*padding
	if p.y+row+carry > pageHeight-bottom {
		p.carried("过次页")
		p.newPage()
		p.table.head()
		p.carried("承前页")
	}
	p.table.row(cells...)
	p.balance, p.in, p.out, p.opened = l.Balance, p.in.plus(l.In), p.out.plus(l.Out), p.opened.plus(l.Opened)
}

func (p *registerPaper) cells(l RegisterLine) []cell {
	keep := "长期"
	if l.KeepUntil != nil {
		keep = l.KeepUntil.Format(time.DateOnly)
	}
	who := l.First
	if l.Second != "" {
		who += " / " + l.Second
	}
	figure := func(a Amount) string {
		if a == (Amount{}) {
			return ""
		}
		return p.words(a)
	}
	return []cell{{text: l.At.In(session.Zone()).Format(time.DateOnly)}, {text: l.Voucher}, {text: l.Summary(), red: l.Over && l.OverReason == ""},
		{text: batchText(l.Batch, l.ExpiresOn)}, {text: figure(l.In)}, {text: figure(l.Out)}, {text: p.words(l.Balance)}, {text: who}, {text: keep}}
}

// Summary says what a line is about: kind, from where to where, whom, and why.
func (l RegisterLine) Summary() string {
	parts := []string{l.Kind.Chinese() + "：" + l.From + "→" + l.To}
	if whom := strings.TrimSpace(l.Patient + " " + l.PatientNo); whom != "" {
		parts = append(parts, whom)
	}
	switch {
	case l.Over && l.OverReason == "":
		parts = append(parts, fmt.Sprintf("%d 天，超量未注明理由", l.Days))
	case l.Over:
		parts = append(parts, fmt.Sprintf("%d 天，超量理由：%s", l.Days, l.OverReason))
	case l.Days > 0:
		parts = append(parts, fmt.Sprintf("%d 天", l.Days))
	}
	if l.Reason != "" && l.Reason != l.Voucher {
		parts = append(parts, l.Reason)
	}
	return strings.Join(parts, "；")
}

func (p *registerPaper) end() {
	p.y += 2
	p.need(16)
	if p.r.Right() {
		p.font(true, 9.5, black())
		p.paragraph(fmt.Sprintf("期初 %s ＋ 入 %s － 出 %s ± 拆零 %s ＝ 期末 %s；与流水和每盒药的登记一致。",
			p.words(p.r.Opening), p.words(p.in), p.words(p.out), p.words(p.opened), p.words(p.r.Closing())))
		return
	}
	p.font(true, 9.5, red())
	p.paragraph("账物不符：" + p.r.Problem())
}
