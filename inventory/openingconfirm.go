package inventory

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/google/uuid"

	"jingfang/session/identity"
	"jingfang/sql/db"
)

// OpeningConfirm is the second person's yes.
type OpeningConfirm struct {
	ListID    int64
	CommandID uuid.UUID
	// Packs is how many boxes the person saw in the list and stands for.
	Packs int
}

// ConfirmOpening enters all boxes of an open list into the store, in one
// transaction, on the word of a second person who has collected none of them. It
// happens once; it is refused while a box lacks batch or expiry, while a box has
// come in another way meanwhile, or when the list is not as the person saw it.
func (s *Service) ConfirmOpening(ctx context.Context, by identity.Actor, in OpeningConfirm) (packs int, err error) {
	if err := identity.Allow(ctx, s.db, by, identity.Witness, 0); err != nil {
		return 0, err
	}
	cmd := identity.Command{ID: in.CommandID, Kind: "confirm_opening", Request: in}
	err = rerun(func() error {
		packs, _, err = identity.RunCommand(ctx, s.db, by, cmd, func(ctx context.Context, tx *db.Tx) (int, error) {
			return confirmOpening(ctx, tx, by, in)
		})
		return err
	})
	return packs, err
}

func confirmOpening(ctx context.Context, tx *db.Tx, by identity.Actor, in OpeningConfirm) (int, error) {
	if err := lockOpening(ctx, tx, in.ListID); err != nil {
		return 0, err
	}
	packs, err := readOpening(ctx, tx, by, in)
	if err != nil {
		return 0, err
	}
	codes := make([]string, len(packs))
	for i, p := range packs {
		codes[i] = p.code
	}
	known, err := LockPacks(ctx, tx, codes)
	if err != nil {
		return 0, err
	}
	if len(known) > 0 {
		return 0, db.Refuse(db.Conflict, "清单里有 %d 盒在此期间已经有了记录（%s）。请先把它们移出清单，再确认。", len(known), tails(known))
	}
	e := Entry{Move: Move{Kind: MoveOpening, At: tx.Now}, How: HowScanned, Device: by.Device, Command: in.CommandID,
		Reason: fmt.Sprintf("期初清单 %d", in.ListID)}
	if err := enterPacks(ctx, tx, by, packs, e); err != nil {
		return 0, err
	}
	if err := closeOpening(ctx, tx, by, in.ListID, OpeningEntered, len(packs)); err != nil {
		return 0, err
	}
	return len(packs), identity.Audit(ctx, tx, by, identity.Event{Name: "opening.enter", ObjectKind: "opening", ObjectID: fmt.Sprint(in.ListID),
		Detail: fmt.Sprintf("packs=%d", len(packs))})
}

// readOpening reads the boxes of a list and refuses what may not enter.
func readOpening(ctx context.Context, tx *db.Tx, by identity.Actor, in OpeningConfirm) ([]newPack, error) {
	var rows []struct {
		Code    string     `db:"code"`
		DrugID  int64      `db:"drug_id"`
		Units   int64      `db:"units"`
		Batch   string     `db:"batch"`
		Expires *time.Time `db:"expires_on"`
		Made    *time.Time `db:"made_on"`
		Read    bool       `db:"batch_read"`
		StaffID int64      `db:"staff_id"`
		Opener  int64      `db:"opened_by"`
	}
	err := tx.Select(ctx, &rows, `SELECT c.code, c.drug_id, c.units, c.batch, c.expires_on, c.made_on, c.batch_read, c.staff_id, o.opened_by
FROM opening_code c JOIN opening_list o ON o.id = c.list_id WHERE c.list_id = $1 ORDER BY c.code`, in.ListID)
	if err != nil {
		return nil, fmt.Errorf("read opening list: %w", err)
	}
	blank := 0
	packs := make([]newPack, 0, len(rows))
	for _, x := range rows {
		if x.StaffID == by.StaffID || x.Opener == by.StaffID {
			return nil, db.Refuse(db.Denied, "这张期初清单是您录入的，要由另一个人核对后确认。请同事用自己的账号登录来确认。")
		}
		if x.Batch == "" || x.Expires == nil {
			blank++
		}
		p := newPack{code: x.Code, drugID: x.DrugID, content: x.Units, batch: x.Batch, batchRead: x.Read}
		if x.Expires != nil {
			p.expiresOn = *x.Expires
		}
		if x.Made != nil {
			p.madeOn = *x.Made
		}
		packs = append(packs, p)
	}
	switch {
	case len(packs) == 0:
		return nil, db.Refuse(db.Invalid, "清单里还没有药盒。请先扫药盒。")
	case len(packs) != in.Packs:
		return nil, db.Refuse(db.Conflict, "清单刚刚变了：现在是 %d 盒。请核对后再确认。", len(packs))
	case blank > 0:
		return nil, db.Refuse(db.Conflict, "还有 %d 盒没有批号或有效期。请先补上，再确认。", blank)
	}
	return packs, nil
}

// tails names some packs by the ends of their codes.
func tails(packs map[string]*Pack) string {
	var ends []string
	for _, p := range byCode(packs) {
		if len(ends) == 5 {
			return strings.Join(ends, "、") + " 等"
		}
		ends = append(ends, "…"+p.Code[max(0, len(p.Code)-4):]+" "+p.State.Chinese())
	}
	return strings.Join(ends, "、")
}

// byCode lists packs in the order of their codes.
func byCode(packs map[string]*Pack) []*Pack {
	list := make([]*Pack, 0, len(packs))
	for _, p := range packs {
		list = append(list, p)
	}
	slices.SortFunc(list, func(a, b *Pack) int { return strings.Compare(a.Code, b.Code) })
	return list
}

// FindOpening reads the open list, or the last one when none is open; ID is zero
// when there has been none. earlier is how many lists have been entered.
func FindOpening(ctx context.Context, r db.Reader) (list OpeningList, earlier int, err error) {
	err = r.Get(ctx, &list, `SELECT o.id, o.state, o.reason, COALESCE(a.name, '') AS opened_by_name, o.opened_at, COALESCE(b.name, '') AS closed_by_name, o.closed_at,
  (SELECT count(*) FROM opening_code c WHERE c.list_id = o.id) AS packs,
  (SELECT count(*) FROM opening_code c WHERE c.list_id = o.id AND (c.batch = '' OR c.expires_on IS NULL)) AS blank
FROM opening_list o LEFT JOIN staff a ON a.id = o.opened_by LEFT JOIN staff b ON b.id = o.closed_by
ORDER BY CASE WHEN o.state = 'open' THEN 0 ELSE 1 END, o.id DESC LIMIT 1`)
	if db.IsNoRows(err) {
		return OpeningList{}, 0, nil
	}
	if err != nil {
		return list, 0, fmt.Errorf("read opening list: %w", err)
	}
	err = r.Get(ctx, &earlier, `SELECT count(*) FROM opening_list WHERE state = 'entered'`)
	return list, earlier, wrap(err, "count opening lists")
}

// OpeningTotal is the boxes of a list that are alike.
type OpeningTotal struct {
	DrugID      int64      `db:"drug_id"`
	GenericName string     `db:"generic_name"`
	Spec        string     `db:"spec"`
	PackName    string     `db:"pack_name"`
	Batch       string     `db:"batch"`
	ExpiresOn   *time.Time `db:"expires_on"`
	Packs       int        `db:"packs"`
	// Read of them carry batch or expiry in their own code, Known have their row
	// meanwhile and keep the list from being entered.
	Read  int `db:"read"`
	Known int `db:"known"`
}

// DrugName is the drug as people say it.
func (t OpeningTotal) DrugName() string { return DrugName(t.GenericName, t.Spec) }

// OpeningTotals sums the boxes of a list by drug, batch and expiry, blank ones
// first of each drug.
func OpeningTotals(ctx context.Context, r db.Reader, listID int64) ([]OpeningTotal, error) {
	var rows []OpeningTotal
	err := r.Select(ctx, &rows, `SELECT c.drug_id, d.generic_name, d.spec, d.pack_name, c.batch, c.expires_on, count(*) AS packs,
  sum(CASE WHEN c.batch_read THEN 1 ELSE 0 END) AS read, count(k.id) AS known
FROM opening_code c JOIN drug d ON d.id = c.drug_id JOIN opening_list o ON o.id = c.list_id
LEFT JOIN pack k ON k.code = c.code AND o.state = 'open'
WHERE c.list_id = $1 GROUP BY c.drug_id, d.generic_name, d.spec, d.pack_name, c.batch, c.expires_on
ORDER BY d.generic_name, d.spec, c.drug_id, c.batch, c.expires_on`, listID)
	return rows, wrap(err, "sum opening list")
}

// OpeningCode is a box of a list.
type OpeningCode struct {
	Code        string     `db:"code"`
	GenericName string     `db:"generic_name"`
	Spec        string     `db:"spec"`
	Batch       string     `db:"batch"`
	ExpiresOn   *time.Time `db:"expires_on"`
	Staff       string     `db:"staff"`
	At          time.Time  `db:"at"`
}

// LastOpening reads the boxes that came last into a list, newest first.
func LastOpening(ctx context.Context, r db.Reader, listID int64, limit int) ([]OpeningCode, error) {
	var rows []OpeningCode
	err := r.Select(ctx, &rows, `SELECT c.code, d.generic_name, d.spec, c.batch, c.expires_on, COALESCE(s.name, '') AS staff, c.at
FROM opening_code c JOIN drug d ON d.id = c.drug_id LEFT JOIN staff s ON s.id = c.staff_id
WHERE c.list_id = $1 ORDER BY c.at DESC, c.code LIMIT $2`, listID, limit)
	return rows, wrap(err, "read last boxes of the opening list")
}

// OpeningStaff reads who collected boxes of a list or began it: none of them may
// confirm it.
func OpeningStaff(ctx context.Context, r db.Reader, listID int64) ([]int64, error) {
	var ids []int64
	err := r.Select(ctx, &ids, `SELECT DISTINCT c.staff_id FROM opening_code c WHERE c.list_id = $1
UNION SELECT o.opened_by FROM opening_list o WHERE o.id = $1`, listID)
	return ids, wrap(err, "read who collected the opening list")
}
