package page

import (
	"net/http"

	"jingfang/sql/db"
)

// contentPolicy lets a page load from our own origin only and run no inline
// script or style. Pictures may come from the camera (blob) and from a QR code
// drawn into the page (data). The decoder of the camera needs more and gets it in a
// worker with a policy of its own (static.Handler), not here.
const contentPolicy = "default-src 'self'; img-src 'self' data: blob:; media-src 'self' blob:; connect-src 'self'; " +
	"object-src 'none'; frame-ancestors 'none'; base-uri 'none'; form-action 'self'"

// Secure sets the headers that protect a page. The camera is allowed, because
// labels are scanned with it.
func (s *Site) Secure(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		header := w.Header()
		header.Set("Content-Security-Policy", contentPolicy)
		header.Set("X-Content-Type-Options", "nosniff")
		header.Set("X-Frame-Options", "DENY")
		header.Set("Referrer-Policy", "same-origin")
		header.Set("Permissions-Policy", "camera=(self), microphone=(), geolocation=(), payment=(), usb=()")
		header.Set("Cross-Origin-Opener-Policy", "same-origin")
		header.Set("Cross-Origin-Resource-Policy", "same-origin")
		if s.https || r.TLS != nil {
			header.Set("Strict-Transport-Security", "max-age=31536000")
		}
		next.ServeHTTP(w, r)
	})
}

// SameOrigin refuses commands that another site made the browser send. Requests
// without Origin and Sec-Fetch-Site come from programs and pass.
func (s *Site) SameOrigin(next http.Handler) http.Handler {
	protection := http.NewCrossOriginProtection()
	protection.SetDenyHandler(s.Handle(func(http.ResponseWriter, *http.Request) error {
		return db.Refuse(db.Denied, "这个请求来自别的网站，没有执行。请从本系统的页面操作。")
	}))
	return protection.Handler(next)
}

// NotFound answers an address that does not exist.
func (s *Site) NotFound() http.HandlerFunc {
	return s.Handle(func(http.ResponseWriter, *http.Request) error {
		return db.Refuse(db.NotFound, "没有这个地址。请从菜单重新进入。")
	})
}

// MethodNotAllowed answers an address that exists for another method.
func (s *Site) MethodNotAllowed() http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		a := answerTo(r, db.Refuse(db.NotFound, "这个地址不能这样打开。请从菜单重新进入。"))
		a.status = http.StatusMethodNotAllowed
		if err := s.write(w, r, a); err != nil {
			s.log.Warn("the answer to an error could not be sent", "ref", a.ref, "error", err)
		}
	}
}

// Middleware is what every request passes, outermost first: reference number,
// access log, protecting headers, panics, origin.
func (s *Site) Middleware() []func(http.Handler) http.Handler {
	return []func(http.Handler) http.Handler{Reference, s.AccessLog, s.Secure, s.Recover, s.SameOrigin}
}
