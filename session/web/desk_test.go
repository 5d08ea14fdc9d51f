package web_test

import (
	"fmt"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/PuerkitoBio/goquery"
	"github.com/google/uuid"

	"jingfang/session"
	"jingfang/session/identity"
	"jingfang/session/patient"
	"jingfang/session/web"
)

// deskRoutes are the addresses of queue, table and requests.
func deskRoutes(s *web.Handlers) []testRoute {
	return []testRoute{
		{"POST", "/sessions/{id}/visits", s.CheckIn}, {"GET", "/sessions/{id}/queue", s.Queue}, {"GET", "/sessions/{id}/desk", s.Desk},
		{"GET", "/sessions/{id}/owed", s.OwedForm}, {"GET", "/sessions", s.Day},
		{"POST", "/sessions/{id}/requests/{request}", s.Decide}, {"POST", "/records/{record}/countersign", s.SignFinished},
		{"POST", "/sessions/{id}/visits/{visit}/scans", s.Dispense}, {"POST", "/sessions/{id}/visits/{visit}/undo", s.Undo}, {"POST", "/sessions/{id}/visits/{visit}/queue", s.MoveInQueue},
		{"POST", "/sessions/{id}/visits/{visit}/requests", s.AskLetIn}, {"POST", "/sessions/{id}/visits/{visit}/chips", s.PutAway},
		{"POST", "/sessions/{id}/visits/{visit}/finish", s.Finish}, {"POST", "/sessions/{id}/visits/{visit}/finish-for", s.FinishForAbsent},
		{"POST", "/sessions/{id}/visits/{visit}/owed", s.NoteOwed}, {"POST", "/sessions/{id}/visits/{visit}/owed/settle", s.SettleOwed},
		{"POST", "/sessions/{id}/visits/{visit}/refill", s.NoteRefill}, {"POST", "/sessions/{id}/visits/{visit}/injection", s.NoteInjection}, {"POST", "/sessions/{id}/visits/{visit}/check", s.NoteCheck},
		{"GET", "/sessions/{id}/absent", s.SessionAbsent}, {"POST", "/sessions/{id}/absent/phones", s.SessionAbsentPhones}, {"GET", "/absent", s.Absent}, {"POST", "/absent/phones", s.AbsentPhones},
		{"POST", "/sessions/{id}/visits/{visit}/dose", s.SetDose}, {"GET", "/sessions/{id}/visits/{visit}/correct", s.Correct},
		{"POST", "/sessions/{id}/visits/{visit}/correct", s.CorrectLine},
	}
}

// desk is an open session with packs, at whose tables a test sits.
type desk struct {
	*house
	id     int64
	codes  []string
	tokens []string
}

func newDesk(t *testing.T, packs, patients int) *desk {
	t.Helper()
	h := newHouse(t)
	d := &desk{house: h, id: h.plan(), codes: h.stock("A1", time.Now().AddDate(1, 0, 0), packs)}
	_, err := h.sessions.Pack(t.Context(), h.chief, session.Packing{SessionID: d.id, CommandID: uuid.New(), Codes: strings.Join(d.codes, "\n")})
	h.must(err)
	h.must(h.sessions.OpenSession(t.Context(), h.chief, d.id))
	for i := range patients {
		_, token, err := h.patients.Register(t.Context(), h.chief, patient.Entry{Name: fmt.Sprintf("演示患者%d", i+1), HomeSiteID: h.site})
		h.must(err)
		d.tokens = append(d.tokens, token.String())
	}
	h.lookAs(h.doctors[0])
	return d
}

// press sends a form of the session as the page does and reads the answer.
func (d *desk) press(path string, pairs ...string) (reply, *goquery.Document) {
	d.t.Helper()
	form := url.Values{"command_id": {uuid.NewString()}}
	for i := 0; i+1 < len(pairs); i += 2 {
		form.Set(pairs[i], pairs[i+1])
	}
	r := d.ask("POST", d.path(path), form, "HX-Request", "true", "Accept", "text/html")
	return r, d.read(r)
}

func (d *desk) path(rest string) string {
	if strings.HasPrefix(rest, "/records/") {
		return rest
	}
	return fmt.Sprintf("/sessions/%d%s", d.id, rest)
}

func (d *desk) read(r reply) *goquery.Document {
	d.t.Helper()
	doc, err := goquery.NewDocumentFromReader(strings.NewReader(r.body))
	d.must(err)
	return doc
}

// begin starts patient i with the doctor who looks and gives the visit's address.
func (d *desk) begin(i int) string {
	d.t.Helper()
	visit := uuid.NewString()
	r, doc := d.press("/visits", "visit", visit, "patient", d.tokens[i], "start", "true")
	if r.status != 200 || doc.Find("#desk .patient-number").Length() != 1 {
		d.t.Fatalf("start: %d %s", r.status, r.body)
	}
	return "/visits/" + visit
}

// band is the text of the answer across the page.
func band(doc *goquery.Document) string { return doc.Find("#band .band-text").Text() }

func TestALabelInTheBoxField(t *testing.T) {
	d := newDesk(t, 3, 3)
	first := d.begin(0)
	d.press(first+"/scans", "codes", d.codes[0], "scanned", "1")
	_, doc := d.press(first+"/scans", "codes", d.tokens[1], "scanned", "1")
	again, _ := doc.Find(`input[name="again"]`).Attr("value")
	if !strings.Contains(band(doc), "再扫一次同一张标签，就诊毕 1 号并开始下一位") || again == "" {
		t.Fatalf("asked: %q, again %q", band(doc), again)
	}
	// A box in between takes the question away.
	_, doc = d.press(first+"/scans", "codes", d.codes[1], "scanned", "1", "again", again)
	if doc.Find(`input[name="again"]`).Length() != 0 {
		t.Error("the question is still there")
	}
	_, doc = d.press(first+"/scans", "codes", d.tokens[1], "scanned", "1")
	again, _ = doc.Find(`input[name="again"]`).Attr("value")
	_, doc = d.press(first+"/scans", "codes", d.tokens[1], "scanned", "1", "again", again)
	if doc.Find("#desk .patient-number").Text() != "2" || !strings.Contains(band(doc), "1 号已诊毕，共 2 盒") {
		t.Errorf("number %q, %q", doc.Find("#desk .patient-number").Text(), band(doc))
	}
	// Programs get the kind as before.
	if r := d.ask("POST", d.path(first+"/scans"), url.Values{"command_id": {uuid.NewString()}, "codes": {d.tokens[2]}}, "Accept", "application/json"); r.status != 409 {
		t.Errorf("a finished visit: %d %s", r.status, r.body)
	}
}

func TestChoosingAmongSeveral(t *testing.T) {
	d := newDesk(t, 2, 1)
	other := "8000001999990" + d.codes[0][13:]
	var id int64
	d.get(&id, `INSERT INTO pack (code, drug_id, state, units_total, units_left, batch, session_id, created_at, changed_at)
VALUES ($1, $2, 'allocated', 20, 20, 'A2', $3, now(), now()) RETURNING id`, other, d.drug, d.id)
	visit := d.begin(0)
	_, doc := d.press(visit+"/scans", "codes", d.codes[0][16:])
	codes := doc.Find(`#choices input[name="codes"]`)
	if codes.Length() != 2 {
		t.Fatalf("%q, %d choices", band(doc), codes.Length())
	}
	_, doc = d.press(visit+"/scans", "codes", other, "chosen", "1")
	if line := doc.Find(`#desk li[data-row^="line-"]`); line.Length() != 1 || !strings.Contains(line.Text(), "手输") {
		t.Errorf("%q", line.Text())
	}
	_, doc = d.press(visit+"/scans", "codes", "9999")
	if !strings.Contains(band(doc), "没有这个尾号") || doc.Find("#chips").Length() != 0 {
		t.Errorf("%q", band(doc))
	}
}

func TestARequestAndItsAnswer(t *testing.T) {
	d := newDesk(t, 1, 1)
	more := d.stock("B7", time.Now().AddDate(1, 0, 0), 2)
	visit := d.begin(0)
	_, doc := d.press(visit+"/scans", "codes", more[0]+"\n"+more[1], "scanned", "1")
	if doc.Find(`#chips form[hx-post$="/requests"]`).Length() != 2 {
		t.Fatalf("%s", doc.Find("#chips").Text())
	}
	for _, code := range more {
		_, doc = d.press(visit+"/requests", "code", code)
	}
	version, _ := doc.Find("#desk-version").Attr("value")
	if !strings.Contains(doc.Find("#chips").Text(), "等待处理") {
		t.Error("the desk does not say that it was asked")
	}
	if r := d.ask("GET", d.path("/desk?v="+version), nil, "HX-Request", "true"); r.status != 204 {
		t.Errorf("nothing has changed: %d", r.status)
	}
	d.lookAs(d.chief)
	room := d.read(d.page(d.path("")))
	forms := room.Find("#requests form")
	if forms.Length() != 2 || room.Find("#answers").Length() != 0 {
		t.Fatalf("%d requests", forms.Length())
	}
	decide := func(i int, decision string) {
		to, _ := forms.Eq(i).Attr("hx-post")
		r, doc := d.press(strings.TrimPrefix(to, d.path("")), "decision", decision, "reason_let_in", "实物核对无误", "reason_refused", "请换一盒")
		if r.status != 200 || band(doc) == "" {
			t.Errorf("%s: %d %s", decision, r.status, r.body)
		}
	}
	decide(0, "let_in")
	d.lookAs(d.doctors[0])
	r := d.ask("GET", d.path("/desk?v="+version), nil, "HX-Request", "true")
	doc = d.read(r)
	if !strings.Contains(band(doc), "已放行") || doc.Find(`#desk li[data-row^="line-"]`).Length() != 1 {
		t.Errorf("%d %q", r.status, band(doc))
	}
	d.lookAs(d.chief)
	decide(1, "refused")
	d.lookAs(d.doctors[0])
	table := d.read(d.page(d.path("")))
	if text := table.Find("#chips").Text(); !strings.Contains(text, "药师不放行：请换一盒") {
		t.Errorf("%q", text)
	}
	if answers := table.Find("#answers"); answers.Find("li").Length() != 2 || strings.Contains(answers.Text(), "演示患者") || table.Find("#requests").Length() != 0 {
		t.Errorf("%q", answers.Text())
	}
	d.finishes(visit)
}

// finishes presses 诊毕 with a code that is not recorded.
func (d *desk) finishes(visit string) {
	d.t.Helper()
	d.press(visit+"/scans", "codes", "6901234567892", "scanned", "1")
	_, doc := d.press(visit+"/finish", "ask_left", "1", "collector", "family", "collector_name", "演示家属", "prescription", "R-9")
	name, _ := doc.Find("#collector-name").Attr("value")
	if doc.Find(`#desk button[name="left"]`).Length() != 2 || name != "演示家属" || doc.Find(`input[value="family"][checked]`).Length() != 1 {
		d.t.Errorf("%q, %q", band(doc), name)
	}
	_, doc = d.press(visit+"/finish", "ask_left", "1", "left", "not_given", "collector", "family", "collector_name", "演示家属")
	if !strings.Contains(band(doc), "诊毕") || doc.Find("#desk .call").Length() != 1 {
		d.t.Errorf("%q", band(doc))
	}
}

func TestTheQueuePage(t *testing.T) {
	d := newDesk(t, 1, 3)
	d.begin(0)
	d.lookAs(d.chief)
	for i := 1; i < 3; i++ {
		d.press("/visits", "visit", uuid.NewString(), "patient", d.tokens[i], "start", "false")
	}
	doc := d.read(d.page(d.path("/queue")))
	rows := doc.Find("#queue-list li")
	if rows.Length() != 3 || strings.Contains(doc.Text(), "演示患者") || !strings.Contains(doc.Text(), "演**") {
		t.Fatalf("%d rows: %s", rows.Length(), rows.Text())
	}
	to, _ := rows.Eq(1).Find("form").Attr("hx-post")
	call := strings.TrimPrefix(to, d.path(""))
	if _, doc := d.press(call, "step", "call", "from", "list"); !strings.Contains(doc.Find("#queue-list").Text(), "已叫") {
		t.Errorf("%q", band(doc))
	}
	open, _ := rows.Eq(0).Find("a.button").Attr("href")
	opened := d.read(d.page(open))
	to, _ = opened.Find(`form[hx-post$="/finish-for"]`).Attr("hx-post")
	if r, doc := d.press(strings.TrimPrefix(to, d.path("")), "why", "医生急诊返院", "no_drug_reason", "只复诊"); r.status != 200 || !strings.Contains(band(doc), "补签") {
		t.Errorf("%d %q", r.status, band(doc))
	}
	d.gone(call)
	d.lookAs(d.doctors[0])
	day := d.read(d.page("/sessions"))
	sign, _ := day.Find("#to-sign form").Attr("hx-post")
	if _, doc := d.press(sign); doc.Find("#to-sign").Length() != 1 || doc.Find("#to-sign li").Length() != 0 || !strings.Contains(band(doc), "已补签") {
		t.Errorf("%q", band(doc))
	}
}

// gone takes a step that the list's row no longer has, and gets the list.
func (d *desk) gone(step string) {
	d.t.Helper()
	_, doc := d.press(step, "step", "put_back", "from", "list")
	if !strings.Contains(band(doc), "本来就在候诊") || doc.Find("#queue-list").Length() != 1 || doc.Find("#desk").Length() != 0 {
		d.t.Errorf("%q", band(doc))
	}
}

// The pharmacist takes packs back in the list, and the visit back to the queue.
func TestPutBackFromTheList(t *testing.T) {
	d := newDesk(t, 2, 1)
	visit := d.begin(0)
	d.press(visit+"/scans", "codes", strings.Join(d.codes, "\n"), "scanned", "1")
	d.lookAs(d.chief)
	doc := d.read(d.page(d.path("/queue?visit=" + strings.TrimPrefix(visit, "/visits/"))))
	for range d.codes {
		code, _ := doc.Find(`#queue-list form[hx-post$="/undo"] input[name="code"]`).First().Attr("value")
		if doc.Find(`input[value="put_back"], input[value="void"]`).Length() != 0 {
			t.Error("put back is offered with packs")
		}
		_, doc = d.press(visit+"/undo", "code", code, "from", "list")
	}
	if doc.Find(`input[value="put_back"]`).Length() != 1 {
		t.Fatalf("%q %s", band(doc), doc.Find("#queue-list").Text())
	}
	_, doc = d.press(visit+"/queue", "step", "put_back", "from", "list")
	if !strings.Contains(band(doc), "1 号已退回候诊") {
		t.Errorf("%q", band(doc))
	}
}

func TestOwedAndDoseAtTheDesk(t *testing.T) {
	d := newDesk(t, 3, 1)
	visit := d.begin(0)
	_, doc := d.press(visit+"/scans", "codes", d.codes[0], "scanned", "1")
	pack, _ := doc.Find(`form[hx-post$="/dose"] input[name="pack"]`).Attr("value")
	if _, doc = d.press(visit+"/dose", "pack", pack, "dose", "每日 1mg", "days", "30"); !strings.Contains(doc.Find(".dose").Text(), "每日 1mg · 30 天") {
		t.Errorf("%q", band(doc))
	}
	form := d.read(d.ask("GET", d.path("/owed?visit="+strings.TrimPrefix(visit, "/visits/")), nil, "HX-Request", "true"))
	if to, _ := form.Find("#owed-form").Attr("hx-post"); to != d.path(visit+"/owed") {
		t.Errorf("form to %q", to)
	}
	if _, doc = d.press(visit+"/owed", "drug", fmt.Sprint(d.drug), "packs", "many"); !strings.Contains(band(doc), "整数") {
		t.Errorf("%q", band(doc))
	}
	d.press(visit+"/owed", "drug", fmt.Sprint(d.drug), "packs", "2")
	d.press(visit + "/finish")
	visit = d.begin(0)
	doc = d.read(d.page(d.path("")))
	owed, _ := doc.Find(`input[name="owed"]`).Attr("value")
	if !strings.Contains(doc.Find(".patient").Text(), "上次欠 演示利培酮片 1mg×20片 2 盒") || owed == "" {
		t.Errorf("%q", doc.Find(".patient").Text())
	}
	_, doc = d.press(visit+"/scans", "codes", d.codes[1], "scanned", "1")
	if !strings.Contains(doc.Find(".dose").Text(), "每日 1mg · 30 天") {
		t.Errorf("the dose is not there: %q", doc.Find(".dose").Text())
	}
	if _, doc = d.press(visit+"/owed/settle", "owed", owed); !strings.Contains(band(doc), "还欠 1 盒") || doc.Find(`input[name="owed"]`).Length() != 1 {
		t.Errorf("%q", band(doc))
	}
	d.press(visit+"/scans", "codes", d.codes[2], "scanned", "1")
	if _, doc = d.press(visit+"/owed/settle", "owed", owed); !strings.Contains(band(doc), "已补发") || doc.Find(`input[name="owed"]`).Length() != 0 {
		t.Errorf("%q", band(doc))
	}
}

// The deputy who has the duty sees requests whatever the role; others do not.
func TestADeputySeesRequests(t *testing.T) {
	d := newDesk(t, 1, 1)
	more := d.stock("B7", time.Now().AddDate(1, 0, 0), 1)
	visit := d.begin(0)
	d.press(visit+"/scans", "codes", more[0], "scanned", "1")
	d.press(visit+"/requests", "code", more[0])
	helper := d.person("工作人员甲", identity.Assistant)
	d.lookAs(helper)
	if doc := d.read(d.page(d.path(""))); doc.Find("#requests, #answers").Length() != 0 {
		t.Error("an assistant sees requests")
	}
	var id int64
	d.get(&id, `UPDATE clinic_session SET duty_staff_id = $2 WHERE id = $1 RETURNING id`, d.id, helper.StaffID)
	doc := d.read(d.page(d.path("")))
	to, _ := doc.Find("#requests form").Attr("hx-post")
	if to == "" || strings.Contains(doc.Text(), "最近效期") {
		t.Fatalf("the deputy's page: %q", doc.Find("#requests").Text())
	}
	if _, doc := d.press(strings.TrimPrefix(to, d.path("")), "decision", "maybe"); !strings.Contains(doc.Text(), "不放行") {
		t.Errorf("%q", doc.Text())
	}
	if r, doc := d.press(strings.TrimPrefix(to, d.path("")), "decision", "let_in", "reason_let_in", "漏装箱"); r.status != 200 || !strings.Contains(band(doc), "已放行") {
		t.Errorf("%d %q", r.status, band(doc))
	}
}

// Somebody may come to another site than their own; the desk says so.
func TestAPatientOfAnotherSite(t *testing.T) {
	d := newDesk(t, 1, 0)
	var site int64
	d.get(&site, `INSERT INTO site (code, name, district, clinic_day, created_at) VALUES ('999900002', '演示广兴', '金平', 6, now()) RETURNING id`)
	by := d.chief
	by.Grants = []identity.Grant{{Role: identity.Pharmacist}}
	_, token, err := d.patients.Register(t.Context(), by, patient.Entry{Name: "演示外点", HomeSiteID: site})
	d.must(err)
	d.tokens = append(d.tokens, token.String())
	d.begin(0)
	if text := d.read(d.page(d.path(""))).Find(".patient").Text(); !strings.Contains(text, "外点患者，登记在 演示广兴") {
		t.Errorf("%q", text)
	}
}
