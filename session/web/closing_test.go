package web_test

import (
	"encoding/json"
	"fmt"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/PuerkitoBio/goquery"
	"github.com/google/uuid"

	"jingfang/session"
	"jingfang/session/patient"
	"jingfang/session/web"
)

// closingRoutes are the addresses of the evening.
func closingRoutes(s *web.Handlers) []testRoute {
	return []testRoute{
		{"GET", "/sessions/{id}/closing", s.Closing}, {"GET", "/sessions/{id}/signatures", s.Signatures}, {"POST", "/sessions/{id}/stop", s.Stop}, {"POST", "/sessions/{id}/resume", s.Resume},
		{"POST", "/sessions/{id}/closing/counts", s.Count}, {"POST", "/sessions/{id}/closing/scans", s.ScanLeft},
		{"POST", "/sessions/{id}/closing/exits", s.Explain}, {"POST", "/sessions/{id}/closing/losses", s.ConfirmLoss},
		{"POST", "/sessions/{id}/closing/told", s.Told}, {"POST", "/sessions/{id}/closing/roll", s.RollOver}, {"POST", "/sessions/{id}/closing/carrier", s.Carry}, {"POST", "/sessions/{id}/closing/waiting", s.SendHome},
		{"POST", "/sessions/{id}/closing/confirm", s.ConfirmClosing}, {"POST", "/sessions/{id}/supplements", s.AddSupplement},
		{"POST", "/sessions/{id}/records/{record}/sign", s.SignLate},
	}
}

// dusk is a house whose session has given one pack of several and is open.
type dusk struct {
	*house
	id    int64
	path  string
	codes []string
	visit uuid.UUID
}

func newDusk(t *testing.T, packs int) *dusk {
	d := &dusk{house: newHouse(t)}
	ctx := t.Context()
	d.codes = d.stock("B1", time.Now().AddDate(1, 0, 0), packs)
	d.id = d.plan()
	d.path = fmt.Sprintf("/sessions/%d", d.id)
	_, err := d.sessions.Pack(ctx, d.chief, session.Packing{SessionID: d.id, CommandID: uuid.New(), Codes: strings.Join(d.codes, "\n")})
	d.must(err)
	d.must(d.sessions.OpenSession(ctx, d.chief, d.id))
	_, token, err := d.patients.Register(ctx, d.chief, patient.Entry{Name: "演示患者", HomeSiteID: d.site})
	d.must(err)
	a, err := d.sessions.CheckIn(ctx, d.doctors[0], session.Arrival{SessionID: d.id, Visit: uuid.New(), CommandID: uuid.New(), Patient: token.String(), Start: true})
	d.must(err)
	d.visit = a.VisitID
	_, err = d.sessions.Dispense(ctx, d.doctors[0], session.Scan{SessionID: d.id, Visit: d.visit, CommandID: uuid.New(), Codes: d.codes[0]})
	d.must(err)
	_, err = d.sessions.FinishVisit(ctx, d.doctors[0], session.Ending{SessionID: d.id, Visit: d.visit, CommandID: uuid.New()})
	d.must(err)
	return d
}

// press sends a form as htmx does and wants it taken.
func (d *dusk) press(path string, pairs ...string) *goquery.Document {
	d.t.Helper()
	r := d.send(path, fields(pairs...))
	if r.status != 200 {
		d.t.Fatalf("%s: %d %s", path, r.status, r.body)
	}
	return parsed(d.t, r.body)
}

func (d *dusk) send(path string, form url.Values) reply {
	d.t.Helper()
	return d.ask("POST", d.path+path, form, "Accept", "text/html", "Origin", d.url, "HX-Request", "true")
}

func parsed(t testing.TB, html string) *goquery.Document {
	t.Helper()
	doc, err := goquery.NewDocumentFromReader(strings.NewReader(html))
	if err != nil {
		t.Fatal(err)
	}
	return doc
}

// The whole evening over HTTP: one tap, a number that differs, the boxes scanned,
// the hidden one named and given, a roll-over chosen and taken back, two people,
// a supplement, the doctor's yes.
func TestTheEvening(t *testing.T) {
	d := newDusk(t, 6)
	if r := d.page(d.path); !strings.Contains(r.body, `action="`+d.path+`/stop"`) {
		t.Error("the pharmacist's room has no 停止发药")
	}
	if r := d.page(d.path + "/closing"); r.status != 200 || !strings.Contains(r.body, "停止发药") {
		t.Errorf("before stopping: %d", r.status)
	}
	if r := d.post(d.path+"/stop", fields()); r.status != 303 || r.to != d.path+"/closing" {
		t.Fatalf("one tap: %d %s %s", r.status, r.to, r.body)
	}
	line := fmt.Sprintf("#line-%d", d.drug)
	doc := parsed(t, d.page(d.path+"/closing").body)
	if n := d.statements.Load(); n > 12 {
		t.Errorf("the page takes %d statements", n)
	}
	if value, there := doc.Find(line + ` input[name="packs"]`).Attr("value"); value != "" || !there {
		t.Errorf("the number is prefilled with %q", value)
	}
	drug := fmt.Sprint(d.drug)
	for _, bad := range []string{"", "-1", "x", "7"} {
		if r := d.send("/closing/counts", fields("drug", drug, "packs", bad)); r.status != 400 {
			t.Errorf("count %q: %d %s", bad, r.status, r.body)
		}
	}
	doc = d.press("/closing/counts", "drug", drug, "packs", "4")
	if text := doc.Find(line + "-status").Text(); !strings.Contains(text, "请扫码") || doc.Find("#closing-rest[hx-swap-oob]").Length() != 1 || doc.Find("#closing").Length() != 0 {
		t.Errorf("a number that differs: %q", text)
	}
	version, _ := doc.Find("#closing-version").Attr("value")
	d.hears(version, false)
	doc = d.press("/closing/scans", "codes", strings.Join(d.codes[1:5], "\n"))
	d.hears(version, true)
	hidden := d.codes[5]
	if n := doc.Find(".closing-missing").Length(); n != 1 || !strings.Contains(strings.ReplaceAll(doc.Find(".closing-missing").Text(), " ", ""), hidden) ||
		!strings.Contains(doc.Find(".closing-missing").Text(), "药师甲") {
		t.Fatalf("%d missing: %s", n, doc.Find(".closing-missing").Text())
	}
	d.lookAs(d.doctors[0])
	d.page(d.path + "/closing")
	if n := d.statements.Load(); n > 11 { // and one for the door
		t.Errorf("the page with all that can be on it takes a doctor %d statements", n)
	}
	d.lookAs(d.chief)
	if r := d.send("/closing/confirm", fields()); r.status != 409 || !strings.Contains(r.body, hidden) {
		t.Errorf("closing with a hidden pack: %d %s", r.status, r.body)
	}
	if r := d.send("/closing/exits", fields("code", hidden, "exit", "given", "visit", "x")); r.status != 400 {
		t.Errorf("given to nobody: %d", r.status)
	}
	d.press("/closing/exits", "code", hidden, "exit", "given", "visit", d.visit.String())
	if r := d.send("/closing/told", fields("code", hidden, "visit", d.visit.String())); r.status != 409 {
		t.Errorf("what no doctor said is written down: %d", r.status)
	}
	round := d.roundTomorrow()
	if doc = d.press("/closing/roll", "drug", "0", "to", fmt.Sprint(round)); !strings.Contains(doc.Find(line).Text(), "转到") {
		t.Errorf("rolled over: %s", doc.Find(line).Text())
	}
	d.press("/closing/roll", "drug", drug, "to", "0")
	d.evenFirst(hidden)
	d.afterwards()
}

// hears asks as a page does that heard of a change.
func (d *dusk) hears(version string, changed bool) {
	d.t.Helper()
	r := d.ask("GET", d.path+"/closing?part=1&v="+version, nil, "Accept", "text/html", "HX-Request", "true")
	if r.status != 200 || strings.Contains(r.body, "看最新") != changed || !strings.Contains(r.body, fmt.Sprintf(`id="line-%d-status"`, d.drug)) || strings.Contains(r.body, "stepper") {
		d.t.Errorf("news, changed %v: %d %s", changed, r.status, r.body)
	}
}

// roundTomorrow plans a home-visit round.
func (d *dusk) roundTomorrow() int64 {
	id, err := d.sessions.PlanSession(d.t.Context(), d.chief, session.Plan{SiteID: d.site, HeldOn: session.Today(time.Now()).AddDate(0, 0, 1), Kind: "home", Place: "演示上门",
		Team: []session.Member{{StaffID: d.chief.StaffID, Part: session.PartPharmacist}, {StaffID: d.doctors[0].StaffID, Part: session.PartDoctor}}})
	d.must(err)
	return id
}

// evenFirst lets the two confirm; the doctor signs what was written late.
func (d *dusk) evenFirst(hidden string) {
	t := d.t
	t.Helper()
	if doc := d.press("/closing/confirm"); !strings.Contains(doc.Text(), "您已确认") {
		t.Errorf("first word: %s", doc.Text())
	}
	d.lookAs(d.doctors[1])
	if r := d.send("/closing/confirm", fields()); r.status != 403 {
		t.Errorf("a doctor of another team: %d %s", r.status, r.body)
	}
	d.lookAs(d.doctors[0])
	doc := parsed(t, d.page(d.path+"/closing").body)
	action, _ := doc.Find(`form[action$="/sign"]`).Attr("action")
	if !strings.Contains(doc.Find(".notice").Text(), hidden) || action == "" {
		t.Fatalf("the doctor is not asked to sign: %s", doc.Find(".notice").Text())
	}
	r := d.ask("POST", action, fields(), "Accept", "text/html", "Origin", d.url, "HX-Request", "true", "HX-Target", "to-sign")
	if r.status != 200 || !strings.Contains(r.body, `id="to-sign"`) || strings.Contains(r.body, action) {
		t.Errorf("signed in the list at login: %d %s", r.status, r.body)
	}
	if r := d.send(strings.TrimPrefix(action, d.path), fields()); r.status != 409 {
		t.Errorf("signed twice: %d", r.status)
	}
	doc = d.press("/closing/confirm")
	if !strings.Contains(doc.Find(".stamp").Text(), "已结束") || !strings.Contains(doc.Find(".equation").Text(), "带回") {
		t.Errorf("second word: %s", doc.Text())
	}
	if r := d.send("/closing/confirm", fields()); r.status != 409 || !strings.Contains(r.body, "不用再点") {
		t.Errorf("third word: %d %s", r.status, r.body)
	}
}

// afterwards looks at the closed session as page and as JSON, and adds to it.
func (d *dusk) afterwards() {
	t := d.t
	t.Helper()
	if r := d.send("/supplements", fields("visit", d.visit.String(), "text", "x")); r.status != 403 {
		t.Errorf("a doctor adds a supplement: %d", r.status)
	}
	d.lookAs(d.chief)
	if doc := d.press("/supplements", "visit", d.visit.String(), "text", "取药人应为家属"); !strings.Contains(doc.Text(), "补充 1") || !strings.Contains(doc.Text(), "更正就诊记录 2") {
		t.Errorf("the supplement: %s", doc.Text())
	}
	var said struct {
		State    string           `json:"state"`
		Equation session.Equation `json:"equation"`
		Signed   []string         `json:"confirmed"`
	}
	if err := json.Unmarshal([]byte(d.json(d.path+"/closing").body), &said); err != nil {
		t.Fatal(err)
	}
	if want := (session.Equation{Taken: 6, Given: 2, Home: 4}); said.State != "closed" || said.Equation != want || len(said.Signed) != 2 {
		t.Errorf("%+v", said)
	}
	if r := d.page(d.path); !strings.Contains(r.body, "收尾与补充") || !strings.Contains(r.body, "带回") {
		t.Error("the room of a closed session does not lead to its evening, or its foot is silent about what came home")
	}
}

// Stopping, resuming and the way home over HTTP.
func TestTheWayHomeOverHTTP(t *testing.T) {
	d := newDusk(t, 3)
	d.press("/stop")
	if r := d.send("/resume", fields("reason", "")); r.status != 400 {
		t.Errorf("resume without a reason: %d", r.status)
	}
	d.press("/resume", "reason", "又来了一位")
	d.press("/stop")
	if r := d.send("/closing/carrier", fields("staff", "x")); r.status != 400 {
		t.Errorf("nobody carries: %d", r.status)
	}
	doc := d.press("/closing/carrier", "staff", fmt.Sprint(d.doctors[0].StaffID))
	if !strings.Contains(doc.Find(".notice").Text(), "医生甲") || doc.Find(`form[action$="/resume"]`).Length() != 0 {
		t.Errorf("on the way: %s", doc.Text())
	}
	d.press("/closing/counts", "drug", fmt.Sprint(d.drug), "packs", "1")
	d.press("/closing/scans", "codes", d.codes[1])
	d.press("/closing/exits", "code", d.codes[2], "exit", "lost", "reason", "路上不见")
	if r := d.send("/closing/losses", fields("code", d.codes[2])); r.status != 409 {
		t.Errorf("one person for two: %d", r.status)
	}
	d.lookAs(d.doctors[0])
	d.press("/closing/losses", "code", d.codes[2])
	if r := d.send("/closing/roll", fields("drug", "0", "to", "0")); r.status != 403 {
		t.Errorf("a doctor chooses where left-overs go: %d", r.status)
	}
	if r := d.page(d.path + "/closing"); r.status != 200 || strings.Contains(r.body, "转下场</summary>") {
		t.Errorf("what a helper sees: %d", r.status)
	}
}
