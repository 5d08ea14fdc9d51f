package web

import (
	"cmp"
	"fmt"
	"net/http"

	"jingfang/reporting"
	"jingfang/session"
	"jingfang/session/identity"
	"jingfang/session/page"
	"jingfang/sql/db"
)

// mostRows is how many lines a page of the ledger shows; the paper has them all.
const mostRows = 400

// ledgerView is the ledger: the equation, and the lines or kinds it is made of.
type ledgerView struct {
	Filter  filterView
	Problem string // why there is no answer, or ""
	Period  string
	Sum     sumView
	Wrong   []string // the lines that do not balance
	Open    []openCount
	Rows    []ledgerRow
	Kinds   []kindRow
	Places  []placeRow
	Cut     string // says that there are more rows, or ""
	// The ledger as files.
	PDFURL, SheetURL, CSVURL string
	At                       string
}

// sumView is opening + in − out = closing over all lines.
type sumView struct{ Opening, In, Out, Opened, Closing string }

// openCount is a number of a count that differed and that nobody has settled.
type openCount struct{ Text, URL string }

func openCounts(l reporting.Ledger) (list []openCount) {
	for _, x := range l.Open {
		list = append(list, openCount{x.Sentence(), fmt.Sprintf("/stocktakes/%d/result", x.StocktakeID)})
	}
	return list
}

type ledgerRow struct {
	Drug, Batch               string
	Opening, In, Out, Closing string
	Opened                    string
	InURL, OutURL, BatchURL   string
	Wrong                     bool
}

type kindRow struct {
	Word, In, Out, URL string
	Moves              int64
}

type placeRow struct {
	Word string
	Sum  sumView
	URL  string
}

// Ledger is GET /ledger: what came and went in a period.
func (h *Handlers) Ledger(w http.ResponseWriter, r *http.Request) error {
	by, err := h.reader(r)
	if err != nil {
		return err
	}
	v, q, err := h.ledgerQuestion(r, by)
	if err != nil {
		return h.refuseLedger(w, r, v, err)
	}
	if v.By == "place" && q.SiteID == 0 && !page.WantsJSON(r) {
		return h.ledgerByPlace(w, r, v, q)
	}
	l, err := reporting.ReadLedger(r.Context(), h.db, q)
	if err != nil {
		return err
	}
	if page.WantsJSON(r) {
		return h.site.JSON(w, r, http.StatusOK, newLedgerJSON(l))
	}
	if err := h.fill(r, &v); err != nil {
		return err
	}
	return h.site.Page(w, r, "ledger", newLedgerView(v, l))
}

// reader gives the acting person, who must be allowed to see reports somewhere: the
// pharmacy is one for all sites. A denial is audited.
func (h *Handlers) reader(r *http.Request) (identity.Actor, error) {
	by, err := identity.Who(r.Context())
	if err != nil {
		return by, err
	}
	return by, identity.Allow(r.Context(), h.db, by, identity.ViewReports, 0)
}

// refuseLedger shows the form again with the sentence, and nothing below it; a
// program gets the error.
func (h *Handlers) refuseLedger(w http.ResponseWriter, r *http.Request, v filterView, err error) error {
	if page.WantsJSON(r) || db.KindOf(err) != db.Invalid {
		return err
	}
	if failed := h.fill(r, &v); failed != nil {
		return failed
	}
	return h.site.Page(w, r, "ledger", ledgerView{Filter: v, Problem: db.Sentence(err)})
}

func (h *Handlers) ledgerByPlace(w http.ResponseWriter, r *http.Request, v filterView, q reporting.LedgerQuestion) error {
	list, err := reporting.ByPlace(r.Context(), h.db, q)
	if err != nil {
		return err
	}
	if err := h.fill(r, &v); err != nil {
		return err
	}
	view := ledgerView{Filter: v, Period: period(q)}
	for _, l := range list {
		place := string(l.Question.Place)
		view.Places = append(view.Places, placeRow{l.Question.Place.Chinese(), newSumView(l.Lines), v.with("/ledger", "by", "", "place", place)})
		view.Wrong, view.Open = append(view.Wrong, problems(l)...), append(view.Open, openCounts(l)...)
		view.At = moment(l)
	}
	return h.site.Page(w, r, "ledger", view)
}

func moment(l reporting.Ledger) string { return l.At.In(session.Zone()).Format("2006-01-02 15:04:05") }

func period(q reporting.LedgerQuestion) string {
	return q.From.Format("2006年1月2日") + " 至 " + q.To.Format("2006年1月2日")
}

func problems(l reporting.Ledger) (list []string) {
	for _, x := range l.Wrong() {
		list = append(list, x.Problem())
	}
	return list
}

func newLedgerView(v filterView, l reporting.Ledger) ledgerView {
	view := ledgerView{Filter: v, Period: period(l.Question), Sum: newSumView(l.Lines), Wrong: problems(l), Open: openCounts(l), PDFURL: v.with("/ledger.pdf"), SheetURL: v.with("/ledger/file.xlsx"), CSVURL: v.with("/ledger/file.csv"), At: moment(l)}
	if v.By == "kind" {
		for _, k := range reporting.KindTotals(l.Lines) {
			view.Kinds = append(view.Kinds, kindRow{k.Kind.Chinese(), k.In, k.Out, v.with("/ledger/moves", "kind", string(k.Kind)), k.Moves})
		}
		return view
	}
	for i, x := range l.Lines {
		if i == mostRows {
			view.Cut = fmt.Sprintf("共 %d 行，这里列出前 %d 行，合计是全部的。请选一种药品，或下载 PDF。", len(l.Lines), mostRows)
			break
		}
		view.Rows = append(view.Rows, newLedgerRow(v, x))
	}
	return view
}

func newLedgerRow(v filterView, l reporting.LedgerLine) ledgerRow {
	words := func(a reporting.Amount) string { return a.Words(l.PackWord, l.UnitWord) }
	row := ledgerRow{Drug: l.Drug, Batch: l.Batch, Opening: words(l.Opening), In: words(l.In), Out: words(l.Out), Closing: words(l.Closing),
		Opened: l.OpenedWords(), Wrong: !l.Right()}
	narrow := []string{"drug", idText(l.DrugID), "by", ""}
	if v.By == "batch" {
		if row.Batch == "" {
			row.Batch = "批号未知"
		}
		narrow = append(narrow, "batch", cmp.Or(l.Batch, reporting.NoBatch))
	} else {
		row.BatchURL = v.with("/ledger", "drug", idText(l.DrugID), "by", "batch")
	}
	if l.In.Units > 0 {
		row.InURL = v.with("/ledger/moves", append(narrow, "way", "in")...)
	}
	if l.Out.Units > 0 {
		row.OutURL = v.with("/ledger/moves", append(narrow, "way", "out")...)
	}
	return row
}

func newSumView(lines []reporting.LedgerLine) sumView {
	total := func(of func(reporting.LedgerLine) reporting.Amount) string { return reporting.TotalWords(lines, of) }
	v := sumView{
		Opening: total(func(l reporting.LedgerLine) reporting.Amount { return l.Opening }),
		In:      total(func(l reporting.LedgerLine) reporting.Amount { return l.In }),
		Out:     total(func(l reporting.LedgerLine) reporting.Amount { return l.Out }),
		Closing: total(func(l reporting.LedgerLine) reporting.Amount { return l.Closing }),
	}
	if opened := total(func(l reporting.LedgerLine) reporting.Amount { return l.Opened }); opened != "0" {
		v.Opened = opened
	}
	return v
}
