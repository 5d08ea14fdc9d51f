package reporting

import (
	"fmt"

	"github.com/boombuler/barcode/qr"
)

// QRText is what the code on the report says, for a program that compares a
// paper with the database: JF1|session|17|2026-11-23|34|digest, with the length
// of the main chain and its head's SM3 digest in hexadecimal. Digits of the
// digest are zero before the first record.
func (r SessionReport) QRText() string {
	return fmt.Sprintf("JF1|session|%d|%s|%d|%s", r.Heading.ID, r.Heading.HeldOn.Format("2006-01-02"), r.Main.Length, r.Main.Digest)
}

// qrQuiet is the white margin of a QR code in modules (ISO/IEC 18004).
const qrQuiet = 4

// drawQR draws a QR code as filled bars, which no printer blurs.
func (s *sheet) drawQR(text string, x, y, side float64) error {
	code, err := qr.Encode(text, qr.M, qr.Auto)
	if err != nil {
		return fmt.Errorf("encode QR: %w", err)
	}
	n := code.Bounds().Dx()
	module := side / float64(n+2*qrQuiet)
	dark := func(col, row int) bool {
		level, _, _, _ := code.At(col, row).RGBA()
		return level == 0
	}
	s.pdf.SetFillColor(0, 0, 0)
	for row := range n {
		for col := 0; col < n; col++ {
			first := col
			for col < n && dark(col, row) {
				col++
			}
			if col > first {
				s.pdf.Rect(x+float64(first+qrQuiet)*module, y+float64(row+qrQuiet)*module, float64(col-first)*module, module, "F")
			}
		}
	}
	return nil
}
