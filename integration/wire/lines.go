package wire

import (
	"strconv"
	"strings"
)

// lines checks the lines of a receipt: unique line numbers, no code twice.
func (f *fields) lines(raw []rawLine) []Line {
	if len(raw) == 0 || len(raw) > maxLines {
		f.fail("lines", "应有 1 到 "+strconv.Itoa(maxLines)+" 行")
		return nil
	}
	out := make([]Line, 0, len(raw))
	numbers, codes := map[int]bool{}, map[string]bool{}
	for i, l := range raw {
		at := "lines[" + strconv.Itoa(i) + "]."
		line := f.line(at, l)
		if numbers[line.LineNo] {
			f.fail(at+"line_no", "与另一行相同")
		}
		numbers[line.LineNo] = true
		f.codes(at+"codes", line, codes)
		if f.err != nil {
			return nil
		}
		out = append(out, line)
	}
	return out
}

func (f *fields) line(at string, l rawLine) Line {
	line := Line{
		LineNo:  f.number(at+"line_no", l.LineNo, 1_000_000),
		HISCode: f.text(at+"his_code", l.HISCode, 40),
		Batch:   f.optional(at+"batch", l.Batch, 60),
		Packs:   f.number(at+"packs", l.Packs, maxPacks),
		Price:   f.price(at+"price", l.Price),
	}
	// What a sender does not know is missing, null or empty; people then read it
	// off the boxes.
	if l.ExpiresOn != nil && strings.TrimSpace(*l.ExpiresOn) != "" {
		line.ExpiresOn = f.date(at+"expires_on", l.ExpiresOn)
	}
	if l.MadeOn != nil && strings.TrimSpace(*l.MadeOn) != "" {
		line.MadeOn = f.date(at+"made_on", l.MadeOn)
	}
	if !line.ExpiresOn.IsZero() && line.ExpiresOn.Before(line.MadeOn) {
		f.fail(at+"expires_on", "早于生产日期")
	}
	for i, c := range l.Codes {
		line.Codes = append(line.Codes, f.text(at+"codes["+strconv.Itoa(i)+"]", &c, 100))
	}
	return line
}

func (f *fields) codes(at string, l Line, seen map[string]bool) {
	if len(l.Codes) > l.Packs {
		f.fail(at, "追溯码多于盒数")
	}
	for i, c := range l.Codes {
		if seen[c] {
			f.fail(at+"["+strconv.Itoa(i)+"]", "追溯码在本单中重复")
		}
		seen[c] = true
	}
}
