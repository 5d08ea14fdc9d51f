package page

import (
	"fmt"
	"html/template"
	"strings"

	"github.com/boombuler/barcode"
	"github.com/boombuler/barcode/qr"
)

// quietZone is the white margin that a QR code needs, in modules (ISO/IEC 18004).
const quietZone = 4

// QR is a QR code as one SVG path over a grid of Size × Size modules, with its quiet
// zone, for the labels this program prints.
type QR struct {
	Size int
	Path template.HTMLAttr
}

// NewQR draws the text of a label: at most 20 capitals and digits, which fit version
// 2 at level H: 25 modules, of which three in ten may be worn away after a year in a
// wallet.
func NewQR(text string) (QR, error) {
	code, err := qr.Encode(text, qr.H, qr.AlphaNumeric)
	if err != nil {
		return QR{}, fmt.Errorf("encode QR: %w", err)
	}
	return paint(code), nil
}

// NewScreenQR draws any text, at most 1,000 bytes, for a screen that is whole: level M.
func NewScreenQR(text string) (QR, error) {
	code, err := qr.Encode(text, qr.M, qr.Auto)
	if err != nil {
		return QR{}, fmt.Errorf("encode QR: %w", err)
	}
	return paint(code), nil
}

func paint(code barcode.Barcode) QR {
	side := code.Bounds().Dx()
	var path strings.Builder
	for y := range side {
		for x := 0; x < side; {
			n := run(code, x, y, side)
			if n > 0 {
				fmt.Fprintf(&path, "M%d %dh%dv1h-%dz", x+quietZone, y+quietZone, n, n)
			}
			x += n + 1
		}
	}
	return QR{Size: side + 2*quietZone, Path: template.HTMLAttr(`d="` + path.String() + `"`)}
}

// run counts the dark modules from x on in a row; drawn as one bar they leave
// no seams for a printer to show.
func run(code barcode.Barcode, x, y, side int) int {
	n := 0
	for x+n < side {
		if r, _, _, _ := code.At(x+n, y).RGBA(); r != 0 {
			break
		}
		n++
	}
	return n
}
