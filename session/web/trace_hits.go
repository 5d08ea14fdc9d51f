package web

import (
	"cmp"
	"fmt"
	"net/url"
	"strings"

	"jingfang/inventory"
	"jingfang/session"
	"jingfang/session/identity"
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
	for _, t := range a.Totes {
		about := "里面有什么，在哪里"
		if t.Retired {
			about = "已停用"
		}
		list = append(list, hitRow{"周转箱", t.Name, about, traceURL(t.Label)})
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

// recallURL leads to a recall, for who may open it.
func recallURL(by identity.Actor, id int64) string {
	if by.Can(identity.CallPatients, 0) != nil {
		return ""
	}
	return fmt.Sprintf("/recalls/%d", id)
}

// lyingNote says what a pack lies in now.
func lyingNote(n session.TraceNote, when string) noteView {
	v := noteView{URL: traceURL(n.Label)}
	switch {
	case n.Kind == session.NoteBag:
		v.Text = strings.TrimSpace("现在装在药袋 "+n.Text) + " 里，" + when + " " + n.Who + "装袋"
	case n.State == "sealed":
		v.Text = "现在在周转箱 " + n.Text + " 里（已封箱），" + when + " " + n.Who + "装进"
	default:
		v.Text = "现在在周转箱 " + n.Text + " 里，" + when + " " + n.Who + "装进"
	}
	return v
}

// countNote says that a count under way has the pack in its scope.
func countNote(n session.TraceNote, when string) noteView {
	v := noteView{Text: "正在盘点（" + cmp.Or(n.Text, "药房") + "，" + when + " " + n.Who + "开始）", URL: fmt.Sprintf("/stocktakes/%d", n.ID)}
	if n.State == "seen" {
		v.Text += "，这一盒已点到"
	} else {
		v.Text += "，这一盒还没有点到"
	}
	return v
}

func newNoteView(n session.TraceNote, p inventory.Pack, by identity.Actor) noteView {
	when := ""
	if n.At != nil {
		when = n.At.In(session.Zone()).Format("2006-01-02")
	}
	switch n.Kind {
	case session.NoteCarton:
		return noteView{Text: "来自箱 …" + n.Text[max(0, len(n.Text)-6):], URL: traceURL(n.Text)}
	case session.NoteTote, session.NoteBag:
		return lyingNote(n, when)
	case session.NoteCount:
		return countNote(n, when)
	case session.NoteRecall:
		v := noteView{Text: n.Text + "召回 " + inventory.RecallNumber(n.ID) + "，" + when + " 起，" + n.Who, Bad: n.State == "", URL: recallURL(by, n.ID)}
		if n.State != "" {
			v.Text += "（已解除）"
		}
		return v
	case session.NoteReturn:
		v := noteView{Text: fmt.Sprintf("患者 %s 交回%s，%s收", when, formWord(n, p), n.Who)}
		v.Text += returnWord(n.State)
		return v
	}
	return noteView{Text: "处置单 " + n.Text + "，" + when + " " + n.Who + "提出，等第二人确认", URL: fmt.Sprintf("/setaside/%d", n.ID)}
}

// returnWord is what came of a return, or what was odd about it.
func returnWord(state string) string {
	switch inventory.AnswerKind(state) {
	case "":
		return ""
	case "void":
		return "（已撤回）"
	case inventory.KindNeverGiven, inventory.KindEmptyNever:
		return "（没有发给过患者，没有收下，等药师核对）"
	case inventory.KindCameBack:
		return "（以前已经收回过，没有重复登记）"
	case inventory.KindReturnOther, inventory.KindEmptyOther:
		return "（当时发给另一位患者）"
	}
	return "（已请药师核对）"
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
