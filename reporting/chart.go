package reporting

import (
	"fmt"
	"html"
	"strings"
	"time"
)

// ChartKind is how a chart is drawn.
type ChartKind string

// The kinds of charts.
const (
	ChartBars  ChartKind = "bars"  // one below the other, by site or drug
	ChartTrend ChartKind = "trend" // one beside the other, by month
	ChartDays  ChartKind = "days"  // a year's days, darker for more
)

// Chart is a picture of figures that also stand in a table. Its two tones differ
// in lightness and in outline, so that they are told apart on grey paper and by
// any eye.
type Chart struct {
	Kind  ChartKind
	Title string // what it shows, for who cannot see it
	// Legend names the two tones; the second is "" where bars have no Before.
	Legend [2]string
	Bars   []Bar
}

// Bar is one figure of a chart, with what it is compared with; Before -1 is none.
type Bar struct {
	Name        string
	Day         time.Time // of a chart of days
	Now, Before int64
	Of          Narrow
	Text        string // as it stands beside the bar; "" is Now
}

// tone is a colour of the charts.
type tone int

const (
	toneInk tone = iota
	toneMain
	tonePale // with an outline
	toneLine
	toneHeat // and four more, darker and darker
)

// colours are by tone; the heat goes by lightness alone.
func (t tone) colour() ink {
	list := []ink{{23, 35, 46}, {10, 107, 117}, {226, 232, 236}, {143, 157, 168}, {238, 242, 244}, {190, 219, 222}, {120, 180, 186}, {48, 128, 138}, {6, 66, 73}}
	return list[min(int(t), len(list)-1)]
}

func (k ink) hex() string { return fmt.Sprintf("#%02x%02x%02x", k[0], k[1], k[2]) }

// shape is a rectangle, or a line of text when it has some. Where a text stands is
// its baseline; anchor is "", "middle" or "end".
type shape struct {
	x, y, w, h float64
	tone       tone
	text       string
	anchor     string
	size       float64
	light      bool   // text on a dark ground
	hint       string // what a pointer is told
	of         *Narrow
}

// chartWidth is the width all charts are laid out for; the days of a year need more.
const (
	chartWidth = 360.0
	daysWidth  = 720.0
)

// layout places the shapes of the chart.
func (c Chart) layout() (list []shape, width, height float64) {
	switch c.Kind {
	case ChartTrend:
		return c.trend()
	case ChartDays:
		return c.days(daysAcross)
	}
	return c.bars()
}

func (c Chart) most() int64 {
	most := int64(1)
	for _, b := range c.Bars {
		most = max(most, b.Now, b.Before)
	}
	return most
}

// legend names the tones at the top.
func (c Chart) legend(list []shape) ([]shape, float64) {
	if c.Legend[1] == "" {
		return list, 4
	}
	list = append(list, shape{x: 0, y: 3, w: 10, h: 8, tone: toneMain}, shape{x: 14, y: 11, text: c.Legend[0], size: 12},
		shape{x: 120, y: 3, w: 10, h: 8, tone: tonePale}, shape{x: 134, y: 11, text: c.Legend[1], size: 12})
	return list, 20
}

// longName is from how many characters on names stand above their bars.
const longName = 9

// bars puts names on the left, long ones above, and figures at the end of the bars.
// What was nothing and is nothing is left to the table.
func (c Chart) bars() (list []shape, width, height float64) {
	list, y := c.legend(nil)
	left, above, most := 104.0, 0.0, float64(c.most())
	for _, b := range c.Bars {
		if len([]rune(b.Name)) >= longName {
			left, above = 0, 16
		}
	}
	room := chartWidth - left - 46
	for _, b := range c.Bars {
		if b.Now == 0 && b.Before <= 0 && c.Legend[1] != "" {
			continue
		}
		hint := b.Name + "：" + b.words()
		name := shape{x: left - 4, y: y + 12, text: b.Name, anchor: "end", size: 12, hint: hint, of: &b.Of}
		if above > 0 {
			name.x, name.anchor, name.text = 0, "", shorten(b.Name, 28)
		}
		long := float64(b.Now) / most * room
		y += above
		list = append(list, name, shape{x: left, y: y + 1, w: long, h: 14, tone: toneMain, hint: hint, of: &b.Of},
			shape{x: left + long + 4, y: y + 12, text: b.words(), size: 12})
		if b.Before >= 0 {
			list = append(list, shape{x: left, y: y + 16, w: float64(b.Before) / most * room, h: 5, tone: tonePale, hint: fmt.Sprintf("%s：%d", c.Legend[1], b.Before)})
			y += 6
		}
		y += 21
	}
	return append(list, shape{x: left - 0.8, y: 18, w: 0.8, h: y - 18, tone: toneLine}), chartWidth, y + 2
}

func (b Bar) words() string {
	if b.Text != "" {
		return b.Text
	}
	return fmt.Sprint(b.Now)
}

// trend puts months beside each other, each with its figure above it.
func (c Chart) trend() (list []shape, width, height float64) {
	list, y := c.legend(nil)
	const tall = 110.0
	base := y + tall + 14
	step, most := chartWidth/float64(max(1, len(c.Bars))), float64(c.most())
	for i, b := range c.Bars {
		x, high := float64(i)*step, float64(b.Now)/most*tall
		hint := b.Name + "：" + b.words()
		wide := step * 0.74
		if b.Before >= 0 {
			wide = step * 0.42
			was := float64(b.Before) / most * tall
			list = append(list, shape{x: x + step*0.54, y: base - was, w: step * 0.32, h: was, tone: tonePale, hint: fmt.Sprintf("%s：%d", c.Legend[1], b.Before)})
		}
		list = append(list, shape{x: x + step*0.1, y: base - high, w: wide, h: high, tone: toneMain, hint: hint, of: &b.Of},
			shape{x: x + step*0.1 + wide/2, y: base - high - 3, text: b.words(), anchor: "middle", size: 8.5},
			shape{x: x + step/2, y: base + 11, text: b.Name, anchor: "middle", size: 8.5})
	}
	list = append(list, shape{x: 0, y: base, w: chartWidth, h: 0.6, tone: toneLine})
	return list, chartWidth, base + 16
}

// calendar is how the days of a year lie: where they begin, how large a day is, and
// whether a month is a column, as suits a phone.
type calendar struct {
	left, top, wide, high float64
	down                  bool
}

var (
	daysAcross = calendar{left: 34, top: 16, wide: 22, high: 22}
	daysDown   = calendar{left: 24, top: 18, wide: 28, high: 19, down: true}
)

// at is the corner of a day.
func (k calendar) at(month, day int) (x, y float64) {
	if k.down {
		month, day = day, month
	}
	return k.left + float64(day-1)*k.wide, k.top + float64(month-1)*k.high
}

// heads name the months and the days at the two edges.
func (k calendar) heads() (list []shape) {
	for i := 1; i <= 31; i++ {
		day, month := fmt.Sprint(i), fmt.Sprintf("%d月", i)
		up, side := day, month
		if k.down {
			up, side = month, day
		}
		if i <= 12 || !k.down {
			list = append(list, shape{x: k.left + (float64(i)-0.5)*k.wide, y: k.top - 5, text: up, anchor: "middle", size: 9})
		}
		if i <= 12 || k.down {
			list = append(list, shape{x: k.left - 5, y: k.top + float64(i-1)*k.high + k.high*0.7, text: side, anchor: "end", size: 10})
		}
	}
	return list
}

// days is a field for each day of the year, by month and day.
func (c Chart) days(k calendar) (list []shape, width, height float64) {
	most := c.most()
	list = k.heads()
	for _, b := range c.Bars {
		x, y := k.at(int(b.Day.Month()), b.Day.Day())
		step := 0
		if b.Now > 0 {
			step = int(1 + (b.Now-1)*4/most)
		}
		list = append(list, shape{x: x + 1, y: y + 1, w: k.wide - 2, h: k.high - 2, tone: toneHeat + tone(min(step, 4)), hint: b.Name + "：" + b.words(), of: &b.Of})
		if b.Now > 0 {
			list = append(list, shape{x: x + k.wide/2, y: y + k.high*0.7, text: fmt.Sprint(b.Now), anchor: "middle", size: 10, light: step >= 3})
		}
	}
	if k.down {
		return list, chartWidth, k.top + 31*k.high + 4
	}
	return list, daysWidth, k.top + 12*k.high + 4
}

// shorten cuts a name that is too long for its place.
func shorten(text string, most int) string {
	if r := []rune(text); len(r) > most {
		return string(r[:most-1]) + "…"
	}
	return text
}

// SVG draws the chart as elements for a page (a calendar as two, of which app.css
// shows one): without scripts and style
// attributes, in its own colours, readable on paper. link gives the address of what
// a bar is about, "" for none; nil is no links.
func (c Chart) SVG(link func(Narrow) string) string {
	var b strings.Builder
	shapes, width, height := c.layout()
	c.write(&b, string(c.Kind), shapes, width, height, link)
	if c.Kind == ChartDays {
		// A phone shows the same days with the months beside each other.
		shapes, width, height = c.days(daysDown)
		c.write(&b, "days-down", shapes, width, height, link)
	}
	return b.String()
}

// write draws shapes as one element of the given class.
func (c Chart) write(b *strings.Builder, class string, shapes []shape, width, height float64, link func(Narrow) string) {
	role := "img"
	if link != nil {
		role = "group" // an image would hide the links in it from who cannot see it
	}
	fmt.Fprintf(b, `<svg class="chart-%s" viewBox="0 0 %g %g" role="%s" aria-label="%s" font-family="sans-serif">`, class, width, height, role, html.EscapeString(c.Title))
	for _, s := range shapes {
		url := ""
		if s.of != nil && link != nil {
			url = link(*s.of)
		}
		if url != "" {
			fmt.Fprintf(b, `<a href="%s">`, html.EscapeString(url))
		}
		s.svg(b)
		if url != "" {
			b.WriteString(`</a>`)
		}
	}
	b.WriteString(`</svg>`)
}

func (s shape) svg(b *strings.Builder) {
	hint := ""
	if s.hint != "" {
		hint = `<title>` + html.EscapeString(s.hint) + `</title>`
	}
	if s.text == "" {
		edge := ""
		if s.tone == tonePale {
			edge = ` stroke="` + toneLine.colour().hex() + `" stroke-width="0.8"`
		}
		fmt.Fprintf(b, `<rect x="%.1f" y="%.1f" width="%.1f" height="%.1f" fill="%s"%s>%s</rect>`, s.x, s.y, s.w, s.h, s.tone.colour().hex(), edge, hint)
		return
	}
	// The frame of the page decides the colour of words, light or dark.
	fill, anchor := `fill="currentColor"`, ""
	if s.light {
		fill = `fill="#ffffff"`
	}
	if s.anchor != "" {
		anchor = ` text-anchor="` + s.anchor + `"`
	}
	fmt.Fprintf(b, `<text x="%.1f" y="%.1f" font-size="%g" %s%s>%s%s</text>`, s.x, s.y, s.size, fill, anchor, html.EscapeString(s.text), hint)
}

// mostHigh is how much of a page's height a chart takes, in millimetres.
const mostHigh = 120.0

// onPaper is how many millimetres a unit of the layout has on paper, and how high the
// chart is there.
func (c Chart) onPaper() (scale, high float64) {
	_, width, height := c.layout()
	scale = 0.34
	if c.Kind == ChartDays {
		scale = bodyWidth / width
	}
	scale = min(scale, mostHigh/height)
	return scale, scale * height
}

// chart draws the same picture on paper.
func (p *documentPaper) chart(c Chart) {
	shapes, _, _ := c.layout()
	scale, high := c.onPaper()
	p.need(high + 6)
	for _, s := range shapes {
		x, y := margin+s.x*scale, p.y+s.y*scale
		if s.text == "" {
			p.rectangle(s, x, y, scale)
			continue
		}
		colour := toneInk.colour()
		if s.light {
			colour = ink{255, 255, 255}
		}
		p.font(false, s.size*scale/pointSize, colour)
		text := p.glyphs.printable(s.text)
		switch s.anchor {
		case "end":
			x -= p.width(text)
		case "middle":
			x -= p.width(text) / 2
		}
		p.text(x, y, text)
	}
	p.y += high + 2
}

func (p *documentPaper) rectangle(s shape, x, y, scale float64) {
	k, how := s.tone.colour(), "F"
	if s.tone == tonePale {
		how = "FD"
	}
	p.pdf.SetLineWidth(0.15)
	p.pdf.SetFillColor(k[0], k[1], k[2])
	p.pdf.Rect(x, y, s.w*scale, s.h*scale, how)
}
