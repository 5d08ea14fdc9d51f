package web

import (
	"fmt"
	"net/http"
	"strconv"

	"jingfang/reporting"
	"jingfang/session/page"
	"jingfang/session/patient"
)

// A page lists so many rows behind a figure, or what so many patients were given.
const (
	rowsPerPage   = 200
	peoplePerPage = 50
	mostPages     = 1 << 30
)

// VisitRows is GET /statistics/visits/rows: the visits behind a figure.
func (h *Handlers) VisitRows(w http.ResponseWriter, r *http.Request) error {
	return h.rows(w, r, "就诊明细", "/statistics/visits/rows", "/statistics/visits", func(a statAsk, page int64) (s reporting.Section, more rowsMore, err error) {
		s = reporting.Section{Columns: reporting.VisitColumns(), Empty: "没有符合条件的就诊。"}
		list, total, err := reporting.VisitRows(r.Context(), h.db, a.q, reporting.Only(a.filter.Only), page*rowsPerPage, rowsPerPage)
		for _, v := range list {
			s.Rows = append(s.Rows, reporting.Row{Cells: v.Cells(patient.MaskName(v.Patient)), Of: v.Narrow()})
		}
		return s, newRowsMore("行", page, rowsPerPage, total), err
	})
}

// GivenRows is GET /statistics/use/rows: the boxes behind a figure, each with its
// trace code.
func (h *Handlers) GivenRows(w http.ResponseWriter, r *http.Request) error {
	return h.rows(w, r, "发药明细", "/statistics/use/rows", "/statistics/use", func(a statAsk, page int64) (s reporting.Section, more rowsMore, err error) {
		s = reporting.Section{Columns: reporting.GivenColumns(), Empty: "没有符合条件的发药。"}
		list, total, err := reporting.GivenRows(r.Context(), h.db, a.q, a.filter.Visit, page*rowsPerPage, rowsPerPage)
		for _, g := range list {
			s.Rows = append(s.Rows, reporting.Row{Cells: g.Cells(patient.MaskName(g.Patient))})
		}
		return s, newRowsMore("行", page, rowsPerPage, total), err
	})
}

// PersonRows is GET /statistics/use/people: what each patient was given.
func (h *Handlers) PersonRows(w http.ResponseWriter, r *http.Request) error {
	return h.rows(w, r, "患者用药汇总", "/statistics/use/people", "/statistics/use", func(a statAsk, page int64) (s reporting.Section, more rowsMore, err error) {
		s = reporting.Section{Columns: reporting.PersonColumns(), Empty: "没有符合条件的发药。"}
		list, _, total, err := reporting.PersonRows(r.Context(), h.db, a.q, page*peoplePerPage, peoplePerPage)
		for _, p := range list {
			s.Rows = append(s.Rows, reporting.Row{Cells: p.Cells(patient.MaskName(p.Name)), Of: p.Narrow()})
		}
		return s, newRowsMore("名患者", page, peoplePerPage, total), err
	})
}

// rowsMore says which part of a list a page shows.
type rowsMore struct {
	count string
	next  bool
}

func newRowsMore(word string, page, most, total int64) rowsMore {
	from, to := page*most, min((page+1)*most, total)
	if from >= total {
		return rowsMore{}
	}
	return rowsMore{fmt.Sprintf("共 %d %s，第 %d 到 %d %s", total, word, from+1, to, word), to < total}
}

// rows shows a page of rows. The address has the whole question: nothing is
// remembered here.
func (h *Handlers) rows(w http.ResponseWriter, r *http.Request, title, path, back string, read func(statAsk, int64) (reporting.Section, rowsMore, error)) error {
	a, err := h.statistic(r, path, rowsName)
	var s reporting.Section
	var more rowsMore
	before := min(max(a.filter.Page, 1), mostPages) - 1
	if err == nil {
		s, more, err = read(a, before)
	}
	if err != nil {
		return h.refuseStatistic(w, r, a, title, err)
	}
	d := reporting.Document{Title: title, Scope: a.scope, Period: a.q.Period, At: h.db.Now(), Sections: []reporting.Section{s}}
	if page.WantsJSON(r) {
		return h.site.JSON(w, r, http.StatusOK, newDocJSON(d))
	}
	h.fillStatistic(&a, nil)
	v := newStatView(d, a.filter, path)
	v.Files, v.Back, v.Count = nil, a.filter.with(back, "only", "", "visit", "", "patient", "", "session", ""), more.count
	if before > 0 {
		v.Prev = a.filter.with(path, "page", strconv.FormatInt(before, 10))
	}
	if more.next {
		v.Next = a.filter.with(path, "page", strconv.FormatInt(before+2, 10))
	}
	what := map[string]string{"/statistics/visits/rows": "visits", "/statistics/use/rows": "given", "/statistics/use/people": "people"}[path]
	v.Exports = []exportView{exportForm(a.filter, what, "xlsx", "导出表格"), exportForm(a.filter, what, "csv", "导出 CSV")}
	return h.site.Page(w, r, "statistic", v)
}
