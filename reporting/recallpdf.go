package reporting

import (
	"fmt"
	"io"
	"time"

	"jingfang/session"
)

// RecallPaper is the list of a recall's patients as it goes to paper or into a
// spreadsheet: with whole names and the telephone numbers the person may see.
type RecallPaper struct {
	session.RecallList
	Phones map[int64]string // by patient; missing for none
}

// recallTitle is what the paper is called.
const recallTitle = "药品召回联系名单"

// WriteRecallPDF draws the list on A4, with who took it and when across every
// page. The same list and the same Made give the same bytes.
func WriteRecallPDF(w io.Writer, p RecallPaper, made Made) (Printed, error) {
	a := p.Recall
	s, err := newSheet(recallTitle+"　"+a.Number(), recallTitle+"　"+a.Number()+"　"+a.Subject(), made)
	if err != nil {
		return Printed{}, err
	}
	s.cover(cover{title: recallTitle, scope: a.Subject(), period: a.Number(), at: p.At, code: paperCode("recall", a.Number(), a.StartedAt.In(session.Zone()), time.Time{})})
	recallFacts(s, p)
	s.heading(fmt.Sprintf("患者 %d 人，已联系 %d 人", len(p.Patients), p.Reached))
	recallTable(s, p)
	s.y += 6
	s.need(14)
	s.font(false, 10, black())
	s.paragraph("联系人：＿＿＿＿＿＿＿＿＿＿　　核对人：＿＿＿＿＿＿＿＿＿＿　　日期：＿＿＿＿＿＿＿＿")
	s.font(false, 8.5, grey())
	s.paragraph("本名单含患者姓名和电话，只用于召回联系，用完请按规定销毁。")
	return s.finish(w)
}

// recallFacts is the box of what is recalled and until when.
func recallFacts(s *sheet, p RecallPaper) {
	a := p.Recall
	clock := func(t time.Time) string { return t.In(session.Zone()).Format("2006-01-02 15:04") }
	t := table{s: s, size: 9, cols: []column{{width: 22}, {width: 71}, {width: 22}, {width: 71}}}
	pair := func(k1, v1, k2, v2 string) {
		t.row(cell{text: k1, bold: true}, cell{text: v1}, cell{text: k2, bold: true}, cell{text: v2})
	}
	state := "进行中"
	if a.LiftedAt != nil {
		state = "已解除 " + clock(*a.LiftedAt)
	}
	pair("召回", a.Number()+"（"+string(a.Class)+"）", "状态", state)
	pair("药品", a.Subject(), "文号", a.SourceNo)
	pair("开始", clock(a.StartedAt)+"　"+a.StartedBy, "期限", clock(a.DueAt))
	wide := table{s: s, size: 9, cols: []column{{width: 22}, {width: bodyWidth - 22}}}
	wide.row(cell{text: "原因", bold: true}, cell{text: a.Reason})
}

// recallTable draws a band for each patient and a row for each box.
func recallTable(s *sheet, p RecallPaper) {
	if len(p.Patients) == 0 {
		s.font(false, 9.5, black())
		s.paragraph("没有患者领过这些药。")
		return
	}
	t := newTable(s, 8.5, column{title: "药品", width: 47}, column{title: "批号", width: 22}, column{title: "追溯码", width: 40}, column{title: "数量", width: 14, right: true},
		column{title: "日期", width: 20}, column{title: "地点 / 医生", width: 31}, column{title: "退回", width: 12})
	for i, x := range p.Patients {
		band := fmt.Sprintf("%d　%s（%s）　%s　%s", i+1, x.Name, x.Number, phoneText(p.Phones[x.ID]), contactText(x.Contact))
		t.again = nil
		t.band(band, 6)
		t.again = func() { t.bandAgain(band) }
		for _, b := range x.Boxes {
			back := ""
			if b.Returned {
				back = "已退回"
			}
			t.row(plain(b.DrugName(), b.Batch, b.Code, b.Amount(), b.At.In(session.Zone()).Format(time.DateOnly), b.Site+" "+b.Doctor, back)...)
		}
	}
	t.again = nil
}

func phoneText(phone string) string {
	if phone == "" {
		return "电话未登记或不可见"
	}
	return "电话 " + phone
}

// contactText says how far the calling of one person has come, and who called
// last.
func contactText(c session.Contact) string {
	text := c.State.Word()
	if c.By != "" {
		text += "（" + c.At.In(session.Zone()).Format("01-02 15:04") + " " + c.By + "）"
	}
	if c.Note != "" {
		text += "：" + c.Note
	}
	return text
}

// WriteRecallSheet writes the list as a spreadsheet, a row for each box.
func WriteRecallSheet(w io.Writer, p RecallPaper, made Made) error {
	f, err := NewSheetFile(recallTitle+" "+p.Recall.Number(), made, SheetColumn{"患者号", 10}, SheetColumn{"姓名", 12}, SheetColumn{"电话", 16}, SheetColumn{"登记站点", 16},
		SheetColumn{"联系情况", 10}, SheetColumn{"联系时间", 20}, SheetColumn{"联系人", 12}, SheetColumn{"备注", 24}, SheetColumn{"药品", 28}, SheetColumn{"批号", 14},
		SheetColumn{"追溯码", 24}, SheetColumn{"数量（最小单位）", 16}, SheetColumn{"发药日期", 12}, SheetColumn{"地点", 16}, SheetColumn{"医生", 12}, SheetColumn{"退回", 8})
	if err != nil {
		return err
	}
	for _, x := range p.Patients {
		for _, b := range x.Boxes {
			if err := f.Row(recallRow(x, b, p.Phones[x.ID])...); err != nil {
				return err
			}
		}
	}
	_, err = f.WriteTo(w)
	return err
}

func recallRow(x session.RecallPatient, b session.RecallBox, phone string) []any {
	var called any
	if x.Contact.By != "" {
		called = x.Contact.At
	}
	back := ""
	if b.Returned {
		back = "已退回"
	}
	return []any{x.Number, x.Name, phone, x.HomeSite, x.Contact.State.Word(), called, x.Contact.By, x.Contact.Note, b.DrugName(), b.Batch, b.Code, b.Quantity,
		SheetDay(session.Today(b.At)), b.Site, b.Doctor, back}
}
