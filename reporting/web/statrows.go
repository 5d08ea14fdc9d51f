package web

import (
	"net/http"
	"strconv"

	"jingfang/reporting"
	"jingfang/session/page"
	"jingfang/session/patient"
)

// rowsPerPage is how many rows behind a figure a page lists.
const rowsPerPage = 200

// VisitRows is GET /statistics/visits/rows: the visits behind a figure.
func (h *Handlers) VisitRows(w http.ResponseWriter, r *http.Request) error {
	return h.rows(w, r, "就诊明细", "/statistics/visits/rows", "/statistics/visits", func(a statAsk, from int64) (s reporting.Section, total int64, err error) {
		s = reporting.Section{Columns: reporting.VisitColumns(), Empty: "没有符合条件的就诊。"}
		list, total, err := reporting.VisitRows(r.Context(), h.db, a.q, reporting.Only(a.filter.Only), from, rowsPerPage)
		for _, v := range list {
			s.Rows = append(s.Rows, reporting.Row{Cells: v.Cells(patient.MaskName(v.Patient)), Of: v.Narrow()})
		}
		return s, total, err
	})
}

// GivenRows is GET /statistics/use/rows: the boxes behind a figure, each with its
// trace code.
func (h *Handlers) GivenRows(w http.ResponseWriter, r *http.Request) error {
	return h.rows(w, r, "发药明细", "/statistics/use/rows", "/statistics/use", func(a statAsk, from int64) (s reporting.Section, total int64, err error) {
		s = reporting.Section{Columns: reporting.GivenColumns(), Empty: "没有符合条件的发药。"}
		list, total, err := reporting.GivenRows(r.Context(), h.db, a.q, a.filter.Visit, from, rowsPerPage)
		for _, g := range list {
			s.Rows = append(s.Rows, reporting.Row{Cells: g.Cells(patient.MaskName(g.Patient))})
		}
		return s, total, err
	})
}

// PersonRows is GET /statistics/use/people: what each patient was given.
func (h *Handlers) PersonRows(w http.ResponseWriter, r *http.Request) error {
	return h.rows(w, r, "患者用药汇总", "/statistics/use/people", "/statistics/use", func(a statAsk, from int64) (s reporting.Section, total int64, err error) {
		s = reporting.Section{Columns: reporting.PersonColumns(), Empty: "没有符合条件的发药。"}
		list, _, err := reporting.PersonRows(r.Context(), h.db, a.q, from, rowsPerPage)
		for _, p := range list {
			total = p.Total
			s.Rows = append(s.Rows, reporting.Row{Cells: p.Cells(patient.MaskName(p.Name)), Of: p.Narrow()})
		}
		return s, total, err
	})
}

// rows shows a page of rows. The address has the whole question: nothing is
// remembered here.
func (h *Handlers) rows(w http.ResponseWriter, r *http.Request, title, path, back string, read func(statAsk, int64) (reporting.Section, int64, error)) error {
	a, err := h.statistic(r, path, rowsName)
	var s reporting.Section
	var total int64
	from := (max(a.filter.Page, 1) - 1) * rowsPerPage
	if err == nil {
		s, total, err = read(a, from)
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
	v.Files, v.Back, v.Count = nil, a.filter.with(back, "only", "", "visit", "", "patient", ""), rowsCount(from, int64(len(s.Rows)), total)
	if from > 0 {
		v.Prev = a.filter.with(path, "page", strconv.FormatInt(a.filter.Page-1, 10))
	}
	if from+int64(len(s.Rows)) < total {
		v.Next = a.filter.with(path, "page", strconv.FormatInt(max(a.filter.Page, 1)+1, 10))
	}
	what := map[string]string{"/statistics/visits/rows": "visits", "/statistics/use/rows": "given", "/statistics/use/people": "people"}[path]
	v.Exports = []exportView{exportForm(a.filter, what, "xlsx", "导出表格"), exportForm(a.filter, what, "csv", "导出 CSV")}
	return h.site.Page(w, r, "statistic", v)
}
