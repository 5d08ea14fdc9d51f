package reporting

import (
	"encoding/json"
	"fmt"
	"strconv"
	"time"

	"jingfang/sql/seal"
)

// The kinds of values of a kept cell; "" is text.
const (
	cellNumber = "n"
	cellDay    = "d"
	cellMoment = "m"
)

// keptCell is a cell as it is kept: its words, and which kind of value they are.
type keptCell struct {
	Text string `json:"text"`
	Kind string `json:"kind,omitempty"`
	To   Target `json:"to,omitempty"`
	Only string `json:"only,omitempty"`
}

// MarshalJSON keeps the kind of the value beside the words.
func (c Cell) MarshalJSON() ([]byte, error) {
	k := keptCell{Text: c.Text, To: c.To, Only: c.Only}
	switch c.Value.(type) {
	case int64:
		k.Kind = cellNumber
	case SheetDay:
		k.Kind = cellDay
	case time.Time:
		k.Kind = cellMoment
	}
	return json.Marshal(k)
}

// UnmarshalJSON makes the value of the words again.
func (c *Cell) UnmarshalJSON(b []byte) error {
	var k keptCell
	if err := json.Unmarshal(b, &k); err != nil {
		return fmt.Errorf("read a kept cell: %w", err)
	}
	*c = Cell{Text: k.Text, To: k.To, Only: k.Only}
	var err error
	switch k.Kind {
	case cellNumber:
		c.Value, err = strconv.ParseInt(k.Text, 10, 64)
	case cellDay:
		var day time.Time
		day, err = time.Parse(time.DateOnly, k.Text)
		c.Value = SheetDay(day)
	}
	if err != nil {
		return fmt.Errorf("read a kept cell %q: %w", k.Text, err)
	}
	return nil
}

// Figures are all words and figures of a document in one text of fixed form,
// whenever it was read.
func (d Document) Figures() []byte {
	d.At = time.Time{}
	text, err := json.Marshal(d)
	if err != nil {
		// Nothing in a document can fail: it is strings, numbers and days.
		panic(fmt.Sprintf("figures of a document: %v", err))
	}
	return text
}

// parseFigures reads [Document.Figures] back.
func parseFigures(text []byte) (d Document, err error) {
	if err := json.Unmarshal(text, &d); err != nil {
		return Document{}, fmt.Errorf("read the figures of a report: %w", err)
	}
	return d, nil
}

// Digest is the SM3 of the figures in hexadecimal.
func (d Document) Digest() string { return seal.SM3(d.Figures()).String() }

// QRText is what the code on the paper says, for a program that compares a paper
// with what is kept: JF1|report|name|from|to|digest.
func (d Document) QRText() string {
	return fmt.Sprintf("JF1|report|%s|%s|%s|%s", d.Name, dateOf(d.Period.From), dateOf(d.Period.To), d.Digest())
}

// Difference between two documents of the same kind: which figure was what, and is
// what now, at most so many sentences; none when they say the same.
func (d Document) changesSince(old Document, most int) []string {
	var list []string
	was := map[string]string{}
	old.eachFigure(func(name, text string) { was[name] = text })
	d.eachFigure(func(name, text string) {
		if before, there := was[name]; !there {
			list = append(list, fmt.Sprintf("%s：原来没有，现在是 %s。", name, text))
		} else if before != text {
			list = append(list, fmt.Sprintf("%s：原来是 %s，现在是 %s。", name, before, text))
		}
		delete(was, name)
	})
	old.eachFigure(func(name, text string) {
		if _, gone := was[name]; gone {
			list = append(list, fmt.Sprintf("%s：原来是 %s，现在没有。", name, text))
		}
	})
	if len(list) > most {
		list = append(list[:most], fmt.Sprintf("还有 %d 处不同。", len(list)-most))
	}
	return list
}

// eachFigure names every figure by its section, its row and its column. Rows are
// named by the words they begin with.
func (d Document) eachFigure(do func(name, text string)) {
	for _, s := range d.Sections {
		seen := map[string]int{}
		row := func(first string, cells []Cell) {
			if seen[first]++; seen[first] > 1 {
				first = fmt.Sprintf("%s(%d)", first, seen[first])
			}
			for i, c := range cells {
				if i > 0 && i < len(s.Columns) && s.Columns[i].Figure {
					do(s.Title+" · "+first+" · "+s.Columns[i].Title, c.Text)
				}
			}
		}
		for _, r := range s.Rows {
			name := r.Cells[0].Text
			for i := 1; i < len(r.Cells) && !s.Columns[i].Figure; i++ {
				name += " " + r.Cells[i].Text
			}
			row(name, r.Cells)
		}
		row("合计", s.Total)
	}
}
