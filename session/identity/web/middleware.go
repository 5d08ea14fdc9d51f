package web

import (
	"context"
	"crypto/subtle"
	"mime"
	"net/http"
	"net/netip"
	"slices"
	"strings"

	"jingfang/session/identity"
	"jingfang/session/live"
	"jingfang/session/page"
	"jingfang/sql/db"
)

type (
	stateKey  struct{}
	cookieKey struct{}
)

// stateOf is the login of a request that has passed the middleware with one.
func stateOf(ctx context.Context) (identity.State, bool) {
	st, ok := ctx.Value(stateKey{}).(identity.State)
	return st, ok
}

// Middleware finds the person behind every request with one statement, puts the
// Actor and the page's Viewer into its context, and refuses everything that is
// not open to all: without a login, under a locked screen, before a password
// that must be changed, and commands of a browser that lack the login's token.
func (w *Web) Middleware(next http.Handler) http.Handler {
	return http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
		if w.isOpen(r.URL.Path) {
			next.ServeHTTP(rw, r)
			return
		}
		r, err := w.enter(r)
		if err == nil {
			err = w.mayPass(rw, r)
		}
		if err != nil {
			w.turnAway(rw, r, err)
			return
		}
		// Pages name patients; nothing of them stays in a cache.
		rw.Header().Set("Cache-Control", "no-store")
		next.ServeHTTP(rw, r)
	})
}

func (w *Web) isOpen(path string) bool {
	return slices.ContainsFunc(w.open, func(open string) bool {
		return path == open || strings.HasSuffix(open, "/") && strings.HasPrefix(path, open)
	})
}

// enter resolves the cookie. A request without a valid login goes on as nobody;
// only a database that does not answer is an error.
func (w *Web) enter(r *http.Request) (*http.Request, error) {
	c, ok := w.readCookie(r)
	if !ok {
		return r, nil
	}
	ctx := context.WithValue(r.Context(), cookieKey{}, c)
	st, err := w.svc.Authenticate(ctx, c, clientOf(r), isActivity(r))
	if db.KindOf(err) == db.LoggedOut {
		return r.WithContext(ctx), nil
	}
	if err != nil {
		return r, err
	}
	ctx = context.WithValue(ctx, stateKey{}, st)
	ctx = identity.WithActor(ctx, st.Actor)
	return r.WithContext(page.WithViewer(ctx, w.viewer(st, c))), nil
}

// isActivity tells whether a request is a person's own doing. Streams and what
// htmx fetches by itself are not.
func isActivity(r *http.Request) bool {
	if r.Header.Get("X-Heartbeat") != "" {
		return false // a device's script says so of what it sends by itself
	}
	if r.Method != http.MethodGet && r.Method != http.MethodHead {
		return true
	}
	return !page.IsHTMX(r) && !isStream(r)
}

func isStream(r *http.Request) bool {
	return strings.Contains(r.Header.Get("Accept"), "text/event-stream")
}

// viewer is what the frame shows. Under a locked screen it is a name and a way
// out, and no menu.
func (w *Web) viewer(st identity.State, c identity.Cookie) page.Viewer {
	v := page.Viewer{StaffID: st.Actor.StaffID, Name: st.Actor.Name, CSRF: c.CSRF()}
	for _, role := range st.Actor.Roles() {
		v.RoleNames = append(v.RoleNames, role.Label())
	}
	if st.Locked {
		return v
	}
	v.LockAfter = w.svc.IdleLock()
	if st.MustChange {
		return v
	}
	for _, e := range w.menu {
		if st.Actor.Can(e.Needs, 0) == nil {
			v.Menu = append(v.Menu, e.MenuItem)
		}
	}
	return v
}

// mayPass is the gate before all handlers.
func (w *Web) mayPass(rw http.ResponseWriter, r *http.Request) error {
	path := r.URL.Path
	if err := w.fromOffice(r); err != nil {
		return err
	}
	st, ok := stateOf(r.Context())
	if !ok {
		if slices.Contains([]string{"/login", "/login/ca", "/login/ca/state", "/first-run"}, path) {
			return nil
		}
		return db.Refuse(db.LoggedOut, "请先登录。登录超过时限，或已在别处退出，都需要重新登录。")
	}
	if err := w.checkToken(rw, r); err != nil {
		return err
	}
	if st.Locked && !slices.Contains([]string{"/lock", "/unlock", "/logout", "/login", "/login/ca", "/login/ca/state", "/switch"}, path) {
		return db.Refuse(db.Locked, "屏幕已锁定，请输入密码解锁后继续。未提交的内容不会丢失。")
	}
	if st.MustChange && !slices.Contains([]string{"/password", "/lock", "/unlock", "/logout", "/activity", "/login", "/login/ca", "/login/ca/state", "/switch"}, path) {
		return errMustChange()
	}
	return nil
}

// fromOffice holds the pages of administration to their networks.
func (w *Web) fromOffice(r *http.Request) error {
	path := r.URL.Path
	if len(w.nets) == 0 || !strings.HasPrefix(path, "/admin/") && path != "/audit" && !strings.HasPrefix(path, "/audit/") && path != "/transferlog" && !strings.HasPrefix(path, "/transferlog/") {
		return nil
	}
	addr, err := netip.ParseAddr(clientOf(r).Addr)
	if err == nil && slices.ContainsFunc(w.nets, func(n netip.Prefix) bool { return n.Contains(addr.Unmap()) }) {
		return nil
	}
	return db.Refuse(db.Denied, "管理页面只能在指定的办公网络打开。请在办公电脑上操作。")
}

func errMustChange() error {
	return db.Refuse(db.Denied, "密码须先修改（首次登录、被重置，或已用满 90 天）。请打开“修改密码”。")
}

// maxForm bounds a form, in bytes; uploads carry the token in the header.
const maxForm = 1 << 20

// checkToken asks a browser's command for the token of its login. Requests with
// neither Origin nor Sec-Fetch-Site come from programs, which no foreign page
// can drive.
func (w *Web) checkToken(rw http.ResponseWriter, r *http.Request) error {
	if r.Method == http.MethodGet || r.Method == http.MethodHead || r.Method == http.MethodOptions {
		return nil
	}
	// A form that was cut off would look like one whose fields are missing.
	if kind, _, _ := mime.ParseMediaType(r.Header.Get("Content-Type")); kind == "application/x-www-form-urlencoded" {
		if err := readForm(rw, r); err != nil {
			return err
		}
	}
	if r.Header.Get("Origin") == "" && r.Header.Get("Sec-Fetch-Site") == "" {
		return nil
	}
	c, _ := r.Context().Value(cookieKey{}).(identity.Cookie)
	given := r.Header.Get("X-CSRF-Token")
	if given == "" {
		r.Body = http.MaxBytesReader(rw, r.Body, maxForm)
		given = r.PostFormValue("csrf")
	}
	if subtle.ConstantTimeCompare([]byte(given), []byte(c.CSRF())) != 1 {
		return db.Refuse(db.Denied, "页面已过期，这次操作没有执行。请刷新页面后重试。")
	}
	return nil
}

// orBye answers the refusal of a stream with the event that ends it, and gives
// nil: a page would take a refusal as a broken line and try for ever, with a
// denial in the audit each time.
func orBye(rw http.ResponseWriter, r *http.Request, err error) error {
	if !isStream(r) {
		return err
	}
	switch db.KindOf(err) {
	case db.LoggedOut, db.Locked, db.Denied, db.NotFound:
		live.Bye(rw, r)
		return nil
	}
	return err
}

// turnAway answers a request that may not pass.
func (w *Web) turnAway(rw http.ResponseWriter, r *http.Request, err error) {
	kind := db.KindOf(err)
	if err = orBye(rw, r, err); err == nil {
		return
	}
	st, ok := stateOf(r.Context())
	if ok && st.MustChange && !st.Locked && kind == db.Denied && r.Method == http.MethodGet && !page.WantsJSON(r) {
		if err := w.site.SeeOther(rw, r, "/password"); err == nil {
			return
		}
	}
	w.site.Fail(rw, r, err)
}

// LoggedIn wraps a handler that any person may use; the middleware has asked for
// a login.
func (w *Web) LoggedIn(f page.Func) http.HandlerFunc {
	return w.site.Handle(func(rw http.ResponseWriter, r *http.Request) error {
		if _, ok := stateOf(r.Context()); !ok {
			return db.Refuse(db.LoggedOut, "请先登录。")
		}
		return orBye(rw, r, f(rw, r))
	})
}

// Require wraps a handler that needs a permission at any site; the handler asks
// for the site it is about. A denial is written to the audit.
func (w *Web) Require(p identity.Permission, f page.Func) http.HandlerFunc {
	return w.LoggedIn(func(rw http.ResponseWriter, r *http.Request) error {
		by, _ := identity.ActorOf(r.Context())
		if err := identity.Allow(r.Context(), w.svc.DB(), by, p, 0); err != nil {
			return err
		}
		return f(rw, r)
	})
}

// RequireAny is Require with one of several permissions.
func (w *Web) RequireAny(f page.Func, list ...identity.Permission) http.HandlerFunc {
	refuse := w.Require(list[0], f)
	return func(rw http.ResponseWriter, r *http.Request) {
		by, _ := identity.ActorOf(r.Context())
		for _, p := range list {
			if by.Can(p, 0) == nil {
				w.LoggedIn(f)(rw, r)
				return
			}
		}
		refuse(rw, r)
	}
}
