// Package web shows statistics and hands out the hospital's papers: the ledger
// with the movements behind its figures, the register of special drugs, the check
// of the stock, the day's report; who may have one, under which name it is saved,
// and that it was taken. It owns no rule of what a paper says; package reporting
// reads and draws it.
package web

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/go-chi/chi/v5"

	"jingfang/inventory"
	"jingfang/reporting"
	"jingfang/session"
	"jingfang/session/identity"
	"jingfang/session/job"
	"jingfang/session/page"
	"jingfang/session/patient"
	"jingfang/sql/db"
)

// Handlers answer the requests for papers.
type Handlers struct {
	site  *page.Site
	db    *db.DB
	stock *inventory.Service
	jobs  *job.Jobs
	// sessions and patients are for lists of people; see [Handlers.WithPeople].
	sessions *session.Service
	patients *patient.Registry
	// events names events for the audit; see [Handlers.WithEvents].
	events func(event string) string
	// press lets one paper be drawn at a time: fonts and pages of many at once
	// would take the memory that the screens need. One takes a tenth of a second.
	press chan struct{}
}

// New makes the handlers. The jobs are those of this server.
func New(site *page.Site, d *db.DB, stock *inventory.Service, jobs *job.Jobs) *Handlers {
	return &Handlers{site: site, db: d, stock: stock, jobs: jobs, press: make(chan struct{}, 1)}
}

// SessionPDF sends the day's report of the session in the address. It is for
// whoever sees reports at its site, and for the session's own pharmacist,
// deputy and whoever has its duty.
func (h *Handlers) SessionPDF(w http.ResponseWriter, r *http.Request) error {
	by, err := identity.Who(r.Context())
	if err != nil {
		return err
	}
	x, err := h.allowed(r, by)
	if err != nil {
		return err
	}
	body, printed, err := h.draw(r.Context(), by, x.ID)
	if err != nil {
		return err
	}
	// Taken down before it is sent: a paper that leaves is in the audit.
	err = reporting.IssuePaper(r.Context(), h.db, by, printed, identity.Event{Name: "report.download", ObjectKind: "session",
		ObjectID: strconv.FormatInt(x.ID, 10), SiteID: x.SiteID, SessionID: x.ID, Detail: fmt.Sprintf("day report, bytes=%d", len(body))})
	if err != nil {
		return err
	}
	day := x.HeldOn.Format(time.DateOnly)
	return send(w, body, fmt.Sprintf("session-%d-%s.pdf", x.ID, day), fmt.Sprintf("场次日报 %s %s.pdf", day, x.Site))
}

// allowed finds the session and refuses whoever may not have its report; a
// denial is audited.
func (h *Handlers) allowed(r *http.Request, by identity.Actor) (session.Session, error) {
	id, err := strconv.ParseInt(chi.URLParam(r, "id"), 10, 64)
	if err != nil || id <= 0 {
		return session.Session{}, db.Refuse(db.NotFound, "没有这个义诊场次。请从首页重新进入。")
	}
	x, err := session.Find(r.Context(), h.db, id)
	if err != nil {
		return x, err
	}
	if by.Can(identity.ViewReports, x.SiteID) != nil {
		mine, err := h.hasDuty(r.Context(), by, x)
		if err != nil || mine {
			return x, err
		}
	}
	return x, identity.Allow(r.Context(), h.db, by, identity.ViewReports, x.SiteID)
}

// hasDuty reports somebody of the session's team who answers for its medicine
// and may still see sessions there: a name in the team alone opens nothing.
func (h *Handlers) hasDuty(ctx context.Context, by identity.Actor, x session.Session) (bool, error) {
	if by.StaffID == 0 || by.Can(identity.ViewSession, x.SiteID) != nil {
		return false, nil
	}
	if x.DutyStaffID != nil && *x.DutyStaffID == by.StaffID {
		return true, nil
	}
	team, err := session.Team(ctx, h.db, x.ID)
	if err != nil {
		return false, err
	}
	for _, m := range team {
		if m.StaffID == by.StaffID && (m.Part == session.PartPharmacist || m.Part == session.PartDeputy) {
			return true, nil
		}
	}
	return false, nil
}

// draw reads and draws the report when it is its turn.
func (h *Handlers) draw(ctx context.Context, by identity.Actor, id int64) ([]byte, reporting.Printed, error) {
	return h.print(ctx, func(w io.Writer) (reporting.Printed, error) {
		report, err := reporting.ReadSessionReport(ctx, h.db, id)
		if err != nil {
			return reporting.Printed{}, err
		}
		return reporting.WriteSessionPDF(w, report, reporting.Made{By: by.Name, At: report.At})
	})
}

// send answers with a file to save. It names patients, so that nothing between
// here and the person may keep it.
func send(w http.ResponseWriter, body []byte, ascii, name string) error {
	return sendAs(w, pdfType, body, ascii, name)
}

// sendAs is send for a file of any type.
func sendAs(w http.ResponseWriter, kind string, body []byte, ascii, name string) error {
	header := w.Header()
	header.Set("Content-Type", kind)
	header.Set("Content-Length", strconv.Itoa(len(body)))
	header.Set("Cache-Control", "no-store")
	header.Set("Content-Disposition", `attachment; filename="`+ascii+`"; filename*=UTF-8''`+escaped(name))
	if _, err := w.Write(body); err != nil {
		return fmt.Errorf("send a report: %w", err)
	}
	return nil
}

// escaped is a name as RFC 8187 wants it; QueryEscape alone writes a plus for a
// space.
func escaped(name string) string { return strings.ReplaceAll(url.QueryEscape(name), "+", "%20") }
