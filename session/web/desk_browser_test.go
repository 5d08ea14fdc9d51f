package web_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/chromedp"
	"github.com/google/uuid"

	"jingfang/session"
	"jingfang/static/browsertest"
)

// screen is a page with what the tests of this package do in it.
type screen struct{ *browsertest.Page }

func openScreen(t testing.TB, width, height int, flags ...chromedp.ExecAllocatorOption) screen {
	t.Helper()
	return screen{browsertest.Open(t, width, height, flags...)}
}

// One doctor, one browser: label to label without a pointer, a tail, a request
// whose answer comes by itself, and 诊毕 with a code that is not recorded.
func TestTheDeskInABrowser(t *testing.T) {
	d := newDesk(t, 4, 3)
	more := d.stock("B7", time.Now().AddDate(1, 0, 0), 1)
	b := openScreen(t, 390, 844)
	d.begin(0)
	b.Go(d.url + d.path(""))
	b.Live()
	scan := func(code string) { b.Run(fmt.Sprintf(`window.jingfang.scan(%q)`, code)) }

	scan(d.codes[0])
	b.Shows(".hero", "1")
	scan(d.tokens[1])
	b.Shows("#band", "再扫一次同一张标签")
	b.Shot("desk-asked")
	scan(d.tokens[1])
	b.Shows(".patient-number", "2")

	// 只查 says where the box is and records nothing; the scan after it records.
	b.Run(`document.querySelector('#desk [data-look]').click()`)
	scan(more[0])
	b.Shows("#band", "只查看，没有改动")
	b.Shows("#band", "看全过程")
	b.Shot("desk-looked")
	b.Until(`!document.querySelector('#desk [data-look]').checked && document.querySelector('#chips') === null`)

	b.Run(fmt.Sprintf(`var f = document.querySelector("#desk [data-scan]"); f.value = %q; f.form.requestSubmit()`, d.codes[1][15:]))
	b.Shows("#desk li", "手输")

	// A box, a label and a box in one go: each goes where it belongs.
	b.Run(fmt.Sprintf(`[%q, %q, %q].forEach(window.jingfang.scan)`, d.codes[2], d.tokens[2], d.tokens[2]))
	b.Shows(".patient-number", "3")

	scan(more[0])
	b.Shows("#chips", "未记录")
	b.Run(`document.querySelector('#chips form[hx-post$="/requests"] button').click()`)
	b.Shows("#chips", "等待处理")
	b.Shot("desk-waits")
	list, err := session.Requests(t.Context(), d.App, d.id)
	d.must(err)
	_, err = d.sessions.Decide(t.Context(), d.chief, session.Deciding{SessionID: d.id, Request: list[0].ID, CommandID: uuid.New(), LetIn: true, Reason: "实物核对无误"})
	d.must(err)
	b.Shows("#band", "药师已放行")
	b.Shows("#desk li", "…")
	b.Shows("#answers", "放行")

	scan("6901234567892")
	b.Shows("#chips", "6901234567892")
	b.Run(`document.querySelector('#desk form[hx-post$="/finish"] button').click()`)
	b.Shows("#desk .notice", "未记录")
	b.Shot("desk-left")
	b.Run(`document.querySelector('#desk button[value="not_given"]').click()`)
	b.Shows("#band", "3 号诊毕")
	report, err := session.VerifyRecords(t.Context(), d.App, d.id)
	if err != nil || report.Problem != "" || report.Records != 3 {
		t.Errorf("%+v, %v", report, err)
	}
}

// The pharmacist's room shows a request by itself and takes the decision.
func TestRequestsInABrowser(t *testing.T) {
	d := newDesk(t, 2, 2)
	more := d.stock("B7", time.Now().AddDate(1, 0, 0), 1)
	visit := d.begin(0)
	d.press(visit+"/scans", "codes", d.codes[0]+"\n"+more[0], "scanned", "1")
	d.lookAs(d.chief)
	d.press("/visits", "visit", uuid.NewString(), "patient", d.tokens[1], "start", "false")
	b := openScreen(t, 1366, 768)
	b.Go(d.url + d.path(""))
	b.Live()
	_, err := d.sessions.AskLetIn(t.Context(), d.doctors[0], session.Asking{SessionID: d.id, Visit: uuid.MustParse(strings.TrimPrefix(visit, "/visits/")), CommandID: uuid.New(), Code: more[0]})
	d.must(err)
	b.Shows("#requests", "放行申请")
	b.Shot("room-request")
	b.Run(`document.querySelector('#requests button[value="let_in"]').click()`)
	b.Shows("#band", "已放行")
	b.Until(`!document.querySelector("#requests form")`)
	b.Run(`document.querySelector('#queue form[hx-post$="/queue"] button').click()`)
	b.Shows("#queue", "已叫")
	b.Shot("room-called")
	b.Go(d.url + d.path("/queue"))
	b.Shows("#queue-list", "已叫")
	b.Shot("queue")
	_, err = d.sessions.CheckIn(t.Context(), d.chief, session.Arrival{SessionID: d.id, Visit: uuid.New(), CommandID: uuid.New(), Patient: d.tokens[1]})
	d.must(err)
	if v, err := session.FindVisit(t.Context(), d.App, d.id, uuid.MustParse(strings.TrimPrefix(visit, "/visits/"))); err != nil || v.Lines != 2 {
		t.Errorf("%+v, %v", v, err)
	}
}

// heldAnswers keeps the answers to commands from the page until the test lets them
// in, and counts the pieces of answers that found no place.
const heldAnswers = `window.held = []; window.homeless = 0;
document.addEventListener("htmx:oobErrorNoTarget", function () { window.homeless++; });
(function (open, send) {
	XMLHttpRequest.prototype.open = function (verb) { this.command = verb === "POST"; return open.apply(this, arguments); };
	XMLHttpRequest.prototype.send = function () {
		var xhr = this, load = xhr.onload;
		if (xhr.command) xhr.onload = function (event) { window.held.push(function () { load.call(xhr, event); }); };
		return send.apply(xhr, arguments);
	};
})(XMLHttpRequest.prototype.open, XMLHttpRequest.prototype.send)`

const letIn = `(function () { var list = window.held; window.held = []; list.forEach(function (f) { f(); }); })()`

// The desk as the board's change has it asked for arrives between a label and the
// answer to it: the answer is still heard and drawn.
func TestAnswersCrossAtTheDesk(t *testing.T) {
	d := newDesk(t, 2, 2)
	b := openScreen(t, 390, 844)
	b.Go(d.url + d.path(""))
	b.Until(`document.getElementById("line").dataset.state === "live" && document.querySelector("#place [hx-get]")`)
	b.Run(heldAnswers)
	asked := func(n int) string {
		return fmt.Sprintf(`performance.getEntriesByType("resource").filter(function (e) { return e.name.indexOf("/place?") > 0 && e.responseEnd > 0; }).length >= %d && !document.querySelector("#place .htmx-request")`, n)
	}
	b.Until(asked(1))
	b.Run(fmt.Sprintf(`window.jingfang.scan(%q)`, d.tokens[0]))
	b.Until(`window.held.length === 1`)
	b.Script(`htmx.trigger(document.body, "missed")`)
	b.Until(asked(2))
	b.Script(letIn)
	b.Shows("#band", "开始就诊")
	b.Shows(".patient-number", "1")
	b.Run(fmt.Sprintf(`window.jingfang.scan(%q)`, d.codes[0]))
	b.Until(`window.held.length === 1`)
	b.Script(letIn)
	b.Shows(".hero", "1")
	b.Until(`window.homeless === 0`)
}

// The request leaves the board before its own answer is back at the duty holder's:
// what was done is still said.
func TestAnswersCrossOnTheBoard(t *testing.T) {
	d := newDesk(t, 1, 2)
	more := d.stock("B8", time.Now().AddDate(1, 0, 0), 1)
	visit := d.begin(0)
	d.press(visit+"/scans", "codes", more[0], "scanned", "1")
	d.lookAs(d.chief)
	b := openScreen(t, 1366, 768)
	b.Go(d.url + d.path(""))
	b.Live()
	_, err := d.sessions.AskLetIn(t.Context(), d.doctors[0], session.Asking{SessionID: d.id, Visit: uuid.MustParse(strings.TrimPrefix(visit, "/visits/")), CommandID: uuid.New(), Code: more[0]})
	d.must(err)
	b.Shows("#requests", "放行申请")
	b.Run(heldAnswers)
	b.Run(`document.querySelector('#requests button[value="let_in"]').click()`)
	b.Until(`window.held.length === 1 && !document.querySelector("#requests form")`)
	b.Script(letIn)
	b.Shows("#band", "已放行")
	b.Until(`window.homeless === 0`)
}
