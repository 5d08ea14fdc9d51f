package web

import (
	"fmt"
	"net/http"

	"github.com/google/uuid"

	"jingfang/session"
	"jingfang/session/identity"
	"jingfang/session/page"
	"jingfang/sql/db"
)

// queuePage is the whole queue of a session; the board names only the next ones.
type queuePage struct {
	Head headView
	List queueListView
}

// queueListView is the list and what its rows offer. One row at a time is open:
// 350 rows with a form each would be a heavy page.
type queueListView struct {
	URL   string
	Rows  []listedVisit
	Empty bool
	Open  bool // a row is open; the list then stands still
}

type listedVisit struct {
	queueRow
	ActURL  string // of the visit's steps, "" when nothing can be done
	OpenURL string // opens the row
	Word    string
	Tone    string
	CanCall bool
	CanBack bool
	CanVoid bool
	EndURL  string // 诊毕 for an absent doctor, "" for who may not
	NoPacks bool
	Opened  bool
	Detail  string
	UndoURL string     // takes packs back, "" for who may not
	Lines   []lineView // of the row that is open
	// ReturnURL is the page on which the patient's boxes come back.
	ReturnURL string
	Correct   string // of the page that puts a finished visit right, "" for who may not
}

// Queue is GET /sessions/{id}/queue: everybody in the queue; ?visit= opens a row.
func (h *Handlers) Queue(w http.ResponseWriter, r *http.Request) error {
	by, x, err := h.readSession(r, identity.ViewSession)
	if err != nil {
		return err
	}
	v, err := h.readQueueList(r, by, x, r.URL.Query().Get("visit"))
	if err != nil {
		return err
	}
	if page.WantsJSON(r) {
		return h.site.JSON(w, r, http.StatusOK, newQueueJSON(v))
	}
	if page.IsHTMX(r) && r.URL.Query().Get("part") != "" {
		return h.site.Fragment(w, r, "queue_list", v)
	}
	return h.site.Page(w, r, "queue", queuePage{Head: newHeadView(x), List: v})
}

func (h *Handlers) readQueueList(r *http.Request, by identity.Actor, x session.Session, open string) (queueListView, error) {
	list, err := session.QueueList(r.Context(), h.db, x.ID)
	if err != nil {
		return queueListView{}, err
	}
	may := scopeOf(audienceIn(by, x))
	may.queue = may.queue && (x.State == session.Open || x.State == session.Closing)
	v := newQueueListView(x.ID, list, may, open)
	for i := range list {
		if v.Rows[i].Opened && by.Can(identity.TakeReturn, x.SiteID) == nil {
			v.Rows[i].ReturnURL = visitURL(list[i]) + "/return"
		}
		if session.MayCorrect(by, x, list[i], h.today()) == nil && list[i].Lines > 0 {
			v.Rows[i].Correct = visitURL(list[i]) + "/correct"
		}
	}
	if !may.codes || by.Can(identity.Undo, x.SiteID) != nil {
		return v, nil
	}
	for i := range v.Rows {
		if row := &v.Rows[i]; row.Opened && !row.NoPacks {
			row.UndoURL = fmt.Sprintf("/sessions/%d/visits/%s/undo", x.ID, open)
			if row.Lines, err = h.readLines(r, open); err != nil {
				return v, err
			}
		}
	}
	return v, nil
}

// readLines reads what the visit of the open row has been given.
func (h *Handlers) readLines(r *http.Request, visit string) ([]lineView, error) {
	id, err := uuid.Parse(visit)
	if err != nil {
		return nil, db.RefuseBecause(err, db.NotFound, "没有这次就诊。请看最新的列表。")
	}
	lines, err := session.VisitLines(r.Context(), h.db, id)
	var rows []lineView
	for _, l := range lines {
		rows = append(rows, newLineView(l))
	}
	return rows, err
}

func newQueueListView(id int64, list []session.Visit, may scope, open string) queueListView {
	v := queueListView{URL: fmt.Sprintf("/sessions/%d/queue", id), Empty: len(list) == 0}
	for _, x := range list {
		row := newListedVisit(x, may, open, v.URL)
		v.Open = v.Open || row.Opened
		v.Rows = append(v.Rows, row)
	}
	return v
}

func newListedVisit(x session.Visit, may scope, open, url string) listedVisit {
	row := listedVisit{queueRow: newQueueRow(x, may)}
	switch x.State {
	case session.Waiting:
		row.Word, row.Tone, row.Detail = "候诊", "info", "到 "+row.Since
	case session.InConsultation:
		row.Word, row.Tone, row.Detail = "就诊中", "good", x.Doctor+" · "+x.Given()
	case session.Finished:
		row.Word, row.Tone, row.Detail = "已诊毕", "soft", x.Doctor+" · "+x.Given()
	default:
		row.Word, row.Tone = "作废", "soft"
	}
	if row.Called != "" {
		row.Detail += " · 已叫 " + row.Called
	}
	if !may.queue || x.State == session.Finished || x.State == session.Void {
		return row
	}
	row.ActURL, row.OpenURL = visitURL(x)+"/queue", url+"?visit="+x.ID.String()
	row.CanCall = x.State == session.Waiting
	row.CanBack = x.State == session.InConsultation && x.Lines == 0
	row.CanVoid, row.NoPacks = x.Lines == 0, x.Lines == 0
	if may.requests && x.State == session.InConsultation {
		row.EndURL = visitURL(x) + "/finish-for"
	}
	row.Opened = open == x.ID.String()
	return row
}

func visitURL(v session.Visit) string {
	return fmt.Sprintf("/sessions/%d/visits/%s", v.SessionID, v.ID)
}

// queueJSON is a visit of the queue for programs: no names.
type queueJSON struct {
	Number string `json:"number"`
	State  string `json:"state"`
	Detail string `json:"detail"`
}

func newQueueJSON(v queueListView) []queueJSON {
	out := []queueJSON{}
	for _, x := range v.Rows {
		out = append(out, queueJSON{x.Number, x.Word, x.Detail})
	}
	return out
}

// MoveInQueue is POST /sessions/{id}/visits/{visit}/queue: step is call,
// put_back or void. It is pressed on the board, in the list (from=list) or at
// the doctor's table (from=desk), and each gets back what it shows.
func (h *Handlers) MoveInQueue(w http.ResponseWriter, r *http.Request) error {
	x, err := parseAct(r)
	if err != nil {
		return err
	}
	in := session.Queueing{SessionID: x.session, Visit: x.visit, CommandID: x.command,
		Step: session.QueueStep(r.PostFormValue("step")), Reason: r.PostFormValue("reason")}
	a, err := h.sessions.MoveInQueue(r.Context(), x.by, in)
	if err != nil {
		return h.refusedQueue(w, r, x, err)
	}
	band := page.Band{Tone: page.Good, Text: a.Sentence}
	switch {
	case page.WantsJSON(r):
		return h.site.JSON(w, r, http.StatusOK, a)
	case r.PostFormValue("from") == "desk":
		return h.answerDesk(w, r, x.by, x.session, band)
	case !page.IsHTMX(r):
		return h.site.SeeOther(w, r, fmt.Sprintf("/sessions/%d/queue", x.session))
	case r.PostFormValue("from") == "list":
		return h.answerQueue(w, r, x, "", band)
	}
	return h.site.Fragment(w, r, "band_area", band)
}

// refusedQueue answers a refused step with what the place it was pressed at shows
// now.
func (h *Handlers) refusedQueue(w http.ResponseWriter, r *http.Request, x act, err error) error {
	switch {
	case r.PostFormValue("from") == "desk":
		return h.refusedDesk(w, r, x.by, x.session, err)
	case r.PostFormValue("from") != "list" || !page.IsHTMX(r) || db.KindOf(err) != db.Conflict:
		return err
	}
	return h.answerQueue(w, r, x, x.visit.String(), page.Band{Tone: page.Caution, Text: db.Sentence(err)})
}

// answerQueue answers with the list as it is now, the row of a visit open.
func (h *Handlers) answerQueue(w http.ResponseWriter, r *http.Request, x act, open string, band page.Band) error {
	s, err := session.Find(r.Context(), h.db, x.session)
	if err != nil {
		return err
	}
	v, err := h.readQueueList(r, x.by, s, open)
	if err != nil {
		return err
	}
	return h.site.Fragments(w, r, http.StatusOK, page.Part{Name: "queue_list", View: v}, page.Part{Name: "band_area", View: band})
}

func sampleQueue() []page.Sample {
	b := sampleBoard()
	void, done := b.Queue.Next[0], b.Queue.Now[0]
	void.State, done.State = session.Void, session.Finished
	list := append(append([]session.Visit{}, b.Queue.Now...), append(b.Queue.Next, done, void)...)
	v := newQueueListView(1, list, scopeOf(forAssistant), b.Queue.Next[1].ID.String())
	v.Rows[3].Correct = "#"
	head := headView{ID: 1, Site: "演示新华", Date: "11月23日", URL: "#"}
	return []page.Sample{
		{Name: "queue", Title: "全部候诊", View: queuePage{Head: head, List: v}},
		{Name: "queue", Title: "没有人", View: queuePage{Head: head, List: newQueueListView(1, nil, scope{}, "")}},
		{Name: "queue_list", Title: "候诊列表", View: v},
	}
}
