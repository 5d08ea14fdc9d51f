package session

import (
	"context"
	"fmt"
	"time"

	"jingfang/inventory"
	"jingfang/sql/db"
)

// TraceNoteKind says what a note beside a pack's movements is about.
type TraceNoteKind string

// The kinds of notes.
const (
	NoteCarton   TraceNoteKind = "carton"   // the carton it came in
	NoteRecall   TraceNoteKind = "recall"   // a recall that set it apart
	NoteReturn   TraceNoteKind = "return"   // what a patient brought back of it
	NoteDisposal TraceNoteKind = "disposal" // a paper of two people
)

// TraceNote is what other papers say of a pack.
type TraceNote struct {
	Kind TraceNoteKind `db:"kind"`
	ID   int64         `db:"id"`
	// Text is the carton's code, the recall's class, the form of what came back
	// (full, opened, empty), or the number of a paper that waits for its second person.
	Text string `db:"text"`
	// State is whether it is in force: lifted, void, the paper's state, or "".
	State string     `db:"state"`
	At    *time.Time `db:"at"`
	Who   string     `db:"who"`
	Units int64      `db:"units"` // smallest units that came back
}

func readNotes(ctx context.Context, r db.Reader, p inventory.Pack) ([]TraceNote, error) {
	var list []TraceNote
	err := r.Select(ctx, &list, `SELECT 'carton' AS kind, c.id, c.code AS text, '' AS state, NULL::timestamptz AS at, '' AS who, 0 AS units
FROM carton_code x JOIN carton c ON c.id = x.carton_id WHERE x.code = $1::text
UNION ALL SELECT 'recall', a.id, a.class, CASE WHEN a.lifted_at IS NULL THEN '' ELSE 'lifted' END, a.started_at, f.name, 0
FROM recall a JOIN staff f ON f.id = a.started_by WHERE a.id IN (SELECT y.recall_id FROM recall_pack y WHERE y.pack_id = $2::bigint
  UNION SELECT y.id FROM recall y WHERE y.drug_id = $3::bigint AND y.lifted_at IS NULL AND (y.batch = '' OR y.batch = $4::text)
  UNION SELECT y.recall_id FROM recall_code y JOIN recall q ON q.id = y.recall_id WHERE y.code = $1::text AND q.lifted_at IS NULL)
UNION ALL SELECT 'return', b.id, b.form, CASE WHEN b.void_at IS NULL THEN '' ELSE 'void' END, b.taken_at, g.name, b.units
FROM patient_return b JOIN staff g ON g.id = b.taken_by WHERE b.pack_id = $2::bigint
UNION ALL SELECT 'disposal', d.id, d.number, d.state, d.proposed_at, h.name, z.units
FROM disposal_pack z JOIN disposal d ON d.id = z.disposal_id JOIN staff h ON h.id = d.proposed_by WHERE z.pack_id = $2::bigint AND z.waiting
ORDER BY 5, 2`, p.Code, p.ID, p.DrugID, p.Batch)
	if err != nil {
		return nil, fmt.Errorf("read what papers say of a pack: %w", err)
	}
	return list, nil
}

// markRecalled says of the pack which recall in force means it.
func (t *Trace) markRecalled() {
	for _, n := range t.Notes {
		if n.Kind == NoteRecall && n.State == "" {
			t.Pack.RecallID = n.ID
			return
		}
	}
}
