package session

import (
	"context"
	"fmt"
	"slices"

	"github.com/google/uuid"

	"jingfang/inventory"
	"jingfang/session/identity"
	"jingfang/sql/db"
)

// closingRun is what the second confirmation carries out.
type closingRun struct {
	lines   []ClosingLine
	targets []int64
	signed  []Confirmation
	command uuid.UUID
}

// close moves the left-overs, closes the session and signs its head.
func (s *Service) close(ctx context.Context, tx *db.Tx, by identity.Actor, x Session, run closingRun) (ClosingAnswer, error) {
	trips, err := moveLeftOvers(ctx, tx, by, x, run)
	if err != nil {
		return ClosingAnswer{}, err
	}
	e, err := ReadEquation(ctx, tx, x)
	if err != nil {
		return ClosingAnswer{}, err
	}
	if !e.Holds() || e.Left != 0 {
		return ClosingAnswer{}, fmt.Errorf("close session %d: after all moves the equation is %+v", x.ID, e)
	}
	if _, err := tx.Exec(ctx, `DELETE FROM closing_target WHERE session_id = $1`, x.ID); err != nil {
		return ClosingAnswer{}, fmt.Errorf("forget where left-overs went: %w", err)
	}
	err = tx.ExecOne(ctx, `UPDATE clinic_session SET state = 'closed', closed_at = $2 WHERE id = $1`, x.ID, tx.Now)
	if err != nil {
		return ClosingAnswer{}, fmt.Errorf("close session: %w", err)
	}
	if err := s.signHead(ctx, tx, x, mainChain, signersOf(by, run.signed), closingFields(e, run.signed)); err != nil {
		return ClosingAnswer{}, err
	}
	for _, trip := range trips {
		if err := inventory.NoteTrip(ctx, tx, by, trip); err != nil {
			return ClosingAnswer{}, err
		}
	}
	err = identity.Audit(ctx, tx, by, identity.Event{Name: "session.close", ObjectKind: "session", ObjectID: fmt.Sprint(x.ID),
		SiteID: x.SiteID, SessionID: x.ID, Detail: fmt.Sprintf("%+v confirmed by%s", e, namesOf(run.signed))})
	if err != nil {
		return ClosingAnswer{}, err
	}
	a := ClosingAnswer{Closed, fmt.Sprintf("场次已结束，由%s确认。%s。", namesOf(run.signed), e.Sentence())}
	return a, s.hub.Touch(ctx, tx, append([]int64{x.ID}, run.targets...)...)
}

// signersOf lists who may sign the head of a day, who leads first.
func signersOf(by identity.Actor, signed []Confirmation) []int64 {
	var lead, team []int64
	for _, c := range signed {
		if c.Part == confirmLead {
			lead = append(lead, c.StaffID)
		} else {
			team = append(team, c.StaffID)
		}
	}
	return append(append(lead, team...), by.StaffID)
}

// Sentence is the equation as it is read aloud; terms that are zero are left out.
func (e Equation) Sentence() string {
	text := fmt.Sprintf("带出 %d = 发出 %d", e.Taken, e.Given)
	for _, t := range []struct {
		word  string
		packs int
	}{{"余", e.Left}, {"带回", e.Home}, {"转下场", e.Rolled}, {"损坏", e.Damaged}, {"说明", e.Explained}} {
		if t.packs != 0 {
			text += fmt.Sprintf(" + %s %d", t.word, t.packs)
		}
	}
	return text
}

// moveLeftOvers sends every pack that is left where it goes: those that were
// scanned by their scan, all others by number. It tells which went in totes.
func moveLeftOvers(ctx context.Context, tx *db.Tx, by identity.Actor, x Session, run closingRun) ([]inventory.ToteTrip, error) {
	packs, seen, err := lockLeftOvers(ctx, tx, x.ID)
	if err != nil {
		return nil, err
	}
	if err := adjustLoose(ctx, tx, by, packs, seen, run); err != nil {
		return nil, err
	}
	stay, err := stayInTotes(ctx, tx, packs, seen, run.lines)
	if err != nil {
		return nil, err
	}
	ways := map[leftWay][]*inventory.Pack{}
	var order []leftWay
	for _, p := range packs {
		w := wayOf(p, seen[p.ID], run.lines)
		if ways[w] == nil {
			order = append(order, w)
		}
		ways[w] = append(ways[w], p)
	}
	for _, w := range order {
		e := inventory.Entry{Move: inventory.Move{Kind: w.kind, Session: w.to, At: tx.Now}, How: w.how, Reason: "收尾",
			Device: by.Device, Command: run.command}
		if _, err := inventory.WriteAll(ctx, tx, by, ways[w], e); err != nil {
			return nil, fmt.Errorf("move left-overs: %w", moveRefused(err, "余药"))
		}
	}
	return tripsOf(x, ways, order, stay), inventory.StayInTotes(ctx, tx, stay)
}

// tripsOf tells which packs that stay in their totes went where, however each was
// counted. What is set apart at the end is in no tote.
func tripsOf(x Session, ways map[leftWay][]*inventory.Pack, order []leftWay, stay []int64) []inventory.ToteTrip {
	var trips []inventory.ToteTrip
	at := map[leftWay]int{}
	for _, w := range order {
		if w.kind == inventory.MoveQuarantine {
			continue
		}
		there, session := leftWay{kind: w.kind, to: w.to}, x.ID
		if w.kind == inventory.MoveRollOver {
			session = w.to
		}
		if _, known := at[there]; !known {
			at[there] = len(trips)
			trips = append(trips, inventory.ToteTrip{Move: w.kind, SiteID: x.SiteID, SessionID: session})
		}
		trip := &trips[at[there]]
		for _, id := range idsOf(ways[w]) {
			if slices.Contains(stay, id) {
				trip.Packs = append(trip.Packs, id)
			}
		}
	}
	return trips
}

// stayInTotes lists the packs that go along with their tote: those that its label
// ticked off, and those that roll over without having been touched. What was
// counted or scanned by itself and comes home goes back to the shelf.
func stayInTotes(ctx context.Context, tx *db.Tx, packs []*inventory.Pack, seen map[int64]inventory.How, lines []ClosingLine) ([]int64, error) {
	in, err := inventory.InTotes(ctx, tx, idsOf(packs))
	if err != nil {
		return nil, err
	}
	var stay []int64
	for _, p := range packs {
		how := seen[p.ID]
		rolls := wayOf(p, how, lines).kind == inventory.MoveRollOver
		if in[p.ID] && (how == inventory.HowTogether || how == "" && rolls) {
			stay = append(stay, p.ID)
		}
	}
	return stay, nil
}

// leftWay is where a left-over goes and how its code was read.
type leftWay struct {
	kind inventory.MovementKind
	to   int64
	how  inventory.How
}

// wayOf sends a pack home or to its drug's next session; what a patient once had
// is set apart. A recalled one comes home whatever was chosen, and the store's own
// rule sets it apart there.
func wayOf(p *inventory.Pack, seen inventory.How, lines []ClosingLine) leftWay {
	w := leftWay{kind: inventory.MoveComeHome, how: inventory.HowByNumber}
	if seen != "" {
		w.how = seen
	}
	if l, ok := findLine(lines, p.DrugID); ok && l.RollTo != nil && p.RecallID == 0 {
		w.kind, w.to = inventory.MoveRollOver, *l.RollTo
	}
	if p.Returned {
		w.kind, w.to = inventory.MoveQuarantine, 0
	}
	return w
}

// lockLeftOvers locks the packs that are left, in the order of their codes, and
// tells which were ticked off, and how.
func lockLeftOvers(ctx context.Context, tx *db.Tx, sessionID int64) ([]*inventory.Pack, map[int64]inventory.How, error) {
	var rows []struct {
		ID   int64         `db:"id"`
		Code string        `db:"code"`
		Seen inventory.How `db:"seen"`
	}
	err := tx.Select(ctx, &rows, `SELECT k.id, k.code, COALESCE(z.how, '') AS seen FROM pack k
LEFT JOIN closing_seen z ON z.session_id = k.session_id AND z.pack_id = k.id
WHERE k.session_id = $1::bigint AND k.state = 'allocated' ORDER BY k.code`, sessionID)
	if err != nil {
		return nil, nil, fmt.Errorf("read left-overs: %w", err)
	}
	codes, seen := make([]string, len(rows)), map[int64]inventory.How{}
	for i, r := range rows {
		codes[i], seen[r.ID] = r.Code, r.Seen
	}
	locked, err := inventory.LockPacks(ctx, tx, codes)
	if err != nil {
		return nil, nil, err
	}
	packs := make([]*inventory.Pack, len(codes))
	for i, code := range codes {
		packs[i] = locked[code]
	}
	return packs, seen, nil
}

// adjustLoose brings the opened packs of a line to the units that were counted:
// the two who confirm say so.
func adjustLoose(ctx context.Context, tx *db.Tx, by identity.Actor, packs []*inventory.Pack, seen map[int64]inventory.How, run closingRun) error {
	for _, l := range run.lines {
		off := l.CountedLoose - l.Loose
		if l.CountedAt == nil || off == 0 {
			continue
		}
		for _, p := range packs {
			if p.DrugID != l.DrugID || seen[p.ID] == "" || p.UnitsLeft == p.UnitsTotal || off == 0 {
				continue
			}
			m := looseMove(p, off)
			if m.Quantity == 0 {
				continue
			}
			_, err := inventory.Write(ctx, tx, by, p, inventory.Entry{Move: m, How: inventory.HowByNumber, Reason: "收尾时散装数不符",
				Device: by.Device, Command: run.command})
			if err != nil {
				return moveRefused(err, l.DrugName())
			}
			if m.Kind == inventory.MoveShortage {
				off += m.Quantity
			} else {
				off -= m.Quantity
			}
		}
	}
	return nil
}

// looseMove is as much of a difference as one opened pack can take: it keeps a
// unit, and holds no more than it can.
func looseMove(p *inventory.Pack, off int64) inventory.Move {
	if off < 0 {
		return inventory.Move{Kind: inventory.MoveShortage, Quantity: min(-off, p.UnitsLeft-1)}
	}
	return inventory.Move{Kind: inventory.MoveSurplus, Quantity: min(off, p.UnitsTotal-p.UnitsLeft-p.UnitsGiven)}
}
