package web

import (
	"fmt"
	"io"
	"net/http"
	"os"
	"strconv"
	"time"

	"jingfang/inventory"
	"jingfang/reporting"
	"jingfang/session"
	"jingfang/session/identity"
	"jingfang/sql/db"
)

// WithEvents gives the handlers the Chinese names of the events that package
// identity does not know, for the audit as a file.
func (h *Handlers) WithEvents(label func(event string) string) *Handlers {
	c := *h
	c.events = label
	return &c
}

// ReceiptsFile is GET /receipts/file.{form}: the receipts as a spreadsheet or CSV, all
// of them or what ?show= of the page leaves.
func (h *Handlers) ReceiptsFile(w http.ResponseWriter, r *http.Request) error {
	show := r.URL.Query().Get("show")
	return h.listFor(w, r, identity.Receive, reporting.ReceiptList(show != "done", show != "open"))
}

// SetAsideFile is GET /setaside/file.{form}: what is quarantined, damaged or lost, or
// the papers, as ?list= of the page says.
func (h *Handlers) SetAsideFile(w http.ResponseWriter, r *http.Request) error {
	list := reporting.AsideList(inventory.StateQuarantined)
	switch name := r.URL.Query().Get("list"); name {
	case "papers":
		list = reporting.DisposalList()
	case string(inventory.StateDamaged), string(inventory.StateLost):
		list = reporting.AsideList(inventory.State(name))
	}
	return h.listFor(w, r, identity.ViewStock, list)
}

// DrugsFile is GET /drugs/file.{form}: the dictionary of drugs.
func (h *Handlers) DrugsFile(w http.ResponseWriter, r *http.Request) error {
	return h.listFor(w, r, identity.ViewStock, reporting.DrugList())
}

// TotesFile is GET /totes/file.{form}: the totes with what lies in them.
func (h *Handlers) TotesFile(w http.ResponseWriter, r *http.Request) error {
	return h.listFor(w, r, identity.Allocate, reporting.ToteList())
}

// RecallsFile is GET /recalls/file.{form}: the recalls.
func (h *Handlers) RecallsFile(w http.ResponseWriter, r *http.Request) error {
	return h.listFor(w, r, identity.CallPatients, reporting.RecallList())
}

// StocktakesFile is GET /stocktakes/file.{form}: the counts that the person may see.
func (h *Handlers) StocktakesFile(w http.ResponseWriter, r *http.Request) error {
	by, err := identity.Who(r.Context())
	if err != nil {
		return err
	}
	return h.listFor(w, r, identity.ViewStock, reporting.StocktakeList(by))
}

// AuditFile is GET /audit/file.{form}: the audit of a day, narrowed as the page's
// fields staff and event do.
func (h *Handlers) AuditFile(w http.ResponseWriter, r *http.Request) error {
	q := r.URL.Query()
	f, err := identity.AuditDay(q.Get("day"), h.db.Now(), session.Zone())
	if err != nil {
		return err
	}
	f.StaffID, _ = strconv.ParseInt(q.Get("staff"), 10, 64) // not a number means everybody
	f.Event = q.Get("event")
	return h.listFor(w, r, identity.ViewAudit, reporting.AuditList(f, h.eventLabel))
}

// eventLabel is an event's Chinese name; one that nobody has named shows its own.
func (h *Handlers) eventLabel(event string) string {
	if own := identity.EventLabel(event); own != "" {
		return own
	}
	if h.events != nil {
		if label := h.events(event); label != "" {
			return label
		}
	}
	return event
}

// listFor sends a list to whoever holds the permission. It is written into a file of
// this server first: what cannot be read to its end is refused and not sent in part.
func (h *Handlers) listFor(w http.ResponseWriter, r *http.Request, need identity.Permission, l reporting.List) error {
	by, err := identity.Who(r.Context())
	if err != nil {
		return err
	}
	if err := identity.Allow(r.Context(), h.db, by, need, 0); err != nil {
		return err
	}
	form := formOf(r)
	kind := map[string]string{"csv": csvType, "xlsx": sheetType}[form]
	if kind == "" {
		return db.Refuse(db.NotFound, "没有这种文件。可以下载表格或 CSV。")
	}
	f, err := os.CreateTemp("", "jingfang-list-*")
	if err != nil {
		return fmt.Errorf("make the file of a list: %w", err)
	}
	defer os.Remove(f.Name()) // the system clears what stays
	defer f.Close()           // it was written and read by then
	now := h.db.Now()
	rows, err := l.Write(r.Context(), h.db, f, form == "csv", reporting.Made{By: by.Name, At: now})
	if err != nil {
		return err
	}
	// Taken down before it is sent: a list that leaves is in the audit.
	err = identity.AuditAlone(r.Context(), h.db, by, identity.Event{Name: "list.download", ObjectKind: "list", ObjectID: l.Name, Detail: fmt.Sprintf("form=%s rows=%d query=%s", form, rows, clipText(r.URL.RawQuery, 200))})
	if err != nil {
		return err
	}
	day := session.Today(now).Format(time.DateOnly)
	return sendFile(w, f, kind, l.Name+"-"+day+"."+form, l.Title+" "+day+"."+form)
}

// sendFile answers with a file of this server, from its beginning.
func sendFile(w http.ResponseWriter, f *os.File, kind, ascii, name string) error {
	size, err := f.Seek(0, io.SeekEnd)
	if err == nil {
		_, err = f.Seek(0, io.SeekStart)
	}
	if err != nil {
		return fmt.Errorf("send a list: %w", err)
	}
	header := w.Header()
	header.Set("Content-Type", kind)
	header.Set("Content-Length", strconv.FormatInt(size, 10))
	header.Set("Cache-Control", "no-store")
	header.Set("Content-Disposition", `attachment; filename="`+ascii+`"; filename*=UTF-8''`+escaped(name))
	if _, err := io.Copy(w, f); err != nil {
		return fmt.Errorf("send a list: %w", err)
	}
	return nil
}
