package main

import (
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"testing"

	"github.com/chromedp/chromedp"

	"jingfang/static/browsertest"
)

// shot is one page to be photographed, and what to do there first.
type shot struct {
	name, path string
	prepare    func(b *window)
}

// testShots opens every page as every role on a phone: none may complain, be wider
// than the screen or keep anybody out. With JINGFANG_SHOTS naming a folder it does so on a
// laptop as well and saves pictures there, for people to look at.
func (w *world) testShots(t *testing.T) {
	browsertest.Lack(t, browsertest.Missing())
	dir, sizes := os.Getenv("JINGFANG_SHOTS"), []bool{true}
	if dir != "" {
		sizes = append(sizes, false)
		if err := os.MkdirAll(dir, 0o755); err != nil {
			t.Fatal(err)
		}
	}
	source := axeSource(t)
	fresh := w.session(t, w.take(t, 3, 3), "doctor1")
	planned := clinic{t: t, id: w.arrange(t, w.site, "doctor2")}
	for _, phone := range sizes {
		name := "laptop"
		if phone {
			name = "phone"
		}
		b := openWindow(t, name, phone)
		b.theme("light")
		for _, role := range []string{"nobody", "doctor1", "pharmacist", "assistant", "manager", "sysadmin", "secadmin", "auditor"} {
			b.Do(chromedp.Navigate(w.URL + "/login"))
			if role != "nobody" {
				b.logIn(w.URL, role)
			}
			for _, s := range w.shots(t, role, fresh, planned) {
				file := filepath.Join(dir, fmt.Sprintf("%s-%s-%s.png", role, s.name, name))
				b.photograph(t, w.URL, s, file, dir != "")
				for _, fault := range b.axe(source) {
					t.Errorf("%s: %s", file, fault)
				}
			}
			if role != "nobody" {
				b.Do(chromedp.Navigate(w.URL+"/password"), run(`document.querySelector('form[data-logout]').submit()`))
				b.Until(`location.pathname === '/login'`)
			}
		}
		// The browser names an error page's status in its console.
		b.NoComplaints("the server responded with a status of 403", "the server responded with a status of 404", "the server responded with a status of 401")
	}
}

// photograph opens a page, checks that it fits, and saves a picture of it.
func (b *window) photograph(t *testing.T, base string, s shot, file string, save bool) {
	t.Helper()
	b.Do(chromedp.Navigate(base + s.path))
	if s.prepare != nil {
		s.prepare(b)
	}
	b.Until(`document.readyState === 'complete'`)
	if wide := eval[int](b, `document.documentElement.scrollWidth - window.innerWidth`); wide > 0 {
		t.Errorf("%s is %d pixels wider than the screen of the %s", file, wide, b.Name)
	}
	for _, what := range eval[[]string](b, roughEdges) {
		t.Errorf("%s: %s", file, what)
	}
	if !save {
		return
	}
	if err := os.WriteFile(file, b.Picture(), 0o644); err != nil {
		t.Fatal(err)
	}
}

// roughEdges lists controls that have no name for who cannot see them, and those
// too small for a thumb.
const roughEdges = `(function () {
	var wrong = [];
	document.querySelectorAll('button, a.button, a.row, summary, select, textarea, input:not([type="hidden"])').forEach(function (e) {
		var box = e.getBoundingClientRect();
		if (box.width === 0 || getComputedStyle(e).visibility === 'hidden') return;
		var name = (e.getAttribute('aria-label') || e.textContent || '').trim();
		var label = e.labels && e.labels.length ? e.labels[0] : null;
		if (label) name += label.textContent.trim();
		if (/^(INPUT|SELECT|TEXTAREA)$/.test(e.tagName) && !label && !e.getAttribute('aria-label')) name = '';
		var at = e.tagName + ' ' + e.className + ' ' + (e.name || e.id || name).slice(0, 20);
		if (!name) wrong.push('no name: ' + at);
		if (label && /^(checkbox|radio)$/.test(e.type)) box = label.getBoundingClientRect();
		if (box.height < 47.5) wrong.push('only ' + Math.round(box.height) + ' px high: ' + at);
	});
	if (document.querySelectorAll('h1').length > 1) wrong.push('more than one h1');
	return wrong;
})()`

var firstPatient = regexp.MustCompile(`"id":(\d+)`)

// shots are the pages of a role.
func (w *world) shots(t *testing.T, role string, fresh, planned clinic) []shot {
	id := firstPatient.FindStringSubmatch(w.pharm.get("/patients").body)
	if id == nil {
		t.Fatal("no patient was found")
	}
	room := shot{"room", w.today.path(""), (*window).Live}
	people := []shot{{"patients", "/patients", nil}, {"patient", "/patients/" + id[1], nil}}
	register := shot{"patient-new", "/patients/new", nil}
	receipts := []shot{{"receipts", "/receipts", nil}, {"receipt", w.receiptPath(t), nil}, {"stock", "/stock", nil}, {"drugs", "/drugs", nil},
		{"receipt-answer", w.receiptPath(t), func(b *window) {
			b.Wedge("6901234567892")
			b.Shows("#band .band-caution", "商品码")
		}}}
	stock := receipts[2:4]
	day, password := shot{"day", "/", nil}, shot{"password", "/password", nil}
	menu := shot{"menu", "/password", func(b *window) {
		b.Do(run(`document.getElementById('menu-open').checked = true`))
	}}
	refused := shot{"refused", "/admin/sites", nil}
	switch role {
	case "nobody":
		return []shot{{"login", "/login", nil}, {"trust", "/trust", nil}, {"nothing", "/nothing", nil}}
	case "doctor1":
		return append(append(people, stock...), day, menu, room, register, refused,
			shot{"room-next", fresh.path(""), (*window).Live},
			shot{"room-queue", w.today.path(""), tapTab(1)}, shot{"room-stock", w.today.path(""), tapTab(3)},
			shot{"room-answer", w.today.path(""), func(b *window) {
				b.Live()
				b.Wedge("6901234567892")
				b.Shows("#band .band-caution", "商品码")
			}},
			shot{"patients-none", "/patients?q=zzz", nil})
	case "pharmacist":
		return append(append(people, receipts...), day, menu, room, register, refused, shot{"plan", "/sessions/new", nil},
			shot{"day-empty", "/sessions?date=2031-01-01", nil}, shot{"room-planned", planned.path(""), (*window).Live},
			shot{"room-queue", w.today.path(""), tapTab(1)}, shot{"room-doctors", w.today.path(""), tapTab(3)},
			shot{"year", "/sessions/plan?year=2027", nil}, shot{"month", "/sessions/plan?year=2027&month=3", nil},
			shot{"roster", w.today.path("/roster"), nil}, shot{"change", planned.path("/change"), nil}, shot{"wall", w.today.path("/wall"), nil},
			shot{"packing-list", w.today.path("/packing/list"), nil}, shot{"trace", "/trace/" + w.givenCode(t), nil}, shot{"trace-ask", "/trace?q=6901234567892", nil},
			shot{"packing", w.today.path("/packing"), nil}, shot{"packing-home", w.today.path("/packing?home=1"), nil},
			shot{"packing-answer", w.today.path("/packing"), func(b *window) {
				b.Wedge("6901234567892")
				b.Shows("#band .band-caution", "商品码")
			}})
	case "assistant":
		return append(append(people, receipts...), day, room, register, shot{"room-queue", w.today.path(""), tapTab(1)})
	case "manager":
		return append(append(people, stock...), day, room, shot{"plan", "/sessions/new", nil})
	case "sysadmin":
		return []shot{{"staff", "/admin/staff", nil}, {"person", "/admin/staff/2", nil}, {"sites", "/admin/sites", nil}, menu, password}
	case "secadmin":
		return []shot{{"staff", "/admin/staff", nil}, {"person", "/admin/staff/2", nil}, password}
	}
	return []shot{{"audit", "/audit", nil}, password}
}

// receiptPath is the page of a receipt that waits.
func (w *world) receiptPath(t *testing.T) string {
	t.Helper()
	var list struct{ Open []struct{ ID int64 } }
	w.pharm.get("/receipts").json(t, &list)
	if len(list.Open) == 0 {
		t.Fatal("no receipt waits")
	}
	return fmt.Sprintf("/receipts/%d", list.Open[0].ID)
}

// tapTab turns to a column of a room on a phone.
func tapTab(n int) func(*window) {
	return func(b *window) {
		b.Live()
		b.Do(run(fmt.Sprintf(`document.querySelector('.tabs [data-pane="%d"]').click()`, n)))
	}
}
