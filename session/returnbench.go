package session

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/google/uuid"
	"github.com/lib/pq"

	"jingfang/inventory"
	"jingfang/session/identity"
	"jingfang/sql/db"
)

// returnBench is one return while it is worked through: all codes are answered
// first, then everything is written.
type returnBench struct {
	s             *Service
	tx            *db.Tx
	by            identity.Actor
	in            Returning
	patient, site int64 // zero when not known

	packs  map[string]*inventory.Pack
	given  map[int64]handover // by pack: to this patient, else the last
	noted  map[string]bool    // codes that were noted before
	keep   map[int64]bool     // drugs whose empty boxes are taken in
	rows   []returnRow
	taking []taking
	answer ReturnAnswer
	// refusal is why nothing of the return is written; nil as a rule.
	refusal error
}

// handover is how a pack came to a patient.
type handover struct {
	PackID   int64     `db:"pack_id"`
	Visit    uuid.UUID `db:"visit_id"`
	Patient  int64     `db:"patient_id"`
	Session  int64     `db:"session_id"`
	State    State     `db:"state"` // of the session
	Open     bool      `db:"open"`  // the visit has not come to 诊毕
	Quantity int64     `db:"quantity"`
	At       time.Time `db:"at"`
}

// returnRow is a row to be written.
type returnRow struct {
	code, note string
	pack       int64
	given      uuid.UUID
	form       ReturnForm
	units      int64
}

// taking is a box that goes into quarantine.
type taking struct {
	pack *inventory.Pack
	from handover
	row  int
}

// load locks the packs of all codes and reads who was given them, what was noted
// before and which drugs' empty boxes are kept.
func (b *returnBench) load(ctx context.Context, read []inventory.Parsed) error {
	codes, _ := codesOf(read)
	var err error
	if b.packs, err = inventory.LockPacks(ctx, b.tx, codes); err != nil {
		return err
	}
	var ids, drugs []int64
	for _, p := range b.packs {
		ids, drugs = append(ids, p.ID), append(drugs, p.DrugID)
	}
	if b.given, err = handovers(ctx, b.tx, ids, b.patient); err != nil {
		return err
	}
	if b.noted, err = notedBefore(ctx, b.tx, ids, codes, b.in); err != nil {
		return err
	}
	if b.in.Form == ReturnEmpty {
		b.keep, err = inventory.KeepEmpties(ctx, b.tx, drugs, b.tx.Now)
	}
	return err
}

// handovers reads who was given each pack and still has it by the records: this
// patient where it is one of several, else the last.
func handovers(ctx context.Context, r db.Reader, packs []int64, patientID int64) (map[int64]handover, error) {
	given := map[int64]handover{}
	if len(packs) == 0 {
		return given, nil
	}
	var rows []handover
	err := r.Select(ctx, &rows, `SELECT l.pack_id, l.visit_id, v.patient_id, v.session_id, c.state, v.state <> 'finished' AS open, l.quantity, l.at
FROM visit_line l JOIN visit v ON v.id = l.visit_id JOIN clinic_session c ON c.id = v.session_id
WHERE l.pack_id = ANY($1::bigint[]) AND l.undone_at IS NULL ORDER BY CASE WHEN v.patient_id = $2::bigint THEN 1 ELSE 0 END, l.id`, idArray(packs), patientID)
	if err != nil {
		return nil, fmt.Errorf("read who was given a pack: %w", err)
	}
	for _, x := range rows {
		given[x.PackID] = x
	}
	return given, nil
}

// notedBefore finds the codes that were noted in this very visit in the same
// way, and for an empty box those that were ever seen empty. Content that comes
// after a tick is taken in all the same.
func notedBefore(ctx context.Context, r db.Reader, packs []int64, codes []string, in Returning) (map[string]bool, error) {
	var list []string
	err := r.Select(ctx, &list, `SELECT code FROM patient_return WHERE pack_id = ANY($1::bigint[]) AND form = 'empty' AND $4::boolean AND void_at IS NULL
UNION SELECT code FROM patient_return WHERE visit_id = $2::uuid AND code = ANY($3::text[]) AND (form = 'empty') = $4::boolean AND void_at IS NULL`,
		idArray(packs), in.Visit, pq.Array(codes), in.Form == ReturnEmpty)
	if err != nil {
		return nil, fmt.Errorf("read earlier returns: %w", err)
	}
	noted := map[string]bool{}
	for _, c := range list {
		noted[c] = true
	}
	return noted, nil
}

// decide answers one code and notes what is to be written.
func (b *returnBench) decide(p inventory.Parsed, seen map[string]bool) {
	if p.Err != nil {
		b.answer.Answers = append(b.answer.Answers, inventory.UnreadAnswer(p.Err))
		return
	}
	code := p.Code.Code()
	pack := b.packs[code]
	f, c := b.facts(pack), b.context(code, pack)
	if seen[code] {
		c.LastRead = b.tx.Now
	}
	seen[code] = true
	said, drug := inventory.ScanAnswer(f, c), ""
	if pack != nil {
		drug = pack.DrugName()
	}
	b.answer.Answers = append(b.answer.Answers, inventory.NewCodeAnswer(p.Code.Raw(), code, drug, said.Kind, said.Sentence))
	b.settle(code, pack, said)
}

// settle notes the row of an answer, and the move where there is one.
func (b *returnBench) settle(code string, pack *inventory.Pack, said inventory.Answer) {
	row := returnRow{code: code, form: b.in.Form}
	if pack != nil {
		row.pack, row.given = pack.ID, b.given[pack.ID].Visit
	}
	if said.Kind.Odd() {
		row.note = string(said.Kind)
		b.answer.Noted++
	}
	switch {
	case said.Move == inventory.MoveReturn:
		b.taking = append(b.taking, taking{pack: pack, from: b.given[pack.ID], row: len(b.rows)})
		b.answer.Taken++
	case said.Kind == inventory.KindLooseBack:
		row.units = b.looseUnits(pack)
	case said.Kind == inventory.KindEmptySeen:
		b.answer.Ticked++
	case row.note == "":
		return
	}
	b.rows = append(b.rows, row)
}

// looseUnits is how much of a pack that was given by units comes back: never more
// than this patient was given.
func (b *returnBench) looseUnits(p *inventory.Pack) int64 {
	given := b.given[p.ID].Quantity
	switch {
	case b.in.Form == ReturnFull:
		return given
	case b.in.Units > given:
		b.refusal = db.Refuse(db.Invalid, "%s 给了 %d %s，退回的不会更多。请改数量。", p.DrugName(), given, p.UnitName)
	}
	return b.in.Units
}

func (b *returnBench) facts(p *inventory.Pack) *inventory.ScanFacts {
	if p == nil {
		return nil
	}
	f := &inventory.ScanFacts{Pack: p.Facts(), Drug: p.DrugName()}
	if h, ok := b.given[p.ID]; ok {
		f.Taken = &inventory.Taken{Visit: h.Visit.String(), At: h.At, Patient: h.Patient}
	}
	return f
}

func (b *returnBench) context(code string, p *inventory.Pack) inventory.ScanContext {
	c := inventory.ScanContext{Point: inventory.PointReturn, Now: b.tx.Now,
		Return: inventory.ReturnContext{Patient: b.patient, Empty: b.in.Form == ReturnEmpty, Noted: b.noted[code]}}
	if b.in.Visit != uuid.Nil {
		c.Visit = b.in.Visit.String()
	}
	if p != nil {
		h, was := b.given[p.ID]
		c.Return.Loose = was && p.State != inventory.StateDispensed
		if was && h.Open {
			c.Visit = h.Visit.String() // given just now, at whatever table
		}
		c.Return.Keep = b.keep[p.DrugID]
	}
	return c
}

// write moves what comes back, writes the rows and adds to the records of closed
// sessions.
func (b *returnBench) write(ctx context.Context) (ReturnAnswer, error) {
	if b.refusal != nil {
		return ReturnAnswer{}, b.refusal
	}
	touched, err := b.move(ctx)
	if err != nil {
		return ReturnAnswer{}, err
	}
	if err := b.insert(ctx); err != nil {
		return ReturnAnswer{}, err
	}
	if err := b.supplement(ctx); err != nil {
		return ReturnAnswer{}, err
	}
	if err := b.tell(ctx); err != nil {
		return ReturnAnswer{}, err
	}
	if b.in.SessionID != 0 {
		touched = append(touched, b.in.SessionID)
	}
	e := identity.Event{Name: "return.take", ObjectKind: "visit", SiteID: b.site, SessionID: b.in.SessionID,
		Detail: fmt.Sprintf("form=%s taken=%d ticked=%d noted=%d", b.in.Form, b.answer.Taken, b.answer.Ticked, b.answer.Noted)}
	if b.in.Visit != uuid.Nil {
		e.ObjectID = b.in.Visit.String()
	}
	for _, row := range b.rows {
		if row.note != "" {
			e.Detail += fmt.Sprintf(" %s=%s", row.note, row.code)
		}
	}
	if err := identity.Audit(ctx, b.tx, b.by, e); err != nil {
		return ReturnAnswer{}, err
	}
	return b.answer, b.s.hub.Touch(ctx, b.tx, touched...)
}

// move brings the boxes into quarantine, in the order of their codes.
func (b *returnBench) move(ctx context.Context) (sessions []int64, err error) {
	for _, x := range b.taking {
		e := inventory.Entry{How: inventory.HowScanned, Reason: "患者退回（" + b.in.Form.Word() + "）", Device: b.by.Device,
			Visit: b.in.Visit, Command: b.in.CommandID,
			Move: inventory.Move{Kind: inventory.MoveReturn, Quantity: b.in.Units, Empty: b.in.Form == ReturnEmpty, At: b.tx.Now}}
		if b.in.Form == ReturnFull {
			e.Quantity = x.from.Quantity
		}
		if x.pack.SessionID != nil {
			sessions = append(sessions, *x.pack.SessionID)
		}
		step, err := inventory.Write(ctx, b.tx, b.by, x.pack, e)
		if err != nil {
			return nil, returnRefused(err, x)
		}
		b.rows[x.row].units = step.Quantity
	}
	return sessions, nil
}

// returnRefused says that more came back than was given; nothing else can be
// wrong with a locked pack that was answered yes.
func returnRefused(err error, x taking) error {
	var refused *inventory.MoveError
	if errors.As(err, &refused) && refused.Kind == inventory.KindBadQuantity {
		return db.RefuseBecause(err, db.Invalid, "%s 这盒一共给了 %d %s，退回的不会更多。请改数量。", x.pack.DrugName(), x.pack.UnitsGiven, x.pack.UnitName)
	}
	return moveRefused(err, x.pack.DrugName())
}

// insert writes the rows in one statement.
func (b *returnBench) insert(ctx context.Context) error {
	if len(b.rows) == 0 {
		return nil
	}
	var codes, notes, given []string
	var packs, units []int64
	for _, r := range b.rows {
		codes, notes = append(codes, r.code), append(notes, r.note)
		packs, units = append(packs, r.pack), append(units, r.units)
		text := ""
		if r.given != uuid.Nil {
			text = r.given.String()
		}
		given = append(given, text)
	}
	var visit any
	if b.in.Visit != uuid.Nil {
		visit = b.in.Visit
	}
	_, err := b.tx.Exec(ctx, `INSERT INTO patient_return (patient_id, visit_id, pack_id, given_visit_id, code, form, units, note, taken_by, taken_at)
SELECT NULLIF($1::bigint, 0), $2::uuid, NULLIF(n.pack, 0), CAST(NULLIF(n.given, '') AS uuid), n.code, $3::text, n.units, n.note, $4::bigint, $5::timestamptz
FROM (SELECT unnest($6::bigint[]) AS pack, unnest($7::text[]) AS given, unnest($8::text[]) AS code, unnest($9::bigint[]) AS units, unnest($10::text[]) AS note) n`,
		b.patient, visit, string(b.in.Form), b.by.StaffID, b.tx.Now, pq.Array(packs), pq.Array(given), pq.Array(codes), pq.Array(units), pq.Array(notes))
	if err != nil {
		return fmt.Errorf("insert returns: %w", err)
	}
	return nil
}

// tell lets who heard of the visits that gave these boxes hear that they came back
// whole. An open visit has told nothing yet.
func (b *returnBench) tell(ctx context.Context) error {
	var visits []handover
	for _, r := range b.rows {
		h := b.given[r.pack]
		if r.form == ReturnFull && r.units > 0 && !h.Open && !slices.ContainsFunc(visits, func(x handover) bool { return x.Visit == h.Visit }) {
			visits = append(visits, h)
		}
	}
	slices.SortFunc(visits, func(a, c handover) int { return slices.Compare(a.Visit[:], c.Visit[:]) })
	for _, h := range visits {
		if err := noteReturn(ctx, b.tx, h.Session, h.Visit); err != nil {
			return err
		}
	}
	return nil
}

// supplement adds one record to each visit of a closed session that gave what
// came back, in the order of the sessions, as their chains are locked.
func (b *returnBench) supplement(ctx context.Context) error {
	texts := map[uuid.UUID]string{}
	var visits []handover
	for _, x := range b.taking {
		if x.from.State != Closed {
			continue
		}
		if texts[x.from.Visit] == "" {
			visits = append(visits, x.from)
		}
		texts[x.from.Visit] += fmt.Sprintf("患者退回：%s，追溯码 %s，%s，%d %s，已隔离。", x.pack.DrugName(), x.pack.Code, b.in.Form.Word(), b.rows[x.row].units, x.pack.UnitName)
	}
	slices.SortFunc(visits, func(a, c handover) int {
		if a.Session != c.Session {
			return int(a.Session - c.Session)
		}
		return slices.Compare(a.Visit[:], c.Visit[:])
	})
	for i, v := range visits {
		old, err := lastRecord(ctx, b.tx, v.Session, v.Visit)
		if err != nil {
			return err
		}
		if _, err := writeLate(ctx, b.tx, b.by, v.Session, supplementChain, v.Visit, lateness{kind: lateReturn, text: texts[v.Visit], old: old}); err != nil {
			return err
		}
		if i+1 < len(visits) && visits[i+1].Session == v.Session {
			continue // the head is signed once it has all records
		}
		x, err := Find(ctx, b.tx, v.Session)
		if err != nil {
			return err
		}
		if err := b.s.signHead(ctx, b.tx, x, supplementChain, []int64{b.by.StaffID}, nil); err != nil {
			return err
		}
	}
	return nil
}
