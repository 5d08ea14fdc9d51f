package web

import (
	"fmt"
	"net/http"
	"net/url"
	"strconv"
	"strings"

	"golang.org/x/text/width"

	"jingfang/sql/db"
)

// layoutCookie remembers on a device how its printer lays labels out.
const layoutCookie = "labels"

// The paper of an A4 sheet in millimetres. A page that is as high as its paper makes
// some printers add an empty one: half a millimetre is left.
const (
	paperWidth  = 210.0
	paperHeight = 297.0
	paperSlack  = 0.5
)

// paper is a kind of label paper.
type paper struct {
	kind, word string
	// Sheets have columns and rows; a roll has one label, width × height mm.
	columns, rows int
	width, height float64
	// code is the side of the QR code with its quiet zone in mm: modules of 0.7 mm and
	// more, which a printer of 203 dots an inch draws with five dots.
	code float64
	// number and text are the sizes of the type in points.
	number, text float64
}

// papers lists the kinds of label paper, the usual one first.
func papers() []paper {
	return []paper{
		{"a4-24", "A4 每张 24 枚（3×8，70×37 毫米）", 3, 8, 0, 0, 33, 15, 11},
		{"a4-40", "A4 每张 40 枚（4×10，52×29 毫米）", 4, 10, 0, 0, 26, 11.5, 9},
		{"roll-60x40", "标签打印机 60×40 毫米", 1, 1, 60, 40, 34, 14, 12},
		{"roll-50x30", "标签打印机 50×30 毫米", 1, 1, 50, 30, 28, 11.5, 9},
	}
}

func layoutChoices(chosen string) []choiceView {
	var list []choiceView
	for _, p := range papers() {
		list = append(list, choiceView{p.kind, p.word, p.kind == chosen})
	}
	return list
}

// layout is a paper with the margins of a printer, in millimetres.
type layout struct {
	paper
	top, left, gapX, gapY float64
	first                 int // the first place that is free, from 1
}

func newLayout(kind string) layout {
	for _, p := range papers() {
		if p.kind == kind {
			return layout{paper: p, first: 1}
		}
	}
	return layout{paper: papers()[0], first: 1}
}

// parseLayout reads a layout that somebody typed, or refuses what fits no paper. What
// it gives beside a refusal is the usual one of the paper.
func parseLayout(r *http.Request) (layout, error) {
	l := newLayout(r.FormValue("layout"))
	if l.kind != r.FormValue("layout") {
		return l, db.Refuse(db.Invalid, "请选择标签纸。")
	}
	usual := l
	for _, f := range []struct {
		name, word string
		value      *float64
		most       float64
	}{{"top", "上边距", &l.top, 30}, {"left", "左边距", &l.left, 30}, {"gapx", "横向间隔", &l.gapX, 10}, {"gapy", "纵向间隔", &l.gapY, 10}} {
		text := strings.TrimSpace(width.Narrow.String(r.FormValue(f.name)))
		if text == "" {
			continue
		}
		n, err := strconv.ParseFloat(text, 64)
		if err != nil || !(n >= 0 && n <= f.most) { // also what is not a number
			return usual, db.Refuse(db.Invalid, "%s请填 0 到 %g 之间的毫米数，可以有一位小数。", f.word, f.most)
		}
		*f.value = n
	}
	if text := strings.TrimSpace(width.Narrow.String(r.FormValue("first"))); text != "" {
		n, err := strconv.Atoi(text)
		if err != nil || n < 1 || n > l.perPage() {
			return usual, db.Refuse(db.Invalid, "“从第几格开始”请填 1 到 %d。", l.perPage())
		}
		l.first = n
	}
	if w, h := l.cell(); w < l.code+8 || h < l.code-3 {
		return usual, db.Refuse(db.Invalid, "这样的边距放不下标签，请改小边距或间隔。")
	}
	return l, nil
}

// readLayout is the layout of the address, else what the device remembers, else the
// usual one; on a new sheet the first place is free.
func readLayout(r *http.Request) layout {
	if l, err := parseLayout(r); err == nil {
		return l
	}
	if c, err := r.Cookie(layoutCookie); err == nil {
		text, _, _ := strings.Cut(c.Value, "&first=")
		kept := &http.Request{Method: http.MethodGet, URL: &url.URL{RawQuery: text}}
		if l, err := parseLayout(kept); err == nil {
			return l
		}
	}
	return newLayout("")
}

func (l layout) roll() bool { return l.width > 0 }

func (l layout) perPage() int { return l.columns * l.rows }

// pages is how many sheets so many labels need.
func (l layout) pages(labels int) int {
	return (labels + l.first - 1 + l.perPage() - 1) / l.perPage()
}

// cell is the size of a label in millimetres.
func (l layout) cell() (w, h float64) {
	if l.roll() {
		return l.width - 2*l.left, l.height - 2*l.top
	}
	return (paperWidth - 2*l.left - float64(l.columns-1)*l.gapX) / float64(l.columns),
		(paperHeight - 2*l.top - float64(l.rows-1)*l.gapY) / float64(l.rows)
}

func (l layout) about() string {
	if l.roll() {
		return fmt.Sprintf("纸张 %g×%g 毫米", l.width, l.height)
	}
	return fmt.Sprintf("A4 每张 %d 枚。打印时请选“实际大小”，不要缩放。", l.perPage())
}

func (l layout) typed() marginsView {
	return marginsView{mm(l.top), mm(l.left), mm(l.gapX), mm(l.gapY), strconv.Itoa(l.first)}
}

func (l layout) query() string {
	return url.Values{"layout": {l.kind}, "top": {mm(l.top)}, "left": {mm(l.left)}, "gapx": {mm(l.gapX)}, "gapy": {mm(l.gapY)}}.Encode()
}

// encode is the layout as the device keeps it.
func (l layout) encode() string { return l.query() }

func mm(v float64) string { return strconv.FormatFloat(v, 'f', -1, 64) }

// css is the layout as a style sheet.
func (l layout) css() string {
	pageW, pageH, size := paperWidth, paperHeight, "A4"
	if l.roll() {
		pageW, pageH, size = l.width, l.height, fmt.Sprintf("%gmm %gmm", l.width, l.height)
	}
	w, h := l.cell()
	var b strings.Builder
	fmt.Fprintf(&b, "@page { size: %s; margin: 0; }\n", size)
	fmt.Fprintf(&b, ".sheet-page { width: %gmm; height: %.2fmm; padding: %gmm %gmm 0; grid-template-columns: repeat(%d, %.3fmm); grid-auto-rows: %.3fmm; grid-column-gap: %gmm; grid-row-gap: %gmm; }\n",
		pageW, pageH-paperSlack, l.top, l.left, l.columns, w, h-paperSlack/float64(l.rows), l.gapX, l.gapY)
	fmt.Fprintf(&b, ".sheet-label { grid-template-columns: %gmm minmax(0, 1fr); }\n", l.code)
	fmt.Fprintf(&b, ".sheet-label svg { width: %gmm; height: %gmm; }\n", l.code, l.code)
	fmt.Fprintf(&b, ".sheet-label b { font-size: %gpt; }\n.sheet-label span { font-size: %gpt; }\n.sheet-label small { font-size: %gpt; }\n", l.number, l.text, l.text-2)
	return b.String()
}
