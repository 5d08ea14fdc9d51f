package inventory

import (
	"context"
	"fmt"

	"github.com/lib/pq"

	"jingfang/session/identity"
	"jingfang/sql/db"
)

// asideBench is one list of codes that is to be set apart, while it is worked
// through: all codes are answered in memory first, then everything is written
// at once.
type asideBench struct {
	tx      *db.Tx
	by      identity.Actor
	in      SettingAside
	packs   map[string]*Pack
	waiting map[int64]string // pack → number of the paper it waits on
	chosen  []*Pack
	answers []CodeAnswer
}

func newAsideBench(ctx context.Context, tx *db.Tx, by identity.Actor, in SettingAside, read []Parsed) (*asideBench, error) {
	b := &asideBench{tx: tx, by: by, in: in}
	// Papers come before packs, for everybody who locks both.
	if err := expireProposals(ctx, tx); err != nil {
		return nil, err
	}
	codes, _ := distinctCodes(read)
	var err error
	if b.packs, err = LockPacks(ctx, tx, codes); err != nil {
		return nil, err
	}
	if b.waiting, err = waitingOn(ctx, tx, b.packs); err != nil {
		return nil, err
	}
	seen := map[string]bool{}
	for _, p := range read {
		b.answers = append(b.answers, b.decide(p, seen))
	}
	return b, nil
}

// decide answers one piece of the list.
func (b *asideBench) decide(p Parsed, seen map[string]bool) CodeAnswer {
	if p.Err != nil {
		return UnreadAnswer(p.Err)
	}
	c := ScanContext{Point: PointSetAside, Now: b.tx.Now, Aside: AsideContext{Act: b.in.Act}}
	if seen[p.Code.Code()] {
		c.LastRead = b.tx.Now
	}
	seen[p.Code.Code()] = true
	pack := b.packs[p.Code.Code()]
	if pack == nil {
		said := ScanAnswer(nil, c)
		return NewCodeAnswer(p.Code.Raw(), p.Code.Code(), "", said.Kind, said.Sentence)
	}
	c.Aside.Waiting = b.waiting[pack.ID]
	said := ScanAnswer(&ScanFacts{Pack: pack.Facts(), Drug: pack.DrugName(), SessionName: "场次"}, c)
	if said.Move != "" {
		b.chosen = append(b.chosen, pack)
	}
	return NewCodeAnswer(p.Code.Raw(), p.Code.Code(), pack.DrugName(), said.Kind, said.Sentence)
}

// refused counts the codes that want a person; repeats do not.
func (b *asideBench) refused() (n int) {
	for _, a := range b.answers {
		if a.Tone == ToneCaution || a.Tone == ToneBad {
			n++
		}
	}
	return n
}

// waitingOn reads on which papers packs wait for a second person.
func waitingOn(ctx context.Context, r db.Reader, packs map[string]*Pack) (map[int64]string, error) {
	ids := make([]int64, 0, len(packs))
	for _, p := range packs {
		ids = append(ids, p.ID)
	}
	var rows []struct {
		PackID int64  `db:"pack_id"`
		Number string `db:"number"`
	}
	err := r.Select(ctx, &rows, `SELECT l.pack_id, x.number FROM disposal_pack l JOIN disposal x ON x.id = l.disposal_id
WHERE l.waiting AND l.pack_id = ANY($1::bigint[])`, pq.Array(ids))
	if err != nil {
		return nil, fmt.Errorf("read what waits for a second person: %w", err)
	}
	waiting := make(map[int64]string, len(rows))
	for _, x := range rows {
		waiting[x.PackID] = x.Number
	}
	return waiting, nil
}

// expireProposals lets go of the packs of papers that grew too old.
func expireProposals(ctx context.Context, tx *db.Tx) error {
	var ids []int64
	err := tx.Select(ctx, &ids, `SELECT id FROM disposal WHERE state = 'proposed' AND proposed_at <= $1::timestamptz ORDER BY id FOR NO KEY UPDATE`,
		tx.Now.Add(-keepProposals))
	if err != nil {
		return fmt.Errorf("find old proposals: %w", err)
	}
	if len(ids) == 0 {
		return nil
	}
	if _, err := tx.Exec(ctx, `UPDATE disposal SET state = 'expired' WHERE id = ANY($1::bigint[])`, pq.Array(ids)); err != nil {
		return fmt.Errorf("expire proposals: %w", err)
	}
	if _, err := tx.Exec(ctx, `UPDATE disposal_pack SET waiting = false WHERE disposal_id = ANY($1::bigint[])`, pq.Array(ids)); err != nil {
		return fmt.Errorf("let go of the packs of old proposals: %w", err)
	}
	return nil
}

// insertDisposal writes the paper with its packs. The number counts the day's
// papers of the act: who takes the same one at the same time runs again.
func (b *asideBench) insertDisposal(ctx context.Context) (Disposal, error) {
	now, in := b.tx.Now, b.in
	prefix := disposalPrefix(in.Act, now)
	var n int
	err := b.tx.Get(ctx, &n, `SELECT count(*) FROM disposal WHERE number LIKE $1`, prefix+"%")
	if err != nil {
		return Disposal{}, fmt.Errorf("number a disposal: %w", err)
	}
	d := Disposal{Number: fmt.Sprintf("%s%03d", prefix, n+1), Act: in.Act, State: DisposalProposed, Packs: len(b.chosen)}
	err = b.tx.Get(ctx, &d.ID, `INSERT INTO disposal (number, act, reason, method, place, witness, packs, proposed_by, proposed_at)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9) RETURNING id`, d.Number, string(in.Act), in.Reason, in.Method, in.Place, in.Witness, d.Packs, b.by.StaffID, now)
	if err != nil {
		return Disposal{}, fmt.Errorf("insert disposal: %w", err)
	}
	var ids, units []int64
	var states []string
	for _, p := range b.chosen {
		ids, units, states = append(ids, p.ID), append(units, p.UnitsLeft), append(states, string(p.State))
	}
	_, err = b.tx.Exec(ctx, `INSERT INTO disposal_pack (disposal_id, pack_id, from_state, units)
SELECT $1::bigint, unnest($2::bigint[]), unnest($3::text[]), unnest($4::bigint[])`, d.ID, pq.Array(ids), pq.Array(states), pq.Array(units))
	if err != nil {
		return Disposal{}, fmt.Errorf("insert the packs of a disposal: %w", err)
	}
	return d, nil
}

// decideDisposal ends a locked paper. done are the packs that it moved; the
// others are left out.
func decideDisposal(ctx context.Context, tx *db.Tx, by identity.Actor, id int64, state DisposalState, remark string, done []*Pack) error {
	err := tx.ExecOne(ctx, `UPDATE disposal SET state = $2, decided_by = $3, decided_at = $4, remark = $5 WHERE id = $1 AND state = 'proposed'`,
		id, string(state), by.StaffID, tx.Now, remark)
	if err != nil {
		return fmt.Errorf("decide disposal: %w", err)
	}
	ids := make([]int64, len(done))
	for i, p := range done {
		ids[i] = p.ID
	}
	_, err = tx.Exec(ctx, `UPDATE disposal_pack SET waiting = false, outcome = CASE WHEN pack_id = ANY($2::bigint[]) THEN 'done' ELSE 'left_out' END
WHERE disposal_id = $1`, id, pq.Array(ids))
	if err != nil {
		return fmt.Errorf("decide the packs of a disposal: %w", err)
	}
	return nil
}
