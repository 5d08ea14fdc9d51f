package session_test

import (
	"fmt"

	"jingfang/inventory"
	"jingfang/session"
	"jingfang/session/identity"
)

// correct puts a finished visit right: its doctor while the session goes on, a
// pharmacist afterwards.
func (w *world) correct(s *modelSession) act {
	by, name := w.aDoctor(), "correct"
	if s.State == session.Closed {
		by, name = w.aPharmacist(), "correct after closing"
	}
	in := session.Correcting{SessionID: s.ID, Visit: w.aVisit(s), CommandID: w.id(), Reason: "核对", Apart: w.usually(30)}
	for _, id := range w.visitIDs {
		if v := w.visits[id]; v.Session == s.ID && v.State == session.Finished && w.lines(id) > 0 && (v.Doctor == by.StaffID || s.State == session.Closed) && w.usually(30) {
			in.Visit = id
		}
	}
	in.Code = w.code(func(c string, _ modelPack) bool { return w.given[share{in.Visit, c}] > 0 })
	p, v, has := w.packs[in.Code], w.visits[in.Visit], w.given[share{in.Visit, in.Code}]
	if p.Drug == w.loose && w.usually(60) {
		in.Quantity = w.r.Int64N(full + 2)
	}
	may := v.Session == s.ID && v.State == session.Finished && has > 0 && in.Quantity != has && (in.Quantity == 0 || p.Drug == w.loose) &&
		in.Quantity-has <= p.Left && w.withUs(s, p)
	if s.State == session.Closed {
		may = may && w.can(by, identity.CloseSession)
	} else {
		may = may && (s.State == session.Open || s.State == session.Closing) && v.Doctor == by.StaffID && w.can(by, identity.Dispense)
	}
	return act{name: name, may: may, do: func() (any, error) { return w.svc.CorrectLine(w.ctx, by, in) },
		then: func() { w.corrected(s, in, in.Quantity-has) },
		check: func(x any) string {
			if a := x.(session.CorrectAnswer); a.Quantity != in.Quantity || a.Left != p.Left-(in.Quantity-has) {
				return fmt.Sprintf("%+v of %+v; answered %+v", in, p, a)
			}
			return ""
		}}
}

// withUs tells whether a box can be fetched for a correction: with the session, or
// on the shelf.
func (w *world) withUs(s *modelSession, p modelPack) bool {
	return p.State == inventory.StateInStore || (p.State == inventory.StateAllocated || p.State == inventory.StateDispensed) && p.Session == s.ID
}

func (w *world) corrected(s *modelSession, in session.Correcting, more int64) {
	shelf := w.packs[in.Code].State == inventory.StateInStore || s.State == session.Closed
	p := w.packs[in.Code]
	p.Session = s.ID
	w.packs[in.Code] = p
	w.hand(in.Visit, in.Code, more)
	if shelf && w.packs[in.Code].Left > 0 {
		to := modelPack{State: inventory.StateInStore}
		if in.Apart && more < 0 {
			to.State = inventory.StateQuarantined
		}
		w.move(to, in.Code)
	}
	w.records++
	if s.State == session.Closing {
		s.forget()
		delete(s.Reported, in.Code)
	}
}

// supplement writes a text behind a closed session.
func (w *world) supplement(s *modelSession) act {
	by := w.aPharmacist()
	in := session.Supplementing{SessionID: s.ID, CommandID: w.id(), Visit: w.aVisit(s), Text: "取药人应为家属"}
	for _, id := range w.visitIDs {
		if v := w.visits[id]; v.Session == s.ID && v.State == session.Finished && w.usually(50) {
			in.Visit = id
		}
	}
	v := w.visits[in.Visit]
	may := w.can(by, identity.CloseSession) && s.State == session.Closed && v.Session == s.ID && v.State == session.Finished
	return act{name: "supplement", may: may, do: func() (any, error) { return w.svc.AddSupplement(w.ctx, by, in) }, then: func() { w.records++ }}
}

// sign is a doctor's yes to a record that somebody else wrote; what waits for one is
// read, for the model does not know records by their id.
func (w *world) sign(*modelSession) act {
	by := w.doctors[w.r.IntN(len(w.doctors))]
	list, err := session.ToCountersign(w.ctx, w.db.App, by.StaffID)
	w.must(err)
	command := w.id()
	if len(list) == 0 {
		return act{name: "sign nothing", do: func() (any, error) {
			return nil, w.svc.SignLate(w.ctx, by, session.LateSigning{RecordID: 1 << 40, CommandID: command})
		}}
	}
	r := one(w.r, list)
	if w.usually(20) {
		for _, other := range w.doctors {
			if other.StaffID != by.StaffID {
				by = other
			}
		}
	}
	mine := by.StaffID == w.visitDoctor(r)
	if r.Late {
		return act{name: "sign", may: mine, then: func() {}, do: func() (any, error) {
			return nil, w.svc.SignLate(w.ctx, by, session.LateSigning{RecordID: r.RecordID, CommandID: command})
		}}
	}
	return act{name: "sign", may: mine, then: func() {}, do: func() (any, error) {
		return w.svc.SignFinished(w.ctx, by, session.SigningFor{RecordID: r.RecordID, CommandID: command})
	}}
}

// visitDoctor is whose yes a record waits for.
func (w *world) visitDoctor(r session.ToSign) (id int64) {
	w.t.Helper()
	w.must(w.db.App.Get(w.ctx, &id, `SELECT doctor_id FROM record WHERE id = $1`, r.RecordID))
	return id
}
