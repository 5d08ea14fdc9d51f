package main

import (
	"fmt"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/chromedp/chromedp"

	"jingfang/sql/dbtest"
	"jingfang/static/browsertest"
)

// wholeDay is a clinic day at four screens: the pharmacist's and two doctors'
// laptops, and a third doctor's phone.
type wholeDay struct {
	clinic
	world   *world
	site    string
	room    *window // the pharmacist's
	tables  []*window
	shots   string            // folder for pictures, "" for none
	packs   map[string]string // what is in the boxes: code to drug, by number
	outside string            // a pack that stays in the store
	labels  []string          // patients of the site
	names   []string
	taken   int
	given   map[string]bool
}

// The day's medicine: some packs of some drugs, one of which stays in the store.
const (
	dayDrugs    = 3
	dayPacks    = 4
	dayPatients = 8
)

// TestWholeDayInFourBrowsers plays a day from packing to the signed paper by what
// people press and scan, all at the same time.
func TestWholeDayInFourBrowsers(t *testing.T) {
	browsertest.Lack(t, browsertest.Missing())
	needReaders(t)
	x := &wholeDay{world: openWorld(t, startDemo(t, twoUsers(t, dbtest.Options{}))), packs: map[string]string{}, given: map[string]bool{}, shots: os.Getenv("JINGFANG_SHOTS")}
	x.arrange(t)
	x.sitDown(t)
	x.pack()
	x.begin()
	x.morning()
	x.contest()
	x.oddCodes()
	x.forgotten()
	x.letIn()
	x.lookAround()
	x.goHome()
	x.stop()
	x.countLeft()
	x.explain()
	x.sign()
	x.readPaper(t)
	for _, b := range x.everybody() {
		b.NoComplaints()
	}
	x.world.verify(t)
}

// needReaders skips on a laptop without the programs that read papers and codes,
// and fails where CI is set.
func needReaders(t *testing.T) {
	t.Helper()
	for _, name := range []string{"pdftotext", "pdftoppm", "zbarimg"} {
		if _, err := exec.LookPath(name); err == nil {
			continue
		}
		if os.Getenv("CI") != "" {
			t.Fatalf("%s is missing; sh deploy/test.sh installs it", name)
		}
		t.Skipf("%s is missing; sh deploy/test.sh installs it", name)
	}
}

// arrange plans the session at a site that has none today, registers its patients
// and takes packs to the store that the day is packed from.
func (x *wholeDay) arrange(t *testing.T) {
	w := x.world
	var form struct {
		Sites []struct{ Value, Word string }
		Staff []struct{ ID, Name string }
	}
	w.pharm.get("/sessions/new").json(t, &form)
	x.site = form.Sites[len(form.Sites)-1].Value
	team := url.Values{"kind": {"site"}, "site": {x.site}, "date": {time.Now().In(time.FixedZone("CST", 8*3600)).Format(time.DateOnly)}}
	for _, p := range form.Staff {
		switch p.Name {
		case w.pharm.name:
			team.Add("pharmacist", p.ID)
		case "演示医生甲", "演示医生乙", "演示医生丙":
			team.Add("doctor", p.ID)
		}
	}
	for i := range dayPatients {
		var made struct{ Token string }
		x.names = append(x.names, fmt.Sprintf("演示全天%c", []rune("甲乙丙丁戊己庚辛")[i]))
		w.helper.post("/patients", url.Values{"name": {x.names[i]}, "site": {x.site}, "paper": {"none"}}).json(t, &made)
		x.labels = append(x.labels, made.Token)
	}
	var made struct{ ID int64 }
	w.pharm.post("/sessions", team).json(t, &made)
	x.clinic = clinic{t: t, id: made.ID}
	var home []string
	for drug := range dayDrugs {
		for _, code := range w.take(t, drug, dayPacks) {
			x.packs[code] = fmt.Sprint(drug)
			home = append(home, code)
		}
	}
	x.outside = w.take(t, dayDrugs, 1)[0]
	var a struct{ Moved int }
	w.pharm.post(w.today.path("/packing"), commandForm("codes", strings.Join(append(home, x.outside), "\n"), "home", "1")).json(t, &a)
	if a.Moved != len(home)+1 {
		t.Fatalf("%d of %d packs came home", a.Moved, len(home)+1)
	}
}

// sitDown opens the four browsers, logs in and looks at the session.
func (x *wholeDay) sitDown(t *testing.T) {
	x.room = openWindow(t, "pharmacist", false)
	for i, name := range []string{"doctor1", "doctor2", "doctor3"} {
		x.tables = append(x.tables, openWindow(t, name, i == 2))
	}
	x.each(x.everybody(), func(b *window) {
		b.logIn(x.world.URL, b.Name)
		b.Do(chromedp.Navigate(x.world.URL + x.path("")))
		b.Live()
	})
}

func (x *wholeDay) everybody() []*window { return append([]*window{x.room}, x.tables...) }

// each does something at several screens at the same time.
func (x *wholeDay) each(screens []*window, do func(b *window)) {
	x.t.Helper()
	var wait sync.WaitGroup
	for _, b := range screens {
		wait.Go(func() { do(b) })
	}
	wait.Wait()
	if x.t.Failed() {
		x.t.FailNow()
	}
}

// checkpoint waits until all four screens show the equation that the test knows.
func (x *wholeDay) checkpoint() {
	x.t.Helper()
	x.each(x.everybody(), func(b *window) { b.foot(x.taken, len(x.given), x.taken-len(x.given)) })
}

// of gives the packs of a drug that are still in the boxes.
func (x *wholeDay) of(drug int) []string {
	var list []string
	for code, d := range x.packs {
		if d == fmt.Sprint(drug) && !x.given[code] {
			list = append(list, code)
		}
	}
	return list
}

// pack pastes a list of codes on the packing page.
func (x *wholeDay) pack() {
	b := x.room
	b.Do(chromedp.Navigate(x.world.URL + x.path("/packing")))
	x.shoot(b, "packing-proposal")
	var codes []string
	for code := range x.packs {
		codes = append(codes, code)
	}
	b.Do(chromedp.Click(`#bench [data-scan]`), paste(strings.Join(codes, " ")), chromedp.Click(`#bench .scan button[type="submit"]`))
	// Boxes and bottles stand apart: together they are all that was scanned.
	b.Until(fmt.Sprintf(`(document.querySelector("#bench .hero").textContent.split("在本场")[0].match(/\d+/g) || []).reduce(function (a, n) { return a + Number(n); }, 0) === %d`, len(codes)))
	b.Shows("#band .band-good", fmt.Sprintf("%d 盒有变动", len(codes)))
	x.taken = len(codes)
	b.settled()
	x.shoot(b, "packing-done")
	if x.shots != "" {
		b.Do(chromedp.Navigate(x.world.URL + x.path("/packing/list")))
		x.shoot(b, "packing-list")
	}
	b.Do(chromedp.Navigate(x.world.URL + x.path("")))
	b.Live()
}

// begin opens the session; the doctors' tables follow by themselves.
func (x *wholeDay) begin() {
	x.room.Click(`form[action$="/open"] button`)
	x.each(x.everybody(), func(b *window) {
		b.Shows("#session-state", "进行中")
		b.Live()
	})
	x.each(x.tables, func(b *window) { b.Shows("#desk", "扫患者二维码") })
	x.each(x.everybody(), (*window).watchTruth)
	x.checkpoint()
}

// fetched downloads a file with the login of the page.
func (w *window) fetched(path string) []byte {
	w.T.Helper()
	eval[bool](w, fmt.Sprintf(`(function () {
		window.fetchedFile = null;
		fetch(%q).then(function (r) { return r.arrayBuffer().then(function (b) { window.fetchedFile = { status: r.status, bytes: Array.from(new Uint8Array(b)) }; }); });
		return true;
	})()`, path))
	w.Until(`window.fetchedFile`)
	file := eval[struct {
		Status int
		Bytes  []int
	}](w, `window.fetchedFile`)
	if file.Status != http.StatusOK {
		w.T.Fatalf("%s: %d", path, file.Status)
	}
	text := make([]byte, len(file.Bytes))
	for i, b := range file.Bytes {
		text[i] = byte(b)
	}
	return text
}
