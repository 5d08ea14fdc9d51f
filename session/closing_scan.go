package session

import (
	"context"
	"fmt"
	"time"

	"github.com/google/uuid"
	"github.com/lib/pq"

	"jingfang/inventory"
	"jingfang/session/identity"
	"jingfang/sql/db"
)

// clock is the minute of a moment, as people say it.
func clock(t time.Time) string { return t.In(Zone()).Format("15:04") }

// LeftScan is the input of ScanLeft: boxes that are in somebody's hand after the
// day, one code or many.
type LeftScan struct {
	SessionID int64
	CommandID uuid.UUID
	Codes     string
}

// ScanLeft ticks scanned left-overs off. A box that was named as lost and is here
// after all is found.
func (s *Service) ScanLeft(ctx context.Context, by identity.Actor, in LeftScan) (PackingAnswer, error) {
	read := inventory.ParseScan(in.Codes)
	if len(read) > maxPacked {
		return PackingAnswer{}, db.Refuse(db.Invalid, "一次最多 %d 个码，这次有 %d 个。请分几次。", maxPacked, len(read))
	}
	call := closingCall{kind: "closing_scan", session: in.SessionID, id: in.CommandID, request: in, who: helps}
	return runClosing(ctx, s, by, call, func(ctx context.Context, tx *db.Tx) (PackingAnswer, error) {
		x, err := lock(ctx, tx, in.SessionID, Closing)
		if err != nil {
			return PackingAnswer{}, err
		}
		b := &closingBench{tx: tx, by: by, session: x, command: in.CommandID, seen: map[int64]bool{}}
		if err := b.load(ctx, read); err != nil {
			return PackingAnswer{}, err
		}
		for _, p := range b.loose {
			b.answer = append(b.answer, b.decide(p))
		}
		for _, x := range b.boxes {
			b.decideBox(x)
		}
		if err := b.write(ctx); err != nil {
			return PackingAnswer{}, err
		}
		out := PackingAnswer{Answers: b.answer, Moved: len(b.fresh) + len(b.together)}
		err = tx.Get(ctx, &out.Session, `SELECT count(*) FROM closing_seen WHERE session_id = $1`, x.ID)
		if err != nil {
			return PackingAnswer{}, fmt.Errorf("count what was scanned: %w", err)
		}
		_, err = s.closingStep(ctx, tx, by, x, "closing.scan", fmt.Sprintf("codes=%d seen=%d found=%d", len(read), out.Moved, len(b.found)), ClosingAnswer{})
		return out, err
	})
}

// closingBench is one scan of left-overs while it is worked through.
type closingBench struct {
	tx      *db.Tx
	by      identity.Actor
	session Session
	command uuid.UUID
	packs   map[string]*inventory.Pack
	taken   map[int64]*inventory.Taken
	known   map[string]inventory.Prefix
	away    elsewhere
	seen    map[int64]bool // ticked off already
	lost    map[int64]bool // named as lost in this session, and moved
	answer  []inventory.CodeAnswer
	fresh   []int64
	found   []*inventory.Pack
	// loose is what was read beside the labels of totes; together the packs that
	// such a label ticks off.
	loose    []inventory.Parsed
	boxes    []*box
	together []int64
}

func (b *closingBench) load(ctx context.Context, read []inventory.Parsed) error {
	var err error
	if b.loose, b.boxes, err = unfoldTotes(ctx, b.tx, read); err != nil {
		return err
	}
	codes, prefixes := codesOf(allOf(b.loose, b.boxes))
	if b.packs, err = inventory.LockPacks(ctx, b.tx, codes); err != nil {
		return err
	}
	if b.taken, err = lastTaken(ctx, b.tx, gone(b.packs, b.session.ID)); err != nil {
		return err
	}
	if b.away, err = readElsewhere(ctx, b.tx, b.packs, b.session.ID); err != nil {
		return err
	}
	if b.known, err = inventory.FindPrefixes(ctx, b.tx, prefixes); err != nil {
		return err
	}
	var ids []int64
	if err := b.tx.Select(ctx, &ids, `SELECT pack_id FROM closing_seen WHERE session_id = $1`, b.session.ID); err != nil {
		return fmt.Errorf("read what was scanned: %w", err)
	}
	for _, id := range ids {
		b.seen[id] = true
	}
	b.lost, err = lostHere(ctx, b.tx, b.session.ID)
	return err
}

// lostHere lists the packs that this closing has reported as lost.
func lostHere(ctx context.Context, r db.Reader, sessionID int64) (map[int64]bool, error) {
	var ids []int64
	err := r.Select(ctx, &ids, `SELECT pack_id FROM closing_exit WHERE session_id = $1 AND exit_kind = 'lost'`, sessionID)
	if err != nil {
		return nil, fmt.Errorf("read losses: %w", err)
	}
	lost := make(map[int64]bool, len(ids))
	for _, id := range ids {
		lost[id] = true
	}
	return lost, nil
}

// decide answers one code; nothing is written yet.
func (b *closingBench) decide(p inventory.Parsed) inventory.CodeAnswer {
	if p.Err != nil {
		return inventory.UnreadAnswer(p.Err)
	}
	pack := b.packs[p.Code.Code()]
	if pack == nil {
		known, ok := b.known[p.Code.Prefix()]
		said := inventory.ScanAnswer(nil, inventory.ScanContext{Point: inventory.PointClosing, Session: b.session.ID, Now: b.tx.Now,
			PrefixKnown: ok, Carton: ok && known.Level > 1, Drug: known.Drug})
		return inventory.NewCodeAnswer(p.Code.Raw(), p.Code.Code(), known.Drug, said.Kind, said.Sentence)
	}
	kind, sentence := b.judge(pack)
	return inventory.NewCodeAnswer(p.Code.Raw(), pack.Code, pack.DrugName(), kind, sentence)
}

// judge says what the scan of a known pack means here, and lists what is to be
// written.
func (b *closingBench) judge(p *inventory.Pack) (inventory.AnswerKind, string) {
	here := p.State == inventory.StateAllocated && p.SessionID != nil && *p.SessionID == b.session.ID
	found := p.State == inventory.StateLost && b.lost[p.ID]
	d := inventory.Details{Drug: p.DrugName(), Done: "点到"}
	switch {
	case (here || found) && b.seen[p.ID]:
		return inventory.KindAlreadyHere, inventory.KindAlreadyHere.Sentence(d)
	case found:
		b.found = append(b.found, p)
		fallthrough
	case here:
		b.seen[p.ID] = true
		b.fresh = append(b.fresh, p.ID)
		kind := inventory.HomeKind(p, b.tx.Now, &d)
		if b.lost[p.ID] && kind == inventory.KindOK {
			return kind, p.DrugName() + " 找到了，已从丢失中撤下。"
		}
		return kind, kind.SentenceAt(inventory.PointClosing, d)
	}
	f := inventory.ScanFacts{Pack: p.Facts(), Drug: p.DrugName(), SessionName: b.away.name(p), Taken: b.taken[p.ID]}
	said := inventory.ScanAnswer(&f, inventory.ScanContext{Point: inventory.PointClosing, Session: b.session.ID, Now: b.tx.Now})
	return said.Kind, said.Sentence
}

// write keeps what was ticked off, and takes back losses that are none.
func (b *closingBench) write(ctx context.Context) error {
	if err := b.tickOff(ctx, b.together, inventory.HowTogether); err != nil || len(b.fresh) == 0 {
		return err
	}
	e := inventory.Entry{Move: inventory.Move{Kind: inventory.MoveFind, To: inventory.StateAllocated, Session: b.session.ID, At: b.tx.Now},
		How: inventory.HowScanned, Reason: "收尾时找到", Device: b.by.Device, Command: b.command}
	if _, err := inventory.WriteAll(ctx, b.tx, b.by, b.found, e); err != nil {
		return fmt.Errorf("find packs: %w", err)
	}
	_, err := b.tx.Exec(ctx, `DELETE FROM closing_exit WHERE session_id = $1 AND exit_kind = 'lost' AND pack_id = ANY($2::bigint[])`, b.session.ID, idArray(b.fresh))
	if err != nil {
		return fmt.Errorf("take losses back: %w", err)
	}
	return b.tickOff(ctx, b.fresh, inventory.HowScanned)
}

// tickOff keeps that packs were seen, and whether each was read or only the label
// of what it lies in.
func (b *closingBench) tickOff(ctx context.Context, packs []int64, how inventory.How) error {
	if len(packs) == 0 {
		return nil
	}
	_, err := b.tx.Exec(ctx, `INSERT INTO closing_seen (session_id, pack_id, how, seen_by, seen_at)
SELECT $1::bigint, n.id, $5::text, $3::bigint, $4::timestamptz FROM (SELECT unnest($2::bigint[]) AS id) n`,
		b.session.ID, pq.Array(packs), b.by.StaffID, b.tx.Now, string(how))
	if err != nil {
		return fmt.Errorf("tick packs off: %w", err)
	}
	return nil
}

// decideBox ticks off what is left in a tote. The label says what should be in it;
// that it is, the person counts.
func (b *closingBench) decideBox(x *box) {
	var packs []int64
	var unfit []inventory.CodeAnswer
	for _, code := range x.inside {
		p := b.packs[code]
		d := inventory.Details{Done: "点到"}
		switch {
		case p == nil || p.State != inventory.StateAllocated || p.SessionID == nil || *p.SessionID != b.session.ID:
		case b.seen[p.ID]:
			x.facts.Here++
		default:
			packs = append(packs, p.ID)
			d.Drug = p.Inner()
			if kind := inventory.HomeKind(p, b.tx.Now, &d); kind != inventory.KindOK {
				unfit = append(unfit, inventory.NewCodeAnswer(code, code, p.DrugName(), kind, kind.SentenceAt(inventory.PointClosing, d)))
			}
		}
	}
	x.facts.Moves = len(packs)
	said := inventory.ContainerAnswer(x.facts, inventory.ScanContext{Point: inventory.PointClosing, Session: b.session.ID, Now: b.tx.Now})
	if said.Move != "" {
		for _, id := range packs {
			b.seen[id] = true
		}
		b.together = append(b.together, packs...)
		said.Sentence += fmt.Sprintf("请数一数，箱里应有 %d 盒。", x.facts.Moves+x.facts.Here)
	}
	b.answer = append(append(b.answer, unfit...), x.answer(said))
}
