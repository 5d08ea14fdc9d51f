package web

import (
	"errors"
	"net/http"

	"jingfang/session/page"
	"jingfang/sql/db"
)

// passwordView is the view of the page "password".
type passwordView struct {
	Username string
	Must     bool // the person cannot go on without
	Error    string
}

func (w *Web) showPassword(rw http.ResponseWriter, r *http.Request) error {
	st, _ := stateOf(r.Context())
	return w.site.Page(rw, r, "password", passwordView{Username: st.Actor.Username, Must: st.MustChange})
}

func (w *Web) postPassword(rw http.ResponseWriter, r *http.Request) error {
	st, _ := stateOf(r.Context())
	if err := readForm(rw, r); err != nil {
		return err
	}
	err := w.slowly(rw, r, func() error {
		if r.PostForm.Get("password") != r.PostForm.Get("again") {
			return db.Refuse(db.Invalid, "两次输入的新密码不一样，请重新输入。")
		}
		return w.svc.ChangePassword(r.Context(), st.Actor, r.PostForm.Get("old"), r.PostForm.Get("password"))
	})
	if db.KindOf(err) == db.Invalid && !page.WantsJSON(r) {
		return w.site.Page(rw, r, "password", passwordView{Username: st.Actor.Username, Must: st.MustChange, Error: db.Sentence(err)})
	}
	if err != nil {
		return err
	}
	return w.done(rw, r, "/")
}

// readForm parses a form of bounded size.
func readForm(rw http.ResponseWriter, r *http.Request) error {
	r.Body = http.MaxBytesReader(rw, r.Body, maxForm)
	err := r.ParseForm()
	var large *http.MaxBytesError
	if errors.As(err, &large) {
		return db.RefuseBecause(err, db.Invalid, "一次提交的内容太多（最多 %d KB），没有执行。请分几次提交。", large.Limit>>10)
	}
	if err != nil {
		return db.RefuseBecause(err, db.Invalid, "表单无法识别，请刷新页面后重试。")
	}
	return nil
}

// firstRunOpen tells whether the first administrators may be created here.
func (w *Web) firstRunOpen(r *http.Request) (bool, error) {
	if w.token == "" {
		return false, nil
	}
	return w.svc.NeedsFirstRun(r.Context())
}
