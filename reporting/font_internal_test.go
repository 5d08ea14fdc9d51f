package reporting

import (
	"bytes"
	"encoding/binary"
	"io/fs"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/jung-kurt/gofpdf"
	"golang.org/x/image/font/sfnt"

	"jingfang/sql/db"
)

func TestWithoutFonts(t *testing.T) {
	_, err := loadFonts(func(string) ([]byte, error) { return nil, fs.ErrNotExist })
	if db.KindOf(err) != db.Unavailable || !strings.Contains(db.Sentence(err), "sh deploy/demo.sh") {
		t.Errorf("without fonts: %v", err)
	}
	if _, err := loadFonts(func(string) ([]byte, error) { return []byte("no font"), nil }); err == nil {
		t.Error("a broken font was loaded")
	}
}

// someFonts loads the fonts, skips on a laptop without them and fails in CI.
func someFonts(t testing.TB) *fontSet {
	t.Helper()
	f, err := fonts()
	if err != nil && os.Getenv("CI") == "true" {
		t.Fatal(err)
	}
	if err != nil {
		t.Skip("static/vendor holds no fonts: run sh deploy/demo.sh once")
	}
	return f
}

func TestPrintable(t *testing.T) {
	g := newGlyphs(someFonts(t))
	for _, tc := range []struct{ text, want string }{
		{"演示王小明", "演示王小明"},
		{"𠮷田𬭎", "〔U+20BB7〕田𬭎"},
		{"演示\u9fb4〔石〕", "演示\u9fb4〔石〕"},
		{"a\tb\nc", "a b c"},
		{"甲　乙", "甲　乙"},
		{"買\U000e0100", "買〔U+E0100〕"},
		{"甲\u202e乙\u200b丙\ufeff", "甲〔U+202E〕乙〔U+200B〕丙〔U+FEFF〕"},
		{"\ue000\uffff\ufffd", "〔U+E000〕〔U+FFFF〕"},
		{"买买提·吐尔逊", "买买提·吐尔逊"},
		{"", ""},
	} {
		if got := g.printable(tc.text); !strings.HasPrefix(got, tc.want) {
			t.Errorf("%q is printed as %q, want %q", tc.text, got, tc.want)
		}
	}
	if got := g.printable("bad \xff"); strings.ContainsRune(got, '\xff') {
		t.Errorf("%q", got)
	}
}

// Every character that we call printable must be in both weights, and gofpdf
// must find it too: else it prints an empty box without an error.
func TestBothWeightsAndGofpdfHaveWhatWePrint(t *testing.T) {
	f := someFonts(t)
	g, pdf := newGlyphs(f), gofpdf.New("P", "mm", "A4", "")
	pdf.AddUTF8FontFromBytes("noto", "", f.regular)
	pdf.AddUTF8FontFromBytes("noto", "B", f.bold)
	bold, err := sfnt.Parse(f.bold)
	if err != nil {
		t.Fatal(err)
	}
	var buf sfnt.Buffer
	pdf.AddPage()
	had, n := slices.Clone(f.regular), 0
	for r := rune(0); r <= 0xffff; r++ {
		if !g.has(r) {
			continue
		}
		n++
		if i, err := bold.GlyphIndex(&buf, r); err != nil || i == 0 {
			t.Errorf("U+%04X is missing in bold", r)
		}
	}
	for r := rune(0x4e00); r < 0x4e00+400; r++ {
		if g.has(r) {
			pdf.SetFont("noto", "", 10)
			pdf.Text(10, 10, string(r))
		}
	}
	if err := pdf.Error(); err != nil {
		t.Error(err)
	}
	if n < 20000 {
		t.Errorf("only %d characters can be printed", n)
	}
	if !slices.Equal(had, f.regular) {
		t.Error("gofpdf changed the font that all papers share")
	}
}

// What is drawn as an outline is as wide as any Chinese character, in both weights,
// and has ink.
func TestOutlines(t *testing.T) {
	s, err := newSheet("", "", Made{})
	if err != nil {
		someFonts(t)
		t.Fatal(err)
	}
	for _, bold := range []bool{false, true} {
		s.font(bold, 9, black())
		if w, want := s.measure('𬭎'), s.measure('田'); w < want*0.999 || w > want*1.001 {
			t.Errorf("%v: 𬭎 is %g wide, 田 %g", bold, w, want)
		}
		if o := s.glyphs.outline('𬭎', bold); len(o.parts) < 20 {
			t.Errorf("%v: %d curves", bold, len(o.parts))
		}
	}
	if lines := s.lines("𬭎𬭎𬭎𬭎𬭎", 3*s.measure('田')+0.01); len(lines) != 2 || lines[0] != "𬭎𬭎𬭎" {
		t.Errorf("%q", lines)
	}
}

// spoilt is a copy of a font in which a table is full of nonsense.
func spoilt(t *testing.T, file []byte, table string) []byte {
	t.Helper()
	out := slices.Clone(file)
	for i := range int(binary.BigEndian.Uint16(file[4:])) {
		at := 12 + 16*i
		if string(file[at:at+4]) == table {
			from, size := binary.BigEndian.Uint32(file[at+8:]), binary.BigEndian.Uint32(file[at+12:])
			copy(out[from:from+size], bytes.Repeat([]byte{0xff}, int(size)))
			return out
		}
	}
	t.Fatalf("the font has no table %s", table)
	return nil
}

// A font whose curves are broken leaves no hole in a name: bold borrows the regular
// weight's, and without those the character's number is printed.
func TestBrokenOutlines(t *testing.T) {
	whole := someFonts(t)
	parse := func(file []byte) *sfnt.Font {
		f, err := sfnt.Parse(spoilt(t, file, "glyf"))
		if err != nil {
			t.Fatal(err)
		}
		return f
	}
	half := *whole
	half.parsedBold = parse(whole.bold)
	g := newGlyphs(&half)
	if o, want := g.outline('𬭎', true), g.outline('𬭎', false); len(want.parts) < 20 || !slices.Equal(o.parts, want.parts) || o.width != want.width {
		t.Errorf("bold is %d curves and %g wide, regular %d and %g", len(o.parts), o.width, len(want.parts), want.width)
	}
	none := half
	none.parsed = parse(whole.regular)
	if got := newGlyphs(&none).printable("演示张𬭎"); got != "演示张〔U+2CB4E〕" {
		t.Errorf("without curves the name is printed as %q", got)
	}
}
