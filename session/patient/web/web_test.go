package web_test

import (
	"context"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"

	"jingfang/session/identity"
	"jingfang/session/patient"
	"jingfang/sql/db"
)

func TestSearchPage(t *testing.T) {
	h := newHouse(t)
	p, token := h.add(h.here, "陈小明")
	a := h.get("/patients?session=7&q="+url.QueryEscape("陈")).want(http.StatusOK, "陈小明", p.Number+" · 男 · 56 岁 · 新华社区", "!"+card, "!"+token.String())
	if n := h.statements.Load(); n > 3 {
		t.Errorf("a search takes %d statements", n)
	}
	if got := a.attr("a.row-main", "href"); got != fmt.Sprintf("/patients/%d?session=7", p.ID) {
		t.Errorf("the row leads to %s", got)
	}
	start := a.doc().Find(`form[action="/sessions/7/visits"]`)
	if number, _ := start.Find(`[name="patient"]`).Attr("value"); number != p.Number || start.Find("button").Text() != "开始就诊" {
		t.Errorf("the form to begin: %s", start.Text())
	}
	if visit, _ := start.Find(`[name="visit"]`).Attr("value"); uuid.Validate(visit) != nil {
		t.Errorf("visit %q", visit)
	}
	h.get("/patients").want(http.StatusOK, "陈小明", "!/visits")
	h.get("/patients?session=x").want(http.StatusOK, "陈小明", "!/visits")
	h.get("/patients?q="+token.String()).want(http.StatusOK, "陈小明")
	h.get("/patients?q=xyz").want(http.StatusOK, "没有找到", "换一个写法", `value="xyz"`)
	a = h.ask(http.MethodGet, "/patients?q=cxm", ":HX-Request", "true").want(http.StatusOK, "陈小明", "!<html")
	if a.header.Get("Vary") != "HX-Request" {
		t.Errorf("Vary is %q", a.header.Get("Vary"))
	}
	h.role(identity.Assistant, h.here)
	h.get("/patients?session=7&q=cxm").want(http.StatusOK, "陈小明", "签到", "!开始就诊")
}

// A refused search keeps the text and says what to do.
func TestSearchRefused(t *testing.T) {
	h := newHouse(t)
	_, token := h.add(h.there, "陈小明")
	long := strings.Repeat("陈", 61)
	h.get("/patients?q="+url.QueryEscape(long)).want(http.StatusOK, "查找的文字太长", `value="`+long+`"`, "!没有找到")
	h.get("/patients?q="+token.String()[:19]).want(http.StatusOK, "没有读完整")
	h.get("/patients?q=%FF").want(http.StatusOK, "无法识别的字符")
	h.get("/patients?q=JFP'\"<script>").want(http.StatusOK, "!<script>'", "!JFP'\"<")
	h.program(http.MethodGet, "/patients?q="+token.String()[:19]).want(http.StatusBadRequest, `"kind":"invalid"`)
	h.get("/patients?q="+token.String()).want(http.StatusForbidden, "没有权限", "!陈小明")
	h.get("/patients?q=cxm").want(http.StatusOK, "没有找到", "!陈小明")
	h.role(identity.Auditor)
	h.get("/patients").want(http.StatusForbidden, "查看患者")
	if n := h.count(`SELECT count(*) FROM audit WHERE event = 'denied'`); n != 2 {
		t.Errorf("%d denials in the audit, want 2", n)
	}
}

// Who does not work with patients reads masked names, and so do programs.
func TestMasked(t *testing.T) {
	h := newHouse(t)
	p, _ := h.add(h.here, "陈小明")
	person := fmt.Sprintf("/patients/%d", p.ID)
	h.program(http.MethodGet, "/patients?q=cxm").want(http.StatusOK, fmt.Sprintf(`[{"id":%d,"number":%q,"name":"陈**","state":"active"}]`, p.ID, p.Number))
	h.program(http.MethodGet, "/patients?q=zzz").want(http.StatusOK, "[]")
	h.program(http.MethodGet, person).want(http.StatusOK, `"name":"陈**"`, "!陈小明", "!"+card)
	h.role(identity.Manager, h.here)
	h.get("/patients?session=7").want(http.StatusOK, "陈**", "!陈小明", "!/visits", "!新患者")
	h.get(person).want(http.StatusOK, "陈**", "!陈小明", "!青霉素", "!unmask", "!/label\"")
}

func TestPersonPage(t *testing.T) {
	h := newHouse(t)
	p, token := h.add(h.here, "陈小明")
	person := fmt.Sprintf("/patients/%d", p.ID)
	a := h.get(person+"?session=7").want(http.StatusOK, "陈小明", "青霉素", "56 岁", "开始就诊", "挂失补打", "!"+card, "!"+phone, "!"+address, "!"+token.String())
	if n := h.statements.Load(); n > 12 {
		t.Errorf("%d statements", n)
	}
	for _, action := range []string{"/unmask", "/label", "/label/lost"} {
		form := a.doc().Find(`form[action="` + person + action + `"]`)
		if form.Length() != 1 || form.Find(`[name="csrf"]`).Length() != 1 || form.Find(`[name="session"][value="7"]`).Length() != 1 {
			t.Errorf("the form %s: %d, or it lacks the token or the session", action, form.Length())
		}
	}
	if id := a.attr(`form[action$="/lost"] [name="command_id"]`, "value"); uuid.Validate(id) != nil {
		t.Errorf("command %q", id)
	}
	for _, path := range []string{"/patients/999999", "/patients/0", "/patients/-1", "/patients/x", "/patients/99999999999999999999"} {
		h.get(path).want(http.StatusNotFound, "没有这位患者")
	}
	h.role(identity.Assistant, h.here)
	h.get(person).want(http.StatusOK, "陈小明", "!unmask")
	h.insert(`UPDATE patient SET state = 'moved' WHERE id = $1 RETURNING id`, p.ID)
	h.get(person+"?session=7").want(http.StatusOK, "已迁出", "!/visits", "!/label\"")
}

// A patient of a site that the viewer may not see: denied everywhere, without a
// name, and written down.
func TestAnotherSite(t *testing.T) {
	h := newHouse(t)
	p, token := h.add(h.there, "陈小明")
	person := fmt.Sprintf("/patients/%d", p.ID)
	secret := []string{"没有权限", "!陈", "!青霉素", "!" + card, "!" + token.String()}
	h.get(person).want(http.StatusForbidden, secret...)
	for _, action := range []string{"/unmask", "/label", "/label/lost"} {
		h.post(person+action, "command_id", uuid.NewString()).want(http.StatusForbidden, secret...)
		h.program(http.MethodPost, person+action, "command_id", uuid.NewString()).want(http.StatusForbidden, `"kind":"denied"`, "!陈")
	}
	if n := h.count(`SELECT count(*) FROM audit WHERE event = 'denied' AND outcome = 'refused' AND site_id = $1`, h.there); n != 7 {
		t.Errorf("%d denials in the audit, want 7", n)
	}
	if n := h.count(`SELECT count(*) FROM audit WHERE event <> 'denied' AND staff_id IS NOT NULL`); n != 0 {
		t.Errorf("%d other events", n)
	}
}

func TestNobody(t *testing.T) {
	h := newHouse(t)
	p, _ := h.add(h.here, "陈小明")
	h.actor.Store(nil)
	for _, c := range []struct{ method, path string }{
		{"GET", "/patients"}, {"GET", "/patients/new"}, {"POST", "/patients"}, {"GET", "/patients/%d"},
		{"POST", "/patients/%d/unmask"}, {"POST", "/patients/%d/label"}, {"POST", "/patients/%d/label/lost"},
	} {
		path := strings.ReplaceAll(c.path, "%d", fmt.Sprint(p.ID))
		h.program(c.method, path).want(http.StatusUnauthorized, `"kind":"logged_out"`, "!陈")
		if a := h.ask(c.method, path); a.status != http.StatusSeeOther || !strings.HasPrefix(a.location, "/login") {
			t.Errorf("%s %s: %d to %s", c.method, path, a.status, a.location)
		}
	}
}

func TestUnmaskPage(t *testing.T) {
	h := newHouse(t)
	p, _ := h.add(h.here, "陈小明")
	path := fmt.Sprintf("/patients/%d/unmask", p.ID)
	a := h.post(path, "session", "7").want(http.StatusOK, "身份证", card, phone, address, "已记入审计", "!查看完整信息", "开始就诊")
	if a.attr(".page-head a.button", "href") != "/patients?session=7" {
		t.Error("the way back has lost the session")
	}
	if n := h.statements.Load(); n > 12 {
		t.Errorf("%d statements", n)
	}
	if n := h.count(`SELECT count(*) FROM audit WHERE event = 'patient.unmask' AND object_id = $1`, p.Number); n != 1 {
		t.Errorf("%d looks in the audit", n)
	}
	h.program(http.MethodPost, path).want(http.StatusOK, `"paper":"idcard"`, card)
	h.get(path).want(http.StatusMethodNotAllowed, "不能这样打开", "!"+card)
	for _, role := range []identity.Role{identity.Assistant, identity.Manager} {
		h.role(role, h.here)
		h.post(path).want(http.StatusForbidden, "查看患者完整信息", "!"+card)
	}
	if n := h.count(`SELECT count(*) FROM audit WHERE event = 'patient.unmask'`); n != 2 {
		t.Errorf("%d looks in the audit, want 2", n)
	}
	for _, secret := range []string{card, phone, address, "陈小明"} {
		if strings.Contains(h.log.text(), secret) {
			t.Errorf("the log holds %s", secret)
		}
	}
}

func TestLabelPage(t *testing.T) {
	h := newHouse(t)
	p, token := h.add(h.here, "陈小明")
	path := fmt.Sprintf("/patients/%d/label", p.ID)
	a := h.post(path, "session", "7").want(http.StatusOK, p.Number, "陈**", "新华社区", "已送打印 1 次", "!陈小明", "!"+token.String())
	if n := h.statements.Load(); n > 12 {
		t.Errorf("%d statements", n)
	}
	if strings.Contains(a.doc().Find(".label-one").Text(), "精") || strings.Contains(a.body, "style=") {
		t.Error("the label says what it is for, or the page has inline styles")
	}
	if a.attr("main a.button", "href") != fmt.Sprintf("/patients/%d?session=7", p.ID) {
		t.Error("the way back has lost the session")
	}
	h.post(path).want(http.StatusOK, "已送打印 2 次")
	h.program(http.MethodPost, path).want(http.StatusOK, `"token":"`+token.String()+`"`, `"name":"陈**"`, `"print_count":3`)

	command := uuid.NewString()
	lost := h.post(path+"/lost", "command_id", command, "session", "7").want(http.StatusOK, "原来的标签已作废", "已送打印 1 次")
	again := h.post(path+"/lost", "command_id", command).want(http.StatusOK, "已送打印 1 次")
	drawn := func(a answer) string { return a.attr(".label-one path", "d") }
	if drawn(lost) == drawn(a) || drawn(lost) != drawn(again) {
		t.Error("a lost label is not replaced, or twice")
	}
	h.get("/patients?q="+token.String()).want(http.StatusOK, "这张标签已作废")
	h.post(path+"/lost").want(http.StatusBadRequest, "操作编号")
	h.post(path+"/lost", "command_id", "x").want(http.StatusBadRequest, "操作编号")
	h.role(identity.Manager, h.here)
	h.post(path).want(http.StatusForbidden, "打印患者标签")
	h.post(path+"/lost", "command_id", uuid.NewString()).want(http.StatusForbidden, "打印患者标签")
	if strings.Contains(h.log.text(), token.String()) {
		t.Error("the log holds a token")
	}
}

// gave writes down that a patient was given a box of 28 days so many days ago.
func (h *house) gave(patientID int64, daysAgo int) {
	h.t.Helper()
	at := h.test.App.Now().AddDate(0, 0, -daysAgo)
	by := h.insert(`INSERT INTO staff (username, name, created_at) VALUES ($1, '演示医生', now()) RETURNING id`, uuid.NewString()[:13])
	drug := h.insert(`INSERT INTO drug (his_code, generic_name, spec, units_per_pack, created_at) VALUES ($1, '演示利培酮片', '1mg×28片', 28, now()) RETURNING id`, uuid.NewString()[:13])
	pack := h.insert(`INSERT INTO pack (code, drug_id, state, units_total, units_left, units_given, created_at, changed_at) VALUES ($1, $2, 'dispensed', 28, 0, 28, $3, $3) RETURNING id`,
		uuid.NewString()[:20], drug, at)
	session := h.insert(`INSERT INTO clinic_session (site_id, held_on, kind, state, planned_by, planned_at) VALUES ($1, $2::date, 'site', 'closed', $3, $4) RETURNING id`,
		h.here, at.Format(time.DateOnly), by, at)
	visit := uuid.New()
	h.insert(`INSERT INTO visit (id, session_id, patient_id, number, state, came_at, came_by, doctor_id, started_at, finished_at, finished_by)
VALUES ($1, $2, $3, 1, 'finished', $4, $5, $5, $4, $4, $5) RETURNING number`, visit, session, patientID, at, by)
	h.insert(`INSERT INTO visit_line (visit_id, pack_id, quantity, how, staff_id, at, days) VALUES ($1, $2, 28, 'scanned', $3, $4, 28) RETURNING id`, visit, pack, by, at)
}

// The head says what was given last and for how long it is enough, to those who
// treat; a merged entry's medicine is the same person's.
func TestTheHeadSaysTheLastMedicine(t *testing.T) {
	h := newHouse(t)
	first, _ := h.add(h.here, "陈小明")
	second, _, err := h.patients.Register(t.Context(), identity.System("test"), patient.Entry{Name: "陈小明", HomeSiteID: h.here, Paper: patient.PaperNone})
	check(t, err)
	person := fmt.Sprintf("/patients/%d", first.ID)
	h.get(person).want(http.StatusOK, "还没有领过药")
	h.gave(first.ID, 60)
	h.gave(second.ID, 26)
	if got := h.get(person).want(http.StatusOK).doc().Find(".supply").Text(); got != "上次 09-24 演示利培酮片 1mg×28片 1 盒 · 已断药 32 天" {
		t.Errorf("%q", got)
	}
	h.role(identity.Pharmacist)
	by := *h.actor.Load()
	check(t, h.test.App.InTx(t.Context(), func(ctx context.Context, tx *db.Tx) error {
		j, err := patient.LockPair(ctx, tx, first.ID, second.ID)
		if err != nil {
			return err
		}
		j.Reason = "登记了两次"
		_, err = h.patients.Join(ctx, tx, by, j)
		return err
	}))
	a := h.get(person).want(http.StatusOK, "还剩 2 天")
	if n := h.statements.Load(); n > 12 {
		t.Errorf("%d statements", n)
	}
	if a.doc().Find(".supply .badge-caution").Length() != 1 {
		t.Errorf("two days left do not stand out: %s", a.body)
	}
	h.role(identity.Assistant, h.here)
	h.get(person).want(http.StatusOK, "!还剩", "!利培酮")
}
