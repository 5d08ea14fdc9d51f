package web

import (
	"bytes"
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

// WithPeople gives handlers that may draw lists of patients with their
// telephone numbers.
func (h *Handlers) WithPeople(sessions *session.Service, patients *patient.Registry) *Handlers {
	c := *h
	c.sessions, c.patients = sessions, patients
	return &c
}

// RecallPDF is GET /recalls/{id}/patients.pdf, RecallSheet the same as a
// spreadsheet; both are in the audit, the list and the numbers each.
func (h *Handlers) RecallPDF(w http.ResponseWriter, r *http.Request) error {
	by, paper, err := h.recallPaper(r, "pdf")
	if err != nil {
		return err
	}
	body, printed, err := h.print(r.Context(), func(w io.Writer) (reporting.Printed, error) {
		return reporting.WriteRecallPDF(w, paper, reporting.Made{By: by.Name, At: paper.At})
	})
	if err != nil {
		return err
	}
	e := identity.Event{Name: "recall.download", ObjectKind: "recall", ObjectID: fmt.Sprint(paper.Recall.ID), Detail: fmt.Sprintf("patients=%d bytes=%d", len(paper.Patients), len(body))}
	if err := reporting.IssuePaper(r.Context(), h.db, by, printed, e); err != nil {
		return err
	}
	return sendRecall(w, pdfType, body, paper, "pdf")
}

// RecallSheet is GET /recalls/{id}/patients.xlsx.
func (h *Handlers) RecallSheet(w http.ResponseWriter, r *http.Request) error {
	by, paper, err := h.recallPaper(r, "xlsx")
	if err != nil {
		return err
	}
	body, err := h.turn(r.Context(), func(w io.Writer) error {
		return reporting.WriteRecallSheet(w, paper, reporting.Made{By: by.Name, At: paper.At})
	})
	if err != nil {
		return err
	}
	return sendRecall(w, sheetType, body, paper, "xlsx")
}

// The types of the files that are handed out.
const (
	pdfType   = "application/pdf"
	sheetType = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
)

// recallPaper reads the list of the recall in the address for a file, with the
// telephone numbers that the person may see. That it is read is in the audit.
func (h *Handlers) recallPaper(r *http.Request, ending string) (by identity.Actor, paper reporting.RecallPaper, err error) {
	if by, err = identity.Who(r.Context()); err != nil {
		return by, paper, err
	}
	id, err := strconv.ParseInt(chi.URLParam(r, "id"), 10, 64)
	if err != nil || id <= 0 {
		return by, paper, db.Refuse(db.NotFound, "没有这个召回。请从召回列表重新进入。")
	}
	if paper.RecallList, err = h.sessions.RecallPatients(r.Context(), by, id, ending); err != nil || by.Can(identity.UnmaskPatient, 0) != nil {
		return by, paper, err
	}
	var ids []int64
	for _, p := range paper.Patients {
		ids = append(ids, p.ID)
	}
	paper.Phones, err = h.patients.Phones(r.Context(), by, ids, fmt.Sprintf("recall/%d", id))
	return by, paper, err
}

func sendRecall(w http.ResponseWriter, kind string, body []byte, paper reporting.RecallPaper, ending string) error {
	return sendAs(w, kind, body, fmt.Sprintf("recall-%d.%s", paper.Recall.ID, ending), fmt.Sprintf("召回名单 %s.%s", paper.Recall.Number(), ending))
}

// ExpirySheet is GET /stock/expiry.xlsx: what has expired or will soon.
func (h *Handlers) ExpirySheet(w http.ResponseWriter, r *http.Request) error {
	by, err := identity.Who(r.Context())
	if err != nil {
		return err
	}
	if err := identity.Allow(r.Context(), h.db, by, identity.ViewStock, 0); err != nil {
		return err
	}
	now := h.db.Now()
	list, err := session.ReadExpiring(r.Context(), h.db, now, by.Within(identity.ViewStock))
	if err != nil {
		return err
	}
	var b bytes.Buffer
	if err := reporting.WriteExpiringSheet(&b, list, reporting.Made{By: by.Name, At: now}); err != nil {
		return err
	}
	err = identity.AuditAlone(r.Context(), h.db, by, identity.Event{Name: "report.stock", ObjectKind: "report", ObjectID: "expiry", Detail: fmt.Sprintf("rows=%d", len(list))})
	if err != nil {
		return err
	}
	day := session.Today(now).Format(time.DateOnly)
	return sendAs(w, sheetType, b.Bytes(), "expiry-"+day+".xlsx", "近效期 "+day+".xlsx")
}
