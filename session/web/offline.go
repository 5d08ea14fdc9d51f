package web

import (
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/google/uuid"

	"jingfang/session"
	"jingfang/session/identity"
	"jingfang/session/page"
	"jingfang/sql/db"
)

// offlineView is the pieces that the browser puts together while there is no link.
// It holds nothing about patients.
type offlineView struct {
	Session   string
	Reasons   []choiceView
	Collects  []choiceView
	Relations []string
}

func newOfflineView(id int64) offlineView {
	return offlineView{Session: fmt.Sprint(id), Reasons: reasons(""), Collects: collects(""), Relations: session.Relations()}
}

// shellView is the page of the table without anything of a patient or person, for
// a reload without a link.
type shellView struct {
	Head    headView
	Offline offlineView
}

// Offline is GET /sessions/{id}/offline?v=&mark=: what a table's device keeps sealed
// for the time without a link; 204 when it has this version. mark names the facts
// about patients that it has already.
func (h *Handlers) Offline(w http.ResponseWriter, r *http.Request) error {
	by, err := identity.Who(r.Context())
	if err != nil {
		return err
	}
	id, err := sessionID(r)
	if err != nil {
		return err
	}
	version, err := strconv.ParseInt(r.URL.Query().Get("v"), 10, 64)
	if err != nil {
		version = 0 // a device that has nothing yet
	}
	o, fresh, err := h.sessions.ReadOffline(r.Context(), by, id, version, r.URL.Query().Get("mark"))
	if err != nil {
		return err
	}
	if !fresh {
		w.WriteHeader(http.StatusNoContent)
		return nil
	}
	return h.site.JSON(w, r, http.StatusOK, o)
}

// Shell is GET /sessions/{id}/shell: the table's page as a device may keep it.
func (h *Handlers) Shell(w http.ResponseWriter, r *http.Request) error {
	_, x, err := h.readSession(r, identity.Dispense)
	if err != nil {
		return err
	}
	// The frame of nobody: no name, no menu, no token.
	return h.site.Page(w, page.ForNobody(r), "shell", shellView{Head: newHeadView(x), Offline: newOfflineView(x.ID)})
}

// Waiting is GET /waiting: what a browser shows in place of a page that it cannot
// fetch. It is the same for everybody.
func (h *Handlers) Waiting(w http.ResponseWriter, r *http.Request) error {
	return h.site.Page(w, page.ForNobody(r), "waiting", struct{}{})
}

// ReportDevice is POST /sessions/{id}/devices: a table's device says what it has
// not sent.
func (h *Handlers) ReportDevice(w http.ResponseWriter, r *http.Request) error {
	by, err := identity.Who(r.Context())
	if err != nil {
		return err
	}
	in := session.DeviceReport{Model: deviceModel(r.UserAgent()), AtTable: r.PostFormValue("at_table") == "true"}
	if in.SessionID, err = sessionID(r); err != nil {
		return err
	}
	if in.Device, err = formUUID(r, "device"); err != nil {
		return err
	}
	if in.Unsent, err = strconv.Atoi(r.PostFormValue("unsent")); err != nil {
		return db.RefuseBecause(err, db.Invalid, "设备的报告不完整，请刷新页面。")
	}
	if err := h.sessions.ReportDevice(r.Context(), by, in); err != nil {
		return err
	}
	w.WriteHeader(http.StatusNoContent)
	return nil
}

// deviceModel is what people call such a device.
func deviceModel(agent string) string {
	for _, m := range []struct{ sign, word string }{
		{"iPad", "平板"}, {"iPhone", "苹果手机"}, {"HarmonyOS", "鸿蒙手机"}, {"OpenHarmony", "鸿蒙手机"}, {"Android", "安卓手机"},
		{"Windows", "Windows 电脑"}, {"Macintosh", "苹果电脑"}, {"Linux", "Linux 电脑"},
	} {
		if strings.Contains(agent, m.sign) {
			return m.word
		}
	}
	return ""
}

// NoteConflict is POST /sessions/{id}/offline/conflicts: a command that a device
// kept and the server refuses.
func (h *Handlers) NoteConflict(w http.ResponseWriter, r *http.Request) error {
	by, err := identity.Who(r.Context())
	if err != nil {
		return err
	}
	in := session.LateConflict{What: r.PostFormValue("what"), Codes: r.PostFormValue("codes"), Refusal: r.PostFormValue("refusal")}
	if in.SessionID, err = sessionID(r); err != nil {
		return err
	}
	if in.CommandID, err = formUUID(r, "command_id"); err != nil {
		return err
	}
	if text := r.PostFormValue("visit"); text != "" {
		if in.Visit, err = uuid.Parse(text); err != nil {
			return db.RefuseBecause(err, db.Invalid, "冲突的报告不完整。")
		}
	}
	if in.DoneAt, err = doneAt(r); err != nil {
		return err
	}
	said, err := h.sessions.NoteConflict(r.Context(), by, in)
	if err != nil {
		return err
	}
	return h.site.JSON(w, r, http.StatusOK, map[string]string{"sentence": said})
}

// ReleaseDevice is POST /sessions/{id}/devices/release.
func (h *Handlers) ReleaseDevice(w http.ResponseWriter, r *http.Request) error {
	x, err := parseClosing(r)
	if err != nil {
		return err
	}
	in := session.Releasing{SessionID: x.session, CommandID: x.command, Reason: r.PostFormValue("reason")}
	if in.Device, err = formUUID(r, "device"); err != nil {
		return err
	}
	if in.StaffID, err = formID(r, "staff"); err != nil {
		return err
	}
	a, err := h.sessions.ReleaseDevice(r.Context(), x.by, in)
	if err != nil {
		return err
	}
	return h.answerStep(w, r, x, a)
}

// deviceRow is a device that closing waits for.
type deviceRow struct{ Device, Staff, Text string }

func newDeviceRows(list []session.Device) []deviceRow {
	var rows []deviceRow
	for _, d := range list {
		rows = append(rows, deviceRow{d.ID.String(), fmt.Sprint(d.StaffID), d.Sentence() + "。"})
	}
	return rows
}

func sampleOffline() []page.Sample {
	head := headView{ID: 1, Site: "演示新华", Date: "11月23日", URL: "#"}
	at := time.Date(2026, 11, 23, 9, 10, 0, 0, time.UTC)
	rows := newDeviceRows([]session.Device{{ID: uuid.UUID{1}, StaffID: 2, Name: "演示医生乙", Model: "安卓手机", Unsent: 5, HeardAt: at},
		{ID: uuid.UUID{2}, StaffID: 3, Name: "演示医生丙", AtTable: true, HeardAt: at}})
	return []page.Sample{
		{Name: "shell", Title: "断网时重新打开诊桌", View: shellView{Head: head, Offline: newOfflineView(1)}},
		{Name: "waiting", Title: "断网时打开别的页面", View: struct{}{}},
		{Name: "offline", Title: "断网时用的零件", View: newOfflineView(1)},
		{Name: "closing_devices", Title: "没有上传完的设备", View: closingDevices{URL: "#", CanLead: true, Rows: rows}},
	}
}

// closingDevices are the devices that closing waits for.
type closingDevices struct {
	URL     string
	CanLead bool
	Rows    []deviceRow
}
