package inventory

import (
	"context"
	"fmt"
	"time"
	"unicode/utf8"

	"github.com/google/uuid"
	"github.com/lib/pq"

	"jingfang/session/identity"
	"jingfang/sql/db"
)

// MaxCount is the most codes of one scan while counting.
const MaxCount = 2000

// CountScan is what a counter scanned: one code or many.
type CountScan struct {
	StocktakeID int64
	CommandID   uuid.UUID
	Codes       string
	// Units is what is left in an opened box, for a single code; nil when nobody
	// looked into it. A code that stands already is then counted anew.
	Units *int64
	// Shelf is where the counter stands, as free text; it may be empty.
	Shelf string
}

// CountAnswer is the answer to a whole scan. It says nothing of what is expected.
type CountAnswer struct {
	Answers []CodeAnswer `json:"answers"`
	// Taken is how many boxes this scan added, Mine and Counted how many stand for
	// this person and for all.
	Taken   int `json:"taken"`
	Mine    int `json:"mine"`
	Counted int `json:"counted"`
}

// CountCodes takes boxes down that a counter has in hand. A box counts once
// whoever scans it; what the books do not have here is listed as extra. The books
// are looked at in the moment of the scan, so that dispensing goes on.
func (s *Service) CountCodes(ctx context.Context, by identity.Actor, in CountScan) (CountAnswer, error) {
	if err := s.mayCount(ctx, by, identity.CountStock, in.StocktakeID); err != nil {
		return CountAnswer{}, err
	}
	read := ParseScan(in.Codes)
	if err := in.check(read); err != nil {
		return CountAnswer{}, err
	}
	cmd := identity.Command{ID: in.CommandID, Kind: "count_codes", Request: in}
	a, _, err := identity.RunCommand(ctx, s.db, by, cmd, func(ctx context.Context, tx *db.Tx) (CountAnswer, error) {
		x, err := lockStocktake(ctx, tx, in.StocktakeID, CountOpen)
		if err != nil {
			return CountAnswer{}, err
		}
		b := &countBench{tx: tx, by: by, x: x, in: in, here: map[string]bool{}}
		if err := b.load(ctx, read); err != nil {
			return CountAnswer{}, err
		}
		for _, p := range read {
			b.answers = append(b.answers, b.decide(p))
		}
		return b.write(ctx)
	})
	return a, err
}

func (in CountScan) check(read []Parsed) error {
	switch {
	case len(read) > MaxCount:
		return db.Refuse(db.Invalid, "一次最多点 %d 个码，这次有 %d 个。请分几次录入。", MaxCount, len(read))
	case in.Units != nil && len(read) != 1:
		return db.Refuse(db.Invalid, "填了剩余数量时，一次只能扫一盒。请一盒一盒来。")
	case in.Units != nil && *in.Units <= 0:
		return db.Refuse(db.Invalid, "剩余数量要用大于零的整数。空盒不用点，请放到一边。")
	case utf8.RuneCountInString(in.Shelf) > 40:
		return db.Refuse(db.Invalid, "货架名最多 40 个字，请写短一些。")
	}
	return nil
}

// countedPack is a pack as the books have it in the moment of a scan.
type countedPack struct {
	Pack
	MovementID int64 `db:"movement_id"`
}

// countBench is one scan of a counter while it is worked through.
type countBench struct {
	tx *db.Tx
	by identity.Actor
	x  Stocktake
	in CountScan

	packs  map[string]*countedPack
	stands map[string]standing
	known  map[string]Prefix
	drugs  map[int64]bool // nil for all

	here    map[string]bool // answered in this scan
	again   []int64         // rows that are counted anew
	fresh   seenColumns
	answers []CodeAnswer
}

// standing is a code that a counter has already taken down.
type standing struct {
	ID      int64     `db:"id"`
	Code    string    `db:"code"`
	StaffID int64     `db:"staff_id"`
	Name    string    `db:"name"`
	At      time.Time `db:"at"`
}

func (b *countBench) load(ctx context.Context, read []Parsed) (err error) {
	codes, prefixes := distinctCodes(read)
	if b.packs, err = readCounted(ctx, b.tx, codes); err != nil {
		return err
	}
	stored := codes
	for _, p := range b.packs {
		stored = append(stored, p.Code) // a box with a code of ours stands under it
	}
	var rows []standing
	err = b.tx.Select(ctx, &rows, `SELECT s.id, s.code, s.staff_id, f.name, s.at FROM stocktake_seen s JOIN staff f ON f.id = s.staff_id
WHERE s.stocktake_id = $1::bigint AND s.code = ANY($2::text[]) AND s.ended_at IS NULL`, b.x.ID, pq.Array(stored))
	if err != nil {
		return fmt.Errorf("read what was counted: %w", err)
	}
	b.stands = make(map[string]standing, len(rows))
	for _, x := range rows {
		b.stands[x.Code] = x
	}
	if len(b.packs) < len(codes) {
		if b.known, err = FindPrefixes(ctx, b.tx, prefixes); err != nil {
			return err
		}
	}
	b.drugs, err = b.x.drugs(ctx, b.tx)
	return err
}

// readCounted reads packs with their last movements, without their locks: a
// statement sees both of one moment, and nobody who dispenses waits for a count.
func readCounted(ctx context.Context, r db.Reader, codes []string) (map[string]*countedPack, error) {
	var rows []countedPack
	err := r.Select(ctx, &rows, `SELECT `+packColumns+`, COALESCE((SELECT max(m.id) FROM movement m WHERE m.pack_id = k.id), 0) AS movement_id
FROM pack k JOIN drug d ON d.id = k.drug_id
WHERE k.code = ANY($1::text[] || ARRAY(SELECT x.code::text FROM codeless_box x WHERE x.true_code = ANY($1::text[])))`, pq.Array(codes))
	if err != nil {
		return nil, fmt.Errorf("read packs: %w", err)
	}
	packs := make(map[string]*countedPack, len(rows))
	for i := range rows {
		packs[rows[i].Code] = &rows[i]
		if rows[i].TrueCode != "" {
			packs[rows[i].TrueCode] = &rows[i]
		}
	}
	return packs, nil
}

// drugs is the set of drugs that are counted; nil for all.
func (x Stocktake) drugs(ctx context.Context, r db.Reader) (map[int64]bool, error) {
	if x.AllDrugs {
		return nil, nil
	}
	var ids []int64
	if err := r.Select(ctx, &ids, `SELECT drug_id FROM stocktake_drug WHERE stocktake_id = $1::bigint`, x.ID); err != nil {
		return nil, fmt.Errorf("read the drugs of a stocktake: %w", err)
	}
	set := make(map[int64]bool, len(ids))
	for _, id := range ids {
		set[id] = true
	}
	return set, nil
}

// decide answers one code and notes what is to be written.
func (b *countBench) decide(p Parsed) CodeAnswer {
	if p.Err != nil {
		return UnreadAnswer(p.Err)
	}
	code := p.Code.Code()
	pack := b.packs[code]
	known, prefixKnown := b.known[p.Code.Prefix()]
	drugID, drug := known.DrugID, known.Drug
	var f *ScanFacts
	if pack != nil {
		code, drugID, drug = pack.Code, pack.DrugID, pack.DrugName()
		f = &ScanFacts{Pack: pack.Facts(), Drug: drug}
	}
	say := func(kind AnswerKind, d Details) CodeAnswer {
		d.Drug, d.Done = drug, doneAt(ScanContext{Point: PointCount})
		return NewCodeAnswer(p.Code.Raw(), code, drug, kind, kind.Sentence(d))
	}
	switch old, stood := b.stands[code]; {
	case b.here[code]:
		return say(KindAbsorbed, Details{})
	case b.in.Units != nil && (pack == nil || *b.in.Units > pack.UnitsTotal):
		return say(KindBadQuantity, Details{})
	case stood && b.in.Units != nil:
		b.again = append(b.again, old.ID)
	case stood && old.StaffID == b.by.StaffID:
		return say(KindAlreadyHere, Details{})
	case stood:
		return say(KindCountedBy, Details{Who: old.Name, When: old.At.In(shanghai()).Format("15:04")})
	}
	said := ScanAnswer(f, ScanContext{Point: PointCount, Session: b.x.session(), Now: b.tx.Now, Drug: drug,
		PrefixKnown: prefixKnown, Carton: prefixKnown && known.Level > 1, Wanted: b.drugs == nil || drugID != 0 && b.drugs[drugID]})
	b.here[code] = true
	if said.Kind == KindOK || said.Kind == KindCountExtra || said.Kind == KindCountUnknown {
		b.fresh.add(code, pack, drugID, said.Kind, b.in.Units)
	}
	return NewCodeAnswer(p.Code.Raw(), code, drug, said.Kind, said.Sentence)
}

// seenColumns is the columns of new rows, one array each; zero stands for NULL.
type seenColumns struct {
	codes, kinds, states                    []string
	packs, drugs, units, movements, counted []int64
	here                                    []bool
}

func (c *seenColumns) add(code string, p *countedPack, drugID int64, kind AnswerKind, counted *int64) {
	if p == nil {
		p = &countedPack{}
	}
	c.codes = append(c.codes, code)
	c.kinds = append(c.kinds, string(kind))
	c.states = append(c.states, string(p.State))
	c.packs = append(c.packs, p.ID)
	c.drugs = append(c.drugs, drugID)
	c.units = append(c.units, p.UnitsLeft)
	c.movements = append(c.movements, p.MovementID)
	c.counted = append(c.counted, valueOf(counted))
	c.here = append(c.here, kind == KindOK)
}

// write keeps what was decided: a constant number of statements.
func (b *countBench) write(ctx context.Context) (CountAnswer, error) {
	a := CountAnswer{Answers: b.answers, Taken: len(b.fresh.codes) - len(b.again)}
	if err := endSeen(ctx, b.tx, b.by, b.again, "recounted"); err != nil {
		return a, err
	}
	if err := b.insert(ctx); err != nil {
		return a, err
	}
	if len(b.fresh.codes) > 0 {
		if err := b.x.raise(ctx, b.tx); err != nil {
			return a, err
		}
		detail := fmt.Sprintf("number=%s codes=%d counted=%d", b.x.Number(), len(b.answers), len(b.fresh.codes))
		if err := b.x.audit(ctx, b.tx, b.by, "stocktake.scan", detail); err != nil {
			return a, err
		}
	}
	return a, countStanding(ctx, b.tx, b.x.ID, b.by.StaffID, &a)
}

func (b *countBench) insert(ctx context.Context) error {
	c := b.fresh
	if len(c.codes) == 0 {
		return nil
	}
	_, err := b.tx.Exec(ctx, `INSERT INTO stocktake_seen (stocktake_id, code, pack_id, drug_id, answer_kind, in_scope, state, units_booked, movement_id,
  units_counted, shelf, staff_id, at)
SELECT $1::bigint, n.code, NULLIF(n.pack, 0), NULLIF(n.drug, 0), n.kind, n.here, n.state, n.units, n.movement, NULLIF(n.counted, 0), $11::text, $12::bigint, $13::timestamptz
FROM (SELECT unnest($2::text[]) AS code, unnest($3::bigint[]) AS pack, unnest($4::bigint[]) AS drug, unnest($5::text[]) AS kind, unnest($6::boolean[]) AS here,
  unnest($7::text[]) AS state, unnest($8::bigint[]) AS units, unnest($9::bigint[]) AS movement, unnest($10::bigint[]) AS counted) n`,
		b.x.ID, pq.Array(c.codes), pq.Array(c.packs), pq.Array(c.drugs), pq.Array(c.kinds), pq.Array(c.here), pq.Array(c.states), pq.Array(c.units),
		pq.Array(c.movements), pq.Array(c.counted), b.in.Shelf, b.by.StaffID, b.tx.Now)
	if err != nil {
		return fmt.Errorf("insert counted boxes: %w", err)
	}
	return nil
}

// endSeen ends rows that no longer count; they stay, with who ended them.
func endSeen(ctx context.Context, tx *db.Tx, by identity.Actor, ids []int64, how string) error {
	if len(ids) == 0 {
		return nil
	}
	_, err := tx.Exec(ctx, `UPDATE stocktake_seen SET ended_at = $2, ended_by = $3, ended_how = $4 WHERE id = ANY($1::bigint[]) AND ended_at IS NULL`,
		pq.Array(ids), tx.Now, by.StaffID, how)
	if err != nil {
		return fmt.Errorf("end counted boxes: %w", err)
	}
	return nil
}

// countStanding fills in how many boxes stand.
func countStanding(ctx context.Context, r db.Reader, id, staff int64, a *CountAnswer) error {
	var n struct {
		All  int `db:"all_boxes"`
		Mine int `db:"mine"`
	}
	err := r.Get(ctx, &n, `SELECT count(*) AS all_boxes, COALESCE(sum(CASE WHEN staff_id = $2::bigint THEN 1 ELSE 0 END), 0) AS mine
FROM stocktake_seen WHERE stocktake_id = $1::bigint AND ended_at IS NULL`, id, staff)
	if err != nil {
		return fmt.Errorf("count what was counted: %w", err)
	}
	a.Counted, a.Mine = n.All, n.Mine
	return nil
}
