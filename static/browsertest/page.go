package browsertest

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/chromedp/chromedp"
)

// Page is one page in Chromium. Its steps end the test when they fail, so they
// belong into the test's own goroutine.
type Page struct {
	// T is the test that the page belongs to.
	T testing.TB
	// Ctx is chromedp's context of the page, which ends with the test.
	Ctx context.Context
	// Name is whose page it is, for messages; "" where there is one only.
	Name string

	width, height int // CSS pixels

	mu         sync.Mutex
	complaints []complaint
	allowed    []string
}

func (p *Page) whose() string {
	if p.Name == "" {
		return ""
	}
	return " of " + p.Name
}

// Do takes chromedp's steps.
func (p *Page) Do(steps ...chromedp.Action[chromedp.Void]) {
	p.T.Helper()
	ctx, cancel := context.WithTimeout(p.Ctx, patience)
	defer cancel()
	if err := chromedp.Do(ctx, steps...); err != nil {
		p.fail("a step", err)
	}
}

// Go opens an address.
func (p *Page) Go(url string) {
	p.T.Helper()
	p.Do(chromedp.Navigate(url))
}

// Value is that of an expression in the page, now.
func Value[T any](p *Page, expression string) T {
	p.T.Helper()
	ctx, cancel := context.WithTimeout(p.Ctx, patience)
	defer cancel()
	v, err := chromedp.Run(ctx, chromedp.Evaluate[T](expression))
	if err != nil {
		p.fail(expression, err)
	}
	return v
}

// Number is the value of an expression in the page, now.
func (p *Page) Number(expression string) int {
	p.T.Helper()
	return Value[int](p, expression)
}

// Text is the value of an expression in the page, now.
func (p *Page) Text(expression string) string {
	p.T.Helper()
	return Value[string](p, expression)
}

// Script runs statements in the page, now.
func (p *Page) Script(statements string) {
	p.T.Helper()
	Value[bool](p, statements+"; true")
}

// Run runs statements in the page once nothing is under way there.
func (p *Page) Run(statements string) {
	p.T.Helper()
	p.Settled()
	p.Script(statements)
}

// Until waits until the expression is true in the page, also across the move to
// another page, which ends what was being evaluated.
func (p *Page) Until(expression string) {
	p.T.Helper()
	ctx, cancel := context.WithTimeout(p.Ctx, patience)
	defer cancel()
	so := chromedp.Poll[bool]("(function () { try { return !!("+expression+"); } catch (e) { return false; } })()", chromedp.WithPollingTimeout(patience))
	for {
		_, err := chromedp.Run(ctx, so)
		if err == nil {
			return
		}
		if !strings.Contains(err.Error(), "(-32000)") || ctx.Err() != nil {
			p.fail(expression, err)
		}
	}
}

// fail ends the test with what the page says and looks like.
func (p *Page) fail(what string, err error) {
	p.T.Helper()
	ctx, cancel := context.WithTimeout(p.Ctx, time.Minute)
	defer cancel()
	state, stateErr := chromedp.Run(ctx, chromedp.Evaluate[string](`location.pathname + ' ' + document.body.innerText`))
	p.picture(ctx, "failed-"+strings.NewReplacer("/", "-", " ", "-").Replace(p.T.Name()))
	p.T.Fatalf("the page%s, %s: %v; it says %q (%v) and complains %q", p.whose(), what, err, state, stateErr, p.Complaints())
}

// Shows waits for an element whose text contains another.
func (p *Page) Shows(selector, text string) {
	p.T.Helper()
	p.Until(fmt.Sprintf(`Array.from(document.querySelectorAll(%q)).some(function (e) { return e.textContent.indexOf(%q) >= 0; })`, selector, text))
}

// settled is an expression: no request is under way and no part is being put in. A
// click on a part that htmx has not yet made its own would go the ordinary way.
const settled = `!document.querySelector(".htmx-request, .htmx-added, .htmx-settling, .htmx-swapping")`

// Settled waits until no request of htmx's is under way and its parts are in.
func (p *Page) Settled() {
	p.T.Helper()
	p.Until(settled)
}

// Live waits until the page hangs on the line.
func (p *Page) Live() {
	p.T.Helper()
	p.Until(`document.getElementById("line").dataset.state === "live"`)
}

// Press clicks the first element of a selector by script once nothing is under way.
// Looking and clicking are one step in the page: a part that renews itself in
// between would take the button away from under a pointer.
func (p *Page) Press(selector string) {
	p.T.Helper()
	p.Until(fmt.Sprintf(`(function (e) {
		if (!e || !(%s)) { return false; }
		setTimeout(function () { e.click(); }, 0);
		return true;
	})(document.querySelector(%q))`, settled, selector))
}

// Click clicks with the pointer on an element that it has first brought to where
// nothing covers it.
func (p *Page) Click(selector string) {
	p.T.Helper()
	p.Script(fmt.Sprintf("document.querySelector(%q).scrollIntoView({ block: 'center' })", selector))
	p.Do(chromedp.Click(selector))
}

// Wedge types a code as a hand scanner does, with the focus nowhere: all keys within
// one moment, then Enter. They are made in the page, for a busy machine does not
// deliver them in a scanner's time.
func (p *Page) Wedge(code string) {
	p.T.Helper()
	p.Script(fmt.Sprintf(`(function (code) {
		if (document.activeElement) document.activeElement.blur();
		function key(name) { (document.activeElement || document.body).dispatchEvent(new KeyboardEvent('keydown', { key: name, bubbles: true, cancelable: true })); }
		code.split('').forEach(key);
		key('Enter');
	})(%q)`, code))
}

// Fits waits until the page is no wider than its screen, and keeps a picture.
func (p *Page) Fits(name string) {
	p.T.Helper()
	p.Until(`document.documentElement.scrollWidth <= window.innerWidth`)
	p.Shot(name)
}

// Picture is one of the whole page, as a PNG.
func (p *Page) Picture() []byte {
	p.T.Helper()
	ctx, cancel := context.WithTimeout(p.Ctx, patience)
	defer cancel()
	png, err := chromedp.Run(ctx, chromedp.FullScreenshot(100))
	if err != nil {
		p.fail("a picture", err)
	}
	return png
}

// Shot keeps a picture of the whole page where JINGFANG_SHOTS names a folder.
func (p *Page) Shot(name string) {
	p.T.Helper()
	ctx, cancel := context.WithTimeout(p.Ctx, patience)
	defer cancel()
	p.picture(ctx, name)
}

func (p *Page) picture(ctx context.Context, name string) {
	p.T.Helper()
	folder := os.Getenv("JINGFANG_SHOTS")
	if folder == "" {
		return
	}
	png, err := chromedp.Run(ctx, chromedp.FullScreenshot(100))
	if err == nil {
		err = os.WriteFile(filepath.Join(folder, name+".png"), png, 0o644)
	}
	if err != nil {
		p.T.Errorf("keep a picture of the page%s: %v", p.whose(), err)
	}
}
