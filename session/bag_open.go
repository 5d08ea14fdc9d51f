package session

import (
	"context"
	"fmt"
	"time"

	"github.com/google/uuid"

	"jingfang/inventory"
	"jingfang/session/identity"
	"jingfang/session/patient"
	"jingfang/sql/db"
)

// BagOpening is the input of OpenBags.
type BagOpening struct {
	SessionID int64
	// BagID is one bag, 0 all that nobody has handed over.
	BagID int64
	// Code is a pack: the bag that it lies in is meant.
	Code      string `json:",omitempty"`
	CommandID uuid.UUID
}

// OpenBags (拆袋) puts what lies in bags back into the session's trays. On the books
// the packs never left them; everybody of the team may do it, also while the
// left-overs are counted.
func (s *Service) OpenBags(ctx context.Context, by identity.Actor, in BagOpening) (BagAnswer, error) {
	call := closingCall{kind: "open_bags", session: in.SessionID, id: in.CommandID, request: in, who: helps}
	return runClosing(ctx, s, by, call, func(ctx context.Context, tx *db.Tx) (BagAnswer, error) {
		x, err := lock(ctx, tx, in.SessionID, Planned, Open, Closing)
		if err != nil {
			return BagAnswer{}, err
		}
		if in.Code != "" {
			if in.BagID, err = bagAround(ctx, tx, x.ID, in.Code); err != nil {
				return BagAnswer{}, err
			}
		}
		bags, err := waitingOf(ctx, tx, in)
		if err != nil {
			return BagAnswer{}, err
		}
		a := BagAnswer{BagID: in.BagID}
		var ids []int64
		for _, b := range bags {
			ids, a.Moved = append(ids, b.ID), a.Moved+b.Packs
			if err := auditBag(ctx, tx, by, x, "bag.open", b, fmt.Sprintf("packs=%d", b.Packs)); err != nil {
				return BagAnswer{}, err
			}
		}
		if _, err := tx.Exec(ctx, `DELETE FROM bag_pack WHERE bag_id = ANY($1::bigint[])`, idArray(ids)); err != nil {
			return BagAnswer{}, fmt.Errorf("empty bags: %w", err)
		}
		_, err = tx.Exec(ctx, `UPDATE bag SET state = 'opened', ended_by = $2, ended_at = $3 WHERE id = ANY($1::bigint[])`, idArray(ids), by.StaffID, tx.Now)
		if err != nil {
			return BagAnswer{}, fmt.Errorf("open bags: %w", err)
		}
		a.Sentence = fmt.Sprintf("已拆 %d 袋，%d 盒回到药箱。", len(bags), a.Moved)
		return a, s.hub.Touch(ctx, tx, x.ID)
	})
}

// bagAround finds the bag that a pack lies in.
func bagAround(ctx context.Context, tx *db.Tx, sessionID int64, code string) (int64, error) {
	var id int64
	err := tx.Get(ctx, &id, `SELECT b.id FROM bag_pack x JOIN pack k ON k.id = x.pack_id AND k.changed_at = x.as_of
JOIN bag b ON b.id = x.bag_id AND b.state = 'packed' WHERE b.session_id = $1::bigint AND k.code = $2::text`, sessionID, code)
	if db.IsNoRows(err) {
		return 0, db.Refuse(db.Conflict, "这一盒已经不在药袋里了，请再扫一次。")
	}
	if err != nil {
		return 0, fmt.Errorf("find the bag around a pack: %w", err)
	}
	return id, nil
}

// waitingOf lists the bags to open. The session is locked: nobody hands one over
// meanwhile.
func waitingOf(ctx context.Context, tx *db.Tx, in BagOpening) ([]Bag, error) {
	all, err := Bags(ctx, tx, in.SessionID)
	if err != nil {
		return nil, err
	}
	var list []Bag
	for _, b := range all {
		switch {
		case in.BagID != 0 && b.ID != in.BagID:
		case b.State == inventory.ContainerPacked:
			list = append(list, b)
		case in.BagID != 0:
			return nil, db.Refuse(db.Conflict, "%s已于 %s %s，不用再拆。", b.Title(), clock(*b.EndedAt), endedWord(b.State))
		}
	}
	switch {
	case len(list) > 0:
		return list, nil
	case in.BagID != 0:
		return nil, db.Refuse(db.NotFound, "本场没有这个药袋。请刷新页面。")
	}
	return nil, db.Refuse(db.Conflict, "没有要拆的药袋。请刷新页面。")
}

// endedWord is how a bag ended, after the moment.
func endedWord(s inventory.ContainerState) string {
	if s == inventory.ContainerGiven {
		return "发出"
	}
	return "拆开"
}

// BagLabel is what is printed on a bag: nothing on it says what is treated, and it
// carries no queue number, for nobody has one the day before.
type BagLabel struct {
	Code   string
	Number string
	Masked string // the name
	HeldOn time.Time
	Packs  int
	Prints int // with this one
}

// PrintBag counts a print of a bag's label and gives what to print.
func (s *Service) PrintBag(ctx context.Context, by identity.Actor, sessionID, bagID int64) (BagLabel, error) {
	var l BagLabel
	if _, err := s.may(ctx, by, identity.Allocate, sessionID); err != nil {
		return l, err
	}
	err := s.db.InTx(ctx, func(ctx context.Context, tx *db.Tx) error {
		x, err := lock(ctx, tx, sessionID, Planned, Open)
		if err != nil {
			return err
		}
		n, err := tx.Exec(ctx, `UPDATE bag SET prints = prints + 1 WHERE id = $1::bigint AND session_id = $2::bigint AND state = 'packed'`, bagID, sessionID)
		if err != nil {
			return fmt.Errorf("count print: %w", err)
		}
		if n == 0 {
			return db.Refuse(db.Conflict, "这个药袋已发出或已拆开，不再打印标签。请刷新页面。")
		}
		var b Bag
		if err := tx.Get(ctx, &b, `SELECT `+bagColumns+` FROM `+bagTables+` WHERE b.id = $1::bigint`, bagID); err != nil {
			return fmt.Errorf("read bag: %w", err)
		}
		l = BagLabel{Code: b.Code, Number: b.Number, Masked: patient.MaskName(b.Name), HeldOn: x.HeldOn, Packs: b.Packs, Prints: b.Prints}
		return auditBag(ctx, tx, by, x, "bag.print", b, fmt.Sprintf("第 %d 次送打印", l.Prints))
	})
	return l, err
}

// moveBags takes the bags of a session that is rescheduled along: their packs have
// just been rolled over.
func moveBags(ctx context.Context, tx *db.Tx, from, to int64, bagged []int64) error {
	_, err := tx.Exec(ctx, `UPDATE bag_pack SET as_of = k.changed_at FROM pack k WHERE k.id = bag_pack.pack_id AND bag_pack.pack_id = ANY($1::bigint[])`, idArray(bagged))
	if err != nil {
		return fmt.Errorf("keep packs in their bags: %w", err)
	}
	_, err = tx.Exec(ctx, `UPDATE bag SET session_id = $2::bigint WHERE session_id = $1::bigint AND state = 'packed'`, from, to)
	if err != nil {
		return fmt.Errorf("move bags: %w", err)
	}
	return nil
}

// lyingIn tells which packs of a tray lie in totes and which in bags.
func lyingIn(ctx context.Context, tx *db.Tx, packs []*inventory.Pack) (totes, bags []int64, err error) {
	in, err := inventory.InTotes(ctx, tx, idsOf(packs))
	if err != nil {
		return nil, nil, err
	}
	for id := range in {
		totes = append(totes, id)
	}
	byCode := make(map[string]*inventory.Pack, len(packs))
	for _, p := range packs {
		byCode[p.Code] = p
	}
	inside, err := insideBags(ctx, tx, byCode, 0)
	for id := range inside {
		bags = append(bags, id)
	}
	return totes, bags, err
}
