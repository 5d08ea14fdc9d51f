package reporting

// mark draws who took a paper and when slantwise across the page that is open,
// pale enough to read what it lies over. Whoever searches or copies the text of the
// file gets the words of the paper without the mark between them.
func (s *sheet) mark() {
	if s.watermark == "" {
		return
	}
	text := s.glyphs.printable(s.watermark)
	s.font(true, 26, grey())
	s.pdf.SetAlpha(0.13, "Normal")
	s.pdf.RawWriteStr("/Span <</ActualText <FEFF>>> BDC\n")
	for _, y := range []float64{pageHeight * 0.3, pageHeight * 0.65, pageHeight * 0.95} {
		s.pdf.TransformBegin()
		s.pdf.TransformRotate(32, pageWidth/2, y)
		s.text((pageWidth-s.width(text))/2, y, text)
		s.pdf.TransformEnd()
	}
	s.pdf.RawWriteStr("EMC\n")
	s.pdf.SetAlpha(1, "Normal")
}
