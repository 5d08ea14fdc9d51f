package session_test

import (
	"fmt"
	"maps"
	"slices"
	"time"

	"jingfang/inventory"
	"jingfang/session"
	"jingfang/session/identity"
)

// planRound plans a round with a team of chance.
func (w *world) planRound(*modelSession) act {
	by := w.aPharmacist()
	team := []session.Member{{StaffID: w.chief.StaffID, Part: session.PartPharmacist}, {StaffID: w.doctors[0].StaffID, Part: session.PartDoctor}}
	parts := []session.Part{"", session.PartDoctor, session.PartDoctor, "", session.PartPharmacist, session.PartAssistant}
	for i, part := range parts {
		if part != "" && w.usually(80) {
			team = append(team, session.Member{StaffID: w.people[i].StaffID, Part: part})
		}
	}
	in := session.Plan{CommandID: w.id(), SiteID: w.site, HeldOn: session.Today(time.Now()), Kind: "home", Place: "演示上门", Team: team}
	var id int64
	return act{name: "plan", may: w.can(by, identity.PlanSession),
		do: func() (any, error) {
			got, err := w.svc.PlanSession(w.ctx, by, in)
			return got, err
		},
		check: func(x any) string { id = x.(int64); return "" },
		then: func() {
			s := newModelSession(id, session.Planned)
			for _, m := range team {
				s.Team[m.StaffID] = m.Part
			}
			w.sessions[id] = s
		}}
}

func (w *world) openRound(s *modelSession) act {
	by := w.someone(0, 5)
	part := s.part(by.StaffID)
	may := w.can(by, identity.OpenSession) && s.State == session.Planned &&
		(w.can(by, identity.PlanSession) || part == session.PartDoctor || part == session.PartPharmacist)
	return act{name: "open", may: may, do: func() (any, error) { return nil, w.svc.OpenSession(w.ctx, by, s.ID) },
		then: func() { s.State = session.Open }}
}

func (w *world) pack(s *modelSession) act {
	by, in := w.aPharmacist(), session.Packing{SessionID: s.ID, CommandID: w.id()}
	codes := w.someCodes(12, func(_ string, p modelPack) bool { return p.State == inventory.StateInStore })
	fits := func(p modelPack) bool { return p.State == inventory.StateInStore && p.fit() }
	moving := w.fitting(codes, fits)
	label, along := w.aTote(moving, fits)
	if !w.sealed(label) {
		along = nil
	}
	in.Codes = join(append(codes, label))
	return w.packed("pack", by, s, moving, along, modelPack{State: inventory.StateAllocated, Session: s.ID},
		func() (any, error) { return w.svc.Pack(w.ctx, by, in) })
}

func (w *world) unpack(s *modelSession) act {
	by, in := w.aPharmacist(), session.Packing{SessionID: s.ID, CommandID: w.id()}
	codes := w.someCodes(2, func(_ string, p modelPack) bool { return p.State == inventory.StateAllocated && p.Session == s.ID })
	fits := func(p modelPack) bool { return p.State == inventory.StateAllocated && p.Session == s.ID }
	moving := w.fitting(codes, fits)
	label, along := w.aTote(moving, fits)
	in.Codes = join(append(codes, label))
	return w.packed("unpack", by, s, moving, along, modelPack{State: inventory.StateInStore},
		func() (any, error) { return w.svc.Unpack(w.ctx, by, in) })
}

// packed is what packing and unpacking have in common.
func (w *world) packed(name string, by identity.Actor, s *modelSession, moving, along []string, to modelPack, do func() (any, error)) act {
	may := w.can(by, identity.Allocate) && (s.State == session.Planned || s.State == session.Open)
	return act{name: name, may: may, do: do, then: func() { w.move(to, moving...); w.moveIn(to, along...) },
		check: func(x any) string {
			if a := x.(session.PackingAnswer); a.Moved != len(moving)+len(along) {
				return fmt.Sprintf("moved %d, want %v and with their tote %v; %+v", a.Moved, moving, along, a)
			}
			return ""
		}}
}

// move puts boxes in another place; what they are stays. A recalled one that comes
// to the store is set apart there.
func (w *world) move(to modelPack, codes ...string) {
	for _, c := range codes {
		was, now := w.packs[c], to
		now.Drug, now.Batch, now.Expired, now.Returned, now.Recalled, now.Left, now.Given = was.Drug, was.Batch, was.Expired, was.Returned, was.Recalled, was.Left, was.Given
		if now.State == inventory.StateInStore && now.Recalled {
			now.State, now.SetApart, now.Tote = inventory.StateQuarantined, true, 0
		}
		w.packs[c] = now
	}
}

func (w *world) stopDispensing(s *modelSession) act {
	by, in := w.aPharmacist(), session.Stopping{SessionID: s.ID, CommandID: w.id()}
	return act{name: "stop", may: w.leads(by, s) && s.State == session.Open, do: func() (any, error) { return w.svc.StopDispensing(w.ctx, by, in) },
		then: func() { s.State = session.Closing; s.forget() }}
}

func (w *world) resumeDispensing(s *modelSession) act {
	by, in := w.aPharmacist(), session.Stopping{SessionID: s.ID, CommandID: w.id(), Reason: "又来一位"}
	return act{name: "resume", may: w.leads(by, s) && s.State == session.Closing && s.Carrier == 0,
		do: func() (any, error) { return w.svc.ResumeDispensing(w.ctx, by, in) },
		then: func() {
			s.State = session.Open
			s.forgetCounts()
		}}
}

// nameCarrier sends the left-overs home with somebody of the team.
func (w *world) nameCarrier(s *modelSession) act {
	by, in := w.aPharmacist(), session.Carrying{SessionID: s.ID, CommandID: w.id(), StaffID: one(w.r, w.people).StaffID}
	_, _, open := w.openOf(s.ID, func(modelVisit) bool { return true })
	return act{name: "carrier", may: w.leads(by, s) && s.State == session.Closing && s.Carrier == 0 && !open && s.part(in.StaffID) != "",
		do: func() (any, error) { return w.svc.NameCarrier(w.ctx, by, in) },
		then: func() {
			s.Carrier = in.StaffID
			s.forgetCounts()
		}}
}

// openTarget opens the session that is to take the left-overs.
func (w *world) openTarget(s *modelSession) act {
	for _, drug := range w.drugs {
		if to := s.Target[drug]; to != 0 {
			return w.openRound(w.sessions[to])
		}
	}
	return w.openRound(s)
}

func (w *world) countLeft(s *modelSession) act {
	by, drug := w.anybody(), one(w.r, w.drugs)
	if i := w.r.IntN(len(w.drugs)); !w.settled(s, w.drugs[i]) {
		drug = w.drugs[i]
	}
	l := w.line(s, drug)
	in := session.Counting{SessionID: s.ID, CommandID: w.id(), DrugID: drug, Packs: l.Packs, Loose: l.Loose}
	if w.usually(60) {
		in.Packs += w.r.IntN(6) - 4
	}
	if w.usually(5) || l.Loose > 0 && w.usually(30) {
		in.Loose = max(0, in.Loose+w.r.Int64N(16)-8)
	}
	may := w.helps(by, s) && s.State == session.Closing && l.Taken > 0 && in.Packs >= 0 && in.Packs <= l.Taken && in.Loose <= l.Capacity
	return act{name: "count", may: may, do: func() (any, error) { return w.svc.CountLeft(w.ctx, by, in) },
		then: func() { s.Counted[drug] = modelCount{in.Packs, in.Loose}; s.forget() }}
}

func (w *world) seeLeft(s *modelSession) act {
	by, in := w.anybody(), session.LeftScan{SessionID: s.ID, CommandID: w.id()}
	codes := w.someCodes(12, func(c string, p modelPack) bool {
		return p.State == inventory.StateAllocated && p.Session == s.ID && !s.Seen[c] || p.State == inventory.StateLost && w.usually(5)
	})
	if exact := w.asCounted(s); len(exact) > 0 && w.usually(90) {
		codes = exact
	}
	var fresh []string
	for _, c := range w.distinct(codes) {
		p := w.packs[c]
		here := p.State == inventory.StateAllocated && p.Session == s.ID
		if (here || p.State == inventory.StateLost && s.Losses[c]) && !s.Seen[c] {
			fresh = append(fresh, c)
		}
	}
	label, inside := w.aTote(fresh, func(p modelPack) bool { return p.State == inventory.StateAllocated && p.Session == s.ID })
	inside = slices.DeleteFunc(inside, func(c string) bool { return s.Seen[c] })
	in.Codes = join(append(codes, label))
	return act{name: "see", may: w.helps(by, s) && s.State == session.Closing, do: func() (any, error) { return w.svc.ScanLeft(w.ctx, by, in) },
		then: func() {
			for _, c := range fresh {
				if w.packs[c].State == inventory.StateLost {
					w.move(modelPack{State: inventory.StateAllocated, Session: s.ID}, c)
				}
				s.Seen[c] = true
				delete(s.Reported, c)
				delete(s.Losses, c)
			}
			for _, c := range inside {
				s.Seen[c], s.Ticked[c] = true, true
			}
			s.forget()
		},
		check: func(x any) string {
			if a := x.(session.PackingAnswer); a.Moved != len(fresh)+len(inside) {
				return fmt.Sprintf("ticked off %d, want %v and in a tote %v; %+v", a.Moved, fresh, inside, a)
			}
			return ""
		}}
}

// asCounted is as many boxes of a drug as were counted and not yet scanned, where
// fewer were counted than must be there: the others are missing then.
func (w *world) asCounted(s *modelSession) (list []string) {
	for _, drug := range w.drugs {
		l := w.line(s, drug)
		if l.CountedAt == nil {
			continue
		}
		whole := l.CountedPacks - l.Seen
		for _, c := range w.codes {
			p := w.packs[c]
			if p.Drug != drug || p.State != inventory.StateAllocated || p.Session != s.ID || s.Seen[c] {
				continue
			}
			switch {
			case p.Left < full && l.CountedLoose != l.Loose:
				list = append(list, c)
			case p.Left == full && l.CountedPacks < l.Packs && whole > 0:
				list, whole = append(list, c), whole-1
			}
		}
	}
	return list
}

func (w *world) explainMissing(s *modelSession) act {
	by := w.aPharmacist()
	in := session.Explaining{SessionID: s.ID, CommandID: w.id(), Reason: "核对", Visit: w.aVisit(s),
		Exit: one(w.r, []session.ExitKind{session.ExitGiven, session.ExitDamaged, session.ExitLost})}
	loosely := w.usually(35) // a box that is there, or was scanned
	in.Code = w.code(func(c string, p modelPack) bool {
		return w.missing(s, c) || loosely && p.State == inventory.StateAllocated && p.Session == s.ID
	})
	if in.Exit == session.ExitGiven && w.usually(80) {
		for _, id := range w.visitIDs {
			if v := w.visits[id]; v.Session == s.ID && v.State == session.Finished && w.usually(50) {
				in.Visit = id
			}
		}
	}
	v := w.visits[in.Visit]
	may := w.leads(by, s) && s.State == session.Closing && w.missing(s, in.Code)
	switch in.Exit {
	case session.ExitGiven:
		may = may && v.Session == s.ID && v.State == session.Finished && w.given[share{in.Visit, in.Code}] == 0
	case session.ExitLost:
		may = may && s.Reported[in.Code] == 0
	}
	return act{name: "explain as " + string(in.Exit), may: may, do: func() (any, error) { return w.svc.ExplainMissing(w.ctx, by, in) },
		then: func() {
			delete(s.Reported, in.Code)
			switch in.Exit {
			case session.ExitGiven:
				w.give(s.ID, in.Visit, in.Code)
				w.records++
			case session.ExitDamaged:
				w.move(modelPack{State: inventory.StateDamaged}, in.Code)
			default:
				s.Reported[in.Code] = by.StaffID
			}
			s.forget()
		}}
}

func (w *world) confirmLoss(s *modelSession) act {
	by, in := w.anybody(), session.LossConfirming{SessionID: s.ID, CommandID: w.id()}
	in.Code = w.code(func(c string, _ modelPack) bool { return s.Reported[c] != 0 })
	may := w.helps(by, s) && s.State == session.Closing && w.missing(s, in.Code) && s.Reported[in.Code] != 0 && s.Reported[in.Code] != by.StaffID
	return act{name: "confirm a loss", may: may, do: func() (any, error) { return w.svc.ConfirmLoss(w.ctx, by, in) },
		then: func() {
			w.move(modelPack{State: inventory.StateLost}, in.Code)
			delete(s.Reported, in.Code)
			s.Losses[in.Code] = true
			s.forget()
		}}
}

func (w *world) rollOver(s *modelSession) act {
	by, in := w.aPharmacist(), session.Rolling{SessionID: s.ID, CommandID: w.id()}
	if w.usually(70) {
		in.ToID = w.aSession().ID
	}
	for id, x := range w.sessions {
		if now := w.sessions[in.ToID]; now != nil && x.State == session.Planned && (now.State != session.Planned || id < in.ToID) {
			in.ToID = id // the first one that is planned, where there is one
		}
	}
	if w.usually(60) {
		in.DrugID = one(w.r, w.drugs)
	}
	var drugs []int64
	for _, d := range w.drugs {
		if w.line(s, d).Taken > 0 && (in.DrugID == 0 || in.DrugID == d) {
			drugs = append(drugs, d)
		}
	}
	may := w.leads(by, s) && s.State == session.Closing && len(drugs) > 0 &&
		(in.ToID == 0 || in.ToID != s.ID && w.sessions[in.ToID].State == session.Planned)
	return act{name: "roll over", may: may, do: func() (any, error) { return w.svc.RollOver(w.ctx, by, in) },
		then: func() {
			for _, d := range drugs {
				delete(s.Target, d)
				if in.ToID != 0 {
					s.Target[d] = in.ToID
				}
			}
			s.forget()
		}}
}

func (w *world) confirmClosing(s *modelSession) act {
	by, in := w.anybody(), session.Confirming{SessionID: s.ID, CommandID: w.id()}
	_, before := s.Confirmed[by.StaffID]
	lead := w.leads(by, s)
	if len(s.Confirmed) > 0 && w.usually(25) {
		for _, again := range w.people {
			if _, said := s.Confirmed[again.StaffID]; said {
				by = again
			}
		}
		lead, before = w.leads(by, s), true
	}
	leading := lead
	for _, l := range s.Confirmed {
		leading = leading || l
	}
	may := w.helps(by, s) && s.State == session.Closing && !before && w.ready(s) && (leading || len(s.Confirmed) == 0)
	return act{name: "confirm", may: may, do: func() (any, error) { return w.svc.ConfirmClosing(w.ctx, by, in) }, then: func() {
		s.Confirmed[by.StaffID] = lead
		if len(s.Confirmed) == 2 {
			w.goHome(s)
		}
	}}
}

// ready tells whether nothing but signatures is wanting.
func (w *world) ready(s *modelSession) bool {
	for _, to := range s.Target {
		if w.sessions[to].State != session.Planned {
			return false
		}
	}
	if _, _, open := w.openOf(s.ID, func(modelVisit) bool { return true }); open {
		return false
	}
	for _, q := range w.requests {
		if q.Session == s.ID && q.Decision == session.Undecided {
			return false
		}
	}
	if w.bagged(s) {
		return false
	}
	for _, d := range w.drugs {
		if !w.settled(s, d) {
			return false
		}
	}
	return true
}

// adjust brings the opened boxes that were scanned to the loose units that were
// counted, in the order of their codes.
func (w *world) adjust(s *modelSession) {
	for _, drug := range w.drugs {
		l := w.line(s, drug)
		off := l.CountedLoose - l.Loose
		if l.CountedAt == nil {
			continue
		}
		for _, code := range slices.Sorted(maps.Keys(w.packs)) {
			p := w.packs[code]
			if p.Drug != drug || p.Session != s.ID || p.State != inventory.StateAllocated || !s.Seen[code] || p.Left == full {
				continue
			}
			by := min(max(off, 0), full-p.Left-p.Given) - min(max(-off, 0), p.Left-1)
			p.Left, off = p.Left+by, off-by
			w.packs[code] = p
		}
	}
}

// goHome closes the session: what is left goes home, or to the next one.
func (w *world) goHome(s *modelSession) {
	w.adjust(s)
	for code, p := range w.packs {
		if p.Session != s.ID || p.State != inventory.StateAllocated {
			continue
		}
		now := modelPack{State: inventory.StateInStore}
		if to := s.Target[p.Drug]; to != 0 && !p.Recalled {
			now = modelPack{State: inventory.StateAllocated, Session: to}
		}
		if s.Ticked[code] || now.Session != 0 && !s.Seen[code] {
			w.moveIn(now, code)
		} else {
			w.move(now, code)
		}
	}
	clear(s.Target)
	s.State = session.Closed
}
