package web

import (
	"fmt"
	"net/http"
	"strings"
	"time"

	"jingfang/session"
	"jingfang/session/identity"
	"jingfang/session/page"
	"jingfang/session/patient"
	"jingfang/sql/db"
)

// mergeView is the view of the page "patient_merge": first the question which entry
// is the other one, then both side by side.
type mergeView struct {
	URL, Back string
	Name      string
	About     string
	With      string // what was typed for the other entry
	Error     string
	Sides     []sideView // the one that goes on first
	A, B      string     // their ids
	Reason    string
}

// sideView is one of two entries.
type sideView struct {
	Title string
	Rows  []sideRow
}

type sideRow struct {
	Word, Value string
	Same        bool // as on the other side
}

// Merge is GET /patients/{id}/merge?with=: which other entry is the same person's.
// With a number or a label it shows both, which is audited.
func (h *Handlers) Merge(w http.ResponseWriter, r *http.Request) error {
	by, id, err := h.mergePatient(r)
	if err != nil {
		return err
	}
	return h.showMerge(w, r, by, id, r.URL.Query().Get("with"), "")
}

func (h *Handlers) mergePatient(r *http.Request) (identity.Actor, int64, error) {
	by, err := identity.Who(r.Context())
	if err != nil {
		return by, 0, err
	}
	id, err := patientOf(r)
	return by, id, err
}

func (h *Handlers) showMerge(w http.ResponseWriter, r *http.Request, by identity.Actor, id int64, with, problem string) error {
	p, err := patient.ByID(r.Context(), h.db, id)
	if err != nil {
		return err
	}
	for _, need := range []identity.Permission{identity.DecideRequest, identity.UnmaskPatient} {
		if err := identity.Allow(r.Context(), h.db, by, need, p.HomeSiteID); err != nil {
			return err
		}
	}
	url := fmt.Sprintf("/patients/%d", id)
	v := mergeView{URL: url + "/merge", Back: url, Name: p.Name, About: about(p, h.db.Now()), With: with, Error: problem, Reason: r.PostFormValue("reason")}
	if strings.TrimSpace(with) == "" {
		return h.site.Page(w, r, "patient_merge", v)
	}
	sides, err := h.mergeSides(r, by, id, with)
	switch kind := db.KindOf(err); {
	case err == nil:
		v.addSides(sides, h.db.Now())
	case kind == db.Invalid || kind == db.NotFound || kind == db.Conflict:
		v.Error = db.Sentence(err)
	default:
		return err
	}
	return h.site.Page(w, r, "patient_merge", v)
}

func (h *Handlers) mergeSides(r *http.Request, by identity.Actor, id int64, with string) ([2]session.Side, error) {
	other, err := patient.Find(r.Context(), h.db, with)
	if err != nil {
		return [2]session.Side{}, err
	}
	return h.sessions.CompareForMerge(r.Context(), by, id, other.ID)
}

func (v *mergeView) addSides(sides [2]session.Side, now time.Time) {
	v.A, v.B = fmt.Sprint(sides[0].Patient.ID), fmt.Sprint(sides[1].Patient.ID)
	rows := [2][]sideRow{newSideRows(sides[0], now), newSideRows(sides[1], now)}
	for i, title := range []string{"保留（登记较早）", "并入左边这份"} {
		side := sideView{Title: title}
		for j, row := range rows[i] {
			row.Same = rows[0][j].Value == rows[1][j].Value
			side.Rows = append(side.Rows, row)
		}
		v.Sides = append(v.Sides, side)
	}
}

func newSideRows(s session.Side, now time.Time) []sideRow {
	word := func(text string) string {
		if text == "" {
			return "未登记"
		}
		return text
	}
	p, birth, visits := s.Patient, "", "没有"
	if p.BirthOn != nil {
		birth = fmt.Sprintf("%s（%d 岁）", p.BirthOn.Format(time.DateOnly), p.Age(now))
	}
	if s.Visits > 0 {
		visits = fmt.Sprintf("%d 次，%s 至 %s", s.Visits, s.First.Format(time.DateOnly), s.Last.Format(time.DateOnly))
	}
	return []sideRow{{Word: "编号", Value: p.Number}, {Word: "姓名", Value: p.Name}, {Word: "性别", Value: word(p.SexWord())}, {Word: "出生", Value: word(birth)},
		{Word: "精防点", Value: p.HomeSite}, {Word: "证件", Value: strings.TrimSpace(s.Private.Paper.Label() + " " + s.Private.PaperNo)},
		{Word: "电话", Value: word(s.Private.Phone)}, {Word: "地址", Value: word(s.Private.Address)}, {Word: "过敏", Value: word(p.Allergies)},
		{Word: "就诊", Value: visits}, {Word: "状态", Value: p.State.Label()}}
}

// DoMerge is POST /patients/{id}/merge: the second look was taken.
func (h *Handlers) DoMerge(w http.ResponseWriter, r *http.Request) error {
	by, id, err := h.mergePatient(r)
	if err != nil {
		return err
	}
	in := session.Merging{Reason: r.PostFormValue("reason")}
	if in.CommandID, err = formUUID(r, "command_id"); err != nil {
		return err
	}
	if in.A, err = formID(r, "a"); err != nil {
		return err
	}
	if in.B, err = formID(r, "b"); err != nil {
		return err
	}
	a, err := h.sessions.MergePatients(r.Context(), by, in)
	switch kind := db.KindOf(err); {
	case err == nil && page.WantsJSON(r):
		return h.site.JSON(w, r, http.StatusOK, a)
	case err == nil:
		return h.site.SeeOther(w, r, fmt.Sprintf("/patients/%d/history", a.Into))
	case page.WantsJSON(r) || kind != db.Invalid && kind != db.Conflict:
		return err
	}
	return h.showMerge(w, r, by, id, "id:"+fmt.Sprint(in.A+in.B-id), db.Sentence(err))
}

// UndoMerge is POST /patients/{id}/merge/undo, on the day of the merge.
func (h *Handlers) UndoMerge(w http.ResponseWriter, r *http.Request) error {
	by, _, err := h.mergePatient(r)
	if err != nil {
		return err
	}
	var in session.Parting
	if in.CommandID, err = formUUID(r, "command_id"); err != nil {
		return err
	}
	if in.MergeID, err = formID(r, "merge"); err != nil {
		return err
	}
	a, err := h.sessions.UndoMerge(r.Context(), by, in)
	if err != nil {
		return err
	}
	if page.WantsJSON(r) {
		return h.site.JSON(w, r, http.StatusOK, a)
	}
	return h.site.SeeOther(w, r, fmt.Sprintf("/patients/%d", a.Into))
}
