package web

import (
	"cmp"
	"fmt"
	"net/http"
	"strings"
	"time"

	"jingfang/inventory"
	"jingfang/session"
	"jingfang/session/identity"
	"jingfang/session/page"
)

// boxHead is the container that an answer is about.
type boxHead struct {
	Head, Tail  string // of its code
	State, Tone string
	Facts       []factView
	Links       []linkView
}

// boxAct is one act of a container's life.
type boxAct struct{ Word, At, Where, URL, Who string }

// traceBox answers the label of a tote or a bag, or the code of a carton.
func (h *Handlers) traceBox(w http.ResponseWriter, r *http.Request, by identity.Actor, kind inventory.Container, code string) error {
	after, err := pageMark(r.URL.Query())
	if err != nil {
		return err
	}
	var view boxesView
	var program any
	switch kind {
	case inventory.ContainerTote:
		t, err := h.sessions.TraceTote(r.Context(), by, code, after)
		if err != nil {
			return h.answerTrace(w, r, code, err)
		}
		view, program = newToteTrace(t, by), t
	case inventory.ContainerBag:
		t, err := h.sessions.TraceBag(r.Context(), by, code)
		if err != nil {
			return h.answerTrace(w, r, code, err)
		}
		view, program = newBagTrace(t, by), t
	default:
		t, err := h.sessions.TraceCarton(r.Context(), by, code, after)
		if err != nil {
			return h.answerTrace(w, r, code, err)
		}
		view, program = newCartonTrace(t, by), t
	}
	if page.WantsJSON(r) {
		return h.site.JSON(w, r, http.StatusOK, program)
	}
	return h.site.Page(w, r, "trace_boxes", view)
}

func newBoxHead(code, state, tone string) *boxHead {
	v := &boxHead{Tail: tail(code), State: state, Tone: tone}
	v.Head = strings.TrimSuffix(code, v.Tail)
	return v
}

// fact adds what is known.
func (v *boxHead) fact(name, value string) {
	if value != "" {
		v.Facts = append(v.Facts, factView{name, value})
	}
}

func momentWord(at *time.Time, who string) string {
	if at == nil {
		return ""
	}
	return strings.TrimSpace(at.In(session.Zone()).Format("2006-01-02 15:04") + " " + who)
}

func newToteTrace(t session.ToteTrace, by identity.Actor) boxesView {
	tone := map[inventory.ContainerState]string{inventory.ContainerSealed: "good", inventory.ContainerOpen: "info"}[t.State]
	head := newBoxHead(t.Label, t.State.Chinese(), cmp.Or(tone, "soft"))
	head.fact("在哪里", placesWord(t.Places, by))
	head.fact("封箱", momentWord(t.SealedAt, t.SealedBy))
	head.fact("停用", momentWord(t.RetiredAt, t.RetiredBy))
	head.fact("启用", momentWord(&t.MadeAt, t.MadeBy))
	if by.Can(identity.Allocate, 0) == nil {
		head.Links = append(head.Links, linkView{"打开这个周转箱", fmt.Sprintf("/totes/%d", t.ID)})
	}
	head.Links = append(head.Links, placeLinks(t.Places, by)...)
	v := boxesView{Title: t.Title(), About: fmt.Sprintf("周转箱 · 现有 %d 盒", t.Packs), Box: head, Rows: newBoxRows(t.Boxes), Acts: newActs(t.Acts, by),
		Empty: "箱里没有药盒。"}
	v.Notes = append(unfitNotes(t.Unfit), setApartNotes(t.SetApart)...)
	if t.Changed() {
		v.Notes = append(v.Notes, noteView{Text: fmt.Sprintf("封箱时 %d 盒，现在 %d 盒。请打开核对，再封一次。", t.SealedPacks, t.Packs), Bad: true})
	}
	if t.RetiredAt != nil {
		v.Empty = "已停用，标签不能再用。"
	}
	if t.More {
		v.Next = traceURL(t.Label) + "?after=" + fmt.Sprint(t.Boxes[len(t.Boxes)-1].ID)
	}
	return v
}

func newBagTrace(t session.BagTrace, by identity.Actor) boxesView {
	tone := map[inventory.ContainerState]string{inventory.ContainerPacked: "info", inventory.ContainerGiven: "good"}[t.State]
	head := newBoxHead(t.Label, t.State.Chinese(), cmp.Or(tone, "soft"))
	head.fact("患者", strings.TrimSpace(t.Number+" "+t.Name))
	where := t.Site + " " + t.HeldOn.Format(time.DateOnly) + " 义诊"
	head.fact("场次", where)
	head.fact("装袋", momentWord(&t.MadeAt, t.MadeBy))
	if t.EndedAt != nil {
		word := "拆开"
		if t.State == inventory.ContainerGiven {
			word = "发出"
		}
		head.fact(word, momentWord(t.EndedAt, t.EndedBy))
	}
	if t.Queue > 0 {
		head.fact("发给", fmt.Sprintf("%d 号", t.Queue))
	}
	if by.Can(identity.ViewSession, t.SiteID) == nil {
		head.Links = append(head.Links, linkView{where, fmt.Sprintf("/sessions/%d", t.SessionID)})
	}
	if t.PatientID != 0 {
		head.Links = append(head.Links, linkView{"这位患者领过的药", patientTraceURL(t.PatientID)})
	}
	v := boxesView{Title: strings.TrimSpace("药袋 " + t.Number), Box: head, Rows: newBoxRows(t.Boxes), Notes: unfitNotes(t.Unfit), Acts: newActs(t.Acts, by)}
	switch t.State {
	case inventory.ContainerPacked:
		v.About, v.Empty = fmt.Sprintf("袋里现有 %d 盒", len(t.Boxes)), "袋里没有药盒。"
	case inventory.ContainerGiven:
		v.About, v.Empty = fmt.Sprintf("随袋发出 %d 盒", len(t.Boxes)), "随袋发出的药后来都撤销了。"
	default:
		v.Empty = "已经拆开，药回到本场药箱。每一盒后来去了哪里，请扫盒上的追溯码。"
	}
	if t.State == inventory.ContainerGiven && t.EndedAt != nil {
		v.Acts = append(v.Acts, boxAct{Word: "发给患者", At: momentWord(t.EndedAt, ""), Where: where, Who: t.EndedBy})
	}
	return v
}

func newCartonTrace(t session.CartonTrace, by identity.Actor) boxesView {
	word, tone := cartonWord(t.State)
	head := newBoxHead(t.Code, word, tone)
	head.fact("药品", t.Drug)
	head.fact("装量", cartonSize(t))
	for _, b := range t.Batches {
		head.fact("批号", strings.TrimSpace(fmt.Sprintf("%s %s（%d 盒）", cmp.Or(b.Batch, "不明"), dayOf(b.ExpiresOn), b.Packs)))
	}
	head.fact("入库单", t.Receipt)
	head.fact("关系文件", strings.TrimSpace(t.File+" "+momentWord(t.ImportedAt, t.ImportedBy)))
	head.fact("开箱扫码", momentWord(t.HeldAt, t.HeldBy))
	head.fact("入库完成", momentWord(t.ResolvedAt, t.ResolvedBy))
	head.fact("说明", t.Reason)
	if t.ReceiptID != 0 {
		head.Links = append(head.Links, linkView{"这张单的每一盒", receiptTraceURL(t.ReceiptID)})
	}
	if t.FileID != 0 && by.Can(identity.Receive, 0) == nil {
		head.Links = append(head.Links, linkView{"关系文件", fmt.Sprintf("/cartons/%d", t.FileID)})
	}
	if t.Parent != "" {
		head.Links = append(head.Links, linkView{"装在箱 …" + t.Parent[max(0, len(t.Parent)-6):], traceURL(t.Parent)})
	}
	for _, x := range t.Inner {
		head.Links = append(head.Links, linkView{fmt.Sprintf("中包 …%s（%d 盒）", x.Code[max(0, len(x.Code)-6):], x.Codes), traceURL(x.Code)})
	}
	v := boxesView{Title: "箱 …" + t.Code[max(0, len(t.Code)-6):], About: t.Drug, Box: head, Empty: "这一箱里的小码还不知道。请扫箱里的小盒，或导入箱码关系。"}
	if t.Codes > 0 {
		v.Counts = append(v.Counts, countView{fmt.Sprint(t.Codes), "应有"})
	}
	for _, p := range t.Places {
		v.Counts = append(v.Counts, countView{fmt.Sprint(p.Packs), placeWord(p)})
	}
	for _, b := range t.Boxes {
		v.Rows = append(v.Rows, newCartonRow(b, t.Drug))
	}
	if t.More {
		v.Next = traceURL(t.Code) + "?after=" + fmt.Sprint(t.Boxes[len(t.Boxes)-1].ID)
	}
	return v
}

// cartonWord is how far a carton has come.
func cartonWord(s inventory.CartonState) (word, tone string) {
	switch s {
	case inventory.CartonOpen:
		return "正在入库", "info"
	case inventory.CartonResolved:
		return "已入库", "good"
	}
	return "未入库", "soft"
}

func cartonSize(t session.CartonTrace) string {
	text := fmt.Sprintf("整箱 %d 盒", t.Nominal)
	if t.Actual != nil && *t.Actual != t.Nominal {
		text = fmt.Sprintf("%s，实有 %d 盒（整箱 %d 盒）", t.Status.Chinese(), *t.Actual, t.Nominal)
	}
	if t.Level == 2 {
		text = "中包，" + text
	}
	if !t.Complete {
		text += "，小码不全"
	}
	return text
}

func newCartonRow(b session.CartonBox, drug string) boxRow {
	row := newBoxRows([]session.Box{b.Box})[0]
	row.Drug = drug
	if b.State == "" {
		row.State, row.Tone, row.URL = "没有入库", "soft", ""
		if b.Refused != "" {
			row.State, row.Tone = "没有收下", "caution"
			row.About = inventory.AnswerKind(b.Refused).Sentence(inventory.Details{Drug: drug})
		}
	}
	return row
}

// unfitNotes say what in a container may not be handed out, and what to do.
func unfitNotes(u session.BoxUnfit) []noteView {
	var list []noteView
	for _, x := range []struct {
		n    int
		word string
	}{{u.Recalled, "正在召回"}, {u.Expired, "已过期"}, {u.Returned, "是患者退回过的"}} {
		if x.n > 0 {
			list = append(list, noteView{Text: fmt.Sprintf("里面有 %d 盒%s，不能发。请拿出来放到隔离区。", x.n, x.word), Bad: true})
		}
	}
	return list
}

// setApartNotes names the boxes that the books have in quarantine and that nobody
// may have taken out yet.
func setApartNotes(codes []string) []noteView {
	if len(codes) == 0 {
		return nil
	}
	var tails []string
	for _, code := range codes[:min(len(codes), shownLooks)] {
		tails = append(tails, "…"+tail(code))
	}
	text := strings.Join(tails, "、")
	if len(codes) > shownLooks {
		text += " 等"
	}
	return []noteView{{Text: fmt.Sprintf("有 %d 盒已转入隔离（%s），实物可能还在箱里。请拿出来放到隔离区。", len(codes), text), Bad: true}}
}

func placeWord(p session.BoxPlace) string {
	switch {
	case p.State == "":
		return "没有入库"
	case p.Site != "":
		return p.Site
	}
	return p.State.Chinese()
}

// placesWord says how many packs of a tote are where.
func placesWord(places []session.BoxPlace, _ identity.Actor) string {
	var words []string
	for _, p := range places {
		where := "药房"
		if p.HeldOn != nil {
			where = p.Site + " " + p.HeldOn.Format(time.DateOnly) + " 义诊"
		}
		words = append(words, fmt.Sprintf("%s %d 盒", where, p.Packs))
	}
	return strings.Join(words, "，")
}

func placeLinks(places []session.BoxPlace, by identity.Actor) []linkView {
	var list []linkView
	for _, p := range places {
		if p.SessionID != 0 && p.HeldOn != nil && by.Can(identity.ViewSession, p.SiteID) == nil {
			list = append(list, linkView{p.Site + " " + p.HeldOn.Format(time.DateOnly) + " 义诊", fmt.Sprintf("/sessions/%d", p.SessionID)})
		}
	}
	return list
}

// shownActs is how many of the last acts the page lists; programs get more.
const shownActs = 60

func newActs(acts []session.BoxAct, by identity.Actor) []boxAct {
	var list []boxAct
	if n := len(acts) - shownActs; n > 0 {
		list = append(list, boxAct{Word: fmt.Sprintf("更早的 %d 步没有列出", n)})
		acts = acts[n:]
	}
	for _, a := range acts {
		x := boxAct{Word: actWord(a), At: a.At.In(session.Zone()).Format("2006-01-02 15:04"), Who: a.Who}
		if a.Until.Sub(a.At) >= time.Minute {
			x.At += a.Until.In(session.Zone()).Format("–15:04")
		}
		if a.HeldOn != nil && strings.HasPrefix(a.Event, "tote.") {
			x.Where = a.Site + " · " + a.HeldOn.Format(time.DateOnly) + " 义诊"
			if by.Can(identity.ViewSession, a.SiteID) == nil {
				x.URL = fmt.Sprintf("/sessions/%d", a.SessionID)
			}
		}
		list = append(list, x)
	}
	return list
}

// actWord is an act in words.
func actWord(a session.BoxAct) string {
	n := fmt.Sprintf(" %d 盒", a.Packs)
	switch a.Event {
	case "tote.make":
		return "新建"
	case "tote.stow":
		return "装进" + n
	case "tote.take_out", "bag.take_out":
		return "拿出" + n
	case "tote.seal":
		return "封箱" + n
	case "tote.open":
		return "开箱" + n
	case "tote.rename":
		return "改名，" + cmp.Or(a.Was, "原名不明")
	case "tote.retire":
		return "停用"
	case "tote.allocate":
		return "装入药箱" + n
	case "tote.come_home":
		return "带回药房" + n
	case "tote.roll_over":
		return "转到另一场" + n
	case "bag.fill":
		return "装袋" + n
	case "bag.open":
		return "拆袋" + n
	case "bag.print":
		return "打印标签"
	}
	return a.Event
}
