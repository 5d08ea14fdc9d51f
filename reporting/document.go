package reporting

import (
	"fmt"
	"strconv"
	"strings"
	"time"

	"jingfang/session"
)

// Document is a report as figures and words, before it is a page, a paper or a
// spreadsheet: all three are drawn from it, and so agree.
type Document struct {
	// Name is short and plain, for files: "visits-2026-11".
	Name         string
	Title, Scope string
	Period       Period
	At           time.Time // the moment it was read
	// Good is the sentence of a report that adds up, Wrong says what does not.
	Good     string
	Wrong    []string
	Notes    []string // how it was counted
	Sections []Section
}

// Section is a table of a document, with its chart if it has one. A section
// without rows says Empty instead.
type Section struct {
	Title   string
	Columns []Column
	Rows    []Row
	Total   []Cell // as many as columns; nil for none
	TotalOf Narrow `json:",omitzero"`
	Chart   *Chart
	Empty   string
}

// Column is one column; Wide is its share of a paper's width.
type Column struct {
	Title  string
	Figure bool // on the right
	Wide   float64
}

// Row is one line; Bad marks one that does not add up.
type Row struct {
	Cells []Cell
	Of    Narrow
	Bad   bool
}

// Cell is what stands in a column: text for people, and for a spreadsheet the value
// where it is more than the text (an int64, a [SheetDay], a time.Time).
type Cell struct {
	Text  string
	Value any
	// To says what the cell leads to; Only which of the rows behind it.
	To   Target
	Only string
}

// Target is where a figure leads.
type Target string

// The targets. A page makes addresses of them.
const (
	ToNothing Target = ""
	ToVisits  Target = "visits"  // the visits behind it
	ToGiven   Target = "given"   // the boxes behind it
	ToTrace   Target = "trace"   // the box itself
	ToMoves   Target = "moves"   // the movements behind it; Only is their kinds, as [JoinKinds] writes them
	ToClinics Target = "clinics" // the clinic sessions behind it
)

// Narrow is what a row is about, beyond what the document is about.
type Narrow struct {
	SiteID, DoctorID, DrugID, PatientID int64
	Kind                                string
	Period                              Period // zero for the document's
	Visit, Code                         string
	SessionID                           int64 `json:",omitempty"`
	// Place and Batch are of a report of stock: an inventory.Place or [EveryPlace], a
	// batch or [NoBatch].
	Place, Batch string `json:",omitempty"`
}

// EveryPlace is all places on the books together.
const EveryPlace = "all"

func words(text string) Cell { return Cell{Text: text} }

func figure(n int64, to Target, only string) Cell {
	c := Cell{Text: strconv.FormatInt(n, 10), Value: n}
	if n != 0 {
		c.To, c.Only = to, only
	}
	return c
}

func dayCell(day time.Time) Cell { return Cell{Text: dateOf(day), Value: SheetDay(day)} }

// tenths writes a number of tenths, such as 125 for 12.5.
func tenths(n int64) string {
	sign := ""
	if n < 0 {
		sign, n = "-", -n
	}
	return fmt.Sprintf("%s%d.%d", sign, n/10, n%10)
}

// change says by how much a figure differs from what it is compared with, in
// tenths of a percent, rounded half away from zero; — where there was nothing.
func change(now, before int64) Cell {
	switch {
	case before == 0 && now == 0:
		return words("—")
	case before == 0:
		return words("新增")
	}
	n := (now - before) * 1000
	if n >= 0 {
		n = (2*n + before) / (2 * before)
	} else {
		n = -((-2*n + before) / (2 * before))
	}
	sign := ""
	if n > 0 {
		sign = "+"
	}
	return words(sign + tenths(n) + "%")
}

// Moment is when the document was read, for people.
func (d Document) Moment() string { return d.At.In(session.Zone()).Format("2006-01-02 15:04:05") }

// Heading is title, scope and period in one line.
func (d Document) Heading() string {
	return strings.Join([]string{d.Title, d.Scope, d.Period.Words()}, "　")
}
