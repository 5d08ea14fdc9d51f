package identity_test

import (
	"slices"
	"strings"
	"testing"

	"jingfang/session/identity"
	"jingfang/sql/db"
)

// The table of role × permission, written a second time so that a change of it
// is a decision and not a slip.
func TestRoleMatrix(t *testing.T) {
	want := map[identity.Permission]string{
		identity.ViewSession:     "doctor pharmacist assistant manager",
		identity.PlanSession:     "pharmacist manager",
		identity.OpenSession:     "doctor pharmacist",
		identity.CloseSession:    "pharmacist",
		identity.CheckIn:         "doctor pharmacist assistant",
		identity.Dispense:        "doctor",
		identity.FinishVisit:     "doctor pharmacist",
		identity.Undo:            "doctor pharmacist",
		identity.DecideRequest:   "pharmacist",
		identity.Receive:         "pharmacist assistant",
		identity.Allocate:        "pharmacist",
		identity.ViewStock:       "doctor pharmacist assistant manager",
		identity.TeachPrefix:     "pharmacist",
		identity.CountStock:      "pharmacist assistant",
		identity.ApproveCount:    "pharmacist manager",
		identity.TakeReturn:      "doctor pharmacist assistant",
		identity.Dispose:         "pharmacist",
		identity.Witness:         "pharmacist assistant",
		identity.Recall:          "pharmacist",
		identity.CallPatients:    "doctor pharmacist",
		identity.RegisterPatient: "doctor pharmacist assistant",
		identity.ViewPatient:     "doctor pharmacist assistant manager",
		identity.UnmaskPatient:   "doctor pharmacist",
		identity.ViewRisk:        "doctor",
		identity.PrintLabel:      "doctor pharmacist assistant",
		identity.WriteNotice:     "pharmacist manager",
		identity.ViewReports:     "pharmacist manager",
		identity.ViewAudit:       "auditor",
		identity.ViewTransferLog: "auditor",
		identity.ManageStaff:     "sysadmin",
		identity.ManageRoles:     "secadmin",
		identity.ManageSystem:    "sysadmin",
	}
	if len(want) != len(identity.Permissions()) {
		t.Errorf("%d permissions in the test, %d in the list", len(want), len(identity.Permissions()))
	}
	for _, p := range identity.Permissions() {
		var have []string
		for _, r := range identity.Roles() {
			if r.May(p) {
				have = append(have, string(r))
			}
		}
		if got := strings.Join(have, " "); got != want[p] {
			t.Errorf("%s: %q, want %q", p, got, want[p])
		}
		if p.Label() == string(p) {
			t.Errorf("%s has no Chinese label", p)
		}
	}
	for _, r := range identity.Roles() {
		if r.Label() == string(r) {
			t.Errorf("%s has no Chinese label", r)
		}
	}
}

func TestCan(t *testing.T) {
	doctor := identity.Actor{StaffID: 1, Grants: []identity.Grant{{Role: identity.Doctor, SiteID: 3}, {Role: identity.Assistant, SiteID: 4}}}
	everywhere := identity.Actor{StaffID: 2, Grants: []identity.Grant{{Role: identity.Pharmacist}}}
	for _, c := range []struct {
		name string
		by   identity.Actor
		p    identity.Permission
		site int64
		want db.Kind
	}{
		{"own site", doctor, identity.Dispense, 3, ""},
		{"other site", doctor, identity.Dispense, 4, db.Denied},
		{"any site", doctor, identity.Dispense, 0, ""},
		{"other role's site", doctor, identity.Receive, 4, ""},
		{"not the role's", doctor, identity.ViewAudit, 0, db.Denied},
		{"everywhere", everywhere, identity.Allocate, 99, ""},
		{"nobody", identity.Actor{}, identity.ViewSession, 0, db.LoggedOut},
		{"no grants", identity.Actor{StaffID: 5}, identity.ViewSession, 0, db.Denied},
		{"unknown permission", everywhere, "everything", 0, db.Denied},
		{"the program", identity.System("x"), identity.ManageRoles, 7, ""},
		{"a forged program", identity.Actor{Username: "system", Name: "x"}, identity.ManageRoles, 0, db.LoggedOut},
	} {
		t.Run(c.name, func(t *testing.T) { wantKind(t, c.by.Can(c.p, c.site), c.want) })
	}
	ids, all := doctor.Sites(identity.CheckIn)
	if all || !slices.Equal(ids, []int64{3, 4}) {
		t.Errorf("sites of the doctor: %v %v", ids, all)
	}
	if ids, all := everywhere.Sites(identity.CheckIn); !all || ids != nil {
		t.Errorf("sites of the pharmacist: %v %v", ids, all)
	}
	if ids, all := doctor.Sites(identity.ViewAudit); all || len(ids) != 0 {
		t.Errorf("sites without the permission: %v %v", ids, all)
	}
}

func TestGrantRules(t *testing.T) {
	h := newHouse(t)
	sec := h.admin("sec", identity.SecAdmin)
	sec2 := h.admin("sec2", identity.SecAdmin)
	sys := h.admin("sys", identity.SysAdmin)
	site := h.site("S1")
	doc := h.person("doc")

	check(t, h.GrantRole(ctx(), sec, doc.ID, identity.Grant{Role: identity.Doctor, SiteID: site.ID}))
	check(t, h.GrantRole(ctx(), sec, doc.ID, identity.Grant{Role: identity.Doctor, SiteID: site.ID})) // changes nothing
	if n := h.count(`SELECT count(*) FROM staff_role WHERE staff_id = $1`, doc.ID); n != 1 {
		t.Errorf("%d rows after the same grant twice", n)
	}
	for _, c := range []struct {
		name  string
		by    identity.Actor
		staff int64
		g     identity.Grant
		want  db.Kind
	}{
		{"sysadmin cannot grant", sys, doc.ID, identity.Grant{Role: identity.Doctor}, db.Denied},
		{"not to oneself", sec, sec.StaffID, identity.Grant{Role: identity.Manager}, db.Denied},
		{"two administrators", sec, sys.StaffID, identity.Grant{Role: identity.Auditor}, db.Conflict},
		{"administrator and doctor", sec, sys.StaffID, identity.Grant{Role: identity.Doctor}, db.Conflict},
		{"doctor and auditor", sec, doc.ID, identity.Grant{Role: identity.Auditor}, db.Conflict},
		{"administrator at a site", sec, doc.ID, identity.Grant{Role: identity.SysAdmin, SiteID: site.ID}, db.Invalid},
		{"no such role", sec, doc.ID, identity.Grant{Role: "king"}, db.Invalid},
		{"no such site", sec, doc.ID, identity.Grant{Role: identity.Doctor, SiteID: 999}, db.NotFound},
		{"no such person", sec, 999, identity.Grant{Role: identity.Doctor}, db.NotFound},
	} {
		t.Run(c.name, func(t *testing.T) { wantKind(t, h.GrantRole(ctx(), c.by, c.staff, c.g), c.want) })
	}
	wantKind(t, h.RevokeRole(ctx(), sec, doc.ID, identity.Grant{Role: identity.Manager}), db.NotFound)
	check(t, h.RevokeRole(ctx(), sec, sec2.StaffID, identity.Grant{Role: identity.SecAdmin}))
	wantKind(t, h.RevokeRole(ctx(), identity.System("test"), sec.StaffID, identity.Grant{Role: identity.SecAdmin}), db.Conflict)
	wantKind(t, h.DisableStaff(ctx(), sys, sec.StaffID), db.Conflict)
	if h.audited("denied", identity.Refused) != 1 {
		t.Error("the denial of the sysadmin is not in the audit")
	}
}

func TestForgedRole(t *testing.T) {
	h := newHouse(t)
	sec := h.admin("sec", identity.SecAdmin)
	h.person("doc", identity.Grant{Role: identity.Doctor})
	gone := h.person("gone", identity.Grant{Role: identity.Manager})
	check(t, h.RevokeRole(ctx(), sec, gone.ID, identity.Grant{Role: identity.Manager}))
	for _, c := range []struct{ name, user, statement string }{
		{"another role", "doc", `UPDATE staff_role SET role_name = 'pharmacist' WHERE role_name = 'doctor'`},
		{"unrevoked", "gone", `UPDATE staff_role SET revoked_at = NULL, revoked_by = NULL WHERE role_name = 'manager'`},
		{"copied to another", "gone", `INSERT INTO staff_role (staff_id, role_name, granted_by, granted_at, mac) SELECT (SELECT id FROM staff WHERE username = 'gone'), role_name, granted_by, granted_at, mac FROM staff_role WHERE role_name = 'secadmin'`},
	} {
		t.Run(c.name, func(t *testing.T) {
			before := h.audited("role.forged", identity.Refused)
			h.owner(c.statement)
			a := h.login(c.user).State.Actor
			if len(a.Grants) != 0 {
				t.Errorf("believed: %v", a.Grants)
			}
			if n := h.audited("role.forged", identity.Refused); n != before+1 {
				t.Errorf("%d new audit rows, want 1", n-before)
			}
			h.login(c.user)
			if n := h.audited("role.forged", identity.Refused); n != before+1 {
				t.Error("the same row was reported twice")
			}
		})
	}
	list, err := h.FindStaff(ctx(), h.d, identity.StaffFilter{})
	check(t, err)
	for _, st := range list {
		if st.Username != "sec" && len(st.Grants) != 0 {
			t.Errorf("%s is listed with %v", st.Username, st.Grants)
		}
	}
}
