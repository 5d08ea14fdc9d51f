package inventory

import (
	"context"
	"fmt"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/google/uuid"
	"github.com/lib/pq"

	"jingfang/session/identity"
	"jingfang/sql/db"
)

// toteName checks what somebody typed as a tote's name; empty is one too.
func toteName(typed string) (string, error) {
	name := strings.TrimSpace(typed)
	if utf8.RuneCountInString(name) > 20 || strings.ContainsFunc(name, func(r rune) bool { return r < ' ' || r == 0x7f }) {
		return "", db.Refuse(db.Invalid, "箱名最多 20 个字，例如“3 号”。")
	}
	return name, nil
}

// nameTaken turns the unique index's word into a sentence. typed is empty when the
// next number was taken and somebody else took the same one at this moment.
func nameTaken(err error, typed string) error {
	switch {
	case !db.IsUnique(err, "tote_used_name_uq"):
		return err
	case typed == "":
		return db.RefuseBecause(err, db.Conflict, "同事刚刚也新建了一个周转箱。请再点一次“新建”。")
	}
	return db.RefuseBecause(err, db.Conflict, "已经有叫这个名字的周转箱，请换一个名字。")
}

// nextName is the number after the highest that a tote has or had.
func nextName(ctx context.Context, tx *db.Tx) (string, error) {
	var names []string
	if err := tx.Select(ctx, &names, `SELECT name FROM tote`); err != nil {
		return "", fmt.Errorf("read names of totes: %w", err)
	}
	highest := 0
	for _, name := range names {
		digits, numbered := strings.CutSuffix(name, " 号")
		if n, err := strconv.Atoi(digits); numbered && err == nil {
			highest = max(highest, n)
		}
	}
	return fmt.Sprintf("%d 号", highest+1), nil
}

func toteRetired(t Tote) error {
	return db.Refuse(db.Conflict, "%s已于 %s 停用，不能再用。请换一个在用的周转箱。", t.Title(), t.Retired.In(shanghai()).Format(time.DateOnly))
}

// apartInside refuses what needs an empty tote, or one whose packs are known.
func apartInside(t Tote, then string) error {
	return db.Refuse(db.Conflict, "%s里有 %d 盒账上已转入隔离，实物可能还在箱里。%s", t.Title(), t.SetApart, then)
}

// ToteNaming is the input of RenameTote.
type ToteNaming struct {
	ToteID    int64
	CommandID uuid.UUID
	Name      string // at most 20 characters
}

// RenameTote gives a used tote another name. Its label stays what it is, for the
// text of the code does not hold the name; the name printed beside it does not.
func (s *Service) RenameTote(ctx context.Context, by identity.Actor, in ToteNaming) (Tote, error) {
	var err error
	if in.Name, err = toteName(in.Name); err != nil {
		return Tote{}, err
	}
	if in.Name == "" {
		return Tote{}, db.Refuse(db.Invalid, "请填新的箱名，例如“3 号”。")
	}
	step := toteAct{in.ToteID, in.CommandID, "tote.rename", in}
	t, err := s.toteStep(ctx, by, step, func(ctx context.Context, tx *db.Tx, t *Tote) error {
		switch {
		case t.Retired != nil:
			return toteRetired(*t)
		case t.Name == in.Name:
			return db.Refuse(db.Conflict, "它已经叫这个名字了，没有改动。")
		}
		t.Name = in.Name
		return tx.ExecOne(ctx, `UPDATE tote SET name = $2 WHERE id = $1`, t.ID, t.Name)
	})
	return t, nameTaken(err, in.Name)
}

// RetireTote takes an empty tote out of use, for ever: a box that broke, a label
// that was lost. Its label answers from then on that it is not used any more.
func (s *Service) RetireTote(ctx context.Context, by identity.Actor, in ToteStep) (Tote, error) {
	step := toteAct{in.ToteID, in.CommandID, "tote.retire", in}
	return s.toteStep(ctx, by, step, func(ctx context.Context, tx *db.Tx, t *Tote) error {
		switch packs := t.InStore + t.Away; {
		case t.Retired != nil:
			return toteRetired(*t)
		case t.Away > 0:
			return db.Refuse(db.Conflict, "%s里还有 %d 盒，其中 %d 盒随场次在外，不能停用。请等带回药房，拿出全部药盒后再停用。", t.Title(), packs, t.Away)
		case packs > 0:
			return db.Refuse(db.Conflict, "%s里还有 %d 盒，不能停用。请先开箱，把药盒全部拿出。", t.Title(), packs)
		case t.SetApart > 0:
			return apartInside(*t, "请先点“拿出”逐盒扫一遍，放到隔离区，再停用。")
		}
		t.Retired, t.Sealed = &tx.Now, nil
		return tx.ExecOne(ctx, `UPDATE tote SET retired_at = $2, retired_by = $3, sealed_at = NULL, sealed_by = NULL WHERE id = $1`, t.ID, tx.Now, by.StaffID)
	})
}

// ToteTrip is where totes went together with the packs in them.
type ToteTrip struct {
	Move              MovementKind // allocate, come home or roll over
	SiteID, SessionID int64
	// Packs are those that went along inside, by their numbers.
	Packs []int64
}

// NoteTrip files under each tote's label that it went somewhere. It comes after
// [StayInTotes], when everything of the business is locked.
func NoteTrip(ctx context.Context, tx *db.Tx, by identity.Actor, trip ToteTrip) error {
	if len(trip.Packs) == 0 {
		return nil
	}
	var totes []struct {
		Tote
		Packs int `db:"packs"`
	}
	err := tx.Select(ctx, &totes, `SELECT t.id, t.code, t.name, g.packs FROM (SELECT x.tote_id, count(*) AS packs FROM tote_pack x
WHERE x.pack_id = ANY($1::bigint[]) GROUP BY x.tote_id) g JOIN tote t ON t.id = g.tote_id ORDER BY t.id`, pq.Array(trip.Packs))
	if err != nil {
		return fmt.Errorf("read totes on their way: %w", err)
	}
	for _, t := range totes {
		err := identity.Audit(ctx, tx, by, identity.Event{Name: "tote." + string(trip.Move), ObjectKind: "tote", ObjectID: t.Code,
			SiteID: trip.SiteID, SessionID: trip.SessionID, Detail: fmt.Sprintf("packs=%d %s", t.Packs, t.Title())})
		if err != nil {
			return err
		}
	}
	return nil
}
