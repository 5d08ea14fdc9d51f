package web

import (
	"crypto/rand"
	"crypto/subtle"
	"net/http"
	"strings"

	"jingfang/session/identity"
	"jingfang/sql/db"
)

// NewFirstRunToken makes the token that the server prints on its console, so
// that nobody else in the network can grab an empty program.
func NewFirstRunToken() string {
	t := rand.Text()
	return t[:4] + "-" + t[4:8] + "-" + t[8:12] + "-" + t[12:16]
}

// firstRunView is the view of the page "first_run".
type firstRunView struct {
	Token  string
	People []firstPerson
	Error  string
}

// firstPerson is one of the three forms.
type firstPerson struct {
	Field          string // prefix of the fields' names
	Role, Hint     string
	Username, Name string
}

// oneTimeView is the view of the page "one_time": passwords shown once.
type oneTimeView struct {
	Title  string
	People []oneTimePerson
	Back   string // where the button leads
}

type oneTimePerson struct{ Role, Name, Username, Password string }

func (w *Web) showFirstRun(rw http.ResponseWriter, r *http.Request) error {
	if err := w.needFirstRun(r); err != nil {
		return err
	}
	return w.site.Page(rw, r, "first_run", firstRunView{People: firstPeople(nil)})
}

func (w *Web) needFirstRun(r *http.Request) error {
	open, err := w.firstRunOpen(r)
	if err != nil {
		return err
	}
	if !open {
		return db.Refuse(db.NotFound, "系统已经有账号了。请用已有账号登录。")
	}
	return nil
}

// firstPeople are the three forms, filled from what was sent.
func firstPeople(get func(string) string) []firstPerson {
	if get == nil {
		get = func(string) string { return "" }
	}
	list := []firstPerson{
		{Field: "system", Role: identity.SysAdmin.Label(), Hint: "建立和停用人员账号、维护精防点。看不到患者。"},
		{Field: "security", Role: identity.SecAdmin.Label(), Hint: "授予和撤销角色。"},
		{Field: "audit", Role: identity.Auditor.Label(), Hint: "只看审计记录，检查有没有被改动。"},
	}
	for i, p := range list {
		list[i].Username, list[i].Name = get(p.Field+"_username"), get(p.Field+"_name")
	}
	return list
}

func (w *Web) postFirstRun(rw http.ResponseWriter, r *http.Request) error {
	if err := w.needFirstRun(r); err != nil {
		return err
	}
	if err := readForm(rw, r); err != nil {
		return err
	}
	people := firstPeople(r.PostForm.Get)
	var made []identity.Newcomer
	err := w.slowly(rw, r, func() (err error) {
		made, err = w.firstRun(r, people)
		return err
	})
	if kind := db.KindOf(err); kind == db.Invalid || kind == db.Denied || kind == db.Conflict {
		return w.site.Page(rw, r, "first_run", firstRunView{People: people, Error: db.Sentence(err)})
	}
	if err != nil {
		return err
	}
	view := oneTimeView{Title: "三个管理员账号已建立", Back: "/login"}
	for i, m := range made {
		view.People = append(view.People, oneTimePerson{people[i].Role, m.Staff.Name, m.Staff.Username, m.OneTime})
	}
	return w.site.Page(rw, r, "one_time", view)
}

func (w *Web) firstRun(r *http.Request, p []firstPerson) ([]identity.Newcomer, error) {
	given := strings.ToUpper(strings.TrimSpace(r.PostForm.Get("token")))
	if subtle.ConstantTimeCompare([]byte(given), []byte(w.token)) != 1 {
		return nil, db.Refuse(db.Denied, "启动码不正确。它显示在服务器的控制台上，请照着输入。")
	}
	return w.svc.FirstRun(r.Context(), clientOf(r), identity.Administrators{
		System:   identity.NewStaff{Username: p[0].Username, Name: p[0].Name},
		Security: identity.NewStaff{Username: p[1].Username, Name: p[1].Name},
		Audit:    identity.NewStaff{Username: p[2].Username, Name: p[2].Name},
	})
}
