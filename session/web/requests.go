package web

import (
	"fmt"
	"net/http"
	"time"

	"github.com/go-chi/chi/v5"
	"github.com/google/uuid"

	"jingfang/inventory"
	"jingfang/session"
	"jingfang/session/identity"
	"jingfang/session/page"
	"jingfang/sql/db"
)

// requestsView is the part of the board for whoever has the duty.
type requestsView struct{ Rows []requestRow }

// requestRow is one request that waits.
type requestRow struct {
	ID, URL, Number, Doctor, Drug, Tail, Why, At string
	Yes, No                                      []string // reasons to choose from
}

// answersView is the part of the board for doctors: what became of requests, by
// queue number. Its first answer makes the table ask whether its desk changed.
type answersView struct {
	URL  string
	Rows []answerRow
}

type answerRow struct {
	ID, Number, Drug, Tail, Word, Reason, At string
	Yes                                      bool
}

// shownAnswers is how many decided requests a doctor's screen lists.
const shownAnswers = 3

func newRequestsView(s session.Snapshot) *requestsView {
	v := &requestsView{}
	for _, q := range s.Requests {
		if q.Decision != session.Undecided {
			continue
		}
		v.Rows = append(v.Rows, requestRow{ID: "request-" + q.ID.String(), URL: fmt.Sprintf("/sessions/%d/requests/%s", s.Session.ID, q.ID),
			Number: fmt.Sprint(q.Number), Doctor: q.Doctor, Drug: q.Drug, Tail: tail(q.Code), At: minute(q.AskedAt),
			Why: whyAsked(q.Kind), Yes: []string{"实物核对无误", "漏装箱", "漏扫入库"}, No: []string{"请换一盒", "实物与码不符", "来源不明"}})
	}
	return v
}

// whyAsked says in few words why the pack could not be recorded.
func whyAsked(kind string) string {
	switch inventory.AnswerKind(kind) {
	case inventory.KindNotPacked:
		return "在药房账上，没有装进本场药箱"
	case inventory.KindNotReceived:
		return "还没有扫码入库"
	case inventory.KindOtherSession:
		return "配在另一场的药箱里"
	}
	return "没有这个码的入库记录"
}

func newAnswersView(s session.Snapshot) *answersView {
	v := &answersView{URL: fmt.Sprintf("/sessions/%d/desk", s.Session.ID)}
	for _, q := range s.Requests {
		if q.Decision == session.Undecided || len(v.Rows) == shownAnswers {
			continue
		}
		v.Rows = append(v.Rows, answerRow{ID: "answer-" + q.ID.String(), Number: fmt.Sprint(q.Number), Drug: q.Drug, Tail: tail(q.Code),
			Word: q.Decision.Word(), Reason: q.Reason, At: minute(*q.DecidedAt), Yes: q.Decision == session.DecidedIn})
	}
	return v
}

// deskVersion names what is on a desk: a change by somebody else is seen by it.
func deskVersion(v session.Visit, lines int, chips []session.Chip) string {
	open, asked := 0, 0
	for _, f := range chips {
		if f.Resolution == "" {
			open++
		}
		if f.Asked {
			asked++
		}
	}
	return fmt.Sprintf("%s-%d-%d-%d-%d", v.ID, lines, len(chips), open, asked)
}

// Desk is GET /sessions/{id}/desk?v=: the desk if it is another than v, which is
// asked when a request was decided.
func (h *Handlers) Desk(w http.ResponseWriter, r *http.Request) error {
	by, x, err := h.readSession(r, identity.Dispense)
	if err != nil {
		return err
	}
	desk, err := h.readDesk(r.Context(), by, x, "")
	if err != nil {
		return err
	}
	if page.WantsJSON(r) {
		return h.site.JSON(w, r, http.StatusOK, newDeskJSON(desk))
	}
	if !page.IsHTMX(r) {
		return h.site.SeeOther(w, r, desk.URL)
	}
	if desk.Visit == nil || desk.Visit.Version == r.URL.Query().Get("v") {
		w.WriteHeader(http.StatusNoContent)
		return nil
	}
	parts := []page.Part{{Name: "desk", View: desk}}
	if band, ok, err := h.decidedBand(r, x, desk.Visit); err != nil {
		return err
	} else if ok {
		parts = append(parts, page.Part{Name: "band_area", View: band})
	}
	return h.site.Fragments(w, r, http.StatusOK, parts...)
}

// decidedBand tells the doctor the last decision about the open visit.
func (h *Handlers) decidedBand(r *http.Request, x session.Session, v *visitView) (page.Band, bool, error) {
	list, err := session.Requests(r.Context(), h.db, x.ID)
	if err != nil {
		return page.Band{}, false, err
	}
	for _, q := range list {
		if q.Decision == session.Undecided || v.ID != q.VisitID {
			continue
		}
		if q.Decision == session.DecidedIn && v.asks(q.Code) {
			return page.Band{Tone: page.Caution, Text: fmt.Sprintf("药师已放行：%s …%s。请填发多少。", q.Drug, tail(q.Code)), Figure: v.Packs, Unit: v.Unit + v.More}, true, nil
		}
		if q.Decision == session.DecidedIn {
			return page.Band{Tone: page.Good, Text: fmt.Sprintf("药师已放行：%s …%s，已记录。", q.Drug, tail(q.Code)), Figure: v.Packs, Unit: v.Unit + v.More}, true, nil
		}
		return page.Band{Tone: page.Bad, Text: fmt.Sprintf("药师不放行：%s …%s。%s。请换一盒。", q.Drug, tail(q.Code), q.Reason), Figure: v.Packs, Unit: v.Unit + v.More}, true, nil
	}
	return page.Band{}, false, nil
}

// deskJSON is the open visit for programs.
type deskJSON struct {
	Number      string `json:"number,omitempty"`
	Packs       string `json:"packs,omitempty"`
	NotRecorded int    `json:"not_recorded"`
}

func newDeskJSON(d deskView) deskJSON {
	if d.Visit == nil {
		return deskJSON{}
	}
	return deskJSON{Number: d.Visit.Number, Packs: d.Visit.Packs, NotRecorded: len(d.Visit.Refused)}
}

// AskLetIn is POST /sessions/{id}/visits/{visit}/requests: 请药师放行.
func (h *Handlers) AskLetIn(w http.ResponseWriter, r *http.Request) error {
	x, err := parseAct(r)
	if err != nil {
		return err
	}
	in := session.Asking{SessionID: x.session, Visit: x.visit, CommandID: x.command, Code: r.PostFormValue("code")}
	a, err := h.sessions.AskLetIn(r.Context(), x.by, in)
	if err != nil {
		return h.refusedDesk(w, r, x.by, x.session, err)
	}
	if page.WantsJSON(r) {
		return h.site.JSON(w, r, http.StatusOK, a)
	}
	return h.answerDesk(w, r, x.by, x.session, page.Band{Tone: page.Good, Text: a.Sentence})
}

// PutAway is POST /sessions/{id}/visits/{visit}/chips: a code that was not
// recorded went back.
func (h *Handlers) PutAway(w http.ResponseWriter, r *http.Request) error {
	x, err := parseAct(r)
	if err != nil {
		return err
	}
	in := session.Resolving{SessionID: x.session, Visit: x.visit, CommandID: x.command}
	if in.Refusal, err = formID(r, "chip"); err != nil {
		return err
	}
	a, err := h.sessions.PutAway(r.Context(), x.by, in)
	if err != nil {
		return h.refusedDesk(w, r, x.by, x.session, err)
	}
	if page.WantsJSON(r) {
		return h.site.JSON(w, r, http.StatusOK, a)
	}
	return h.answerDesk(w, r, x.by, x.session, page.Band{Tone: page.Good, Text: a.Sentence})
}

// Decide is POST /sessions/{id}/requests/{request}: decision is let_in or
// refused. The list changes by itself, on every screen that shows it.
func (h *Handlers) Decide(w http.ResponseWriter, r *http.Request) error {
	by, err := identity.Who(r.Context())
	if err != nil {
		return err
	}
	in, err := parseDeciding(r)
	if err != nil {
		return err
	}
	a, err := h.sessions.Decide(r.Context(), by, in)
	if err != nil {
		return err
	}
	if page.WantsJSON(r) {
		return h.site.JSON(w, r, http.StatusOK, a)
	}
	if !page.IsHTMX(r) {
		return h.site.SeeOther(w, r, fmt.Sprintf("/sessions/%d", in.SessionID))
	}
	return h.site.Fragment(w, r, "band_area", page.Band{Tone: page.Good, Text: a.Sentence})
}

func parseDeciding(r *http.Request) (session.Deciding, error) {
	var in session.Deciding
	decision := session.Decision(r.PostFormValue("decision"))
	if decision != session.DecidedIn && decision != session.DecidedNo {
		return in, db.Refuse(db.Invalid, "请点“放行”或“不放行”。")
	}
	in.LetIn = decision == session.DecidedIn
	if in.Reason = r.PostFormValue("other"); in.Reason == "" {
		in.Reason = r.PostFormValue("reason_" + string(decision))
	}
	if in.Reason == "" {
		in.Reason = r.PostFormValue("reason")
	}
	var err error
	if in.SessionID, err = sessionID(r); err != nil {
		return in, err
	}
	if in.Request, err = uuid.Parse(chi.URLParam(r, "request")); err != nil {
		return in, db.RefuseBecause(err, db.NotFound, "没有这个申请。请看最新的列表。")
	}
	in.CommandID, err = formUUID(r, "command_id")
	return in, err
}

func sampleRequests() []page.Sample {
	s := sampleBoard()
	decided := s.At
	ask := session.Request{ID: uuid.UUID{9}, Number: 13, Code: "80000010000000007001", Drug: "演示利培酮片 1mg×20片", Kind: "not_packed", Doctor: "演示医生甲", AskedAt: s.At}
	yes, no := ask, ask
	yes.Decision, yes.DecidedAt, yes.Reason, yes.Number = session.DecidedIn, &decided, "实物核对无误", 11
	no.Decision, no.DecidedAt, no.Reason = session.DecidedNo, &decided, "请换一盒"
	s.Requests = []session.Request{ask, yes, no}
	return []page.Sample{
		{Name: "board_requests", Title: "放行申请", View: *newRequestsView(s)}, {Name: "board_requests", Title: "没有申请", View: requestsView{}},
		{Name: "board_answers", Title: "申请的答复", View: *newAnswersView(s)}, {Name: "board_answers", Title: "没有答复", View: answersView{}},
	}
}

// minute is a time of day as screens show it.
func minute(t time.Time) string { return t.In(session.Zone()).Format("15:04") }
