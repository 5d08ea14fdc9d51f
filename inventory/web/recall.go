package web

import (
	"context"
	"fmt"
	"net/http"
	"strconv"
	"strings"

	"github.com/go-chi/chi/v5"

	"jingfang/inventory"
	"jingfang/session"
	"jingfang/session/identity"
	"jingfang/session/page"
	"jingfang/sql/db"
)

// Recalls is GET /recalls: those in force with their countdown, then the lifted.
func (h *Handlers) Recalls(w http.ResponseWriter, r *http.Request) error {
	by, err := who(r, identity.CallPatients)
	if err != nil {
		return err
	}
	list, err := inventory.Recalls(r.Context(), h.db)
	if err != nil {
		return err
	}
	if page.WantsJSON(r) {
		return h.site.JSON(w, r, http.StatusOK, newRecallsJSON(list))
	}
	v := newRecallsView(list, h.db.Now())
	v.CanStart = by.Can(identity.Recall, 0) == nil
	return h.site.Page(w, r, "recalls", v)
}

// NewRecall is GET /recalls/new: the empty form.
func (h *Handlers) NewRecall(w http.ResponseWriter, r *http.Request) error {
	if _, err := who(r, identity.Recall); err != nil {
		return err
	}
	return h.recallForm(w, r, inventory.Recalling{Class: inventory.RecallSecond}, "")
}

// PreviewRecall is POST /recalls/preview: what the recall would hit; nothing is
// written.
func (h *Handlers) PreviewRecall(w http.ResponseWriter, r *http.Request) error {
	if _, err := who(r, identity.Recall); err != nil {
		return err
	}
	in, err := parseRecalling(r)
	if err != nil {
		return err
	}
	reach, scope, err := h.reach(r.Context(), &in)
	if page.WantsJSON(r) {
		if err != nil {
			return err
		}
		return h.site.JSON(w, r, http.StatusOK, newReachJSON(reach))
	}
	if known(err) {
		return h.recallForm(w, r, in, db.Sentence(err))
	}
	if err != nil {
		return err
	}
	drug, err := h.drugName(r.Context(), in.DrugID)
	if err != nil {
		return err
	}
	return h.site.Page(w, r, "recall_preview", newPreviewView(in, scope, reach, drug))
}

// reach checks what was asked for and reads what it would hit.
func (h *Handlers) reach(ctx context.Context, in *inventory.Recalling) (reach session.RecallReach, scope inventory.RecallScope, err error) {
	if err = in.Check(); err != nil {
		return reach, scope, err
	}
	if scope, err = inventory.ReadRecallScope(ctx, h.db, *in); err != nil {
		return reach, scope, err
	}
	reach, err = session.ReadRecallReach(ctx, h.db, scope)
	return reach, scope, err
}

// known reports an error whose sentence belongs beside the form.
func known(err error) bool {
	k := db.KindOf(err)
	return err != nil && (k == db.Invalid || k == db.NotFound || k == db.Conflict)
}

// drugName is the name of a drug, "" for none.
func (h *Handlers) drugName(ctx context.Context, id int64) (string, error) {
	if id == 0 {
		return "", nil
	}
	return inventory.DrugNameByID(ctx, h.db, id)
}

// StartRecall is POST /recalls.
func (h *Handlers) StartRecall(w http.ResponseWriter, r *http.Request) error {
	by, err := who(r, identity.Recall)
	if err != nil {
		return err
	}
	in, err := parseRecalling(r)
	if err != nil {
		return err
	}
	if in.CommandID, err = commandID(r); err != nil {
		return err
	}
	done, err := h.stock.StartRecall(r.Context(), by, in)
	if !page.WantsJSON(r) && known(err) {
		return h.recallForm(w, r, in, db.Sentence(err))
	}
	if err != nil {
		return err
	}
	if page.WantsJSON(r) {
		return h.site.JSON(w, r, http.StatusOK, done)
	}
	return h.site.SeeOther(w, r, fmt.Sprintf("/recalls/%d", done.ID))
}

// recallForm draws the form as far as it is filled in.
func (h *Handlers) recallForm(w http.ResponseWriter, r *http.Request, in inventory.Recalling, problem string) error {
	drugs, err := inventory.ListDrugs(r.Context(), h.db, h.db.Now())
	if err != nil {
		return err
	}
	return h.site.Page(w, r, "recall_new", newRecallForm(in, drugs, problem))
}

func parseRecalling(r *http.Request) (inventory.Recalling, error) {
	in := inventory.Recalling{Class: inventory.RecallClass(r.PostFormValue("class")), Batch: strings.TrimSpace(r.PostFormValue("batch")),
		Codes: strings.TrimSpace(r.PostFormValue("codes")), Reason: r.PostFormValue("reason"), SourceNo: r.PostFormValue("source_no")}
	if len(in.Codes) > inventory.MaxScan {
		return in, db.Refuse(db.Invalid, "清单太长。一个召回最多 2000 个追溯码，请分成几个召回。")
	}
	var err error
	in.DrugID, err = formNumber(r, "drug")
	return in, err
}

// recallID reads the number of the recall from the address.
func recallID(r *http.Request) (int64, error) {
	id, err := strconv.ParseInt(chi.URLParam(r, "id"), 10, 64)
	if err != nil || id <= 0 {
		return 0, db.Refuse(db.NotFound, "没有这个召回。请从召回列表重新进入。")
	}
	return id, nil
}

// Recall is GET /recalls/{id}: where its boxes are, how far the calling has come,
// and the two steps of lifting it.
func (h *Handlers) Recall(w http.ResponseWriter, r *http.Request) error {
	by, err := who(r, identity.CallPatients)
	if err != nil {
		return err
	}
	a, err := h.findRecall(r)
	if err != nil {
		return err
	}
	scope, err := a.Scope(r.Context(), h.db)
	if err != nil {
		return err
	}
	reach, err := session.ReadRecallReach(r.Context(), h.db, scope)
	if err != nil {
		return err
	}
	calls, err := session.ReadRecallProgress(r.Context(), h.db, by, a)
	if err != nil {
		return err
	}
	if page.WantsJSON(r) {
		return h.site.JSON(w, r, http.StatusOK, recallDetailJSON{newRecallsJSON([]inventory.Recall{a})[0], newReachJSON(reach), calls.Reached, calls.Patients})
	}
	return h.site.Page(w, r, "recall", newRecallView(a, reach, calls, by, h.db.Now()))
}

func (h *Handlers) findRecall(r *http.Request) (inventory.Recall, error) {
	id, err := recallID(r)
	if err != nil {
		return inventory.Recall{}, err
	}
	return inventory.FindRecall(r.Context(), h.db, id)
}

// RecallClock is GET /recalls/{id}/clock: the countdown, which the page asks for
// again and again.
func (h *Handlers) RecallClock(w http.ResponseWriter, r *http.Request) error {
	if _, err := who(r, identity.CallPatients); err != nil {
		return err
	}
	a, err := h.findRecall(r)
	if err != nil {
		return err
	}
	return h.site.Fragment(w, r, "recall_clock", newClockView(a, h.db.Now()))
}

// AskLift is POST /recalls/{id}/lift: the first of the two.
func (h *Handlers) AskLift(w http.ResponseWriter, r *http.Request) error {
	return h.lifting(w, r, h.stock.AskLift)
}

// LiftRecall is POST /recalls/{id}/lift/confirm: the second.
func (h *Handlers) LiftRecall(w http.ResponseWriter, r *http.Request) error {
	return h.lifting(w, r, h.stock.LiftRecall)
}

// KeepRecall is POST /recalls/{id}/lift/cancel: it stays in force.
func (h *Handlers) KeepRecall(w http.ResponseWriter, r *http.Request) error {
	return h.lifting(w, r, h.stock.KeepRecall)
}

func (h *Handlers) lifting(w http.ResponseWriter, r *http.Request, do func(context.Context, identity.Actor, inventory.Lifting) (inventory.RecallLifted, error)) error {
	by, err := who(r, identity.Recall)
	if err != nil {
		return err
	}
	in := inventory.Lifting{Reason: r.PostFormValue("reason")}
	if in.RecallID, err = recallID(r); err != nil {
		return err
	}
	if in.CommandID, err = commandID(r); err != nil {
		return err
	}
	done, err := do(r.Context(), by, in)
	if err != nil {
		return err
	}
	if page.WantsJSON(r) {
		return h.site.JSON(w, r, http.StatusOK, done)
	}
	return h.site.SeeOther(w, r, fmt.Sprintf("/recalls/%d", in.RecallID))
}
