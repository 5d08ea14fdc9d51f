package static

import (
	"math"
	"regexp"
	"strconv"
	"strings"
	"testing"
)

// tokens reads the colours of the light and of the dark theme.
func tokens(t *testing.T) (light, dark map[string]string) {
	t.Helper()
	body, err := Read("app.css")
	if err != nil {
		t.Fatal(err)
	}
	themes := []map[string]string{{}, {}}
	blocks := regexp.MustCompile(`(?s):root \{(.*?)\}`).FindAllStringSubmatch(string(body), 2)
	for i, block := range blocks {
		for _, m := range regexp.MustCompile(`--([a-z-]+): (#[0-9a-f]{6});`).FindAllStringSubmatch(block[1], -1) {
			themes[i][m[1]] = m[2]
		}
	}
	if len(themes[1]) < 15 {
		t.Fatalf("only %d colours in the dark theme", len(themes[1]))
	}
	return themes[0], themes[1]
}

// luminance is the relative luminance of WCAG 2 for a colour such as #0a6b75.
func luminance(t *testing.T, colour string) float64 {
	t.Helper()
	value, err := strconv.ParseUint(strings.TrimPrefix(colour, "#"), 16, 32)
	if err != nil {
		t.Fatalf("colour %q: %v", colour, err)
	}
	channel := func(shift uint) float64 {
		c := float64(value>>shift&0xff) / 255
		if c <= 0.04045 {
			return c / 12.92
		}
		return math.Pow((c+0.055)/1.055, 2.4)
	}
	return 0.2126*channel(16) + 0.7152*channel(8) + 0.0722*channel(0)
}

// Text must be legible in a bright hall and in the dark: contrast at least 4.5.
func TestContrast(t *testing.T) {
	light, dark := tokens(t)
	pairs := []string{
		"ink ground", "ink card", "ink sunk", "ink good-ground", "ink caution-ground", "ink soft-ground",
		"muted ground", "muted card", "muted sunk", "muted soft-ground",
		"main card", "main ground", "main-strong main-ground", "on-main main", "on-main main-strong",
		"good card", "good good-ground", "caution card", "caution caution-ground", "bad card", "bad bad-ground", "info info-ground",
		"on-tone good", "on-tone caution", "on-tone bad", "on-tone soft",
	}
	for name, theme := range map[string]map[string]string{"light": light, "dark": dark} {
		for _, pair := range pairs {
			text, ground, _ := strings.Cut(pair, " ")
			a, b := luminance(t, theme[text]), luminance(t, theme[ground])
			if ratio := (max(a, b) + 0.05) / (min(a, b) + 0.05); ratio < 4.5 {
				t.Errorf("%s: %s on %s has a contrast of %.2f", name, text, ground, ratio)
			}
		}
	}
}
