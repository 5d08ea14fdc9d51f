package web

import (
	"fmt"
	"net/url"

	"jingfang/inventory"
	"jingfang/session"
)

// hitRow is one thing that a text may mean.
type hitRow struct{ Kind, Title, About, URL string }

// linkView is a way on.
type linkView struct{ Text, URL string }

// noteView is what other papers say of a pack.
type noteView struct {
	Text, URL string
	Bad       bool
}

func newHitRows(a session.Asked) []hitRow {
	var list []hitRow
	for _, p := range a.Patients {
		list = append(list, hitRow{"患者", p.Masked, "领过的药", patientTraceURL(p.ID)})
	}
	for _, r := range a.Receipts {
		about := r.Store
		if r.Revision > 1 {
			about += fmt.Sprintf(" 第 %d 版", r.Revision)
		}
		list = append(list, hitRow{"入库单", r.Number, about, receiptTraceURL(r.ID)})
	}
	for _, b := range a.Batches {
		list = append(list, hitRow{"批号", b.Batch, fmt.Sprintf("%s · %d 盒", inventory.DrugName(b.Generic, b.Spec), b.Packs), batchURL(b.DrugID, b.Batch)})
	}
	for _, p := range a.Packs {
		list = append(list, hitRow{"药盒", "…" + p.Code[max(0, len(p.Code)-8):], p.DrugName() + " · " + p.State.Chinese(), traceURL(p.Code)})
	}
	return list
}

func patientTraceURL(id int64) string { return fmt.Sprintf("/trace/patient/%d", id) }

func receiptTraceURL(id int64) string { return fmt.Sprintf("/trace/receipt/%d", id) }

func batchURL(drug int64, batch string) string {
	return "/trace/batch?" + url.Values{"drug": {fmt.Sprint(drug)}, "batch": {batch}}.Encode()
}

func lineWord(no int) string {
	if no == 0 {
		return ""
	}
	return fmt.Sprintf(" 第 %d 行", no)
}

func daysLine(x session.TraceStep) string {
	text := fmt.Sprintf("天数：%d 天", x.Days)
	if x.OverReason != "" {
		text += "（超量理由：" + x.OverReason + "）"
	}
	return text
}

// stepLinks leads from a step to the boxes that came with it and to what the same
// patient was given.
func stepLinks(x session.TraceStep) []linkView {
	var list []linkView
	if x.ReceiptID != 0 && x.SessionID == nil {
		list = append(list, linkView{"这张单的每一盒", receiptTraceURL(x.ReceiptID)})
	}
	if x.PatientID != 0 {
		list = append(list, linkView{"这位患者领过的药", patientTraceURL(x.PatientID)})
	}
	return list
}

func newNoteView(n session.TraceNote, p inventory.Pack) noteView {
	when := ""
	if n.At != nil {
		when = n.At.In(session.Zone()).Format("2006-01-02")
	}
	switch n.Kind {
	case session.NoteCarton:
		return noteView{Text: "来自箱 …" + n.Text[max(0, len(n.Text)-6):]}
	case session.NoteRecall:
		v := noteView{Text: n.Text + "召回 " + inventory.RecallNumber(n.ID) + "，" + when + " 起，" + n.Who, Bad: n.State == ""}
		if n.State != "" {
			v.Text += "（已解除）"
		}
		return v
	case session.NoteReturn:
		v := noteView{Text: fmt.Sprintf("患者 %s 交回%s，%s收", when, formWord(n, p), n.Who)}
		if n.State != "" {
			v.Text += "（已撤回）"
		}
		return v
	}
	return noteView{Text: "处置单 " + n.Text + "，" + when + " " + n.Who + "提出，等第二人确认"}
}

func formWord(n session.TraceNote, p inventory.Pack) string {
	switch n.Text {
	case "empty":
		return "空盒"
	case "full":
		return "未开封的一盒"
	}
	return fmt.Sprintf("已开封的一盒（%d %s）", n.Units, p.UnitName)
}

// askedJSON is what a text means, for programs.
type askedJSON struct {
	session.Asked
	Codes []string `json:"codes,omitempty"`
}

func newAskedJSON(a session.Asked) askedJSON {
	out := askedJSON{Asked: a}
	for _, p := range a.Packs {
		out.Codes = append(out.Codes, p.Code)
	}
	return out
}
