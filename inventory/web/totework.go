package web

import (
	"fmt"
	"net/http"

	"github.com/google/uuid"

	"jingfang/inventory"
	"jingfang/session/identity"
	"jingfang/session/page"
	"jingfang/sql/db"
)

// toteCommand reads what every command on a tote has.
func toteCommand(r *http.Request) (by identity.Actor, id int64, cmd uuid.UUID, err error) {
	if by, err = who(r, identity.Allocate); err != nil {
		return by, 0, cmd, err
	}
	if id, err = toteID(r); err != nil {
		return by, 0, cmd, err
	}
	cmd, err = commandID(r)
	return by, id, cmd, err
}

// Stow is POST /totes/{id}/scans: packs into the tote, or with out=1 out of it.
func (h *Handlers) Stow(w http.ResponseWriter, r *http.Request) error {
	by, id, cmd, err := toteCommand(r)
	if err != nil {
		return err
	}
	do := h.stock.Stow
	if r.PostFormValue("out") != "" {
		do = h.stock.TakeOut
	}
	a, err := do(r.Context(), by, inventory.Stowing{ToteID: id, CommandID: cmd, Codes: r.PostFormValue("codes")})
	if err != nil {
		return h.refusedTote(w, r, id, err)
	}
	if page.WantsJSON(r) {
		return h.site.JSON(w, r, http.StatusOK, a)
	}
	worst := a.Worst()
	band := page.Band{Tone: page.Tone(worst.Tone), Text: worst.Sentence, Figure: fmt.Sprint(a.Packs), Unit: "盒"}
	if worst.Code != "" {
		band.Detail = "追溯码 …" + tail(worst.Code)
	}
	if len(a.Answers) > 1 {
		band.Detail = fmt.Sprintf("这次 %d 个码，%d 盒有变动。", len(a.Answers), a.Moved)
	}
	return h.answerTote(w, r, id, band, a.Answers)
}

// SealTote is POST /totes/{id}/seal.
func (h *Handlers) SealTote(w http.ResponseWriter, r *http.Request) error {
	return h.toteStep(w, r, func(r *http.Request, by identity.Actor, in inventory.ToteStep) (string, inventory.Tote, error) {
		t, err := h.stock.SealTote(r.Context(), by, in)
		return fmt.Sprintf("%s已封箱，%d 盒。装箱时扫一次箱上的标签。", t.Title(), t.SealedPacks), t, err
	})
}

// OpenTote is POST /totes/{id}/open.
func (h *Handlers) OpenTote(w http.ResponseWriter, r *http.Request) error {
	return h.toteStep(w, r, func(r *http.Request, by identity.Actor, in inventory.ToteStep) (string, inventory.Tote, error) {
		t, err := h.stock.OpenTote(r.Context(), by, in)
		return t.Title() + "已打开，可以扫药盒。", t, err
	})
}

func (h *Handlers) toteStep(w http.ResponseWriter, r *http.Request, do func(*http.Request, identity.Actor, inventory.ToteStep) (string, inventory.Tote, error)) error {
	by, id, cmd, err := toteCommand(r)
	if err != nil {
		return err
	}
	said, t, err := do(r, by, inventory.ToteStep{ToteID: id, CommandID: cmd})
	if err != nil {
		return h.refusedTote(w, r, id, err)
	}
	if page.WantsJSON(r) {
		return h.site.JSON(w, r, http.StatusOK, newToteJSON(t))
	}
	return h.answerTote(w, r, id, page.Band{Tone: page.Good, Text: said}, nil)
}

// answerTote draws what a command made of the tote.
func (h *Handlers) answerTote(w http.ResponseWriter, r *http.Request, id int64, band page.Band, said []inventory.CodeAnswer) error {
	if !page.IsHTMX(r) {
		return h.site.SeeOther(w, r, toteURL(id))
	}
	t, err := inventory.FindTote(r.Context(), h.db, id)
	if err != nil {
		return err
	}
	packs, err := inventory.TotePacks(r.Context(), h.db, id)
	if err != nil {
		return err
	}
	v := newToteWork(t, packs, r.PostFormValue("out") != "" && t.State() == inventory.ContainerOpen)
	v.Said, v.SaidNot = newSaidRows(said)
	return h.site.Fragments(w, r, http.StatusOK, page.Part{Name: "tote_work", View: v}, page.Part{Name: "receipt_band", View: band})
}

// refusedTote answers a command that the tote as it is now does not allow.
func (h *Handlers) refusedTote(w http.ResponseWriter, r *http.Request, id int64, err error) error {
	kind := db.KindOf(err)
	if !page.IsHTMX(r) || kind != db.Conflict && kind != db.Invalid {
		return err
	}
	return h.answerTote(w, r, id, page.Band{Tone: page.Caution, Text: db.Sentence(err)}, nil)
}
