package inventory

import (
	"context"
	"fmt"
	"slices"
	"sort"
	"time"

	"github.com/google/uuid"
	"github.com/lib/pq"

	"jingfang/session/identity"
	"jingfang/sql/db"
)

// MaxTote is the most packs of one scan into a tote.
const MaxTote = 500

// Stowing is the input of Stow and TakeOut: packs for a tote.
type Stowing struct {
	ToteID    int64
	CommandID uuid.UUID
	Codes     string
}

// StowAnswer is the answer to a scan into or out of a tote.
type StowAnswer struct {
	Answers []CodeAnswer `json:"answers"`
	// Moved is how many packs were put in or taken out, Packs how many lie in the
	// tote now.
	Moved int `json:"moved"`
	Packs int `json:"packs"`
}

// Worst is the answer the band shows.
func (a StowAnswer) Worst() CodeAnswer { return Worst(a.Answers) }

// Stow puts scanned packs of the store into an open tote. They stay in the store.
func (s *Service) Stow(ctx context.Context, by identity.Actor, in Stowing) (StowAnswer, error) {
	return s.stowing(ctx, by, in, "tote.stow", (*stowBench).putIn)
}

// TakeOut takes scanned packs out of an open tote.
func (s *Service) TakeOut(ctx context.Context, by identity.Actor, in Stowing) (StowAnswer, error) {
	return s.stowing(ctx, by, in, "tote.take_out", (*stowBench).takeOut)
}

func (s *Service) stowing(ctx context.Context, by identity.Actor, in Stowing, event string, do func(*stowBench, *Pack) (AnswerKind, string)) (StowAnswer, error) {
	if err := identity.Allow(ctx, s.db, by, identity.Allocate, 0); err != nil {
		return StowAnswer{}, err
	}
	read := ParseScan(in.Codes)
	if len(read) > MaxTote {
		return StowAnswer{}, db.Refuse(db.Invalid, "一次最多扫 %d 个码，这次有 %d 个。请分几次扫。", MaxTote, len(read))
	}
	cmd := identity.Command{ID: in.CommandID, Kind: event, Request: in}
	answer, _, err := identity.RunCommand(ctx, s.db, by, cmd, func(ctx context.Context, tx *db.Tx) (StowAnswer, error) {
		t, err := lockTote(ctx, tx, in.ToteID)
		if err != nil {
			return StowAnswer{}, err
		}
		if t.Retired != nil {
			return StowAnswer{}, toteRetired(t)
		}
		if t.State() == ContainerSealed {
			return StowAnswer{}, db.Refuse(db.Conflict, "%s已封箱。要装进或拿出，请先开箱。", t.Title())
		}
		b := &stowBench{tote: t, now: tx.Now}
		if err := b.load(ctx, tx, read); err != nil {
			return StowAnswer{}, err
		}
		for _, p := range read {
			b.answer = append(b.answer, b.decide(p, do))
		}
		if err := b.write(ctx, tx, by); err != nil {
			return StowAnswer{}, err
		}
		a := StowAnswer{Answers: b.answer, Moved: len(b.in) + len(b.out) + len(b.left), Packs: t.InStore + t.Away + len(b.in) - len(b.out)}
		return a, auditTote(ctx, tx, by, event, t, fmt.Sprintf("moved=%d codes=%d packs=%d %s", a.Moved, len(read), a.Packs, t.Title()))
	})
	return answer, err
}

// stowBench is one scan into or out of a tote while it is worked through.
type stowBench struct {
	tote    Tote
	now     time.Time
	packs   map[string]*Pack
	known   map[string]Prefix
	inside  map[int64]*Inside // by pack
	apart   map[int64]bool    // packs that were set apart while they lay in this tote
	in, out []int64
	left    []int64 // of apart, those that were taken out
	answer  []CodeAnswer
}

func (b *stowBench) load(ctx context.Context, tx *db.Tx, read []Parsed) error {
	var codes, prefixes []string
	for _, p := range read {
		if p.Err == nil {
			codes, prefixes = append(codes, p.Code.Code()), append(prefixes, p.Code.Prefix())
		}
	}
	sort.Strings(codes)
	var err error
	if b.packs, err = LockPacks(ctx, tx, codes); err != nil {
		return err
	}
	if b.known, err = FindPrefixes(ctx, tx, prefixes); err != nil {
		return err
	}
	var ids []int64
	for _, p := range b.packs {
		ids = append(ids, p.ID)
	}
	var rows []struct {
		PackID int64  `db:"pack_id"`
		ToteID int64  `db:"tote_id"`
		Name   string `db:"name"`
		Sealed bool   `db:"sealed"`
		Apart  bool   `db:"apart"`
	}
	err = tx.Select(ctx, &rows, `SELECT x.pack_id, x.tote_id, t.name, (t.sealed_at IS NOT NULL) AS sealed, (k.state = 'quarantined') AS apart FROM tote_pack x
JOIN tote t ON t.id = x.tote_id JOIN pack k ON k.id = x.pack_id AND (k.changed_at = x.as_of OR `+apartInTote+`) WHERE x.pack_id = ANY($1::bigint[])`, pq.Array(ids))
	if err != nil {
		return fmt.Errorf("read which totes packs lie in: %w", err)
	}
	b.inside, b.apart = map[int64]*Inside{}, map[int64]bool{}
	for _, r := range rows {
		if r.Apart {
			b.apart[r.PackID] = r.ToteID == b.tote.ID
			continue
		}
		b.inside[r.PackID] = &Inside{Container: ContainerTote, Name: Tote{Name: r.Name}.Title(), Mine: r.ToteID == b.tote.ID, Sealed: r.Sealed}
	}
	return nil
}

// decide answers one code; nothing is written yet.
func (b *stowBench) decide(p Parsed, do func(*stowBench, *Pack) (AnswerKind, string)) CodeAnswer {
	if p.Err != nil {
		return UnreadAnswer(p.Err)
	}
	pack := b.packs[p.Code.Code()]
	if pack == nil {
		known, ok := b.known[p.Code.Prefix()]
		said := ScanAnswer(nil, ScanContext{Point: PointStow, Now: b.now, PrefixKnown: ok, Carton: ok && known.Level > 1, Drug: known.Drug})
		return NewCodeAnswer(p.Code.Raw(), p.Code.Code(), known.Drug, said.Kind, said.Sentence)
	}
	kind, sentence := do(b, pack)
	return NewCodeAnswer(p.Code.Raw(), pack.Code, pack.DrugName(), kind, sentence)
}

func (b *stowBench) putIn(p *Pack) (AnswerKind, string) {
	from := b.inside[p.ID]
	f := ScanFacts{Pack: p.Facts(), Drug: p.DrugName(), SessionName: "一场义诊", Inside: from}
	said := ScanAnswer(&f, ScanContext{Point: PointStow, Now: b.now})
	if said.Move != "" {
		b.in = append(b.in, p.ID)
		b.inside[p.ID] = &Inside{Container: ContainerTote, Name: b.tote.Title(), Mine: true}
		if from != nil {
			said.Sentence += "原来记在 " + from.Name + " 里，已改到这里。"
		}
	}
	return said.Kind, said.Sentence
}

func (b *stowBench) takeOut(p *Pack) (AnswerKind, string) {
	d := Details{Drug: p.DrugName(), Done: "从箱里拿出"}
	if b.apart[p.ID] {
		delete(b.apart, p.ID)
		b.left = append(b.left, p.ID)
		return KindOK, KindOK.Sentence(d) + "它在隔离中，请放到隔离区。"
	}
	if in := b.inside[p.ID]; in == nil || !in.Mine {
		return KindAlreadyHere, p.DrugName() + " 不在这个周转箱里，不用拿出。"
	}
	delete(b.inside, p.ID)
	b.out = append(b.out, p.ID)
	return KindOK, KindOK.Sentence(d)
}

// write puts the packs in or out; the tote and the packs are locked. What a row
// said of a pack before no longer counts.
func (b *stowBench) write(ctx context.Context, tx *db.Tx, by identity.Actor) error {
	if len(b.in)+len(b.out)+len(b.left) == 0 {
		return nil
	}
	_, err := tx.Exec(ctx, `DELETE FROM tote_pack WHERE pack_id = ANY($1::bigint[])`, pq.Array(slices.Concat(b.out, b.in, b.left)))
	if err != nil {
		return fmt.Errorf("take packs out of totes: %w", err)
	}
	_, err = tx.Exec(ctx, `INSERT INTO tote_pack (pack_id, tote_id, put_by, put_at, as_of)
SELECT k.id, $2::bigint, $3::bigint, $4::timestamptz, k.changed_at FROM pack k WHERE k.id = ANY($1::bigint[])`, pq.Array(b.in), b.tote.ID, by.StaffID, tx.Now)
	if err != nil {
		return fmt.Errorf("put packs into a tote: %w", err)
	}
	return nil
}
