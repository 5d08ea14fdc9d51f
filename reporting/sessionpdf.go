package reporting

import (
	"cmp"
	"fmt"
	"io"
	"strconv"
	"strings"
	"time"

	"jingfang/session"
)

// reportTitle is what stands on the first page; the running head adds site and
// date. No word of it tells a stranger what the patients are treated for.
const reportTitle = "社区义诊场次日报"

// WriteSessionPDF draws the report on A4. The same report and the same Made give
// the same bytes. Error: Unavailable when the program was built without fonts.
func WriteSessionPDF(w io.Writer, r SessionReport, made Made) error {
	running := fmt.Sprintf("%s　%s　%s　场次 %d", reportTitle, r.Heading.Site, r.Heading.HeldOn.Format(time.DateOnly), r.Heading.ID)
	s, err := newSheet(running, running, made)
	if err != nil {
		return err
	}
	p := sessionPaper{sheet: s, r: r}
	if err := p.front(); err != nil {
		return err
	}
	p.stock()
	p.notes()
	p.doctors()
	p.visits()
	p.supplements()
	p.chains()
	p.signatures()
	return s.finish(w)
}

// sessionPaper is the report on its way to paper.
type sessionPaper struct {
	*sheet
	r       SessionReport
	section int
}

// part begins a section with its Chinese number.
func (p *sessionPaper) part(title string) {
	numbers := []rune("一二三四五六七八九十")
	p.heading(string(numbers[p.section]) + "、" + title)
	p.section++
}

// says draws a sentence in the size of the body.
func (p *sessionPaper) says(text string, bold bool, color ink) {
	p.font(bold, 9.5, color)
	p.paragraph(text)
	p.y += 0.8
}

// front draws what the paper is about, beside the code.
func (p *sessionPaper) front() error {
	const side = 34.0
	h := p.r.Heading
	if err := p.drawQR(p.r.QRText(), pageWidth-margin-side, margin-4, side); err != nil {
		return err
	}
	p.y = margin + 2
	p.font(true, 19, black())
	p.block(margin, bodyWidth-side-4, reportTitle)
	p.y += 2
	p.font(false, 12, black())
	p.block(margin, bodyWidth-side-4, h.Site+"　"+chineseDate(h.HeldOn))
	p.font(false, 9, grey())
	p.block(margin, bodyWidth-side-4, fmt.Sprintf("场次 %d　右侧二维码是本场次的编号、日期、记录条数和链头摘要。", h.ID))
	p.y = max(p.y, margin-4+side) + 2
	p.facts()
	p.y += 2.5
	p.verdict()
	return nil
}

func chineseDate(day time.Time) string {
	return day.Format("2006年1月2日") + "（星期" + string([]rune("日一二三四五六")[day.Weekday()]) + "）"
}

// facts is the box of names and times.
func (p *sessionPaper) facts() {
	h := p.r.Heading
	form := "定点"
	if h.Kind == "home" {
		form = "上门：" + h.Place
	}
	state := h.State.Word()
	if h.Reason != "" {
		state += "（" + h.Reason + "）"
	}
	t := table{s: p.sheet, size: 9, cols: []column{{width: 22}, {width: 71}, {width: 22}, {width: 71}}}
	pair := func(k1, v1, k2, v2 string) {
		t.row(cell{text: k1, bold: true}, cell{text: v1}, cell{text: k2, bold: true}, cell{text: v2})
	}
	pair("精防点", strings.TrimPrefix(h.District+" "+h.Site+"（"+h.SiteCode+"）", " "), "形式", form)
	pair("开始", moment(h.OpenedAt, h.HeldOn, h.OpenedBy), "停止发药", moment(h.StoppedAt, h.HeldOn, h.StoppedBy))
	pair("结束", moment(h.ClosedAt, h.HeldOn, ""), "状态", state)
	wide := table{s: p.sheet, size: 9, cols: []column{{width: 22}, {width: bodyWidth - 22}}}
	wide.row(cell{text: "人员", bold: true}, cell{text: p.team()})
	if h.Carrier != "" {
		wide.row(cell{text: "带回途中", bold: true}, cell{text: h.Carrier + "　" + moment(h.CarrierAt, h.HeldOn, "")})
	}
	wide.row(cell{text: "数据截至", bold: true}, cell{text: p.r.At.In(session.Zone()).Format("2006-01-02 15:04:05") + "（以后的变动不在本表内）"})
}

// moment is a time of the day and who did it; the date stands where it is
// another than the clinic's.
func moment(at *time.Time, heldOn time.Time, by string) string {
	if at == nil {
		return "—"
	}
	local := at.In(session.Zone())
	text := local.Format("15:04")
	if local.Format(time.DateOnly) != heldOn.Format(time.DateOnly) {
		text = local.Format("2006-01-02 15:04")
	}
	if by != "" {
		text += "　" + by
	}
	return text
}

// team lists the people by what they do, who had the duty marked.
func (p *sessionPaper) team() string {
	var list []string
	for i, m := range p.r.Team {
		name := m.Name
		if m.Duty {
			name += "（值班）"
		}
		if i > 0 && p.r.Team[i-1].Part == m.Part {
			list[len(list)-1] += "、" + name
		} else {
			list = append(list, partWord(m.Part)+"："+name)
		}
	}
	return cmp.Or(strings.Join(list, "　"), "没有登记人员")
}

func partWord(p session.Part) string {
	switch p {
	case session.PartDoctor:
		return "医生"
	case session.PartPharmacist:
		return "药师"
	case session.PartDeputy:
		return "代理人"
	}
	return "工作人员"
}

// verdict says the day in one line, before the tables.
func (p *sessionPaper) verdict() {
	finished, empty, open := 0, 0, 0
	for _, v := range p.r.Visits {
		switch {
		case v.State == session.Finished && len(v.Lines) == 0:
			finished, empty = finished+1, empty+1
		case v.State == session.Finished:
			finished++
		case v.State != session.Void:
			open++
		}
	}
	text := fmt.Sprintf("诊毕 %d 人次，其中发药 %d 人次、未发药 %d 人次；发出 %s。", finished, finished-empty, empty,
		p.total(func(l StockLine) Amount { return l.Tally[Given] }))
	if h := p.r.Heading; h.Expected > 0 {
		text += fmt.Sprintf("名册 %d 人，到 %d 人。", h.Expected, h.Came)
	}
	if open > 0 {
		text += fmt.Sprintf("还有 %d 人未诊毕。", open)
	}
	p.font(true, 11, black())
	p.paragraph(text)
	p.y += 0.8
	p.agreement()
	if s := p.r.Heading.State; s == session.Planned || s == session.Open || s == session.Closing {
		p.says("本场次尚未结束，这是中途的报表，数字还会变动。", true, black())
	}
}

// agreement says whether the day adds up, in red when it does not.
func (p *sessionPaper) agreement() {
	n := 0
	seen := map[string]bool{}
	for _, d := range p.r.Differences {
		if !seen[d.Code] {
			seen[d.Code] = true
			n++
		}
	}
	if n > 0 {
		p.says(fmt.Sprintf("账实不符：有 %d 盒对不上，见“药品收发”下的差异表。", n), true, red())
	} else {
		p.says("账实相符：流水、药盒登记和就诊明细一致。", true, black())
	}
	if p.r.Main.Problem != "" || p.r.Late.Problem != "" {
		p.says("记录链核对不符，见“记录链”。请立即报告信息科。", true, red())
	}
}

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

func (p *sessionPaper) doctors() {
	p.part("各医生合计")
	if len(p.r.Doctors) == 0 {
		p.says("还没有医生接诊。", false, black())
		return
	}
	t := newTable(p.sheet, 9, column{title: "医生", width: 66}, column{title: "就诊人次", width: 30, right: true},
		column{title: "其中未发药", width: 30, right: true}, column{title: "发出", width: 60, right: true})
	visits, empty := 0, 0
	for _, d := range p.r.Doctors {
		t.row(plain(d.Name, strconv.Itoa(d.Visits), strconv.Itoa(d.Empty), d.Quantity)...)
		visits, empty = visits+d.Visits, empty+d.Empty
	}
	t.row(cell{text: "合计", bold: true}, cell{text: strconv.Itoa(visits), bold: true}, cell{text: strconv.Itoa(empty), bold: true},
		cell{text: totalVisits(p.r.Visits), bold: true})
	if len(p.r.Supplements) > 0 {
		p.font(false, 8.5, grey())
		p.y += 1
		p.paragraph("结束以后的补充记录不计入本表，见“补充记录”。")
	}
}

// totalVisits adds what the visits were given.
func totalVisits(visits []Visit) string {
	var packs, loose sums
	for _, v := range visits {
		for _, l := range v.Lines {
			a := l.Amount()
			packs.add(a.Packs, l.PackWord)
			loose.add(a.Loose, l.UnitWord)
		}
	}
	for i, n := range loose.n {
		packs.add(n, loose.words[i])
	}
	return packs.String()
}

// signatures draws who has confirmed, and the boxes for signing by hand.
func (p *sessionPaper) signatures() {
	const height = 26.0
	p.heading("签名")
	for _, x := range p.r.Signatures {
		at := x.At
		p.says(fmt.Sprintf("电子确认：%s　%s　%s", partWord(x.Part), x.Name, moment(&at, p.r.Heading.HeldOn, "")), false, black())
	}
	p.need(height + 2)
	w := (bodyWidth - 8) / 3
	for i, title := range []string{"值班药师（代理人）", "医生", "复核人"} {
		x := margin + float64(i)*(w+4)
		p.pdf.Rect(x, p.y, w, height, "D")
		p.font(true, 9, black())
		p.text(x+2, p.y+5, title)
		p.font(false, 9, black())
		p.text(x+2, p.y+height-9, "签名：")
		p.text(x+2, p.y+height-3, "日期：")
	}
	p.y += height
}
