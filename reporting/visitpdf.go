package reporting

import (
	"cmp"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"jingfang/inventory"
	"jingfang/session"
)

// visitTable opens the table of what patients were given.
func (p *sessionPaper) visitTable() *table {
	return newTable(p.sheet, 8.5, column{title: "药品", width: 51}, column{title: "数量", width: 15, right: true}, column{title: "用法 / 天数", width: 26},
		column{title: "批号", width: 22}, column{title: "有效期", width: 20}, column{title: "追溯码", width: 40}, column{title: "读法", width: 12})
}

// visits draws every visit with what was handed out, code by code.
func (p *sessionPaper) visits() {
	p.part("就诊明细")
	if len(p.r.Visits) == 0 {
		p.says("本场没有就诊。", false, black())
		return
	}
	t := p.visitTable()
	for _, v := range p.r.Visits {
		p.visit(t, v, "", "")
	}
	p.font(false, 8.5, grey())
	p.y += 1
	p.paragraph("读法：空白为扫码，手输为按末几位查到，按数为点数，推定为两盒可能对调后的判断。诊毕的明细取自冻结的就诊记录，以后改名不影响本表。")
}

// visit draws a band that says who, and a row for each box. before begins the
// band, note stands first below it; "" for neither.
func (p *sessionPaper) visit(t *table, v Visit, before, note string) {
	band := before + visitBand(v)
	t.again = nil
	t.band(band, 6)
	t.again = func() { t.bandAgain(band) }
	if note != "" {
		t.across(note)
	}
	for _, l := range v.Lines {
		t.row(plain(l.Drug(), l.Amount().Words(l.PackWord, l.UnitWord), doseText(l), l.Batch, dateText(l.ExpiresOn), l.Code, l.How.Chinese())...)
	}
	if v.State == session.Finished && len(v.Lines) == 0 {
		t.across("未发药：" + cmp.Or(v.NoDrug, "没有写原因"))
	}
	for _, x := range v.Late {
		t.across(fmt.Sprintf("补记（就诊记录 %d，%s %s 写入，%s）：%s", x.Seq, x.At.In(session.Zone()).Format("01-02 15:04"), x.By, yesText(x.SignedAt), x.Text))
	}
	for _, o := range v.Owed {
		t.across(owedText(o))
	}
	seen := map[string]bool{}
	for _, c := range v.NotRecorded {
		if text := c.text(v.Lines); !seen[text] {
			seen[text] = true
			t.across(text)
		}
	}
	t.again = nil
}

// visitBand says who was there, when, with whom.
func visitBand(v Visit) string {
	parts := []string{strconv.Itoa(v.Number) + " 号", visitTime(v), v.Patient + "（" + v.PatientNo + "）"}
	if v.Doctor != "" {
		parts = append(parts, "医生 "+v.Doctor)
	}
	switch v.State {
	case session.Finished:
		parts = append(parts, "取药 "+collectorText(v))
	case session.Void:
		parts = append(parts, "作废："+cmp.Or(v.VoidReason, "没有写原因"))
	case session.Waiting:
		parts = append(parts, "候诊")
	default:
		parts = append(parts, "就诊中，还没有诊毕")
	}
	if v.Prescription != "" {
		parts = append(parts, "处方 "+v.Prescription)
	}
	if v.NextDue != nil {
		parts = append(parts, "下次 "+dateText(v.NextDue))
	}
	if v.FinishedBy != "" && v.FinishedBy != v.Doctor {
		parts = append(parts, "由 "+v.FinishedBy+" 代诊毕"+signedText(v))
	}
	return strings.Join(parts, "　")
}

// signedText says why a visit was ended for its doctor and whether the doctor
// has said yes to it.
func signedText(v Visit) string {
	said := yesText(v.SignedAt)
	if v.EndedFor != "" {
		said = v.EndedFor + "；" + said
	}
	return "（" + said + "）"
}

// yesText says whether a doctor has confirmed what somebody else wrote.
func yesText(at *time.Time) string {
	if at == nil {
		return "医生待确认"
	}
	return "医生已确认 " + at.In(session.Zone()).Format("01-02 15:04")
}

// visitTime is from when to when, or since when the patient waits.
func visitTime(v Visit) string {
	clock := func(t time.Time) string { return t.In(session.Zone()).Format("15:04") }
	switch {
	case v.StartedAt != nil && v.FinishedAt != nil:
		return clock(*v.StartedAt) + "–" + clock(*v.FinishedAt)
	case v.StartedAt != nil:
		return clock(*v.StartedAt) + " 起"
	case !v.CameAt.IsZero():
		return clock(v.CameAt) + " 签到"
	}
	return ""
}

func collectorText(v Visit) string {
	word := "其他"
	switch v.Collector {
	case "", "self":
		word = "本人"
	case "family":
		word = "家属"
	case "village_doctor":
		word = "村医"
	case "staff":
		word = "工作人员送药"
	}
	return strings.TrimSpace(word + " " + v.CollectorName)
}

func owedText(o Owed) string {
	text := "欠药：" + o.Drug() + " " + Amount{Packs: o.Packs, Loose: o.Units}.Words(o.PackWord, o.UnitWord)
	if o.Note != "" {
		text += "（" + o.Note + "）"
	}
	if o.SettledAt != nil {
		text += "，已于 " + o.SettledAt.In(session.Zone()).Format(time.DateOnly) + " 补发"
	}
	return text
}

func doseText(l VisitLine) string {
	text := l.Dose
	if l.Days != nil {
		text = strings.TrimSpace(text + " " + strconv.FormatInt(*l.Days, 10) + "天")
	}
	return text
}

// text says which code was not recorded, why, in the first clause of what the
// doctor read on the screen, and what became of it. One that was recorded after
// all, once it was let in, says so.
func (c NotRecorded) text(given []VisitLine) string {
	title := "未记录"
	if slices.ContainsFunc(given, func(l VisitLine) bool { return l.Code == c.Raw }) {
		title = "起先未记录，后已发出"
	}
	why, _, _ := strings.Cut(c.Kind.Sentence(inventory.Details{}), "。")
	text := fmt.Sprintf("%s：%s（%s）", title, c.Raw, strings.ReplaceAll(why, " ", ""))
	if c.Resolution != "" {
		text += "，处理：" + c.Resolution
	}
	return text
}

// supplements draws what was added after closing.
func (p *sessionPaper) supplements() {
	if len(p.r.Supplements) == 0 {
		return
	}
	p.part("补充记录")
	t := p.visitTable()
	for _, x := range p.r.Supplements {
		note := ""
		if x.Text != "" {
			note = "内容：" + x.Text
		}
		p.visit(t, x.Visit, x.title(), note)
	}
}

// title says which supplement it is, before who it is about.
func (x Supplement) title() string {
	parts := []string{fmt.Sprintf("补充 %d", x.N), x.At.In(session.Zone()).Format("2006-01-02 15:04")}
	if x.By != "" {
		parts = append(parts, x.By+" 写入")
	}
	if x.Corrects != "" {
		parts = append(parts, "更正"+x.Corrects)
	}
	if x.SignedAt != nil {
		parts = append(parts, yesText(x.SignedAt))
	}
	return strings.Join(parts, "　") + "　"
}

// chains says what the records' chain is, so that the paper can be held against
// the database years later.
func (p *sessionPaper) chains() {
	p.part("记录链")
	p.chain("就诊记录", p.r.Main)
	if p.r.Late.Length > 0 {
		p.chain("补充记录", p.r.Late)
	}
}

func (p *sessionPaper) chain(name string, c Chain) {
	if c.Length == 0 && c.Problem == "" {
		p.says(name+"：还没有记录。", false, black())
		return
	}
	p.says(fmt.Sprintf("%s共 %d 条，链头摘要（SM3）%s", name, c.Length, c.Digest), false, black())
	if c.Problem != "" {
		p.says(name+"的链核对不符："+c.Problem+"。", true, red())
		return
	}
	p.says(name+"的链已在制表时逐条核对，一致。"+headSignature(c, p.r.Heading.State), false, black())
}

// headSignature says whether the chain's head bears the server's signature. One
// that is missing from a closed session is said as well.
func headSignature(c Chain, state session.State) string {
	switch {
	case c.SignedAt != nil:
		return fmt.Sprintf("链头已于 %s 签名（SM2，密钥 %s）。", c.SignedAt.In(session.Zone()).Format("2006-01-02 15:04"), c.KeyName)
	case state == session.Closed:
		return "链头没有签名。"
	}
	return ""
}
