package session

import (
	"context"
	"fmt"

	"jingfang/inventory"
	"jingfang/sql/db"
)

// RecallPlace is how many of the boxes that a recall means are in one place.
type RecallPlace struct {
	State inventory.State `db:"state"`
	// SessionID is the clinic day that holds them, zero for the states that no
	// clinic day has; Name says which.
	SessionID int64  `db:"session_id"`
	Name      string `db:"-"`
	Packs     int    `db:"packs"`
	Units     int64  `db:"units"` // left in the boxes, in smallest units
}

// RecallReach is where every box is that a scope means, and how many people have
// some of it.
type RecallReach struct {
	Places []RecallPlace
	// Packs is all of them, Free those that could still be handed out if nothing
	// held them: in the store and in trays.
	Packs, Free int
	// Patients is people who were given one and count as having it.
	Patients int
	// Unknown is the codes of a list that no box is known for.
	Unknown int
}

// ReadRecallReach reads where the boxes of a scope are, the ones to act on first.
// It is the same before a recall begins and while it runs: the boxes are found
// by what the scope says, never by a list that was made once.
func ReadRecallReach(ctx context.Context, r db.Reader, scope inventory.RecallScope) (RecallReach, error) {
	var reach RecallReach
	err := r.Select(ctx, &reach.Places, `SELECT k.state, CASE WHEN k.state = 'allocated' THEN COALESCE(k.session_id, 0) ELSE 0 END AS session_id,
  count(*) AS packs, sum(k.units_left) AS units
FROM pack k WHERE `+inventory.RecallMatch+`
GROUP BY k.state, CASE WHEN k.state = 'allocated' THEN COALESCE(k.session_id, 0) ELSE 0 END`, scope.Args()...)
	if err != nil {
		return reach, fmt.Errorf("read where recalled packs are: %w", err)
	}
	err = r.Get(ctx, &reach.Patients, `SELECT count(DISTINCT v.patient_id) FROM pack k JOIN visit_line l ON l.pack_id = k.id AND l.undone_at IS NULL
JOIN visit v ON v.id = l.visit_id WHERE `+inventory.RecallMatch, scope.Args()...)
	if err != nil {
		return reach, fmt.Errorf("count patients of a recall: %w", err)
	}
	if err := reach.nameSessions(ctx, r); err != nil {
		return reach, err
	}
	reach.arrange(len(scope.Codes))
	return reach, nil
}

// nameSessions reads which clinic days hold boxes.
func (x *RecallReach) nameSessions(ctx context.Context, r db.Reader) error {
	var ids []int64
	for _, p := range x.Places {
		if p.SessionID != 0 {
			ids = append(ids, p.SessionID)
		}
	}
	names, err := sessionNames(ctx, r, ids)
	if err != nil {
		return err
	}
	for i := range x.Places {
		p := &x.Places[i]
		p.Name = p.State.Chinese()
		if p.SessionID != 0 {
			p.Name = names[p.SessionID]
		}
	}
	return nil
}

// sessionNames gives clinic days their names: 演示新华 11月23日.
func sessionNames(ctx context.Context, r db.Reader, ids []int64) (map[int64]string, error) {
	names := map[int64]string{}
	if len(ids) == 0 {
		return names, nil
	}
	var list []Session
	err := r.Select(ctx, &list, `SELECT `+sessionColumns+` FROM clinic_session c JOIN site s ON s.id = c.site_id WHERE c.id = ANY($1::bigint[])`, idArray(ids))
	if err != nil {
		return nil, fmt.Errorf("read names of sessions: %w", err)
	}
	for _, x := range list {
		names[x.ID] = x.Site + " " + x.HeldOn.Format("1月2日")
	}
	return names, nil
}

// arrange sums up and puts the places in the order in which they are to be acted
// on; asked is how many codes a list has.
func (x *RecallReach) arrange(asked int) {
	var sorted []RecallPlace
	for _, s := range []inventory.State{inventory.StateInStore, inventory.StateAllocated, inventory.StateDispensed, inventory.StateQuarantined,
		inventory.StateExpected, inventory.StateLost, inventory.StateDamaged, inventory.StateSentBack, inventory.StateDestroyed, inventory.StateWithdrawn} {
		for _, p := range x.Places {
			if p.State == s {
				sorted = append(sorted, p)
				x.Packs += p.Packs
			}
		}
	}
	for _, p := range sorted {
		if p.State == inventory.StateInStore || p.State == inventory.StateAllocated {
			x.Free += p.Packs
		}
	}
	x.Places, x.Unknown = sorted, max(0, asked-x.Packs)
}
