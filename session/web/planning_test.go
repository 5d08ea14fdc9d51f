package web_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"

	"jingfang/session"
	"jingfang/session/identity"
	"jingfang/session/patient"
)

// fields is a form with a fresh command and the house's csrf token.
func fields(pairs ...string) url.Values {
	v := url.Values{"csrf": {"tok"}, "command_id": {uuid.NewString()}}
	for i := 0; i+1 < len(pairs); i += 2 {
		v.Add(pairs[i], pairs[i+1])
	}
	return v
}

func (h *house) post(path string, form url.Values) reply {
	h.t.Helper()
	return h.ask("POST", path, form, "Accept", "text/html", "Origin", h.url)
}

// goes names the people of a team as the form does.
func (h *house) goes() []string {
	return []string{"doctor", fmt.Sprint(h.doctors[0].StaffID), "pharmacist", fmt.Sprint(h.chief.StaffID)}
}

func TestTheCalendar(t *testing.T) {
	h := newHouse(t)
	year := time.Now().Year() + 1
	grid := fmt.Sprintf("/sessions/plan?year=%d", year)
	if r := h.page(grid); r.status != 200 || strings.Count(r.body, "year-missing") != 13 || !strings.Contains(r.body, "演示新华") {
		t.Fatalf("the empty year: %d %s", r.status, r.body)
	}
	month := grid + "&month=3"
	on, _ := session.ClinicDate(year, time.March, 5)
	if r := h.page(month); !strings.Contains(r.body, `value="`+on.Format(time.DateOnly)+`"`) {
		t.Errorf("the month: %s", r.body)
	}
	form := func(extra ...string) url.Values {
		return fields(append(append(h.goes(), "year", fmt.Sprint(year), "month", "3", "only", "1"), extra...)...)
	}
	site, date := fmt.Sprint(h.site), fmt.Sprintf("%d-03-17", year)
	for name, f := range map[string]url.Values{
		"nothing ticked": form(), "no date": form("site", site), "past": form("site", site, "date-"+site, "2020-03-17"),
		"another month": form("site", site, "date-"+site, fmt.Sprintf("%d-04-17", year)), "no team": fields("year", fmt.Sprint(year), "month", "3"),
		"no number": form("site", "x", "date-x", date), "no year": fields("year", "abc"),
	} {
		if r := h.post("/sessions/plan", f); r.status != 400 && !strings.Contains(r.body, "notice-bad") {
			t.Errorf("%s: %d %s", name, r.status, r.to)
		}
	}
	r := h.post("/sessions/plan", form("site", site, "date-"+site, date))
	if r.status != 303 || !strings.Contains(r.to, "created=1") {
		t.Fatalf("planned: %d %s %s", r.status, r.to, r.body)
	}
	if r := h.page(r.to); !strings.Contains(r.body, "新建 1 场") || !strings.Contains(r.body, date) || !strings.Contains(r.body, "待开始") {
		t.Errorf("after planning: %s", r.body)
	}
	r = h.post("/sessions/plan", fields(append(h.goes(), "year", fmt.Sprint(year))...))
	if !strings.Contains(r.to, "created=11&existing=1") {
		t.Errorf("the rest of the year: %d %s", r.status, r.to)
	}
	if n := h.statements.Load(); n > 100 {
		t.Errorf("%d statements for 11 sessions", n)
	}
	var days []struct{ Date, State string }
	h.must(json.Unmarshal([]byte(h.json(grid).body), &days))
	if len(days) != 12 || days[2].Date != date || days[2].State != "planned" {
		t.Errorf("a program reads %+v", days)
	}
	for _, bad := range []string{"?year=99999", "?year=x", "?month=13", "?month=x"} {
		if r := h.page("/sessions/plan" + bad); r.status != 400 {
			t.Errorf("%s: %d", bad, r.status)
		}
	}
}

// The doctor who is added to an open session has the table at once.
func TestAnAddedDoctorHasTheTable(t *testing.T) {
	h := newHouse(t)
	id := h.plan()
	h.must(h.sessions.OpenSession(t.Context(), h.chief, id))
	room := fmt.Sprintf("/sessions/%d", id)
	h.lookAs(h.doctors[1])
	if strings.Contains(h.page(room).body, `id="desk"`) {
		t.Error("a doctor who is not in the team has a table")
	}
	moves := func(kind string) bool {
		req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, h.url+room+"/place?kind="+kind, nil)
		h.must(err)
		req.Header.Set("HX-Request", "true")
		res, err := http.DefaultClient.Do(req)
		h.must(err)
		h.must(res.Body.Close())
		if res.StatusCode != 204 {
			t.Errorf("place: %d", res.StatusCode)
		}
		return res.Header.Get("HX-Refresh") == "true"
	}
	if moves("room") || !moves("table") {
		t.Error("without a table the room is the place")
	}
	until := h.stream(room + "/events")
	until(fmt.Sprintf(`place?team=%d"`, h.doctors[0].StaffID))
	h.lookAs(h.chief)
	if r := h.page(room + "/change"); r.status != 200 || !strings.Contains(r.body, "医生乙") {
		t.Errorf("the form: %d", r.status)
	}
	if r := h.post(room+"/team", fields("pharmacist", fmt.Sprint(h.chief.StaffID))); !strings.Contains(r.body, "请至少选一名医生") {
		t.Errorf("without a doctor: %d", r.status)
	}
	r := h.post(room+"/team", fields(append(h.goes(), "doctor", fmt.Sprint(h.doctors[1].StaffID))...))
	if r.status != 303 || r.to != room {
		t.Fatalf("saved: %d %s", r.status, r.body)
	}
	h.lookAs(h.doctors[1])
	if !strings.Contains(h.page(room).body, `id="desk"`) {
		t.Error("the added doctor has no table")
	}
	until(fmt.Sprintf(`place?team=%d-%d"`, h.doctors[1].StaffID, h.doctors[0].StaffID))
	if !moves("room") || moves("table") {
		t.Error("the open page of the added doctor does not become the table")
	}
	if r := h.page(room + "/change"); r.status != 403 {
		t.Errorf("a doctor changes the team: %d", r.status)
	}
}

func TestATyphoon(t *testing.T) {
	h := newHouse(t)
	id := h.plan()
	room := fmt.Sprintf("/sessions/%d", id)
	later := time.Now().AddDate(0, 0, 5).Format(time.DateOnly)
	for name, f := range map[string]url.Values{"no date": fields("reason", "台风"), "no reason": fields("date", later),
		"past": fields("date", "2020-01-01", "reason", "台风"), "no year": fields("date", "9999-12-31", "reason", "台风")} {
		if r := h.post(room+"/reschedule", f); r.status != 200 || !strings.Contains(r.body, "notice-bad") {
			t.Errorf("%s: %d", name, r.status)
		}
	}
	r := h.post(room+"/reschedule", fields("date", later, "reason", "台风"))
	if r.status != 303 || r.to == room {
		t.Fatalf("moved: %d %s", r.status, r.body)
	}
	if old := h.page(room); !strings.Contains(old.body, r.to) || !strings.Contains(old.body, "已改期") {
		t.Error("the old session does not lead to the new one")
	}
	if r := h.page(room + "/change"); !strings.Contains(r.body, "不能再改") {
		t.Errorf("the old one's form: %d", r.status)
	}
	if r := h.post(r.to+"/cancel", fields("reason", "场地停电")); r.status != 303 {
		t.Errorf("cancelled: %d %s", r.status, r.body)
	}
	if r := h.ask("POST", room+"/cancel", fields("reason", "又一次"), "Accept", "application/json"); r.status != 409 {
		t.Errorf("cancelled twice: %d %s", r.status, r.body)
	}
}

func TestTheRosterPage(t *testing.T) {
	h := newHouse(t)
	p, _, err := h.patients.Register(t.Context(), h.chief, patient.Entry{Name: "演示甲", HomeSiteID: h.site})
	h.must(err)
	other, _, err := h.patients.Register(t.Context(), h.chief, patient.Entry{Name: "演示乙", HomeSiteID: h.site})
	h.must(err)
	id := h.plan()
	list := fmt.Sprintf("/sessions/%d/roster", id)
	if r := h.page(list); !strings.Contains(r.body, p.Number) || !strings.Contains(r.body, "演**") || strings.Contains(r.body, "演示甲") {
		t.Errorf("the list: %s", r.body)
	}
	if r := h.post(list, fields("remove", fmt.Sprint(other.ID))); r.status != 303 {
		t.Errorf("removed: %d %s", r.status, r.body)
	}
	if r := h.post(list, fields("patient", "没有这个人")); r.status != 200 || !strings.Contains(r.body, `role="alert"`) {
		t.Errorf("nobody: %d", r.status)
	}
	var said struct {
		Expected string
		Patients []struct{ Number string }
	}
	h.must(json.Unmarshal([]byte(h.json(list).body), &said))
	if said.Expected != "1" || len(said.Patients) != 1 {
		t.Errorf("a program reads %+v", said)
	}
	h.lookAs(h.person("管理甲", identity.Manager))
	if r := h.page(list); strings.Contains(r.body, "演**") || !strings.Contains(r.body, p.Number) {
		t.Errorf("a manager reads names: %d", r.status)
	}
}
