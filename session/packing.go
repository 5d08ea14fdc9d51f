package session

import (
	"context"
	"fmt"

	"github.com/google/uuid"

	"jingfang/inventory"
	"jingfang/session/identity"
	"jingfang/sql/db"
)

// maxPacked bounds one packing scan: a large session takes 1,500 packs, and a
// batch reader or a paste brings them at once.
const maxPacked = 2000

// Packing is the input of Pack and Unpack: codes of packs for a session.
type Packing struct {
	SessionID int64
	CommandID uuid.UUID
	Codes     string
}

// PackingAnswer is the answer to a packing scan.
type PackingAnswer struct {
	Answers []inventory.CodeAnswer `json:"answers"`
	// Moved is how many packs were taken or put back, Session how many the
	// session has now.
	Moved   int `json:"moved"`
	Session int `json:"session"`
}

// Worst is the answer the band shows.
func (a PackingAnswer) Worst() inventory.CodeAnswer { return inventory.Worst(a.Answers) }

// Pack allocates scanned packs of the store to a session. The label of a sealed
// tote, or the code of a carton whose small codes are all known, stands for what
// lies in it.
func (s *Service) Pack(ctx context.Context, by identity.Actor, in Packing) (PackingAnswer, error) {
	return s.packing(ctx, by, in, "pack", inventory.MoveAllocate)
}

// Unpack puts scanned packs of a session back into the store, with a tote's label
// all that is left in it.
func (s *Service) Unpack(ctx context.Context, by identity.Actor, in Packing) (PackingAnswer, error) {
	return s.packing(ctx, by, in, "unpack", inventory.MoveComeHome)
}

func (s *Service) packing(ctx context.Context, by identity.Actor, in Packing, kind string, move inventory.MovementKind) (PackingAnswer, error) {
	if _, err := s.may(ctx, by, identity.Allocate, in.SessionID); err != nil {
		return PackingAnswer{}, err
	}
	read := inventory.ParseScan(in.Codes)
	if len(read) > maxPacked {
		return PackingAnswer{}, db.Refuse(db.Invalid, "一次最多 %d 个码，这次有 %d 个。请分几次。", maxPacked, len(read))
	}
	cmd := identity.Command{ID: in.CommandID, Kind: kind, Request: in}
	answer, _, err := runCommand(ctx, s, in.SessionID, by, cmd, func(ctx context.Context, tx *db.Tx) (PackingAnswer, error) {
		return s.movePacks(ctx, tx, by, in, read, move)
	})
	return answer, err
}

func (s *Service) movePacks(ctx context.Context, tx *db.Tx, by identity.Actor, in Packing, read []inventory.Parsed, move inventory.MovementKind) (PackingAnswer, error) {
	x, err := lock(ctx, tx, in.SessionID, Planned, Open)
	if err != nil {
		return PackingAnswer{}, err
	}
	b := &packingBench{session: x, move: move, now: tx.Now}
	loose, err := b.load(ctx, tx, read)
	if err != nil {
		return PackingAnswer{}, err
	}
	for _, p := range loose {
		b.answer = append(b.answer, b.decide(p))
	}
	for _, x := range b.boxes {
		b.decideBox(x)
	}
	entry := inventory.Entry{Move: inventory.Move{Kind: move, Session: x.ID, At: tx.Now}, How: inventory.HowScanned,
		Device: by.Device, Command: in.CommandID}
	if _, err := inventory.WriteAll(ctx, tx, by, b.moving, entry); err != nil {
		return PackingAnswer{}, err
	}
	if err := b.writeBoxes(ctx, tx, by, entry); err != nil {
		return PackingAnswer{}, err
	}
	if err := b.noteEarlier(ctx, tx); err != nil {
		return PackingAnswer{}, err
	}
	if err := inventory.NoteTrip(ctx, tx, by, inventory.ToteTrip{Move: move, SiteID: x.SiteID, SessionID: x.ID, Packs: idsOf(b.together)}); err != nil {
		return PackingAnswer{}, err
	}
	out := PackingAnswer{Answers: b.answer, Moved: len(b.moving) + len(b.together)}
	err = tx.Get(ctx, &out.Session, `SELECT count(*) FROM pack WHERE session_id = $1 AND state = 'allocated'`, x.ID)
	if err != nil {
		return PackingAnswer{}, fmt.Errorf("count packs: %w", err)
	}
	err = identity.Audit(ctx, tx, by, identity.Event{Name: "session." + string(move), ObjectKind: "session", ObjectID: fmt.Sprint(x.ID),
		SiteID: x.SiteID, SessionID: x.ID, Detail: fmt.Sprintf("codes=%d boxes=%d moved=%d", len(read), len(b.boxes), out.Moved)})
	if err != nil {
		return PackingAnswer{}, err
	}
	return out, s.hub.Touch(ctx, tx, x.ID)
}
