package session

import (
	"context"
	"fmt"
	"sort"
	"strings"
	"time"

	"github.com/google/uuid"

	"jingfang/inventory"
	"jingfang/session/identity"
	"jingfang/sql/db"
)

// table is one scan at a doctor's table while it is worked through.
type table struct {
	tx      *db.Tx
	by      identity.Actor
	session Session
	visit   Visit
	in      Scan
	how     inventory.How
	packs   map[string]*inventory.Pack
	taken   map[int64]*inventory.Taken // by pack
	mine    map[int64]int64            // units that this visit has, by pack; only of packs that are given in parts
	known   map[string]inventory.Prefix
	left    map[int64]int // packs still in the trays, by drug; only of drugs asked about
	answer  ScanAnswer
	giving  []handed // answered yes; a quantity of 0 is the whole box
	change  *changed // a box of this visit that gets another number
	refused []inventory.CodeAnswer
	// Of a replayed scan: the other sessions that are locked with this one, what is
	// written down although it would have been refused, and what the duty holder is
	// told.
	holders []int64
	late    []fact
	alarms  []NewAlarm
	// The bags handed over, the packs of them, and in whose bags packs lie.
	bags   []int64
	inBag  bool // the packs of a bag are being answered: each is given whole
	bagged map[int64]bool
	inside map[int64]*inventory.Inside
	away   elsewhere
}

// newTable locks the packs of all codes at once and reads, in one statement
// each, who has those that are gone and what the prefixes of the others mean.
func newTable(ctx context.Context, tx *db.Tx, by identity.Actor, x Session, v Visit, in Scan, read []inventory.Parsed) (*table, error) {
	t := &table{tx: tx, by: by, session: x, visit: v, in: in}
	codes, prefixes := codesOf(read)
	var err error
	if t.packs, err = inventory.LockPacks(ctx, tx, codes); err != nil {
		return nil, err
	}
	if t.taken, err = lastTaken(ctx, tx, gone(t.packs, x.ID)); err != nil {
		return nil, err
	}
	if t.away, err = readElsewhere(ctx, tx, t.packs, x.ID); err != nil {
		return nil, err
	}
	if err = t.readMine(ctx); err != nil {
		return nil, err
	}
	if t.left, err = leftOf(ctx, tx, x.ID, t.packs, t.taken); err != nil {
		return nil, err
	}
	if len(t.packs) < len(codes) {
		if t.known, err = inventory.FindPrefixes(ctx, tx, prefixes); err != nil {
			return nil, err
		}
	}
	return t, t.bagsOf(ctx)
}

// leftOf counts what the session still has of the drugs whose packs were taken:
// who reaches for the last one is told that there is none to change it for.
func leftOf(ctx context.Context, r db.Reader, sessionID int64, packs map[string]*inventory.Pack, taken map[int64]*inventory.Taken) (map[int64]int, error) {
	left := map[int64]int{}
	var drugs []int64
	for _, p := range packs {
		if _, asked := left[p.DrugID]; taken[p.ID] != nil && !asked {
			left[p.DrugID] = 0
			drugs = append(drugs, p.DrugID)
		}
	}
	if len(drugs) == 0 {
		return left, nil
	}
	var rows []struct {
		DrugID int64 `db:"drug_id"`
		Packs  int   `db:"packs"`
	}
	err := r.Select(ctx, &rows, `SELECT drug_id, count(*) AS packs FROM pack
WHERE session_id = $1 AND state = 'allocated' AND drug_id = ANY($2::bigint[]) GROUP BY drug_id`, sessionID, idArray(drugs))
	if err != nil {
		return nil, fmt.Errorf("count what is left: %w", err)
	}
	for _, x := range rows {
		left[x.DrugID] = x.Packs
	}
	return left, nil
}

// codesOf lists the distinct codes in order, and their prefixes.
func codesOf(read []inventory.Parsed) (codes, prefixes []string) {
	seen := map[string]bool{}
	for _, p := range read {
		if p.Err == nil && !seen[p.Code.Code()] {
			seen[p.Code.Code()] = true
			codes = append(codes, p.Code.Code())
			prefixes = append(prefixes, p.Code.Prefix())
		}
	}
	sort.Strings(codes)
	return codes, prefixes
}

// gone lists the packs that this session cannot simply hand out.
func gone(packs map[string]*inventory.Pack, sessionID int64) []int64 {
	var ids []int64
	for _, p := range packs {
		if p.State != inventory.StateAllocated || p.SessionID == nil || *p.SessionID != sessionID {
			ids = append(ids, p.ID)
		}
	}
	return ids
}

// take answers one piece of the scan; nothing is written yet.
func (t *table) take(p inventory.Parsed) {
	if p.Err != nil {
		t.settle(inventory.UnreadAnswer(p.Err))
		return
	}
	code, drug := p.Code, ""
	pack := t.packs[code.Code()]
	if pack != nil {
		drug = pack.DrugName()
	}
	said := t.say(code, pack)
	if t.takeFact(code, pack, said) {
		return
	}
	a := inventory.NewCodeAnswer(code.Raw(), code.Code(), drug, said.Kind, said.Sentence)
	a.MayAsk = said.MayAsk
	if pack != nil && pack.Loose {
		t.amounts(&a, pack, said)
	}
	switch {
	case said.Kind == inventory.KindChanged:
		t.change = &changed{pack, t.mine[pack.ID], said.Quantity}
	case said.Move == inventory.MoveDispense:
		t.giving = append(t.giving, handed{pack, said.Quantity})
		t.taken[pack.ID] = &inventory.Taken{Visit: t.visit.ID.String(), Doctor: doctorWord(t.by.Name), At: t.tx.Now}
	}
	t.settle(a)
}

// say is the answer to one code of the scan.
func (t *table) say(code inventory.TraceCode, pack *inventory.Pack) inventory.Answer {
	said := inventory.ScanAnswer(t.facts(pack), t.context(code, pack))
	if said.Kind != inventory.KindTakenToday && said.Kind != inventory.KindUsedUp || t.left[pack.DrugID] > 0 {
		return said
	}
	last := t.taken[pack.ID]
	said.Kind = inventory.KindLastOneGone
	said.Sentence = said.Kind.Sentence(inventory.Details{Drug: pack.DrugName(), Who: last.Doctor, When: last.At.In(Zone()).Format("15:04")})
	return said
}

// context is what the answer depends on beside the pack. A code that this visit
// was given a moment ago is the same reading of a scanner once more.
func (t *table) context(code inventory.TraceCode, pack *inventory.Pack) inventory.ScanContext {
	known, ok := t.known[code.Prefix()]
	c := inventory.ScanContext{Point: inventory.PointTable, Session: t.session.ID, Visit: t.visit.ID.String(),
		Now: t.in.moment(t.tx.Now), PrefixKnown: ok, Carton: ok && known.Level > 1, Drug: known.Drug, Quantity: t.in.Quantity, Whole: t.in.Whole}
	if t.inBag {
		c.Quantity, c.Whole = 0, true
	}
	if pack != nil && t.how == inventory.HowScanned && t.in.Quantity == 0 && !t.in.Whole {
		if last := t.taken[pack.ID]; last != nil && last.Visit == c.Visit {
			c.LastRead = last.At
		}
	}
	return c
}

func (t *table) facts(p *inventory.Pack) *inventory.ScanFacts {
	if p == nil {
		return nil
	}
	drug := p.DrugName()
	if t.inBag {
		drug = p.Inner() // the bag's label was read, not the box
	}
	f := &inventory.ScanFacts{Pack: p.Facts(), Drug: drug, Taken: t.taken[p.ID], Loose: p.Loose, Unit: p.UnitName, Mine: t.mine[p.ID],
		Inside: t.inside[p.ID]}
	if p.SessionID != nil && *p.SessionID != t.session.ID {
		f.SessionName = t.away.name(p)
	}
	return f
}

// settle adds the answer; one that is not yes and not a harmless repeat stays
// with the visit as 未记录 until it is resolved.
func (t *table) settle(a inventory.CodeAnswer) {
	t.answer.Answers = append(t.answer.Answers, a)
	if a.Tone != inventory.ToneGood && a.Tone != inventory.ToneSoft && a.Kind != inventory.KindEmpty {
		t.refused = append(t.refused, a)
	}
}

// lastTaken reads the hand-over that still stands for each pack: whom a refused
// doctor has to ask. That is the doctor of the team who scanned it, and of what
// somebody else wrote down the visit's.
func lastTaken(ctx context.Context, r db.Reader, packs []int64) (map[int64]*inventory.Taken, error) {
	taken := map[int64]*inventory.Taken{}
	if len(packs) == 0 {
		return taken, nil
	}
	var rows []struct {
		PackID int64     `db:"pack_id"`
		Visit  uuid.UUID `db:"visit_id"`
		Doctor string    `db:"doctor"`
		Number int       `db:"number"`
		Site   string    `db:"site"`
		At     time.Time `db:"at"`
	}
	err := r.Select(ctx, &rows, `SELECT l.pack_id, l.visit_id, COALESCE(f.name, '') AS doctor, v.number, s.name AS site, l.at
FROM visit_line l JOIN visit v ON v.id = l.visit_id JOIN clinic_session c ON c.id = v.session_id
JOIN site s ON s.id = c.site_id LEFT JOIN session_team m ON m.session_id = v.session_id AND m.staff_id = l.staff_id AND m.part = 'doctor'
LEFT JOIN staff f ON f.id = COALESCE(m.staff_id, v.doctor_id, l.staff_id)
WHERE l.pack_id = ANY($1::bigint[]) AND l.undone_at IS NULL ORDER BY l.id`, idArray(packs))
	if err != nil {
		return nil, fmt.Errorf("read who has a pack: %w", err)
	}
	for _, x := range rows {
		taken[x.PackID] = &inventory.Taken{Visit: x.Visit.String(), Doctor: doctorWord(x.Doctor),
			Queue: fmt.Sprint(x.Number), Site: x.Site, At: x.At}
	}
	return taken, nil
}

// doctorWord is how a colleague is spoken of: 陈明 is 陈明医生, 演示医生甲 stays.
func doctorWord(name string) string {
	if strings.Contains(name, "医生") {
		return name
	}
	return name + "医生"
}
