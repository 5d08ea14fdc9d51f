package web

import (
	"net/http"

	"jingfang/session/identity"
)

// cookieName differs under TLS: a browser takes a __Host- cookie only from us,
// with Secure and for the whole host, and no neighbour can plant one.
func (w *Web) cookieName(r *http.Request) string {
	if w.secure(r) {
		return "__Host-jingfang"
	}
	return "jingfang"
}

func (w *Web) secure(r *http.Request) bool { return w.https || r.TLS != nil }

func (w *Web) readCookie(r *http.Request) (identity.Cookie, bool) {
	c, err := r.Cookie(w.cookieName(r))
	if err != nil {
		return identity.Cookie{}, false
	}
	return identity.ParseCookie(c.Value)
}

// setCookie keeps the login until the browser closes; the server ends it before.
func (w *Web) setCookie(rw http.ResponseWriter, r *http.Request, c identity.Cookie) {
	http.SetCookie(rw, &http.Cookie{Name: w.cookieName(r), Value: c.Value(), Path: "/",
		HttpOnly: true, Secure: w.secure(r), SameSite: http.SameSiteStrictMode})
}

func (w *Web) clearCookie(rw http.ResponseWriter, r *http.Request) {
	http.SetCookie(rw, &http.Cookie{Name: w.cookieName(r), Path: "/", MaxAge: -1,
		HttpOnly: true, Secure: w.secure(r), SameSite: http.SameSiteStrictMode})
}
