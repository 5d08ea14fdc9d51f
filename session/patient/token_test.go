package patient_test

import (
	"strings"
	"testing"
	"unicode/utf8"

	"jingfang/session/patient"
	"jingfang/sql/db"
)

const crockford = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"

// Every wrong character and every two characters that changed places are
// caught, wherever they stand, the check character included. The code is
// linear, so a few tokens stand for all; a hundred are tried.
func TestTokenCheckCatchesTypingErrors(t *testing.T) {
	for range 100 {
		good := patient.NewToken().String()
		for i := len("JFP"); i < len(good); i++ {
			for _, c := range crockford {
				if byte(c) != good[i] {
					mustNotParse(t, good, good[:i]+string(c)+good[i+1:])
				}
			}
			for j := i + 1; j < len(good); j++ {
				swapped := []byte(good)
				swapped[i], swapped[j] = good[j], good[i]
				if good[i] != good[j] {
					mustNotParse(t, good, string(swapped))
				}
			}
		}
	}
}

func mustNotParse(t *testing.T, good, wrong string) {
	t.Helper()
	if _, err := patient.ParseToken(wrong); err == nil {
		t.Fatalf("%s passes for %s", wrong, good)
	}
}

func TestParseToken(t *testing.T) {
	token := patient.NewToken()
	s := token.String()
	if len(s) != 20 || !strings.HasPrefix(s, "JFP") {
		t.Fatalf("token %q", s)
	}
	wide := strings.Map(func(r rune) rune { return r + 0xFEE0 }, s)
	for name, text := range map[string]string{"as printed": s, "lower case": strings.ToLower(s), "full width": wide,
		"with debris": "\ufeff " + s + "\u200b\r\n", "in groups": s[:5] + " " + s[5:10] + "\t" + s[10:]} {
		if got, err := patient.ParseToken(text); err != nil || got != token {
			t.Errorf("%s: %v, %v", name, got, err)
		}
	}
	for name, c := range map[string]struct{ text, sentence string }{
		"empty":          {"", "不是患者标签"},
		"a trace code":   {"81234560000000000001", "不是患者标签"},
		"another house":  {"HIS" + s[3:], "不是患者标签"},
		"a tote's label": {"JFT" + s[3:], "不是患者标签"},
		"cut":            {s[:19], "没有读完整"},
		"two together":   {s + s, "两张患者标签连在了一起"},
		"too long":       {s + "0", "没有读完整"},
		"letter O":       {s[:18] + "O" + s[19:], "没有读完整"},
		"invalid UTF-8":  {s[:19] + "\xff", "没有读完整"},
		"head only":      {"JFP", "没有读完整"},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := patient.ParseToken(c.text)
			refused(t, err, db.Invalid, c.sentence)
		})
	}
}

func TestTokensDiffer(t *testing.T) {
	seen := map[patient.Token]bool{}
	for range 10000 {
		seen[patient.NewToken()] = true
	}
	if len(seen) != 10000 {
		t.Errorf("%d different tokens of 10000", len(seen))
	}
}

// Whatever is read, the parser answers, and what it lets pass is a token that
// reads as itself.
func FuzzParseToken(f *testing.F) {
	f.Add("")
	f.Add("JFP")
	f.Add(patient.NewToken().String())
	f.Add("jfp0123456789abcdefg")
	f.Add("ＪＦＰ\xff\u200b𠮷")
	f.Fuzz(func(t *testing.T, text string) {
		token, err := patient.ParseToken(text)
		if err != nil {
			refused(t, err, db.Invalid)
			return
		}
		s := token.String()
		if len(s) != 20 || !utf8.ValidString(s) || strings.Trim(s[3:], crockford) != "" {
			t.Fatalf("%q gives %q", text, s)
		}
		if again, err := patient.ParseToken(s); err != nil || again != token {
			t.Fatalf("%q reads as %v, %v", s, again, err)
		}
	})
}
