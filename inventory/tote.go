package inventory

import (
	"context"
	"fmt"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/google/uuid"
	"github.com/lib/pq"

	"jingfang/session/identity"
	"jingfang/sql/db"
)

// Tote is a 周转箱: a labelled box whose contents are known.
type Tote struct {
	ID     int64      `db:"id"`
	Code   string     `db:"code"` // of its label, JFT…
	Name   string     `db:"name"` // 7 号
	Sealed *time.Time `db:"sealed_at"`
	// SealedPacks is how many packs were in it when it was sealed.
	SealedPacks int `db:"sealed_packs"`
	// InStore is how many packs lie in it in the pharmacy, Away how many are with
	// clinic days. A pack that moved by any other way is in it no more.
	InStore int `db:"in_store"`
	Away    int `db:"away"`
}

// Title is the tote as people say it: 周转箱 7 号.
func (t Tote) Title() string { return "周转箱 " + t.Name }

// State is open or sealed.
func (t Tote) State() ContainerState {
	if t.Sealed != nil {
		return ContainerSealed
	}
	return ContainerOpen
}

// Changed says that a sealed tote holds something else than when it was sealed.
func (t Tote) Changed() bool { return t.Sealed != nil && t.InStore+t.Away != t.SealedPacks }

const toteColumns = `t.id, t.code, t.name, t.sealed_at, t.sealed_packs,
  (SELECT count(*) FROM tote_pack x JOIN pack k ON k.id = x.pack_id WHERE x.tote_id = t.id AND x.as_of = k.changed_at AND k.state = 'in_store') AS in_store,
  (SELECT count(*) FROM tote_pack x JOIN pack k ON k.id = x.pack_id WHERE x.tote_id = t.id AND x.as_of = k.changed_at AND k.state = 'allocated') AS away`

// ListTotes reads all totes in the order in which they were made.
func ListTotes(ctx context.Context, r db.Reader) ([]Tote, error) {
	var list []Tote
	if err := r.Select(ctx, &list, `SELECT `+toteColumns+` FROM tote t ORDER BY t.id`); err != nil {
		return nil, fmt.Errorf("read totes: %w", err)
	}
	return list, nil
}

// FindTote reads one tote.
func FindTote(ctx context.Context, r db.Reader, id int64) (Tote, error) {
	var t Tote
	err := r.Get(ctx, &t, `SELECT `+toteColumns+` FROM tote t WHERE t.id = $1::bigint`, id)
	return t, toteNotFound(err)
}

func toteNotFound(err error) error {
	if db.IsNoRows(err) {
		return db.Refuse(db.NotFound, "没有这个周转箱。请从周转箱列表重新进入。")
	}
	if err != nil {
		return fmt.Errorf("read tote: %w", err)
	}
	return nil
}

// TotePack is a pack that lies in a tote.
type TotePack struct {
	Code      string     `db:"code"`
	Generic   string     `db:"generic_name"`
	Spec      string     `db:"spec"`
	Batch     string     `db:"batch"`
	ExpiresOn *time.Time `db:"expires_on"`
	State     State      `db:"state"` // in store, or away with a clinic day
	PutAt     time.Time  `db:"put_at"`
}

// DrugName is the drug as people say it.
func (p TotePack) DrugName() string { return DrugName(p.Generic, p.Spec) }

// TotePacks lists what lies in a tote, the last put in first.
func TotePacks(ctx context.Context, r db.Reader, id int64) ([]TotePack, error) {
	var list []TotePack
	err := r.Select(ctx, &list, `SELECT k.code, d.generic_name, d.spec, k.batch, k.expires_on, k.state, x.put_at
FROM tote_pack x JOIN pack k ON k.id = x.pack_id JOIN drug d ON d.id = k.drug_id
WHERE x.tote_id = $1::bigint AND x.as_of = k.changed_at AND k.state IN ('in_store', 'allocated') ORDER BY x.put_at DESC, k.code`, id)
	if err != nil {
		return nil, fmt.Errorf("read packs of a tote: %w", err)
	}
	return list, nil
}

// ToteStep is the input of SealTote and OpenTote.
type ToteStep struct {
	ToteID    int64
	CommandID uuid.UUID
}

// NewTote is the input of MakeTote.
type NewTote struct {
	CommandID uuid.UUID
	// Name is what people call it, at most 20 characters; empty takes the next
	// number.
	Name string
}

// MakeTote enters a new tote, open and empty, with a label of its own.
func (s *Service) MakeTote(ctx context.Context, by identity.Actor, in NewTote) (Tote, error) {
	if err := identity.Allow(ctx, s.db, by, identity.Allocate, 0); err != nil {
		return Tote{}, err
	}
	in.Name = strings.TrimSpace(in.Name)
	if utf8.RuneCountInString(in.Name) > 20 || strings.ContainsFunc(in.Name, func(r rune) bool { return r < ' ' }) {
		return Tote{}, db.Refuse(db.Invalid, "箱名最多 20 个字，例如“3 号”。")
	}
	cmd := identity.Command{ID: in.CommandID, Kind: "make_tote", Request: in}
	t, _, err := identity.RunCommand(ctx, s.db, by, cmd, func(ctx context.Context, tx *db.Tx) (Tote, error) {
		return makeTote(ctx, tx, by, in.Name)
	})
	if db.IsUnique(err, "tote_name_uq") {
		return t, db.RefuseBecause(err, db.Conflict, "已经有叫这个名字的周转箱，请换一个名字。")
	}
	return t, err
}

func makeTote(ctx context.Context, tx *db.Tx, by identity.Actor, name string) (Tote, error) {
	if name == "" {
		var n int
		if err := tx.Get(ctx, &n, `SELECT count(*) FROM tote`); err != nil {
			return Tote{}, fmt.Errorf("count totes: %w", err)
		}
		name = fmt.Sprintf("%d 号", n+1)
	}
	t := Tote{Code: NewLabel(ContainerTote), Name: name}
	err := tx.Get(ctx, &t.ID, `INSERT INTO tote (code, name, made_by, made_at) VALUES ($1, $2, $3, $4) RETURNING id`, t.Code, t.Name, by.StaffID, tx.Now)
	if err != nil {
		return t, fmt.Errorf("make tote: %w", err)
	}
	return t, auditTote(ctx, tx, by, "tote.make", t, "")
}

func auditTote(ctx context.Context, tx *db.Tx, by identity.Actor, name string, t Tote, detail string) error {
	return identity.Audit(ctx, tx, by, identity.Event{Name: name, ObjectKind: "tote", ObjectID: t.Name, Detail: detail})
}

// SealTote closes a tote: from now on its label stands for what lies in it, and
// what has left it meanwhile is forgotten.
func (s *Service) SealTote(ctx context.Context, by identity.Actor, in ToteStep) (Tote, error) {
	return s.toteStep(ctx, by, in, "tote.seal", func(ctx context.Context, tx *db.Tx, t *Tote) error {
		switch {
		case t.State() == ContainerSealed && !t.Changed():
			return db.Refuse(db.Conflict, "%s已经封好了，%d 盒。", t.Title(), t.SealedPacks)
		case t.InStore+t.Away == 0:
			return db.Refuse(db.Conflict, "%s还是空的。请先扫药盒装箱，再封箱。", t.Title())
		}
		_, err := tx.Exec(ctx, `DELETE FROM tote_pack WHERE tote_id = $1::bigint AND NOT EXISTS (SELECT 1 FROM pack k
WHERE k.id = tote_pack.pack_id AND k.changed_at = tote_pack.as_of AND k.state IN ('in_store', 'allocated'))`, t.ID)
		if err != nil {
			return fmt.Errorf("forget what left a tote: %w", err)
		}
		t.Sealed, t.SealedPacks = &tx.Now, t.InStore+t.Away
		return tx.ExecOne(ctx, `UPDATE tote SET sealed_at = $2, sealed_by = $3, sealed_packs = $4 WHERE id = $1`, t.ID, tx.Now, by.StaffID, t.SealedPacks)
	})
}

// OpenTote breaks the seal, to put packs in or take some out.
func (s *Service) OpenTote(ctx context.Context, by identity.Actor, in ToteStep) (Tote, error) {
	return s.toteStep(ctx, by, in, "tote.open", func(ctx context.Context, tx *db.Tx, t *Tote) error {
		if t.State() == ContainerOpen {
			return db.Refuse(db.Conflict, "%s本来就没有封，可以直接扫药盒。", t.Title())
		}
		t.Sealed = nil
		return tx.ExecOne(ctx, `UPDATE tote SET sealed_at = NULL, sealed_by = NULL WHERE id = $1`, t.ID)
	})
}

func (s *Service) toteStep(ctx context.Context, by identity.Actor, in ToteStep, event string, do func(context.Context, *db.Tx, *Tote) error) (Tote, error) {
	if err := identity.Allow(ctx, s.db, by, identity.Allocate, 0); err != nil {
		return Tote{}, err
	}
	cmd := identity.Command{ID: in.CommandID, Kind: event, Request: in}
	t, _, err := identity.RunCommand(ctx, s.db, by, cmd, func(ctx context.Context, tx *db.Tx) (Tote, error) {
		t, err := lockTote(ctx, tx, in.ToteID)
		if err != nil {
			return t, err
		}
		if err := do(ctx, tx, &t); err != nil {
			return t, err
		}
		return t, auditTote(ctx, tx, by, event, t, fmt.Sprintf("packs=%d", t.InStore+t.Away))
	})
	return t, err
}

// lockTote takes a tote's row, before the packs in it.
func lockTote(ctx context.Context, tx *db.Tx, id int64) (Tote, error) {
	if _, err := tx.Exec(ctx, `SELECT id FROM tote WHERE id = $1::bigint FOR NO KEY UPDATE`, id); err != nil {
		return Tote{}, fmt.Errorf("lock tote: %w", err)
	}
	return FindTote(ctx, tx, id)
}

// ToteLoad is a tote whose label was scanned, with what lies in it; InStore and
// Away are left out.
type ToteLoad struct {
	Tote
	// Inside is the codes of the packs in it. Left is those that were in it when it
	// was sealed and have moved since by another way; of packs that were handed
	// out only the number, for nobody looks for them in the tote.
	Inside, Left []string
	HandedOut    int
}

// LockTotes takes the totes with these labels, in the order of their ids, and
// reads what lies in them. The caller locks the packs afterwards; labels without
// a tote are missing from the answer.
func LockTotes(ctx context.Context, tx *db.Tx, labels []string) (map[string]*ToteLoad, error) {
	if len(labels) == 0 {
		return nil, nil
	}
	var totes []Tote
	err := tx.Select(ctx, &totes, `SELECT id, code, name, sealed_at, sealed_packs FROM tote WHERE code = ANY($1::text[]) ORDER BY id FOR NO KEY UPDATE`, pq.Array(labels))
	if err != nil {
		return nil, fmt.Errorf("lock totes: %w", err)
	}
	loads, byID, ids := map[string]*ToteLoad{}, map[int64]*ToteLoad{}, []int64{}
	for _, t := range totes {
		l := &ToteLoad{Tote: t}
		loads[t.Code], byID[t.ID], ids = l, l, append(ids, t.ID)
	}
	var rows []struct {
		ToteID int64  `db:"tote_id"`
		Code   string `db:"code"`
		State  State  `db:"state"`
		Inside bool   `db:"inside"`
	}
	err = tx.Select(ctx, &rows, `SELECT x.tote_id, k.code, k.state, (x.as_of = k.changed_at AND k.state IN ('in_store', 'allocated')) AS inside
FROM tote_pack x JOIN pack k ON k.id = x.pack_id WHERE x.tote_id = ANY($1::bigint[]) ORDER BY k.code`, pq.Array(ids))
	if err != nil {
		return nil, fmt.Errorf("read packs of totes: %w", err)
	}
	for _, r := range rows {
		switch l := byID[r.ToteID]; {
		case r.Inside:
			l.Inside = append(l.Inside, r.Code)
		case r.State == StateDispensed:
			l.HandedOut++
		default:
			l.Left = append(l.Left, r.Code)
		}
	}
	return loads, nil
}

// InTotes tells which of the packs lie in a tote now.
func InTotes(ctx context.Context, tx *db.Tx, packs []int64) (map[int64]bool, error) {
	var ids []int64
	err := tx.Select(ctx, &ids, `SELECT x.pack_id FROM tote_pack x JOIN pack k ON k.id = x.pack_id AND k.changed_at = x.as_of
WHERE x.pack_id = ANY($1::bigint[])`, pq.Array(packs))
	if err != nil {
		return nil, fmt.Errorf("read which packs lie in totes: %w", err)
	}
	in := make(map[int64]bool, len(ids))
	for _, id := range ids {
		in[id] = true
	}
	return in, nil
}

// LeaveTotes says that packs, which the caller has locked, were put somewhere else:
// they lie in no tote any more.
func LeaveTotes(ctx context.Context, tx *db.Tx, packs []int64) error {
	_, err := tx.Exec(ctx, `DELETE FROM tote_pack WHERE pack_id = ANY($1::bigint[])`, pq.Array(packs))
	return wrap(err, "take packs out of totes")
}

// StayInTotes says that packs which have just moved went along with the tote they
// lie in.
func StayInTotes(ctx context.Context, tx *db.Tx, packs []int64) error {
	if len(packs) == 0 {
		return nil
	}
	_, err := tx.Exec(ctx, `UPDATE tote_pack SET as_of = k.changed_at FROM pack k WHERE k.id = tote_pack.pack_id AND tote_pack.pack_id = ANY($1::bigint[])`, pq.Array(packs))
	if err != nil {
		return fmt.Errorf("keep packs in their totes: %w", err)
	}
	return nil
}
