package session

import (
	"context"
	"fmt"

	"github.com/google/uuid"

	"jingfang/inventory"
	"jingfang/session/identity"
	"jingfang/session/patient"
	"jingfang/sql/db"
)

// maxBag is the most packs in one bag: what one person carries home.
const maxBag = 60

// BagFilling is the input of FillBag and TakeFromBag: packs of the session's trays
// and whose bag they are for.
type BagFilling struct {
	SessionID, PatientID int64
	CommandID            uuid.UUID
	Codes                string
}

// BagAnswer is the answer to a step with a bag.
type BagAnswer struct {
	// BagID and Label are the bag that the step was about; none when nothing lies
	// in one.
	BagID   int64                  `json:"bag,omitempty"`
	Label   string                 `json:"label,omitempty"`
	Answers []inventory.CodeAnswer `json:"answers,omitempty"`
	// Moved is how many packs went in or out, Packs how many are in the bag now.
	Moved    int    `json:"moved"`
	Packs    int    `json:"packs"`
	Sentence string `json:"sentence,omitempty"`
}

// Worst is the answer the band shows.
func (a BagAnswer) Worst() inventory.CodeAnswer { return inventory.Worst(a.Answers) }

// FillBag puts scanned packs of the session's trays into the bag of a patient of
// the roster. The first pack makes the bag. Nothing moves on the books.
func (s *Service) FillBag(ctx context.Context, by identity.Actor, in BagFilling) (BagAnswer, error) {
	return s.bagScan(ctx, by, in, "bag.fill", (*bagBench).putIn)
}

// TakeFromBag takes scanned packs out of a patient's bag; they lie in the trays.
func (s *Service) TakeFromBag(ctx context.Context, by identity.Actor, in BagFilling) (BagAnswer, error) {
	return s.bagScan(ctx, by, in, "bag.take_out", (*bagBench).takeOut)
}

func (s *Service) bagScan(ctx context.Context, by identity.Actor, in BagFilling, event string, do func(*bagBench, inventory.TraceCode, *inventory.Pack) inventory.Answer) (BagAnswer, error) {
	if _, err := s.may(ctx, by, identity.Allocate, in.SessionID); err != nil {
		return BagAnswer{}, err
	}
	read := inventory.ParseScan(in.Codes)
	if len(read) > maxCodes {
		return BagAnswer{}, db.Refuse(db.Invalid, "一次最多扫 %d 个码，这次有 %d 个。请分几次扫。", maxCodes, len(read))
	}
	cmd := identity.Command{ID: in.CommandID, Kind: event, Request: in}
	answer, _, err := runCommand(ctx, s, in.SessionID, by, cmd, func(ctx context.Context, tx *db.Tx) (BagAnswer, error) {
		b, err := newBagBench(ctx, tx, in, read)
		if err != nil {
			return BagAnswer{}, err
		}
		for _, p := range read {
			b.decide(p, do)
		}
		if err := b.write(ctx, tx, by); err != nil {
			return BagAnswer{}, err
		}
		out := BagAnswer{BagID: b.bag.ID, Label: b.bag.Code, Answers: b.answer, Moved: len(b.in) + len(b.out), Packs: b.bag.Packs + len(b.in) - len(b.out)}
		err = auditBag(ctx, tx, by, b.session, event, b.bag, fmt.Sprintf("codes=%d moved=%d packs=%d", len(read), out.Moved, out.Packs))
		if err != nil {
			return BagAnswer{}, err
		}
		return out, s.hub.Touch(ctx, tx, b.session.ID)
	})
	return answer, err
}

// auditBag files an act under the bag's label: a patient may have two bags.
func auditBag(ctx context.Context, tx *db.Tx, by identity.Actor, x Session, event string, b Bag, detail string) error {
	id := b.Code
	if id == "" {
		id = b.Number // nothing went in: there is no bag
	}
	return identity.Audit(ctx, tx, by, identity.Event{Name: event, ObjectKind: "bag", ObjectID: id, SiteID: x.SiteID, SessionID: x.ID, Detail: detail})
}

// bagBench is one scan into or out of a bag while it is worked through. The
// session is locked, and with it all its bags.
type bagBench struct {
	session Session
	patient patient.Patient
	bag     Bag // zero until there is one
	tx      *db.Tx
	packs   map[string]*inventory.Pack
	taken   map[int64]*inventory.Taken
	known   map[string]inventory.Prefix
	inside  map[int64]*inventory.Inside
	away    elsewhere
	in, out []int64
	answer  []inventory.CodeAnswer
}

func newBagBench(ctx context.Context, tx *db.Tx, in BagFilling, read []inventory.Parsed) (*bagBench, error) {
	b := &bagBench{tx: tx}
	var err error
	if b.session, err = lock(ctx, tx, in.SessionID, Planned, Open); err != nil {
		return nil, err
	}
	if b.patient, err = expected(ctx, tx, in.SessionID, in.PatientID); err != nil {
		return nil, err
	}
	err = tx.Get(ctx, &b.bag, `SELECT `+bagColumns+` FROM `+bagTables+` WHERE b.session_id = $1::bigint AND b.patient_id = $2::bigint AND b.state = 'packed'`,
		in.SessionID, in.PatientID)
	if err != nil && !db.IsNoRows(err) {
		return nil, fmt.Errorf("read bag: %w", err)
	}
	b.bag.Number = b.patient.Number
	codes, prefixes := codesOf(read)
	if b.packs, err = inventory.LockPacks(ctx, tx, codes); err != nil {
		return nil, err
	}
	if b.taken, err = lastTaken(ctx, tx, gone(b.packs, b.session.ID)); err != nil {
		return nil, err
	}
	if b.away, err = readElsewhere(ctx, tx, b.packs, b.session.ID); err != nil {
		return nil, err
	}
	if b.inside, err = insideBags(ctx, tx, b.packs, in.PatientID); err != nil {
		return nil, err
	}
	b.known, err = inventory.FindPrefixes(ctx, tx, prefixes)
	return b, err
}

// insideBags tells which of the packs lie in a bag that waits, and whether it is
// this patient's.
func insideBags(ctx context.Context, r db.Reader, packs map[string]*inventory.Pack, patientID int64) (map[int64]*inventory.Inside, error) {
	var ids []int64
	for _, p := range packs {
		ids = append(ids, p.ID)
	}
	var rows []struct {
		PackID    int64  `db:"pack_id"`
		PatientID int64  `db:"patient_id"`
		Number    string `db:"number"`
	}
	err := r.Select(ctx, &rows, `SELECT x.pack_id, b.patient_id, p.number FROM bag_pack x JOIN bag b ON b.id = x.bag_id AND b.state = 'packed'
JOIN pack k ON k.id = x.pack_id AND k.changed_at = x.as_of JOIN patient p ON p.id = b.patient_id WHERE x.pack_id = ANY($1::bigint[])`, idArray(ids))
	if err != nil {
		return nil, fmt.Errorf("read which bags packs lie in: %w", err)
	}
	inside := make(map[int64]*inventory.Inside, len(rows))
	for _, x := range rows {
		inside[x.PackID] = &inventory.Inside{Container: inventory.ContainerBag, Name: x.Number, Mine: x.PatientID == patientID}
	}
	return inside, nil
}

// decide answers one code; nothing is written yet.
func (b *bagBench) decide(p inventory.Parsed, do func(*bagBench, inventory.TraceCode, *inventory.Pack) inventory.Answer) {
	if p.Err != nil {
		b.answer = append(b.answer, inventory.UnreadAnswer(p.Err))
		return
	}
	drug, pack := "", b.packs[p.Code.Code()]
	if pack != nil {
		drug = pack.DrugName()
	}
	said := do(b, p.Code, pack)
	b.answer = append(b.answer, inventory.NewCodeAnswer(p.Code.Raw(), p.Code.Code(), drug, said.Kind, said.Sentence))
}

func (b *bagBench) putIn(code inventory.TraceCode, p *inventory.Pack) inventory.Answer {
	means, ok := b.known[code.Prefix()]
	c := inventory.ScanContext{Point: inventory.PointBagging, Session: b.session.ID, Now: b.tx.Now,
		PrefixKnown: ok, Carton: ok && means.Level > 1, Drug: means.Drug}
	if p == nil {
		return inventory.ScanAnswer(nil, c)
	}
	f := inventory.ScanFacts{Pack: p.Facts(), Drug: p.DrugName(), SessionName: b.away.name(p), Taken: b.taken[p.ID], Inside: b.inside[p.ID]}
	said := inventory.ScanAnswer(&f, c)
	switch {
	case said.Move != "" && b.bag.Packs+len(b.in) >= maxBag:
		said = inventory.Answer{Kind: inventory.KindBadQuantity, Sentence: fmt.Sprintf("一个药袋最多 %d 盒，%s 没有装进去。请核对患者。", maxBag, p.DrugName())}
	case said.Move != "":
		b.in = append(b.in, p.ID)
		b.inside[p.ID] = &inventory.Inside{Container: inventory.ContainerBag, Name: b.patient.Number, Mine: true}
	}
	return said
}

func (b *bagBench) takeOut(_ inventory.TraceCode, p *inventory.Pack) inventory.Answer {
	if p == nil || b.inside[p.ID] == nil || !b.inside[p.ID].Mine {
		return inventory.Answer{Kind: inventory.KindAlreadyHere, Sentence: "这一盒不在这个药袋里，不用拿出。"}
	}
	delete(b.inside, p.ID)
	b.out = append(b.out, p.ID)
	return inventory.Answer{Kind: inventory.KindOK, Sentence: p.DrugName() + " 已从袋里拿出，回到本场药箱。"}
}

// write puts the packs into the bag or takes them out; what a row said of a pack
// before no longer counts.
func (b *bagBench) write(ctx context.Context, tx *db.Tx, by identity.Actor) error {
	if len(b.in)+len(b.out) == 0 {
		return nil
	}
	if b.bag.ID == 0 {
		b.bag.Code = inventory.NewLabel(inventory.ContainerBag)
		err := tx.Get(ctx, &b.bag.ID, `INSERT INTO bag (code, session_id, patient_id, state, made_by, made_at) VALUES ($1, $2, $3, 'packed', $4, $5) RETURNING id`,
			b.bag.Code, b.session.ID, b.patient.ID, by.StaffID, tx.Now)
		if err != nil {
			return fmt.Errorf("make bag: %w", err)
		}
	}
	_, err := tx.Exec(ctx, `DELETE FROM bag_pack WHERE pack_id = ANY($1::bigint[])`, idArray(append(b.out, b.in...)))
	if err != nil {
		return fmt.Errorf("take packs out of bags: %w", err)
	}
	_, err = tx.Exec(ctx, `INSERT INTO bag_pack (pack_id, bag_id, put_by, put_at, as_of)
SELECT k.id, $2::bigint, $3::bigint, $4::timestamptz, k.changed_at FROM pack k WHERE k.id = ANY($1::bigint[])`, idArray(b.in), b.bag.ID, by.StaffID, tx.Now)
	if err != nil {
		return fmt.Errorf("put packs into a bag: %w", err)
	}
	return inventory.LeaveTotes(ctx, tx, b.in)
}
