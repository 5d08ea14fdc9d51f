package web

import (
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"time"

	"jingfang/inventory"
	"jingfang/session"
	"jingfang/session/identity"
	"jingfang/session/page"
	"jingfang/sql/db"
)

// correctPage puts right what a finished visit says of its boxes.
type correctPage struct {
	Head headView
	Form correctView
}

type correctView struct {
	URL    string
	Number string
	About  string // 演示医生甲 · 10:42 诊毕
	Late   bool   // the session is over: it becomes a 补充
	Lines  []wrongLine
	Past   []pastCorrection
	Empty  bool // nothing of it is left
}

// wrongLine is one box of the visit with the form that corrects it.
type wrongLine struct {
	lineView
	Full string // quantity and unit
	Unit string // of a drug that is given by quantity, else ""
	Now  string
	Most string
	Late bool
}

// pastCorrection is what has been put right before.
type pastCorrection struct{ Word, Text, About string }

// today is the clinic's date, for the rule of the same day.
func (h *Handlers) today() string { return session.Today(h.db.Now()).Format(time.DateOnly) }

// Correct is GET /sessions/{id}/visits/{visit}/correct.
func (h *Handlers) Correct(w http.ResponseWriter, r *http.Request) error {
	by, x, err := h.readSession(r, identity.ViewSession)
	if err != nil {
		return err
	}
	v, err := h.findVisit(r, x.ID)
	if err != nil {
		return err
	}
	if err := session.MayCorrect(by, x, v, h.today()); err != nil {
		return err
	}
	form, err := h.readCorrect(r, x, v)
	if err != nil {
		return err
	}
	return h.site.Page(w, r, "correct", correctPage{Head: newHeadView(x), Form: form})
}

func (h *Handlers) findVisit(r *http.Request, sessionID int64) (session.Visit, error) {
	id, err := visitID(r)
	if err != nil {
		return session.Visit{}, err
	}
	return session.FindVisit(r.Context(), h.db, sessionID, id)
}

func (h *Handlers) readCorrect(r *http.Request, x session.Session, v session.Visit) (correctView, error) {
	lines, err := session.VisitLines(r.Context(), h.db, v.ID)
	if err != nil {
		return correctView{}, err
	}
	past, err := session.Corrections(r.Context(), h.db, v.ID)
	if err != nil {
		return correctView{}, err
	}
	return newCorrectView(x, v, lines, past), nil
}

func newCorrectView(x session.Session, v session.Visit, lines []session.Line, past []session.Supplement) correctView {
	c := correctView{URL: visitURL(v) + "/correct", Number: fmt.Sprint(v.Number), About: v.Doctor, Late: x.State == session.Closed, Empty: len(lines) == 0}
	if v.FinishedAt != nil {
		c.About += " · " + v.FinishedAt.In(session.Zone()).Format("15:04") + " 诊毕"
	}
	for _, l := range lines {
		row := wrongLine{lineView: newLineView(l), Full: quantityWord(l), Late: c.Late}
		if l.Loose {
			row.Unit, row.Now, row.Most = l.UnitWord, fmt.Sprint(l.Quantity), fmt.Sprint(l.Content)
		}
		c.Lines = append(c.Lines, row)
	}
	for _, p := range past {
		word := fmt.Sprintf("记录 %d", p.N)
		if p.Late {
			word = fmt.Sprintf("补充 %d", p.N)
		}
		c.Past = append(c.Past, pastCorrection{Word: word, Text: p.Text, About: p.By + " " + p.At.In(session.Zone()).Format("1月2日 15:04")})
	}
	return c
}

// quantityWord says a line's amount: 1 盒, or 10 片 of a part.
func quantityWord(l session.Line) string {
	if l.Quantity == l.Content && !l.Loose {
		return "1 " + l.PackWord
	}
	return fmt.Sprintf("%d %s", l.Quantity, l.UnitWord)
}

// CorrectLine is POST /sessions/{id}/visits/{visit}/correct: code, quantity (0 takes
// the box back), apart, reason.
func (h *Handlers) CorrectLine(w http.ResponseWriter, r *http.Request) error {
	x, err := parseAct(r)
	if err != nil {
		return err
	}
	in := session.Correcting{SessionID: x.session, Visit: x.visit, CommandID: x.command, Code: strings.TrimSpace(r.PostFormValue("code")),
		Apart: r.PostFormValue("apart") == "true", Reason: r.PostFormValue("reason")}
	if in.Quantity, err = strconv.ParseInt(strings.TrimSpace(r.PostFormValue("quantity")), 10, 32); err != nil {
		return db.RefuseBecause(err, db.Invalid, "请填正确的数量，用整数；没有给出就填 0。")
	}
	a, err := h.sessions.CorrectLine(r.Context(), x.by, in)
	band := page.Band{Tone: page.Good, Text: a.Sentence}
	switch {
	case err != nil && (!page.IsHTMX(r) || db.KindOf(err) != db.Conflict && db.KindOf(err) != db.Invalid):
		return err
	case err != nil:
		band = page.Band{Tone: page.Caution, Text: db.Sentence(err)}
	case page.WantsJSON(r):
		return h.site.JSON(w, r, http.StatusOK, a)
	case !page.IsHTMX(r):
		return h.site.SeeOther(w, r, fmt.Sprintf("/sessions/%d/visits/%s/correct", x.session, x.visit))
	}
	s, err := session.Find(r.Context(), h.db, x.session)
	if err != nil {
		return err
	}
	v, err := session.FindVisit(r.Context(), h.db, x.session, x.visit)
	if err != nil {
		return err
	}
	form, err := h.readCorrect(r, s, v)
	if err != nil {
		return err
	}
	return h.site.Fragments(w, r, http.StatusOK, page.Part{Name: "correct_form", View: form}, page.Part{Name: "band_area", View: band})
}

func sampleCorrect() []page.Sample {
	at := time.Date(2026, 11, 23, 2, 42, 0, 0, time.UTC)
	v := sampleBoard().Queue.Now[0]
	v.State, v.FinishedAt = session.Finished, &at
	lines := []session.Line{
		{PackID: 1, Code: "80000010000000006312", Generic: "演示利培酮片", Spec: "1mg×20片", Quantity: 20, Content: 20, UnitWord: "片", PackWord: "盒", How: string(inventory.HowScanned), At: at},
		{PackID: 2, Code: "80000020000000000077", Generic: "演示盐酸苯海索片", Spec: "2mg×100片", Quantity: 10, Content: 100, UnitWord: "片", PackWord: "瓶", How: string(inventory.HowScanned), At: at, Loose: true}}
	past := []session.Supplement{{N: 14, At: at, By: "演示医生甲", Text: "更正发药：演示奥氮平片 5mg×14片 14 片，追溯码 80000030000000000012，没有给出，收回。原因：拿错了一盒"}}
	head := headView{ID: 1, Site: "演示新华", Date: "11月23日", URL: "#"}
	open := newCorrectView(session.Session{State: session.Open}, v, lines, past)
	late := newCorrectView(session.Session{State: session.Closed}, v, lines, nil)
	return []page.Sample{
		{Name: "correct", Title: "更正：当天", View: correctPage{head, open}}, {Name: "correct", Title: "更正：结束以后", View: correctPage{head, late}},
		{Name: "correct_form", Title: "没有药了", View: newCorrectView(session.Session{State: session.Open}, v, nil, past)},
	}
}
