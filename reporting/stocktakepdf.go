package reporting

import (
	"fmt"
	"io"
	"strings"
	"time"

	"jingfang/inventory"
	"jingfang/session"
)

// stocktakeTitle is what stands on the paper.
const stocktakeTitle = "盘点结果"

// WriteStocktakePDF draws what a handed-in count came to on A4: figures by drug,
// every difference by name with its reason, and who answers for it. The same
// result and the same Made give the same bytes. Error: Unavailable when the
// program was built without fonts.
func WriteStocktakePDF(w io.Writer, r inventory.CountResult, made Made) (Printed, error) {
	s, err := newSheet(stocktakeTitle+" "+r.Number(), stocktakeTitle+"　"+r.Scope()+"　"+r.Number(), made)
	if err != nil {
		return Printed{}, err
	}
	p := stocktakePaper{sheet: s, r: r}
	p.front()
	p.lines()
	p.differences()
	p.sign("盘点人", "提交人", "审核人")
	return s.finish(w)
}

// stocktakePaper is a result on its way to paper.
type stocktakePaper struct {
	*sheet
	r inventory.CountResult
}

func (p *stocktakePaper) front() {
	r := p.r
	p.cover(cover{title: stocktakeTitle, scope: r.Scope(), period: r.Number() + "　" + r.State.Chinese(), at: p.made.At, code: paperCode("stocktake", r.Number(), r.StartedAt.In(session.Zone()), time.Time{})})
	p.font(false, 9.5, black())
	text := "开始 " + r.StartedAt.In(session.Zone()).Format("2006-01-02 15:04") + " " + r.Starter + "　盘点人 " + strings.Join(r.Counters, "、")
	if r.SubmittedAt != nil {
		text += "　提交 " + r.SubmittedAt.In(session.Zone()).Format("2006-01-02 15:04") + " " + r.Submitter
	}
	if r.DecidedAt != nil {
		text += "　" + map[bool]string{true: "审核 ", false: "作废 "}[r.State == inventory.CountApproved] + r.DecidedAt.In(session.Zone()).Format("2006-01-02 15:04") + " " + r.Decider
	}
	p.block(margin, bodyWidth, text)
	p.y += 2
	p.font(true, 11, black())
	p.paragraph(p.verdict())
	p.font(false, 8.5, grey())
	p.paragraph("账面数是提交时的账，已计入盘点中的收发。没有盘的药品不算作零，不计入合计。")
}

// verdict says the count in one line.
func (p *stocktakePaper) verdict() string {
	switch {
	case p.r.State == inventory.CountAbandoned:
		return "已作废：没有改动任何库存，不计入任何合计。"
	case len(p.r.Differences) == 0:
		return "账实相符，没有差异。"
	}
	n := map[inventory.CountDifferenceKind]int{}
	for _, d := range p.r.Differences {
		n[d.Kind]++
	}
	var list []string
	for _, k := range []inventory.CountDifferenceKind{inventory.DifferMissing, inventory.DifferExtra, inventory.DifferUnits, inventory.DifferNumber, inventory.DifferLoose} {
		if n[k] > 0 {
			list = append(list, fmt.Sprintf("%s %d 处", k.Chinese(), n[k]))
		}
	}
	text := strings.Join(list, "，") + "。"
	if p.unnamed() > 0 {
		text += fmt.Sprintf("其中 %d 种药按数和账不符：不知道是哪几盒，账没有动，要逐盒盘清。", p.unnamed())
	}
	if p.r.Unexplained > 0 {
		text += fmt.Sprintf("还有 %d 处没有写明原因。", p.r.Unexplained)
	}
	return text
}

// unnamed counts the drugs of the pharmacy whose number differs from the books.
func (p *stocktakePaper) unnamed() int {
	drugs := map[int64]bool{}
	for _, d := range p.r.Differences {
		if p.r.SessionID == nil && d.Unnamed() && d.DrugID != nil {
			drugs[*d.DrugID] = true
		}
	}
	return len(drugs)
}

func (p *stocktakePaper) lines() {
	p.heading("一、按药品")
	if len(p.r.Lines) == 0 {
		p.font(false, 9.5, black())
		p.paragraph("没有要列的药品。")
		return
	}
	t := newTable(p.sheet, 9, column{title: "药品", width: 62}, column{title: "方式", width: 22}, column{title: "账面", width: 27, right: true},
		column{title: "实盘", width: 27, right: true}, column{title: "差", width: 26, right: true}, column{title: "盘点中动过", width: 22, right: true})
	words := func(packs, loose int64, l inventory.CountLine) string {
		switch {
		case loose == 0:
			return fmt.Sprintf("%d%s", packs, l.PackName)
		case packs == 0:
			return fmt.Sprintf("%d%s", loose, l.UnitName)
		}
		return fmt.Sprintf("%d%s %d%s", packs, l.PackName, loose, l.UnitName)
	}
	for _, l := range p.r.Lines {
		found, differ := words(l.FoundPacks, l.FoundLoose, l), "0"
		switch {
		case l.Way == inventory.WayUncounted:
			found, differ = "—", "—"
		case !l.Equal():
			differ = differText(l)
		}
		moved := "—"
		if l.Moved > 0 {
			moved = fmt.Sprintf("%d%s", l.Moved, l.PackName)
		}
		t.row(cell{text: l.DrugName()}, cell{text: l.Way.Chinese()}, cell{text: words(l.BookedPacks, l.BookedLoose, l)}, cell{text: found, bold: true},
			cell{text: differ, bold: !l.Equal(), red: !l.Equal()}, cell{text: moved})
	}
}

func differText(l inventory.CountLine) string {
	var list []string
	if n := l.FoundPacks - l.BookedPacks; n != 0 {
		list = append(list, fmt.Sprintf("%+d%s", n, l.PackName))
	}
	if n := l.FoundLoose - l.BookedLoose; n != 0 {
		list = append(list, fmt.Sprintf("%+d%s", n, l.UnitName))
	}
	return strings.Join(list, " ")
}

func (p *stocktakePaper) differences() {
	if len(p.r.Differences) == 0 {
		return
	}
	p.heading("二、差异明细")
	t := newTable(p.sheet, 8.5, column{title: "差异", width: 17}, column{title: "药品", width: 34}, column{title: "追溯码和最后一笔", width: 50}, column{title: "账面", width: 14, right: true},
		column{title: "实盘", width: 14, right: true}, column{title: "原因", width: 33}, column{title: "处理", width: 24})
	for _, d := range p.r.Differences {
		t.row(cell{text: d.Kind.Chinese()}, cell{text: drugOf(d)}, cell{text: codeOf(d)}, cell{text: unitsOf(d, d.Booked)}, cell{text: unitsOf(d, d.Counted)},
			cell{text: reasonOf(d)}, cell{text: outcomeOf(d, p.r.SessionID == nil), red: d.Outcome == "dropped" || p.r.SessionID == nil && d.Unnamed()})
	}
}

// codeOf is the code with who had the pack last, so that both stay on one page.
func codeOf(d inventory.CountDifference) string {
	if d.LastAt == nil {
		return d.Code
	}
	return d.Code + " 最后一笔 " + d.LastAt.In(session.Zone()).Format("2006-01-02 15:04") + " " + d.LastKind.Chinese() + " " + d.LastBy
}

// unitsOf is a figure of a difference with its word: full packs where a number was
// typed, else smallest units.
func unitsOf(d inventory.CountDifference, n int64) string {
	if d.Kind == inventory.DifferNumber {
		return fmt.Sprint(n) + d.PackName
	}
	return fmt.Sprint(n) + d.UnitName
}

func drugOf(d inventory.CountDifference) string {
	if name := d.DrugName(); name != "" {
		return name
	}
	return "没有记录的码"
}

func reasonOf(d inventory.CountDifference) string {
	switch {
	case d.Reason == "":
		return "未说明"
	case d.Text != "":
		return strings.TrimSuffix(d.Reason.Chinese(), "（写明）") + "：" + d.Text
	}
	return d.Reason.Chinese()
}

// outcomeOf says what became of a difference; unsettled is the pharmacy's, where a
// number that differs waits for the boxes to be scanned.
func outcomeOf(d inventory.CountDifference, unsettled bool) string {
	switch {
	case d.Outcome == "adjusted":
		return "已" + d.Action.Chinese()
	case d.Outcome == "dropped":
		return "提交后动过，没有调"
	case unsettled && d.Unnamed():
		return "账未动，待逐盒盘清"
	case d.Outcome == "recorded", d.Action == "":
		return "只记录"
	}
	return "待" + d.Action.Chinese()
}
