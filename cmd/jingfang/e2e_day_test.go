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
	needBrowser(t)
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
		b.noComplaints()
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
		b.logIn(x.world.URL, b.name)
		b.do(chromedp.Navigate(x.world.URL + x.path("")))
		b.live()
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
	b.do(chromedp.Navigate(x.world.URL + x.path("/packing")))
	x.shoot(b, "packing-proposal")
	var codes []string
	for code := range x.packs {
		codes = append(codes, code)
	}
	b.do(chromedp.Click(`#bench [data-scan]`), paste(strings.Join(codes, " ")), chromedp.Click(`#bench .scan button`))
	b.shows("#bench .hero", fmt.Sprintf("%d盒在本场药箱", len(codes)))
	b.shows("#band .band-good", fmt.Sprintf("%d 盒有变动", len(codes)))
	x.taken = len(codes)
	b.settled()
	x.shoot(b, "packing-done")
	if x.shots != "" {
		b.do(chromedp.Navigate(x.world.URL + x.path("/packing/list")))
		x.shoot(b, "packing-list")
	}
	b.do(chromedp.Navigate(x.world.URL + x.path("")))
	b.live()
}

// begin opens the session; the doctors' tables follow by themselves.
func (x *wholeDay) begin() {
	x.room.press(`form[action$="/open"] button`)
	x.each(x.everybody(), func(b *window) {
		b.shows("#session-state", "进行中")
		b.live()
	})
	x.each(x.tables, func(b *window) { b.shows("#desk", "扫患者二维码") })
	x.each(x.everybody(), (*window).watchTruth)
	x.checkpoint()
}

// enter scans a patient's label at a table.
func (x *wholeDay) enter(b *window, patient int) {
	x.t.Helper()
	b.wedge(x.labels[patient])
	b.shows("#desk .patient-name", x.names[patient])
	b.settled()
}

// give scans a box that the table gets.
func (x *wholeDay) give(b *window, code string) {
	x.t.Helper()
	b.settled()
	b.wedge(code)
	b.shows("#band .band-good", "已记录")
	b.shows("#desk .row .code", code[len(code)-4:])
}

// took notes what has been handed out; the screens are looked at afterwards.
func (x *wholeDay) took(codes ...string) {
	for _, code := range codes {
		x.given[code] = true
	}
	x.checkpoint()
}

// morning lets the three doctors work at once; the second ends a visit.
func (x *wholeDay) morning() {
	first := []string{x.of(0)[0], x.of(1)[0], x.of(2)[0]}
	var wait sync.WaitGroup
	for i, b := range x.tables {
		wait.Go(func() {
			x.enter(b, i)
			x.give(b, first[i])
		})
	}
	wait.Wait()
	x.took(first...)
	x.room.shows("#queue", "演示医生丙")
	x.finish(x.tables[1])
	x.room.shows("#queue .card-head", "已看 1")
}

// finish presses 诊毕, and says of what is not recorded that it was not given.
func (x *wholeDay) finish(b *window) {
	x.t.Helper()
	b.settled()
	b.press("#desk .dock .button-main")
	b.until(`document.querySelector('#band').textContent.includes('诊毕')`)
	if b.settled(); eval[bool](b, `!!document.querySelector('#desk button[value="not_given"]')`) {
		b.press(`#desk button[value="not_given"]`)
	}
	b.shows("#desk", "扫患者二维码")
	b.settled()
}

// contest lets two doctors scan one pack at the same moment.
func (x *wholeDay) contest() {
	a, b := x.tables[0], x.tables[1]
	x.enter(b, 3)
	code := x.of(1)[0]
	end := code[len(code)-4:]
	x.each([]*window{a, b}, func(w *window) {
		w.settled()
		w.wedge(code)
		w.until(fmt.Sprintf(`document.querySelector('#band .band-bad, #band .band-good') && document.querySelector('#band').textContent.includes(%q)`, end))
	})
	x.took(code)
	won, lost, name := a, b, "演示医生甲"
	if eval[bool](b, `!!document.querySelector('#band .band-good')`) {
		won, lost, name = b, a, "演示医生乙"
	}
	won.shows("#desk .row .code", end)
	lost.shows("#band .band-bad", name)
	lost.shows("#desk .chip-bad", end)
}

// oddCodes: at the phone a commodity code is refused, and a box whose label cannot
// be read is found by the end of its code, typed by hand.
func (x *wholeDay) oddCodes() {
	b, code := x.tables[2], x.of(2)[0]
	b.wedge("6901234567892")
	b.shows("#band .band-caution", "商品码")
	b.shows("#desk .chip-bad", "6901234567892")
	b.settled()
	x.shoot(b, "phone-desk")
	b.do(chromedp.SendKeys("#desk [data-scan]", code[len(code)-6:]))
	b.press("#desk .scan button")
	b.shows("#desk .row", "手输")
	x.took(code)
}

// forgotten: the first doctor scans the next label without 诊毕, and again.
func (x *wholeDay) forgotten() {
	b := x.tables[0]
	b.settled()
	b.wedge(x.labels[4])
	b.shows("#band", "再扫一次同一张标签")
	b.shows("#desk .patient-name", x.names[0])
	b.settled()
	b.wedge(x.labels[4])
	b.shows("#desk .patient-name", x.names[4])
	b.shows("#band", "已诊毕")
	x.room.shows("#queue .card-head", "已看 2")
	code := x.of(0)[0]
	x.give(b, code)
	x.took(code)
}

// letIn: a box that was not packed is asked for; the pharmacist presses 放行 and
// the doctor's desk shows it by itself.
func (x *wholeDay) letIn() {
	b, end := x.tables[1], x.outside[len(x.outside)-4:]
	b.settled()
	b.wedge(x.outside)
	b.shows("#desk .chip-bad", end)
	b.settled()
	x.shoot(b, "desk-chips")
	b.press(`#chips form[action$="/requests"] button`)
	b.shows("#chips", "等待处理")
	x.room.shows("#requests .request-row", end)
	x.shoot(x.room, "room-request")
	x.room.press(`#requests button[value="let_in"]`)
	b.shows("#band .band-good", "药师已放行")
	b.shows("#desk .row .code", end)
	b.shows("#answers", "放行")
	x.room.until(`!document.querySelector('#requests form')`)
	x.taken++
	x.took(x.outside)
}

// goHome ends all visits; nothing was loaded again or wrong all day.
func (x *wholeDay) goHome() {
	x.each(x.tables, x.finish)
	x.each(x.everybody(), func(b *window) { b.shows("#queue .card-head", "已看 5") })
	x.checkpoint()
	x.each(x.tables, func(b *window) {
		b.truthHeld()
		b.rowsAreRows()
	})
}

// fetched downloads a file with the login of the page.
func (w *window) fetched(path string) []byte {
	w.t.Helper()
	eval[bool](w, fmt.Sprintf(`(function () {
		window.fetchedFile = null;
		fetch(%q).then(function (r) { return r.arrayBuffer().then(function (b) { window.fetchedFile = { status: r.status, bytes: Array.from(new Uint8Array(b)) }; }); });
		return true;
	})()`, path))
	w.until(`window.fetchedFile`)
	file := eval[struct {
		Status int
		Bytes  []int
	}](w, `window.fetchedFile`)
	if file.Status != http.StatusOK {
		w.t.Fatalf("%s: %d", path, file.Status)
	}
	text := make([]byte, len(file.Bytes))
	for i, b := range file.Bytes {
		text[i] = byte(b)
	}
	return text
}
