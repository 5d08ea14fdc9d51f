package reporting

import (
	"fmt"
	"io"
	"strings"
	"time"

	"jingfang/session"
	"jingfang/sql/seal"
)

// Printed is how a paper can be known again: the text of the QR code on its first
// page, and the digest of what it says, without who took it and when. Two papers
// with the same digest say the same.
type Printed struct {
	Title  string
	Code   string // JF1|kind|name|from|to|digest, of a session JF1|session|id|date|records|digest
	Digest string // SM3 in hexadecimal; its first [DigestShown] digits stand on the paper
}

// DigestShown is how many digits of the digest people can read on a paper.
const DigestShown = 32

// cover is the head of a paper's first page, beside its QR code.
type cover struct {
	title, scope, period string
	at                   time.Time // when what it says was read
	notes                []string
	// code makes the text of the QR code of the digest. digest is that of figures that
	// are kept; "" is that of the words on the paper.
	code   func(digest string) string
	digest string
}

// paperCode writes the text of a QR code; periods of one day and papers without one
// leave the days out.
func paperCode(kind, name string, from, to time.Time) func(digest string) string {
	day := func(t time.Time) string {
		if t.IsZero() {
			return ""
		}
		return dateOf(t)
	}
	name = strings.ReplaceAll(name, "|", " ") // and in letters that a scanner types
	return func(digest string) string {
		return fmt.Sprintf("JF1|%s|%s|%s|%s|%s", kind, name, day(from), day(to), digest)
	}
}

// qrSide is how large the code on the first page is, in millimetres.
const qrSide = 29

// cover draws the head. Its code comes last, in finish: it says what the whole paper
// says.
func (s *sheet) cover(c cover) {
	s.head = c
	width := bodyWidth - qrSide - 4
	s.font(true, 19, black())
	s.block(margin, width, c.title)
	s.y += 1
	s.font(true, 12, black())
	s.block(margin, width, strings.TrimSpace(c.scope+"　"+c.period))
	s.font(false, 9, grey())
	s.unsaid(func() {
		s.block(margin, width, fmt.Sprintf("数据截至 %s　制表 %s", c.at.In(session.Zone()).Format("2006-01-02 15:04:05"), s.made.By))
		s.digestY = s.y + s.baseline()
		s.y += s.lineHeight()
	})
	for _, n := range c.notes {
		s.block(margin, width, n)
	}
	s.y = max(s.y, margin+qrSide-2) + 1
}

// unsaid draws what does not belong to the digest of a paper: who took it and when,
// and what repeats on every page.
func (s *sheet) unsaid(draw func()) {
	was := s.silent
	s.silent = true
	draw()
	s.silent = was
}

// stamp puts the code and the digest on the first page, now that all is said.
func (s *sheet) stamp() (Printed, error) {
	p := Printed{Title: s.running, Digest: s.head.digest}
	if p.Digest == "" {
		p.Digest = seal.SM3([]byte(s.said.String())).String()
	}
	p.Code = s.glyphs.plain(s.head.code(p.Digest)) // what is kept is what the code says
	s.pdf.SetPage(1)
	s.size = 0 // each page has a font of its own
	s.font(false, 9, grey())
	s.text(margin, s.digestY, "数字指纹 "+p.Digest[:DigestShown])
	return p, s.drawQR(p.Code, pageWidth-margin-qrSide, margin-4, qrSide)
}

// finish numbers the pages, now that their number is known, and writes all.
func (s *sheet) finish(w io.Writer) (p Printed, err error) {
	s.silent = true
	if s.head.code != nil {
		if p, err = s.stamp(); err != nil {
			return p, err
		}
	}
	total := s.pdf.PageCount()
	left := s.glyphs.printable(fmt.Sprintf("制表：%s　%s", s.made.By, s.made.At.Format("2006-01-02 15:04:05")))
	for i := 1; i <= total; i++ {
		s.pdf.SetPage(i)
		s.size = 0
		s.mark()
		s.size = 0
		s.font(false, 8.5, grey())
		s.pdf.SetLineWidth(0.2)
		s.pdf.SetDrawColor(110, 110, 110)
		s.pdf.Line(margin, pageHeight-14, pageWidth-margin, pageHeight-14)
		s.text(margin, pageHeight-10, s.lines(left, bodyWidth-40)[0])
		s.textRight(pageWidth-margin, pageHeight-10, fmt.Sprintf("第 %d / %d 页", i, total))
	}
	if err := s.pdf.Output(w); err != nil {
		return p, fmt.Errorf("write PDF: %w", err)
	}
	return p, nil
}
