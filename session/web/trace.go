package web

import (
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/go-chi/chi/v5"

	"jingfang/inventory"
	"jingfang/session"
	"jingfang/session/identity"
	"jingfang/session/page"
	"jingfang/sql/db"
)

// traceView is the page that answers a code: one field, one time line.
type traceView struct {
	Asked   string // what stands in the field
	Problem string // why there is no answer, or ""
	Pack    *tracePack
	Hits    []hitRow // what a text that is no code may mean
}

// tracePack is the life of one pack, in words.
type tracePack struct {
	Drug    string
	Head    string // the code but for its last four characters
	Tail    string
	State   string
	Tone    string
	Facts   []factView
	Alarm   string
	Stamp   string // "链完整", or "" when no record names it
	Checked string // what was verified
	Broken  string // the first thing that is wrong
	Steps   []traceStep
	Notes   []noteView // carton, recall, what came back, papers
	Batch   string     // address of all boxes of the batch, or ""
}

type factView struct{ Name, Value string }

type traceStep struct {
	Word  string
	At    string
	Bad   bool
	Lines []string // who, where, whom
	Marks []string // 手输, 补记 …
	Alarm string
	URL   string // of the session, for who may open it
	Where string
	Links []linkView // to the receipt's other boxes, to what the patient was given
}

// TraceSearch is GET /trace: the field, and with ?q= the answer at its own address:
// of the code, or of what else the text means; where it may mean several things,
// they are listed.
func (h *Handlers) TraceSearch(w http.ResponseWriter, r *http.Request) error {
	text := r.URL.Query().Get("q")
	if text == "" {
		return h.site.Page(w, r, "trace", traceView{})
	}
	by, err := identity.Who(r.Context())
	if err != nil {
		return err
	}
	a, err := h.sessions.Ask(r.Context(), by, text)
	if err != nil {
		return h.answerTrace(w, r, text, err)
	}
	hits := newHitRows(a)
	switch {
	case a.Code != "":
		return h.site.SeeOther(w, r, traceURL(a.Code))
	case len(hits) == 0:
		return h.answerTrace(w, r, text, db.Refuse(db.NotFound, "%s", a.Problem))
	case page.WantsJSON(r):
		return h.site.JSON(w, r, http.StatusOK, newAskedJSON(a))
	case len(hits) == 1:
		return h.site.SeeOther(w, r, hits[0].URL)
	}
	return h.site.Page(w, r, "trace", traceView{Asked: short(printable(text)), Hits: hits})
}

// traceURL is the address of a code. A GS1 identity holds brackets and may hold
// a slash: everything that means something in an address is escaped.
func traceURL(code string) string { return "/trace/" + url.PathEscape(code) }

// Trace is GET /trace/{code}: the life of a pack, of a carton, a tote or a bag, to
// programs as JSON.
func (h *Handlers) Trace(w http.ResponseWriter, r *http.Request) error {
	by, err := identity.Who(r.Context())
	if err != nil {
		return err
	}
	text, err := pathText(r, "code")
	if err != nil {
		return err
	}
	if kind, label, whole := inventory.ParseLabel(text); whole {
		return h.traceBox(w, r, by, kind, label)
	} else if kind != "" {
		return h.answerTrace(w, r, text, db.Refuse(db.Invalid, "%s", session.LabelTorn))
	}
	t, err := h.sessions.Trace(r.Context(), by, text)
	switch {
	case db.KindOf(err) == db.NotFound:
		return h.traceBox(w, r, by, inventory.ContainerCarton, text)
	case err != nil:
		return h.answerTrace(w, r, text, err)
	case page.WantsJSON(r):
		return h.site.JSON(w, r, http.StatusOK, newTraceJSON(t, by))
	}
	return h.site.Page(w, r, "trace", traceView{Pack: newTracePack(t, by)})
}

// pathText is a piece of the address as it was before it was escaped. The
// router matches the escaped path when there is one of its own.
func pathText(r *http.Request, name string) (string, error) {
	text := chi.URLParam(r, name)
	if r.URL.RawPath == "" {
		return text, nil
	}
	plain, err := url.PathUnescape(text)
	if err != nil {
		return "", db.RefuseBecause(err, db.Invalid, "地址写法不对。请在查码页重新扫码。")
	}
	return plain, nil
}

// answerTrace shows the field again with the sentence for a code that is none
// or is unknown; a program gets the error.
func (h *Handlers) answerTrace(w http.ResponseWriter, r *http.Request, text string, err error) error {
	kind := db.KindOf(err)
	if page.WantsJSON(r) || kind != db.Invalid && kind != db.NotFound {
		return err
	}
	return h.site.Page(w, r, "trace", traceView{Asked: short(printable(text)), Problem: db.Sentence(err)})
}

// printable leaves out what a scanner sends and a field cannot show.
func printable(text string) string {
	return strings.Map(func(r rune) rune {
		if r < ' ' || r == 0x7f || r == 0xFFFD {
			return -1
		}
		return r
	}, text)
}

func newTracePack(t session.Trace, by identity.Actor) *tracePack {
	p := t.Pack
	v := &tracePack{Drug: p.DrugName(), Tail: tail(p.Code), State: p.State.Chinese(), Tone: stateTone(p.State)}
	v.Head = strings.TrimSuffix(p.Code, v.Tail)
	v.Facts = packFacts(p)
	if p.Alarm != "" {
		v.Alarm = inventory.AnswerKind(p.Alarm).Sentence(inventory.Details{Drug: p.DrugName()})
	}
	for _, x := range t.Steps {
		v.Steps = append(v.Steps, newTraceStep(x, p, by))
	}
	for _, n := range t.Notes {
		v.Notes = append(v.Notes, newNoteView(n, p, by))
	}
	if p.Batch != "" {
		v.Batch = batchURL(p.DrugID, p.Batch)
	}
	switch {
	case t.Chains.Problem != "":
		v.Broken = t.Chains.Problem
	case t.Chains.Records > 0:
		v.Stamp, v.Checked = "链完整", fmt.Sprintf("刚刚核验了所在场次的 %d 条记录。", t.Chains.Records)
	}
	return v
}

func stateTone(s inventory.State) string {
	switch s {
	case inventory.StateDispensed, inventory.StateInStore:
		return "good"
	case inventory.StateAllocated, inventory.StateExpected:
		return "info"
	case inventory.StateQuarantined, inventory.StateLost:
		return "bad"
	}
	return "soft"
}

func packFacts(p inventory.Pack) []factView {
	list := []factView{{"批号", p.Batch}, {"有效期至", dayOf(p.ExpiresOn)}, {"整盒", fmt.Sprintf("%d %s", p.UnitsTotal, p.UnitName)}}
	if p.UnitsLeft != p.UnitsTotal && p.UnitsLeft > 0 {
		list = append(list, factView{"还剩", fmt.Sprintf("%d %s", p.UnitsLeft, p.UnitName)})
	}
	if p.Returned {
		list = append(list, factView{"退回", "患者退回过，不再使用"})
	}
	if p.Codeless() {
		list = append(list, factView{"无码", "来时没有能扫的码，贴了院内码"}, factView{"补码", p.TrueCode})
	}
	var known []factView
	for _, f := range list {
		if f.Value != "" {
			known = append(known, f)
		}
	}
	return known
}

func dayOf(t *time.Time) string {
	if t == nil {
		return ""
	}
	return t.Format(time.DateOnly)
}

func newTraceStep(x session.TraceStep, p inventory.Pack, by identity.Actor) traceStep {
	v := traceStep{Word: x.Kind.Chinese(), At: x.At.In(session.Zone()).Format("2006-01-02 15:04:05"), Alarm: alarmWord(x.Alarm, p)}
	if x.Unrecorded() {
		v.Alarm += "已经诊毕，但就诊记录里没有这个码。请告诉审计管理员。"
	}
	v.Bad = v.Alarm != "" || stateTone(x.To) == "bad"
	if x.SessionID != nil {
		v.Where = x.Site + " · " + x.HeldOn.Format("2006-01-02") + " 义诊"
		if by.Can(identity.ViewSession, *x.SiteID) == nil {
			v.URL = fmt.Sprintf("/sessions/%d", *x.SessionID)
		}
	}
	v.Lines, v.Links = stepLines(x, p), stepLinks(x)
	v.Marks = stepMarks(x)
	return v
}

func stepLines(x session.TraceStep, p inventory.Pack) []string {
	var list []string
	if x.Receipt != "" && x.SessionID == nil {
		list = append(list, strings.TrimSpace("入库单 "+x.Receipt+lineWord(x.LineNo)+" "+x.FromStore))
	}
	if x.Number > 0 {
		whom := fmt.Sprintf("%d 号", x.Number)
		for _, part := range []string{x.Patient, x.PatientNo} {
			if part != "" {
				whom += " " + part
			}
		}
		list = append(list, "患者："+whom)
	}
	if x.Doctor != "" && x.Doctor != x.Who {
		list = append(list, "医生："+x.Doctor)
	}
	if x.Days > 0 {
		list = append(list, daysLine(x))
	}
	if x.Given != nil {
		list = append(list, givenLine(*x.Given))
	}
	if x.Paper != "" {
		list = append(list, fmt.Sprintf("%s单 %s：%s提出，%s确认", x.Kind.Chinese(), x.Paper, x.Proposer, x.Decider))
	}
	if x.Quantity != p.UnitsTotal && x.Quantity > 0 {
		list = append(list, fmt.Sprintf("数量：%d %s", x.Quantity, p.UnitName))
	}
	if x.Who != "" {
		list = append(list, "经手："+x.Who)
	}
	if x.Record != nil {
		word := "就诊记录"
		if x.Record.Chain == "supplement" {
			word = "补充记录"
		}
		list = append(list, fmt.Sprintf("%s：本场第 %d 号", word, x.Record.Seq)+signingMark(*x.Record))
	}
	if x.Kind == inventory.MoveDispense && !x.Undone && x.VisitState == session.InConsultation {
		list = append(list, "还没有诊毕，诊毕时生成就诊记录")
	}
	if x.Reason != "" && x.Reason != x.Receipt {
		list = append(list, "原因："+x.Reason)
	}
	return list
}

// givenLine names the visit that gave what came back.
func givenLine(x session.TraceStep) string {
	text := "当时发给："
	if x.Number > 0 {
		text += fmt.Sprintf("%d 号 ", x.Number)
	}
	text += x.Patient
	if x.HeldOn != nil {
		text += "（" + x.HeldOn.Format("2006-01-02") + " " + x.Site + "）"
	}
	return text
}

func stepMarks(x session.TraceStep) []string {
	var list []string
	if word := x.How.Chinese(); word != "" && x.How != inventory.HowSystem {
		list = append(list, word)
	}
	if x.Undone {
		list = append(list, "后来撤销")
	}
	if x.Fact {
		list = append(list, "补记")
	}
	return list
}

func alarmWord(kind string, p inventory.Pack) string {
	if kind == "" {
		return ""
	}
	return inventory.AnswerKind(kind).Sentence(inventory.Details{Drug: p.DrugName(), State: p.State.Chinese()})
}
