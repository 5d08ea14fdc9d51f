package static

import (
	"fmt"
	"io/fs"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"github.com/evanw/esbuild/pkg/api"
)

// since names the packages that only a newer browser ever loads, and which: the
// decoder of the camera is fetched by decode.js after WebAssembly has been allowed to
// it, which no browser before Chromium 97 does.
var since = map[string]string{"vendor/zxing_reader.js": "97"}

// lowered says what a parser finds in a script or style sheet that Chromium 83, or
// the browser of since, does not have: the first line that it writes differently for
// that browser than for today's. "" means that the file runs as it is.
func lowered(name, text string) (string, error) {
	oldest := "83"
	if v, ok := since[name]; ok {
		oldest = v
	}
	loader := api.LoaderJS
	if strings.HasSuffix(name, ".css") {
		loader = api.LoaderCSS
	}
	options := api.TransformOptions{Loader: loader, Sourcefile: name, LogLevel: api.LogLevelSilent, Target: api.ESNext,
		// ?. came with 80; esbuild counts it from 91, for a fault of V8's that needs a
		// spread argument within the chain (seen to in TestNoSpreadInAChain).
		Supported: map[string]bool{"optional-chain": true}}
	today := api.Transform(text, options)
	options.Target, options.Engines = api.DefaultTarget, []api.Engine{{Name: api.EngineChrome, Version: oldest}}
	then := api.Transform(text, options)
	for _, r := range []api.TransformResult{today, then} {
		if len(r.Errors) > 0 {
			return "", fmt.Errorf("%s, line %d: %s", name, r.Errors[0].Location.Line, r.Errors[0].Text)
		}
		if len(r.Warnings) > 0 {
			return fmt.Sprintf("line %d: %s", r.Warnings[0].Location.Line, r.Warnings[0].Text), nil
		}
	}
	a, b := strings.Split(string(today.Code), "\n"), strings.Split(string(then.Code), "\n")
	for i := range a {
		if i >= len(b) || a[i] != b[i] {
			return a[i], nil
		}
	}
	return "", nil
}

// Everything that is served is understood by Chromium 83, the packages of others
// included: a parser that knows every browser's syntax has nothing to rewrite.
func TestEverythingServedRunsOnChromium83(t *testing.T) {
	seen := 0
	err := fs.WalkDir(embedded, ".", func(name string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() || !regexp.MustCompile(`\.(?:m?js|css)$`).MatchString(name) {
			return err
		}
		seen++
		text, err := fs.ReadFile(embedded, name)
		if err != nil {
			return err
		}
		late, err := lowered(name, string(text))
		if err != nil {
			return err
		}
		if late != "" {
			t.Errorf("%s is not for Chromium 83: %.200s", name, late)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if seen < len(Scripts())-len(Missing())+1 {
		t.Errorf("only %d files were read", seen)
	}
}

// TestNoSpreadInAChain: V8 before 9.1 misreads a spread argument behind ?. .
func TestNoSpreadInAChain(t *testing.T) {
	spread := regexp.MustCompile(`\?\.[\w.]*\([^()]*\.\.\.`)
	for _, name := range append(Scripts(), PageScripts()...) {
		if text, err := Read(name); err == nil && spread.Match(text) {
			t.Errorf("%s: %s", name, spread.Find(text))
		}
	}
	if !spread.MatchString("a?.b(...c)") {
		t.Error("a spread argument is not found")
	}
}

// TestLoweredFinds shows that the parser finds what came later, and leaves alone
// what was there.
func TestLoweredFinds(t *testing.T) {
	for name, late := range map[string]string{
		"logical.js": "a ??= b", "field.js": "class A { #go() {} }", "static.js": "class A { static { go() } }", "brand.js": "#a in b; class A { #a; is(b) { return #a in b } }",
		"await.mjs": "await x", "number.js": "x = /a/v", "nesting.css": "a { b & { color: red } }", "inset.css": "a { inset: 0 }", "colour.css": "a { color: oklch(50% 0.1 20) }",
		"range.css": "@media (width >= 30em) { a { color: red } }", "is.css": "a { color: hwb(20 20% 20%) }",
	} {
		if found, err := lowered(name, late); err == nil && found == "" {
			t.Errorf("%s: %q passes", name, late)
		}
	}
	for name, fine := range map[string]string{
		"was.js": "const a = b?.c ?? 2n, d = `${e}`; class A { go() { return this?.x } } async function* q() { for await (const z of r()) yield z }", "was.css": "a { margin: 0 1px; color: rgba(0,0,0,.5) } a:not(.b):focus { top: 0 }",
	} {
		if found, err := lowered(name, fine); err != nil || found != "" {
			t.Errorf("%s: %q, %v", name, found, err)
		}
	}
}

// lateCalls are functions that came after Chromium 83; a package of others may
// name one only after asking whether it is there.
var lateCalls = map[string]*regexp.Regexp{
	".at (92)":                  regexp.MustCompile(`\.at\(`),
	"replaceAll (85)":           regexp.MustCompile(`\.replaceAll\(`),
	"structuredClone (98)":      regexp.MustCompile(`structuredClone\(`),
	"randomUUID (92)":           regexp.MustCompile(`randomUUID\(`),
	"replaceChildren (86)":      regexp.MustCompile(`\.replaceChildren\(`),
	"Promise.any (85)":          regexp.MustCompile(`Promise\.any\(`),
	"Object.hasOwn (93)":        regexp.MustCompile(`Object\.hasOwn\(`),
	"findLast, toSorted (97)":   regexp.MustCompile(`\.(?:findLast|findLastIndex|toSorted|toReversed|toSpliced)\(`),
	"groupBy, fromAsync (117)":  regexp.MustCompile(`\.(?:groupBy|fromAsync|withResolvers)\(`),
	"AbortSignal.timeout (103)": regexp.MustCompile(`AbortSignal\.(?:timeout|any)\(`),
	"weak references (84)":      regexp.MustCompile(`new (?:WeakRef|FinalizationRegistry)\(`),
	"popover, dialog (114, 37)": regexp.MustCompile(`\.(?:showPopover|togglePopover|checkVisibility)\(`),
	"moveBefore (133)":          regexp.MustCompile(`\.moveBefore\(`),
	"view transitions (111)":    regexp.MustCompile(`startViewTransition\(`),
}

// later reports whether the calls of that name were there in the browser version.
func later(what, version string) bool {
	came := regexp.MustCompile(`\((\d+)`).FindStringSubmatch(what)
	v, err := strconv.Atoi(version)
	if err != nil || came == nil {
		return false
	}
	n, err := strconv.Atoi(came[1])
	return err == nil && n <= v
}

// asked are late calls of the packages, each with what their own code asks before.
var asked = map[string]string{
	"vendor/htmx.min.js moveBefore (133)":       "moveBefore",
	"vendor/htmx.min.js view transitions (111)": "startViewTransition",
}

// The packages of others call nothing that Chromium 83 lacks, but for what they
// first look for.
func TestPackagesCallNothingLater(t *testing.T) {
	names, err := fs.Glob(embedded, "vendor/*js")
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range names {
		text, err := fs.ReadFile(embedded, name)
		if err != nil {
			t.Fatal(err)
		}
		for what, find := range lateCalls {
			hit := find.FindIndex(text)
			if hit == nil {
				continue
			}
			if later(what, since[name]) {
				continue
			}
			word, known := asked[name+" "+what]
			guard := regexp.MustCompile(`(?:if\s*\(|&&|\?|"` + word + `"\s*in|typeof)[^;{}]{0,120}` + word)
			if !known || !guard.Match(text) {
				from := max(0, hit[0]-80)
				t.Errorf("%s calls %s: …%s…", name, what, text[from:min(len(text), hit[1]+40)])
			}
		}
	}
}
