package identity_test

import (
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"

	"jingfang/session/identity"
	"jingfang/sql/db"
	"jingfang/sql/seal"
)

func TestLogIn(t *testing.T) {
	h := newHouse(t)
	h.person("doc", identity.Grant{Role: identity.Doctor})
	off := h.person("off")
	check(t, h.DisableStaff(ctx(), identity.System("test"), off.ID))

	if st := h.login(" ＤＯＣ ").State; st.Actor.Username != "doc" || !st.Actor.Has(identity.Doctor) || st.Locked || st.MustChange {
		t.Errorf("state after login: %+v", st)
	}
	var sentences []string
	for _, c := range []struct{ name, password string }{
		{"doc", "wrong"}, {"nobody", goodPassword}, {"off", goodPassword}, {"doc", ""}, {"", ""},
		{strings.Repeat("x", 5000), "x"}, {"doc", strings.Repeat("p", 5000)}, {"a\x00b", "x"}, {"doc", "\xff\xfe"}, {"\xff", "x"},
	} {
		_, err := h.LogIn(ctx(), from, c.name, c.password, identity.Cookie{})
		wantKind(t, err, db.LoggedOut)
		sentences = append(sentences, db.Sentence(err))
	}
	if len(slices.Compact(sentences)) != 1 {
		t.Errorf("different answers: %q", sentences)
	}
	if n := h.count(`SELECT count(*) FROM audit WHERE detail LIKE '%nobody%'`); n != 0 {
		t.Error("an unknown name, which may be a password, is in the audit")
	}
}

// Known and unknown names are locked alike, after as many failures, for as long.
func TestLockOut(t *testing.T) {
	h := newHouse(t)
	h.person("doc")
	for _, name := range []string{"doc", "nobody"} {
		t.Run(name, func(t *testing.T) {
			for i := 1; i <= identity.MaxFailures; i++ {
				_, err := h.LogIn(ctx(), from, name, "wrong", identity.Cookie{})
				want := db.LoggedOut
				if i == identity.MaxFailures {
					want = db.TooMany
				}
				wantKind(t, err, want)
			}
			_, err := h.LogIn(ctx(), from, name, goodPassword, identity.Cookie{})
			wantKind(t, err, db.TooMany)
			h.clock.forward(identity.LockOut + time.Second)
			_, err = h.LogIn(ctx(), from, name, "wrong", identity.Cookie{})
			wantKind(t, err, db.LoggedOut)
		})
	}
	h.login("doc")
	if n := h.count(`SELECT count(*) FROM login_guard`); n != 1 {
		t.Errorf("%d guards after the good login, want that of the unknown name", n)
	}
	h.clock.forward(25 * time.Hour)
	n, err := h.SweepGuards(ctx())
	check(t, err)
	if n != 1 {
		t.Errorf("%d guards swept", n)
	}
}

// Guesses sent at once do not get more tries than one after the other, and what
// was guessed right after the lock does not count.
func TestLockOutConcurrent(t *testing.T) {
	h := newHouse(t)
	h.person("doc")
	var wg sync.WaitGroup
	kinds := make([]db.Kind, 30)
	for i := range kinds {
		wg.Go(func() {
			_, err := h.LogIn(ctx(), from, "doc", "wrong", identity.Cookie{})
			kinds[i] = db.KindOf(err)
		})
	}
	wg.Wait()
	open := 0
	for _, k := range kinds {
		if k == db.LoggedOut {
			open++
		} else if k != db.TooMany {
			t.Errorf("kind %q", k)
		}
	}
	if open != identity.MaxFailures-1 {
		t.Errorf("%d attempts were answered as open, want %d", open, identity.MaxFailures-1)
	}
	_, err := h.LogIn(ctx(), from, "doc", goodPassword, identity.Cookie{})
	wantKind(t, err, db.TooMany)
}

// An unknown name costs the same statements and the same password rounds.
func TestUnknownNameCostsTheSame(t *testing.T) {
	h := newHouse(t)
	h.person("doc")
	var counts []int64
	for _, name := range []string{"doc", "nobody"} {
		_, err := h.LogIn(ctx(), from, name, "wrong", identity.Cookie{}) // makes the guard's row
		wantKind(t, err, db.LoggedOut)
		c, counter := db.WithCounter(ctx())
		_, err = h.LogIn(c, from, name, "wrong", identity.Cookie{})
		wantKind(t, err, db.LoggedOut)
		counts = append(counts, counter.Count())
	}
	if counts[0] != counts[1] {
		t.Errorf("%d statements for a known name, %d for an unknown one", counts[0], counts[1])
	}
}

func TestRotationAndLogOut(t *testing.T) {
	h := newHouse(t)
	h.person("doc")
	first := h.login("doc")
	second, err := h.LogIn(ctx(), from, "doc", goodPassword, first.Cookie)
	check(t, err)
	if second.Cookie.LoginID() == first.Cookie.LoginID() {
		t.Error("the login was not rotated")
	}
	h.gone(first.Cookie)
	h.alive(second.Cookie)
	// An id with another secret neither opens nor ends anything.
	forged, ok := identity.ParseCookie(second.Cookie.LoginID().String() + "." + strings.Repeat("A", 43))
	if !ok {
		t.Fatal("the forged cookie has the wrong form")
	}
	h.gone(forged)
	third, err := h.LogIn(ctx(), from, "doc", goodPassword, forged)
	check(t, err)
	h.alive(second.Cookie)
	check(t, h.LogOut(ctx(), third.State.Actor))
	h.gone(third.Cookie)
	if !slices.Equal(h.ended, []uuid.UUID{first.Cookie.LoginID(), third.Cookie.LoginID()}) {
		t.Errorf("ended: %v", h.ended)
	}
	if n := h.count(`SELECT count(*) FROM login WHERE secret_hash = $1`, []byte(second.Cookie.Value())); n != 0 {
		t.Error("the secret itself is in the database")
	}
	h.clock.forward(13 * time.Hour)
	h.gone(second.Cookie)
}

func (h *house) gone(c identity.Cookie) {
	h.t.Helper()
	_, err := h.Authenticate(ctx(), c, from, false)
	wantKind(h.t, err, db.LoggedOut)
}

func (h *house) alive(c identity.Cookie) identity.State {
	h.t.Helper()
	st, err := h.Authenticate(ctx(), c, from, false)
	check(h.t, err)
	return st
}

func TestIdleLock(t *testing.T) {
	h := newHouse(t)
	h.person("doc", identity.Grant{Role: identity.Doctor})
	l := h.login("doc")
	// Fourteen minutes, then input, then fourteen minutes: not idle.
	for range 2 {
		h.clock.forward(14 * time.Minute)
		st, err := h.Authenticate(ctx(), l.Cookie, from, true)
		check(t, err)
		if st.Locked {
			t.Fatal("locked although somebody worked")
		}
	}
	// Streams and polls are no activity.
	h.clock.forward(14 * time.Minute)
	h.alive(l.Cookie)
	h.clock.forward(time.Minute)
	if st := h.alive(l.Cookie); !st.Locked {
		t.Fatal("not locked after 15 idle minutes")
	}
	if h.audited("lock", identity.OK) != 1 || len(h.changed) != 1 {
		t.Errorf("audit %d, hook %v", h.audited("lock", identity.OK), h.changed)
	}
	h.alive(l.Cookie)
	if h.audited("lock", identity.OK) != 1 {
		t.Error("the lock is written down at every request")
	}
	// Activity does not open it, a wrong password neither.
	st, err := h.Authenticate(ctx(), l.Cookie, from, true)
	check(t, err)
	if !st.Locked {
		t.Error("activity opened the lock")
	}
	wantKind(t, h.Unlock(ctx(), st.Actor, "wrong"), db.Invalid)
	ended, locked, err := h.FindClosed(ctx(), []uuid.UUID{l.Cookie.LoginID()})
	check(t, err)
	if len(ended) != 0 || len(locked) != 1 {
		t.Errorf("closed: %v %v", ended, locked)
	}
	check(t, h.Unlock(ctx(), st.Actor, goodPassword))
	if st := h.alive(l.Cookie); st.Locked {
		t.Error("still locked")
	}
	check(t, h.LockScreen(ctx(), st.Actor))
	if st := h.alive(l.Cookie); !st.Locked {
		t.Error("not locked by hand")
	}
	// Guessing at a locked screen ends the login.
	for range identity.MaxFailures - 1 {
		wantKind(t, h.Unlock(ctx(), st.Actor, "wrong"), db.Invalid)
	}
	wantKind(t, h.Unlock(ctx(), st.Actor, "wrong"), db.TooMany)
	h.gone(l.Cookie)
	ended, _, err = h.FindClosed(ctx(), []uuid.UUID{l.Cookie.LoginID()})
	check(t, err)
	if len(ended) != 1 {
		t.Errorf("ended: %v", ended)
	}
}

// One request costs one statement; activity at most one write a minute.
func TestAuthenticateStatements(t *testing.T) {
	h := newHouse(t)
	h.person("doc", identity.Grant{Role: identity.Doctor}, identity.Grant{Role: identity.Assistant})
	l := h.login("doc")
	statements := func() int64 {
		c, counter := db.WithCounter(ctx())
		_, err := h.Authenticate(c, l.Cookie, from, true)
		check(t, err)
		return counter.Count()
	}
	for i := range 3 {
		if n := statements(); n != 1 {
			t.Errorf("request %d: %d statements", i, n)
		}
	}
	h.clock.forward(61 * time.Second)
	if n := statements(); n != 2 {
		t.Errorf("after a minute: %d statements", n)
	}
	if n := statements(); n != 1 {
		t.Errorf("right after: %d statements", n)
	}
}

func TestDisableAndReset(t *testing.T) {
	h := newHouse(t)
	sys := h.admin("sys", identity.SysAdmin)
	doc := h.person("doc", identity.Grant{Role: identity.Doctor})
	l := h.login("doc")
	password, err := h.ResetPassword(ctx(), sys, doc.ID)
	check(t, err)
	h.gone(l.Cookie)
	_, err = h.LogIn(ctx(), from, "doc", goodPassword, identity.Cookie{})
	wantKind(t, err, db.LoggedOut)
	l, err = h.LogIn(ctx(), from, "doc", password, identity.Cookie{})
	check(t, err)
	if !l.State.MustChange {
		t.Error("a one-time password need not be changed")
	}
	check(t, h.DisableStaff(ctx(), sys, doc.ID))
	h.gone(l.Cookie)
	_, err = h.LogIn(ctx(), from, "doc", password, identity.Cookie{})
	wantKind(t, err, db.LoggedOut)
	check(t, h.EnableStaff(ctx(), sys, doc.ID))
	if _, err = h.LogIn(ctx(), from, "doc", password, identity.Cookie{}); err != nil {
		t.Error(err)
	}
	wantKind(t, h.DisableStaff(ctx(), sys, sys.StaffID), db.Denied)
	_, err = h.ResetPassword(ctx(), h.login("sys").State.Actor, sys.StaffID)
	wantKind(t, err, db.Denied)
	_, err = h.ResetPassword(ctx(), h.alive(h.login("sys").Cookie).Actor, 999)
	wantKind(t, err, db.NotFound)
	if n := h.count(`SELECT count(*) FROM audit WHERE detail LIKE '%' || $1::text || '%' OR object_id = $1::text`, password); n != 0 {
		t.Error("the one-time password is in the audit")
	}
}

func TestRoleChangeTellsStreams(t *testing.T) {
	h := newHouse(t)
	sec := h.admin("sec", identity.SecAdmin)
	doc := h.person("doc")
	l := h.login("doc")
	check(t, h.GrantRole(ctx(), sec, doc.ID, identity.Grant{Role: identity.Doctor}))
	if st := h.alive(l.Cookie); !st.Actor.Has(identity.Doctor) {
		t.Error("the login does not have the new role")
	}
	check(t, h.RevokeRole(ctx(), sec, doc.ID, identity.Grant{Role: identity.Doctor}))
	if st := h.alive(l.Cookie); len(st.Actor.Grants) != 0 {
		t.Error("the login still has the role")
	}
	if !slices.Equal(h.changed, []uuid.UUID{l.Cookie.LoginID(), l.Cookie.LoginID()}) || len(h.ended) != 0 {
		t.Errorf("changed %v, ended %v", h.changed, h.ended)
	}
}

func TestHashRenewal(t *testing.T) {
	h := newHouse(t)
	h.person("doc")
	strong, err := identity.New(identity.Config{DB: h.d, Keys: h.keys, Rounds: 2 * seal.TestRounds})
	check(t, err)
	if _, err := strong.LogIn(ctx(), from, "doc", goodPassword, identity.Cookie{}); err != nil {
		t.Fatal(err)
	}
	if n := h.count(`SELECT count(*) FROM staff WHERE password_hash LIKE 'pbkdf2-sm3$2000$%'`); n != 1 {
		t.Error("the hash still has the old rounds")
	}
	h.login("doc")
}

// A hash from another person's row opens nothing.
func TestHashIsBoundToItsName(t *testing.T) {
	h := newHouse(t)
	h.person("doc")
	h.person("boss")
	h.owner(`UPDATE staff SET password_hash = (SELECT password_hash FROM staff WHERE username = 'doc') WHERE username = 'boss'`)
	_, err := h.LogIn(ctx(), from, "boss", goodPassword, identity.Cookie{})
	wantKind(t, err, db.LoggedOut)
}

func BenchmarkAuthenticate(b *testing.B) {
	h := newHouse(b)
	h.person("doc", identity.Grant{Role: identity.Doctor})
	l := h.login("doc")
	b.ReportAllocs()
	for b.Loop() {
		if _, err := h.Authenticate(ctx(), l.Cookie, from, true); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkSelectOne(b *testing.B) {
	h := newHouse(b)
	var n int
	for b.Loop() {
		if err := h.d.Get(ctx(), &n, `SELECT count(*) FROM login WHERE id = $1`, uuid.Nil); err != nil {
			b.Fatal(err)
		}
	}
}
