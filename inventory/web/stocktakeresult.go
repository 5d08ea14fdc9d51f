package web

import (
	"fmt"
	"net/http"
	"slices"
	"strings"

	"jingfang/inventory"
	"jingfang/session/identity"
	"jingfang/session/page"
	"jingfang/sql/db"
)

// countResultView is what a handed-in count came to.
type countResultView struct {
	URL, Number, Scope, Word, Tone string
	Facts                          []fact
	Problem, Notice                string
	Submission                     int
	Lines                          []resultLine
	Groups                         []differenceGroup
	Differences, Left              int
	Hidden                         int // differences that are not listed
	Adjust                         int // that become movements
	CanExplain, CanApprove         bool
	CanReject                      bool
	CanAbandon                     bool
	Mine                           bool // who looks has counted, and cannot approve
	Reasons                        []reasonChoice
}

type fact struct{ Name, Value string }

type reasonChoice struct{ Value, Word string }

type resultLine struct {
	ID                      int64
	Drug, Way, Booked       string
	Found, Differ, Moved    string
	Equal, Uncounted, Again bool
}

// differenceGroup is the differences of one kind.
type differenceGroup struct {
	Kind, Word string
	All, Left  int
	Rows       []differenceRow
}

type differenceRow struct {
	ID              int64
	Drug, Head      string
	Tail, What      string
	Last, Seen      string
	Reason, Outcome string
	Tone, Action    string
	Asks            bool // without a reason
}

// maxDifferences is how many differences the page lists; the PDF has all.
const maxDifferences = 200

// StocktakeResult is GET /stocktakes/{id}/result: figures by drug, differences by
// name, their reasons, and the approval.
func (h *Handlers) StocktakeResult(w http.ResponseWriter, r *http.Request) error {
	by, x, err := h.findCount(r)
	if err != nil {
		return err
	}
	if x.State == inventory.CountOpen && !page.WantsJSON(r) {
		return h.site.SeeOther(w, r, stocktakeURL(x.ID))
	}
	if x.State == inventory.CountAbandoned && x.Submission == 0 && !page.WantsJSON(r) {
		return h.site.Page(w, r, "stocktake_result", newCountResult(inventory.CountResult{Stocktake: x}, by))
	}
	limit := maxDifferences
	if page.WantsJSON(r) {
		limit = 0
	}
	res, err := inventory.ReadCountResult(r.Context(), h.db, x, limit)
	if err != nil {
		return err
	}
	if page.WantsJSON(r) {
		return h.site.JSON(w, r, http.StatusOK, newResultJSON(res))
	}
	return h.site.Page(w, r, "stocktake_result", newCountResult(res, by))
}

// tookPart tells whether the person counted or handed in; the use case asks again.
func tookPart(by identity.Actor, res inventory.CountResult) bool {
	return slices.Contains(res.CounterIDs, by.StaffID) || res.SubmittedBy != nil && *res.SubmittedBy == by.StaffID
}

// resultRefused shows the result with the sentence.
func (h *Handlers) resultRefused(w http.ResponseWriter, r *http.Request, a countAct, err error) error {
	kind := db.KindOf(err)
	if page.WantsJSON(r) || kind != db.Conflict && kind != db.Invalid && kind != db.Denied {
		return err
	}
	x, failed := inventory.FindStocktake(r.Context(), h.db, a.id)
	if failed != nil {
		return failed
	}
	if x.State == inventory.CountOpen || x.Submission == 0 {
		return err
	}
	res, failed := inventory.ReadCountResult(r.Context(), h.db, x, maxDifferences)
	if failed != nil {
		return failed
	}
	v := newCountResult(res, a.by)
	v.Problem = db.Sentence(err)
	return h.site.Page(w, r, "stocktake_result", v)
}

// Explain is POST /stocktakes/{id}/reasons: the reason of the checked differences,
// or with kind of all of that kind that have none.
func (h *Handlers) Explain(w http.ResponseWriter, r *http.Request) error {
	a, err := h.countAct(r)
	if err != nil {
		return err
	}
	in := inventory.Explaining{StocktakeID: a.id, CommandID: a.command, Reason: inventory.CountReason(r.PostFormValue("reason")), Text: r.PostFormValue("text"),
		Adjust: r.PostFormValue("adjust") != "", Kind: inventory.CountDifferenceKind(r.PostFormValue("kind"))}
	if in.Differences, err = formIDs(r, "difference"); err != nil {
		return err
	}
	if in.Kind != "" {
		in.Differences = nil
	}
	said, err := h.stock.ExplainDifferences(r.Context(), a.by, in)
	if err != nil {
		return h.resultRefused(w, r, a, err)
	}
	if page.WantsJSON(r) {
		return h.site.JSON(w, r, http.StatusOK, said)
	}
	return h.site.SeeOther(w, r, stocktakeURL(a.id)+"/result#differences")
}

func newCountResult(res inventory.CountResult, by identity.Actor) countResultView {
	x := res.Stocktake
	submitted := x.State == inventory.CountSubmitted
	v := countResultView{URL: stocktakeURL(x.ID), Number: x.Number(), Scope: x.Scope(), Word: x.State.Chinese(), Tone: countTone(x.State), Submission: x.Submission,
		Facts: countFacts(res), Left: res.Unexplained, CanExplain: submitted && by.Can(identity.CountStock, siteOf(x)) == nil,
		CanApprove: submitted && res.Unexplained == 0 && by.Can(identity.ApproveCount, siteOf(x)) == nil}
	v.CanReject = submitted && by.Can(identity.ApproveCount, siteOf(x)) == nil
	v.Mine = v.CanReject && tookPart(by, res)
	v.CanApprove = v.CanApprove && !v.Mine
	v.CanAbandon = v.CanExplain
	for _, l := range res.Lines {
		v.Lines = append(v.Lines, newResultLine(l, v.CanExplain))
	}
	for _, n := range res.Totals {
		v.Differences += n.All
		v.Groups = append(v.Groups, differenceGroup{Kind: string(n.Kind), Word: n.Kind.Chinese(), All: n.All, Left: n.Unexplained})
	}
	for _, d := range res.Differences {
		v.add(x, d)
	}
	v.Hidden = v.Differences - len(res.Differences)
	for _, reason := range inventory.CountReasons() {
		v.Reasons = append(v.Reasons, reasonChoice{string(reason), reason.Chinese()})
	}
	v.Notice = countNotice(res)
	return v
}

// countNotice says where the count stands and what comes next.
func countNotice(res inventory.CountResult) string {
	n := 0
	for _, t := range res.Totals {
		n += t.All
	}
	switch {
	case res.State == inventory.CountAbandoned:
		return "这次盘点已作废，没有改动任何库存，也不计入任何合计。"
	case res.State == inventory.CountApproved && unnamed(res) > 0:
		return fmt.Sprintf("有 %d 种药按数和账不符，账没有动。请另起一次盘点，把它们逐盒扫一遍；查清以前，收发统计会一直提示。", unnamed(res))
	case res.State == inventory.CountApproved:
		return ""
	case res.SessionID != nil && n > 0 && res.Unexplained == 0:
		return "差异都写明了原因。场次的盘点只记录、不调账：少的、多的请在该场次收尾时处理。请另一人审核。"
	case n == 0:
		return "账实相符，没有差异。请没有参加盘点的人审核。"
	case unnamed(res) > 0 && res.Unexplained == 0:
		return fmt.Sprintf("差异都写明了原因，其中 %d 种药按数和账不符，审核后账不动。能逐盒重盘就先重盘；不能，请没有参加盘点的人审核。", unnamed(res))
	case unnamed(res) > 0:
		return fmt.Sprintf("有 %d 种药按数和账不符，查不出是哪几盒，不能调账。请在下面点“重盘”，把它们逐盒扫一遍；今天盘不了，请在说明里写一句为什么。", unnamed(res))
	case res.Unexplained > 0:
		return fmt.Sprintf("有 %d 处差异，%d 处还没有写明原因。", n, res.Unexplained)
	}
	return "差异都写明了原因。请没有参加盘点的人审核，审核后才调账。"
}

// unnamed counts the drugs of the pharmacy whose number differs from the books.
func unnamed(res inventory.CountResult) (n int) {
	for _, l := range res.Lines {
		for _, d := range res.Differences {
			if res.SessionID == nil && d.Unnamed() && d.DrugID != nil && *d.DrugID == l.DrugID {
				n++
				break
			}
		}
	}
	return n
}

func countFacts(res inventory.CountResult) []fact {
	x := res.Stocktake
	list := []fact{{"范围", x.Scope()}, {"开始", x.StartedAt.In(zone()).Format("1月2日 15:04") + " " + x.Starter}}
	if len(res.Counters) > 0 {
		list = append(list, fact{"盘点人", strings.Join(res.Counters, "、")})
	}
	if x.SubmittedAt != nil {
		list = append(list, fact{"提交", x.SubmittedAt.In(zone()).Format("1月2日 15:04") + " " + x.Submitter})
	}
	if x.DecidedAt != nil {
		word := "审核"
		if x.State == inventory.CountAbandoned {
			word = "作废"
		}
		list = append(list, fact{word, x.DecidedAt.In(zone()).Format("1月2日 15:04") + " " + x.Decider})
	}
	if x.Remark != "" {
		list = append(list, fact{"备注", x.Remark})
	}
	return list
}

func newResultLine(l inventory.CountLine, again bool) resultLine {
	v := resultLine{ID: l.DrugID, Drug: l.DrugName(), Way: l.Way.Chinese(), Booked: amountWords(l.BookedPacks, l.BookedLoose, l.PackName, l.UnitName),
		Equal: l.Equal(), Uncounted: l.Way == inventory.WayUncounted, Again: again}
	if l.Moved > 0 {
		v.Moved = fmt.Sprintf("%d %s", l.Moved, l.PackName)
	}
	if v.Uncounted {
		return v
	}
	v.Found = amountWords(l.FoundPacks, l.FoundLoose, l.PackName, l.UnitName)
	v.Differ = differWords(l)
	return v
}

// amountWords is packs and loose units as people say them.
func amountWords(packs, loose int64, pack, unit string) string {
	if loose == 0 {
		return fmt.Sprintf("%d %s", packs, pack)
	}
	if packs == 0 {
		return fmt.Sprintf("散 %d %s", loose, unit)
	}
	return fmt.Sprintf("%d %s 散 %d %s", packs, pack, loose, unit)
}

func differWords(l inventory.CountLine) string {
	var list []string
	if n := l.FoundPacks - l.BookedPacks; n != 0 {
		list = append(list, fmt.Sprintf("%+d %s", n, l.PackName))
	}
	if n := l.FoundLoose - l.BookedLoose; n != 0 {
		list = append(list, fmt.Sprintf("%+d %s", n, l.UnitName))
	}
	return strings.Join(list, " ")
}

// add puts a difference to its group.
func (v *countResultView) add(x inventory.Stocktake, d inventory.CountDifference) {
	for i := range v.Groups {
		if v.Groups[i].Kind == string(d.Kind) {
			v.Groups[i].Rows = append(v.Groups[i].Rows, newDifferenceRow(d, x.SessionID == nil && d.Unnamed()))
		}
	}
	if d.Action != "" {
		v.Adjust++
	}
}

// newDifferenceRow says one difference. A number that differs (apart) is not among
// those that are ticked beforehand: it wants the boxes scanned, or words of its own.
func newDifferenceRow(d inventory.CountDifference, apart bool) differenceRow {
	v := differenceRow{ID: d.ID, Drug: d.DrugName(), Tail: tail(d.Code), What: whatDiffers(d), Asks: d.Reason == "" && !apart}
	v.Head = strings.TrimSuffix(d.Code, v.Tail)
	if v.Drug == "" {
		v.Drug = "没有记录的码"
	}
	if d.LastAt != nil {
		v.Last = fmt.Sprintf("最后一笔：%s %s %s", d.LastAt.In(zone()).Format("1月2日 15:04"), d.LastKind.Chinese(), d.LastBy)
	}
	if d.SeenBy != "" {
		v.Seen = fmt.Sprintf("盘到：%s %s", d.SeenAt.In(zone()).Format("15:04"), d.SeenBy)
	}
	if d.Reason != "" {
		v.Reason = strings.TrimSuffix(d.Reason.Chinese(), "（写明）")
		if d.Text != "" {
			v.Reason += "：" + d.Text
		}
	}
	v.Action, v.Outcome, v.Tone = actionWords(d)
	switch {
	case apart && d.Outcome != "":
		v.Outcome, v.Tone = "账未动，待逐盒盘清", "caution"
	case apart:
		v.Action = "请逐盒重盘"
	}
	return v
}

// whatDiffers says the difference in figures.
func whatDiffers(d inventory.CountDifference) string {
	switch d.Kind {
	case inventory.DifferMissing:
		return "账上有，没有盘到"
	case inventory.DifferExtra:
		if d.State == "" {
			return "盘到了，账上没有"
		}
		return "盘到了，账上是“" + d.State.Chinese() + "”"
	case inventory.DifferNumber:
		return fmt.Sprintf("账面 %d %s，实盘 %d %s", d.Booked, d.PackName, d.Counted, d.PackName)
	}
	return fmt.Sprintf("账面 %d %s，实盘 %d %s", d.Booked, d.UnitName, d.Counted, d.UnitName)
}

// actionWords says what is to become of a difference, or what became of it.
func actionWords(d inventory.CountDifference) (action, outcome, tone string) {
	switch d.Outcome {
	case "adjusted":
		return "", "已" + d.Action.Chinese(), "good"
	case "recorded":
		return "", "只记录", "soft"
	case "dropped":
		return "", "提交后动过，没有调", "caution"
	}
	switch {
	case d.Reason == "" && d.Proposal != "":
		return "建议" + d.Proposal.Chinese(), "", ""
	case d.Reason == "":
		return "", "", ""
	case d.Action == "":
		return "只记录", "", ""
	}
	return "审核后" + d.Action.Chinese(), "", ""
}
