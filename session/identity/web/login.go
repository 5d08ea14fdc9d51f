package web

import (
	"encoding/json"
	"mime"
	"net/http"
	"strings"

	"jingfang/session/identity"
	"jingfang/session/page"
	"jingfang/sql/db"
)

// loginView is the view of the page "login".
type loginView struct {
	Username string
	Next     string // path to go to afterwards
	Error    string // "" at first
	FirstRun bool   // nobody has an account yet
	Code     bool   // a one-time code is needed besides
	Asks     bool   // Error is no failure: it asks for the code
	HasCA    bool
	Scan     scanView
}

// ShowsCode tells whether a QR code stands beside the password. Who is asked for a
// one-time code is not offered what does not work just now.
func (v loginView) ShowsCode() bool { return v.HasCA && !v.Code }

func (w *Web) showLogin(rw http.ResponseWriter, r *http.Request) error {
	if st, ok := stateOf(r.Context()); ok && !st.Locked {
		return w.site.SeeOther(rw, r, nextOf(r.URL.Query().Get("next")))
	}
	first, err := w.firstRunOpen(r)
	if err != nil {
		return err
	}
	return w.loginPage(rw, r, loginView{Next: nextOf(r.URL.Query().Get("next")), FirstRun: first})
}

// loginPage draws the page with the QR code that this browser has, if any.
func (w *Web) loginPage(rw http.ResponseWriter, r *http.Request, v loginView) (err error) {
	v.HasCA = w.svc.HasCA()
	if v.Scan, err = w.seen(r); err != nil {
		return err
	}
	return w.site.Page(rw, r, "login", v)
}

// loginForm is what a login sends, as a form or as JSON.
type loginForm struct {
	Username string `json:"username"`
	Password string `json:"password"`
	Code     string `json:"code"`
	Next     string `json:"next"`
}

// loginAnswer is what a program gets after a login.
type loginAnswer struct {
	Username   string           `json:"username"`
	Name       string           `json:"name"`
	Roles      []identity.Role  `json:"roles"`
	Grants     []identity.Grant `json:"grants"`
	CSRF       string           `json:"csrf"`
	MustChange bool             `json:"must_change"`
}

func newLoginAnswer(l identity.Login) loginAnswer {
	a := l.State.Actor
	return loginAnswer{Username: a.Username, Name: a.Name, Roles: a.Roles(), Grants: a.Grants, CSRF: l.Cookie.CSRF(), MustChange: l.State.MustChange}
}

func (w *Web) postLogin(rw http.ResponseWriter, r *http.Request) error {
	form, err := readLogin(rw, r)
	if err != nil {
		return err
	}
	var login identity.Login
	err = w.slowly(rw, r, func() (err error) {
		old, _ := w.readCookie(r)
		login, err = w.svc.LogInWith(r.Context(), clientOf(r), identity.Credentials{Username: form.Username, Password: form.Password, Code: form.Code}, old)
		return err
	})
	kind := db.KindOf(err)
	if (kind == db.LoggedOut || kind == db.TooMany || kind == db.Denied) && !page.WantsJSON(r) {
		return w.loginPage(rw, r, loginView{Username: form.Username, Next: nextOf(form.Next), Error: db.Sentence(err),
			Code: identity.NeedsCode(err), Asks: identity.NeedsCode(err) && form.Code == ""})
	}
	if err != nil {
		return err
	}
	w.setCookie(rw, r, login.Cookie)
	if page.WantsJSON(r) {
		return w.site.JSON(rw, r, http.StatusOK, newLoginAnswer(login))
	}
	if login.State.MustChange {
		return w.site.SeeOther(rw, r, "/password")
	}
	return w.site.SeeOther(rw, r, nextOf(form.Next))
}

// readLogin reads the fields from a form or a JSON body.
func readLogin(rw http.ResponseWriter, r *http.Request) (loginForm, error) {
	r.Body = http.MaxBytesReader(rw, r.Body, 16<<10)
	var f loginForm
	if kind, _, err := mime.ParseMediaType(r.Header.Get("Content-Type")); err == nil && kind == "application/json" {
		if err := json.NewDecoder(r.Body).Decode(&f); err != nil {
			return f, db.RefuseBecause(err, db.Invalid, "登录请求不是有效的 JSON。请发送 username 和 password 两个字段。")
		}
		return f, nil
	}
	if err := r.ParseForm(); err != nil {
		return f, db.RefuseBecause(err, db.Invalid, "登录表单无法识别，请刷新页面后重试。")
	}
	return loginForm{r.PostForm.Get("username"), r.PostForm.Get("password"), r.PostForm.Get("code"), r.PostForm.Get("next")}, nil
}

// slowly runs an attempt that may be somebody's guess. Too many failures from
// one address in a minute are turned away without being tried; successes do not
// count, because a whole site may come from one address.
func (w *Web) slowly(rw http.ResponseWriter, r *http.Request, try func() error) error {
	key := clientOf(r).Addr
	if _, rate, err := w.slow.Status(key); err == nil && rate >= float64(w.failures) {
		return db.Refuse(db.TooMany, "这个网络地址上的失败次数太多，请一分钟后再试。")
	}
	err := try()
	if kind := db.KindOf(err); kind == db.LoggedOut || kind == db.TooMany || kind == db.Invalid || kind == db.Denied {
		w.slow.OnLimit(rw, r, key)
	}
	return err
}

// nextOf is a path of our own to go to, never another site's.
func nextOf(next string) string {
	if !strings.HasPrefix(next, "/") || strings.HasPrefix(next, "//") || strings.ContainsAny(next, "\\\r\n\t") ||
		strings.HasPrefix(next, "/login") || strings.HasPrefix(next, "/lock") || strings.HasPrefix(next, "/switch") || strings.HasPrefix(next, "/logout") {
		return "/"
	}
	return next
}

func (w *Web) postLogout(rw http.ResponseWriter, r *http.Request) error {
	by, _ := identity.ActorOf(r.Context())
	if err := w.svc.LogOut(r.Context(), by); err != nil {
		return err
	}
	w.clearCookie(rw, r)
	return w.done(rw, r, "/login")
}

// done answers a command that has nothing to show: programs get {"ok":true},
// browsers the page that follows.
func (w *Web) done(rw http.ResponseWriter, r *http.Request, to string) error {
	if page.WantsJSON(r) {
		return w.site.JSON(rw, r, http.StatusOK, map[string]bool{"ok": true})
	}
	return w.site.SeeOther(rw, r, to)
}
