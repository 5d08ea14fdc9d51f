package inventory

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/lib/pq"

	"jingfang/sql/db"
)

// readJudgement reads a count with everything that moved its packs since it
// began: a constant number of statements. Rows are put together here and not by
// the database, which has no statistics yet of a count that began a minute ago
// and would compare every box with every scan.
func readJudgement(ctx context.Context, r db.Reader, x Stocktake) (*judgement, error) {
	rows, err := readLinesOfCount(ctx, r, x.ID)
	if err != nil {
		return nil, err
	}
	seen, err := readSeen(ctx, r, x.ID)
	if err != nil {
		return nil, err
	}
	rows = joinSeen(rows, seen)
	moves, err := readMoves(ctx, r, x, rows)
	if err != nil {
		return nil, err
	}
	j := &judgement{x: x, drugs: map[int64]*judgedDrug{}}
	for i := range rows {
		rows[i].moves = moves[rows[i].PackID]
		j.add(&rows[i])
	}
	if err := j.readNumbers(ctx, r); err != nil {
		return nil, err
	}
	return j, j.readArrived(ctx, r, rows)
}

// readLinesOfCount reads what was taken down at the start.
func readLinesOfCount(ctx context.Context, r db.Reader, id int64) ([]judgedRow, error) {
	var rows []judgedRow
	err := r.Select(ctx, &rows, `SELECT k.id AS pack_id, k.code, k.drug_id, k.state, COALESCE(k.session_id, 0) AS session_id, k.units_total, k.units_left, k.units_given,
  k.returned, true AS start_here, l.units_left AS start_units, l.movement_id AS start_move
FROM stocktake_line l JOIN pack k ON k.id = l.pack_id WHERE l.stocktake_id = $1::bigint`, id)
	if err != nil {
		return nil, fmt.Errorf("read what was taken down: %w", err)
	}
	return rows, nil
}

// readSeen reads what counters scanned, as if it had been taken down then. A code
// that had no pack when it was scanned may have one by now.
func readSeen(ctx context.Context, r db.Reader, id int64) ([]judgedRow, error) {
	var rows []judgedRow
	err := r.Select(ctx, &rows, `SELECT COALESCE(k.id, 0) AS pack_id, s.code, COALESCE(k.drug_id, s.drug_id, 0) AS drug_id, COALESCE(k.state, '') AS state,
  COALESCE(k.session_id, 0) AS session_id, COALESCE(k.units_total, 0) AS units_total, COALESCE(k.units_left, 0) AS units_left,
  COALESCE(k.units_given, 0) AS units_given, COALESCE(k.returned, false) AS returned, s.in_scope AS start_here, s.units_booked AS start_units,
  s.movement_id AS start_move, true AS was_seen, s.movement_id AS seen_move, s.in_scope AS seen_here, COALESCE(s.units_counted, -1) AS counted
FROM stocktake_seen s LEFT JOIN pack k ON k.code = s.code WHERE s.stocktake_id = $1::bigint AND s.ended_at IS NULL ORDER BY s.id`, id)
	if err != nil {
		return nil, fmt.Errorf("read what was scanned: %w", err)
	}
	return rows, nil
}

// joinSeen puts what was scanned to what was taken down, in the order of the codes.
func joinSeen(rows, seen []judgedRow) []judgedRow {
	at := make(map[string]int, len(rows))
	for i, r := range rows {
		at[r.Code] = i
	}
	for _, s := range seen {
		i, known := at[s.Code]
		if !known {
			rows = append(rows, s)
			continue
		}
		rows[i].WasSeen, rows[i].SeenMove, rows[i].SeenHere, rows[i].Counted = true, s.SeenMove, s.SeenHere, s.Counted
	}
	slices.SortFunc(rows, func(a, b judgedRow) int { return strings.Compare(a.Code, b.Code) })
	return rows
}

// readMoves reads what moved the packs since they were taken down.
func readMoves(ctx context.Context, r db.Reader, x Stocktake, packs []judgedRow) (map[int64][]CountMove, error) {
	var ids, since []int64
	for _, p := range packs {
		if p.PackID != 0 {
			ids, since = append(ids, p.PackID), append(since, p.StartMove)
		}
	}
	var rows []struct {
		PackID    int64        `db:"pack_id"`
		ID        int64        `db:"id"`
		Kind      MovementKind `db:"kind"`
		State     State        `db:"to_state"`
		SessionID int64        `db:"to_session"`
		Units     int64        `db:"units_after"`
	}
	err := r.Select(ctx, &rows, `SELECT m.pack_id, m.id, m.kind, m.to_state, COALESCE(m.to_session_id, 0) AS to_session, m.units_after
FROM (SELECT unnest($1::bigint[]) AS pack_id, unnest($2::bigint[]) AS since) n JOIN movement m ON m.pack_id = n.pack_id AND m.id > n.since
ORDER BY m.pack_id, m.id`, pq.Array(ids), pq.Array(since))
	if err != nil {
		return nil, fmt.Errorf("read movements since a stocktake began: %w", err)
	}
	moves := map[int64][]CountMove{}
	for _, m := range rows {
		mark := CountMark{Here: x.here(m.State, m.SessionID), Units: m.Units}
		moves[m.PackID] = append(moves[m.PackID], CountMove{ID: m.ID, CountMark: mark, Paper: m.Kind == MoveAdopt})
	}
	return moves, nil
}

// readNumbers reads the numbers that stand.
func (j *judgement) readNumbers(ctx context.Context, r db.Reader) error {
	var rows []struct {
		DrugID int64 `db:"drug_id"`
		CountedNumber
	}
	err := r.Select(ctx, &rows, `SELECT drug_id, packs, COALESCE(loose_units, -1) AS loose, booked_packs AS bookedpacks, booked_loose AS bookedloose
FROM stocktake_number WHERE stocktake_id = $1::bigint AND ended_at IS NULL`, j.x.ID)
	if err != nil {
		return fmt.Errorf("read counted numbers: %w", err)
	}
	for _, x := range rows {
		n := x.CountedNumber
		j.drug(x.DrugID).count.Number = &n
	}
	return nil
}

// readArrived adds what came into the scope since and was not scanned here: the
// movement that brought it has named it.
func (j *judgement) readArrived(ctx context.Context, r db.Reader, rows []judgedRow) error {
	known := make(map[int64]bool, len(rows))
	for _, x := range rows {
		known[x.PackID] = true
	}
	set, err := j.x.drugs(ctx, r)
	if err != nil {
		return err
	}
	var packs []judgedRow
	if j.x.SessionID == nil {
		err = r.Select(ctx, &packs, `SELECT id AS pack_id, drug_id, units_total, units_left FROM pack WHERE state = 'in_store'`)
	} else {
		err = r.Select(ctx, &packs, `SELECT id AS pack_id, drug_id, units_total, units_left FROM pack WHERE state = 'allocated' AND session_id = $1::bigint`, *j.x.SessionID)
	}
	if err != nil {
		return fmt.Errorf("read what lies in the scope now: %w", err)
	}
	for _, p := range packs {
		if known[p.PackID] || set != nil && !set[p.DrugID] {
			continue
		}
		j.drug(p.DrugID).arrive(p)
	}
	return nil
}

// arrive counts a pack that came in since.
func (d *judgedDrug) arrive(p judgedRow) {
	d.Moved++
	if p.UnitsLeft == p.UnitsTotal {
		d.arrivedPacks++
	} else {
		d.arrivedLoose += p.UnitsLeft
	}
}
