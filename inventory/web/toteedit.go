package web

import (
	"net/http"

	"jingfang/inventory"
	"jingfang/session/identity"
	"jingfang/session/page"
	"jingfang/sql/db"
)

// toteLabelsView is labels as they are printed.
type toteLabelsView struct {
	Title, Back string
	Labels      []toteLabel
}

// toteLabel is one label. Nothing on it says what lies in the tote.
type toteLabel struct {
	Name, Text string
	Code       page.QR
}

// ToteLabel is GET /totes/{id}/label: the page to print, as often as one likes.
func (h *Handlers) ToteLabel(w http.ResponseWriter, r *http.Request) error {
	if _, err := who(r, identity.Allocate); err != nil {
		return err
	}
	id, err := toteID(r)
	if err != nil {
		return err
	}
	t, err := inventory.FindTote(r.Context(), h.db, id)
	switch {
	case err != nil:
		return err
	case t.Retired != nil:
		return db.Refuse(db.Conflict, "%s已停用，不再打印标签。请换一个在用的周转箱。", t.Title())
	case page.WantsJSON(r):
		return h.site.JSON(w, r, http.StatusOK, newToteJSON(t))
	}
	return h.printLabels(w, r, toteLabelsView{Title: "标签 " + t.Name, Back: toteURL(id)}, []inventory.Tote{t})
}

// ToteLabels is GET /totes/labels: the labels of all totes that are used.
func (h *Handlers) ToteLabels(w http.ResponseWriter, r *http.Request) error {
	if _, err := who(r, identity.Allocate); err != nil {
		return err
	}
	list, err := inventory.ListTotes(r.Context(), h.db)
	if err != nil {
		return err
	}
	var used []inventory.Tote
	for _, t := range list {
		if t.Retired == nil {
			used = append(used, t)
		}
	}
	return h.printLabels(w, r, toteLabelsView{Title: "全部标签", Back: "/totes"}, used)
}

func (h *Handlers) printLabels(w http.ResponseWriter, r *http.Request, v toteLabelsView, list []inventory.Tote) error {
	for _, t := range list {
		code, err := page.NewQR(t.Code)
		if err != nil {
			return err
		}
		v.Labels = append(v.Labels, toteLabel{Name: t.Name, Text: t.Code[:7] + " " + t.Code[7:], Code: code})
	}
	return h.site.Page(w, r, "tote_label", v)
}

// RenameTote is POST /totes/{id}/name.
func (h *Handlers) RenameTote(w http.ResponseWriter, r *http.Request) error {
	by, id, cmd, err := toteCommand(r)
	if err != nil {
		return err
	}
	t, err := h.stock.RenameTote(r.Context(), by, inventory.ToteNaming{ToteID: id, CommandID: cmd, Name: r.PostFormValue("name")})
	return h.toteEdited(w, r, id, t, err)
}

// RetireTote is POST /totes/{id}/retire.
func (h *Handlers) RetireTote(w http.ResponseWriter, r *http.Request) error {
	by, id, cmd, err := toteCommand(r)
	if err != nil {
		return err
	}
	t, err := h.stock.RetireTote(r.Context(), by, inventory.ToteStep{ToteID: id, CommandID: cmd})
	return h.toteEdited(w, r, id, t, err)
}

// toteEdited shows the tote as it is now; what could not be done stands above it.
func (h *Handlers) toteEdited(w http.ResponseWriter, r *http.Request, id int64, t inventory.Tote, err error) error {
	switch kind := db.KindOf(err); {
	case err != nil && !page.WantsJSON(r) && (kind == db.Invalid || kind == db.Conflict):
		return h.showTote(w, r, id, db.Sentence(err))
	case err != nil:
		return err
	case page.WantsJSON(r):
		return h.site.JSON(w, r, http.StatusOK, newToteJSON(t))
	}
	return h.site.SeeOther(w, r, toteURL(id))
}
