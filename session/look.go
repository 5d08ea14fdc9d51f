package session

import (
	"cmp"
	"context"
	"fmt"
	"time"

	"jingfang/inventory"
	"jingfang/session/identity"
	"jingfang/sql/db"
)

// LookAnswer is the answer to somebody who only looks (只查).
type LookAnswer struct {
	Answers []inventory.CodeAnswer `json:"answers"`
}

// Worst is the answer the band shows.
func (a LookAnswer) Worst() inventory.CodeAnswer { return inventory.Worst(a.Answers) }

// Look says of scanned codes what they are and where, at any scan field. It changes
// nothing but the audit. It takes what [Service.Trace] takes; no patient is named.
func (s *Service) Look(ctx context.Context, by identity.Actor, text string) (LookAnswer, error) {
	if err := s.mayTrace(ctx, by); err != nil {
		return LookAnswer{}, err
	}
	read := inventory.ParseScan(text)
	if len(read) > maxCodes {
		return LookAnswer{}, db.Refuse(db.Invalid, "一次最多查 %d 个码，这次有 %d 个。请分几次查。", maxCodes, len(read))
	}
	l := look{now: s.db.Now()}
	err := s.db.InSnapshot(ctx, func(ctx context.Context, tx *db.Tx) error { return l.read(ctx, tx, read) })
	if err != nil {
		return LookAnswer{}, err
	}
	var a LookAnswer
	for _, p := range read {
		a.Answers = append(a.Answers, l.answer(p))
	}
	return a, identity.AuditAlone(ctx, s.db, by, identity.Event{Name: "trace.look", ObjectKind: "pack", Detail: fmt.Sprintf("codes=%d", len(read))})
}

// mayTrace lets those ask for codes who see stock or sessions at any site.
func (s *Service) mayTrace(ctx context.Context, by identity.Actor) error {
	if by.Can(identity.ViewSession, 0) == nil {
		return nil
	}
	return identity.Allow(ctx, s.db, by, identity.ViewStock, 0)
}

// look is what is read for a look at some codes.
type look struct {
	now    time.Time
	packs  map[string]*inventory.Pack
	taken  map[int64]*inventory.Taken
	places map[int64]lookedPlace // by pack
	known  map[string]inventory.Prefix
	boxes  map[string]*lookedBox // totes, bags and cartons by their codes
}

// lookedPlace names the session or the receipt of a pack.
type lookedPlace struct {
	PackID  int64      `db:"pack_id"`
	Site    string     `db:"site"`
	HeldOn  *time.Time `db:"held_on"`
	Receipt string     `db:"receipt"`
}

func (l *look) read(ctx context.Context, tx *db.Tx, read []inventory.Parsed) error {
	codes, prefixes := codesOf(read)
	var err error
	if l.packs, err = inventory.FindPacks(ctx, tx, codes); err != nil {
		return err
	}
	ids := make([]int64, 0, len(l.packs))
	for _, p := range l.packs {
		ids = append(ids, p.ID)
	}
	if l.taken, err = lastTaken(ctx, tx, ids); err != nil {
		return err
	}
	if l.places, err = lookPlaces(ctx, tx, ids); err != nil {
		return err
	}
	if len(l.packs) < len(codes) {
		if l.known, err = inventory.FindPrefixes(ctx, tx, prefixes); err != nil {
			return err
		}
	}
	return l.readBoxes(ctx, tx, read)
}

func lookPlaces(ctx context.Context, r db.Reader, ids []int64) (map[int64]lookedPlace, error) {
	var rows []lookedPlace
	err := r.Select(ctx, &rows, `SELECT k.id AS pack_id, COALESCE(s.name, '') AS site, c.held_on, COALESCE(e.number, '') AS receipt
FROM pack k LEFT JOIN clinic_session c ON c.id = k.session_id LEFT JOIN site s ON s.id = c.site_id
LEFT JOIN receipt_line l ON l.id = k.receipt_line_id LEFT JOIN receipt e ON e.id = l.receipt_id WHERE k.id = ANY($1::bigint[])`, idArray(ids))
	if err != nil {
		return nil, fmt.Errorf("read where packs are: %w", err)
	}
	of := make(map[int64]lookedPlace, len(rows))
	for _, x := range rows {
		of[x.PackID] = x
	}
	return of, nil
}

// dayName is the clinic day as people say it, 新华社区 11月23日 义诊; "" without one.
func (p lookedPlace) dayName() string {
	if p.HeldOn == nil {
		return ""
	}
	return p.Site + " " + p.HeldOn.Format("1月2日") + " 义诊"
}

// elsewhere names the clinic days that packs are allocated to, but for one; it asks
// nothing where all are there. What is not known is 另一场义诊.
type elsewhere map[int64]string

func readElsewhere(ctx context.Context, r db.Reader, packs map[string]*inventory.Pack, here int64) (elsewhere, error) {
	var ids []int64
	for _, p := range packs {
		if p.State == inventory.StateAllocated && p.SessionID != nil && *p.SessionID != here {
			ids = append(ids, p.ID)
		}
	}
	if len(ids) == 0 {
		return nil, nil
	}
	places, err := lookPlaces(ctx, r, ids)
	if err != nil {
		return nil, err
	}
	names := elsewhere{}
	for id, at := range places {
		names[id] = at.dayName()
	}
	return names, nil
}

func (e elsewhere) name(p *inventory.Pack) string { return cmp.Or(e[p.ID], "另一场义诊") }

// answer asks the rule of package inventory.
func (l *look) answer(p inventory.Parsed) inventory.CodeAnswer {
	if a, box := l.answerBox(p); box {
		return a
	}
	if p.Err != nil {
		return inventory.UnreadAnswer(p.Err)
	}
	known, ok := l.known[p.Code.Prefix()]
	c := inventory.ScanContext{Point: inventory.PointLook, Now: l.now, PrefixKnown: ok, Carton: ok && known.Level > 1, Drug: known.Drug}
	pack := l.packs[p.Code.Code()]
	if pack == nil {
		said := inventory.ScanAnswer(nil, c)
		return inventory.NewCodeAnswer(p.Code.Raw(), p.Code.Code(), known.Drug, said.Kind, said.Sentence)
	}
	at := l.places[pack.ID]
	f := &inventory.ScanFacts{Pack: pack.Facts(), Drug: pack.DrugName(), Taken: l.taken[pack.ID], ReceiptNo: at.Receipt}
	f.SessionName = at.dayName()
	said := inventory.ScanAnswer(f, c)
	return inventory.NewCodeAnswer(p.Code.Raw(), p.Code.Code(), pack.DrugName(), said.Kind, said.Sentence)
}
