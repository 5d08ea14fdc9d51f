package web

import (
	"html/template"
	"net/http"
	"net/url"

	"jingfang/reporting"
	"jingfang/session/page"
	"jingfang/sql/db"
)

// statView is a statistic as a page: the form, what does not add up, and tables
// with their pictures. Every figure with something behind it is a link.
type statView struct {
	Title, Period, Scope string
	Problem              string // why there is no answer, or ""
	Filter               *statFilter
	Good                 string
	Wrong                []string
	Notes                []string
	Sections             []sectionView
	Files                []fileView
	Exports              []exportView
	At, Back             string
	Count, Prev, Next    string
	Kept                 *keptView
}

// fileView is the page as a file to take.
type fileView struct{ Word, URL string }

// exportView is a form that has all rows written into a file.
type exportView struct {
	Word   string
	Fields []optionView
}

type sectionView struct {
	Title, Empty string
	Columns      []columnView
	Rows         []statRow
	Total        []statCell
	Chart        template.HTML
	Legend       string
	Cut          string
}

type columnView struct {
	Word   string
	Figure bool
}

type statRow struct {
	Cells []statCell
	Bad   bool
}

type statCell struct {
	Text, Label, URL string
	Figure           bool
}

// statForms are the files that a document can be taken as.
func statForms() [][2]string { return [][2]string{{"pdf", "PDF"}, {"xlsx", "表格"}, {"csv", "CSV"}} }

// newStatView shows a document; path is its own address.
func newStatView(d reporting.Document, f statFilter, path string) statView {
	v := statView{Title: d.Title, Period: d.Period.Words(), Scope: d.Scope, Filter: &f, Good: d.Good, Wrong: d.Wrong, Notes: d.Notes, At: d.Moment()}
	for _, s := range d.Sections {
		v.Sections = append(v.Sections, newSectionView(s, f))
	}
	if len(v.Sections) == 1 { // its tab says what it is
		v.Sections[0].Title = ""
	}
	for _, x := range statForms() {
		v.Files = append(v.Files, fileView{x[1], f.with(path + "." + x[0])})
	}
	return v
}

func newSectionView(s reporting.Section, f statFilter) sectionView {
	v := sectionView{Title: s.Title, Empty: s.Empty}
	for _, c := range s.Columns {
		v.Columns = append(v.Columns, columnView{c.Title, c.Figure})
	}
	for i, r := range s.Rows {
		if i == mostRows {
			v.Cut = "这里列出前 400 行，合计是全部的。请缩小范围，或下载表格。"
			break
		}
		v.Rows = append(v.Rows, statRow{newCells(s, r, f), r.Bad})
	}
	v.Total = newCells(s, reporting.Row{Cells: s.Total, Of: s.TotalOf}, f)
	if s.Chart != nil && len(s.Rows) > 0 {
		// Drawn by us from figures and escaped names.
		v.Chart = template.HTML(s.Chart.SVG(func(n reporting.Narrow) string { return f.narrowed(n, reporting.ToVisits, "") }))
		v.Legend = s.Chart.Title
	}
	return v
}

func newCells(s reporting.Section, r reporting.Row, f statFilter) []statCell {
	var list []statCell
	for i, c := range r.Cells {
		x := statCell{Text: c.Text, Label: s.Columns[i].Title, Figure: s.Columns[i].Figure}
		switch c.To {
		case reporting.ToNothing:
		case reporting.ToTrace:
			x.URL = "/trace/" + url.PathEscape(c.Text)
		case reporting.ToMoves:
			x.URL = f.moves(r.Of, c.Only)
		default:
			x.URL = f.narrowed(r.Of, c.To, c.Only)
		}
		list = append(list, x)
	}
	return list
}

// refuseStatistic shows the form again with the sentence, and nothing below it; a
// program, and whoever asks for what is not his, gets the error.
func (h *Handlers) refuseStatistic(w http.ResponseWriter, r *http.Request, a statAsk, title string, err error) error {
	if page.WantsJSON(r) || db.KindOf(err) != db.Invalid {
		return err
	}
	h.fillStatistic(&a, nil)
	return h.site.Page(w, r, "statistic", statView{Title: title, Filter: &a.filter, Problem: db.Sentence(err)})
}

// docJSON is a document for programs: the words of every cell.
type docJSON struct {
	Title    string        `json:"title"`
	Scope    string        `json:"scope"`
	From     string        `json:"from"`
	To       string        `json:"to"`
	At       string        `json:"at"`
	Digest   string        `json:"digest"`
	Wrong    []string      `json:"wrong"`
	Sections []sectionJSON `json:"sections"`
}

type sectionJSON struct {
	Title   string     `json:"title"`
	Columns []string   `json:"columns"`
	Rows    [][]string `json:"rows"`
	Total   []string   `json:"total,omitempty"`
}

func newDocJSON(d reporting.Document) docJSON {
	out := docJSON{Title: d.Title, Scope: d.Scope, From: d.Period.From.Format("2006-01-02"), To: d.Period.To.Format("2006-01-02"), At: d.Moment(), Digest: d.Digest(), Wrong: d.Wrong, Sections: []sectionJSON{}}
	words := func(cells []reporting.Cell) (list []string) {
		for _, c := range cells {
			list = append(list, c.Text)
		}
		return list
	}
	for _, s := range d.Sections {
		x := sectionJSON{Title: s.Title, Rows: [][]string{}, Total: words(s.Total)}
		for _, c := range s.Columns {
			x.Columns = append(x.Columns, c.Title)
		}
		for _, r := range s.Rows {
			x.Rows = append(x.Rows, words(r.Cells))
		}
		out.Sections = append(out.Sections, x)
	}
	return out
}
