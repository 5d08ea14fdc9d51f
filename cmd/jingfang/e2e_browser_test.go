package main

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/log"
	"github.com/chromedp/cdproto/page"
	"github.com/chromedp/cdproto/runtime"
	"github.com/chromedp/chromedp"

	"jingfang/static"
)

// window is a page in a Chromium of its own. Whatever the page complains about
// is kept and fails the test, but for what the test expects.
type window struct {
	t    testing.TB
	name string
	ctx  context.Context

	mu         sync.Mutex
	complaints []string
}

// Sizes of the screens that pages are made for.
const (
	laptopWidth, laptopHeight = 1366, 768
	phoneWidth, phoneHeight   = 390, 844
)

// noBrowser says what is missing for a test in a browser, "" for nothing.
func noBrowser() string {
	if missing := static.Missing(); len(missing) > 0 {
		return fmt.Sprintf("front-end packages %v are missing; sh deploy/test.sh fetches them", missing)
	}
	if _, err := exec.LookPath("chromium"); err != nil {
		return "there is no Chromium on this machine; sh deploy/test.sh installs it"
	}
	return ""
}

// hasBrowser tells whether there is a browser; where CI is set there must be one.
func hasBrowser(t testing.TB) bool {
	t.Helper()
	why := noBrowser()
	if why != "" && os.Getenv("CI") != "" {
		t.Fatal(why)
	}
	return why == ""
}

// needBrowser skips on a laptop without Chromium and fails where CI is set.
func needBrowser(t testing.TB) {
	t.Helper()
	if !hasBrowser(t) {
		t.Skip(noBrowser())
	}
}

// openWindow starts a browser: a phone, or a laptop.
func openWindow(t testing.TB, name string, phone bool) *window {
	t.Helper()
	needBrowser(t)
	w := &window{t: t, name: name}
	options := append(chromedp.DefaultExecAllocatorOptions[:], chromedp.NoSandbox, chromedp.DisableGPU,
		chromedp.Flag("disable-quic", true), chromedp.Flag("disable-component-update", true))
	ctx, cancel := chromedp.NewExecAllocator(context.Background(), options...)
	t.Cleanup(cancel)
	w.ctx, cancel = chromedp.NewContext(ctx, chromedp.WithListener(w.hear))
	t.Cleanup(cancel)
	size := chromedp.EmulateViewport(laptopWidth, laptopHeight)
	if phone {
		size = chromedp.EmulateViewport(phoneWidth, phoneHeight, chromedp.EmulateMobile, chromedp.EmulateTouch, chromedp.EmulatePortrait)
	}
	// The first step starts the browser, which lives as long as its context.
	if err := chromedp.Do(w.ctx, size, saysMissing()); err != nil {
		t.Fatalf("start Chromium: %v", err)
	}
	return w
}

// saysMissing has a page name the piece of HTML that found no place: htmx itself
// only says that there was one.
func saysMissing() chromedp.Action[chromedp.Void] {
	const script = `document.addEventListener('htmx:oobErrorNoTarget', function (e) { console.error('no place for ' + e.detail.content.outerHTML.slice(0, 400)); });`
	return func(ctx context.Context, t *chromedp.Target) (chromedp.Void, error) {
		_, err := cdp.Call(ctx, t, page.AddScriptToEvaluateOnNewDocument, page.AddScriptToEvaluateOnNewDocumentParams{Source: script})
		return chromedp.Void{}, err
	}
}

// hear keeps what the page complains about: exceptions, console errors, and what
// the browser itself logs, such as a violated content policy.
func (w *window) hear(event any) {
	switch e := event.(type) {
	case *runtime.EventExceptionThrown:
		w.complain(e.ExceptionDetails.Text + " " + remoteText([]*runtime.RemoteObject{e.ExceptionDetails.Exception}))
	case *runtime.EventConsoleAPICalled:
		if e.Type == runtime.ConsoleAPICalledTypeError || e.Type == runtime.ConsoleAPICalledTypeAssert {
			w.complain(fmt.Sprintf("console.%s %s", e.Type, remoteText(e.Args)))
		}
	case *log.EventEntryAdded:
		if e.Entry.Level == log.EntryLevelError || strings.Contains(e.Entry.Text, "Content Security Policy") {
			w.complain(e.Entry.Text + " " + e.Entry.URL)
		}
	}
}

func remoteText(args []*runtime.RemoteObject) string {
	var b strings.Builder
	for _, a := range args {
		if a == nil {
			continue
		}
		fmt.Fprintf(&b, "%s%s ", a.Value, a.Description)
	}
	return b.String()
}

func (w *window) complain(text string) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.complaints = append(w.complaints, text)
}

// noComplaints fails the test for everything that the page has complained about,
// unless it contains one of the allowed texts.
func (w *window) noComplaints(allowed ...string) {
	w.t.Helper()
	w.mu.Lock()
	defer w.mu.Unlock()
next:
	for _, text := range w.complaints {
		for _, a := range allowed {
			if strings.Contains(text, a) {
				continue next
			}
		}
		w.t.Errorf("the page of %s complains: %s", w.name, text)
	}
	w.complaints = nil
}

func (w *window) do(steps ...chromedp.Action[chromedp.Void]) {
	w.t.Helper()
	ctx, cancel := context.WithTimeout(w.ctx, testPatience)
	defer cancel()
	if err := chromedp.Do(ctx, steps...); err != nil {
		w.t.Fatalf("%s: %v", w.name, err)
	}
}

// eval gives the value of an expression in the page.
func eval[T any](w *window, expression string) T {
	w.t.Helper()
	ctx, cancel := context.WithTimeout(w.ctx, testPatience)
	defer cancel()
	v, err := chromedp.Run(ctx, chromedp.Evaluate[T](expression))
	if err != nil {
		w.t.Fatalf("%s: %s: %v", w.name, expression, err)
	}
	return v
}

// until waits until the expression is true in the page, also across a change of
// pages, which ends what was being evaluated.
func (w *window) until(expression string) {
	w.t.Helper()
	ctx, cancel := context.WithTimeout(w.ctx, testPatience)
	defer cancel()
	for {
		_, err := chromedp.Run(ctx, chromedp.Poll[bool]("(function () { try { return !!("+expression+"); } catch (e) { return false; } })()", chromedp.WithPollingTimeout(time.Minute)))
		if err == nil {
			return
		}
		if strings.Contains(err.Error(), "(-32000)") && ctx.Err() == nil {
			continue
		}
		state, stateErr := chromedp.Run(w.ctx, chromedp.Evaluate[string](`location.pathname + ' ' + document.body.innerText`))
		w.mu.Lock()
		defer w.mu.Unlock()
		w.t.Fatalf("%s waits for %s: %v; the page says %q (%v) and complains %q", w.name, expression, err, state, stateErr, w.complaints)
	}
}

// press clicks on an element that has been scrolled to where nothing covers it.
func (w *window) press(selector string) {
	w.t.Helper()
	eval[bool](w, fmt.Sprintf("document.querySelector(%q).scrollIntoView({ block: 'center' }), true", selector))
	w.do(chromedp.Click(selector))
}

// shows waits for an element whose text contains another.
func (w *window) shows(selector, want string) {
	w.t.Helper()
	w.until(fmt.Sprintf("Array.from(document.querySelectorAll(%q)).some(function (e) { return e.textContent.includes(%q); })", selector, want))
}

// logIn goes through the login page by hand.
func (w *window) logIn(base, username string) {
	w.t.Helper()
	w.do(chromedp.Navigate(base + "/login"))
	w.do(chromedp.SendKeys("#username", username), chromedp.SendKeys("#password", demoPassword), chromedp.Click("form.card button"))
	w.until(`location.pathname !== '/login'`)
}

// wedge types like a wedge scanner with the focus nowhere: all keys within one
// moment, then Enter. The keys are made inside the page, because a busy machine
// does not deliver them one by one in a scanner's time.
func (w *window) wedge(code string) {
	w.t.Helper()
	eval[bool](w, fmt.Sprintf(`(function (code) {
		if (document.activeElement) document.activeElement.blur();
		function key(name) {
			document.activeElement.dispatchEvent(new KeyboardEvent('keydown', { key: name, bubbles: true, cancelable: true }));
		}
		code.split('').forEach(key);
		key('Enter');
		return true;
	})(%q)`, code))
}

// settled waits until nothing is under way and the line is alive.
func (w *window) settled() {
	w.t.Helper()
	w.until(`!document.querySelector('.htmx-request, [data-sending], .htmx-added, .htmx-settling, .htmx-swapping')`)
}

// live waits until the page hangs on the line.
func (w *window) live() {
	w.t.Helper()
	w.shows(".line-word", "实时")
}

// foot waits for the equation.
func (w *window) foot(taken, given, left int) {
	w.t.Helper()
	w.until(fmt.Sprintf(`Array.from(document.querySelectorAll('#foot b')).map(function (b) { return b.textContent; }).join() === '%d,%d,%d'`, taken, given, left))
}

// watchTruth notes every state of the equation that this page ever shows, so that
// the test can tell that it was always true.
func (w *window) watchTruth() {
	w.t.Helper()
	eval[bool](w, `(function () {
		window.wrongFeet = [];
		window.sameDocument = true;
		new MutationObserver(function () {
			var feet = document.querySelectorAll('#foot');
			var n = feet.length ? Array.from(feet[0].querySelectorAll('b')).map(function (b) { return Number(b.textContent); }) : [];
			if (feet.length !== 1 || n.length !== 3 || n[0] !== n[1] + n[2]) window.wrongFeet.push(feet.length + ': ' + n.join());
		}).observe(document.body, { childList: true, subtree: true, characterData: true });
		return true;
	})()`)
}

// truthHeld checks what watchTruth saw, and that the page was never loaded again.
func (w *window) truthHeld() {
	w.t.Helper()
	if !eval[bool](w, `window.sameDocument === true`) {
		w.t.Errorf("the page of %s was loaded again", w.name)
		return
	}
	if wrong := eval[[]string](w, `window.wrongFeet`); len(wrong) > 0 {
		w.t.Errorf("%s saw wrong equations: %v", w.name, wrong)
	}
}

// run runs a statement in the page.
func run(statement string) chromedp.Action[chromedp.Void] {
	return chromedp.Func(func(ctx context.Context, t *chromedp.Target) error {
		_, err := chromedp.Evaluate[bool](statement+`; true`)(ctx, t)
		return err
	})
}
