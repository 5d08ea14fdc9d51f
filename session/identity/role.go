package identity

import (
	"slices"
	"sync"
)

// Role is what a person is at a site, or everywhere.
type Role string

// The roles. Pharmacist and doctor work at the table, an assistant (工作人员)
// receives, checks in and prints but never dispenses.
const (
	Doctor     Role = "doctor"
	Pharmacist Role = "pharmacist"
	Assistant  Role = "assistant"
	Manager    Role = "manager"
	SysAdmin   Role = "sysadmin"
	SecAdmin   Role = "secadmin"
	Auditor    Role = "auditor"
)

// Roles is the closed list.
func Roles() []Role {
	return []Role{Doctor, Pharmacist, Assistant, Manager, SysAdmin, SecAdmin, Auditor}
}

// Valid tells whether the role is in the list.
func (r Role) Valid() bool { return slices.Contains(Roles(), r) }

// Label is the role's Chinese name.
func (r Role) Label() string {
	switch r {
	case Doctor:
		return "医生"
	case Pharmacist:
		return "药师"
	case Assistant:
		return "工作人员"
	case Manager:
		return "管理人员"
	case SysAdmin:
		return "系统管理员"
	case SecAdmin:
		return "安全管理员"
	case Auditor:
		return "审计管理员"
	}
	return string(r)
}

// Administrator tells whether the role is one of the three that GB/T 22239-2019
// separates (8.1.5). Such a role is held alone and everywhere: nobody holds two
// of them, the system's administrator reads no patient data and the auditor
// nothing but the audit.
func (r Role) Administrator() bool { return r == SysAdmin || r == SecAdmin || r == Auditor }

// May tells whether the role holds the permission. What the table does not say
// is denied.
func (r Role) May(p Permission) bool { return matrix()[r][p] }

// matrix is the one table of role × permission. Duties that a session gives to
// a named deputy are that session's own rule, on top of this.
var matrix = sync.OnceValue(func() map[Role]map[Permission]bool {
	return map[Role]map[Permission]bool{
		Doctor: set(ViewSession, OpenSession, CheckIn, Dispense, FinishVisit, Undo, ViewStock, TakeReturn, CallPatients,
			RegisterPatient, ViewPatient, UnmaskPatient, ViewRisk, PrintLabel),
		Pharmacist: set(ViewSession, PlanSession, OpenSession, CloseSession, CheckIn, FinishVisit, Undo, DecideRequest,
			Receive, Allocate, ViewStock, TeachPrefix,
			CountStock, ApproveCount, TakeReturn, Dispose, Witness, Recall, CallPatients,
			RegisterPatient, ViewPatient, UnmaskPatient, PrintLabel, WriteNotice, ViewReports),
		Assistant: set(ViewSession, CheckIn, Receive, ViewStock, CountStock, TakeReturn, Witness, RegisterPatient, ViewPatient, PrintLabel),
		Manager:   set(ViewSession, PlanSession, WriteNotice, ViewStock, ApproveCount, ViewPatient, ViewReports),
		SysAdmin:  set(ManageStaff, ManageSystem),
		SecAdmin:  set(ManageRoles),
		Auditor:   set(ViewAudit, ViewTransferLog),
	}
})

func set(list ...Permission) map[Permission]bool {
	m := make(map[Permission]bool, len(list))
	for _, p := range list {
		m[p] = true
	}
	return m
}
