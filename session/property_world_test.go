package session_test

import (
	"context"
	"encoding/binary"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"

	"jingfang/inventory"
	"jingfang/session"
	"jingfang/session/identity"
	"jingfang/sql/db"
	"jingfang/sql/seal"
)

// world is a clinic where six people do random things in several sessions.
type world struct {
	*clinic
	*model
	keys   *seal.MemoryKeys
	r      *rand.Rand
	people []identity.Actor // three doctors, the pharmacist on duty, a second one, an assistant
	drugs  []int64
	loose  int64 // the one of them that is given by quantity
	// In the order in which they came, so that a seed chooses the same again.
	codes    []string
	visitIDs []uuid.UUID
	asked    []uuid.UUID
	again    map[int64]asked // by doctor
	papers   []modelPaper
	recalls  []*modelRecall
	taking   *modelTake // the open count of the pharmacy, nil for none
	listed   modelOpening
	serial   int
	stores   *inventory.Service
	rostered map[int64]bool
}

// asked is what a doctor was asked when a label came before 诊毕.
type asked struct {
	mark    string
	session int64
	visit   uuid.UUID
	lines   int
	patient int64
}

// act is one thing that somebody is about to do.
type act struct {
	name string
	do   func() (any, error)
	// may is what the model expects of it, then what it makes of the model, and
	// check what it holds the answer to.
	may   bool
	then  func()
	check func(answer any) string
	// heard keeps of an answer what the person needs for a later command.
	heard func(answer any)
}

func newWorld(t testing.TB, seed uint64) *world {
	t.Helper()
	w := &world{clinic: newClinic(t, 3, 10, 30), r: rand.New(rand.NewPCG(seed, 20261123)), again: map[int64]asked{}, serial: 100, keys: seal.NewMemoryKeys()}
	w.svc = w.svc.WithKeys(w.keys)
	w.clinic.codes, w.codes = nil, w.clinic.codes
	w.people = append(slices.Clone(w.doctors), w.chief, w.person("药师乙", identity.Pharmacist), w.helper)
	var second, prefix int64
	w.insert(&second, `INSERT INTO drug (his_code, generic_name, spec, units_per_pack, created_at) VALUES ('DEMO2', '演示奥氮平片', '5mg×14片', 20, now()) RETURNING id`)
	w.insert(&prefix, `INSERT INTO drug_prefix (prefix, drug_id, units, taught_at) VALUES ('8000002', $1, 20, now()) RETURNING id`, second)
	var third int64
	w.insert(&third, `INSERT INTO drug (his_code, generic_name, spec, units_per_pack, loose, created_at) VALUES ('DEMO3', '演示苯海索片', '2mg×20片', 20, true, now()) RETURNING id`)
	w.insert(&prefix, `INSERT INTO drug_prefix (prefix, drug_id, units, taught_at) VALUES ('8000003', $1, 20, now()) RETURNING id`, third)
	w.drugs, w.loose = []int64{w.drug, second, third}, third
	w.stores, w.rostered = inventory.New(w.db.App), map[int64]bool{}
	for range 3 {
		_, err := w.stores.MakeTote(w.ctx, w.chief, inventory.NewTote{CommandID: w.id()})
		w.must(err)
	}
	w.read()
	w.restock(40)
	return w
}

// read makes the model what the database says.
func (w *world) read() {
	w.t.Helper()
	m, err := readModel(w.ctx, w.db.App, time.Now())
	w.must(err)
	w.model = m
}

// restock brings n boxes: most into the store, some only announced, some out of
// date. Their codes end alike now and then.
func (w *world) restock(n int) {
	w.t.Helper()
	var codes []string
	batch := fmt.Sprintf("B%d", w.serial)
	w.must(w.db.App.InTx(w.ctx, func(ctx context.Context, tx *db.Tx) error {
		codes = codes[:0]
		for i := range n {
			k := i % 3
			code := fmt.Sprintf("800000%d%09d%04d", k+1, w.serial+i, (w.serial+i)%61)
			expires := tx.Now.AddDate(1, 0, 0)
			if i%13 == 5 {
				expires = tx.Now.AddDate(0, -1, 0)
			}
			var id int64
			err := tx.Get(ctx, &id, `INSERT INTO pack (code, drug_id, state, units_total, units_left, batch, expires_on, created_at, changed_at)
VALUES ($1, $2, 'expected', 20, 20, $5, $3::date, $4, $4) RETURNING id`, code, w.drugs[k], expires, tx.Now, batch)
			if err != nil {
				return err
			}
			err = tx.ExecOne(ctx, `INSERT INTO movement (kind, pack_id, quantity, from_state, to_state, units_after, at, how)
VALUES ('announce', $1, 20, '', 'expected', 20, $2, 'system')`, id, tx.Now)
			if err != nil {
				return err
			}
			codes = append(codes, code)
		}
		locked, err := inventory.LockPacks(ctx, tx, codes)
		if err != nil {
			return err
		}
		for i, code := range codes {
			if i%11 == 3 {
				continue
			}
			e := inventory.Entry{Move: inventory.Move{Kind: inventory.MoveReceive}, How: inventory.HowScanned}
			if _, err := inventory.Write(ctx, tx, w.chief, locked[code], e); err != nil {
				return err
			}
		}
		return nil
	}))
	for i, code := range codes {
		p := modelPack{State: inventory.StateInStore, Drug: w.drugs[i%3], Batch: batch, Expired: i%13 == 5, Left: full}
		if i%11 == 3 {
			p.State = inventory.StateExpected
		}
		w.packs[code] = p
	}
	w.codes, w.serial = append(w.codes, codes...), w.serial+n
}

// plenty restocks when the store runs empty.
func (w *world) plenty() {
	n := 0
	for _, p := range w.packs {
		if p.State == inventory.StateInStore && !p.Expired {
			n++
		}
	}
	if n < 12 {
		w.restock(30)
	}
}

func (w *world) id() uuid.UUID {
	var b uuid.UUID
	binary.LittleEndian.PutUint64(b[:8], w.r.Uint64())
	binary.LittleEndian.PutUint64(b[8:], w.r.Uint64())
	return b
}

// usually is true n times of a hundred.
func (w *world) usually(n int) bool { return w.r.IntN(100) < n }

// one picks of a list; the list is not empty.
func one[T any](r *rand.Rand, list []T) T { return list[r.IntN(len(list))] }

// someone is usually one of the named people, sometimes anybody.
func (w *world) someone(from, to int) identity.Actor {
	if w.usually(90) {
		return w.people[from+w.r.IntN(to-from)]
	}
	return one(w.r, w.people)
}

func (w *world) aDoctor() identity.Actor     { return w.someone(0, 3) }
func (w *world) aPharmacist() identity.Actor { return w.someone(3, 5) }
func (w *world) anybody() identity.Actor     { return w.someone(0, 6) }

// code is a box that fits, or any.
func (w *world) code(fits func(string, modelPack) bool) string {
	var list []string
	for _, c := range w.codes {
		if fits(c, w.packs[c]) {
			list = append(list, c)
		}
	}
	if len(list) == 0 || w.usually(10) {
		return one(w.r, w.codes)
	}
	return one(w.r, list)
}

// someCodes is a scan of up to n boxes, with nonsense between them.
func (w *world) someCodes(n int, fits func(string, modelPack) bool) []string {
	list := make([]string, 1+w.r.IntN(n))
	for i := range list {
		list[i] = w.code(fits)
		if w.usually(8) {
			list[i] = one(w.r, []string{"6901234567892", "81234567890123456789", "123456789012345678901234", "8000001", "X", w.tokens[0], w.strange()})
		}
	}
	return list
}

// strange is a code of a known drug that nobody has entered.
func (w *world) strange() string {
	return fmt.Sprintf("800000%d9%012d", 1+w.r.IntN(3), w.r.Int64N(1_000_000_000_000))
}

// distinct is the known boxes of a scan, each once.
func (w *world) distinct(codes []string) (list []string) {
	for _, c := range codes {
		if _, ok := w.packs[c]; ok && !slices.Contains(list, c) {
			list = append(list, c)
		}
	}
	return list
}

// visitOf is the doctor's open visit, or one of the last ones.
func (w *world) visitOf(s *modelSession, doctor int64) uuid.UUID {
	if w.usually(88) {
		if id, _, ok := w.openOf(s.ID, func(v modelVisit) bool { return v.Doctor == doctor }); ok {
			return id
		}
	}
	return w.aVisit(s)
}

// aVisit is one of the session's last visits, or sometimes of another's.
func (w *world) aVisit(s *modelSession) uuid.UUID {
	var list, open []uuid.UUID
	for _, id := range w.visitIDs {
		if v := w.visits[id]; v.Session == s.ID && (v.State == session.Waiting || v.State == session.InConsultation) {
			open = append(open, id)
		}
	}
	if len(open) > 0 && w.usually(60) {
		return one(w.r, open)
	}
	for _, id := range w.visitIDs[max(0, len(w.visitIDs)-40):] {
		if v, ok := w.visits[id]; ok && (v.Session == s.ID || w.usually(3)) {
			list = append(list, id)
		}
	}
	if len(list) == 0 {
		return w.id()
	}
	return one(w.r, list[max(0, len(list)-12):])
}

// aSession is one that is not over, or seldom one that is.
func (w *world) aSession() *modelSession {
	var list, over []*modelSession
	for id := int64(1); len(list)+len(over) < len(w.sessions); id++ {
		s, ok := w.sessions[id]
		switch {
		case !ok:
		case s.alive():
			list = append(list, s)
		default:
			over = append(over, s)
		}
	}
	if len(list) == 0 || len(over) > 0 && w.usually(8) {
		return one(w.r, over)
	}
	return one(w.r, list)
}

// can asks the table of roles, which has tests of its own.
func (w *world) can(by identity.Actor, p identity.Permission) bool { return by.Can(p, w.site) == nil }

// leads and helps are the two circles of closing.
func (w *world) leads(by identity.Actor, s *modelSession) bool {
	return by.StaffID == w.chief.StaffID || w.can(by, identity.CloseSession) && (s.Carrier != 0 || s.part(by.StaffID) == session.PartPharmacist)
}

func (w *world) helps(by identity.Actor, s *modelSession) bool {
	return w.can(by, identity.CloseSession) || s.part(by.StaffID) != ""
}

func yes(answers []inventory.CodeAnswer) (n int) {
	for _, a := range answers {
		if a.Kind == inventory.KindOK {
			n++
		}
	}
	return n
}

// tail is the end of a code, as a person types it.
func (w *world) tail(code string) string {
	return strings.ToUpper(code[max(0, len(code)-4-w.r.IntN(3)):])
}
