package web

import (
	"fmt"
	"net/http"
	"net/url"
	"strconv"

	"github.com/go-chi/chi/v5"
	"github.com/google/uuid"

	"jingfang/inventory"
	"jingfang/session"
	"jingfang/session/identity"
	"jingfang/session/page"
	"jingfang/sql/db"
)

// alarmsView is the part of the board for whoever has the duty: what was given
// although it should not have been, until it is settled.
type alarmsView struct {
	Count string // all that are open
	Rows  []alarmRow
	More  string // "还有 3 条", or ""
}

// alarmRow is one alarm with its two buttons.
type alarmRow struct {
	ID, URL, Number, Drug, Tail, Sentence, Who, At string
	TraceURL                                       string // of the box, or ""
	Settlements                                    []string
}

func newAlarmsView(s session.Snapshot) *alarmsView {
	v := &alarmsView{Count: fmt.Sprint(s.AlarmCount)}
	for _, a := range s.Alarms {
		v.Rows = append(v.Rows, newAlarmRow(s.Session.ID, a))
	}
	if more := s.AlarmCount - len(s.Alarms); more > 0 {
		v.More = fmt.Sprintf("处理后再显示其余 %d 条", more)
	}
	return v
}

func newAlarmRow(sessionID int64, a session.Alarm) alarmRow {
	r := alarmRow{ID: fmt.Sprintf("alarm-%d", a.ID), URL: fmt.Sprintf("/sessions/%d/alarms/%d", sessionID, a.ID), Drug: a.Drug,
		Sentence: a.Sentence, Who: a.RaisedBy, At: minute(a.RaisedAt), Settlements: []string{"已核对实物", "已告诉医生和患者", "已追回药盒", "情况属实，已登记"}}
	if a.Number > 0 {
		r.Number = fmt.Sprint(a.Number)
	}
	if a.Code != "" {
		r.Tail, r.TraceURL = tail(a.Code), "/trace/"+url.PathEscape(a.Code)
	}
	return r
}

// SettleAlarm is POST /sessions/{id}/alarms/{alarm}: the list changes by itself on
// every screen that shows it.
func (h *Handlers) SettleAlarm(w http.ResponseWriter, r *http.Request) error {
	by, err := identity.Who(r.Context())
	if err != nil {
		return err
	}
	in, err := parseSettling(r)
	if err != nil {
		return err
	}
	said, err := h.sessions.SettleAlarm(r.Context(), by, in)
	if err != nil {
		return err
	}
	switch {
	case page.WantsJSON(r):
		return h.site.JSON(w, r, http.StatusOK, struct {
			Sentence string `json:"sentence"`
		}{said})
	case !page.IsHTMX(r):
		return h.site.SeeOther(w, r, fmt.Sprintf("/sessions/%d", in.SessionID))
	}
	return h.site.Fragment(w, r, "band_area", page.Band{Tone: page.Good, Text: said})
}

func parseSettling(r *http.Request) (session.SettlingAlarm, error) {
	in := session.SettlingAlarm{Settlement: r.PostFormValue("other")}
	if in.Settlement == "" {
		in.Settlement = r.PostFormValue("settlement")
	}
	var err error
	if in.SessionID, err = sessionID(r); err != nil {
		return in, err
	}
	if in.Alarm, err = strconv.ParseInt(chi.URLParam(r, "alarm"), 10, 64); err != nil {
		return in, db.RefuseBecause(err, db.NotFound, "没有这条提醒。请看最新的列表。")
	}
	in.CommandID, err = formUUID(r, "command_id")
	return in, err
}

func sampleAlarms() []page.Sample {
	s := sampleBoard()
	visit := uuid.UUID{13}
	s.AlarmCount = 9
	s.Alarms = []session.Alarm{
		{ID: 1, VisitID: &visit, Number: 13, Kind: inventory.KindExpired, Code: "80000010000000006312", Drug: "演示利培酮片 1mg×20片", RaisedBy: "演示医生甲", RaisedAt: s.At,
			Sentence: inventory.KindFactAlarm.Sentence(inventory.Details{Drug: "演示利培酮片", State: "已过期"})},
		{ID: 2, Kind: inventory.KindUnknownPrefix, RaisedBy: "演示医生乙", RaisedAt: s.At, Sentence: "断网时给出的一盒没有入账：前缀没有对照。"},
	}
	return []page.Sample{
		{Name: "board_alarms", Title: "提醒", View: *newAlarmsView(s)}, {Name: "board_alarms", Title: "没有提醒", View: alarmsView{}},
	}
}
