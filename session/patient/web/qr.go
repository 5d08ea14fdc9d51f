package web

import (
	"fmt"
	"html/template"
	"strings"

	"github.com/boombuler/barcode"
	"github.com/boombuler/barcode/qr"
)

// quiet is the white margin that a QR code needs, in modules (ISO/IEC 18004).
const quiet = 4

// qrView is a QR code as one SVG path over a grid of Size × Size modules, with
// its quiet zone.
type qrView struct {
	Size int
	Path template.HTMLAttr
}

// newQRView draws a token. Its 20 characters are of the QR alphanumeric mode and
// exactly fill version 2 at level H: 25 modules, of which three in ten may be
// worn away after a year in a wallet.
func newQRView(token string) (qrView, error) {
	code, err := qr.Encode(token, qr.H, qr.AlphaNumeric)
	if err != nil {
		return qrView{}, fmt.Errorf("encode QR: %w", err)
	}
	side := code.Bounds().Dx()
	var path strings.Builder
	for y := range side {
		for x := 0; x < side; {
			n := run(code, x, y, side)
			if n > 0 {
				fmt.Fprintf(&path, "M%d %dh%dv1h-%dz", x+quiet, y+quiet, n, n)
			}
			x += n + 1
		}
	}
	return qrView{Size: side + 2*quiet, Path: template.HTMLAttr(`d="` + path.String() + `"`)}, nil
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
