package reporting

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/lib/pq"

	"jingfang/inventory"
	"jingfang/session"
	"jingfang/sql/db"
)

// MovesQuestion asks for the movements behind a figure of a ledger.
type MovesQuestion struct {
	LedgerQuestion
	// Way is "in" or "out"; "" is both.
	Way string
	// Kinds are the kinds of movements; none is all that bring or take something.
	Kinds []inventory.MovementKind
	// After is the number of the last movement of the page before; 0 for the first.
	After int64
}

// NoBatch asks for the packs whose batch is not known.
const NoBatch = "—"

// JoinKinds writes kinds as one text for an address; [SplitKinds] reads it.
func JoinKinds(list []inventory.MovementKind) string {
	words := make([]string, len(list))
	for i, k := range list {
		words[i] = string(k)
	}
	return strings.Join(words, ",")
}

// SplitKinds reads what [JoinKinds] wrote; "" is none.
func SplitKinds(text string) (list []inventory.MovementKind) {
	for word := range strings.SplitSeq(text, ",") {
		if word != "" {
			list = append(list, inventory.MovementKind(word))
		}
	}
	return list
}

// MovesPerPage is how many movements a page of them holds.
const MovesPerPage = 100

// LedgerMove is one movement behind a figure.
type LedgerMove struct {
	ID        int64                  `db:"id"`
	At        time.Time              `db:"at"`
	Kind      inventory.MovementKind `db:"kind"`
	From      inventory.State        `db:"from_state"`
	To        inventory.State        `db:"to_state"`
	Code      string                 `db:"code"`
	Generic   string                 `db:"generic_name"`
	Spec      string                 `db:"spec"`
	PackWord  string                 `db:"pack_name"`
	UnitWord  string                 `db:"unit_name"`
	Content   int64                  `db:"content"`
	Batch     string                 `db:"batch"`
	Quantity  int64                  `db:"quantity"`
	Who       string                 `db:"who"`
	SessionID *int64                 `db:"session_id"`
	Site      string                 `db:"site"`
	HeldOn    *time.Time             `db:"held_on"`
	Receipt   string                 `db:"receipt"`
	Reason    string                 `db:"reason"`
	In        bool                   `db:"comes"` // it brought something; else it took
}

// MovesSum is what all the movements behind a figure brought and took, in words.
type MovesSum struct {
	Moves   int64
	In, Out string
}

// Drug is the drug as people say it.
func (m LedgerMove) Drug() string { return inventory.DrugName(m.Generic, m.Spec) }

// Amount is how much moved.
func (m LedgerMove) Amount() Amount {
	var a Amount
	a.add(m.Quantity, m.Content, 1)
	return a
}

// Check is [LedgerQuestion.Check] with the way and the kind.
func (q MovesQuestion) Check(today time.Time) error {
	if err := q.LedgerQuestion.Check(today); err != nil {
		return err
	}
	if q.Way != "" && q.Way != "in" && q.Way != "out" {
		return db.Refuse(db.Invalid, "请选择“入”或“出”。")
	}
	for _, k := range q.Kinds {
		if k.Chinese() == inventory.MovementKind("").Chinese() {
			return db.Refuse(db.Invalid, "没有这种流水类别。请从收发统计页点进来。")
		}
	}
	return nil
}

// ReadMoves gives one page of the movements behind a figure, the first of them
// first; more says that there are further ones. The rule of what comes and what
// goes is that of the ledger, as the table test of both holds.
func ReadMoves(ctx context.Context, d *db.DB, q MovesQuestion) (list []LedgerMove, more bool, err error) {
	if err := q.Check(session.Today(d.Now())); err != nil {
		return nil, false, err
	}
	// Ordered by a sum, not by the column: walking all movements by their number
	// until a hundred of the period are met would be tempting. Packs and names are
	// looked up for the one page alone.
	err = d.Select(db.WithOwnPlans(ctx), &list, `SELECT x.id, x.at, x.kind, x.from_state, x.to_state, k.code, d.generic_name, d.spec, d.pack_name, d.unit_name, k.units_total AS content, k.batch,
  x.quantity, x.comes, COALESCE(p.name, '') AS who, c.id AS session_id, COALESCE(s.name, '') AS site, c.held_on, COALESCE(r.number, '') AS receipt, x.reason
FROM (SELECT y.id, y.at, y.kind, y.from_state, y.to_state, y.quantity, y.staff_id, y.reason, y.receipt_line_id, y.on_session, y.pack_id,
    (COALESCE(y.enters, false) AND (NOT COALESCE(y.leaves, false) OR y.kind IN ('undo', 'adjust_up'))) AS comes
  FROM (SELECT m.id, m.at, m.kind, m.from_state, m.to_state, m.quantity, m.staff_id, m.reason, m.receipt_line_id, COALESCE(m.to_session_id, m.from_session_id) AS on_session, m.pack_id,
      (m.from_state = ANY($5::text[]) AND ($6::bigint = 0 OR f.site_id = $6::bigint)) AS leaves, (m.to_state = ANY($5::text[]) AND ($6::bigint = 0 OR t.site_id = $6::bigint)) AS enters
    FROM movement m LEFT JOIN clinic_session f ON f.id = m.from_session_id AND $6::bigint <> 0 LEFT JOIN clinic_session t ON t.id = m.to_session_id AND $6::bigint <> 0
    WHERE m.at >= $1::timestamptz AND m.at < $2::timestamptz AND m.id > $9::bigint AND ($7::boolean OR m.kind = ANY($11::text[]))
      AND (($3::bigint = 0 AND $4::text = '') OR m.pack_id IN (SELECT id FROM pack WHERE ($3::bigint = 0 OR drug_id = $3::bigint) AND ($4::text = '' OR batch = $4::text OR ($4::text = '—' AND batch = ''))))) y
  WHERE (($8::text <> 'out' AND ((COALESCE(y.enters, false) AND NOT COALESCE(y.leaves, false)) OR (y.enters AND y.leaves AND y.kind IN ('undo', 'adjust_up'))))
    OR ($8::text <> 'in' AND ((COALESCE(y.leaves, false) AND NOT COALESCE(y.enters, false)) OR (y.enters AND y.leaves AND y.kind IN ('dispense', 'adjust_down')))))
  ORDER BY y.id + 0 LIMIT $10) x
JOIN pack k ON k.id = x.pack_id JOIN drug d ON d.id = k.drug_id LEFT JOIN staff p ON p.id = x.staff_id
LEFT JOIN clinic_session c ON c.id = x.on_session LEFT JOIN site s ON s.id = c.site_id
LEFT JOIN receipt_line l ON l.id = x.receipt_line_id LEFT JOIN receipt r ON r.id = l.receipt_id
ORDER BY x.id`,
		q.Begin(), q.End(), q.DrugID, q.Batch, pq.Array(q.states()), q.siteAsked(), len(q.Kinds) == 0, q.Way, q.After, MovesPerPage+1, kindArray(q.Kinds))
	if err != nil {
		return nil, false, fmt.Errorf("read the movements of a ledger: %w", err)
	}
	if len(list) > MovesPerPage {
		return list[:MovesPerPage], true, nil
	}
	return list, false, nil
}

func kindArray(list []inventory.MovementKind) any {
	words := make([]string, len(list))
	for i, k := range list {
		words[i] = string(k)
	}
	return pq.Array(words)
}

// SumMoves adds up all movements behind a figure, those of other pages too, by the
// same rule as [ReadMoves].
func SumMoves(ctx context.Context, d *db.DB, q MovesQuestion) (MovesSum, error) {
	if err := q.Check(session.Today(d.Now())); err != nil {
		return MovesSum{}, err
	}
	var rows []struct {
		PackWord string `db:"pack_name"`
		UnitWord string `db:"unit_name"`
		In       bool   `db:"comes"`
		Moves    int64  `db:"moves"`
		Whole    int64  `db:"whole"`
		Loose    int64  `db:"loose"`
	}
	err := d.Select(db.WithOwnPlans(ctx), &rows, `SELECT d.pack_name, d.unit_name, x.comes, count(*) AS moves, CAST(sum(CASE WHEN x.quantity = k.units_total THEN 1 ELSE 0 END) AS bigint) AS whole,
  CAST(sum(CASE WHEN x.quantity = k.units_total THEN 0 ELSE x.quantity END) AS bigint) AS loose
FROM (SELECT y.quantity, y.pack_id, (COALESCE(y.enters, false) AND (NOT COALESCE(y.leaves, false) OR y.kind IN ('undo', 'adjust_up'))) AS comes
  FROM (SELECT m.kind, m.quantity, m.pack_id, (m.from_state = ANY($5::text[]) AND ($6::bigint = 0 OR f.site_id = $6::bigint)) AS leaves, (m.to_state = ANY($5::text[]) AND ($6::bigint = 0 OR t.site_id = $6::bigint)) AS enters
    FROM movement m LEFT JOIN clinic_session f ON f.id = m.from_session_id AND $6::bigint <> 0 LEFT JOIN clinic_session t ON t.id = m.to_session_id AND $6::bigint <> 0
    WHERE m.at >= $1::timestamptz AND m.at < $2::timestamptz AND ($7::boolean OR m.kind = ANY($9::text[]))
      AND (($3::bigint = 0 AND $4::text = '') OR m.pack_id IN (SELECT id FROM pack WHERE ($3::bigint = 0 OR drug_id = $3::bigint) AND ($4::text = '' OR batch = $4::text OR ($4::text = '—' AND batch = ''))))) y
  WHERE (($8::text <> 'out' AND ((COALESCE(y.enters, false) AND NOT COALESCE(y.leaves, false)) OR (y.enters AND y.leaves AND y.kind IN ('undo', 'adjust_up'))))
    OR ($8::text <> 'in' AND ((COALESCE(y.leaves, false) AND NOT COALESCE(y.enters, false)) OR (y.enters AND y.leaves AND y.kind IN ('dispense', 'adjust_down')))))) x
JOIN pack k ON k.id = x.pack_id JOIN drug d ON d.id = k.drug_id GROUP BY d.pack_name, d.unit_name, x.comes ORDER BY d.pack_name, d.unit_name, x.comes`,
		q.Begin(), q.End(), q.DrugID, q.Batch, pq.Array(q.states()), q.siteAsked(), len(q.Kinds) == 0, q.Way, kindArray(q.Kinds))
	if err != nil {
		return MovesSum{}, fmt.Errorf("add up the movements of a ledger: %w", err)
	}
	sum, in, out := MovesSum{}, []sums{{}, {}}, []sums{{}, {}}
	for _, x := range rows {
		to := out
		if x.In {
			to = in
		}
		to[0].add(x.Whole, x.PackWord)
		to[1].add(x.Loose, x.UnitWord)
		sum.Moves += x.Moves
	}
	sum.In, sum.Out = joined(in), joined(out)
	return sum, nil
}

// joined is the boxes and then the loose units of a sum.
func joined(list []sums) string {
	all := list[0]
	for i, n := range list[1].n {
		all.add(n, list[1].words[i])
	}
	return all.String()
}
