package web

import (
	"errors"
	"fmt"
	"net/http"

	"jingfang/inventory"
	"jingfang/session"
	"jingfang/session/page"
)

// StartStocktake is POST /sessions/{id}/stocktakes: begins a count of the
// session's trays; one that is open already is opened.
func (h *Handlers) StartStocktake(w http.ResponseWriter, r *http.Request) error {
	x, err := parseClosing(r)
	if err != nil {
		return err
	}
	a, err := h.sessions.StartStocktake(r.Context(), x.by, session.TrayCount{SessionID: x.session, CommandID: x.command})
	var running *inventory.CountRunning
	switch {
	case errors.As(err, &running) && !page.WantsJSON(r):
		return h.site.SeeOther(w, r, fmt.Sprintf("/stocktakes/%d?running=1", running.ID))
	case err != nil:
		return err
	case page.WantsJSON(r):
		return h.site.JSON(w, r, http.StatusOK, a)
	}
	return h.site.SeeOther(w, r, fmt.Sprintf("/stocktakes/%d", a.ID))
}
