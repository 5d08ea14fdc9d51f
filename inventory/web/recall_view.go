package web

import (
	"fmt"
	"time"

	"jingfang/inventory"
	"jingfang/session"
	"jingfang/session/identity"
)

// recallsView is the list of recalls.
type recallsView struct {
	Open, Lifted []recallRow
	CanStart     bool
}

type recallRow struct {
	URL, Number, Class, Subject, Reason, About string
	Clock                                      clockView
}

func newRecallsView(list []inventory.Recall, now time.Time) recallsView {
	var v recallsView
	for _, a := range list {
		row := recallRow{URL: fmt.Sprintf("/recalls/%d", a.ID), Number: a.Number(), Class: string(a.Class), Subject: a.Subject(), Reason: a.Reason,
			About: stamp(a.StartedAt) + " " + a.StartedBy + " · " + a.SourceNo, Clock: newClockView(a, now)}
		if a.Open() {
			v.Open = append(v.Open, row)
		} else {
			v.Lifted = append(v.Lifted, row)
		}
	}
	return v
}

// clockView is the countdown of a recall; URL is where to ask for it again.
type clockView struct{ URL, Word, Figure, Tone string }

func newClockView(a inventory.Recall, now time.Time) clockView {
	if !a.Open() {
		return clockView{Word: "已解除", Figure: stamp(*a.LiftedAt), Tone: "soft"}
	}
	words, late := inventory.Countdown(a.DueAt, now)
	v := clockView{URL: fmt.Sprintf("/recalls/%d/clock", a.ID), Word: "还剩", Figure: words, Tone: "caution"}
	switch {
	case late:
		v.Word, v.Tone = "已超时", "bad"
	case a.DueAt.Sub(now) < 6*time.Hour:
		v.Tone = "bad"
	}
	return v
}

// stamp is a moment on the clinic's clock: 11月23日 09:12.
func stamp(t time.Time) string { return t.In(zone()).Format("1月2日 15:04") }

// recallForm is what a recall is started with.
type recallForm struct {
	Classes                               []classChoice
	Drugs                                 []drugChoice
	Batch, Codes, Reason, Source, Problem string
}

type classChoice struct {
	Word, Hours string
	Chosen      bool
}

func newRecallForm(in inventory.Recalling, drugs []inventory.Drug, problem string) recallForm {
	v := recallForm{Batch: in.Batch, Codes: in.Codes, Reason: in.Reason, Source: in.SourceNo, Problem: problem}
	for _, c := range inventory.RecallClasses() {
		v.Classes = append(v.Classes, classChoice{string(c), fmt.Sprintf("%d 小时", int(c.Window().Hours())), c == in.Class})
	}
	for _, d := range drugs {
		v.Drugs = append(v.Drugs, drugChoice{ID: d.ID, Name: d.Name(), Chosen: d.ID == in.DrugID})
	}
	return v
}

// previewView is what a recall would hit, with the form's fields to send again.
type previewView struct {
	Class, Hours, Subject, Reason, Source string
	Drug                                  int64
	Batch, Codes                          string
	Reach                                 reachView
}

func newPreviewView(in inventory.Recalling, scope inventory.RecallScope, reach session.RecallReach, drug string) previewView {
	a := inventory.Recall{Kind: scope.Kind(), GenericName: drug, Batch: scope.Batch, Codes: len(scope.Codes)}
	return previewView{Class: string(in.Class), Hours: fmt.Sprintf("%d 小时", int(in.Class.Window().Hours())), Subject: a.Subject(),
		Reason: in.Reason, Source: in.SourceNo, Drug: in.DrugID, Batch: in.Batch, Codes: in.Codes, Reach: newReachView(reach)}
}

// reachView is where the boxes are.
type reachView struct {
	Packs, Free, Patients, Unknown int
	Places                         []placeRow
}

type placeRow struct {
	Name, URL, Tone, What string
	Packs                 int
}

func newReachView(x session.RecallReach) reachView {
	v := reachView{Packs: x.Packs, Free: x.Free, Patients: x.Patients, Unknown: x.Unknown}
	for _, p := range x.Places {
		row := placeRow{Name: p.Name, Packs: p.Packs, Tone: "soft"}
		switch p.State {
		case inventory.StateInStore:
			row.Name, row.What, row.Tone = "药房", "转入隔离", "caution"
		case inventory.StateAllocated:
			row.What, row.Tone, row.URL = "留在药箱，不能发；收尾时带回隔离", "caution", fmt.Sprintf("/sessions/%d", p.SessionID)
		case inventory.StateDispensed:
			row.Name, row.What, row.Tone = "患者手里", "要联系患者", "bad"
		case inventory.StateQuarantined:
			row.Name = "已隔离"
		case inventory.StateExpected:
			row.What = "到货时直接隔离"
		}
		v.Places = append(v.Places, row)
	}
	return v
}

// recallView is one recall.
type recallView struct {
	URL, Number, Class, Subject, Reason, Source, Started string
	Clock                                                clockView
	Open                                                 bool
	Reach                                                reachView
	Reached, Patients, Left                              int
	// Lift is nil for who may not lift, and once it is lifted.
	Lift   *liftView
	Lifted string
}

// liftView is the two steps of lifting.
type liftView struct {
	URL, Asked, Reason string
	Mine               bool // the viewer has asked and cannot confirm
}

func newRecallView(a inventory.Recall, reach session.RecallReach, calls session.RecallProgress, by identity.Actor, now time.Time) recallView {
	v := recallView{URL: fmt.Sprintf("/recalls/%d", a.ID), Number: a.Number(), Class: string(a.Class), Subject: a.Subject(), Reason: a.Reason, Source: a.SourceNo,
		Started: stamp(a.StartedAt) + " " + a.StartedBy, Clock: newClockView(a, now), Open: a.Open(), Reach: newReachView(reach),
		Reached: calls.Reached, Patients: calls.Patients, Left: calls.Patients - calls.Reached}
	v.Reach.settled(a.Open())
	if !a.Open() {
		v.Lifted = fmt.Sprintf("%s由%s提出、%s确认解除：%s", stamp(*a.LiftedAt), a.AskedBy, a.LiftedBy, a.LiftReason)
	} else if by.Can(identity.Recall, 0) == nil {
		v.Lift = &liftView{URL: v.URL + "/lift", Reason: a.LiftReason, Mine: a.AskedID == by.StaffID}
		if a.AskedID != 0 {
			v.Lift.Asked = a.AskedBy + " " + stamp(*a.AskedAt)
		}
	}
	return v
}

// settled words the places of a recall that has begun.
func (v *reachView) settled(open bool) {
	for i := range v.Places {
		p := &v.Places[i]
		switch {
		case !open:
			p.What = ""
			if p.Tone == "caution" {
				p.Tone = "soft"
			}
		case p.URL != "":
			p.What = "已冻结，收尾时带回隔离"
		}
	}
}

// recallJSON is a recall for programs.
type recallJSON struct {
	ID        int64      `json:"id"`
	Number    string     `json:"number"`
	Class     string     `json:"class"`
	Scope     string     `json:"scope"`
	DrugID    int64      `json:"drug_id,omitempty"`
	Batch     string     `json:"batch,omitempty"`
	Codes     int        `json:"codes,omitempty"`
	Unknown   int        `json:"unknown_codes,omitempty"`
	Reason    string     `json:"reason"`
	SourceNo  string     `json:"source_no"`
	StartedAt time.Time  `json:"started_at"`
	DueAt     time.Time  `json:"due_at"`
	LiftedAt  *time.Time `json:"lifted_at,omitempty"`
}

// recallDetailJSON is one recall with where its boxes are.
type recallDetailJSON struct {
	recallJSON
	Reach    reachJSON `json:"reach"`
	Reached  int       `json:"patients_reached"`
	Patients int       `json:"patients"`
}

func newRecallsJSON(list []inventory.Recall) []recallJSON {
	out := []recallJSON{}
	for _, a := range list {
		out = append(out, recallJSON{a.ID, a.Number(), string(a.Class), string(a.Kind), a.DrugID, a.Batch, a.Codes, a.Unknown, a.Reason, a.SourceNo, a.StartedAt, a.DueAt, a.LiftedAt})
	}
	return out
}

// reachJSON is where the boxes of a recall are.
type reachJSON struct {
	Packs    int         `json:"packs"`
	Patients int         `json:"patients"`
	Unknown  int         `json:"unknown_codes"`
	Places   []placeJSON `json:"places"`
}

type placeJSON struct {
	State     string `json:"state"`
	Name      string `json:"name"`
	SessionID int64  `json:"session_id,omitempty"`
	Packs     int    `json:"packs"`
}

func newReachJSON(x session.RecallReach) reachJSON {
	out := reachJSON{Packs: x.Packs, Patients: x.Patients, Unknown: x.Unknown, Places: []placeJSON{}}
	for _, p := range x.Places {
		out.Places = append(out.Places, placeJSON{string(p.State), p.Name, p.SessionID, p.Packs})
	}
	return out
}
