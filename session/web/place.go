package web

import (
	"fmt"
	"net/http"
	"strings"

	"jingfang/session"
	"jingfang/session/identity"
	"jingfang/session/page"
)

// placeView is a part of a doctor's board that shows nothing. When it arrives, or
// the team or the session's state changes, the browser asks whether its page is
// still the right one: the table for a doctor of the team, the room for another;
// and the desk as it is now, which opens and closes with the session.
type placeView struct {
	URL   string
	State string
}

func newPlaceView(s session.Snapshot) *placeView {
	ids := make([]string, len(s.Doctors))
	for i, d := range s.Doctors {
		ids[i] = fmt.Sprint(d.StaffID)
	}
	// The doctors stand in the address so that the part's bytes change with them.
	return &placeView{URL: fmt.Sprintf("/sessions/%d/place?team=%s", s.Session.ID, strings.Join(ids, "-")), State: string(s.Session.State)}
}

// Place is GET /sessions/{id}/place?kind=room|table&v=: has the page loaded again
// when it is the wrong one for whoever asks; a table gets its desk if that is
// another than v. Nothing otherwise.
func (h *Handlers) Place(w http.ResponseWriter, r *http.Request) error {
	by, x, err := h.readSession(r, identity.Dispense)
	if err != nil {
		return err
	}
	team, err := session.Team(r.Context(), h.db, x.ID)
	if err != nil {
		return err
	}
	kind := "room"
	for _, m := range team {
		if m.StaffID == by.StaffID && m.Part == session.PartDoctor {
			kind = "table"
		}
	}
	if page.WantsJSON(r) {
		return h.site.JSON(w, r, http.StatusOK, map[string]string{"page": kind})
	}
	if !page.IsHTMX(r) {
		return h.site.SeeOther(w, r, fmt.Sprintf("/sessions/%d", x.ID))
	}
	if r.URL.Query().Get("kind") != kind {
		w.Header().Set("HX-Refresh", "true")
		w.WriteHeader(http.StatusNoContent)
		return nil
	}
	return h.deskAgain(w, r, by, x, kind == "table" && r.URL.Query().Has("v"))
}

// deskAgain draws the desk of a table that shows another one.
func (h *Handlers) deskAgain(w http.ResponseWriter, r *http.Request, by identity.Actor, x session.Session, table bool) error {
	if table {
		desk, err := h.readDesk(r.Context(), by, x, "")
		if err != nil {
			return err
		}
		if desk.Version() != r.URL.Query().Get("v") {
			w.Header().Set("HX-Retarget", "#desk")
			w.Header().Set("HX-Reswap", "outerHTML")
			parts := []page.Part{{Name: "desk", View: desk}}
			if desk.Closed != "" {
				band := page.Band{Tone: page.Caution, Text: desk.Closed}
				if desk.State == session.Closed {
					band.Tone = page.Good
				}
				parts = append(parts, page.Part{Name: "band_area", View: band})
			}
			return h.site.Fragments(w, r, http.StatusOK, parts...)
		}
	}
	w.WriteHeader(http.StatusNoContent)
	return nil
}
