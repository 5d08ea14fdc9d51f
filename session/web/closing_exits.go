package web

import (
	"net/http"
	"strconv"

	"github.com/go-chi/chi/v5"
	"github.com/google/uuid"

	"jingfang/session"
	"jingfang/session/page"
	"jingfang/sql/db"
)

// Explain is POST /sessions/{id}/closing/exits: what became of a missing code.
func (h *Handlers) Explain(w http.ResponseWriter, r *http.Request) error {
	x, err := parseClosing(r)
	if err != nil {
		return err
	}
	in := session.Explaining{SessionID: x.session, CommandID: x.command, Code: r.PostFormValue("code"),
		Exit: session.ExitKind(r.PostFormValue("exit")), Reason: r.PostFormValue("reason")}
	if text := r.PostFormValue("visit"); text != "" {
		if in.Visit, err = formUUID(r, "visit"); err != nil {
			return err
		}
	}
	if in.Quantity, _, err = formQuantity(r); err != nil {
		return err
	}
	a, err := h.sessions.ExplainMissing(r.Context(), x.by, in)
	if err != nil {
		return err
	}
	return h.answerStep(w, r, x, a)
}

// ConfirmLoss is POST /sessions/{id}/closing/losses: the second person's word.
func (h *Handlers) ConfirmLoss(w http.ResponseWriter, r *http.Request) error {
	x, err := parseClosing(r)
	if err != nil {
		return err
	}
	a, err := h.sessions.ConfirmLoss(r.Context(), x.by, session.LossConfirming{SessionID: x.session, CommandID: x.command, Code: r.PostFormValue("code")})
	if err != nil {
		return err
	}
	return h.answerStep(w, r, x, a)
}

// Told is POST /sessions/{id}/closing/told: a box that a doctor says was given.
func (h *Handlers) Told(w http.ResponseWriter, r *http.Request) error {
	x, err := parseClosing(r)
	if err != nil {
		return err
	}
	in := session.Telling{SessionID: x.session, CommandID: x.command, Code: r.PostFormValue("code")}
	if in.Visit, err = formUUID(r, "visit"); err != nil {
		return err
	}
	if in.Quantity, _, err = formQuantity(r); err != nil {
		return err
	}
	a, err := h.sessions.WriteTold(r.Context(), x.by, in)
	if err != nil {
		return err
	}
	return h.answerStep(w, r, x, a)
}

// RollOver is POST /sessions/{id}/closing/roll: where left-overs go.
func (h *Handlers) RollOver(w http.ResponseWriter, r *http.Request) error {
	x, err := parseClosing(r)
	if err != nil {
		return err
	}
	in := session.Rolling{SessionID: x.session, CommandID: x.command}
	if in.DrugID, err = formID(r, "drug"); err != nil {
		return err
	}
	if in.ToID, err = formID(r, "to"); err != nil {
		return err
	}
	a, err := h.sessions.RollOver(r.Context(), x.by, in)
	if err != nil {
		return err
	}
	return h.answerStep(w, r, x, a)
}

// Carry is POST /sessions/{id}/closing/carrier: who takes the left-overs home.
func (h *Handlers) Carry(w http.ResponseWriter, r *http.Request) error {
	x, err := parseClosing(r)
	if err != nil {
		return err
	}
	in := session.Carrying{SessionID: x.session, CommandID: x.command}
	if in.StaffID, err = formID(r, "staff"); err != nil {
		return err
	}
	a, err := h.sessions.NameCarrier(r.Context(), x.by, in)
	if err != nil {
		return err
	}
	return h.answerStep(w, r, x, a)
}

// ConfirmClosing is POST /sessions/{id}/closing/confirm: one of two signatures.
func (h *Handlers) ConfirmClosing(w http.ResponseWriter, r *http.Request) error {
	x, err := parseClosing(r)
	if err != nil {
		return err
	}
	a, err := h.sessions.ConfirmClosing(r.Context(), x.by, session.Confirming{SessionID: x.session, CommandID: x.command})
	if err != nil {
		return err
	}
	return h.answerStep(w, r, x, a)
}

// AddSupplement is POST /sessions/{id}/supplements: a correction after closing.
func (h *Handlers) AddSupplement(w http.ResponseWriter, r *http.Request) error {
	x, err := parseClosing(r)
	if err != nil {
		return err
	}
	in := session.Supplementing{SessionID: x.session, CommandID: x.command, Text: r.PostFormValue("text")}
	if in.RecordID, err = formID(r, "record"); err != nil {
		return err
	}
	if in.RecordID == 0 {
		if in.Visit, err = uuid.Parse(r.PostFormValue("visit")); err != nil {
			return db.Refuse(db.Invalid, "请选择要更正的就诊。")
		}
	}
	a, err := h.sessions.AddSupplement(r.Context(), x.by, in)
	if err != nil {
		return err
	}
	return h.answerClosing(w, r, x, a, page.Band{Tone: page.Good, Text: a.Sentence})
}

// SignLate is POST /sessions/{id}/records/{record}/sign: the doctor's yes.
func (h *Handlers) SignLate(w http.ResponseWriter, r *http.Request) error {
	x, err := parseClosing(r)
	if err != nil {
		return err
	}
	record, err := strconv.ParseInt(chi.URLParam(r, "record"), 10, 64)
	if err != nil {
		return db.Refuse(db.NotFound, "没有这条待签认的记录。请刷新页面。")
	}
	if err := h.sessions.SignLate(r.Context(), x.by, session.LateSigning{RecordID: record, CommandID: x.command}); err != nil {
		return err
	}
	band := page.Band{Tone: page.Good, Text: "已签认这条补记。"}
	if !page.IsHTMX(r) || r.Header.Get("HX-Target") != "to-sign" {
		return h.answerClosing(w, r, x, map[string]any{"record": record, "signed": true}, band)
	}
	// Pressed in the list of all that waits for this doctor, on another page.
	v, err := h.readToSign(r.Context(), x.by)
	if err != nil {
		return err
	}
	return h.site.Fragments(w, r, http.StatusOK, page.Part{Name: "to_sign", View: v}, page.Part{Name: "band_area", View: band})
}
