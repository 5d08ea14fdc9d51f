package main

import (
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"

	"github.com/go-chi/chi/v5"

	"jingfang/session/identity"
	"jingfang/sql/seal"
)

// access is one line of the table of who may open what. A letter stands for a
// role: Doctor, Pharmacist, Assistant, Manager, Sysadmin, seCadmin (C), aUditor
// (U); "*" is everybody with a login and "+" everybody.
type access struct{ method, pattern, may string }

// accessTable is every address of the program. What is missing here fails the
// test, as does what is here and not in the program.
func accessTable() []access {
	return []access{
		{"GET", "/", "*"},
		{"GET", "/sessions", "DPAM"}, {"GET", "/sessions/new", "PM"}, {"POST", "/sessions", "PM"},
		{"GET", "/sessions/plan", "DPAM"}, {"POST", "/sessions/plan", "PM"}, {"GET", "/sessions/{id}/wall", "DPAM"}, {"GET", "/sessions/{id}/place", "D"},
		{"GET", "/sessions/{id}/roster", "DPAM"}, {"POST", "/sessions/{id}/roster", "DPAM"}, {"GET", "/sessions/{id}/change", "PM"},
		{"GET", "/sessions/{id}/absent", "DPAM"}, {"POST", "/sessions/{id}/absent/phones", "DP"}, {"GET", "/sessions/{id}/absent.xlsx", "DPAM"},
		{"GET", "/absent", "DPAM"}, {"POST", "/absent/phones", "DP"}, {"GET", "/absent.xlsx", "DPAM"},
		{"POST", "/sessions/{id}/team", "PM"}, {"POST", "/sessions/{id}/cancel", "PM"}, {"POST", "/sessions/{id}/reschedule", "PM"},
		{"GET", "/sessions/{id}", "DPAM"}, {"GET", "/sessions/{id}/events", "DPAM"}, {"POST", "/sessions/{id}/open", "DP"},
		{"POST", "/sessions/{id}/stop", "DPAM"}, {"POST", "/sessions/{id}/resume", "DPAM"}, {"GET", "/sessions/{id}/closing", "DPAM"},
		{"POST", "/sessions/{id}/closing/counts", "DPAM"}, {"POST", "/sessions/{id}/closing/scans", "DPAM"},
		{"POST", "/sessions/{id}/closing/exits", "DPAM"}, {"POST", "/sessions/{id}/closing/losses", "DPAM"},
		{"POST", "/sessions/{id}/closing/told", "DPAM"}, {"POST", "/sessions/{id}/closing/roll", "DPAM"}, {"POST", "/sessions/{id}/closing/carrier", "DPAM"}, {"POST", "/sessions/{id}/closing/waiting", "DPAM"},
		{"GET", "/sessions/{id}/offline", "D"}, {"GET", "/sessions/{id}/shell", "D"}, {"POST", "/sessions/{id}/devices", "D"}, {"POST", "/sessions/{id}/offline/conflicts", "D"},
		{"POST", "/sessions/{id}/devices/release", "DPAM"}, {"GET", "/sw.js", "+"}, {"GET", "/waiting", "+"},
		{"POST", "/sessions/{id}/closing/confirm", "DPAM"}, {"POST", "/sessions/{id}/supplements", "P"},
		{"POST", "/sessions/{id}/records/{record}/sign", "D"},
		{"GET", "/sessions/{id}/packing", "P"}, {"GET", "/sessions/{id}/packing/list", "P"}, {"POST", "/sessions/{id}/packing", "P"},
		{"GET", "/sessions/{id}/bags", "DPAM"}, {"POST", "/sessions/{id}/bags", "P"}, {"POST", "/sessions/{id}/bags/open", "DPAM"}, {"POST", "/sessions/{id}/bags/{bag}/label", "P"},
		{"GET", "/sessions/{id}/report.pdf", "PM"},
		{"POST", "/sessions/{id}/visits", "DPA"},
		{"GET", "/sessions/{id}/queue", "DPAM"}, {"POST", "/sessions/{id}/visits/{visit}/queue", "DPA"},
		{"POST", "/records/{record}/countersign", "D"}, {"POST", "/sessions/{id}/visits/{visit}/finish-for", "DPAM"},
		{"GET", "/sessions/{id}/owed", "D"}, {"POST", "/sessions/{id}/visits/{visit}/owed", "D"},
		{"POST", "/sessions/{id}/visits/{visit}/owed/settle", "D"}, {"POST", "/sessions/{id}/visits/{visit}/dose", "D"},
		{"POST", "/sessions/{id}/visits/{visit}/refill", "D"}, {"POST", "/sessions/{id}/visits/{visit}/injection", "D"}, {"POST", "/sessions/{id}/visits/{visit}/check", "D"},
		{"GET", "/sessions/{id}/desk", "D"}, {"POST", "/sessions/{id}/requests/{request}", "DPAM"},
		{"POST", "/sessions/{id}/alarms/{alarm}", "DPAM"},
		{"POST", "/sessions/{id}/visits/{visit}/requests", "D"}, {"POST", "/sessions/{id}/visits/{visit}/chips", "D"},
		{"POST", "/sessions/{id}/visits/{visit}/scans", "D"}, {"POST", "/sessions/{id}/visits/{visit}/undo", "DP"},
		{"POST", "/sessions/{id}/visits/{visit}/finish", "DP"},
		{"GET", "/sessions/{id}/visits/{visit}/correct", "DPAM"}, {"POST", "/sessions/{id}/visits/{visit}/correct", "DPAM"},
		{"GET", "/rehearsal", "DPAMSCU"},
		{"GET", "/patients", "DPAM"}, {"GET", "/patients/new", "DPA"}, {"POST", "/patients", "DPA"},
		{"GET", "/patients/import", "DPA"}, {"POST", "/patients/import", "DPA"}, {"GET", "/patients/import/template.xlsx", "DPA"},
		{"GET", "/patients/import/{import}", "DPA"}, {"POST", "/patients/import/{import}", "DPA"}, {"GET", "/patients/import/{import}/errors.xlsx", "DPA"},
		{"POST", "/patients/import/{import}/run", "DPA"}, {"GET", "/patients/import/{import}/progress", "DPA"}, {"POST", "/patients/import/{import}/cancel", "DPA"},
		{"GET", "/patients/export", "DP"}, {"POST", "/patients/export", "DP"},
		{"GET", "/patients/labels", "DPA"}, {"POST", "/patients/labels", "DPA"}, {"GET", "/patients/labels.css", "DPA"},
		{"GET", "/patients/{id}/history", "DPAM"}, {"GET", "/patients/{id}/merge", "P"}, {"POST", "/patients/{id}/merge", "P"}, {"POST", "/patients/{id}/merge/undo", "P"},
		{"GET", "/sessions/{id}/paper", "DPA"}, {"GET", "/sessions/{id}/late", "DP"}, {"POST", "/sessions/{id}/late", "DPAM"},
		{"GET", "/patients/{id}/edit", "DPA"}, {"POST", "/patients/{id}/edit", "DPA"}, {"POST", "/patients/{id}/state", "DPA"},
		{"POST", "/patients/{id}/collectors", "DPA"}, {"POST", "/patients/{id}/collectors/{collector}/remove", "DPA"},
		{"GET", "/patients/{id}/changes", "DPAM"}, {"POST", "/patients/{id}/changes", "DP"}, {"POST", "/patients/{id}/risk", "D"}, {"POST", "/patients/{id}/risk/set", "D"},
		{"GET", "/patients/{id}", "DPAM"}, {"POST", "/patients/{id}/unmask", "DP"}, {"POST", "/patients/{id}/label", "DPA"}, {"POST", "/patients/{id}/label/lost", "DPA"}, {"POST", "/patients/{id}/label/lost", "DPA"},
		{"GET", "/receipts", "PA"}, {"GET", "/receipts/file.{form}", "PA"}, {"GET", "/receipts/{id}", "PA"}, {"POST", "/receipts/{id}/scans", "PA"},
		{"GET", "/receipts/problems", "PA"}, {"POST", "/receipts/problems/{id}/retry", "PA"}, {"POST", "/receipts/problems/{id}/dismiss", "PA"},
		{"POST", "/receipts/problems/pull", "PA"}, {"POST", "/receipts/problems/file", "PA"}, {"GET", "/receipts/problems/template.csv", "PA"},
		{"GET", "/stock/his", "DPAM"}, {"POST", "/stock/his", "DPAM"}, {"GET", "/trace/his", "DPAM"}, {"POST", "/trace/his", "DPAM"}, {"GET", "/drugs/changes", "DPAM"}, {"POST", "/drugs/changes/{id}", "P"},
		{"GET", "/patients/his", "DPA"}, {"POST", "/patients/his", "DPA"}, {"POST", "/patients/his/register", "DPA"},
		{"GET", "/interfaces", "S"}, {"POST", "/interfaces/pull", "S"}, {"POST", "/interfaces/drugs", "S"}, {"POST", "/interfaces/outbox", "S"},
		{"POST", "/interfaces/outbox/retry", "S"}, {"POST", "/interfaces/outbox/{id}/retry", "S"}, {"POST", "/interfaces/programmes", "S"},
		{"GET", "/receipts/opening", "PA"}, {"POST", "/receipts/opening", "PA"}, {"POST", "/receipts/opening/{id}/scans", "PA"},
		{"POST", "/receipts/opening/{id}/batch", "PA"}, {"POST", "/receipts/opening/{id}/remove", "PA"},
		{"POST", "/receipts/opening/{id}/confirm", "PA"}, {"POST", "/receipts/opening/{id}/drop", "PA"},
		{"POST", "/receipts/{id}/batch", "PA"}, {"POST", "/receipts/{id}/adopt", "PA"},
		{"POST", "/receipts/{id}/undo", "PA"}, {"POST", "/receipts/{id}/refusals", "PA"}, {"POST", "/receipts/{id}/finish", "PA"},
		{"GET", "/totes", "P"}, {"GET", "/totes/file.{form}", "P"}, {"POST", "/totes", "P"}, {"GET", "/totes/{id}", "P"}, {"GET", "/totes/{id}/label", "P"},
		{"POST", "/totes/{id}/scans", "P"}, {"POST", "/totes/{id}/seal", "P"}, {"POST", "/totes/{id}/open", "P"},
		{"GET", "/totes/labels", "P"}, {"POST", "/totes/{id}/name", "P"}, {"POST", "/totes/{id}/retire", "P"},
		{"GET", "/sessions/{id}/visits/{visit}/return", "DPA"}, {"POST", "/sessions/{id}/visits/{visit}/return", "DPA"},
		{"GET", "/returns", "DPA"}, {"POST", "/returns", "DPA"}, {"POST", "/returns/{id}/void", "DPA"}, {"POST", "/returns/{id}/seen", "P"},
		{"GET", "/setaside", "DPAM"}, {"GET", "/setaside/file.{form}", "DPAM"}, {"GET", "/setaside/new", "P"}, {"POST", "/setaside", "P"}, {"GET", "/setaside/{id}", "DPAM"}, {"GET", "/setaside/{id}/report.pdf", "DPAM"},
		{"POST", "/setaside/{id}/confirm", "PA"}, {"POST", "/setaside/{id}/withdraw", "PA"},
		{"POST", "/receipts/{id}/cartons", "PA"}, {"POST", "/receipts/{id}/codeless", "PA"}, {"POST", "/receipts/{id}/codeless/decide", "PA"},
		{"POST", "/receipts/{id}/codeless/link", "PA"}, {"GET", "/receipts/{id}/codeless/labels", "PA"},
		{"GET", "/receipts/{id}/differences", "PA"}, {"POST", "/receipts/{id}/differences", "PA"}, {"GET", "/receipts/{id}/differences.pdf", "PA"},
		{"GET", "/cartons", "PA"}, {"POST", "/cartons", "PA"}, {"GET", "/cartons/example/{form}", "PA"}, {"GET", "/cartons/{id}", "PA"}, {"POST", "/cartons/{id}", "PA"},
		{"GET", "/stock", "DPAM"}, {"GET", "/drugs", "DPAM"}, {"GET", "/drugs/file.{form}", "DPAM"}, {"POST", "/drugs/prefixes", "P"}, {"POST", "/drugs/care", "P"},
		{"GET", "/stock/check", "DPAM"}, {"POST", "/stock/check", "PM"}, {"GET", "/stock/check/{job}", "DPAM"}, {"POST", "/stock/check/{job}/cancel", "PM"},
		{"GET", "/statistics", "PM"}, {"GET", "/statistics/today", "PM"}, {"GET", "/statistics/visits", "PM"}, {"GET", "/statistics/visits.{form}", "PM"}, {"GET", "/statistics/visits/rows", "PM"},
		{"GET", "/statistics/use", "PM"}, {"GET", "/statistics/use.{form}", "PM"}, {"GET", "/statistics/use/rows", "PM"}, {"GET", "/statistics/use/people", "PM"},
		{"GET", "/statistics/stock", "PM"}, {"GET", "/statistics/stock.{form}", "PM"}, {"GET", "/statistics/month.{form}", "PM"},
		{"GET", "/papers/check", "PM"}, {"GET", "/statistics/reports", "PM"}, {"POST", "/statistics/reports", "PM"}, {"GET", "/statistics/reports/making/{job}", "PM"}, {"POST", "/statistics/reports/making/{job}/cancel", "PM"}, {"GET", "/statistics/reports/{report}", "PM"}, {"POST", "/statistics/reports/{report}/again", "PM"}, {"GET", "/statistics/reports/{report}/file.{form}", "PM"},
		{"POST", "/statistics/exports", "PM"}, {"GET", "/statistics/exports/{job}", "PM"}, {"POST", "/statistics/exports/{job}/cancel", "PM"}, {"GET", "/statistics/exports/{job}/file", "PM"},
		{"GET", "/ledger", "PM"}, {"GET", "/ledger/moves", "PM"}, {"GET", "/ledger.pdf", "PM"}, {"GET", "/ledger/file.{form}", "PM"},
		{"GET", "/ledger/controlled", "PM"}, {"GET", "/ledger/controlled.pdf", "PM"}, {"GET", "/ledger/controlled/file.{form}", "PM"}, {"POST", "/ledger/controlled/rules", "P"},
		{"GET", "/stock/expiry", "DPAM"}, {"GET", "/stock/expiry.xlsx", "DPAM"},
		{"GET", "/recalls", "DP"}, {"GET", "/recalls/file.{form}", "DP"}, {"GET", "/recalls/new", "P"}, {"POST", "/recalls/preview", "P"}, {"POST", "/recalls", "P"},
		{"GET", "/recalls/{id}", "DP"}, {"GET", "/recalls/{id}/clock", "DP"},
		{"POST", "/recalls/{id}/lift", "P"}, {"POST", "/recalls/{id}/lift/confirm", "P"}, {"POST", "/recalls/{id}/lift/cancel", "P"},
		{"GET", "/recalls/{id}/patients", "DP"}, {"GET", "/recalls/{id}/patients.pdf", "DP"}, {"GET", "/recalls/{id}/patients.xlsx", "DP"},
		{"GET", "/recalls/{id}/patients/{patient}", "DP"}, {"POST", "/recalls/{id}/patients/{patient}", "DP"}, {"POST", "/recalls/{id}/patients/{patient}/phone", "DP"},
		{"GET", "/stocktakes", "DPAM"}, {"GET", "/stocktakes/file.{form}", "DPAM"}, {"POST", "/stocktakes", "PA"}, {"POST", "/sessions/{id}/stocktakes", "PA"},
		{"GET", "/stocktakes/{id}", "DPAM"}, {"GET", "/stocktakes/{id}/sheet", "DPAM"}, {"GET", "/stocktakes/{id}/result", "DPAM"}, {"GET", "/stocktakes/{id}/result.pdf", "DPAM"}, {"GET", "/stocktakes/{id}/result/file.{form}", "DPAM"},
		{"POST", "/stocktakes/{id}/scans", "PA"}, {"POST", "/stocktakes/{id}/undo", "PA"}, {"POST", "/stocktakes/{id}/numbers", "PA"}, {"POST", "/stocktakes/{id}/recount", "PA"},
		{"POST", "/stocktakes/{id}/submit", "PA"}, {"POST", "/stocktakes/{id}/reasons", "PA"}, {"POST", "/stocktakes/{id}/abandon", "PA"},
		{"POST", "/stocktakes/{id}/approve", "PM"}, {"POST", "/stocktakes/{id}/reject", "PM"},
		{"GET", "/trace", "DPAM"}, {"GET", "/trace/{code}", "DPAM"},
		{"GET", "/trace", "DPAM"}, {"GET", "/trace/{code}", "DPAM"}, {"GET", "/trace/look", "DPAM"},
		{"GET", "/trace/batch", "DPAM"}, {"GET", "/trace/receipt/{id}", "DPAM"}, {"GET", "/trace/patient/{id}", "DPAM"},
		{"GET", "/admin/staff", "SC"}, {"POST", "/admin/staff", "S"}, {"GET", "/admin/staff/{id}", "SC"},
		{"POST", "/admin/staff/{id}/reset", "S"}, {"POST", "/admin/staff/{id}/disable", "S"}, {"POST", "/admin/staff/{id}/enable", "S"},
		{"POST", "/admin/staff/{id}/grant", "C"}, {"POST", "/admin/staff/{id}/revoke", "C"},
		{"POST", "/admin/staff/{id}/bind", "S"}, {"POST", "/admin/staff/{id}/unbind", "S"}, {"POST", "/admin/staff/{id}/totp/reset", "S"},
		{"GET", "/switch", "*"}, {"GET", "/totp", "*"}, {"POST", "/totp", "*"}, {"POST", "/totp/confirm", "*"},
		{"POST", "/login/ca", "+"}, {"POST", "/login/ca/state", "+"}, {"GET", "/sessions/{id}/signatures", "DPAM"},
		{"GET", "/admin/sites", "S"}, {"POST", "/admin/sites", "S"},
		{"GET", "/notices", "DPAM"}, {"GET", "/sessions/{id}/notices", "DPAM"}, {"POST", "/sessions/{id}/notices", "PM"},
		{"POST", "/sessions/{id}/notices/{notice}/end", "PM"}, {"POST", "/sessions/{id}/notices/{notice}/seen", "DPAM"},
		{"GET", "/audit", "U"}, {"GET", "/audit/file.{form}", "U"}, {"POST", "/audit/verify", "U"}, {"GET", "/audit/verify/{job}", "U"}, {"POST", "/audit/verify/{job}/cancel", "U"},
		{"GET", "/transferlog/archive", "SU"}, {"POST", "/transferlog/archive", "U"}, {"POST", "/transferlog/archive/{request}", "SU"},
		{"POST", "/transferlog/archive/run", "SU"}, {"GET", "/transferlog/archive/run/{job}", "SU"}, {"POST", "/transferlog/archive/run/{job}/cancel", "SU"},
		{"GET", "/transferlog", "U"}, {"GET", "/transferlog/{exchange}", "U"}, {"POST", "/transferlog/{exchange}/open", "U"},
		{"POST", "/transferlog/key", "U"}, {"POST", "/transferlog/key/close", "U"},
		{"POST", "/transferlog/check", "U"}, {"GET", "/transferlog/check/{job}", "U"}, {"POST", "/transferlog/check/{job}/cancel", "U"},
		{"POST", "/logout", "*"}, {"GET", "/lock", "*"}, {"POST", "/lock", "*"}, {"POST", "/unlock", "*"},
		{"POST", "/activity", "*"}, {"GET", "/password", "*"}, {"POST", "/password", "*"},
		{"GET", "/login", "+"}, {"POST", "/login", "+"}, {"GET", "/first-run", "+"}, {"POST", "/first-run", "+"},
		{"GET", "/healthz", "+"}, {"GET", "/readyz", "+"}, {"GET", "/metrics", "+"}, {"GET", "/static/*", "+"},
		{"GET", "/trust", "+"}, {"GET", "/trust/ca.crt", "+"}, {"*", "/dev/gallery/*", "+"},
	}
}

// roleLetters are the demo's accounts by letter.
func roleLetters() map[string]string {
	return map[string]string{"D": "doctor2", "P": "pharmacist2", "A": "assistant", "M": "manager", "S": "sysadmin", "C": "secadmin", "U": "auditor"}
}

// second is an app of its own over the house's database, as a further server
// would be; nothing runs in it.
func (w *world) second(t *testing.T) *app {
	t.Helper()
	keys, err := openKeys(w.Data)
	if err != nil {
		t.Fatal(err)
	}
	a, err := newApp(config{Data: w.Data, Dev: true}, slog.New(slog.DiscardHandler), w.base.App, keys, surroundings{rounds: seal.TestRounds})
	if err != nil {
		t.Fatal(err)
	}
	return a
}

// testTableIsWhole compares the table with the addresses that the program has.
func (w *world) testTableIsWhole(t *testing.T) {
	routes, ok := w.second(t).router().(chi.Routes)
	if !ok {
		t.Fatal("the router cannot be walked")
	}
	var have []string
	err := chi.Walk(routes, func(method, pattern string, _ http.Handler, _ ...func(http.Handler) http.Handler) error {
		if strings.HasPrefix(pattern, "/dev/gallery") {
			method, pattern = "*", "/dev/gallery/*"
		}
		if line := method + " " + pattern; !slices.Contains(have, line) {
			have = append(have, line)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	var want []string
	for _, x := range accessTable() {
		want = append(want, x.method+" "+x.pattern)
	}
	for _, line := range have {
		if !slices.Contains(want, line) {
			t.Errorf("%s is in the program and not in the table of who may", line)
		}
	}
	for _, line := range want {
		if !slices.Contains(have, line) {
			t.Errorf("%s is in the table and not in the program", line)
		}
	}
}

// recalledPatient is somebody of the demo's recall.
func (w *world) recalledPatient(t *testing.T) string {
	var list struct {
		People []struct {
			ID int64 `json:"patient_id"`
		} `json:"people"`
	}
	r := person(t, w.URL, "pharmacist").call("GET", "/recalls/1/patients", nil, "Accept", "application/json")
	if err := json.Unmarshal([]byte(r.body), &list); err != nil || len(list.People) == 0 {
		t.Fatalf("the demo's recall has nobody: %d %s", r.status, r.body)
	}
	return fmt.Sprint(list.People[0].ID)
}

// noImport is the id of a file that nobody has uploaded.
const noImport = "00000000-0000-4000-8000-000000000002"

// importID uploads a table of one patient and gives its address's last part.
func (c *caller) importID() string {
	var done struct {
		ID string `json:"id"`
	}
	c.upload("/patients/import", "list.csv", []byte("姓名,社区\n演示导入,新华社区\n")).json(c.t, &done)
	return done.ID
}

// address fills a pattern in. A page is asked for something that exists, a
// command for something that does not: whoever may is told so, and nothing is
// done.
func (w *world) address(t *testing.T, x access) string {
	visit := "00000000-0000-4000-8000-000000000001"
	if x.method == "GET" && strings.HasSuffix(x.pattern, "{visit}/return") {
		visit = w.openVisit(t)
	}
	if x.method == "GET" && strings.HasSuffix(x.pattern, "{visit}/correct") {
		visit = w.finishedVisit(t)
	}
	path := strings.ReplaceAll(x.pattern, "{visit}", visit)
	path = strings.ReplaceAll(path, "{code}", w.givenCode(t))
	path = strings.ReplaceAll(path, "{import}", noImport)
	path = strings.ReplaceAll(path, "{patient}", w.recalledPatient(t))
	path = strings.ReplaceAll(path, "{form}", "pdf")
	id := "999999999"
	if x.method == "GET" && strings.Contains(path, "{report}") {
		path = strings.ReplaceAll(path, "{report}", w.keptReport(t))
	}
	path = strings.ReplaceAll(path, "{report}", id)
	if x.method == "GET" {
		id = fmt.Sprint(w.today.id)
		if strings.HasPrefix(path, "/setaside/") {
			id = w.paperID(t)
		}
		if strings.HasPrefix(path, "/receipts/") {
			id = strings.TrimPrefix(w.receiptPath(t), "/receipts/")
		}
		if strings.HasPrefix(path, "/recalls/") {
			id = "1" // the demo's
		}
		if strings.HasPrefix(path, "/totes/") {
			id = strings.TrimPrefix(w.totePath(t), "/totes/")
		}
		if strings.HasPrefix(path, "/stocktakes/") {
			id = w.endedCount(t)
		}
		if strings.HasPrefix(path, "/cartons/") {
			id = w.relationID(t)
		}
	}
	path = strings.ReplaceAll(path, "{id}", id)
	if x.method == "GET" && strings.Contains(path, "{exchange}") {
		path = strings.ReplaceAll(path, "{exchange}", w.exchangeID(t))
	}
	switch x.pattern {
	case "/trace/look":
		path += "?codes=" + w.givenCode(t)
	case "/trace/batch":
		path = w.batchPath(t)
	case "/papers/check":
		path += "?codes=00112233445566778899aabbccddeeff"
	case "/receipts/file.{form}", "/setaside/file.{form}", "/audit/file.{form}", "/drugs/file.{form}", "/totes/file.{form}", "/recalls/file.{form}", "/stocktakes/file.{form}":
		path = strings.Replace(path, "file.pdf", "file.csv", 1) // a list is no paper
	case "/ledger/controlled.pdf", "/ledger/controlled/file.{form}":
		path += "?drug=" + w.registeredDrug(t)
	}
	return path
}

// testAccess asks every address as every role and as nobody.
func (w *world) testAccess(t *testing.T) {
	w.testTableIsWhole(t)
	people := map[string]*caller{}
	for letter, name := range roleLetters() {
		people[letter] = person(t, w.URL, name)
	}
	nobody := newCaller(t, w.URL)
	for _, x := range accessTable() {
		if x.may == "+" {
			continue
		}
		path := w.address(t, x)
		w.refusesNobody(t, nobody, x, path)
		if x.may == "*" {
			continue
		}
		for letter, p := range people {
			if strings.HasSuffix(path, "/events") {
				continue // a stream does not end by itself; see testSights
			}
			path := path
			if strings.Contains(path, noImport) && x.method == "GET" && strings.Contains(x.may, letter) {
				path = strings.Replace(path, noImport, p.importID(), 1) // a file is its owner's
			}
			r := p.call(x.method, path, formOf(x.method), "Accept", "application/json")
			kind, sentence := r.refusal()
			switch may := strings.Contains(x.may, letter); {
			case strings.HasSuffix(path, "/correct") && may && x.method == "GET":
				// The visit's own doctor may, and everybody else is told who.
				if r.status != 403 || !strings.Contains(sentence, "本人") {
					t.Errorf("%s as %s: %d %s", path, p.name, r.status, r.body)
				}
			case may && (r.status == 401 || r.status == 403 || r.status >= 500 || r.status == 405):
				t.Errorf("%s %s as %s: %d %s", x.method, path, p.name, r.status, r.body)
			case may && x.method == "GET" && r.status != 200 && !strings.HasSuffix(path, "/progress") && !strings.Contains(path, "{job}"): // of what runs
				t.Errorf("%s %s as %s: %d %s", x.method, path, p.name, r.status, r.body)
			case !may && (r.status != 403 || kind != "denied" || !strings.Contains(sentence, "权限")):
				t.Errorf("%s %s as %s is not refused: %d %s", x.method, path, p.name, r.status, r.body)
			}
		}
	}
	w.homes(t, people)
	if r := people["U"].page("/audit"); !strings.Contains(r.body, "演示管理人员") || !strings.Contains(r.body, "拒绝") {
		t.Error("the audit does not name who was refused")
	}
}

func formOf(method string) url.Values {
	if method == "GET" {
		return nil
	}
	return commandForm()
}

// refusesNobody: a program is told, a browser is led to the door, a stream ends.
func (w *world) refusesNobody(t *testing.T, nobody *caller, x access, path string) {
	t.Helper()
	r := nobody.call(x.method, path, formOf(x.method), "Accept", "application/json")
	if kind, _ := r.refusal(); r.status != 401 || kind != "logged_out" {
		t.Errorf("%s %s as nobody: %d %s", x.method, path, r.status, r.body)
	}
	if x.method != "GET" {
		return
	}
	if strings.HasSuffix(path, "/events") {
		if r := nobody.call("GET", path, nil, "Accept", "text/event-stream"); r.status != 200 || !strings.Contains(r.body, "event: bye") || strings.Contains(r.body, "board") {
			t.Errorf("the stream for nobody: %d %q", r.status, r.body)
		}
		return
	}
	if r := nobody.page(path); r.status != 303 || !strings.HasPrefix(r.header.Get("Location"), "/login") {
		t.Errorf("the page %s for nobody: %d %s", path, r.status, r.header.Get("Location"))
	}
}

// homes are where each role begins.
func (w *world) homes(t *testing.T, people map[string]*caller) {
	t.Helper()
	for letter, to := range map[string]string{"D": "", "P": "", "A": "", "M": "", "S": "/admin/staff", "C": "/admin/staff", "U": "/audit"} {
		r := people[letter].page("/")
		if to == "" && r.status != 200 || to != "" && (r.status != 303 || r.header.Get("Location") != to) {
			t.Errorf("home of %s: %d %s", people[letter].name, r.status, r.header.Get("Location"))
		}
	}
}

// sight is what somebody may see of the seed's open session.
type sight struct {
	username             string
	own                  bool // the patient at the table is this doctor's
	masked, codes, dates bool
}

// sights are the roles that see a session.
func sights() []sight {
	return []sight{
		{"doctor1", true, true, true, false},
		{"doctor2", false, true, true, false},
		{"doctor3", false, true, true, false}, // of no team today
		{"pharmacist", false, true, true, true},
		{"assistant", false, true, false, false},
		{"manager", false, false, false, false},
	}
}

// testSights looks for patients' names, ends of codes and expiry dates in page,
// fragment and stream of every role.
func (w *world) testSights(t *testing.T) {
	clear := demoName(3) // at doctor1's table
	masked := string([]rune(clear)[:1]) + "**"
	given := w.givenTail(t)
	for _, s := range sights() {
		p := person(t, w.URL, s.username)
		stream := p.watch(w.today.id)
		stream.until(t, 0, "the board", func(e streamEvent) bool { return e.name == "board" })
		whole, part := p.page(w.today.path("")), p.htmx("GET", w.today.path(""), nil)
		for _, x := range []struct{ where, text string }{{"page", whole.body}, {"fragment", part.body}, {"stream", stream.text()}} {
			expect := func(what, text string, want bool) {
				if strings.Contains(x.text, text) != want {
					t.Errorf("the %s of %s: %s (%s) should be there: %v", x.where, s.username, what, text, want)
				}
			}
			expect("a number", `<b class="num">`, true)
			expect("the patient's whole name", clear, s.own && x.where != "stream")
			expect("the patient's masked name", masked, s.masked)
			expect("the end of a code", given, s.codes)
			expect("an expiry date", "最近效期", s.dates)
			expect("sealed fields", "000-0000-", false)
			expect("a paper's number", "999900", false)
		}
		if strings.Contains(part.body, "<html") || !strings.Contains(whole.body, "<html") {
			t.Errorf("page and fragment of %s are mixed up", s.username)
		}
		stream.cancel()
	}
}

// testAnswersNameNobody: what is sent back to a check-in names no patient, for
// the screen may stand where others see it.
func (w *world) testAnswersNameNobody(t *testing.T) {
	c := w.session(t, w.take(t, 7, 1), "doctor1")
	for _, by := range []*caller{w.helper, w.pharm} {
		form := commandForm("visit", newID(), "patient", w.patient(t, "签到"), "start", "false")
		r := by.htmx("POST", c.path("/visits"), form)
		if r.status != 200 || !strings.Contains(r.body, "号") || strings.Contains(r.body, "演示签到") {
			t.Errorf("%s checks a patient in and reads %d %s", by.name, r.status, r.body)
		}
		if r := by.post(c.path("/visits"), form); strings.Contains(r.body, "演示") {
			t.Errorf("the answer for programs names the patient: %s", r.body)
		}
	}
}

// givenTail is the end of the last code that the seed gave, as the board shows
// it.
func (w *world) givenTail(t *testing.T) string {
	t.Helper()
	code := w.givenCode(t)
	return "…" + code[len(code)-4:]
}

// givenCode is the last code that the seed gave.
func (w *world) givenCode(t *testing.T) string {
	t.Helper()
	var code string
	err := w.base.App.Get(context.Background(), &code, `SELECT k.code FROM visit_line l JOIN pack k ON k.id = l.pack_id JOIN visit v ON v.id = l.visit_id
WHERE v.session_id = $1::bigint ORDER BY l.id DESC LIMIT 1`, w.today.id)
	if err != nil {
		t.Fatal(err)
	}
	return code
}

// totePath is the page of a tote made for the asking.
func (w *world) totePath(t *testing.T) string {
	t.Helper()
	var tote struct{ ID int64 }
	w.pharm.post("/totes", commandForm()).json(t, &tote)
	return fmt.Sprintf("/totes/%d", tote.ID)
}

// toteLabel is the text on a tote made for the asking.
func (w *world) toteLabel(t *testing.T) string {
	t.Helper()
	var tote struct{ Label string }
	w.pharm.post("/totes", commandForm()).json(t, &tote)
	return tote.Label
}

// batchPath is the page of a batch of which something was given out today.
func (w *world) batchPath(t *testing.T) string {
	t.Helper()
	var k struct {
		Drug  int64  `db:"drug_id"`
		Batch string `db:"batch"`
	}
	if err := w.base.App.Get(context.Background(), &k, `SELECT drug_id, batch FROM pack WHERE code = $1`, w.givenCode(t)); err != nil {
		t.Fatal(err)
	}
	return "/trace/batch?" + url.Values{"drug": {fmt.Sprint(k.Drug)}, "batch": {k.Batch}}.Encode()
}

// registeredDrug is a drug with a register of its own.
func (w *world) registeredDrug(t *testing.T) string {
	t.Helper()
	var id int64
	if err := w.base.App.Get(context.Background(), &id, `SELECT min(drug_id) FROM drug_class WHERE class = '精二'`); err != nil {
		t.Fatal(err)
	}
	return fmt.Sprint(id)
}

// testPatientPages: names whole or masked, sealed fields only when asked for.
func (w *world) testPatientPages(t *testing.T) {
	name := demoName(3)
	masked := string([]rune(name)[:1]) + "**"
	q := "/patients?q=" + url.QueryEscape(name)
	var list []struct {
		ID   int64
		Name string
	}
	w.pharm.get(q).json(t, &list)
	if len(list) == 0 || strings.Contains(list[0].Name, name) {
		t.Fatalf("the list for programs: %+v", list)
	}
	path := fmt.Sprintf("/patients/%d", list[0].ID)
	for _, x := range []struct {
		username      string
		whole, unmask bool
	}{{"doctor2", true, true}, {"pharmacist2", true, true}, {"assistant", true, false}, {"manager", false, false}} {
		p := person(t, w.URL, x.username)
		for _, page := range []string{p.page(q).body, p.page(path).body} {
			if strings.Contains(page, name) && strings.Contains(strings.ReplaceAll(page, `value="`+name, ""), name) != x.whole || !x.whole && !strings.Contains(page, masked) {
				t.Errorf("%s: the patient's name should be whole: %v", x.username, x.whole)
			}
			if strings.Contains(page, "000-0000-") || strings.Contains(page, "999900") {
				t.Errorf("%s sees sealed fields without asking", x.username)
			}
		}
		if strings.Contains(p.page(path).body, path+"/unmask") != x.unmask {
			t.Errorf("%s is offered the sealed fields: should be %v", x.username, x.unmask)
		}
		if r := p.htmx("POST", path+"/unmask", commandForm()); (r.status == 200 && strings.Contains(r.body, "000-0000-0003")) != x.unmask {
			t.Errorf("%s asks for the sealed fields: %d", x.username, r.status)
		}
	}
}

// testOtherSite: a doctor of another site finds nothing of this one, also when
// the addresses are known; and a role that is taken away ends an open screen.
func (w *world) testOtherSite(t *testing.T) {
	sites, err := identity.FindSites(t.Context(), w.base.App, identity.SiteFilter{})
	if err != nil {
		t.Fatal(err)
	}
	var here, there int64
	for _, s := range sites {
		switch s.Code {
		case demoSiteCode(0):
			here = s.ID
		case demoSiteCode(1):
			there = s.ID
		}
	}
	made, _, err := w.second(t).persons.CreateStaff(t.Context(), identity.System("test"), identity.NewStaff{Username: "elsewhere", Name: "演示外点医生",
		Password: demoPassword, Final: true, Grants: []identity.Grant{{Role: identity.Doctor, SiteID: there}}})
	if err != nil {
		t.Fatal(err)
	}
	p := person(t, w.URL, "elsewhere")
	if body := p.page("/").body; strings.Contains(body, w.today.path(`"`)) || !strings.Contains(body, "长厦社区") {
		t.Error("the day of a doctor of another site")
	}
	visit := w.openVisit(t)
	before := w.today.totals(w.pharm)
	for _, r := range []reply{
		p.get(w.today.path("")), p.get(w.today.path("/events")), p.post(w.today.path("/open"), commandForm()),
		p.post(w.today.path("/visits"), commandForm("visit", "5f1c3a52-7c55-4a3c-9e39-5d1f0f4bd3b1", "patient", w.tokens[20], "start", "true")),
		p.post(w.today.path("/visits"), commandForm("visit", "5f1c3a52-7c55-4a3c-9e39-5d1f0f4bd3b2", "patient", w.tokens[20], "start", "false")),
		p.post(w.today.visitPath(visit, "/scans"), commandForm("codes", w.tray[4][0])),
		p.post(w.today.visitPath(visit, "/undo"), commandForm("code", w.tray[4][0])),
		p.post(w.today.visitPath(visit, "/finish"), commandForm("collector", "self")),
	} {
		if kind, sentence := r.refusal(); r.status != 403 || kind != "denied" || sentence == "" {
			t.Errorf("a doctor of another site gets %d %s", r.status, r.body)
		}
	}
	if after := w.today.totals(w.pharm); after != before {
		t.Errorf("something changed: %+v, %+v", before, after)
	}
	var list []any
	p.get("/patients?q="+url.QueryEscape(demoName(3))).json(t, &list)
	if len(list) != 0 {
		t.Errorf("finds patients of another site: %v", list)
	}
	w.revoked(t, p, made.ID, here, there)
}

// paperID is the seed's paper that waits for a second person.
func (w *world) paperID(t *testing.T) string {
	t.Helper()
	var id string
	if err := w.base.App.Get(t.Context(), &id, `SELECT id::text FROM disposal ORDER BY id LIMIT 1`); err != nil {
		t.Fatal(err)
	}
	return id
}

// openVisit is the visit at doctor1's table.
func (w *world) openVisit(t *testing.T) string {
	t.Helper()
	var visit string
	err := w.base.App.Get(t.Context(), &visit, `SELECT id::text FROM visit WHERE session_id = $1::bigint AND state = 'in_consultation'`, w.today.id)
	if err != nil {
		t.Fatal(err)
	}
	return visit
}

// finishedVisit is a visit of the open session that is over.
func (w *world) finishedVisit(t *testing.T) string {
	t.Helper()
	var visit string
	err := w.base.App.Get(t.Context(), &visit, `SELECT id::text FROM visit WHERE session_id = $1::bigint AND state = 'finished' ORDER BY number LIMIT 1`, w.today.id)
	if err != nil {
		t.Fatal(err)
	}
	return visit
}

// revoked takes the role away while a screen is open.
func (w *world) revoked(t *testing.T, p *caller, staff, here, there int64) {
	t.Helper()
	sec := person(t, w.URL, "secadmin")
	change := func(what string, site int64) {
		t.Helper()
		form := commandForm("role", "doctor", "site", fmt.Sprint(site))
		if r := sec.post(fmt.Sprintf("/admin/staff/%d/%s", staff, what), form); r.status/100 > 3 {
			t.Fatalf("%s: %d %s", what, r.status, r.body)
		}
	}
	change("grant", here)
	screen := p.watch(w.today.id)
	screen.until(t, 0, "the board, now that the role is held here", func(e streamEvent) bool { return e.name == "board" })
	change("revoke", here)
	await(t, "the stream of a role that was taken away ends", func() bool {
		screen.mu.Lock()
		defer screen.mu.Unlock()
		return screen.ended != nil
	})
	// The page connects again by itself and must be told to stop asking.
	r := p.call("GET", w.today.path("/events"), nil, "Accept", "text/event-stream")
	if !strings.Contains(r.body, "event: bye") || strings.Contains(r.body, "board") {
		t.Errorf("a screen without the right at this site connects again and gets %d %q", r.status, r.body)
	}
	change("revoke", there)
	r = p.call("GET", w.today.path("/events"), nil, "Accept", "text/event-stream")
	if !strings.Contains(r.body, "event: bye") || strings.Contains(r.body, "board") {
		t.Errorf("a screen without any right connects again and gets %d %q", r.status, r.body)
	}
	if r := p.page("/"); r.status != 403 || !strings.Contains(r.body, "安全管理员") {
		t.Errorf("somebody without a role is told %d %s", r.status, r.body)
	}
}
