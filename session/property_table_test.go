package session_test

import (
	"fmt"
	"strings"

	"github.com/google/uuid"

	"jingfang/inventory"
	"jingfang/session"
	"jingfang/session/identity"
)

// arrive scans a patient's label, with or without starting at once.
func (w *world) arrive(s *modelSession) act {
	by, i := w.anybody(), w.r.IntN(len(w.patients))
	start := w.usually(70)
	if start {
		by = w.aDoctor()
	}
	in := session.Arrival{SessionID: s.ID, Visit: w.id(), CommandID: w.id(), Patient: w.tokens[i], Start: start}
	if before, ok := w.again[by.StaffID]; ok && start && w.usually(60) {
		in.Again, in.SessionID, s = before.mark, before.session, w.sessions[before.session]
		i = w.patientAt(before.patient)
		in.Patient = w.tokens[i]
	}
	if w.usually(3) && len(w.visitIDs) > 0 {
		in.Visit = one(w.r, w.visitIDs) // a device that makes the same id twice
	}
	w.visitIDs = append(w.visitIDs, in.Visit)
	kind, may, then := w.arrived(by, s, in, w.patients[i].ID)
	a := act{name: "arrive", may: may, then: then, do: func() (any, error) { return w.svc.CheckIn(w.ctx, by, in) }}
	a.check = func(x any) string {
		if got := x.(session.ArrivalAnswer).Kind; got != kind {
			return fmt.Sprintf("answered %s, want %s", got, kind)
		}
		return ""
	}
	patient, of := w.patients[i].ID, in.SessionID
	a.heard = func(x any) {
		answer := x.(session.ArrivalAnswer)
		delete(w.again, by.StaffID)
		if answer.Kind == session.FinishFirst {
			w.again[by.StaffID] = asked{answer.Again, of, answer.VisitID, w.lines(answer.VisitID), patient}
		}
	}
	return a
}

func (w *world) patientAt(id int64) int {
	for i, p := range w.patients {
		if p.ID == id {
			return i
		}
	}
	return 0
}

// arrived is what the model makes of a label.
func (w *world) arrived(by identity.Actor, s *modelSession, in session.Arrival, patient int64) (session.ArrivalKind, bool, func()) {
	need := identity.CheckIn
	if in.Start {
		need = identity.Dispense
	}
	if !w.can(by, need) || s.State != session.Open || in.Start && s.part(by.StaffID) != session.PartDoctor {
		return "", false, nil
	}
	clear := func() {}
	if in.Start {
		current, v, busy := w.openOf(s.ID, func(v modelVisit) bool { return v.Doctor == by.StaffID })
		lines, before := w.lines(current), w.again[by.StaffID]
		switch {
		case !busy || v.Patient == patient:
		case lines == 0:
			clear = func() { w.leaves(current, session.Waiting) }
		case in.Again == "" || before != asked{in.Again, s.ID, current, lines, patient}:
			return session.FinishFirst, true, func() {}
		default:
			clear = func() { w.ends(current) }
		}
	}
	there, v, found := w.openOf(s.ID, func(v modelVisit) bool { return v.Patient == patient })
	_, used := w.visits[in.Visit]
	switch {
	case found && v.State == session.InConsultation && v.Doctor == by.StaffID:
		return session.AlreadyYours, true, clear
	case found && v.State == session.InConsultation, !found && used:
		return "", false, nil
	case found && !in.Start:
		return session.AlreadyWaiting, true, clear
	case !found:
		there = in.Visit
	}
	now := modelVisit{Session: s.ID, Patient: patient, State: session.Waiting}
	kind := session.Queued
	if in.Start {
		kind, now.State, now.Doctor = session.Started, session.InConsultation, by.StaffID
	}
	return kind, true, func() { clear(); w.visits[there] = now }
}

// leaves sends a visit away from the table, ends finishes it.
func (w *world) leaves(id uuid.UUID, to session.VisitState) {
	v := w.visits[id]
	if v.State = to; to == session.Waiting {
		v.Doctor = 0
	}
	w.visits[id] = v
	w.withdraw(id)
}

func (w *world) ends(id uuid.UUID) {
	w.leaves(id, session.Finished)
	w.records++
}

// mine tells whether a visit is open with somebody in this session.
func (w *world) mine(by identity.Actor, s *modelSession, visit uuid.UUID) bool {
	v, ok := w.visits[visit]
	return ok && v.Session == s.ID && v.State == session.InConsultation && v.Doctor == by.StaffID
}

// scan hands out boxes at a table, good ones and others.
func (w *world) scan(s *modelSession) act {
	by := w.aDoctor()
	codes := w.someCodes(4, func(_ string, p modelPack) bool {
		return p.State == inventory.StateAllocated && (p.Session == s.ID || w.usually(5))
	})
	in := session.Scan{SessionID: s.ID, Visit: w.visitOf(s, by.StaffID), CommandID: w.id(), Codes: join(codes)}
	if w.usually(12) {
		in.Typed, in.Codes = true, w.tail(codes[0])
		codes = w.endingIn(s, in.Codes)
	}
	var giving []string
	for _, c := range w.distinct(codes) {
		if p := w.packs[c]; p.State == inventory.StateAllocated && p.Session == s.ID && p.Drug != w.loose && !p.Recalled && (p.Bag == 0 || p.Bag == w.visits[in.Visit].Patient) {
			giving = append(giving, c)
		}
	}
	may := w.can(by, identity.Dispense) && s.State == session.Open && w.mine(by, s, in.Visit)
	return act{name: "scan", may: may, do: func() (any, error) { return w.svc.Dispense(w.ctx, by, in) },
		then: func() { w.give(s.ID, in.Visit, giving...) },
		check: func(x any) string {
			a := x.(session.ScanAnswer)
			if yes(a.Answers) != len(giving) || a.Packs != w.lines(in.Visit)+len(giving) {
				return fmt.Sprintf("gave %v of %v; answered %+v", giving, codes, a)
			}
			return ""
		}}
}

// endingIn is the one box in the trays that ends so, when it is the only one.
func (w *world) endingIn(s *modelSession, tail string) (list []string) {
	for _, c := range w.codes {
		if p := w.packs[c]; strings.HasSuffix(c, tail) && p.State == inventory.StateAllocated && p.Session == s.ID {
			list = append(list, c)
		}
	}
	if len(list) > 1 {
		return nil
	}
	return list
}

func (w *world) give(s int64, visit uuid.UUID, codes ...string) {
	for _, c := range codes {
		p := w.packs[c]
		p.Session = s
		w.packs[c] = p
		w.hand(visit, c, p.Left)
	}
}

// hand gives a visit more units of a box that the session holds, or takes some back.
func (w *world) hand(visit uuid.UUID, code string, more int64) {
	p, x := w.packs[code], share{visit, code}
	p.Left, p.Given, w.given[x] = p.Left-more, p.Given+more, w.given[x]+more
	p.State, p.Visit, p.Bag, p.Tote = inventory.StateAllocated, uuid.Nil, 0, 0
	if p.Left == 0 {
		p.State, p.Visit = inventory.StateDispensed, visit
	}
	if w.given[x] == 0 {
		delete(w.given, x)
	}
	w.packs[code] = p
}

// scanLoose gives a number of units of one box, or changes it.
func (w *world) scanLoose(s *modelSession) act {
	by := w.aDoctor()
	in := session.Scan{SessionID: s.ID, Visit: w.visitOf(s, by.StaffID), CommandID: w.id(), Quantity: 1 + w.r.Int64N(12)}
	in.Codes = w.code(func(c string, p modelPack) bool {
		return p.Drug == w.loose && p.Session == s.ID && (p.State == inventory.StateAllocated || w.given[share{in.Visit, c}] > 0)
	})
	if w.usually(20) {
		in.Quantity, in.Whole = 0, true
	}
	more := w.wanted(s, in)
	may := w.can(by, identity.Dispense) && s.State == session.Open && w.mine(by, s, in.Visit)
	return act{name: "scan loose", may: may, do: func() (any, error) { return w.svc.Dispense(w.ctx, by, in) },
		then: func() {
			if more != 0 {
				w.hand(in.Visit, in.Codes, more)
			}
		},
		check: func(x any) string {
			a := x.(session.ScanAnswer).Answers[0]
			if (a.Kind == inventory.KindOK || a.Kind == inventory.KindChanged) != (more != 0) {
				return fmt.Sprintf("%d more units of %+v; answered %+v", more, w.packs[in.Codes], a)
			}
			return ""
		}}
}

// wanted is how many more units a scan with a number gives: negative for fewer than
// the visit had, 0 for a refusal or no change.
func (w *world) wanted(s *modelSession, in session.Scan) int64 {
	p, known := w.packs[in.Codes]
	has := w.given[share{in.Visit, in.Codes}]
	want := in.Quantity
	if in.Whole {
		want = has + p.Left
	}
	switch {
	case !known || p.Session != s.ID, p.State != inventory.StateAllocated && p.State != inventory.StateDispensed, want > has+p.Left:
		return 0
	case want > has && p.Recalled, p.Bag != 0 && p.Bag != w.visits[in.Visit].Patient:
		return 0
	case has == 0 && p.State != inventory.StateAllocated, p.Drug != w.loose && (has > 0 || want != p.Left):
		return 0
	}
	return want - has
}

func (w *world) undo(s *modelSession) act {
	by := w.someone(0, 5)
	visit := w.visitOf(s, by.StaffID)
	in := session.Undoing{SessionID: s.ID, Visit: visit, CommandID: w.id(), Code: w.code(func(c string, p modelPack) bool {
		return p.Session == s.ID && w.given[share{visit, c}] > 0
	})}
	p, v := w.packs[in.Code], w.visits[visit]
	part := s.part(by.StaffID)
	may := w.can(by, identity.Undo) && s.State == session.Open && (part == session.PartDoctor || part == session.PartPharmacist) &&
		v.Session == s.ID && v.State == session.InConsultation && p.Session == s.ID && w.given[share{visit, in.Code}] > 0
	return act{name: "undo", may: may, do: func() (any, error) { return w.svc.Undo(w.ctx, by, in) }, then: func() {
		w.hand(visit, in.Code, -w.given[share{visit, in.Code}])
	}}
}

func (w *world) finish(s *modelSession) act {
	by := w.aDoctor()
	in := session.Ending{SessionID: s.ID, Visit: w.visitOf(s, by.StaffID), CommandID: w.id()}
	if w.usually(60) {
		in.NoDrugReason = "只复诊"
	}
	may := w.can(by, identity.FinishVisit) && (s.State == session.Open || s.State == session.Closing) && w.mine(by, s, in.Visit) &&
		(w.lines(in.Visit) > 0 || in.NoDrugReason != "")
	return act{name: "finish", may: may, do: func() (any, error) { return w.svc.FinishVisit(w.ctx, by, in) }, then: func() { w.ends(in.Visit) }}
}

// finishAbsent is 诊毕 by the one on duty.
func (w *world) finishAbsent(s *modelSession) act {
	by := w.aPharmacist()
	in := session.AbsentEnding{Ending: session.Ending{SessionID: s.ID, Visit: w.aVisit(s), CommandID: w.id()}, Why: "医生已离开"}
	if w.usually(60) {
		in.NoDrugReason = "只复诊"
	}
	v := w.visits[in.Visit]
	may := w.onDuty(by, s) && (s.State == session.Open || s.State == session.Closing) && v.Session == s.ID && v.State == session.InConsultation &&
		v.Doctor != by.StaffID && (w.lines(in.Visit) > 0 || in.NoDrugReason != "")
	return act{name: "finish for an absent doctor", may: may, then: func() { w.ends(in.Visit) },
		do: func() (any, error) { return w.svc.FinishForAbsent(w.ctx, by, in) }}
}

func (w *world) onDuty(by identity.Actor, s *modelSession) bool {
	return by.StaffID == w.chief.StaffID || w.can(by, identity.DecideRequest) && s.part(by.StaffID) == session.PartPharmacist
}

func (w *world) queueStep(s *modelSession) act {
	by := w.anybody()
	in := session.Queueing{SessionID: s.ID, Visit: w.aVisit(s), CommandID: w.id(), Reason: "重复签到",
		Step: one(w.r, []session.QueueStep{session.StepCall, session.StepCall, session.StepPutBack, session.StepVoid})}
	v := w.visits[in.Visit]
	may := w.can(by, identity.CheckIn) && (s.State == session.Open || s.State == session.Closing) && s.part(by.StaffID) != "" && v.Session == s.ID
	switch in.Step {
	case session.StepCall:
		may = may && v.State == session.Waiting
	case session.StepPutBack:
		may = may && v.State == session.InConsultation && w.lines(in.Visit) == 0
	default:
		may = may && (v.State == session.Waiting || v.State == session.InConsultation) && w.lines(in.Visit) == 0
	}
	return act{name: string(in.Step), may: may, do: func() (any, error) { return w.svc.MoveInQueue(w.ctx, by, in) }, then: func() {
		switch in.Step {
		case session.StepPutBack:
			w.leaves(in.Visit, session.Waiting)
		case session.StepVoid:
			w.leaves(in.Visit, session.Void)
		}
	}}
}

func (w *world) ask(s *modelSession) act {
	by := w.aDoctor()
	in := session.Asking{SessionID: s.ID, Visit: w.visitOf(s, by.StaffID), CommandID: w.id()}
	in.Code = w.code(func(_ string, p modelPack) bool {
		return p.State == inventory.StateInStore || p.State == inventory.StateExpected || p.State == inventory.StateAllocated && p.Session != s.ID
	})
	if w.usually(25) {
		in.Code = w.strange()
	}
	p, known := w.packs[in.Code]
	may := w.can(by, identity.Dispense) && s.State == session.Open && w.mine(by, s, in.Visit) && p.fit() &&
		(!known || p.State == inventory.StateInStore || p.State == inventory.StateExpected || p.State == inventory.StateAllocated && p.Session != s.ID)
	for _, q := range w.requests {
		may = may && (q.Visit != in.Visit || q.Code != in.Code || q.Decision != session.Undecided)
	}
	w.asked = append(w.asked, in.CommandID)
	return act{name: "ask", may: may, do: func() (any, error) { return w.svc.AskLetIn(w.ctx, by, in) },
		then: func() {
			w.requests[in.CommandID] = modelRequest{s.ID, in.Visit, in.Code, session.Undecided}
		}}
}

func (w *world) decideRequest(s *modelSession) act {
	by := w.aPharmacist()
	in := session.Deciding{SessionID: s.ID, Request: w.id(), CommandID: w.id(), LetIn: w.usually(75), Reason: "患者急用"}
	for _, id := range w.asked[max(0, len(w.asked)-12):] {
		if q, ok := w.requests[id]; ok && q.Session == s.ID && (q.Decision == session.Undecided || w.usually(10)) {
			in.Request = id
		}
	}
	q := w.requests[in.Request]
	p, known := w.packs[q.Code]
	may := s.State == session.Open && w.onDuty(by, s) && q.Session == s.ID && q.Decision == session.Undecided &&
		w.visits[q.Visit].State == session.InConsultation
	if in.LetIn && may && known {
		may = w.mayLetIn(s, p)
	}
	return act{name: "decide", may: may, do: func() (any, error) { return w.svc.Decide(w.ctx, by, in) }, then: func() {
		q.Decision = session.DecidedNo
		if in.LetIn {
			q.Decision = session.DecidedIn
			w.enter(q.Code)
			switch p := w.packs[q.Code]; {
			case p.Drug == w.loose && p.State == inventory.StateAllocated && p.Session == s.ID: // it has come here meanwhile
			case p.Drug == w.loose:
				w.move(modelPack{State: inventory.StateAllocated, Session: s.ID}, q.Code) // how much, the doctor says
			default:
				w.give(s.ID, q.Visit, q.Code)
			}
		}
		w.requests[in.Request] = q
	}}
}

func (w *world) mayLetIn(s *modelSession, p modelPack) bool {
	switch p.State {
	case inventory.StateAllocated:
		from := w.sessions[p.Session]
		return !p.Recalled && (from.ID == s.ID || from.State == session.Open || from.State == session.Planned)
	case inventory.StateInStore, inventory.StateExpected:
		return p.fit()
	}
	return false
}

// enter gives a box that nobody knew its place in the model.
func (w *world) enter(code string) {
	if _, known := w.packs[code]; known {
		return
	}
	p := modelPack{Drug: w.drugs[int(code[6]-'1')], Left: full}
	p.Recalled = w.meant(code, p)
	w.packs[code] = p
	w.codes = append(w.codes, code)
}
