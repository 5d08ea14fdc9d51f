package identity_test

import (
	"fmt"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"jingfang/session/identity"
	"jingfang/sql/db"
)

func TestCheckPassword(t *testing.T) {
	for _, c := range []struct {
		password string
		good     bool
	}{
		{"Abcdef123-", true}, {"Abcdefg123", true}, {"abc-def-123", true}, {"密码密码密码Ab1密码", true},
		{"Abcdef12-", false}, {"abcdefghij", false}, {"abcdefgh12", false}, {"", false},
		{"Zhang.San-99", false}, {"x-ZHANG.SAN-1", false}, {"Abcdef123\n-", false}, {"Abcdef123\xff-", false}, {strings.Repeat("Ab1-", 33), false},
	} {
		if err := identity.CheckPassword("zhang.san", c.password); (err == nil) != c.good {
			t.Errorf("%q: %v", c.password, err)
		}
	}
}

func TestChangePassword(t *testing.T) {
	h := newHouse(t)
	h.person("doc")
	l, other := h.login("doc"), h.login("doc")
	by := l.State.Actor
	wantKind(t, h.ChangePassword(ctx(), by, "wrong", "Demo-23456"), db.Invalid)
	wantKind(t, h.ChangePassword(ctx(), by, goodPassword, "short"), db.Invalid)
	wantKind(t, h.ChangePassword(ctx(), by, goodPassword, goodPassword), db.Invalid)
	old := goodPassword
	for i := range 5 {
		h.clock.forward(time.Minute)
		next := fmt.Sprintf("Demo-2345%d", i)
		check(t, h.ChangePassword(ctx(), by, old, next))
		wantKind(t, h.ChangePassword(ctx(), by, next, old), db.Invalid)
		old = next
	}
	h.alive(l.Cookie)
	h.gone(other.Cookie)
	// Five others lie between: the first may come back.
	check(t, h.ChangePassword(ctx(), by, old, goodPassword))
	// Trying out a password by way of the history needs the old one.
	wantKind(t, h.ChangePassword(ctx(), by, "wrong", "Demo-23454"), db.Invalid)
	if n := h.audited("password.change", identity.OK); n != 6 {
		t.Errorf("%d changes in the audit", n)
	}
}

func TestPasswordAge(t *testing.T) {
	h := newHouse(t)
	h.person("doc")
	h.clock.forward(identity.PasswordLife - time.Minute)
	if l := h.login("doc"); l.State.MustChange {
		t.Error("must change before 90 days")
	}
	h.clock.forward(time.Minute)
	l := h.login("doc")
	if !l.State.MustChange {
		t.Error("need not change after 90 days")
	}
	check(t, h.ChangePassword(ctx(), l.State.Actor, goodPassword, "Demo-99999x"))
	if st := h.alive(l.Cookie); st.MustChange {
		t.Error("must still change")
	}
}

func TestCreateStaff(t *testing.T) {
	h := newHouse(t)
	sys := h.admin("sys", identity.SysAdmin)
	sec := h.admin("sec", identity.SecAdmin)
	st, password, err := h.CreateStaff(ctx(), sys, identity.NewStaff{Username: " Ｚhang.San ", Name: "演示张三"})
	check(t, err)
	if st.Username != "zhang.san" || identity.CheckPassword(st.Username, password) != nil {
		t.Errorf("%q %q", st.Username, password)
	}
	l, err := h.LogIn(ctx(), from, "zhang.san", password, identity.Cookie{})
	check(t, err)
	if !l.State.MustChange || len(l.State.Actor.Grants) != 0 {
		t.Errorf("%+v", l.State)
	}
	check(t, h.DisableStaff(ctx(), sys, st.ID))
	for _, c := range []struct {
		name string
		by   identity.Actor
		n    identity.NewStaff
		want db.Kind
	}{
		{"used name", sys, identity.NewStaff{Username: "zhang.san", Name: "x"}, db.Conflict},
		{"bad name", sys, identity.NewStaff{Username: "张三", Name: "x"}, db.Invalid},
		{"no name", sys, identity.NewStaff{Username: "abc", Name: " "}, db.Invalid},
		{"control character", sys, identity.NewStaff{Username: "abc", Name: "a\tb"}, db.Invalid},
		{"not the right", sec, identity.NewStaff{Username: "abc", Name: "x"}, db.Denied},
		{"own grants", sys, identity.NewStaff{Username: "abc", Name: "x", Grants: []identity.Grant{{Role: identity.SecAdmin}}}, db.Denied},
		{"final", sys, identity.NewStaff{Username: "abc", Name: "x", Password: goodPassword, Final: true}, db.Denied},
	} {
		t.Run(c.name, func(t *testing.T) {
			_, _, err := h.CreateStaff(ctx(), c.by, c.n)
			wantKind(t, err, c.want)
		})
	}
}

func TestSites(t *testing.T) {
	h := newHouse(t)
	sys := h.admin("sys", identity.SysAdmin)
	s, err := h.CreateSite(ctx(), sys, identity.Site{Code: "S1", Name: "新华演示点", District: "演示区", ClinicDay: 5})
	check(t, err)
	got, err := identity.FindSiteByID(ctx(), h.d, s.ID)
	check(t, err)
	if got.Name != "新华演示点" || got.ClinicDay != 5 || !got.Active {
		t.Errorf("%+v", got)
	}
	for _, c := range []struct {
		site identity.Site
		want db.Kind
	}{
		{identity.Site{Code: "S1", Name: "x", District: "y"}, db.Conflict},
		{identity.Site{Code: "", Name: "x", District: "y"}, db.Invalid},
		{identity.Site{Code: "S2", Name: "x", District: "y", ClinicDay: 32}, db.Invalid},
		{identity.Site{Code: strings.Repeat("九", 21), Name: "x", District: "y"}, db.Invalid},
	} {
		_, err := h.CreateSite(ctx(), sys, c.site)
		wantKind(t, err, c.want)
	}
	_, err = identity.FindSiteByID(ctx(), h.d, 99)
	wantKind(t, err, db.NotFound)
}

func TestFirstRun(t *testing.T) {
	h := newHouse(t)
	needed, err := h.NeedsFirstRun(ctx())
	check(t, err)
	if !needed {
		t.Error("an empty program needs a first run")
	}
	three := identity.Administrators{System: identity.NewStaff{Username: "sys", Name: "甲"}, Security: identity.NewStaff{Username: "sec", Name: "乙"}, Audit: identity.NewStaff{Username: "aud", Name: "丙"}}
	same := three
	same.Audit.Username = "sys"
	_, err = h.FirstRun(ctx(), from, same)
	wantKind(t, err, db.Conflict)
	made, err := h.FirstRun(ctx(), from, three)
	check(t, err)
	for i, want := range []identity.Role{identity.SysAdmin, identity.SecAdmin, identity.Auditor} {
		l, err := h.LogIn(ctx(), from, made[i].Staff.Username, made[i].OneTime, identity.Cookie{})
		check(t, err)
		if a := l.State.Actor; len(a.Grants) != 1 || !a.Has(want) || !l.State.MustChange {
			t.Errorf("%s: %+v", a.Username, l.State)
		}
	}
	_, err = h.FirstRun(ctx(), from, identity.Administrators{System: identity.NewStaff{Username: "sys2", Name: "甲"}, Security: identity.NewStaff{Username: "sec2", Name: "乙"}, Audit: identity.NewStaff{Username: "aud2", Name: "丙"}})
	wantKind(t, err, db.Conflict)
}

// Of two first runs at once one wins.
func TestFirstRunConcurrent(t *testing.T) {
	h := newHouse(t)
	var wg sync.WaitGroup
	var won atomic.Int64
	for i := range 4 {
		n := func(name string) identity.NewStaff {
			return identity.NewStaff{Username: fmt.Sprintf("%s%d", name, i), Name: "演示"}
		}
		wg.Go(func() {
			_, err := h.FirstRun(ctx(), from, identity.Administrators{System: n("sys"), Security: n("sec"), Audit: n("aud")})
			if err == nil {
				won.Add(1)
			} else if db.KindOf(err) != db.Conflict {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	if n := h.count(`SELECT count(*) FROM staff`); won.Load() != 1 || n != 3 {
		t.Errorf("%d won, %d accounts", won.Load(), n)
	}
}
