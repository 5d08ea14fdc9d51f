package web_test

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/cdproto/log"
	"github.com/chromedp/chromedp"
	"github.com/google/uuid"

	"jingfang/session"
)

// screen is one page in Chromium; whatever the content policy blocks fails the
// test.
type screen struct {
	t   testing.TB
	ctx context.Context
}

func openScreen(t testing.TB, width, height int, flags ...chromedp.ExecAllocatorOption) screen {
	t.Helper()
	if _, err := exec.LookPath("chromium"); err != nil {
		if os.Getenv("CI") != "" {
			t.Fatal("there is no chromium on this machine; sh deploy/test.sh installs it")
		}
		t.Skip("there is no chromium on this machine; sh deploy/test.sh installs it")
	}
	ctx, cancel := context.WithTimeout(t.Context(), 2*time.Minute)
	t.Cleanup(cancel)
	ctx, cancel = chromedp.NewExecAllocator(ctx, append(append(chromedp.DefaultExecAllocatorOptions[:], chromedp.NoSandbox), flags...)...)
	t.Cleanup(cancel)
	ctx, cancel = chromedp.NewContext(ctx)
	t.Cleanup(cancel)
	s := screen{t: t, ctx: ctx}
	s.must(chromedp.Listen(ctx, func(event any) {
		if e, ok := event.(*log.EventEntryAdded); ok && strings.Contains(e.Entry.Text, "Content Security Policy") {
			t.Errorf("the content policy blocked: %s", e.Entry.Text)
		}
	}))
	s.do(chromedp.EmulateViewport(int64(width), int64(height)))
	return s
}

func (s screen) must(err error) {
	s.t.Helper()
	if err != nil {
		s.t.Fatal(err)
	}
}

func (s screen) do(steps ...chromedp.Action[chromedp.Void]) {
	s.t.Helper()
	s.must(chromedp.Do(s.ctx, steps...))
}

// until waits until the expression is true in the page.
func (s screen) until(expression string) {
	s.t.Helper()
	_, err := chromedp.Run(s.ctx, chromedp.Poll[bool]("(function () { try { return !!("+expression+"); } catch (e) { return false; } })()", chromedp.WithPollingTimeout(time.Minute)))
	for err != nil && strings.Contains(err.Error(), "(-32000)") && s.ctx.Err() == nil {
		// The page has just been replaced by another.
		_, err = chromedp.Run(s.ctx, chromedp.Poll[bool]("(function () { try { return !!("+expression+"); } catch (e) { return false; } })()", chromedp.WithPollingTimeout(time.Minute)))
	}
	if err != nil {
		s.keep("failed")
		s.t.Fatalf("waiting for %s: %v", expression, err)
	}
}

// says waits until an element holds a text.
func (s screen) says(where, text string) {
	s.t.Helper()
	s.until(fmt.Sprintf(`Array.from(document.querySelectorAll(%q)).some(function (e) { return e.textContent.indexOf(%q) >= 0; })`, where, text))
}

// run runs a script in the page once what came last is htmx's.
func (s screen) run(script string) {
	s.t.Helper()
	s.until(`!document.querySelector(".htmx-added, .htmx-settling, .htmx-request")`)
	_, err := chromedp.Run(s.ctx, chromedp.Evaluate[bool](script+"; true"))
	s.must(err)
}

// keep takes a picture when JINGFANG_SHOTS names a folder.
func (s screen) keep(name string) {
	s.t.Helper()
	dir := os.Getenv("JINGFANG_SHOTS")
	if dir == "" {
		return
	}
	png, err := chromedp.Run(s.ctx, chromedp.FullScreenshot(100))
	s.must(err)
	s.must(os.WriteFile(filepath.Join(dir, name+".png"), png, 0o644))
}

// One doctor, one browser: label to label without a pointer, a tail, a request
// whose answer comes by itself, and 诊毕 with a code that is not recorded.
func TestTheDeskInABrowser(t *testing.T) {
	d := newDesk(t, 4, 3)
	more := d.stock("B7", time.Now().AddDate(1, 0, 0), 1)
	b := openScreen(t, 390, 844)
	d.begin(0)
	b.do(chromedp.Navigate(d.url + d.path("")))
	b.until(`document.getElementById("line").dataset.state === "live"`)
	scan := func(code string) { b.run(fmt.Sprintf(`window.jingfang.scan(%q)`, code)) }

	scan(d.codes[0])
	b.says(".hero", "1")
	scan(d.tokens[1])
	b.says("#band", "再扫一次同一张标签")
	b.keep("desk-asked")
	scan(d.tokens[1])
	b.says(".patient-number", "2")

	// 只查 says where the box is and records nothing; the scan after it records.
	b.run(`document.querySelector('#desk [data-look]').click()`)
	scan(more[0])
	b.says("#band", "只查看，没有改动")
	b.says("#band", "看全过程")
	b.keep("desk-looked")
	b.until(`!document.querySelector('#desk [data-look]').checked && document.querySelector('#chips') === null`)

	b.run(fmt.Sprintf(`var f = document.querySelector("#desk [data-scan]"); f.value = %q; f.form.requestSubmit()`, d.codes[1][15:]))
	b.says("#desk li", "手输")

	// A box, a label and a box in one go: each goes where it belongs.
	b.run(fmt.Sprintf(`[%q, %q, %q].forEach(window.jingfang.scan)`, d.codes[2], d.tokens[2], d.tokens[2]))
	b.says(".patient-number", "3")

	scan(more[0])
	b.says("#chips", "未记录")
	b.run(`document.querySelector('#chips form[hx-post$="/requests"] button').click()`)
	b.says("#chips", "等待处理")
	b.keep("desk-waits")
	list, err := session.Requests(t.Context(), d.App, d.id)
	d.must(err)
	_, err = d.sessions.Decide(t.Context(), d.chief, session.Deciding{SessionID: d.id, Request: list[0].ID, CommandID: uuid.New(), LetIn: true, Reason: "实物核对无误"})
	d.must(err)
	b.says("#band", "药师已放行")
	b.says("#desk li", "…")
	b.says("#answers", "放行")

	scan("6901234567892")
	b.says("#chips", "6901234567892")
	b.run(`document.querySelector('#desk form[hx-post$="/finish"] button').click()`)
	b.says("#desk .notice", "未记录")
	b.keep("desk-left")
	b.run(`document.querySelector('#desk button[value="not_given"]').click()`)
	b.says("#band", "3 号诊毕")
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
	b.do(chromedp.Navigate(d.url + d.path("")))
	b.until(`document.getElementById("line").dataset.state === "live"`)
	_, err := d.sessions.AskLetIn(t.Context(), d.doctors[0], session.Asking{SessionID: d.id, Visit: uuid.MustParse(strings.TrimPrefix(visit, "/visits/")), CommandID: uuid.New(), Code: more[0]})
	d.must(err)
	b.says("#requests", "放行申请")
	b.keep("room-request")
	b.run(`document.querySelector('#requests button[value="let_in"]').click()`)
	b.says("#band", "已放行")
	b.until(`!document.querySelector("#requests form")`)
	b.run(`document.querySelector('#queue form[hx-post$="/queue"] button').click()`)
	b.says("#queue", "已叫")
	b.keep("room-called")
	b.do(chromedp.Navigate(d.url + d.path("/queue")))
	b.says("#queue-list", "已叫")
	b.keep("queue")
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
	b.do(chromedp.Navigate(d.url + d.path("")))
	b.until(`document.getElementById("line").dataset.state === "live" && document.querySelector("#place [hx-get]")`)
	b.run(heldAnswers)
	asked := func(n int) string {
		return fmt.Sprintf(`performance.getEntriesByType("resource").filter(function (e) { return e.name.indexOf("/place?") > 0 && e.responseEnd > 0; }).length >= %d && !document.querySelector("#place .htmx-request")`, n)
	}
	b.until(asked(1))
	b.run(fmt.Sprintf(`window.jingfang.scan(%q)`, d.tokens[0]))
	b.until(`window.held.length === 1`)
	_, err := chromedp.Run(b.ctx, chromedp.Evaluate[bool](`htmx.trigger(document.body, "missed"); true`))
	b.must(err)
	b.until(asked(2))
	_, err = chromedp.Run(b.ctx, chromedp.Evaluate[bool](letIn+`; true`))
	b.must(err)
	b.says("#band", "开始就诊")
	b.says(".patient-number", "1")
	b.run(fmt.Sprintf(`window.jingfang.scan(%q)`, d.codes[0]))
	b.until(`window.held.length === 1`)
	_, err = chromedp.Run(b.ctx, chromedp.Evaluate[bool](letIn+`; true`))
	b.must(err)
	b.says(".hero", "1")
	b.until(`window.homeless === 0`)
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
	b.do(chromedp.Navigate(d.url + d.path("")))
	b.until(`document.getElementById("line").dataset.state === "live"`)
	_, err := d.sessions.AskLetIn(t.Context(), d.doctors[0], session.Asking{SessionID: d.id, Visit: uuid.MustParse(strings.TrimPrefix(visit, "/visits/")), CommandID: uuid.New(), Code: more[0]})
	d.must(err)
	b.says("#requests", "放行申请")
	b.run(heldAnswers)
	b.run(`document.querySelector('#requests button[value="let_in"]').click()`)
	b.until(`window.held.length === 1 && !document.querySelector("#requests form")`)
	_, err = chromedp.Run(b.ctx, chromedp.Evaluate[bool](letIn+`; true`))
	b.must(err)
	b.says("#band", "已放行")
	b.until(`window.homeless === 0`)
}
