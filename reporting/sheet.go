package reporting

import (
	"strings"
	"time"
	"unicode/utf8"

	"github.com/jung-kurt/gofpdf"

	"jingfang/session"
)

// Measures of a page in millimetres: A4 upright.
const (
	pageWidth, pageHeight = 210.0, 297.0
	margin                = 12.0
	top                   = 20.0 // where the body begins, below the running head
	bottom                = 17.0 // what the footer keeps
	bodyWidth             = pageWidth - 2*margin
	pointSize             = 25.4 / 72
)

// Made says who made a paper and when; both stand on every page.
type Made struct {
	By string
	At time.Time
}

// ink is a colour of the papers.
type ink [3]int

func black() ink { return ink{0, 0, 0} }
func red() ink   { return ink{190, 0, 0} }
func grey() ink  { return ink{95, 95, 95} }

// sheet is a paper while it is drawn: gofpdf with our fonts, a cursor that runs
// down the page, and what repeats on every page. Errors stay in gofpdf until
// finish.
type sheet struct {
	pdf     *gofpdf.Fpdf
	glyphs  *glyphs
	widths  map[bool]map[rune]float64 // by bold; per point of size
	bold    bool
	size    float64 // points
	color   ink
	y       float64
	running string // what the paper is, at the head of every page but the first
	made    Made
	// watermark says across every page who took it.
	watermark string
	// said collects the words that the digest is of, while not silent; head is what
	// stands first, with its digest at digestY.
	said    strings.Builder
	silent  bool
	head    cover
	digestY float64
}

// newSheet opens a paper. The same data gives the same bytes: nothing in it
// comes from a clock or the order of a map.
func newSheet(title, running string, made Made) (*sheet, error) {
	f, err := fonts()
	if err != nil {
		return nil, err
	}
	made.At = made.At.In(session.Zone())
	pdf := gofpdf.New("P", "mm", "A4", "")
	pdf.SetCatalogSort(true)
	pdf.SetCreationDate(made.At)
	pdf.SetModificationDate(made.At)
	pdf.SetAutoPageBreak(false, 0)
	pdf.SetCellMargin(0)
	pdf.AddUTF8FontFromBytes("noto", "", f.regular)
	pdf.AddUTF8FontFromBytes("noto", "B", f.bold)
	s := &sheet{pdf: pdf, glyphs: newGlyphs(f), widths: map[bool]map[rune]float64{false: {}, true: {}}, made: made}
	s.watermark = made.By + "　" + made.At.Format("2006-01-02 15:04:05")
	s.running = s.glyphs.printable(running)
	pdf.SetTitle(s.glyphs.plain(title), true)
	pdf.SetAuthor(s.glyphs.plain(made.By), true)
	pdf.SetCreator("jingfang", true)
	pdf.SetProducer("jingfang", true)
	s.newPage()
	pdf.Bookmark(s.glyphs.plain(title), 0, -1)
	return s, nil
}

// newPage starts a page with the running head.
func (s *sheet) newPage() {
	bold, size, color := s.bold, s.size, s.color
	s.pdf.AddPage()
	s.pdf.SetLineWidth(0.2)
	s.pdf.SetDrawColor(110, 110, 110)
	s.y = margin
	if s.pdf.PageNo() > 1 {
		s.font(false, 8.5, grey())
		s.unsaid(func() { s.text(margin, margin+3, s.running) })
		s.pdf.Line(margin, margin+5, pageWidth-margin, margin+5)
		s.y = top
	}
	if size > 0 {
		s.font(bold, size, color)
	}
}

// need starts a new page when the next h millimetres do not fit; it says so.
func (s *sheet) need(h float64) bool {
	if s.y+h <= pageHeight-bottom {
		return false
	}
	s.newPage()
	return true
}

// font chooses what the next text looks like.
func (s *sheet) font(bold bool, points float64, color ink) {
	if bold != s.bold || points != s.size {
		style := ""
		if bold {
			style = "B"
		}
		s.pdf.SetFont("noto", style, points)
	}
	s.pdf.SetTextColor(color[0], color[1], color[2])
	s.bold, s.size, s.color = bold, points, color
}

// measure is the width of one character in millimetres in the chosen font.
func (s *sheet) measure(r rune) float64 {
	of := s.widths[s.bold]
	w, known := of[r]
	if !known && r > lastBasic {
		w = s.glyphs.outline(r, s.bold).width * pointSize
		of[r] = w
	} else if !known {
		w = float64(s.pdf.GetStringSymbolWidth(string(r))) / 1000 * pointSize
		of[r] = w
	}
	return w * s.size
}

// width is the width of a printable text.
func (s *sheet) width(text string) float64 {
	sum := 0.0
	for _, r := range text {
		sum += s.measure(r)
	}
	return sum
}

// text draws one line from x with its baseline at y. The text is printable.
func (s *sheet) text(x, y float64, text string) {
	if !s.silent && text != "" {
		s.said.WriteString(text)
		s.said.WriteByte('\n')
	}
	for text != "" {
		n := strings.IndexFunc(text, func(r rune) bool { return r > lastBasic })
		if n < 0 {
			s.pdf.Text(x, y, text)
			return
		}
		if n > 0 {
			s.pdf.Text(x, y, text[:n])
			x += s.width(text[:n])
		}
		r, size := utf8.DecodeRuneInString(text[n:])
		s.outline(x, y, r)
		x, text = x+s.measure(r), text[n+size:]
	}
}

// textRight draws one line that ends at x.
func (s *sheet) textRight(x, y float64, text string) { s.text(x-s.width(text), y, text) }

// lineHeight is the distance of two baselines.
func (s *sheet) lineHeight() float64 { return s.size * pointSize * 1.32 }

// lines wraps a text of any characters to a width.
func (s *sheet) lines(text string, width float64) []string {
	return wrap(s.glyphs.printable(text), width, s.measure)
}

// paragraph draws wrapped text over the whole width, a line at a time over the
// page's end.
func (s *sheet) paragraph(text string) { s.block(margin, bodyWidth, text) }

// block draws wrapped text from x.
func (s *sheet) block(x, width float64, text string) {
	for _, line := range s.lines(text, width) {
		s.need(s.lineHeight())
		s.text(x, s.y+s.baseline(), line)
		s.y += s.lineHeight()
	}
}

// baseline is how far below the top of a line its baseline lies.
func (s *sheet) baseline() float64 { return s.size * pointSize * 1.03 }

// heading draws a section's title, together with some of what follows it.
func (s *sheet) heading(text string) {
	s.y += 3.5
	s.need(22)
	s.font(true, 11.5, black())
	s.pdf.Bookmark(s.glyphs.plain(text), 1, s.y)
	s.block(margin, bodyWidth, text)
	s.y += 1.2
}
