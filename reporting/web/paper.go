package web

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net/http"
	"time"

	"jingfang/inventory"
	"jingfang/reporting"
	"jingfang/session/identity"
)

// LedgerPDF is GET /ledger.pdf: the ledger of the address on paper.
func (h *Handlers) LedgerPDF(w http.ResponseWriter, r *http.Request) error {
	by, err := h.reader(r)
	if err != nil {
		return err
	}
	_, q, err := h.ledgerQuestion(r, by)
	if err != nil {
		return err
	}
	site, err := h.siteName(r.Context(), q)
	if err != nil {
		return err
	}
	body, printed, err := h.print(r.Context(), func(w io.Writer) (reporting.Printed, error) {
		l, err := reporting.ReadLedger(r.Context(), h.db, q)
		if err != nil {
			return reporting.Printed{}, err
		}
		return reporting.WriteLedgerPDF(w, l, q.ScopeWords(site), reporting.Made{By: by.Name, At: l.At})
	})
	if err != nil {
		return err
	}
	from, to := q.From.Format(time.DateOnly), q.To.Format(time.DateOnly)
	err = h.handOut(r.Context(), by, printed, q.SiteID, "ledger", from+" "+to, fmt.Sprintf("drug=%d place=%s site=%d bytes=%d", q.DrugID, q.Place, q.SiteID, len(body)))
	if err != nil {
		return err
	}
	return send(w, body, "ledger-"+from+"-"+to+".pdf", "药品收发统计 "+from+" 至 "+to+".pdf")
}

// LedgerFile is GET /ledger/file.{form}: the ledger of the address as a spreadsheet or
// CSV.
func (h *Handlers) LedgerFile(w http.ResponseWriter, r *http.Request) error {
	by, err := h.reader(r)
	if err != nil {
		return err
	}
	_, q, err := h.ledgerQuestion(r, by)
	if err != nil {
		return err
	}
	site, err := h.siteName(r.Context(), q)
	if err != nil {
		return err
	}
	l, err := reporting.ReadLedger(r.Context(), h.db, q)
	if err != nil {
		return err
	}
	return h.sendDocument(w, r, by, l.Document(q.ScopeWords(site)), reporting.Made{By: by.Name, At: l.At}, identity.Event{Name: "ledger.download", ObjectKind: "ledger",
		ObjectID: q.From.Format(time.DateOnly) + " " + q.To.Format(time.DateOnly), SiteID: q.SiteID, Detail: fmt.Sprintf("drug=%d place=%s", q.DrugID, q.Place)})
}

// siteName names the site whose sessions are asked for; "" for none.
func (h *Handlers) siteName(ctx context.Context, q reporting.LedgerQuestion) (string, error) {
	if q.SiteID == 0 || q.Place != inventory.PlaceSession {
		return "", nil
	}
	sites, err := identity.FindSites(ctx, h.db, identity.SiteFilter{})
	for _, s := range sites {
		if s.ID == q.SiteID {
			return s.Name, nil
		}
	}
	return "", err
}

// print draws one paper when it is its turn.
func (h *Handlers) print(ctx context.Context, draw func(w io.Writer) (reporting.Printed, error)) (body []byte, p reporting.Printed, err error) {
	body, err = h.turn(ctx, func(w io.Writer) (err error) {
		p, err = draw(w)
		return err
	})
	return body, p, err
}

// turn makes one file when it is its turn.
func (h *Handlers) turn(ctx context.Context, draw func(w io.Writer) error) ([]byte, error) {
	select {
	case h.press <- struct{}{}:
		defer func() { <-h.press }()
	case <-ctx.Done():
		return nil, fmt.Errorf("wait to draw a report: %w", ctx.Err())
	}
	var b bytes.Buffer
	err := draw(&b)
	return b.Bytes(), err
}

// handOut takes down that a paper leaves, before it is sent.
func (h *Handlers) handOut(ctx context.Context, by identity.Actor, p reporting.Printed, site int64, kind, id, detail string) error {
	return reporting.IssuePaper(ctx, h.db, by, p, identity.Event{Name: "ledger.download", ObjectKind: kind, ObjectID: id, SiteID: site, Detail: detail})
}
