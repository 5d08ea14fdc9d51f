package web_test

import (
	"net/url"
	"strings"
	"testing"

	"github.com/google/uuid"

	"jingfang/session/identity"
	"jingfang/session/web"
)

// returnRoutes are the addresses of what patients bring back.
func returnRoutes(s *web.Handlers) []testRoute {
	return []testRoute{
		{"GET", "/patients/{id}/history", s.History}, {"GET", "/patients/{id}/merge", s.Merge}, {"POST", "/patients/{id}/merge", s.DoMerge}, {"POST", "/patients/{id}/merge/undo", s.UndoMerge},
		{"GET", "/sessions/{id}/paper", s.Paper}, {"GET", "/sessions/{id}/late", s.Late}, {"POST", "/sessions/{id}/late", s.EnterLate},
		{"GET", "/sessions/{id}/visits/{visit}/return", s.Return}, {"POST", "/sessions/{id}/visits/{visit}/return", s.TakeReturn},
		{"GET", "/returns", s.Returns}, {"POST", "/returns", s.TakeReturns},
		{"POST", "/returns/{id}/void", s.VoidReturn}, {"POST", "/returns/{id}/seen", s.SeeReturn},
	}
}

// supplied lets patient i take boxes in a finished visit and begins the next one.
func (d *desk) supplied(i int, codes ...string) string {
	d.t.Helper()
	visit := d.begin(i)
	d.press(visit+"/scans", "codes", strings.Join(codes, "\n"), "scanned", "1")
	if r, _ := d.press(visit+"/finish", "collector", "self"); r.status != 200 {
		d.t.Fatalf("finish: %d %s", r.status, r.body)
	}
	return d.begin(i) + "/return"
}

func (d *desk) text(path string) string {
	d.t.Helper()
	r := d.ask("GET", path, nil, "Accept", "text/html")
	if r.status != 200 {
		d.t.Fatalf("GET %s: %d %s", path, r.status, r.body)
	}
	return r.body
}

func TestReturnPage(t *testing.T) {
	d := newDesk(t, 4, 2)
	path := d.supplied(0, d.codes[0], d.codes[1])
	if body := d.text(d.path(path)); !strings.Contains(body, "还差 2 个空盒") || !strings.Contains(body, "演示患者1") {
		t.Errorf("%s", body)
	}
	r, doc := d.press(path, "back", "empty", "codes", d.codes[0])
	if r.status != 200 || !strings.Contains(band(doc), "空盒已见") || doc.Find("#return-body .badge-good").Length() != 1 || !strings.Contains(doc.Text(), "还差 1 个空盒") {
		t.Errorf("%d %q %s", r.status, band(doc), r.body)
	}
	_, doc = d.press(path, "unread", "1", "back", "empty")
	if !strings.Contains(band(doc), "码看不清") || !strings.Contains(doc.Text(), "空盒齐了") {
		t.Errorf("%q", band(doc))
	}
	_, doc = d.press(path, "back", "opened", "units", "", "codes", d.codes[1])
	if !strings.Contains(band(doc), "还剩多少") || doc.Find(`input[value="opened"][checked]`).Length() != 1 {
		t.Errorf("%q", band(doc))
	}
	_, doc = d.press(path, "back", "opened", "units", "7", "codes", d.codes[1])
	if !strings.Contains(band(doc), "隔离区") || !strings.Contains(doc.Text(), "开过 7 片") {
		t.Errorf("%q %s", band(doc), doc.Text())
	}
	_, doc = d.press(path, "back", "empty", "codes", d.codes[2])
	if doc.Find("#band .band-bad, #band .band-caution").Length() != 0 || !strings.Contains(band(doc), "不影响取药") {
		t.Errorf("an odd box: %q", band(doc))
	}
	void, _ := doc.Find(`form[action$="/void"]`).Last().Attr("action")
	form := url.Values{"command_id": {uuid.NewString()}, "session": {"1"}, "visit": {strings.Split(path, "/")[2]}}
	if r := d.ask("POST", void, form, "Accept", "text/html"); r.status != 303 || r.to != "/sessions/1"+path {
		t.Errorf("taken back: %d to %q %s", r.status, r.to, r.body)
	}
	if n := d.statements.Load(); n > 12 {
		t.Errorf("%d statements", n)
	}
	d.text(d.path(path))
	if n := d.statements.Load(); n > 12 {
		t.Errorf("%d statements for the page", n)
	}
}

func TestReturnsInThePharmacy(t *testing.T) {
	d := newDesk(t, 4, 2)
	d.supplied(0, d.codes[0], d.codes[1])
	d.lookAs(d.person("演示助手", identity.Assistant))
	send := func(pairs ...string) (reply, string) {
		form := url.Values{"command_id": {uuid.NewString()}}
		for i := 0; i+1 < len(pairs); i += 2 {
			form.Set(pairs[i], pairs[i+1])
		}
		r := d.ask("POST", "/returns", form, "HX-Request", "true", "Accept", "text/html")
		return r, band(d.read(r))
	}
	r, said := send("back", "full", "codes", d.tokens[1])
	if patient, _ := d.read(r).Find("#return-patient").Attr("value"); patient != d.tokens[1] || !strings.Contains(said, "已选患者") {
		t.Errorf("a label among the boxes: %q %q", patient, said)
	}
	_, said = send("back", "full", "patient", d.tokens[1], "codes", d.codes[0])
	if !strings.Contains(said, "另一位患者") {
		t.Errorf("brought by another: %q", said)
	}
	_, said = send("back", "full", "codes", d.codes[3])
	if !strings.Contains(said, "没有发给过患者") {
		t.Errorf("never given: %q", said)
	}
	if _, said = send("back", "full", "patient", "NOBODY", "codes", d.codes[1]); said == "" {
		t.Error("a patient that nobody knows")
	}
	body := d.text("/returns")
	if strings.Contains(body, "演示患者") || !strings.Contains(body, "演**") || strings.Contains(body, "/seen") {
		t.Errorf("names are whole, or an assistant settles notes: %s", body)
	}
	d.lookAs(d.chief)
	doc := d.read(d.ask("GET", "/returns", nil, "Accept", "text/html"))
	seen := doc.Find(`form[action$="/seen"]`)
	if seen.Length() != 2 {
		t.Fatalf("%d notes", seen.Length())
	}
	action, _ := seen.First().Attr("action")
	for range 2 {
		d.ask("POST", action, url.Values{"command_id": {uuid.NewString()}}, "Accept", "text/html")
	}
	if doc = d.read(d.ask("GET", "/returns", nil, "Accept", "text/html")); doc.Find(`form[action$="/seen"]`).Length() != 1 {
		t.Error("the note is still there")
	}
	d.lookAs(d.person("演示主任", identity.Manager))
	if r := d.ask("GET", "/returns", nil, "Accept", "application/json"); r.status != 403 {
		t.Errorf("a manager: %d", r.status)
	}
}

// Programs get the answer to each code, and the adherence.
func TestReturnForPrograms(t *testing.T) {
	d := newDesk(t, 2, 1)
	path := d.path(d.supplied(0, d.codes[0]))
	form := url.Values{"command_id": {uuid.NewString()}, "back": {"full"}, "codes": {d.codes[0]}}
	for range 2 {
		if r := d.ask("POST", path, form, "Accept", "application/json"); r.status != 200 || !strings.Contains(r.body, `"taken":1`) {
			t.Errorf("%d %s", r.status, r.body)
		}
	}
	if r := d.ask("GET", path, nil, "Accept", "application/json"); r.status != 200 || !strings.Contains(r.body, `"back":"full"`) || !strings.Contains(r.body, `"missing":0`) {
		t.Errorf("%d %s", r.status, r.body)
	}
	if body := d.text("/trace/" + d.codes[0]); !strings.Contains(body, "患者退回") || !strings.Contains(body, "当时发给：1 号 演示患者1") {
		t.Errorf("%s", body)
	}
}

// Who checks patients in comes to the return from the queue's list.
func TestReturnFromTheQueue(t *testing.T) {
	d := newDesk(t, 2, 1)
	visit := d.begin(0)
	d.lookAs(d.person("演示助手", identity.Assistant))
	id := strings.TrimPrefix(visit, "/visits/")
	if body := d.text(d.path("/queue?visit=" + id)); !strings.Contains(body, d.path(visit)+"/return") {
		t.Error("the return is not offered")
	}
	if body := d.text(d.path(visit + "/return")); !strings.Contains(body, "以前没有在这里取过药") {
		t.Errorf("%s", body)
	}
}
