package web

import (
	"fmt"
	"io"
	"net/http"
	"strconv"
	"time"

	"github.com/go-chi/chi/v5"

	"jingfang/reporting"
	"jingfang/session"
	"jingfang/session/identity"
	"jingfang/session/patient"
	"jingfang/sql/db"
)

// SessionAbsentSheet is GET /sessions/{id}/absent.xlsx: a session's roster with
// who came and the days of medicine left.
func (h *Handlers) SessionAbsentSheet(w http.ResponseWriter, r *http.Request) error {
	by, err := identity.Who(r.Context())
	if err != nil {
		return err
	}
	id, err := strconv.ParseInt(chi.URLParam(r, "id"), 10, 64)
	if err != nil || id <= 0 {
		return db.Refuse(db.NotFound, "没有这个义诊场次。请从首页重新进入。")
	}
	x, err := session.Find(r.Context(), h.db, id)
	if err != nil {
		return err
	}
	if err := identity.Allow(r.Context(), h.db, by, identity.ViewSession, x.SiteID); err != nil {
		return err
	}
	list, err := session.ReadAbsentees(r.Context(), h.db, x, h.db.Now())
	if err != nil {
		return err
	}
	return h.absentSheet(w, r, by, x.SiteID, fmt.Sprintf("session/%d", x.ID), "应到名单 "+x.Site+" "+x.HeldOn.Format(time.DateOnly), list)
}

// AbsentSheet is GET /absent.xlsx: who is overdue, over the sites.
func (h *Handlers) AbsentSheet(w http.ResponseWriter, r *http.Request) error {
	by, err := identity.Who(r.Context())
	if err != nil {
		return err
	}
	q, err := parseOverdue(r)
	if err != nil {
		return err
	}
	list, err := h.sessions.Overdue(r.Context(), by, q)
	if err != nil {
		return err
	}
	title := map[string]string{"shot": "针剂到期", "check": "检查到期"}[q.Kind]
	if title == "" {
		title = "未取药"
	}
	return h.absentSheet(w, r, by, q.SiteID, "overdue/"+q.Kind, title, list)
}

// parseOverdue reads kind, site and days of the address.
func parseOverdue(r *http.Request) (session.OverdueQuestion, error) {
	values := r.URL.Query()
	q := session.OverdueQuestion{Kind: values.Get("kind"), Days: 1}
	var err error
	if text := values.Get("days"); text != "" {
		if q.Days, err = strconv.Atoi(text); err != nil {
			return q, db.RefuseBecause(err, db.Invalid, "逾期天数请填 1 到 366 的整数。")
		}
	}
	if text := values.Get("site"); text != "" {
		if q.SiteID, err = strconv.ParseInt(text, 10, 64); err != nil || q.SiteID < 0 {
			return q, db.Refuse(db.Invalid, "请从列表里选站点。")
		}
	}
	return q, nil
}

// absentSheet names people as far as the viewer may read them: in clear with the
// numbers, masked, or not at all. That it leaves is in the audit.
func (h *Handlers) absentSheet(w http.ResponseWriter, r *http.Request, by identity.Actor, siteID int64, what, title string, list []session.Due) error {
	now := h.db.Now()
	paper := reporting.AbsentPaper{Title: title, Today: session.Today(now), List: list, Names: map[int64]string{}}
	var ids []int64
	clear := by.Can(identity.UnmaskPatient, siteID) == nil
	for _, d := range list {
		ids = append(ids, d.PatientID)
		switch {
		case clear:
			paper.Names[d.PatientID] = d.Name
		case by.Can(identity.CheckIn, siteID) == nil:
			paper.Names[d.PatientID] = patient.MaskName(d.Name)
		}
	}
	var err error
	if clear {
		if paper.Phones, err = h.patients.Phones(r.Context(), by, ids, "absent/"+what); err != nil {
			return err
		}
	}
	body, err := h.turn(r.Context(), func(w io.Writer) error {
		return reporting.WriteAbsentSheet(w, paper, reporting.Made{By: by.Name, At: now})
	})
	if err != nil {
		return err
	}
	err = identity.AuditAlone(r.Context(), h.db, by, identity.Event{Name: "report.absent", ObjectKind: "report", ObjectID: what, Detail: fmt.Sprintf("people=%d", len(list))})
	if err != nil {
		return err
	}
	day := paper.Today.Format(time.DateOnly)
	return sendAs(w, sheetType, body, "absent-"+day+".xlsx", title+" "+day+".xlsx")
}
