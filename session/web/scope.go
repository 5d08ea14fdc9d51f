package web

import (
	"strings"

	"jingfang/session"
	"jingfang/session/identity"
	"jingfang/session/live"
)

// The audiences of the board. Each is rendered once, however many look.
const (
	forPharmacist live.Audience = "pharmacist"
	forDoctor     live.Audience = "doctor"
	forAssistant  live.Audience = "assistant"
	forManager    live.Audience = "manager"
)

// onDuty marks the audience of somebody who has a session's duty without being a
// pharmacist: a deputy sees the requests too.
const onDuty = "-duty"

// inRoom marks the audience of doctors who look at the room: the answers to
// their requests have no place there.
const inRoom = "-room"

// scope is what an audience may see of a board. What it may not see is missing
// from the view, not hidden by a template.
type scope struct {
	// names shows patients' masked names; without it only queue numbers.
	names bool
	// codes shows the last characters of trace codes.
	codes bool
	// batches shows expiry dates.
	batches bool
	// queue offers to call and to put back.
	queue bool
	// requests shows what doctors ask for, with its two buttons; answers shows
	// what became of it, by queue number.
	requests, answers bool
	// table has a page find out whether it should be a doctor's table.
	table bool
}

// scopeOf is the one decision on who sees what.
func scopeOf(a live.Audience) scope {
	if base := strings.TrimSuffix(string(a), inRoom); base != string(a) {
		may := scopeOf(live.Audience(base))
		may.answers = false
		return may
	}
	if base := strings.TrimSuffix(string(a), onDuty); base != string(a) {
		may := scopeOf(live.Audience(base))
		may.requests = true
		return may
	}
	switch a {
	case forPharmacist:
		return scope{names: true, codes: true, batches: true, queue: true, requests: true}
	case forDoctor:
		return scope{names: true, codes: true, queue: true, answers: true, table: true}
	case forAssistant:
		return scope{names: true, queue: true}
	}
	return scope{}
}

// audienceIn is the audience of a person in a session: that of the roles held at
// its site, and the duty.
func audienceIn(by identity.Actor, x session.Session) live.Audience {
	a := audienceOf(by, x.SiteID)
	if a != forPharmacist && x.DutyStaffID != nil && *x.DutyStaffID == by.StaffID {
		a += onDuty
	}
	return a
}

// audienceOf gives the audience of a person at a site: the widest of the roles
// held there. Who may not see sessions at all has been refused before.
func audienceOf(by identity.Actor, siteID int64) live.Audience {
	at := func(p identity.Permission) bool { return by.Can(p, siteID) == nil }
	switch {
	case at(identity.Allocate) && at(identity.DecideRequest):
		return forPharmacist
	case at(identity.Dispense):
		return forDoctor
	case at(identity.CheckIn):
		return forAssistant
	}
	return forManager
}
