package main

import (
	"context"
	"fmt"
	"log/slog"
	"maps"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/chromedp"

	"jingfang/session/page"
	"jingfang/static"
)

// galleryServer serves every sample as the program serves its pages.
func galleryServer(t *testing.T) (string, []page.Sample) {
	t.Helper()
	site, err := page.New(page.Config{Dev: true, Log: slog.New(slog.DiscardHandler)}, templateSets()...)
	if err != nil {
		t.Fatal(err)
	}
	list := samples()
	mux := http.NewServeMux()
	mux.Handle("/static/", static.Handler())
	mux.Handle("/dev/gallery/", site.Gallery(list))
	var h http.Handler = mux
	layers := site.Middleware()
	for i := len(layers) - 1; i >= 0; i-- {
		h = layers[i](h)
	}
	server := httptest.NewServer(h)
	t.Cleanup(server.Close)
	return server.URL, list
}

// openGallery opens a page for samples: nothing stands behind them that would answer
// what they ask for, and parts stand there without their page.
func openGallery(t *testing.T, name string) *window {
	t.Helper()
	w := openWindow(t, name, false)
	w.Allow("EventSource's response has a MIME type", "on hx-include returned no matches", "htmx:targetError", "its MIME type ('text/plain') is not a supported stylesheet")
	return w
}

// axeSource is the checker that deploy/test.sh fetches; "" where it was not, which
// the test says.
func axeSource(t *testing.T) string {
	t.Helper()
	name := os.Getenv("JINGFANG_AXE")
	if name == "" {
		cache, err := os.UserCacheDir()
		if err != nil {
			t.Fatal(err)
		}
		name = filepath.Join(cache, "jingfang-build", "testtools", "node_modules", "axe-core", "axe.min.js")
	}
	text, err := os.ReadFile(name)
	if err != nil && os.Getenv("CI") != "" {
		t.Fatalf("%v; sh deploy/test.sh fetches axe-core", err)
	}
	if err != nil {
		t.Logf("%v; sh deploy/test.sh fetches axe-core", err)
	}
	return string(text)
}

// axeRun answers with the serious faults of the page, one a line: the rule, the
// element and what is wrong with it. Samples of parts stand in a frame without
// their page, so that rules about a page as a whole are for pages only.
const axeRun = `axe.run(document, { runOnly: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'best-practice'], resultTypes: ['violations'] }).then(function (r) {
	var serious = ['duplicate-id', 'duplicate-id-aria', 'heading-order', 'region', 'landmark-one-main', 'landmark-unique', 'label', 'page-has-heading-one', 'empty-heading', 'tabindex'];
	var out = [];
	r.violations.forEach(function (v) {
		if (v.impact !== 'serious' && v.impact !== 'critical' && serious.indexOf(v.id) < 0) return;
		v.nodes.forEach(function (n) { out.push(v.id + ' | ' + n.html.slice(0, 160) + ' | ' + (n.failureSummary || '').split('\n').slice(1, 2).join(' ').trim()); });
	});
	return out;
})`

// axeDark answers with what cannot be read in the dark; all else is as in the light.
const axeDark = `axe.run(document, { runOnly: { type: 'rule', values: ['color-contrast', 'link-in-text-block'] }, resultTypes: ['violations'] }).then(function (r) {
	var out = [];
	r.violations.forEach(function (v) {
		v.nodes.forEach(function (n) { out.push('dark ' + v.id + ' | ' + n.html.slice(0, 160) + ' | ' + (n.failureSummary || '').split('\n').slice(1, 2).join(' ').trim()); });
	});
	return out;
})`

// asPart are rules that a part without its page cannot keep.
var asPart = []string{"heading-order", "page-has-heading-one", "landmark-unique", "region", "listitem"}

// Every sample, in two pages at once: nobody is kept out of it, and it fits.
func TestSamplesOnTheScreen(t *testing.T) {
	source := axeSource(t)
	url, list := galleryServer(t)
	first, views := map[int]bool{}, map[string]bool{}
	for i, s := range list {
		first[i] = !views[s.Name]
		views[s.Name] = true
	}
	for half := range 2 {
		t.Run(fmt.Sprint("page ", half+1), func(t *testing.T) {
			t.Parallel()
			b := openGallery(t, "samples")
			b.Allow("Applying inline style") // axe does, where it measures
			b.theme("light")
			found := map[string][]string{}
			for i := half; i < len(list); i += 2 {
				s := list[i]
				b.Do(chromedp.EmulateViewport(683, 384), chromedp.Navigate(fmt.Sprintf("%s/dev/gallery/%d", url, i)))
				b.Until(`document.readyState === 'complete'`)
				for _, fault := range append(b.tooWide(), b.axeFaults(source, first[i])...) {
					found[fault] = append(found[fault], s.Name+" "+s.Title)
				}
			}
			for _, fault := range slices.Sorted(maps.Keys(found)) {
				t.Errorf("%s\n    in %s", fault, strings.Join(found[fault], ", "))
			}
		})
	}
}

// axeFaults are what would keep somebody from the page that is open: names for its
// controls, contrast, headings in order, unique ids and landmarks, in the light and,
// where that is asked for, in the dark: the colours of a view are those of its first
// sample.
func (w *window) axeFaults(source string, dark bool) []string {
	w.T.Helper()
	if source == "" {
		return nil
	}
	w.Do(chromedp.EmulateViewport(laptopWidth, laptopHeight))
	faults := w.axe(source)
	if eval[bool](w, `!!document.querySelector('[data-sample]')`) {
		faults = slices.DeleteFunc(faults, func(fault string) bool { return startsWithAny(fault, asPart) })
	}
	if dark {
		w.theme("dark")
		w.Until(`matchMedia('(prefers-color-scheme: dark)').matches`)
		faults = append(faults, w.await(axeDark)...)
		w.theme("light")
	}
	return faults
}

// axe gives the serious faults of the page that is open; none where the checker is
// missing.
func (w *window) axe(source string) []string {
	w.T.Helper()
	if source == "" {
		return nil
	}
	w.Do(run(source))
	return w.await(axeRun)
}

// tooWide tells what does not fit a laptop at 200 % zoom and the narrowest phone:
// nothing needs scrolling sideways but wide tables in their own frame.
func (w *window) tooWide() (faults []string) {
	w.T.Helper()
	for _, size := range [][2]int64{{683, 384}, {320, 640}} {
		w.Do(chromedp.EmulateViewport(size[0], size[1]))
		wide := eval[string](w, `(function () {
			var room = document.documentElement.clientWidth;
			if (document.documentElement.scrollWidth <= room) return '';
			var worst = Array.from(document.querySelectorAll('main *')).filter(function (e) { return e.getBoundingClientRect().right > room + 1 && !e.closest('.table-wrap'); })[0];
			return document.documentElement.scrollWidth + ' ' + (worst ? worst.outerHTML.slice(0, 160) : '');
		})()`)
		if wide != "" {
			faults = append(faults, fmt.Sprintf("at %d pixels: %s", size[0], wide))
		}
	}
	return faults
}

// theme has the page shown light or dark, without movement.
func (w *window) theme(name string) {
	w.T.Helper()
	in := emulation.SetEmulatedMediaParams{Features: []*emulation.MediaFeature{{Name: "prefers-reduced-motion", Value: "reduce"}, {Name: "prefers-color-scheme", Value: name}}}
	w.Do(chromedp.Func(func(ctx context.Context, _ *chromedp.Target) error {
		_, err := chromedp.Call(ctx, emulation.SetEmulatedMedia, in)
		return err
	}))
}

func startsWithAny(text string, list []string) bool {
	for _, x := range list {
		if strings.HasPrefix(text, x+" ") {
			return true
		}
	}
	return false
}

// await gives what a promise in the page comes to.
func (w *window) await(expression string) []string {
	w.T.Helper()
	w.Script(`window.awaited = null; (` + expression + `).then(function (x) { window.awaited = x; }, function (e) { window.awaited = ['axe failed | ' + e]; })`)
	w.Until(`window.awaited !== null`)
	return eval[[]string](w, `window.awaited`)
}
