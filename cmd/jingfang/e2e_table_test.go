package main

import (
	"fmt"
	"sync"
	"testing"

	"github.com/chromedp/chromedp"

	"jingfang/static/browsertest"
)

// tables are two doctors and a pharmacist who look at one session.
type tables struct {
	clinic
	world *world
	a, b  *window // doctor1 on a laptop, doctor2 on a phone
	room  *window // the pharmacist's
	codes []string
	taken int
	given int
}

// each does something at all three screens at the same time.
func (x *tables) each(do func(w *window)) {
	var wait sync.WaitGroup
	for _, w := range []*window{x.a, x.b, x.room} {
		wait.Go(func() { do(w) })
	}
	wait.Wait()
	if x.t.Failed() {
		x.t.FailNow()
	}
}

// all waits until every screen shows what the test knows to be true.
func (x *tables) all() {
	x.t.Helper()
	x.each(func(w *window) { w.foot(x.taken, x.given, x.taken-x.given) })
}

// testTables is a clinic hour in three real browsers.
func (w *world) testTables(t *testing.T) {
	browsertest.Lack(t, browsertest.Missing())
	x := &tables{world: w, codes: w.take(t, 2, 5)}
	x.clinic = w.session(t, x.codes, "doctor1", "doctor2")
	x.taken = len(x.codes)
	x.a, x.b, x.room = openWindow(t, "doctor1", false), openWindow(t, "doctor2", true), openWindow(t, "pharmacist", false)
	x.each(func(b *window) {
		b.logIn(w.URL, b.Name)
		b.Do(chromedp.Navigate(w.URL + x.path("")))
		b.Live()
		b.watchTruth()
	})
	x.all()
	x.scanOne(t)
	x.wrongCode(t)
	x.lastPack(t)
	x.takeBack(t)
	x.end(t)
	x.each(func(b *window) {
		b.truthHeld()
		b.rowsAreRows()
		b.NoComplaints()
	})
}

// enter scans a patient's label at a table.
func (x *tables) enter(b *window, name string) {
	x.t.Helper()
	b.Wedge(x.world.patient(x.t, name))
	b.Shows("#band", "开始就诊")
	b.Shows("#desk .patient-name", "演示"+name)
	b.settled()
}

// scanOne: A scans a label and a box; the others' screens follow by themselves.
func (x *tables) scanOne(t *testing.T) {
	x.enter(x.a, "甲客")
	x.each(func(b *window) { b.Shows("#queue .is-now", "演示医生甲") })
	x.a.Wedge(x.codes[0])
	x.given++
	x.a.Shows("#band .band-good", "已记录")
	x.a.Shows("#desk .row .code", x.codes[0][len(x.codes[0])-4:])
	x.all()
	x.room.Shows("#doctors .doctor", "…"+x.codes[0][len(x.codes[0])-4:])
	x.b.Shows("#doctors .doctor", "…"+x.codes[0][len(x.codes[0])-4:])
	x.room.Shows("#stock .stock-row", fmt.Sprintf("带出 %d · 发出 1 · 诊间 1", x.taken))
	// Nobody else's screen names the patient.
	for _, b := range []*window{x.b, x.room} {
		if eval[bool](b, `document.documentElement.outerHTML.includes('演示甲客')`) {
			t.Errorf("the screen of %s names the patient of another table", b.Name)
		}
	}
	if x.a.settled(); eval[bool](x.a, `!!document.querySelector('#desk [data-scan]').value`) {
		t.Error("the code is left in the field after it was sent")
	}
}

// wrongCode: what is no pack has a sentence and stays as 未记录.
func (x *tables) wrongCode(t *testing.T) {
	x.a.settled()
	x.a.Wedge("6901234567892")
	x.a.Shows("#band .band-caution", "这是商品码，不是追溯码")
	x.a.Shows("#desk .chip-bad", "6901234567892")
	x.all()
}

// lastPack: two doctors want the same last pack; one has it, the other reads who.
func (x *tables) lastPack(t *testing.T) {
	last := x.codes[len(x.codes)-1]
	for _, code := range x.codes[1 : len(x.codes)-1] {
		x.a.settled()
		x.a.Wedge(code)
		x.given++
		x.a.foot(x.taken, x.given, x.taken-x.given)
	}
	x.enter(x.b, "乙客")
	x.all()
	x.a.settled()
	var wait sync.WaitGroup
	for _, b := range []*window{x.a, x.b} {
		wait.Go(func() { b.Wedge(last) })
	}
	wait.Wait()
	x.given++
	x.all()
	for _, b := range []*window{x.a, x.b} {
		b.Until(fmt.Sprintf(`document.querySelector('#band .band-bad, #band .band-good') && !document.querySelector('#band').textContent.includes('开始就诊') && document.querySelector('#band').textContent.includes(%q)`, last[len(last)-4:]))
	}
	won, lost := x.a, x.b
	name := "演示医生甲"
	if eval[bool](x.b, `!!document.querySelector('#band .band-good')`) {
		won, lost, name = x.b, x.a, "演示医生乙"
	}
	won.Shows("#band .band-good", "已记录")
	lost.Shows("#band .band-bad", name)
	lost.Shows("#band .band-bad", "换一种") // it was the last one of its drug
	lost.Shows("#desk .chip-bad", last[len(last)-4:])
	if eval[bool](lost, fmt.Sprintf(`!!document.querySelector('#desk form input[name="code"][value=%q]')`, last)) {
		t.Error("both tables have the last pack")
	}
	// B gets one that A takes back, in case A won all.
	if won == x.a {
		x.undo(x.a, last)
		x.b.settled()
		x.b.Wedge(last)
		x.given++
		x.b.Shows("#band .band-good", "已记录")
		x.all()
	}
}

// undo presses 撤销 beside a code.
func (x *tables) undo(b *window, code string) {
	x.t.Helper()
	b.settled()
	b.Click(fmt.Sprintf(`#desk button[aria-label$="尾号 %s"]`, code[len(code)-4:]))
	x.given--
	b.Shows("#band", "已撤销")
	x.all()
}

// takeBack: an undone pack is in the tray again, on all screens.
func (x *tables) takeBack(t *testing.T) {
	x.undo(x.a, x.codes[0])
	if eval[bool](x.a, fmt.Sprintf(`!!document.querySelector('#desk input[value=%q]')`, x.codes[0])) {
		t.Error("the undone pack is still in the list")
	}
}

// end: 诊毕 at both tables; the screens say so, and the tables wait for the next.
func (x *tables) end(t *testing.T) {
	for i, b := range []*window{x.a, x.b} {
		b.settled()
		b.Click("#desk .dock .button-main")
		b.Until(`document.querySelector('#band').textContent.includes('诊毕')`)
		if b.settled(); eval[bool](b, `!!document.querySelector('#desk button[value="not_given"]')`) {
			// Codes stand there unrecorded: 诊毕 asks what became of the boxes.
			b.Click(`#desk button[value="not_given"]`)
		}
		b.Shows("#band .band-good", "诊毕")
		b.Shows("#desk", "扫患者二维码")
		x.each(func(b *window) { b.Shows("#queue .card-head", fmt.Sprintf("已看 %d", i+1)) })
	}
	x.all()
	x.each(func(b *window) { b.Until(`!document.querySelector('#queue .is-now')`) })
	got := x.totals(x.world.pharm)
	if got.Given != x.given || got.Taken != x.taken || got.Finished != 2 {
		t.Errorf("the screens say %d of %d, the server %+v", x.given, x.taken, got)
	}
}

// rowsAreRows checks that what the stream replaced is still where and what it
// was: each row once, inside its part, with the parts once in their columns.
func (w *window) rowsAreRows() {
	w.T.Helper()
	wrong := eval[[]string](w, `(function () {
		var wrong = [];
		[['#stock', '.col'], ['#queue', '.col'], ['#doctors', '.col'], ['#foot', '.col'], ['#session-state', '.where'],
		 ['.stock-row', '#stock .list'], ['.doctor', '#doctors .doctors'], ['#queue .queue-row', '#queue .list']].forEach(function (p) {
			var found = Array.from(document.querySelectorAll(p[0]));
			if (p[0][0] === '#' && p[0].indexOf(' ') < 0 && found.length !== 1) wrong.push(p[0] + ' stands ' + found.length + ' times');
			if (!found.length && p[0] !== '#queue .queue-row') wrong.push(p[0] + ' is gone');
			found.forEach(function (e) { if (!e.parentElement.closest(p[1])) wrong.push(p[0] + ' stands outside of ' + p[1]); });
		});
		var ids = {};
		document.querySelectorAll('[id]').forEach(function (e) {
			if (ids[e.id]) wrong.push('the id ' + e.id + ' stands twice');
			ids[e.id] = true;
		});
		document.querySelectorAll('main template:not([id^="off-"])').forEach(function (e) { wrong.push('a template is left over: ' + e.outerHTML.slice(0, 80)); });
		return wrong;
	})()`)
	for _, x := range wrong {
		w.T.Errorf("the screen of %s: %s", w.Name, x)
	}
}
