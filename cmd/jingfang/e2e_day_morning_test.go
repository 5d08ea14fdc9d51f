package main

import (
	"fmt"
	"sync"

	"github.com/chromedp/chromedp"
)

// enter scans a patient's label at a table.
func (x *wholeDay) enter(b *window, patient int) {
	x.t.Helper()
	b.Wedge(x.labels[patient])
	b.Shows("#desk .patient-name", x.names[patient])
	b.settled()
}

// give scans a box that the table gets.
func (x *wholeDay) give(b *window, code string) {
	x.t.Helper()
	b.settled()
	b.Wedge(code)
	b.Shows("#band .band-good", "已记录")
	b.Shows("#desk .row .code", code[len(code)-4:])
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
	x.room.Shows("#queue", "演示医生丙")
	x.finish(x.tables[1])
	x.room.Shows("#queue .card-head", "已看 1")
}

// finish presses 诊毕, and says of what is not recorded that it was not given.
func (x *wholeDay) finish(b *window) {
	x.t.Helper()
	b.settled()
	b.Click("#desk .dock .button-main")
	b.Until(`document.querySelector('#band').textContent.includes('诊毕')`)
	if b.settled(); eval[bool](b, `!!document.querySelector('#desk button[value="not_given"]')`) {
		b.Click(`#desk button[value="not_given"]`)
	}
	b.Shows("#desk", "扫患者二维码")
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
		w.Wedge(code)
		w.Until(fmt.Sprintf(`document.querySelector('#band .band-bad, #band .band-good') && document.querySelector('#band').textContent.includes(%q)`, end))
	})
	x.took(code)
	won, lost, name := a, b, "演示医生甲"
	if eval[bool](b, `!!document.querySelector('#band .band-good')`) {
		won, lost, name = b, a, "演示医生乙"
	}
	won.Shows("#desk .row .code", end)
	lost.Shows("#band .band-bad", name)
	lost.Shows("#desk .chip-bad", end)
}

// oddCodes: at the phone a commodity code is refused, and a box whose label cannot
// be read is found by the end of its code, typed by hand.
func (x *wholeDay) oddCodes() {
	b, code := x.tables[2], x.of(2)[0]
	b.Wedge("6901234567892")
	b.Shows("#band .band-caution", "商品码")
	b.Shows("#desk .chip-bad", "6901234567892")
	b.settled()
	x.shoot(b, "phone-desk")
	b.Do(chromedp.SendKeys("#desk [data-scan]", code[len(code)-6:]))
	b.Click("#desk .scan button[type=submit]")
	b.Shows("#desk .row", "手输")
	x.took(code)
}

// forgotten: the first doctor scans the next label without 诊毕, and again.
func (x *wholeDay) forgotten() {
	b := x.tables[0]
	b.settled()
	b.Wedge(x.labels[4])
	b.Shows("#band", "再扫一次同一张标签")
	b.Shows("#desk .patient-name", x.names[0])
	b.settled()
	b.Wedge(x.labels[4])
	b.Shows("#desk .patient-name", x.names[4])
	b.Shows("#band", "已诊毕")
	x.room.Shows("#queue .card-head", "已看 2")
	code := x.of(0)[0]
	x.give(b, code)
	x.took(code)
}

// letIn: a box that was not packed is asked for; the pharmacist presses 放行 and
// the doctor's desk shows it by itself.
func (x *wholeDay) letIn() {
	b, end := x.tables[1], x.outside[len(x.outside)-4:]
	b.settled()
	b.Wedge(x.outside)
	b.Shows("#desk .chip-bad", end)
	b.settled()
	x.shoot(b, "desk-chips")
	b.Click(`#chips form[action$="/requests"] button`)
	b.Shows("#chips", "等待处理")
	x.room.Shows("#requests .request-row", end)
	x.shoot(x.room, "room-request")
	x.room.Click(`#requests button[value="let_in"]`)
	b.Shows("#band .band-good", "药师已放行")
	b.Shows("#desk .row .code", end)
	b.Shows("#answers", "放行")
	x.room.Until(`!document.querySelector('#requests form')`)
	x.taken++
	x.took(x.outside)
}

// goHome ends all visits; nothing was loaded again or wrong all day.
func (x *wholeDay) goHome() {
	x.each(x.tables, x.finish)
	x.each(x.everybody(), func(b *window) { b.Shows("#queue .card-head", "已看 5") })
	x.checkpoint()
	x.each(x.tables, func(b *window) {
		b.truthHeld()
		b.rowsAreRows()
	})
}
