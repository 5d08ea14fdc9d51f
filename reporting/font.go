package reporting

import (
	"fmt"
	"strings"
	"sync"
	"unicode"

	"golang.org/x/image/font/sfnt"

	"jingfang/sql/db"
	"jingfang/static"
)

// The fonts of every paper; the front-end packages bring them.
const (
	regularFile = "vendor/NotoSansSC_400Regular.ttf"
	boldFile    = "vendor/NotoSansSC_700Bold.ttf"
)

// fontSet is both weights as files, and parsed to ask which characters they have and
// what those look like. Nothing in it is changed after loading.
type fontSet struct {
	regular, bold []byte
	parsed        *sfnt.Font
	parsedBold    *sfnt.Font
}

// fonts loads the fonts once; they are embedded and cannot change.
var fonts = sync.OnceValues(func() (*fontSet, error) { return loadFonts(static.Read) })

func loadFonts(read func(name string) ([]byte, error)) (*fontSet, error) {
	var f fontSet
	var err error
	if f.regular, err = read(regularFile); err == nil {
		f.bold, err = read(boldFile)
	}
	if err != nil {
		return nil, db.RefuseBecause(err, db.Unavailable, "这个程序里没有中文字体，不能生成 PDF。请管理员在源码目录运行 sh deploy/demo.sh 取得字体，再重新编译启动。")
	}
	if f.parsed, err = sfnt.Parse(f.regular); err != nil {
		return nil, fmt.Errorf("parse the font of the papers: %w", err)
	}
	if f.parsedBold, err = sfnt.Parse(f.bold); err != nil {
		return nil, fmt.Errorf("parse the bold font of the papers: %w", err)
	}
	return &f, nil
}

// HasFonts says whether papers can be made: nil, or the error that
// WriteSessionPDF would give.
func HasFonts() error {
	_, err := fonts()
	return err
}

// wideSpace keeps what belongs together apart in a line of Chinese.
const wideSpace = '\u3000'

// glyphs answers which characters can be drawn. It keeps what it has asked; one
// paper has one, for it is not safe for two at once.
type glyphs struct {
	fonts *fontSet
	buf   sfnt.Buffer
	known map[rune]bool
	drawn map[outlineKey]outline
}

func newGlyphs(f *fontSet) *glyphs {
	return &glyphs{fonts: f, known: map[rune]bool{}, drawn: map[outlineKey]outline{}}
}

// lastBasic is the last character that gofpdf can take as text: it keeps its widths
// in a table of the basic plane and panics beyond it. What the font has of the
// others is drawn as an outline.
const lastBasic = 0xfffe

// has reports a character that the font draws. One that would be drawn as an outline
// must have one: else a name would be there with a hole in it.
func (g *glyphs) has(r rune) bool {
	if ok, asked := g.known[r]; asked {
		return ok
	}
	i, err := g.fonts.parsed.GlyphIndex(&g.buf, r)
	ok := err == nil && i != 0 && r != 0xffff && (unicode.IsPrint(r) || r == wideSpace) && (r <= lastBasic || len(g.outline(r, false).parts) > 0)
	g.known[r] = ok
	return ok
}

// printable replaces every character the font lacks by its number, 〔U+20BB7〕 for
// 𠮷: nobody's name is printed as an empty box. White space becomes a space.
func (g *glyphs) printable(text string) string { return g.replaced(text, g.has) }

// plain is printable for what no page shows, such as the file's title, where only
// the characters that gofpdf can take have a place.
func (g *glyphs) plain(text string) string {
	return g.replaced(text, func(r rune) bool { return r <= lastBasic && g.has(r) })
}

func (g *glyphs) replaced(text string, has func(rune) bool) string {
	if !strings.ContainsFunc(text, func(r rune) bool { return !has(r) }) {
		return text
	}
	var out strings.Builder
	for _, r := range text {
		switch {
		case has(r):
			out.WriteRune(r)
		case unicode.IsSpace(r):
			out.WriteByte(' ')
		default:
			fmt.Fprintf(&out, "〔U+%04X〕", r)
		}
	}
	return out.String()
}
