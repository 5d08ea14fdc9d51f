package web

import (
	"fmt"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/go-chi/chi/v5"

	"jingfang/inventory"
	"jingfang/session"
	"jingfang/session/identity"
	"jingfang/session/page"
	"jingfang/sql/db"
)

// boxesView is a reverse trace: the boxes of a batch, of a receipt, of a patient, of
// a tote, a bag or a carton.
type boxesView struct {
	Title, About string
	Box          *boxHead // of a container, nil elsewhere
	Acts         []boxAct // its life
	Empty        string   // what to say where there is no box; "" for the usual
	Notes        []noteView
	Counts       []countView
	People       []personRow
	PeopleWord   string // how many people have some, "" where nobody is counted
	Rows         []boxRow
	Next         string // address of the next page, or ""
}

type countView struct{ Figure, Word string }

// personRow is somebody who has boxes of a batch; masked.
type personRow struct{ Name, About, Packs, URL string }

// boxRow is one box.
type boxRow struct {
	Head, Tail, Drug, State, Tone, About, URL string
	Unfit                                     string // why it may not be handed out
}

// TraceBatch is GET /trace/batch: all boxes of a batch, and who has some.
func (h *Handlers) TraceBatch(w http.ResponseWriter, r *http.Request) error {
	by, err := identity.Who(r.Context())
	if err != nil {
		return err
	}
	q := r.URL.Query()
	drug, err := strconv.ParseInt(q.Get("drug"), 10, 64)
	if err != nil || drug <= 0 || q.Get("batch") == "" || len([]rune(q.Get("batch"))) > 60 {
		return db.Refuse(db.Invalid, "地址里缺少药品或批号。请在查码页输入批号。")
	}
	after, err := pageMark(q)
	if err != nil {
		return err
	}
	t, err := h.sessions.TraceBatch(r.Context(), by, drug, q.Get("batch"), after)
	if err != nil {
		return err
	}
	if page.WantsJSON(r) {
		return h.site.JSON(w, r, http.StatusOK, t)
	}
	v := boxesView{Title: "批号 " + t.Batch, About: t.Drug, Counts: newCounts(t.Packs, t.Counts), Rows: newBoxRows(t.Boxes),
		PeopleWord: fmt.Sprintf("%d 位患者领过", t.People)}
	for _, x := range t.Recalls {
		n := noteView{Text: x.Class + "召回 " + inventory.RecallNumber(x.ID) + "，" + x.At.In(session.Zone()).Format(time.DateOnly) + " 起", Bad: x.Gone == nil, URL: recallURL(by, x.ID)}
		if x.Gone != nil {
			n.Text += "（已解除）"
		}
		v.Notes = append(v.Notes, n)
	}
	for _, p := range t.Patients {
		v.People = append(v.People, personRow{p.Patient, p.Site + " · " + p.LastOn.Format(time.DateOnly), fmt.Sprintf("%d 盒", p.Packs), patientTraceURL(p.PatientID)})
	}
	if t.More {
		v.Next = batchURL(drug, t.Batch) + "&after=" + fmt.Sprint(t.Boxes[len(t.Boxes)-1].ID)
	}
	return h.site.Page(w, r, "trace_boxes", v)
}

// pageMark is where the page before ended; 0 for the first.
func pageMark(q url.Values) (int64, error) {
	text := q.Get("after")
	if text == "" {
		return 0, nil
	}
	n, err := strconv.ParseInt(text, 10, 64)
	if err != nil || n < 0 {
		return 0, db.Refuse(db.Invalid, "页码不对。请从查码页重新进入。")
	}
	return n, nil
}

// TraceReceipt is GET /trace/receipt/{id}: every box of a document.
func (h *Handlers) TraceReceipt(w http.ResponseWriter, r *http.Request) error {
	by, err := identity.Who(r.Context())
	if err != nil {
		return err
	}
	id, err := tracedID(r, "没有这张入库单。请从查码页重新查单号。")
	if err != nil {
		return err
	}
	after, err := pageMark(r.URL.Query())
	if err != nil {
		return err
	}
	t, err := h.sessions.TraceReceipt(r.Context(), by, id, after)
	if err != nil {
		return err
	}
	if page.WantsJSON(r) {
		return h.site.JSON(w, r, http.StatusOK, t)
	}
	v := boxesView{Title: "入库单 " + t.Number, Counts: newCounts(t.Packs, t.Counts), Rows: newBoxRows(t.Boxes),
		About: strings.TrimSpace(t.Store + " " + t.At.In(session.Zone()).Format(time.DateOnly) + fmt.Sprintf(" · 单上 %d 盒", t.Wanted))}
	if t.More {
		v.Next = receiptTraceURL(id) + "?after=" + fmt.Sprint(t.Boxes[len(t.Boxes)-1].ID)
	}
	return h.site.Page(w, r, "trace_boxes", v)
}

func tracedID(r *http.Request, sentence string) (int64, error) {
	id, err := strconv.ParseInt(chi.URLParam(r, "id"), 10, 64)
	if err != nil || id <= 0 {
		return 0, db.Refuse(db.NotFound, "%s", sentence)
	}
	return id, nil
}

// TracePatient is GET /trace/patient/{id}: every code a patient was given.
func (h *Handlers) TracePatient(w http.ResponseWriter, r *http.Request) error {
	by, err := identity.Who(r.Context())
	if err != nil {
		return err
	}
	id, err := tracedID(r, "没有这位患者，请重新查找。")
	if err != nil {
		return err
	}
	before, err := pageMark(r.URL.Query())
	if err != nil {
		return err
	}
	t, err := h.sessions.TracePatient(r.Context(), by, id, before)
	if err != nil {
		return err
	}
	if page.WantsJSON(r) {
		return h.site.JSON(w, r, http.StatusOK, newGivenJSON(t))
	}
	v := boxesView{Title: t.Name + " 领过的药", About: t.Patient.Number + " · " + t.Patient.HomeSite}
	for _, x := range t.Boxes {
		v.Rows = append(v.Rows, newGivenRow(x))
	}
	if t.More {
		v.Next = patientTraceURL(id) + "?after=" + fmt.Sprint(t.Boxes[len(t.Boxes)-1].LineID)
	}
	return h.site.Page(w, r, "trace_boxes", v)
}

func newCounts(packs int64, counts []session.BoxCount) []countView {
	list := []countView{{fmt.Sprint(packs), "共"}}
	for _, c := range counts {
		word := c.State.Chinese()
		if c.Site != "" {
			word = c.Site
		}
		list = append(list, countView{fmt.Sprint(c.Packs), word})
	}
	return list
}

func newBoxRows(boxes []session.Box) []boxRow {
	var list []boxRow
	for _, b := range boxes {
		row := boxRow{Tail: tail(b.Code), Drug: inventory.DrugName(b.Generic, b.Spec), State: b.State.Chinese(), Tone: stateTone(b.State), URL: traceURL(b.Code)}
		row.Head, row.Unfit = strings.TrimSuffix(b.Code, row.Tail), b.Unfit
		var about []string
		if b.HeldOn != nil {
			about = append(about, b.Site+" "+b.HeldOn.Format(time.DateOnly))
		}
		if b.Number > 0 {
			about = append(about, strings.TrimSpace(fmt.Sprintf("%d 号 %s", b.Number, b.Patient)))
		}
		if b.Left > 0 && b.Left < b.Content {
			about = append(about, fmt.Sprintf("余 %d %s", b.Left, b.UnitWord))
		}
		row.About = strings.Join(about, " · ")
		list = append(list, row)
	}
	return list
}

func newGivenRow(x session.GivenBox) boxRow {
	row := boxRow{Tail: tail(x.Code), Drug: inventory.DrugName(x.Generic, x.Spec), State: x.State.Chinese(), Tone: stateTone(x.State), URL: traceURL(x.Code)}
	row.Head = strings.TrimSuffix(x.Code, row.Tail)
	about := []string{x.HeldOn.Format(time.DateOnly) + " " + x.Site, fmt.Sprintf("%d 号", x.Number), x.Doctor}
	if x.Quantity != x.Content {
		about = append(about, fmt.Sprintf("%d %s", x.Quantity, x.UnitWord))
	}
	if x.Days > 0 {
		about = append(about, fmt.Sprintf("%d 天", x.Days))
	}
	if x.OverReason != "" {
		about = append(about, "超量理由："+x.OverReason)
	}
	switch {
	case x.Undone:
		about = append(about, "后来撤销")
	case x.Seq > 0:
		about = append(about, fmt.Sprintf("记录第 %d 号", x.Seq))
	}
	row.About = strings.Join(about, " · ")
	return row
}

// givenJSON is what a patient was given, for programs; without the name.
type givenJSON struct {
	PatientID int64          `json:"patient_id"`
	Boxes     []givenBoxJSON `json:"boxes"`
	More      bool           `json:"more"`
}

type givenBoxJSON struct {
	Code     string `json:"code"`
	Drug     string `json:"drug"`
	Date     string `json:"date"`
	Session  int64  `json:"session"`
	Quantity int64  `json:"quantity"`
	Batch    string `json:"batch,omitempty"`
	Undone   bool   `json:"undone,omitempty"`
	State    string `json:"state"`
}

func newGivenJSON(t session.PatientTrace) givenJSON {
	out := givenJSON{PatientID: t.Patient.ID, Boxes: []givenBoxJSON{}, More: t.More}
	for _, x := range t.Boxes {
		out.Boxes = append(out.Boxes, givenBoxJSON{x.Code, inventory.DrugName(x.Generic, x.Spec), x.HeldOn.Format(time.DateOnly), x.SessionID, x.Quantity, x.Batch, x.Undone, string(x.State)})
	}
	return out
}
