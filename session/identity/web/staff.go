package web

import (
	"net/http"
	"net/url"
	"strconv"
	"time"

	"github.com/go-chi/chi/v5"

	"jingfang/session/identity"
	"jingfang/session/page"
	"jingfang/sql/db"
)

// shanghai is the time zone of every date we show. The program embeds the zone
// table, so that the name is known on every machine.
func shanghai() (*time.Location, error) { return time.LoadLocation("Asia/Shanghai") }

// staffListView is the view of the page "staff_list".
type staffListView struct {
	Rows      []staffRow
	CanCreate bool
	New       identity.NewStaff
	Error     string
}

// staffRow is a person in the list.
type staffRow struct {
	ID             int64
	Name, Username string
	Roles          []string
	LastLogin      string // "今天 09:12", "从未登录"
	Disabled       bool
	Unused         bool // no login for 90 days
}

func (w *Web) showStaffList(rw http.ResponseWriter, r *http.Request) error {
	return w.staffList(rw, r, identity.NewStaff{}, "")
}

func (w *Web) staffList(rw http.ResponseWriter, r *http.Request, n identity.NewStaff, failure string) error {
	by, _ := identity.ActorOf(r.Context())
	list, err := w.svc.FindStaff(r.Context(), w.svc.DB(), identity.StaffFilter{})
	if err != nil {
		return err
	}
	sites, err := identity.FindSites(r.Context(), w.svc.DB(), identity.SiteFilter{})
	if err != nil {
		return err
	}
	view := staffListView{CanCreate: by.Can(identity.ManageStaff, 0) == nil, New: n, Error: failure}
	now := w.svc.DB().Now()
	for _, st := range list {
		row, err := newStaffRow(st, siteNames(sites), now)
		if err != nil {
			return err
		}
		view.Rows = append(view.Rows, row)
	}
	return w.site.Page(rw, r, "staff_list", view)
}

func siteNames(sites []identity.Site) map[int64]string {
	names := map[int64]string{}
	for _, s := range sites {
		names[s.ID] = s.Name
	}
	return names
}

func newStaffRow(st identity.Staff, sites map[int64]string, now time.Time) (staffRow, error) {
	row := staffRow{ID: st.ID, Name: st.Name, Username: st.Username, Disabled: st.DisabledAt != nil, LastLogin: "从未登录"}
	for _, g := range st.Grants {
		row.Roles = append(row.Roles, grantLabel(g, sites))
	}
	last := st.CreatedAt
	if st.LastLoginAt != nil {
		last = *st.LastLoginAt
		zone, err := shanghai()
		if err != nil {
			return row, err
		}
		row.LastLogin = last.In(zone).Format("2006-01-02 15:04")
	}
	row.Unused = !row.Disabled && now.Sub(last) >= identity.PasswordLife
	return row, nil
}

// grantLabel is "医生 · 新华社区", or the role alone when it is held everywhere.
func grantLabel(g identity.Grant, sites map[int64]string) string {
	if g.SiteID == 0 {
		return g.Role.Label()
	}
	return g.Role.Label() + " · " + sites[g.SiteID]
}

func (w *Web) postStaff(rw http.ResponseWriter, r *http.Request) error {
	by, _ := identity.ActorOf(r.Context())
	if err := readForm(rw, r); err != nil {
		return err
	}
	n := identity.NewStaff{Username: r.PostForm.Get("username"), Name: r.PostForm.Get("name")}
	st, password, err := w.svc.CreateStaff(r.Context(), by, n)
	if kind := db.KindOf(err); (kind == db.Invalid || kind == db.Conflict) && !page.WantsJSON(r) {
		return w.staffList(rw, r, n, db.Sentence(err))
	}
	if err != nil {
		return err
	}
	return w.oneTime(rw, r, st, "账号已建立", password)
}

// oneTime shows a one-time password, once: it is kept nowhere.
func (w *Web) oneTime(rw http.ResponseWriter, r *http.Request, st identity.Staff, title, password string) error {
	if page.WantsJSON(r) {
		return w.site.JSON(rw, r, http.StatusOK, map[string]any{"id": st.ID, "username": st.Username, "one_time_password": password})
	}
	return w.site.Page(rw, r, "one_time", oneTimeView{Title: title, Back: "/admin/staff",
		People: []oneTimePerson{{Name: st.Name, Username: st.Username, Password: password}}})
}

// staffView is the view of the page "staff".
type staffView struct {
	staffRow
	Self      bool // one's own account cannot be changed here
	CanManage bool
	CanGrant  bool
	Grants    []grantLine
	Roles     []choice
	Sites     []choice
	Error     string
	HasCA     bool
	Bound     string // the certificate that is bound, "" for none
	HasTotp   bool
}

// grantLine is a role the person holds.
type grantLine struct {
	Label string
	Role  identity.Role
	Site  int64
}

// choice is an option of a select.
type choice struct{ Value, Label string }

func (w *Web) showStaff(rw http.ResponseWriter, r *http.Request) error { return w.staff(rw, r, "") }

func (w *Web) staff(rw http.ResponseWriter, r *http.Request, failure string) error {
	by, _ := identity.ActorOf(r.Context())
	id, err := staffID(r)
	if err != nil {
		return err
	}
	list, err := w.svc.FindStaff(r.Context(), w.svc.DB(), identity.StaffFilter{IDs: []int64{id}})
	if err != nil {
		return err
	}
	if len(list) == 0 {
		return db.Refuse(db.NotFound, "没有这个人员。请从列表里选择。")
	}
	sites, err := identity.FindSites(r.Context(), w.svc.DB(), identity.SiteFilter{})
	if err != nil {
		return err
	}
	view, err := newStaffView(by, list[0], sites, w.svc.DB().Now())
	if err != nil {
		return err
	}
	view.Error = failure
	if err := w.addFactors(r, &view); err != nil {
		return err
	}
	return w.site.Page(rw, r, "staff", view)
}

// addFactors says what the person logs in with besides the password.
func (w *Web) addFactors(r *http.Request, v *staffView) error {
	v.HasCA = w.svc.HasCA()
	b, err := w.svc.BindingFor(r.Context(), v.ID)
	if err != nil {
		return err
	}
	if b.ID != 0 {
		v.Bound = b.PersonName + " · 编号 " + b.PersonCode
		if b.CertSN != "" && b.NotAfter != nil {
			v.Bound += " · 证书 " + b.CertSN + "，有效期到 " + b.NotAfter.Format("2006-01-02")
		}
	}
	state, err := w.svc.TotpState(r.Context(), identity.Actor{StaffID: v.ID})
	v.HasTotp = state == "active"
	return err
}

func newStaffView(by identity.Actor, st identity.Staff, sites []identity.Site, now time.Time) (staffView, error) {
	names := siteNames(sites)
	row, err := newStaffRow(st, names, now)
	if err != nil {
		return staffView{}, err
	}
	self := by.StaffID == st.ID
	view := staffView{staffRow: row, Self: self,
		CanManage: by.Can(identity.ManageStaff, 0) == nil && !self, CanGrant: by.Can(identity.ManageRoles, 0) == nil && !self}
	for _, g := range st.Grants {
		view.Grants = append(view.Grants, grantLine{grantLabel(g, names), g.Role, g.SiteID})
	}
	for _, role := range identity.Roles() {
		view.Roles = append(view.Roles, choice{string(role), role.Label()})
	}
	view.Sites = append(view.Sites, choice{"0", "全部精防点"})
	for _, s := range sites {
		if s.Active {
			view.Sites = append(view.Sites, choice{strconv.FormatInt(s.ID, 10), s.Name})
		}
	}
	return view, nil
}

func staffID(r *http.Request) (int64, error) {
	id, err := strconv.ParseInt(chi.URLParam(r, "id"), 10, 64)
	if err != nil || id <= 0 {
		return 0, db.Refuse(db.NotFound, "没有这个人员。请从列表里选择。")
	}
	return id, nil
}

func (w *Web) postReset(rw http.ResponseWriter, r *http.Request) error {
	by, _ := identity.ActorOf(r.Context())
	id, err := staffID(r)
	if err != nil {
		return err
	}
	password, err := w.svc.ResetPassword(r.Context(), by, id)
	if err != nil {
		return err
	}
	st, err := identity.FindStaffByID(r.Context(), w.svc.DB(), id)
	if err != nil {
		return err
	}
	return w.oneTime(rw, r, st, "密码已重置", password)
}

func (w *Web) postDisable(rw http.ResponseWriter, r *http.Request) error {
	return w.change(rw, r, func(by identity.Actor, id int64) error { return w.svc.DisableStaff(r.Context(), by, id) })
}

func (w *Web) postEnable(rw http.ResponseWriter, r *http.Request) error {
	return w.change(rw, r, func(by identity.Actor, id int64) error { return w.svc.EnableStaff(r.Context(), by, id) })
}

func (w *Web) postGrant(rw http.ResponseWriter, r *http.Request) error {
	return w.changeGrant(rw, r, func(by identity.Actor, id int64, g identity.Grant) error {
		return w.svc.GrantRole(r.Context(), by, id, g)
	})
}

func (w *Web) postRevoke(rw http.ResponseWriter, r *http.Request) error {
	return w.changeGrant(rw, r, func(by identity.Actor, id int64, g identity.Grant) error {
		return w.svc.RevokeRole(r.Context(), by, id, g)
	})
}

// changeGrant does the same for every site that was ticked, one after the other;
// what a rule forbids ends it.
func (w *Web) changeGrant(rw http.ResponseWriter, r *http.Request, do func(identity.Actor, int64, identity.Grant) error) error {
	if err := readForm(rw, r); err != nil {
		return err
	}
	grants, refusal := readGrants(r.PostForm)
	return w.change(rw, r, func(by identity.Actor, id int64) error {
		for _, g := range grants {
			if err := do(by, id, g); err != nil {
				return err
			}
		}
		return refusal
	})
}

// readGrants reads a role and its sites; with 全部精防点 the others say nothing.
func readGrants(form url.Values) ([]identity.Grant, error) {
	role := identity.Role(form.Get("role"))
	var list []identity.Grant
	for _, text := range form["site"] {
		site, err := strconv.ParseInt(text, 10, 64)
		if err != nil || site < 0 {
			return nil, db.Refuse(db.Invalid, "精防点无法识别，请刷新页面后重试。")
		}
		if site == 0 {
			return []identity.Grant{{Role: role}}, nil
		}
		list = append(list, identity.Grant{Role: role, SiteID: site})
	}
	if len(list) == 0 {
		return nil, db.Refuse(db.Invalid, "请选择精防点，至少一个。")
	}
	return list, nil
}

// change runs a change of a person's account and shows the person again, with
// the sentence when a rule forbids it.
func (w *Web) change(rw http.ResponseWriter, r *http.Request, do func(by identity.Actor, id int64) error) error {
	by, _ := identity.ActorOf(r.Context())
	id, err := staffID(r)
	if err != nil {
		return err
	}
	err = do(by, id)
	if kind := db.KindOf(err); (kind == db.Invalid || kind == db.Conflict || kind == db.Denied) && !page.WantsJSON(r) {
		return w.staff(rw, r, db.Sentence(err))
	}
	if err != nil {
		return err
	}
	return w.done(rw, r, "/admin/staff/"+strconv.FormatInt(id, 10))
}
