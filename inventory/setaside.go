package inventory

import (
	"context"
	"fmt"

	"github.com/google/uuid"

	"jingfang/session/identity"
	"jingfang/sql/db"
)

// Aside says how locked packs are set apart or brought back: one of
// [AsideActs], why, and with which command.
type Aside struct {
	Act     MovementKind
	Reason  string // at most 200 characters; what is longer is cut
	How     How    // how the codes were read; empty means scanned
	Command uuid.UUID
}

// SetAside moves locked packs off the straight road or back to it: into
// quarantine and out of it, as damaged, lost, found, destroyed or sent back.
// Either all packs move or none; the first that the rules refuse is a
// *[MoveError] that names its code. It gives the clinic sessions whose trays
// changed, for live.Touch at the transaction's end. What a patient once had and
// is found again goes into quarantine, never to the shelf.
func SetAside(ctx context.Context, tx *db.Tx, by identity.Actor, packs []*Pack, in Aside) (sessions []int64, err error) {
	ways := map[MovementKind][]*Pack{}
	for _, p := range packs {
		if p.State == StateAllocated && p.SessionID != nil {
			sessions = append(sessions, *p.SessionID)
		}
		kind := asideMove(p.Facts(), in.Act)
		ways[kind] = append(ways[kind], p)
	}
	e := Entry{How: in.How, Reason: in.Reason, Device: by.Device, Command: in.Command}
	if e.How == "" {
		e.How = HowScanned
	}
	for _, kind := range []MovementKind{in.Act, MoveQuarantine} {
		e.Move = Move{Kind: kind, At: tx.Now}
		if _, err := WriteAll(ctx, tx, by, ways[kind], e); err != nil {
			return nil, fmt.Errorf("set aside: %w", err)
		}
		delete(ways, kind)
	}
	return sessions, nil
}

// AsideActs lists what can be done with packs beside the straight road, in the
// order in which pages offer it.
func AsideActs() []MovementKind {
	return []MovementKind{MoveQuarantine, MoveRelease, MoveDamage, MoveFind, MoveLose, MoveDestroy, MoveSendBack}
}

// asideMove is the movement that an act makes of a pack.
func asideMove(p PackFacts, act MovementKind) MovementKind {
	if act == MoveFind && p.Returned {
		return MoveQuarantine
	}
	return act
}
