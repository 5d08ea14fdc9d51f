package static

import (
	"io/fs"
	"path"
	"regexp"
	"strings"
	"testing"
)

// Browsers to serve begin with Chromium 83. These lists name what came later and
// is easily written by habit, and what the content policy blocks.
var lateCSS = map[string]*regexp.Regexp{
	":has, :is, :where (88, 105)":        regexp.MustCompile(`:(?:has|is|where)\(`),
	"a list within :not (88)":            regexp.MustCompile(`:not\([^)]*,`),
	"inset (87)":                         regexp.MustCompile(`[\s;{]inset(?:-[a-z]+)?\s*:`),
	"logical shorthands (87)":            regexp.MustCompile(`(?:margin|padding)-(?:inline|block)\s*:`),
	"aspect-ratio (88)":                  regexp.MustCompile(`aspect-ratio`),
	"layers and containers (99, 105)":    regexp.MustCompile(`@(?:layer|container|property|scope)`),
	"color-mix and the like (111)":       regexp.MustCompile(`color-mix|oklch|light-dark`),
	"small viewport units (108)":         regexp.MustCompile(`\d(?:dvh|svh|lvh|dvw)`),
	"range media queries (104)":          regexp.MustCompile(`@media[^{]*[<>]`),
	"individual transforms (104)":        regexp.MustCompile(`[\s;{](?:translate|rotate|scale)\s*:`),
	"nesting (112)":                      regexp.MustCompile(`[\s{;]&`),
	"::marker (86)":                      regexp.MustCompile(`::marker`),
	"content-visibility, clip (85, 90)":  regexp.MustCompile(`content-visibility|overflow:\s*clip|scrollbar-gutter`),
	"an address of another server":       regexp.MustCompile(`url\(\s*["']?(?:https?:)?//|@import`),
	":focus-visible without :focus (86)": regexp.MustCompile(`[^(]:focus-visible`),
}

var lateJS = map[string]*regexp.Regexp{
	"logical assignment (85)":           regexp.MustCompile(`\?\?=|\|\|=|&&=`),
	".at() (92)":                        regexp.MustCompile(`\.at\(`),
	"replaceAll (85)":                   regexp.MustCompile(`replaceAll`),
	"structuredClone (98)":              regexp.MustCompile(`structuredClone`),
	"randomUUID (92)":                   regexp.MustCompile(`randomUUID\(`),
	"private methods (84)":              regexp.MustCompile(`[\s.]#[a-z]\w*\s*[(=;]`),
	"Promise.any, Object.hasOwn":        regexp.MustCompile(`Promise\.any|Object\.hasOwn|findLast|toSorted|toReversed|groupBy|fromAsync`),
	"AbortSignal.timeout (103)":         regexp.MustCompile(`AbortSignal\.(?:timeout|any)`),
	"eval, which the policy blocks":     regexp.MustCompile(`\beval\(|new Function|setTimeout\(\s*['"]`),
	"markup made from text":             regexp.MustCompile(`innerHTML|outerHTML|insertAdjacentHTML|document\.write`),
	"a dialog that stops the next scan": regexp.MustCompile(`\b(?:alert|confirm|prompt)\(`),
}

var (
	cssComment = regexp.MustCompile(`(?s)/\*.*?\*/`)
	jsComment  = regexp.MustCompile(`(?m)(?:^|\s)//.*$`)
	cssRule    = regexp.MustCompile(`[^{}]*\{[^{}]*\}`)
)

// ours are our own files of one ending, without comments.
func ours(t *testing.T, ext string, comment *regexp.Regexp) map[string]string {
	t.Helper()
	names, err := fs.Glob(embedded, "*"+ext)
	if err != nil || len(names) == 0 {
		t.Fatalf("no files %s: %v", ext, err)
	}
	texts := map[string]string{}
	for _, name := range names {
		body, err := Read(name)
		if err != nil {
			t.Fatal(err)
		}
		texts[name] = comment.ReplaceAllString(string(body), "")
	}
	return texts
}

func TestStyleSheetRunsOnChromium83(t *testing.T) {
	for name, text := range ours(t, ".css", cssComment) {
		for what, find := range lateCSS {
			if hit := find.FindString(text); hit != "" {
				t.Errorf("%s uses %s: %q", name, what, hit)
			}
		}
		for _, rule := range cssRule.FindAllString(text, -1) {
			if regexp.MustCompile(`display:\s*(?:inline-)?flex`).MatchString(rule) && strings.Contains(rule, "gap:") {
				t.Errorf("%s has a gap in a flex box (84): %s", name, rule)
			}
		}
	}
}

func TestScriptsRunOnChromium83(t *testing.T) {
	for name, text := range ours(t, ".js", jsComment) {
		for what, find := range lateJS {
			if hit := find.FindString(text); hit != "" {
				t.Errorf("%s uses %s: %q", name, what, hit)
			}
		}
	}
}

// TestLateFinds shows that the lists can fail.
func TestLateFinds(t *testing.T) {
	for sample, list := range map[string]map[string]*regexp.Regexp{
		"a:has(b) {}": lateCSS, "a { inset: 0 }": lateCSS, "a:focus-visible {}": lateCSS, "@media (width >= 3px) {}": lateCSS,
		"a ??= b": lateJS, "a.at(-1)": lateJS, "class A { #go() {} }": lateJS, "x.innerHTML = y": lateJS,
	} {
		found := false
		for _, find := range list {
			found = found || find.MatchString(sample)
		}
		if !found {
			t.Errorf("%q is not found", sample)
		}
	}
}

// Every colour a rule uses is a token that the style sheet defines.
func TestTokensExist(t *testing.T) {
	text := ours(t, ".css", cssComment)["app.css"]
	for _, use := range regexp.MustCompile(`var\((--[a-z0-9-]+)\)`).FindAllStringSubmatch(text, -1) {
		if !strings.Contains(text, "\n  "+use[1]+":") {
			t.Errorf("the token %s is used and nowhere defined", use[1])
		}
	}
}

// Every script of ours is loaded, and every loaded one exists.
func TestScripts(t *testing.T) {
	loaded := map[string]bool{}
	for _, name := range Scripts() {
		loaded[name] = true
		if path.Dir(name) == "." && !Has(name) {
			t.Errorf("%s is loaded and not embedded", name)
		}
	}
	for _, name := range PageScripts() {
		loaded[name] = true
	}
	for name := range ours(t, ".js", jsComment) {
		if !loaded[name] && name != "sw.js" && name != decoderScript {
			t.Errorf("%s is embedded and never loaded", name)
		}
	}
}
