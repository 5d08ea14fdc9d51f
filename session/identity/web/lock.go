package web

import (
	"net/http"
	"net/url"

	"jingfang/session/identity"
	"jingfang/session/page"
	"jingfang/sql/db"
)

// lockView is the view of the page "lock".
type lockView struct {
	Name  string
	Next  string
	Error string
	HasCA bool
	Scan  scanView
}

// showLock locks the screen, if it is not, and shows how to open it. The browser
// comes here by itself when nobody has touched it.
func (w *Web) showLock(rw http.ResponseWriter, r *http.Request) error {
	st, _ := stateOf(r.Context())
	next := nextOf(r.URL.Query().Get("next"))
	if !st.Locked {
		if err := w.svc.LockScreen(r.Context(), st.Actor); err != nil {
			return err
		}
		return w.site.SeeOther(rw, r, "/lock?next="+url.QueryEscape(next))
	}
	return w.site.Page(rw, r, "lock", lockView{Name: st.Actor.Name, Next: next, HasCA: w.svc.HasCA(), Scan: scanView{State: "none"}})
}

func (w *Web) postLock(rw http.ResponseWriter, r *http.Request) error {
	by, _ := identity.ActorOf(r.Context())
	if err := w.svc.LockScreen(r.Context(), by); err != nil {
		return err
	}
	return w.done(rw, r, "/lock")
}

func (w *Web) postUnlock(rw http.ResponseWriter, r *http.Request) error {
	by, _ := identity.ActorOf(r.Context())
	form, err := readLogin(rw, r)
	if err != nil {
		return err
	}
	err = w.slowly(rw, r, func() error { return w.svc.Unlock(r.Context(), by, form.Password) })
	if db.KindOf(err) == db.Invalid && !page.WantsJSON(r) {
		return w.site.Page(rw, r, "lock", lockView{Name: by.Name, Next: nextOf(form.Next), Error: db.Sentence(err), HasCA: w.svc.HasCA(), Scan: scanView{State: "none"}})
	}
	if err != nil {
		return err
	}
	return w.done(rw, r, nextOf(form.Next))
}

// postActivity is told by the browser of real input; the middleware has written
// it down.
func (w *Web) postActivity(rw http.ResponseWriter, _ *http.Request) error {
	rw.WriteHeader(http.StatusNoContent)
	return nil
}
