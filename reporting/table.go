package reporting

// column is one column of a table.
type column struct {
	title string
	width float64 // millimetres
	right bool    // figures
}

// cell is what stands in a column; it wraps.
type cell struct {
	text      string
	bold, red bool
}

// table is a ruled table that goes on over pages and repeats its head on each.
type table struct {
	s    *sheet
	cols []column
	size float64
	// again draws what a page that the table goes on to must repeat below the
	// head; nil for nothing.
	again func()
}

// padding is the room between a rule and the text.
const padding = 0.9

func plain(texts ...string) []cell {
	cells := make([]cell, len(texts))
	for i, t := range texts {
		cells[i].text = t
	}
	return cells
}

// newTable draws the head.
func newTable(s *sheet, size float64, cols ...column) *table {
	t := &table{s: s, cols: cols, size: size}
	s.need(20)
	t.head()
	return t
}

func (t *table) head() {
	titles := make([]cell, len(t.cols))
	for i, c := range t.cols {
		titles[i] = cell{text: c.title, bold: true}
	}
	t.draw(titles, true)
}

// row draws cells, on a new page with the head when they do not fit.
func (t *table) row(cells ...cell) { t.draw(cells, false) }

// room makes sure that h millimetres more of the table fit.
func (t *table) room(h float64) {
	if !t.s.need(h) {
		return
	}
	t.head()
	if t.again != nil {
		t.again()
	}
}

func (t *table) draw(cells []cell, head bool) {
	s := t.s
	wrapped, most := t.wrap(cells)
	h := float64(most)*s.lineHeight() + 2*padding
	if !head {
		t.room(h)
	} else {
		s.pdf.SetFillColor(232, 236, 240)
		s.pdf.Rect(margin, s.y, t.width(), h, "F")
	}
	x := margin
	for i, c := range t.cols {
		s.pdf.Rect(x, s.y, c.width, h, "D")
		if i < len(cells) {
			t.fill(cells[i], wrapped[i], x, c)
		}
		x += c.width
	}
	s.y += h
}

// wrap breaks every cell and gives the most lines any of them has.
func (t *table) wrap(cells []cell) (wrapped [][]string, most int) {
	wrapped, most = make([][]string, len(cells)), 1
	for i, c := range cells {
		t.s.font(c.bold, t.size, black())
		wrapped[i] = t.s.lines(c.text, t.cols[i].width-2*padding)
		most = max(most, len(wrapped[i]))
	}
	return wrapped, most
}

func (t *table) fill(c cell, lines []string, x float64, col column) {
	color := black()
	if c.red {
		color = red()
	}
	t.s.font(c.bold, t.size, color)
	y := t.s.y + padding + t.s.baseline()
	for _, line := range lines {
		if col.right {
			t.s.textRight(x+col.width-padding, y, line)
		} else {
			t.s.text(x+padding, y, line)
		}
		y += t.s.lineHeight()
	}
}

func (t *table) width() float64 {
	sum := 0.0
	for _, c := range t.cols {
		sum += c.width
	}
	return sum
}

// band draws one grey line across the whole table, for what the rows below it
// have in common. It stays on the page of the next with millimetres.
func (t *table) band(text string, with float64) {
	lines, h := t.whole(text, true)
	t.room(h + with)
	t.strip(lines, h)
}

// bandAgain repeats a band on a page that its rows go on to.
func (t *table) bandAgain(text string) { t.strip(t.whole(text+"（续）", true)) }

// across draws one row that is a single cell over the whole table.
func (t *table) across(text string) {
	lines, h := t.whole(text, false)
	t.room(h)
	t.s.pdf.Rect(margin, t.s.y, t.width(), h, "D")
	t.fill(cell{}, lines, margin, column{width: t.width()})
	t.s.y += h
}

// whole wraps a text over the whole table.
func (t *table) whole(text string, bold bool) (lines []string, height float64) {
	t.s.font(bold, t.size, black())
	lines = t.s.lines(text, t.width()-2*padding)
	return lines, float64(len(lines))*t.s.lineHeight() + 2*padding
}

func (t *table) strip(lines []string, height float64) {
	t.s.pdf.SetFillColor(240, 243, 246)
	t.s.pdf.Rect(margin, t.s.y, t.width(), height, "FD")
	t.fill(cell{bold: true}, lines, margin, column{width: t.width()})
	t.s.y += height
}
