package web

import (
	"fmt"
	"net/http"
	"strconv"
	"time"

	"jingfang/inventory"
	"jingfang/session"
	"jingfang/session/page"
	"jingfang/sql/db"
)

// finishView is the form of 诊毕. What was filled in stays when the doctor is
// first asked about codes that are not recorded.
type finishView struct {
	URL          string
	Words        string // what the visit has: 2 盒 + 10 片
	NoPacks      bool
	Reasons      []choiceView
	Collects     []choiceView
	Name         string
	Relation     string
	Relations    []string
	Due          dueView
	Prescription string
	Open         bool     // the folded fields have something in them
	Left         string   // codes to answer for, "" when none is asked about
	Over         []string // drugs whose days want a reason, when it is asked for
	OverReasons  []choiceView
}

func newFinishView(v *visitView, in session.Ending, left int) finishView {
	f := finishView{URL: v.URL + "/finish", Words: v.Words, NoPacks: v.NoPacks, Reasons: reasons(in.NoDrugReason), Collects: collects(in.Collector),
		Name: in.CollectorName, Relation: in.Relation, Relations: session.Relations(), Due: v.next, Prescription: in.Prescription}
	if !in.NextDue.IsZero() {
		f.Due.On, f.Due.About = in.NextDue.Format(time.DateOnly), ""
	}
	f.Open = f.Name != "" || f.Prescription != "" || in.Collector != "self" && in.Collector != ""
	if left > 0 {
		f.Left = fmt.Sprint(left)
	}
	return f
}

// overReasons are the usual reasons of a supply for longer than the class allows.
func overReasons(chosen string) []choiceView {
	list := []choiceView{}
	for _, word := range []string{"慢性病长期用药", "行动不便", "路途较远", "病情稳定，外出"} {
		list = append(list, choiceView{Value: word, Word: word, Chosen: word == chosen})
	}
	return list
}

// askOver puts the question for a reason into the form of 诊毕.
func (f *finishView) askOver(lines []lineView) {
	for _, l := range lines {
		if l.Dose.Form && l.Dose.Asks {
			f.Over = append(f.Over, l.Drug+" "+l.Dose.Word+"（"+l.Dose.Limit+"）")
		}
	}
	f.OverReasons = overReasons("")
}

// reasons are the usual reasons of a visit without medicine.
func reasons(chosen string) []choiceView {
	var list []choiceView
	for _, word := range []string{"家中还有药", "只复诊", "缺药（欠药）", "转诊", "患者拒绝"} {
		list = append(list, choiceView{Value: word, Word: word, Chosen: word == chosen})
	}
	return list
}

// collects are the words for session.Collectors.
func collects(chosen string) []choiceView {
	list := []choiceView{{Value: "self", Word: "本人"}, {Value: "family", Word: "家属"}, {Value: "village_doctor", Word: "村医"}, {Value: "staff", Word: "送药上门"}, {Value: "other", Word: "其他"}}
	for i := range list {
		list[i].Chosen = list[i].Value == chosen || chosen == "" && i == 0
	}
	return list
}

// doseView is daily dose and days of a line; the first line of a drug has the
// form for all of its lines.
type doseView struct {
	URL, Pack, Word, Dose, Days string
	Form                        bool
	// Limit is that of the class, "" where there is none; Over says that the days
	// are beyond it, Asks that nobody has said why.
	Limit, Reason string
	Over, Asks    bool
	Payers        []payerChoice
}

// payerChoice is an option of who pays.
type payerChoice struct {
	Value, Word string
	Chosen      bool
}

func payerChoices(now session.Payer) []payerChoice {
	list := []payerChoice{{"", "按项目", now == ""}}
	for _, p := range session.Payers() {
		list = append(list, payerChoice{string(p), p.Word(), p == now})
	}
	return list
}

func addDoses(v *visitView, lines []session.Line) {
	seen := map[int64]bool{}
	for i, l := range lines {
		d := doseView{URL: v.URL + "/dose", Pack: fmt.Sprint(l.PackID), Dose: l.Dose, Word: l.Dose, Form: !seen[l.DrugID],
			Limit: l.Limit(), Reason: l.OverReason, Over: l.Over(), Asks: l.Asks()}
		if d.Form {
			d.Payers = payerChoices(l.Payer)
		}
		if l.Days != nil {
			d.Days = fmt.Sprint(*l.Days)
			if d.Word != "" {
				d.Word += " · "
			}
			d.Word += d.Days + " 天"
		}
		seen[l.DrugID] = true
		v.Lines[i].Dose = d
	}
}

// SetDose is POST /sessions/{id}/visits/{visit}/dose: daily dose and days of a drug.
func (h *Handlers) SetDose(w http.ResponseWriter, r *http.Request) error {
	x, err := parseAct(r)
	if err != nil {
		return err
	}
	in := session.Dosing{SessionID: x.session, Visit: x.visit, CommandID: x.command, Dose: r.PostFormValue("dose"), OverReason: r.PostFormValue("over_reason")}
	if in.Pack, err = formID(r, "pack"); err != nil {
		return err
	}
	if _, said := r.PostForm["payer"]; said {
		payer := session.Payer(r.PostForm.Get("payer"))
		in.Payer = &payer
	}
	if text := r.PostFormValue("days"); text != "" {
		if in.Days, err = strconv.Atoi(text); err != nil {
			return db.RefuseBecause(err, db.Invalid, "天数请填 1 到 366 的整数；不填表示不写。")
		}
	}
	a, err := h.sessions.SetDose(r.Context(), x.by, in)
	tone := page.Good
	if a.Over {
		tone = page.Caution
	}
	return h.answerToned(w, r, x, a, page.Band{Tone: tone, Text: a.Sentence}, err)
}

// answerNote answers a note at the desk.
func (h *Handlers) answerNote(w http.ResponseWriter, r *http.Request, x act, a any, sentence string, err error) error {
	return h.answerToned(w, r, x, a, page.Band{Tone: page.Good, Text: sentence}, err)
}

// answerToned is answerNote with a band of its own.
func (h *Handlers) answerToned(w http.ResponseWriter, r *http.Request, x act, a any, band page.Band, err error) error {
	switch {
	case err != nil:
		return h.refusedDesk(w, r, x.by, x.session, err)
	case page.WantsJSON(r):
		return h.site.JSON(w, r, http.StatusOK, a)
	}
	return h.answerDesk(w, r, x.by, x.session, band)
}

// FinishForAbsent is POST /sessions/{id}/visits/{visit}/finish-for: 诊毕 for a
// doctor who is not there any more.
func (h *Handlers) FinishForAbsent(w http.ResponseWriter, r *http.Request) error {
	x, err := parseAct(r)
	if err != nil {
		return err
	}
	in := session.AbsentEnding{Why: r.PostFormValue("why"), Ending: session.Ending{SessionID: x.session, Visit: x.visit, CommandID: x.command,
		Collector: r.PostFormValue("collector"), CollectorName: r.PostFormValue("collector_name"), Prescription: r.PostFormValue("prescription"),
		NoDrugReason: r.PostFormValue("no_drug_reason")}}
	a, err := h.sessions.FinishForAbsent(r.Context(), x.by, in)
	switch {
	case err != nil:
		return err
	case page.WantsJSON(r):
		return h.site.JSON(w, r, http.StatusOK, a)
	case !page.IsHTMX(r):
		return h.site.SeeOther(w, r, fmt.Sprintf("/sessions/%d/queue", x.session))
	}
	return h.answerQueue(w, r, x, "", page.Band{Tone: page.Good, Text: a.Sentence})
}

func sampleDesk() []page.Sample {
	days, most := 30, 7
	lines := []session.Line{{PackID: 1, DrugID: 1, Dose: "每日 1mg", Days: &days, MaxDays: &most, Class: inventory.ClassPsychotropic2}, {PackID: 2, DrugID: 1}}
	v := &visitView{URL: "#", Words: "2 盒", Lines: make([]lineView, 2)}
	addDoses(v, lines)
	asked := newFinishView(v, session.Ending{Collector: "family", CollectorName: "演示家属", Prescription: "R-1"}, 2)
	long := newFinishView(v, session.Ending{Collector: "self"}, 0)
	v.Lines[0].Drug = "演示阿普唑仑片"
	long.askOver(v.Lines)
	return []page.Sample{
		{Name: "desk_finish", Title: "诊毕前问超量理由", View: long},
		{Name: "desk_finish", Title: "诊毕", View: newFinishView(v, session.Ending{Collector: "self"}, 0)},
		{Name: "desk_finish", Title: "诊毕前还有未记录", View: asked},
		{Name: "desk_notes", Title: "诊桌提醒", View: sampleNotes()},
		{Name: "desk_line", Title: "一盒药", View: sampleVisit().Lines[0]},
		{Name: "dose", Title: "用量和天数", View: v.Lines[0].Dose},
		{Name: "owed_form", Title: "记欠药", View: owedFormView{URL: "#", Drugs: []choiceView{{Value: "1", Word: "演示利培酮片 1mg×20片"}}}},
		{Name: "to_sign", Title: "待补签", View: toSignView{Rows: []signRow{{URL: "#", Title: "13 号 · 演示新华 11月23日", About: "演示药师甲 17:20 代为诊毕（医生急诊返院），共 2 盒"}}}},
		{Name: "to_sign", Title: "都补签了", View: toSignView{}},
	}
}
