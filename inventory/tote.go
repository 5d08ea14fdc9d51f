package inventory

import (
	"context"
	"fmt"
	"time"

	"github.com/google/uuid"

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
	// Retired is when it was taken out of use; nil for one that is used.
	Retired *time.Time `db:"retired_at"`
	// InStore is how many packs lie in it in the pharmacy, Away how many are with
	// clinic days. A pack that moved by any other way is in it no more.
	InStore int `db:"in_store"`
	Away    int `db:"away"`
	// SetApart is how many packs went to quarantine while they lay in it, as a recall
	// sends them: on the books they are in it no more, and nobody has said that the
	// boxes were taken out.
	SetApart int `db:"set_apart"`
}

// Title is the tote as people say it: 周转箱 7 号.
func (t Tote) Title() string { return "周转箱 " + t.Name }

// State is open, sealed or retired.
func (t Tote) State() ContainerState {
	switch {
	case t.Retired != nil:
		return ContainerRetired
	case t.Sealed != nil:
		return ContainerSealed
	}
	return ContainerOpen
}

// Changed says that a sealed tote holds something else than when it was sealed.
func (t Tote) Changed() bool { return t.Sealed != nil && t.InStore+t.Away != t.SealedPacks }

// Word is how the tote stands, for people.
func (t Tote) Word() string {
	switch {
	case t.Retired != nil:
		return "已停用"
	case t.SetApart > 0:
		return "有隔离的药"
	case t.Changed():
		return "封箱后有变化"
	case t.State() == ContainerSealed:
		return "已封箱"
	case t.InStore+t.Away == 0:
		return "空"
	}
	return "未封"
}

const toteColumns = `t.id, t.code, t.name, t.sealed_at, t.sealed_packs, t.retired_at,
  (SELECT count(*) FROM tote_pack x JOIN pack k ON k.id = x.pack_id WHERE x.tote_id = t.id AND x.as_of = k.changed_at AND k.state = 'in_store') AS in_store,
  (SELECT count(*) FROM tote_pack x JOIN pack k ON k.id = x.pack_id WHERE x.tote_id = t.id AND x.as_of = k.changed_at AND k.state = 'allocated') AS away,
  (SELECT count(*) FROM tote_pack x JOIN pack k ON k.id = x.pack_id WHERE x.tote_id = t.id AND ` + apartInTote + `) AS set_apart`

// apartInTote says that pack k of row x of a tote was set apart while it lay there:
// since then it has gone nowhere else. One that came into quarantine from a patient
// left its tote long before.
const apartInTote = `k.state = 'quarantined' AND NOT EXISTS (SELECT 1 FROM movement y WHERE y.pack_id = k.id AND y.at > x.as_of AND y.to_state <> 'quarantined')`

// ListTotes reads all totes in the order in which they were made, the retired ones
// last.
func ListTotes(ctx context.Context, r db.Reader) ([]Tote, error) {
	var list []Tote
	if err := r.Select(ctx, &list, `SELECT `+toteColumns+` FROM tote t ORDER BY (t.retired_at IS NOT NULL), t.id`); err != nil {
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

// ToteStep is the input of SealTote, OpenTote and RetireTote.
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
	var err error
	if in.Name, err = toteName(in.Name); err != nil {
		return Tote{}, err
	}
	cmd := identity.Command{ID: in.CommandID, Kind: "make_tote", Request: in}
	t, _, err := identity.RunCommand(ctx, s.db, by, cmd, func(ctx context.Context, tx *db.Tx) (Tote, error) {
		return makeTote(ctx, tx, by, in.Name)
	})
	return t, nameTaken(err, in.Name)
}

func makeTote(ctx context.Context, tx *db.Tx, by identity.Actor, name string) (Tote, error) {
	if name == "" {
		var err error
		if name, err = nextName(ctx, tx); err != nil {
			return Tote{}, err
		}
	}
	t := Tote{Code: NewLabel(ContainerTote), Name: name}
	err := tx.Get(ctx, &t.ID, `INSERT INTO tote (code, name, made_by, made_at) VALUES ($1, $2, $3, $4) RETURNING id`, t.Code, t.Name, by.StaffID, tx.Now)
	if err != nil {
		return t, fmt.Errorf("make tote: %w", err)
	}
	return t, auditTote(ctx, tx, by, "tote.make", t, "packs=0 "+t.Title())
}

// auditTote files an act under the tote's label, which never changes; its name may.
func auditTote(ctx context.Context, tx *db.Tx, by identity.Actor, name string, t Tote, detail string) error {
	return identity.Audit(ctx, tx, by, identity.Event{Name: name, ObjectKind: "tote", ObjectID: t.Code, Detail: detail})
}

// SealTote closes a tote: from now on its label stands for what lies in it, and
// what has left it meanwhile is forgotten.
func (s *Service) SealTote(ctx context.Context, by identity.Actor, in ToteStep) (Tote, error) {
	return s.toteStep(ctx, by, toteAct{in.ToteID, in.CommandID, "tote.seal", in}, func(ctx context.Context, tx *db.Tx, t *Tote) error {
		switch {
		case t.Retired != nil:
			return toteRetired(*t)
		case t.State() == ContainerSealed && !t.Changed():
			return db.Refuse(db.Conflict, "%s已经封好了，%d 盒。", t.Title(), t.SealedPacks)
		case t.InStore+t.Away == 0 && t.SetApart > 0:
			return apartInside(*t, "请先开箱拿出，放到隔离区。")
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
	return s.toteStep(ctx, by, toteAct{in.ToteID, in.CommandID, "tote.open", in}, func(ctx context.Context, tx *db.Tx, t *Tote) error {
		if t.Retired != nil {
			return toteRetired(*t)
		}
		if t.State() == ContainerOpen {
			return db.Refuse(db.Conflict, "%s本来就没有封，可以直接扫药盒。", t.Title())
		}
		t.Sealed = nil
		return tx.ExecOne(ctx, `UPDATE tote SET sealed_at = NULL, sealed_by = NULL WHERE id = $1`, t.ID)
	})
}

// toteAct is a command on one tote; event names it in the audit, too.
type toteAct struct {
	id      int64
	command uuid.UUID
	event   string
	request any
}

func (s *Service) toteStep(ctx context.Context, by identity.Actor, act toteAct, do func(context.Context, *db.Tx, *Tote) error) (Tote, error) {
	if err := identity.Allow(ctx, s.db, by, identity.Allocate, 0); err != nil {
		return Tote{}, err
	}
	cmd := identity.Command{ID: act.command, Kind: act.event, Request: act.request}
	t, _, err := identity.RunCommand(ctx, s.db, by, cmd, func(ctx context.Context, tx *db.Tx) (Tote, error) {
		t, err := lockTote(ctx, tx, act.id)
		if err != nil {
			return t, err
		}
		before := t.Title()
		if err := do(ctx, tx, &t); err != nil {
			return t, err
		}
		detail := fmt.Sprintf("packs=%d %s", t.InStore+t.Away, t.Title())
		if t.Title() != before {
			detail += "，原来叫" + before
		}
		return t, auditTote(ctx, tx, by, act.event, t, detail)
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

// ToteDrug is how many packs of a drug lie in a tote.
type ToteDrug struct {
	ToteID  int64  `db:"tote_id"`
	Generic string `db:"generic_name"`
	Spec    string `db:"spec"`
	Packs   int    `db:"packs"`
}

// DrugName is the drug as people say it.
func (d ToteDrug) DrugName() string { return DrugName(d.Generic, d.Spec) }

// ToteDrugs tells what lies in each tote, by its number; of what there is most comes
// first.
func ToteDrugs(ctx context.Context, r db.Reader) (map[int64][]ToteDrug, error) {
	var rows []ToteDrug
	err := r.Select(ctx, &rows, `SELECT g.tote_id, d.generic_name, d.spec, g.packs FROM (SELECT x.tote_id, k.drug_id, count(*) AS packs
  FROM tote_pack x JOIN pack k ON k.id = x.pack_id AND k.changed_at = x.as_of AND k.state IN ('in_store', 'allocated') GROUP BY x.tote_id, k.drug_id) g
JOIN drug d ON d.id = g.drug_id ORDER BY g.packs DESC, d.generic_name, d.spec, g.drug_id`)
	if err != nil {
		return nil, fmt.Errorf("read what lies in totes: %w", err)
	}
	of := map[int64][]ToteDrug{}
	for _, x := range rows {
		of[x.ToteID] = append(of[x.ToteID], x)
	}
	return of, nil
}
