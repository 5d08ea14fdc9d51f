package session

import (
	"context"
	"fmt"
	"time"

	"jingfang/inventory"
	"jingfang/session/identity"
	"jingfang/sql/db"
)

// BoxPlace is how many packs of a container are in one place, or what became of
// those it once held.
type BoxPlace struct {
	State     inventory.State `db:"state" json:"state"` // "" for codes that never came
	SessionID int64           `db:"session_id" json:"session,omitempty"`
	SiteID    int64           `db:"site_id" json:"-"`
	Site      string          `db:"site" json:"site,omitempty"`
	HeldOn    *time.Time      `db:"held_on" json:"-"`
	Packs     int64           `db:"packs" json:"packs"`
}

// BoxUnfit is how many packs in a container may not be handed out.
type BoxUnfit struct {
	Recalled int `json:"recalled,omitempty"`
	Expired  int `json:"expired,omitempty"`
	Returned int `json:"returned,omitempty"`
}

// Any says that there are some.
func (u BoxUnfit) Any() bool { return u.Recalled+u.Expired+u.Returned > 0 }

// ToteTrace is a tote, what lies in it and its life.
type ToteTrace struct {
	ID    int64                    `db:"id" json:"id"`
	Label string                   `db:"code" json:"label"`
	Name  string                   `db:"name" json:"name"`
	State inventory.ContainerState `db:"-" json:"state"`
	// Made, Sealed and Retired are when and by whom; the last two are empty for one
	// that is open and used.
	MadeAt    time.Time  `db:"made_at" json:"made_at"`
	MadeBy    string     `db:"made_by" json:"made_by,omitempty"`
	SealedAt  *time.Time `db:"sealed_at" json:"sealed_at,omitempty"`
	SealedBy  string     `db:"sealed_by" json:"sealed_by,omitempty"`
	RetiredAt *time.Time `db:"retired_at" json:"retired_at,omitempty"`
	RetiredBy string     `db:"retired_by" json:"retired_by,omitempty"`
	// SealedPacks is how many were in it when it was sealed, Packs how many are now.
	SealedPacks int64      `db:"sealed_packs" json:"sealed_packs"`
	Packs       int64      `db:"-" json:"packs"`
	Places      []BoxPlace `db:"-" json:"places"`
	Unfit       BoxUnfit   `db:"-" json:"unfit"`
	Boxes       []Box      `db:"-" json:"boxes"` // in the order of their numbers
	// SetApart are codes of packs that were in it and have gone to quarantine since,
	// as a recall does on the books alone: the boxes may still lie in it.
	SetApart  []string `db:"-" json:"set_apart,omitempty"`
	More      bool     `db:"-" json:"more"`
	Acts      []BoxAct `db:"-" json:"acts"`
	AuditName string   `db:"audit_name" json:"-"`
}

// Title is the tote as people say it.
func (t ToteTrace) Title() string { return inventory.Tote{Name: t.Name}.Title() }

// Changed says that a sealed tote holds something else than when it was sealed.
func (t ToteTrace) Changed() bool { return t.SealedAt != nil && t.Packs != t.SealedPacks }

// TraceTote answers for the label of a tote: what lies in it, where it is, who
// packed, sealed and opened it and where it went. It takes what [Service.Trace]
// takes and is audited like it. after is the number of the last box of the page
// before.
func (s *Service) TraceTote(ctx context.Context, by identity.Actor, label string, after int64) (ToteTrace, error) {
	if err := s.mayTrace(ctx, by); err != nil {
		return ToteTrace{}, err
	}
	var t ToteTrace
	err := s.db.InSnapshot(ctx, func(ctx context.Context, tx *db.Tx) error {
		t = ToteTrace{}
		return t.read(ctx, tx, label, after, s.db.Now())
	})
	if err != nil {
		return ToteTrace{}, err
	}
	hideBoxes(by, t.Boxes)
	return t, identity.AuditAlone(ctx, s.db, by, identity.Event{Name: "trace.tote", ObjectKind: "tote", ObjectID: t.Label, Detail: fmt.Sprintf("packs=%d", t.Packs)})
}

func (t *ToteTrace) read(ctx context.Context, tx *db.Tx, label string, after int64, now time.Time) error {
	err := tx.Get(ctx, t, `SELECT t.id, t.code, t.name, t.made_at, COALESCE(m.name, '') AS made_by, t.sealed_at, COALESCE(z.name, '') AS sealed_by,
  t.retired_at, COALESCE(y.name, '') AS retired_by, t.sealed_packs, t.audit_name
FROM tote t LEFT JOIN staff m ON m.id = t.made_by LEFT JOIN staff z ON z.id = t.sealed_by LEFT JOIN staff y ON y.id = t.retired_by WHERE t.code = $1::text`, label)
	if db.IsNoRows(err) {
		return db.Refuse(db.NotFound, "没有这个周转箱。请核对标签上的 14 位字符，再扫一次。")
	}
	if err != nil {
		return fmt.Errorf("read tote: %w", err)
	}
	t.State = inventory.Tote{Sealed: t.SealedAt, Retired: t.RetiredAt}.State()
	err = tx.Select(ctx, &t.Places, `SELECT k.state, COALESCE(c.id, 0) AS session_id, COALESCE(c.site_id, 0) AS site_id, COALESCE(s.name, '') AS site, c.held_on, count(*) AS packs
FROM tote_pack x JOIN pack k ON k.id = x.pack_id AND k.changed_at = x.as_of AND k.state IN ('in_store', 'allocated')
LEFT JOIN clinic_session c ON c.id = k.session_id AND k.state = 'allocated' LEFT JOIN site s ON s.id = c.site_id
WHERE x.tote_id = $1::bigint GROUP BY k.state, c.id, c.site_id, s.name, c.held_on ORDER BY c.held_on, c.id`, t.ID)
	if err != nil {
		return fmt.Errorf("count the packs of a tote: %w", err)
	}
	for _, p := range t.Places {
		t.Packs += p.Packs
	}
	err = tx.Select(ctx, &t.Boxes, `SELECT `+boxColumns+` FROM `+boxTables+` JOIN tote_pack x ON x.pack_id = k.id
WHERE x.tote_id = $1::bigint AND k.changed_at = x.as_of AND k.state IN ('in_store', 'allocated') AND k.id > $2::bigint ORDER BY k.id LIMIT $3`, t.ID, after, BoxesPerPage+1)
	if err != nil {
		return fmt.Errorf("read the packs of a tote: %w", err)
	}
	t.Boxes, t.More = cutBoxes(t.Boxes)
	if t.Unfit, err = markUnfit(ctx, tx, t.Boxes, now); err != nil {
		return err
	}
	err = tx.Select(ctx, &t.SetApart, `SELECT k.code FROM tote_pack x JOIN pack k ON k.id = x.pack_id AND k.state = 'quarantined'
WHERE x.tote_id = $1::bigint ORDER BY k.code LIMIT $2`, t.ID, BoxesPerPage)
	if err != nil {
		return fmt.Errorf("read what a tote held that was set apart: %w", err)
	}
	labels := []string{t.Label}
	if t.AuditName != "" {
		labels = append(labels, t.AuditName)
	}
	t.Acts, err = readActs(ctx, tx, "tote", labels, t.MadeAt, now, 0)
	return err
}

// markUnfit says of each box why it may not be handed out, and counts them.
func markUnfit(ctx context.Context, r db.Reader, boxes []Box, now time.Time) (BoxUnfit, error) {
	var u BoxUnfit
	if len(boxes) == 0 {
		return u, nil
	}
	codes := make([]string, len(boxes))
	for i, b := range boxes {
		codes[i] = b.Code
	}
	packs, err := inventory.FindPacks(ctx, r, codes)
	if err != nil {
		return u, err
	}
	for i := range boxes {
		boxes[i].Unfit = unfitWord(packs[boxes[i].Code], now)
		switch boxes[i].Unfit {
		case unfitRecalled:
			u.Recalled++
		case unfitExpired:
			u.Expired++
		case unfitReturned:
			u.Returned++
		}
	}
	return u, nil
}
