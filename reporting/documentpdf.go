package reporting

import "io"

// WriteDocumentPDF draws a document on A4: what it is on the first page with its
// digest as a QR code, then every section with its chart and its table, named in
// the file's outline, with mark, who took it, across every page. The same document,
// Made and mark give the same bytes. Error: Unavailable when the program was built
// without fonts.
func WriteDocumentPDF(w io.Writer, d Document, made Made, mark string) (Printed, error) {
	s, err := newSheet(d.Heading(), d.Heading(), made)
	if err != nil {
		return Printed{}, err
	}
	s.watermark = mark
	p := documentPaper{sheet: s, d: d}
	p.front()
	for _, x := range d.Sections {
		p.section(x)
	}
	p.sign("制表", "复核", "负责人")
	return s.finish(w)
}

// documentPaper is a document on its way to paper.
type documentPaper struct {
	*sheet
	d Document
}

func (p *documentPaper) front() {
	p.cover(cover{title: p.d.Title, scope: p.d.Scope, period: p.d.Period.Words(), at: p.d.At, digest: p.d.Digest(), code: func(string) string { return p.d.QRText() }})
	p.verdict()
	p.font(false, 8.5, grey())
	for _, n := range p.d.Notes {
		p.paragraph(n)
	}
}

func (p *documentPaper) verdict() {
	if len(p.d.Wrong) > 0 {
		p.font(true, 10.5, red())
		for _, x := range p.d.Wrong {
			p.paragraph(x)
		}
	} else if p.d.Good != "" {
		p.font(true, 10.5, black())
		p.paragraph(p.d.Good)
	}
}

func (p *documentPaper) section(x Section) {
	if x.Chart != nil && len(x.Rows) > 0 {
		_, height := x.Chart.onPaper()
		p.need(height + 30) // the heading stays with its picture
	}
	p.heading(x.Title)
	if len(x.Rows) == 0 {
		p.font(false, 9.5, black())
		p.paragraph(x.Empty)
		return
	}
	if x.Chart != nil && len(x.Chart.Bars) > 0 {
		p.chart(*x.Chart)
	}
	t := newTable(p.sheet, 8.5, x.paperColumns()...)
	for _, r := range x.Rows {
		t.row(paperCells(r.Cells, false, r.Bad)...)
	}
	if x.Total != nil {
		t.row(paperCells(x.Total, true, false)...)
	}
}

// paperColumns shares the width of the paper among the columns.
func (x Section) paperColumns() []column {
	sum := 0.0
	for _, c := range x.Columns {
		sum += c.Wide
	}
	list := make([]column, len(x.Columns))
	for i, c := range x.Columns {
		list[i] = column{title: c.Title, width: c.Wide / sum * bodyWidth, right: c.Figure}
	}
	return list
}

func paperCells(cells []Cell, bold, red bool) []cell {
	list := make([]cell, len(cells))
	for i, c := range cells {
		list[i] = cell{text: c.Text, bold: bold, red: red}
	}
	return list
}
