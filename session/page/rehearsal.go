package page

import (
	"fmt"
	"html/template"
	"net/http"
	"strings"

	"github.com/boombuler/barcode"
	"github.com/boombuler/barcode/code128"
	"github.com/boombuler/barcode/qr"
)

// The texts of the test card. The first two hold every digit, the minus and the
// capitals whose keys other countries' keyboards exchange; the third is a GS1
// code whose batch must end with the separator FNC1, which a scanner sends as
// ASCII 29. None can be a label or a trace code: the GTIN is of the range that
// is free for use within a house. static/rehearsal.js reads both from the page.
const (
	rehearsalPlain = "JFT-AMQWYZ-0123456789"
	rehearsalBar   = "JFB-QAZWMY-9876543210"
	rehearsalGS1   = "0102000000000008" + "10JF-7X" + "\x1d" + "21AB12"
)

// barHeight is the height of a bar code in modules: 15 mm at 0.33 mm each.
const barHeight = 46

// rehearsalView is the page where a scanner is tried out. What is scanned there
// stays in the browser.
type rehearsalView struct {
	Plain string // what the QR code says
	Bar   string // what the bar code says
	GS1   string // what the GS1 codes say, with ␝ for the separator: HTML holds no ASCII 29
	Cards []rehearsalCard
	// The answers as they are drawn everywhere, for the script to fill in.
	Good, Caution, Bad Band
}

// rehearsalCard is one printed code as an SVG path over Width × Height modules.
type rehearsalCard struct {
	Title, Note   string
	Width, Height int
	Flat          bool // a bar code, which needs the paper's width
	Path          template.HTMLAttr
}

// Rehearsal is GET /rehearsal: a printed card to scan, and a script that tells
// from the keys what is to be changed at the scanner. Nothing is sent or stored.
func (s *Site) Rehearsal(w http.ResponseWriter, r *http.Request) error {
	v, err := newRehearsalView()
	if err != nil {
		return err
	}
	return s.Page(w, r, "rehearsal", v)
}

func newRehearsalView() (rehearsalView, error) {
	answer := func(tone Tone) Band { return Band{Tone: tone, Text: "…", Detail: "…"} }
	v := rehearsalView{Plain: rehearsalPlain, Bar: rehearsalBar, GS1: strings.ReplaceAll(rehearsalGS1, "\x1d", "␝"),
		Good: answer(Good), Caution: answer(Caution), Bad: answer(Bad)}
	field := string(code128.FNC1)
	for _, c := range []struct {
		title, note, text string
		encode            func(string) (barcode.Barcode, error)
	}{
		{"1 普通二维码", rehearsalPlain, rehearsalPlain, encodeQR},
		{"2 普通条形码", rehearsalBar, rehearsalBar, encodeCode128},
		{"3 带分隔符的二维码", "批号 JF-7X 后面有一个 GS（ASCII 29）", rehearsalGS1, encodeQR},
		{"4 GS1 条形码", "(01) 02000000000008 (10) JF-7X (21) AB12", field + strings.ReplaceAll(rehearsalGS1, "\x1d", field), encodeCode128},
	} {
		code, err := c.encode(c.text)
		if err != nil {
			return v, fmt.Errorf("draw the code %q: %w", c.title, err)
		}
		v.Cards = append(v.Cards, newRehearsalCard(c.title, c.note, code))
	}
	return v, nil
}

func encodeQR(text string) (barcode.Barcode, error)      { return qr.Encode(text, qr.M, qr.Auto) }
func encodeCode128(text string) (barcode.Barcode, error) { return code128.Encode(text) }

// newRehearsalCard draws a code with its quiet zone: 4 modules around a QR code,
// 10 on both sides of a bar code.
func newRehearsalCard(title, note string, code barcode.Barcode) rehearsalCard {
	size := code.Bounds()
	c := rehearsalCard{Title: title, Note: note, Flat: size.Dy() == 1, Width: size.Dx() + 2*quietZone, Height: size.Dy() + 2*quietZone}
	left, height := quietZone, 1
	if c.Flat {
		left, height = 10, barHeight
		c.Width, c.Height = size.Dx()+2*left, barHeight
	}
	var path strings.Builder
	for y := range size.Dy() {
		for x := 0; x < size.Dx(); {
			n := run(code, x, y, size.Dx())
			if n > 0 {
				top := y + quietZone
				if c.Flat {
					top = 0
				}
				fmt.Fprintf(&path, "M%d %dh%dv%dh-%dz", x+left, top, n, height, n)
			}
			x += n + 1
		}
	}
	c.Path = template.HTMLAttr(`d="` + path.String() + `"`)
	return c
}

// rehearsalSample is the page for the gallery.
func rehearsalSample() rehearsalView {
	v, err := newRehearsalView()
	if err != nil {
		panic("session/page: the test card cannot be drawn: " + err.Error())
	}
	return v
}
