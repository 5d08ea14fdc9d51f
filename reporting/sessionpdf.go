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
func WriteSessionPDF(w io.Writer, r SessionReport, made Made) (Printed, error) {
	running := fmt.Sprintf("%s　%s　%s　场次 %d", reportTitle, r.Heading.Site, r.Heading.HeldOn.Format(time.DateOnly), r.Heading.ID)
	s, err := newSheet(running, running, made)
	if err != nil {
		return Printed{}, err
	}
	p := sessionPaper{sheet: s, r: r}
	p.front()
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
func (p *sessionPaper) front() {
	h := p.r.Heading
	p.cover(cover{title: reportTitle, scope: h.Site, period: chineseDate(h.HeldOn), at: p.r.At, code: func(string) string { return p.r.QRText() },
		notes: []string{fmt.Sprintf("场次 %d　右侧二维码是本场次的编号、日期、记录条数和链头摘要。", h.ID)}})
	p.y += 1
	p.facts()
	p.y += 2.5
	p.verdict()
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

// role says as what somebody confirmed.
func (x Signature) role() string {
	word := "药房"
	if x.Part != "" {
		word = partWord(x.Part)
	}
	if x.Lead {
		return "值班" + word
	}
	return word
}

// signatures draws who has confirmed, and the boxes for signing by hand.
func (p *sessionPaper) signatures() {
	const height = 26.0
	p.heading("签名")
	for _, x := range p.r.Signatures {
		at := x.At
		p.says(fmt.Sprintf("电子确认：%s　%s　%s", x.role(), x.Name, moment(&at, p.r.Heading.HeldOn, "")), false, black())
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
