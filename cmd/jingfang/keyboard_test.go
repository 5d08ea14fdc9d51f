package main

import (
	"context"
	"fmt"
	"strings"
	"testing"

	"github.com/chromedp/cdproto/input"
	"github.com/chromedp/chromedp"
)

// reachable lists what a person with a pointer can use on the page, in the order
// of the text; of a group of radio buttons only one is a stop.
const reachable = `(function () {
	Array.from(document.querySelectorAll("details")).forEach(function (d) { d.open = true; });
	var names = {};
	window.stops = Array.from(document.querySelectorAll('a[href], button, input, select, textarea, summary')).filter(function (e) {
		if (e.disabled || e.type === 'hidden' || e.tabIndex < 0 || e.getClientRects().length === 0 || getComputedStyle(e).visibility === 'hidden') return false;
		if (e.type !== 'radio') return true;
		var key = (e.form ? Array.from(document.forms).indexOf(e.form) : '') + e.name;
		var group = Array.from(document.getElementsByName(e.name)).filter(function (x) { return x.form === e.form; });
		if (group.some(function (x) { return x.checked; })) return e.checked;
		if (names[key]) return false;
		return names[key] = true;
	});
	document.activeElement.blur();
	return window.stops.length;
})()`

// stopped tells which stop has the focus, or -1, and how the focus is seen: the
// outline or the shadow that it adds.
const stopped = `(function () {
	var e = document.activeElement, s = getComputedStyle(e), near = e.parentElement ? getComputedStyle(e.parentElement) : s;
	var seen = s.outlineStyle !== 'none' && parseFloat(s.outlineWidth) >= 2 || s.boxShadow !== 'none' || near.boxShadow !== 'none' && e.matches('input') || e.matches('.skip');
	return [String(window.stops.indexOf(e)), String(seen), e.outerHTML.slice(0, 120)];
})()`

// Every control is reached with Tab, in reading order, and is seen when it is.
func TestEveryActionByKeyboard(t *testing.T) {
	url, list := galleryServer(t)
	b := openGallery(t, "keyboard")
	walked := 0
	for i, s := range list {
		switch s.Name {
		case "table", "packing", "closing", "receipt", "rehearsal", "stocktake", "day":
		default:
			continue
		}
		walked++
		b.Do(chromedp.Navigate(fmt.Sprintf("%s/dev/gallery/%d", url, i)))
		b.Until(`document.readyState === 'complete'`)
		want := eval[int](b, reachable)
		reached := map[string]bool{}
		last := -1
		for range want + 25 {
			b.Do(pressTab())
			at := eval[[]string](b, stopped)
			var stop int
			if _, err := fmt.Sscan(at[0], &stop); err != nil {
				t.Fatal(err)
			}
			if stop < 0 || reached[at[0]] {
				continue
			}
			reached[at[0]] = true
			if stop < last {
				t.Errorf("%s %s: the focus goes back to %s", s.Name, s.Title, at[2])
			}
			if at[1] != "true" {
				t.Errorf("%s %s: the focus is not seen on %s", s.Name, s.Title, at[2])
			}
			last = stop
		}
		if len(reached) != want {
			lost := eval[[]string](b, fmt.Sprintf(`window.stops.filter(function (e, i) { return [%s].indexOf(i) < 0; }).map(function (e) { return e.outerHTML.slice(0, 120); })`, strings.Join(keysOf(reached), ",")))
			t.Errorf("%s %s: Tab reaches %d of %d controls; not %q", s.Name, s.Title, len(reached), want, lost)
		}
	}
	if walked < 8 {
		t.Errorf("only %d pages were walked", walked)
	}
}

func keysOf(set map[string]bool) []string {
	var list []string
	for k := range set {
		list = append(list, k)
	}
	return list
}

// pressTab is a real key, as the browser gets it from the keyboard.
func pressTab() chromedp.Action[chromedp.Void] {
	return chromedp.Func(func(ctx context.Context, _ *chromedp.Target) error {
		for _, kind := range []input.DispatchKeyEventType{input.DispatchKeyEventTypeRawKeyDown, input.DispatchKeyEventTypeKeyUp} {
			if _, err := chromedp.Call(ctx, input.DispatchKeyEvent, input.DispatchKeyEventParams{Type: kind, Key: "Tab", Code: "Tab", WindowsVirtualKeyCode: 9}); err != nil {
				return err
			}
		}
		return nil
	})
}
