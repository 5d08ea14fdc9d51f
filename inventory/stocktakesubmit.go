package inventory

import (
	"context"
	"fmt"

	"github.com/google/uuid"
	"github.com/lib/pq"

	"jingfang/session/identity"
	"jingfang/sql/db"
)

// CountStep is a step of a whole count: handing it in, approving it, sending it
// back, giving it up.
type CountStep struct {
	StocktakeID int64
	CommandID   uuid.UUID
	// Submission is the handing-in that an approver has seen; zero elsewhere.
	Submission int
	// Reason is required for sending back and giving up; at most 200 characters.
	Reason string
}

// CountStepped is the answer to a step.
type CountStepped struct {
	State       StocktakeState `json:"state"`
	Submission  int            `json:"submission,omitempty"`
	Differences int            `json:"differences,omitempty"`
	Adjusted    int            `json:"adjusted,omitempty"`
	Dropped     int            `json:"dropped,omitempty"`
	// Open is the drugs whose number differs from the books and was not settled by
	// scanning.
	Open     int    `json:"open,omitempty"`
	Sentence string `json:"sentence"`
}

// SubmitStocktake hands a count in: from now on the differences are shown, by
// name. Nothing is adjusted yet.
func (s *Service) SubmitStocktake(ctx context.Context, by identity.Actor, in CountStep) (CountStepped, error) {
	return s.countStep(ctx, by, identity.CountStock, "submit_stocktake", in, func(ctx context.Context, tx *db.Tx) (CountStepped, error) {
		x, err := lockStocktake(ctx, tx, in.StocktakeID, CountOpen)
		if err != nil {
			return CountStepped{}, err
		}
		return x.submit(ctx, tx, by)
	})
}

// countStep runs a step as a command of somebody with a permission at the count's
// site.
func (s *Service) countStep(ctx context.Context, by identity.Actor, p identity.Permission, kind string, in CountStep,
	fn func(ctx context.Context, tx *db.Tx) (CountStepped, error)) (CountStepped, error) {
	if err := s.mayCount(ctx, by, p, in.StocktakeID); err != nil {
		return CountStepped{}, err
	}
	a, _, err := identity.RunCommand(ctx, s.db, by, identity.Command{ID: in.CommandID, Kind: kind, Request: in}, fn)
	return a, err
}

func (x Stocktake) submit(ctx context.Context, tx *db.Tx, by identity.Actor) (CountStepped, error) {
	j, err := readJudgement(ctx, tx, x)
	if err != nil {
		return CountStepped{}, err
	}
	drugs := j.run()
	if !j.anything(drugs) {
		return CountStepped{}, db.Refuse(db.Invalid, "还没有点到任何药，不能提交。请先扫药盒或按数填；不盘了请作废。")
	}
	before, err := x.unnamedBefore(ctx, tx)
	if err != nil {
		return CountStepped{}, err
	}
	j.keepUnnamed(drugs, before)
	x.Submission++
	if err := x.insertResults(ctx, tx, drugs); err != nil {
		return CountStepped{}, err
	}
	if err := x.insertDifferences(ctx, tx, j.found); err != nil {
		return CountStepped{}, err
	}
	err = tx.ExecOne(ctx, `UPDATE stocktake SET state = 'submitted', submission = $2, submitted_by = $3, submitted_at = $4, version = version + 1 WHERE id = $1`,
		x.ID, x.Submission, by.StaffID, tx.Now)
	if err != nil {
		return CountStepped{}, fmt.Errorf("submit stocktake: %w", err)
	}
	a := CountStepped{State: CountSubmitted, Submission: x.Submission, Differences: len(j.found), Sentence: "已提交，没有差异。请另一人审核。"}
	if len(j.found) > 0 {
		a.Sentence = fmt.Sprintf("已提交，有 %d 处差异。请逐条写明原因，再请另一人审核。", len(j.found))
	}
	if n := j.unnamed(); n > 0 {
		a.Sentence = fmt.Sprintf("已提交，有 %d 处差异，其中 %d 种药按数和账不符，查不出是哪几盒。请先把它们逐盒重盘。", len(j.found), n)
	}
	return a, x.audit(ctx, tx, by, "stocktake.submit", fmt.Sprintf("number=%s submission=%d drugs=%d differences=%d", x.Number(), x.Submission, len(drugs), len(j.found)))
}

// anything tells whether somebody counted something.
func (j *judgement) anything(drugs []*judgedDrug) bool {
	for _, d := range drugs {
		if d.Way != WayUncounted {
			return true
		}
	}
	return len(j.found) > 0
}

func (x Stocktake) insertResults(ctx context.Context, tx *db.Tx, drugs []*judgedDrug) error {
	var ids, bookedPacks, bookedLoose, foundPacks, foundLoose, moved []int64
	var ways []string
	for _, d := range drugs {
		if d.Way == WayUncounted && d.BookedPacks+d.BookedLoose == 0 {
			continue
		}
		ids, ways, moved = append(ids, d.DrugID), append(ways, string(d.Way)), append(moved, d.Moved)
		bookedPacks, bookedLoose = append(bookedPacks, d.BookedPacks), append(bookedLoose, d.BookedLoose)
		foundPacks, foundLoose = append(foundPacks, d.FoundPacks), append(foundLoose, d.FoundLoose)
	}
	_, err := tx.Exec(ctx, `INSERT INTO stocktake_result (stocktake_id, submission, drug_id, counted_how, booked_packs, booked_loose, found_packs, found_loose, moved_packs)
SELECT $1::bigint, $2::integer, n.drug, n.way, n.booked_packs, n.booked_loose, n.found_packs, n.found_loose, n.moved
FROM (SELECT unnest($3::bigint[]) AS drug, unnest($4::text[]) AS way, unnest($5::bigint[]) AS booked_packs, unnest($6::bigint[]) AS booked_loose,
  unnest($7::bigint[]) AS found_packs, unnest($8::bigint[]) AS found_loose, unnest($9::bigint[]) AS moved) n`,
		x.ID, x.Submission, pq.Array(ids), pq.Array(ways), pq.Array(bookedPacks), pq.Array(bookedLoose), pq.Array(foundPacks), pq.Array(foundLoose), pq.Array(moved))
	if err != nil {
		return fmt.Errorf("insert stocktake results: %w", err)
	}
	return nil
}

func (x Stocktake) insertDifferences(ctx context.Context, tx *db.Tx, found []countDifference) error {
	if len(found) == 0 {
		return nil
	}
	var kinds, codes, states, proposals []string
	var packs, drugs, booked, counted, moves []int64
	for _, d := range found {
		row := d.row
		if row == nil {
			row = &judgedRow{}
		}
		kinds, codes, states = append(kinds, string(d.kind)), append(codes, row.Code), append(states, string(row.State))
		packs, drugs, moves = append(packs, row.PackID), append(drugs, d.drugID), append(moves, row.lastMove())
		booked, counted, proposals = append(booked, d.booked), append(counted, d.counted), append(proposals, string(d.proposal))
	}
	_, err := tx.Exec(ctx, `INSERT INTO stocktake_difference (stocktake_id, submission, kind, code, pack_id, drug_id, state, booked, counted, movement_id, proposal)
SELECT $1::bigint, $2::integer, n.kind, n.code, NULLIF(n.pack, 0), NULLIF(n.drug, 0), n.state, n.booked, n.counted, n.move, n.proposal
FROM (SELECT unnest($3::text[]) AS kind, unnest($4::text[]) AS code, unnest($5::bigint[]) AS pack, unnest($6::bigint[]) AS drug, unnest($7::text[]) AS state,
  unnest($8::bigint[]) AS booked, unnest($9::bigint[]) AS counted, unnest($10::bigint[]) AS move, unnest($11::text[]) AS proposal) n`,
		x.ID, x.Submission, pq.Array(kinds), pq.Array(codes), pq.Array(packs), pq.Array(drugs), pq.Array(states), pq.Array(booked), pq.Array(counted),
		pq.Array(moves), pq.Array(proposals))
	if err != nil {
		return fmt.Errorf("insert stocktake differences: %w", err)
	}
	return nil
}
