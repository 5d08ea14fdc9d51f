package web

import (
	"fmt"
	"net/http"
	"net/url"
	"strconv"
	"time"

	"github.com/go-chi/chi/v5"

	"github.com/google/uuid"

	"jingfang/session"
	"jingfang/session/identity"
	"jingfang/session/page"
	"jingfang/sql/db"
)

// historyView is the view of the page "patient_history".
type historyView struct {
	Name, About string
	Allergies   string
	Collectors  string // who may collect, in one line
	Last        string // the last medicine and for how long it is enough
	LastTone    string
	Owed        []string // medicine that was not given yet
	State       string
	Back        string
	TraceURL    string
	Merges      []mergeRow
	Rows        []pastRow
	Older       string // address of the page after this
}

// mergeRow is an entry that was merged into this one.
type mergeRow struct {
	ID, Number, Name, About string
	UndoURL                 string // "" when it may not be undone
}

// pastRow is a visit.
type pastRow struct {
	When, Where, Amount, Doctor string
	Badge, Tone                 string
	Lines                       []string
	Boxes                       []pastBox
	URL                         string // of the session, for who may see it
}

type pastBox struct{ Head, Tail, Drug, Much, Dose, URL string }

// patientOf reads a patient's id from the address.
func patientOf(r *http.Request) (int64, error) {
	id, err := strconv.ParseInt(chi.URLParam(r, "id"), 10, 64)
	if err != nil || id <= 0 {
		return 0, db.Refuse(db.NotFound, "没有这位患者，请重新查找。")
	}
	return id, nil
}

// History is GET /patients/{id}/history: the visits with their codes, the last first.
func (h *Handlers) History(w http.ResponseWriter, r *http.Request) error {
	by, err := identity.Who(r.Context())
	if err != nil {
		return err
	}
	id, err := patientOf(r)
	if err != nil {
		return err
	}
	before, err := historyMark(r.URL.Query())
	if err != nil {
		return err
	}
	x, err := h.sessions.History(r.Context(), by, id, before)
	if err != nil {
		return err
	}
	if page.WantsJSON(r) {
		return h.site.JSON(w, r, http.StatusOK, newHistoryJSON(x))
	}
	return h.site.Page(w, r, "patient_history", newHistoryView(by, x, h.db.Now()))
}

func historyMark(q url.Values) (time.Time, error) {
	text := q.Get("before")
	if text == "" {
		return time.Time{}, nil
	}
	at, err := time.Parse(time.RFC3339Nano, text)
	if err != nil {
		return at, db.RefuseBecause(err, db.Invalid, "页面地址不对，请从患者页面重新打开就诊经过。")
	}
	return at, nil
}

func newHistoryView(by identity.Actor, x session.PatientHistory, now time.Time) historyView {
	url := fmt.Sprintf("/patients/%d", x.Patient.ID)
	v := historyView{Name: x.Name, About: about(x.Patient, now), Back: url, TraceURL: fmt.Sprintf("/trace/patient/%d", x.Patient.ID),
		Last: x.Last.Sentence(x.Today), LastTone: string(x.Last.Tone(x.Today))}
	if x.Name == x.Patient.Name {
		v.Allergies = x.Patient.Allergies
	}
	if x.Patient.MergedInto != nil || x.Patient.State != "active" {
		v.State = x.Patient.State.Label()
	}
	for _, row := range newOwedRows(x.Owed, uuid.Nil) {
		v.Owed = append(v.Owed, row.Text)
	}
	for i, c := range x.Collectors {
		if i > 0 {
			v.Collectors += "、"
		}
		v.Collectors += c.Name + "（" + c.Relation + "）"
	}
	for _, m := range x.Merges {
		row := mergeRow{ID: fmt.Sprint(m.ID), Number: m.Number, About: fmt.Sprintf("%s %s并入：%s", m.At.In(session.Zone()).Format("2006-01-02 15:04"), m.Who, m.Reason)}
		if m.Undoable(now) && by.Can(identity.DecideRequest, x.Patient.HomeSiteID) == nil {
			row.UndoURL = url + "/merge/undo"
		}
		v.Merges = append(v.Merges, row)
	}
	for _, visit := range x.Visits {
		v.Rows = append(v.Rows, newPastRow(by, x, visit))
	}
	if x.More {
		v.Older = url + "/history?before=" + x.Visits[len(x.Visits)-1].CameAt.UTC().Format(time.RFC3339Nano)
	}
	return v
}

// newLastView is what the table shows of the last supply.
func newLastView(patientID int64, l session.LastSupply, today time.Time) lastView {
	return lastView{Text: l.Sentence(today), Tone: string(l.Tone(today)), URL: fmt.Sprintf("/patients/%d/history", patientID)}
}

func newPastRow(by identity.Actor, x session.PatientHistory, visit session.PastVisit) pastRow {
	row := pastRow{When: visit.HeldOn.Format(time.DateOnly), Where: fmt.Sprintf("%s %d 号", visit.Site, visit.Number), Amount: visit.Amount(), Doctor: visit.Doctor}
	if by.Can(identity.ViewSession, visit.SiteID) == nil {
		row.URL = fmt.Sprintf("/sessions/%d", visit.SessionID)
	}
	switch visit.State {
	case session.Waiting:
		row.Badge, row.Tone, row.Amount = "候诊", "info", ""
	case session.InConsultation:
		row.Badge, row.Tone = "就诊中", "info"
	}
	if visit.PatientNo != x.Patient.Number {
		row.Lines = append(row.Lines, "原编号 "+visit.PatientNo)
	}
	if visit.NoDrug != "" {
		row.Amount = ""
		row.Lines = append(row.Lines, "未发药："+visit.NoDrug)
	}
	if word := collectorWord(visit.Collector); visit.Collector != "self" && visit.State == session.Finished && x.Collectors != nil {
		row.Lines = append(row.Lines, "代领："+word+" "+visit.CollectorName)
	}
	if visit.NextDue != nil {
		row.Lines = append(row.Lines, "下次 "+visit.NextDue.Format(time.DateOnly))
	}
	if visit.Seq > 0 {
		row.Lines = append(row.Lines, fmt.Sprintf("本场第 %d 条记录", visit.Seq))
	}
	for _, b := range visit.Boxes {
		one := pastBox{Tail: tail(b.Code), Drug: b.DrugName(), Dose: b.Dose, URL: traceURL(b.Code)}
		one.Head = b.Code[:len(b.Code)-len(one.Tail)]
		if b.Quantity != b.Content {
			one.Much = fmt.Sprintf("%d %s", b.Quantity, b.UnitWord)
		}
		if b.Days > 0 {
			one.Dose += fmt.Sprintf(" %d 天", b.Days)
		}
		row.Boxes = append(row.Boxes, one)
	}
	return row
}

func collectorWord(c string) string {
	switch c {
	case "family":
		return "家属"
	case "village_doctor":
		return "村医"
	case "staff":
		return "送药上门"
	case "other":
		return "其他人"
	}
	return "本人"
}

// historyJSON is a patient's visits for a program.
type historyJSON struct {
	Number   string     `json:"number"`
	Name     string     `json:"name"` // masked
	DaysLeft *int       `json:"days_left"`
	Visits   []pastJSON `json:"visits"`
	More     bool       `json:"more"`
	Merged   []string   `json:"merged"` // numbers of the entries that were merged into it
}

type pastJSON struct {
	Visit  string   `json:"visit"`
	HeldOn string   `json:"held_on"`
	Site   string   `json:"site"`
	State  string   `json:"state"`
	Number string   `json:"number"` // of the entry it was written under
	Codes  []string `json:"codes"`
}

func newHistoryJSON(x session.PatientHistory) historyJSON {
	out := historyJSON{Number: x.Patient.Number, Name: x.Patient.Masked(), Visits: []pastJSON{}, More: x.More, Merged: []string{}}
	if days, known := session.DaysLeft(x.Last.Drugs, x.Today); known {
		out.DaysLeft = &days
	}
	for _, m := range x.Merges {
		out.Merged = append(out.Merged, m.Number)
	}
	for _, v := range x.Visits {
		one := pastJSON{Visit: v.ID.String(), HeldOn: v.HeldOn.Format(time.DateOnly), Site: v.Site, State: string(v.State), Number: v.PatientNo, Codes: []string{}}
		for _, b := range v.Boxes {
			one.Codes = append(one.Codes, b.Code)
		}
		out.Visits = append(out.Visits, one)
	}
	return out
}
