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
	return h.recallFile(w, r, "pdf", pdfType, reporting.WriteRecallPDF)
}

// RecallSheet is GET /recalls/{id}/patients.xlsx.
func (h *Handlers) RecallSheet(w http.ResponseWriter, r *http.Request) error {
	return h.recallFile(w, r, "xlsx", sheetType, reporting.WriteRecallSheet)
}

// The types of the files that are handed out.
const (
	pdfType   = "application/pdf"
	sheetType = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
)

func (h *Handlers) recallFile(w http.ResponseWriter, r *http.Request, ending, kind string, write func(io.Writer, reporting.RecallPaper, reporting.Made) error) error {
	by, err := identity.Who(r.Context())
	if err != nil {
		return err
	}
	id, err := strconv.ParseInt(chi.URLParam(r, "id"), 10, 64)
	if err != nil || id <= 0 {
		return db.Refuse(db.NotFound, "没有这个召回。请从召回列表重新进入。")
	}
	list, err := h.sessions.RecallPatients(r.Context(), by, id, ending)
	if err != nil {
		return err
	}
	paper := reporting.RecallPaper{RecallList: list}
	if by.Can(identity.UnmaskPatient, 0) == nil {
		var ids []int64
		for _, p := range list.Patients {
			ids = append(ids, p.ID)
		}
		if paper.Phones, err = h.patients.Phones(r.Context(), by, ids, fmt.Sprintf("recall/%d", id)); err != nil {
			return err
		}
	}
	body, err := h.print(r.Context(), func(w io.Writer) error {
		return write(w, paper, reporting.Made{By: by.Name, At: list.At})
	})
	if err != nil {
		return err
	}
	return sendAs(w, kind, body, fmt.Sprintf("recall-%d.%s", id, ending), fmt.Sprintf("召回名单 %s.%s", list.Recall.Number(), ending))
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
