package reporting

import (
	"fmt"
	"strings"
	"unicode/utf16"

	"golang.org/x/image/font"
	"golang.org/x/image/font/sfnt"
	"golang.org/x/image/math/fixed"
)

// outlineKey names a character in a weight.
type outlineKey struct {
	r    rune
	bold bool
}

// outline is a character as the curves of its font, in parts of the height of a
// line of type, with how far it is to the next.
type outline struct {
	parts sfnt.Segments
	em    float64 // how many units of the parts are that height
	width float64
}

// outline gives the curves of a character. A weight that cannot draw it borrows the
// regular one; without parts, that cannot either.
func (g *glyphs) outline(r rune, bold bool) outline {
	key := outlineKey{r, bold}
	if o, known := g.drawn[key]; known {
		return o
	}
	var o outline
	if bold {
		o = g.curves(g.fonts.parsedBold, r)
	}
	if len(o.parts) == 0 {
		o = g.curves(g.fonts.parsed, r)
	}
	g.drawn[key] = o
	return o
}

// curves reads a character from a font; nothing where the font lacks it or is broken
// there.
func (g *glyphs) curves(f *sfnt.Font, r rune) outline {
	i, err := f.GlyphIndex(&g.buf, r)
	if err != nil || i == 0 {
		return outline{}
	}
	size := fixed.I(int(f.UnitsPerEm()))
	parts, err := f.LoadGlyph(&g.buf, i, size, nil)
	if err != nil {
		return outline{}
	}
	parts = append(sfnt.Segments{}, parts...) // the buffer is used again
	wide, err := f.GlyphAdvance(&g.buf, i, size, font.HintingNone)
	if err != nil {
		return outline{}
	}
	return outline{parts: parts, em: float64(size), width: float64(wide) / float64(size)}
}

// outline draws a character that gofpdf cannot take as text, from x on the baseline
// y. A reader of the file that searches or copies finds the character: it stands as
// the text of an empty space below the curves.
func (s *sheet) outline(x, y float64, r rune) {
	o := s.glyphs.outline(r, s.bold)
	var text strings.Builder
	for _, u := range utf16.Encode([]rune{r}) {
		fmt.Fprintf(&text, "%04X", u)
	}
	s.pdf.RawWriteStr("/Span <</ActualText <FEFF" + text.String() + ">>> BDC\n")
	s.pdf.Text(x, y, string(wideSpace))
	s.pdf.RawWriteStr("EMC\n")
	r0, g0, b0 := s.pdf.GetFillColor()
	s.pdf.SetFillColor(s.color[0], s.color[1], s.color[2])
	s.fill(o, x, y, s.size*pointSize/o.em)
	s.pdf.SetFillColor(r0, g0, b0)
}

// fill fills the curves of a character; scale is how many millimetres a unit has.
func (s *sheet) fill(o outline, x, y, scale float64) {
	at := func(p fixed.Point26_6) (float64, float64) { return x + float64(p.X)*scale, y + float64(p.Y)*scale }
	var fromX, fromY float64
	for i, part := range o.parts {
		aX, aY := at(part.Args[0])
		bX, bY := at(part.Args[1])
		cX, cY := at(part.Args[2])
		toX, toY := aX, aY
		switch part.Op {
		case sfnt.SegmentOpMoveTo:
			if i > 0 {
				s.pdf.ClosePath()
			}
			s.pdf.MoveTo(aX, aY)
		case sfnt.SegmentOpLineTo:
			s.pdf.LineTo(aX, aY)
		case sfnt.SegmentOpQuadTo: // PDF knows cubic curves only
			toX, toY = bX, bY
			s.pdf.CurveBezierCubicTo(fromX+(aX-fromX)*2/3, fromY+(aY-fromY)*2/3, bX+(aX-bX)*2/3, bY+(aY-bY)*2/3, bX, bY)
		case sfnt.SegmentOpCubeTo:
			toX, toY = cX, cY
			s.pdf.CurveBezierCubicTo(aX, aY, bX, bY, cX, cY)
		}
		fromX, fromY = toX, toY
	}
	if len(o.parts) > 0 {
		s.pdf.ClosePath()
		s.pdf.DrawPath("F")
	}
}
