package main

import (
	"context"
	"fmt"
	"os"
	"testing"

	"github.com/chromedp/chromedp"

	"jingfang/static/browsertest"
)

// window is a person's page in a browser.
type window struct{ *browsertest.Page }

// Sizes of the screens that pages are made for.
const (
	laptopWidth, laptopHeight = 1366, 768
	phoneWidth, phoneHeight   = 390, 844
)

// hasBrowser tells whether there is a browser; where CI is set there must be one.
func hasBrowser(t testing.TB) bool {
	t.Helper()
	why := browsertest.Missing()
	if why != "" && os.Getenv("CI") != "" {
		t.Fatal(why)
	}
	return why == ""
}

// openWindow opens an empty page: a phone's, or a laptop's.
func openWindow(t testing.TB, name string, phone bool) *window {
	t.Helper()
	width, height := laptopWidth, laptopHeight
	if phone {
		width, height = phoneWidth, phoneHeight
	}
	w := &window{browsertest.Open(t, width, height)}
	w.Name = name
	if phone {
		w.Do(chromedp.EmulateViewport(phoneWidth, phoneHeight, chromedp.EmulateMobile, chromedp.EmulateTouch, chromedp.EmulatePortrait))
	}
	return w
}

// eval gives the value of an expression in the page.
func eval[T any](w *window, expression string) T {
	w.T.Helper()
	return browsertest.Value[T](w.Page, expression)
}

// logIn goes through the login page by hand.
func (w *window) logIn(base, username string) {
	w.T.Helper()
	w.Do(chromedp.Navigate(base + "/login"))
	w.Do(chromedp.SendKeys("#username", username), chromedp.SendKeys("#password", demoPassword), chromedp.Click("form.card button"))
	w.Until(`location.pathname !== '/login'`)
}

// settled waits until nothing is under way and the line is alive.
func (w *window) settled() {
	w.T.Helper()
	w.Until(`!document.querySelector('.htmx-request, [data-sending], .htmx-added, .htmx-settling, .htmx-swapping')`)
}

// foot waits for the equation.
func (w *window) foot(taken, given, left int) {
	w.T.Helper()
	w.Until(fmt.Sprintf(`Array.from(document.querySelectorAll('#foot b')).map(function (b) { return b.textContent; }).join() === '%d,%d,%d'`, taken, given, left))
}

// watchTruth notes every state of the equation that this page ever shows, so that
// the test can tell that it was always true.
func (w *window) watchTruth() {
	w.T.Helper()
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
	w.T.Helper()
	if !eval[bool](w, `window.sameDocument === true`) {
		w.T.Errorf("the page of %s was loaded again", w.Name)
		return
	}
	if wrong := eval[[]string](w, `window.wrongFeet`); len(wrong) > 0 {
		w.T.Errorf("%s saw wrong equations: %v", w.Name, wrong)
	}
}

// run runs a statement in the page.
func run(statement string) chromedp.Action[chromedp.Void] {
	return chromedp.Func(func(ctx context.Context, t *chromedp.Target) error {
		_, err := chromedp.Evaluate[bool](statement+`; true`)(ctx, t)
		return err
	})
}
