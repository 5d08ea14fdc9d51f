package web

import (
	"net/http"

	"jingfang/session/identity"
	"jingfang/session/page"
	"jingfang/sql/db"
)

// totpView is the view of the page "totp".
type totpView struct {
	State  string // none, begun, active
	Secret string
	QR     page.QR
	Error  string
}

func (w *Web) showTotp(rw http.ResponseWriter, r *http.Request) error { return w.totp(rw, r, "") }

func (w *Web) totp(rw http.ResponseWriter, r *http.Request, failure string) error {
	by, _ := identity.ActorOf(r.Context())
	state, err := w.svc.TotpState(r.Context(), by)
	if err != nil {
		return err
	}
	v := totpView{State: state, Error: failure}
	if state == "begun" {
		e, err := w.svc.Enrolling(r.Context(), by)
		if err != nil {
			return err
		}
		if v, err = enrolling(e); err != nil {
			return err
		}
		v.Error = failure
	}
	return w.site.Page(rw, r, "totp", v)
}

func enrolling(e identity.Enrolment) (totpView, error) {
	code, err := page.NewScreenQR(e.URI)
	return totpView{State: "begun", Secret: e.Secret, QR: code}, err
}

// postTotp is POST /totp: a fresh secret, after the password.
func (w *Web) postTotp(rw http.ResponseWriter, r *http.Request) error {
	by, _ := identity.ActorOf(r.Context())
	if err := readForm(rw, r); err != nil {
		return err
	}
	var e identity.Enrolment
	err := w.slowly(rw, r, func() (err error) {
		e, err = w.svc.BeginTotp(r.Context(), by, r.PostForm.Get("password"))
		return err
	})
	if kind := db.KindOf(err); (kind == db.Invalid || kind == db.Conflict) && !page.WantsJSON(r) {
		return w.totp(rw, r, db.Sentence(err))
	}
	if err != nil {
		return err
	}
	v, err := enrolling(e)
	if err != nil {
		return err
	}
	return w.site.Page(rw, r, "totp", v)
}

// postTotpConfirm is POST /totp/confirm: one code makes the secret count.
func (w *Web) postTotpConfirm(rw http.ResponseWriter, r *http.Request) error {
	by, _ := identity.ActorOf(r.Context())
	if err := readForm(rw, r); err != nil {
		return err
	}
	err := w.slowly(rw, r, func() error { return w.svc.ConfirmTotp(r.Context(), by, r.PostForm.Get("code")) })
	if kind := db.KindOf(err); (kind == db.Invalid || kind == db.Conflict) && !page.WantsJSON(r) {
		return w.totp(rw, r, db.Sentence(err))
	}
	if err != nil {
		return err
	}
	return w.done(rw, r, "/totp")
}

func (w *Web) postTotpReset(rw http.ResponseWriter, r *http.Request) error {
	return w.change(rw, r, func(by identity.Actor, id int64) error { return w.svc.ResetTotp(r.Context(), by, id) })
}

func (w *Web) postBind(rw http.ResponseWriter, r *http.Request) error {
	if err := readForm(rw, r); err != nil {
		return err
	}
	return w.change(rw, r, func(by identity.Actor, id int64) error {
		return w.svc.Bind(r.Context(), by, id, r.PostForm.Get("code"))
	})
}

func (w *Web) postUnbind(rw http.ResponseWriter, r *http.Request) error {
	return w.change(rw, r, func(by identity.Actor, id int64) error { return w.svc.Unbind(r.Context(), by, id) })
}
