package session

import (
	"context"
	"fmt"
	"time"

	"jingfang/inventory"
	"jingfang/session/identity"
	"jingfang/sql/db"
)

// TraceNoteKind says what a note beside a pack's movements is about.
type TraceNoteKind string

// The kinds of notes.
const (
	NoteCarton   TraceNoteKind = "carton"   // the carton it came in
	NoteTote     TraceNoteKind = "tote"     // the tote it lies in now
	NoteBag      TraceNoteKind = "bag"      // the patient's bag it lies in now
	NoteCount    TraceNoteKind = "count"    // a count under way whose scope holds it
	NoteRecall   TraceNoteKind = "recall"   // a recall that set it apart
	NoteReturn   TraceNoteKind = "return"   // what a patient brought back of it
	NoteDisposal TraceNoteKind = "disposal" // a paper of two people
)

// TraceNote is what other papers say of a pack.
type TraceNote struct {
	Kind TraceNoteKind `db:"kind"`
	ID   int64         `db:"id"`
	// Text is the carton's code, the tote's name, the number of the patient whose bag
	// it is ("" for who may not read it), the place of a count, the recall's class, the
	// form of what came back (full, opened, empty), or the number of a paper that
	// waits for its second person.
	Text string `db:"text"`
	// State is whether it is in force: lifted, void, the paper's state, or "". Of a
	// tote that is sealed it is sealed, of a count whether the pack was counted: seen;
	// of a return what was odd about it, an inventory.AnswerKind.
	State string `db:"state"`
	// Label is the text on the tote or bag; SiteID the site of the bag's session.
	Label  string     `db:"label"`
	SiteID int64      `db:"site_id"`
	At     *time.Time `db:"at"`
	Who    string     `db:"who"`
	Units  int64      `db:"units"` // smallest units that came back
}

func readNotes(ctx context.Context, r db.Reader, p inventory.Pack) ([]TraceNote, error) {
	var list []TraceNote
	err := r.Select(ctx, &list, `SELECT 'carton' AS kind, c.id, c.code AS text, '' AS state, NULL::timestamptz AS at, '' AS who, 0 AS units, '' AS label, 0 AS site_id
FROM carton_code x JOIN carton c ON c.id = x.carton_id WHERE x.code IN ($1::text, $5::text)
UNION ALL SELECT 'tote', t.id, t.name, CASE WHEN t.sealed_at IS NULL THEN '' ELSE 'sealed' END, x.put_at, COALESCE(f.name, ''), 0, t.code, 0
FROM tote_pack x JOIN pack k ON k.id = x.pack_id AND k.changed_at = x.as_of AND k.state IN ('in_store', 'allocated') JOIN tote t ON t.id = x.tote_id
LEFT JOIN staff f ON f.id = x.put_by WHERE x.pack_id = $2::bigint
UNION ALL SELECT 'bag', b.id, p.number, '', x.put_at, COALESCE(f.name, ''), 0, b.code, c.site_id
FROM bag_pack x JOIN pack k ON k.id = x.pack_id AND k.changed_at = x.as_of JOIN bag b ON b.id = x.bag_id AND b.state = 'packed'
JOIN patient p ON p.id = b.patient_id JOIN clinic_session c ON c.id = b.session_id LEFT JOIN staff f ON f.id = x.put_by WHERE x.pack_id = $2::bigint
UNION ALL SELECT 'count', u.id, u.place, CASE WHEN EXISTS (SELECT 1 FROM stocktake_seen w WHERE w.stocktake_id = u.id AND w.code = $1::text AND w.ended_at IS NULL) THEN 'seen' ELSE '' END,
  u.started_at, f.name, 0, '', COALESCE(u.site_id, 0)
FROM stocktake u JOIN staff f ON f.id = u.started_by WHERE u.state IN ('counting', 'submitted')
  AND EXISTS (SELECT 1 FROM stocktake_line n WHERE n.stocktake_id = u.id AND n.pack_id = $2::bigint)
UNION ALL SELECT 'recall', a.id, a.class, CASE WHEN a.lifted_at IS NULL THEN '' ELSE 'lifted' END, a.started_at, f.name, 0, '', 0
FROM recall a JOIN staff f ON f.id = a.started_by WHERE a.id IN (SELECT y.recall_id FROM recall_pack y WHERE y.pack_id = $2::bigint
  UNION SELECT y.id FROM recall y WHERE y.drug_id = $3::bigint AND y.lifted_at IS NULL AND (y.batch = '' OR y.batch = $4::text)
  UNION SELECT y.recall_id FROM recall_code y JOIN recall q ON q.id = y.recall_id WHERE y.code = $1::text AND q.lifted_at IS NULL)
UNION ALL SELECT 'return', b.id, b.form, CASE WHEN b.void_at IS NULL THEN b.note ELSE 'void' END, b.taken_at, g.name, b.units, '', 0
FROM patient_return b JOIN staff g ON g.id = b.taken_by WHERE b.pack_id = $2::bigint
UNION ALL SELECT 'disposal', d.id, d.number, d.state, d.proposed_at, h.name, z.units, '', 0
FROM disposal_pack z JOIN disposal d ON d.id = z.disposal_id JOIN staff h ON h.id = d.proposed_by WHERE z.pack_id = $2::bigint AND z.waiting
ORDER BY 5, 2`, p.Code, p.ID, p.DrugID, p.Batch, p.TrueCode)
	if err != nil {
		return nil, fmt.Errorf("read what papers say of a pack: %w", err)
	}
	return list, nil
}

// hideBags takes from the notes whose bag a pack lies in, for who may not see
// patients at that site.
func (t *Trace) hideBags(by identity.Actor) {
	for i := range t.Notes {
		if n := &t.Notes[i]; n.Kind == NoteBag && by.Can(identity.ViewPatient, n.SiteID) != nil {
			n.Text = ""
		}
	}
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
