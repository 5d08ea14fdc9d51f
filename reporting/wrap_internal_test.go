package reporting

import (
	"slices"
	"strings"
	"testing"
)

func TestWrap(t *testing.T) {
	one := func(r rune) float64 {
		if r < 0x80 {
			return 1
		}
		return 2
	}
	for _, tc := range []struct {
		text  string
		width float64
		want  []string
	}{
		{"", 10, []string{""}},
		{"短", 10, []string{"短"}},
		{"一二三四五六七", 6, []string{"一二三", "四五六", "七"}},
		{"一二三，四五", 6, []string{"一二", "三，四", "五"}},
		{"一二（三四）", 6, []string{"一二", "（三", "四）"}},
		{"利培酮片 1mg×20片", 10, []string{"利培酮片", "1mg×20片"}},
		{"利培酮 12345678", 8, []string{"利培酮", "12345678"}},
		{"123456789012", 5, []string{"12345", "67890", "12"}},
		{"宽", 1, []string{"宽"}},
		{"，，，，", 4, []string{"，，", "，，"}},
	} {
		if got := wrap(tc.text, tc.width, one); !slices.Equal(got, tc.want) {
			t.Errorf("%q in %v: %q, want %q", tc.text, tc.width, got, tc.want)
		}
	}
}

func FuzzWrap(f *testing.F) {
	f.Add("利培酮片 1mg×20片，（演示）", 5)
	f.Fuzz(func(t *testing.T, text string, width int) {
		bare := strings.NewReplacer(" ", "", "\u3000", "")
		text = strings.ToValidUTF8(text, "")
		lines := wrap(text, float64(width), func(rune) float64 { return 1 })
		if got := bare.Replace(strings.Join(lines, "")); got != bare.Replace(text) {
			t.Errorf("%q became %q", text, got)
		}
		for _, l := range lines {
			if n := len([]rune(l)); n > 1 && n > width {
				t.Errorf("%q is wider than %d", l, width)
			}
		}
	})
}
