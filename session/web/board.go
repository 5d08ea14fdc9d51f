package web

import (
	"fmt"

	"jingfang/session"
	"jingfang/session/live"
	"jingfang/session/patient"
)

// boardView is the whole board for one audience.
type boardView struct {
	State   stateView
	Foot    footView
	Stock   stockView
	Queue   queueView
	Doctors doctorsView
	// Requests and Answers are nil for who sees none.
	Requests *requestsView
	Alarms   *alarmsView
	Recalls  recallsPart
	Answers  *answersView
	Roster   rosterPart
	Place    *placeView // nil for who never has a table
	Evening  eveningPart
}

// stateView is the line that says where the session stands.
type stateView struct {
	Word string
	Tone string // class of the badge
	Open bool
}

// footView is the equation that is always true: 带出 = 发出 + 余, and further
// terms when they are not zero.
type footView struct {
	Taken, Given, Left string
	More               []footTerm
	Loose              string // of opened boxes, or ""
}

type footTerm struct{ Word, Packs string }

func orNothing(a session.Amounts) string {
	if a.Empty() {
		return "0"
	}
	return a.String()
}

func newFootView(s session.Snapshot) footView {
	e := s.Equation()
	v := footView{Taken: fmt.Sprint(e.Taken), Given: fmt.Sprint(e.Given), Left: fmt.Sprint(e.Left)}
	for _, x := range []struct {
		word  string
		packs int
	}{{"带回", e.Home}, {"转下场", e.Rolled}, {"损坏", e.Damaged}, {"说明", e.Explained}} {
		if x.packs != 0 {
			v.More = append(v.More, footTerm{x.word, fmt.Sprint(x.packs)})
		}
	}
	if given, left := s.LooseTotal(); !given.Empty() || !left.Empty() {
		v.Loose = "拆开的算在余里：已发 " + orNothing(given) + "，还有 " + orNothing(left)
	}
	return v
}

type stockView struct {
	Rows  []stockRow
	Empty bool
}

// stockRow is one drug; the three widths of its bar are per mille of the packs
// taken, ready for the SVG.
type stockRow struct {
	ID       string
	Name     string
	Spec     string
	Left     string
	Unit     string
	Loose    string // "+ 12 片" beside the boxes, or ""
	Detail   string // "带出 40 · 发出 25 · 诊间 3"
	Expires  string // "最近效期 2027-03", only for who may see it
	Low      bool
	Recalled string // "召回 5", or ""
	GivenTo  int    // bar: handed out for good
	TableTo  int    // bar: start of the part at a table
	TableW   int
	LeftFrom int
	LeftW    int
}

type queueView struct {
	Now      []queueRow
	Next     []queueRow
	Waiting  string
	Finished string
	More     string // "还有 12 位", or ""
	Nobody   bool
	AllURL   string // the whole list
}

type queueRow struct {
	ID     string
	Number string
	Name   string // masked, or "" for who may not see names
	Doctor string
	Packs  string
	Since  string
	Called string // 叫号 at this time, or ""
	CallTo string // address that calls the patient, or ""
}

type doctorsView struct{ Rows []doctorRow }

type doctorRow struct {
	ID     string
	Name   string
	Number string // of the patient at the table, or "空"
	Busy   bool
	Done   string
	Holds  string // "桌上：利培酮片 2", or ""
	Codes  []codeRow
}

type codeRow struct{ Drug, Tail, At string }

// newBoardView draws a snapshot for an audience; it only turns facts into words.
func newBoardView(s session.Snapshot, a live.Audience) boardView {
	may := scopeOf(a)
	v := boardView{
		State:   newStateView(s.Session.State),
		Foot:    newFootView(s),
		Evening: newEveningPart(s.Evening),
		Stock:   newStockView(s.Stock, may),
		Queue:   newQueueView(s.Session.ID, s.Queue, may),
		Doctors: newDoctorsView(s.Doctors, may),
		Roster:  newRosterPart(s.Session.ID, s.Roster),
		Recalls: newRecallsPart(s.Stock),
	}
	v.addHolds(s.Holds)
	if may.requests {
		v.Requests, v.Alarms = newRequestsView(s), newAlarmsView(s)
	}
	if may.table {
		v.Place = newPlaceView(s)
	}
	if may.answers {
		v.Answers = newAnswersView(s)
	}
	return v
}

func newStateView(s session.State) stateView {
	tone := map[session.State]string{session.Open: "good", session.Closing: "caution", session.Planned: "info"}[s]
	if tone == "" {
		tone = "soft"
	}
	return stateView{Word: s.Word(), Tone: tone, Open: s == session.Open}
}

func newStockView(lines []session.StockLine, may scope) stockView {
	v := stockView{Empty: len(lines) == 0}
	for _, l := range lines {
		v.Rows = append(v.Rows, newStockRow(l, may))
	}
	return v
}

func newStockRow(l session.StockLine, may scope) stockRow {
	given := perMille(l.Given-l.AtTable, l.Taken)
	table := perMille(l.AtTable, l.Taken)
	r := stockRow{
		ID: fmt.Sprintf("stock-%d", l.DrugID), Name: l.Generic, Spec: l.Spec, Left: fmt.Sprint(l.Left), Unit: l.PackWord,
		Detail: fmt.Sprintf("带出 %d · 发出 %d", l.Taken, l.Given) + looseGiven(l), Low: l.Left*5 < l.Taken,
		GivenTo: given, TableTo: given, TableW: table, LeftFrom: given + table, LeftW: perMille(l.InTray(), l.Taken),
	}
	if l.Recalled > 0 {
		r.Recalled = fmt.Sprintf("召回 %d", l.Recalled)
	}
	if l.AtTable > 0 {
		r.Detail += fmt.Sprintf(" · 诊间 %d", l.AtTable)
	}
	if l.LooseLeft > 0 {
		r.Loose = fmt.Sprintf("+ %d %s", l.LooseLeft, l.UnitWord)
	}
	if may.batches && l.ExpiresOn != nil {
		r.Expires = "最近效期 " + l.ExpiresOn.Format("2006-01-02")
	}
	return r
}

// looseGiven is what was handed out of boxes that still hold something.
func looseGiven(l session.StockLine) string {
	if l.LooseGiven == 0 {
		return ""
	}
	return fmt.Sprintf(" + %d %s", l.LooseGiven, l.UnitWord)
}

func perMille(part, whole int) int {
	if whole == 0 {
		return 0
	}
	return part * 1000 / whole
}

func newQueueView(id int64, q session.Queue, may scope) queueView {
	v := queueView{Waiting: fmt.Sprint(q.Waiting), Finished: fmt.Sprint(q.Finished), Nobody: q.Waiting == 0 && len(q.Now) == 0}
	if may.queue {
		v.AllURL = fmt.Sprintf("/sessions/%d/queue", id)
	}
	for _, x := range q.Now {
		v.Now = append(v.Now, newQueueRow(x, may))
	}
	for _, x := range q.Next {
		v.Next = append(v.Next, newQueueRow(x, may))
	}
	if more := q.Waiting - len(q.Next); more > 0 {
		v.More = fmt.Sprintf("后面还有 %d 位", more)
	}
	return v
}

func newQueueRow(x session.Visit, may scope) queueRow {
	r := queueRow{ID: "visit-" + x.ID.String(), Number: fmt.Sprint(x.Number)}
	if may.names {
		r.Name = patient.MaskName(x.Patient)
	}
	if x.State == session.InConsultation {
		r.Doctor, r.Packs = x.Doctor, x.Given()
		if x.StartedAt != nil {
			r.Since = x.StartedAt.In(session.Zone()).Format("15:04")
		}
	} else {
		r.Since = x.CameAt.In(session.Zone()).Format("15:04")
		if x.CalledAt != nil {
			r.Called = x.CalledAt.In(session.Zone()).Format("15:04")
		}
		if may.queue {
			r.CallTo = visitURL(x) + "/queue"
		}
	}
	return r
}

func newDoctorsView(lines []session.DoctorLine, may scope) doctorsView {
	var v doctorsView
	for i, d := range lines {
		row := doctorRow{ID: fmt.Sprintf("doctor-%d", d.StaffID), Name: d.Name, Number: "空闲",
			Done: fmt.Sprintf("诊台 %d · 已看 %d 人 · 发出 %s", i+1, d.Visits, d.Given())}
		if d.Number > 0 {
			row.Number, row.Busy = fmt.Sprintf("%d 号", d.Number), true
		}
		if may.codes {
			row.Codes = newCodeRows(d.LastScan)
		}
		v.Rows = append(v.Rows, row)
	}
	return v
}

func newCodeRows(scans []session.LastScan) []codeRow {
	var rows []codeRow
	for _, s := range scans {
		rows = append(rows, codeRow{Drug: s.Generic, Tail: tail(s.Code), At: s.At.In(session.Zone()).Format("15:04")})
	}
	return rows
}

// tail is the last four characters of a code, as people read it aloud.
func tail(code string) string {
	if len(code) <= 4 {
		return code
	}
	return code[len(code)-4:]
}
