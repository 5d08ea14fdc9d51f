package web

import (
	"fmt"
	"html/template"
	"net/http"
	"strings"

	"github.com/boombuler/barcode"
	"github.com/boombuler/barcode/qr"
)

// labelView is a label as it is printed.
type labelView struct {
	Number string
	Name   string // masked
	Site   string
	Code   qrView
	Back   string
	Token  string
	Copies string
}

// qrView is a QR code as one SVG path over a grid of Size modules with a quiet
// zone of four modules (ISO/IEC 18004) on every side.
type qrView struct {
	Size int
	Path template.HTMLAttr
}

// PrintLabel is POST /patients/{id}/label: the page to print. It counts as a
// print, which only the person at the printer can confirm.
func (h *Handlers) PrintLabel(w http.ResponseWriter, r *http.Request) error {
	by, p, err := h.find(r)
	if err != nil {
		return err
	}
	l, err := h.patients.PrintLabel(r.Context(), by, p.ID)
	if err != nil {
		return err
	}
	code, err := newQRView(l.Token)
	if err != nil {
		return err
	}
	v := labelView{Number: l.Number, Name: l.Masked(), Site: l.Site, Code: code, Token: l.Token, Back: pageURL(p.ID, ""),
		Copies: fmt.Sprint(l.PrintCount)}
	return h.site.Page(w, r, "label", v)
}

// newQRView draws a token. Its characters are those of the QR alphanumeric mode,
// which keeps the symbol small; level M survives a year in a wallet.
func newQRView(token string) (qrView, error) {
	code, err := qr.Encode(token, qr.M, qr.AlphaNumeric)
	if err != nil {
		return qrView{}, fmt.Errorf("encode QR: %w", err)
	}
	const quiet = 4
	side := code.Bounds().Dx()
	var path strings.Builder
	for y := range side {
		for x := range side {
			if dark(code, x, y) {
				fmt.Fprintf(&path, "M%d %dh1v1h-1z", x+quiet, y+quiet)
			}
		}
	}
	return qrView{Size: side + 2*quiet, Path: template.HTMLAttr(`d="` + path.String() + `"`)}, nil
}

func dark(code barcode.Barcode, x, y int) bool {
	r, _, _, _ := code.At(x, y).RGBA()
	return r == 0
}
