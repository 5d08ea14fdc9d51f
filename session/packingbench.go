package session

import (
	"context"
	"time"

	"jingfang/inventory"
	"jingfang/sql/db"
)

// packingBench is one packing scan while it is worked through: the packs are
// locked, the answers collected, those that move listed.
type packingBench struct {
	session Session
	move    inventory.MovementKind
	now     time.Time
	packs   map[string]*inventory.Pack
	taken   map[int64]*inventory.Taken // by pack, of those that were handed out
	known   map[string]inventory.Prefix
	away    elsewhere
	moved   map[string]bool
	moving  []*inventory.Pack
	answer  []inventory.CodeAnswer
	// boxes are the totes and cartons of the scan, together the packs in them that
	// move.
	boxes    []*box
	together []*inventory.Pack
}

// load locks everything that the scan is about and gives the pieces that are no
// boxes with known contents.
func (b *packingBench) load(ctx context.Context, tx *db.Tx, read []inventory.Parsed) (loose []inventory.Parsed, err error) {
	_, prefixes := codesOf(read)
	b.moved = map[string]bool{}
	if b.known, err = inventory.FindPrefixes(ctx, tx, prefixes); err != nil {
		return nil, err
	}
	if loose, b.boxes, err = unfold(ctx, tx, read, b.known); err != nil {
		return nil, err
	}
	codes, _ := codesOf(allOf(loose, b.boxes))
	if b.packs, err = inventory.LockPacks(ctx, tx, codes); err != nil {
		return nil, err
	}
	if b.away, err = readElsewhere(ctx, tx, b.packs, b.session.ID); err != nil {
		return nil, err
	}
	b.taken, err = lastTaken(ctx, tx, handedOut(b.packs))
	return loose, err
}

// handedOut lists the packs that a patient has.
func handedOut(packs map[string]*inventory.Pack) []int64 {
	var ids []int64
	for _, p := range packs {
		if p.State == inventory.StateDispensed {
			ids = append(ids, p.ID)
		}
	}
	return ids
}

// decide answers one code and lists its pack for moving when the answer is yes.
func (b *packingBench) decide(p inventory.Parsed) inventory.CodeAnswer {
	if p.Err != nil {
		return inventory.UnreadAnswer(p.Err)
	}
	code, drug := p.Code.Code(), ""
	pack, box := b.packs[code], code
	if pack != nil {
		// A box with a code of ours and its true one is one box, whichever is read.
		drug, box = pack.DrugName(), pack.Code
	}
	said := b.ask(p.Code, pack)
	if b.moved[box] {
		said = inventory.Answer{Kind: inventory.KindAlreadyHere}
		said.Sentence = said.Kind.Sentence(inventory.Details{Drug: drug, Done: b.done()})
	}
	if said.Move != "" {
		b.moved[box] = true
		b.moving = append(b.moving, pack)
	}
	return inventory.NewCodeAnswer(p.Code.Raw(), code, drug, said.Kind, said.Sentence)
}

func (b *packingBench) ask(code inventory.TraceCode, pack *inventory.Pack) inventory.Answer {
	if b.move == inventory.MoveComeHome {
		return b.askHome(pack)
	}
	known, ok := b.known[code.Prefix()]
	c := inventory.ScanContext{Point: inventory.PointPacking, Session: b.session.ID, Now: b.now,
		PrefixKnown: ok, Carton: ok && known.Level > 1, Drug: known.Drug}
	if pack == nil {
		return inventory.ScanAnswer(nil, c)
	}
	f := inventory.ScanFacts{Pack: pack.Facts(), Drug: pack.DrugName(), SessionName: b.away.name(pack), Taken: b.taken[pack.ID]}
	return inventory.ScanAnswer(&f, c)
}

// askHome answers a pack that is put back: only what lies in this session's
// tray can be.
func (b *packingBench) askHome(pack *inventory.Pack) inventory.Answer {
	if pack == nil {
		return inventory.Answer{Kind: inventory.KindUnknown, Sentence: inventory.KindUnknown.SentenceAt(inventory.PointHome, inventory.Details{})}
	}
	d := inventory.Details{Drug: pack.DrugName(), State: pack.State.Chinese(), Where: b.away.name(pack), Done: "放回药房"}
	kind := inventory.HomeKind(pack, b.now, &d)
	switch {
	case pack.State == inventory.StateInStore:
		kind = inventory.KindAlreadyHere
	case pack.State == inventory.StateAllocated && pack.Facts().Session != b.session.ID:
		kind = inventory.KindOtherSession
	case pack.State != inventory.StateAllocated:
		kind = inventory.KindWrongState
	}
	out := inventory.Answer{Kind: kind, Sentence: kind.SentenceAt(inventory.PointHome, d)}
	switch kind {
	case inventory.KindOK, inventory.KindInRecalled, inventory.KindInExpired:
		out.Move = inventory.MoveComeHome
	}
	return out
}

func (b *packingBench) done() string {
	if b.move == inventory.MoveComeHome {
		return "放回药房"
	}
	return "装入本场药箱"
}
