package session

import (
	"context"
	"fmt"
	"time"

	"github.com/google/uuid"

	"jingfang/session/identity"
	"jingfang/sql/db"
	"jingfang/sql/seal"
)

// The kinds of a record that is written after 诊毕.
const (
	lateGiven      = "given_late" // medicine that turned out to have been given
	lateCorrection = "correction" // a free text that puts something right
	lateReturn     = "return"     // medicine that the patient brought back
)

// oldRecord is the record that a later one names.
type oldRecord struct {
	ID     int64  `db:"id"`
	Chain  string `db:"chain"`
	Seq    int64  `db:"seq"`
	Digest []byte `db:"digest"`
}

// lateness is what recipe 2 says beyond the visit itself.
type lateness struct {
	kind, text  string
	old         oldRecord
	writtenAt   time.Time
	writtenByID int64
	writtenBy   string
}

// writeLate freezes a finished visit anew, as its rows say it now, names the
// record that held before, and appends it to a chain.
func writeLate(ctx context.Context, tx *db.Tx, by identity.Actor, sessionID int64, chain string, visit uuid.UUID, l lateness) (int64, error) {
	h, err := readHead(ctx, tx, visit)
	if err != nil {
		return 0, err
	}
	lines, refusals, err := readBody(ctx, tx, visit)
	if err != nil {
		return 0, err
	}
	l.writtenAt, l.writtenByID, l.writtenBy = tx.Now, by.StaffID, by.Name
	canonical, err := composeLate(visit, h, lines, refusals, l)
	if err != nil {
		return 0, fmt.Errorf("compose late record: %w", err)
	}
	// A record in the doctor's name is the doctor's word, once it is countersigned; what
	// is added after closing is the word of who adds it.
	signer := h.DoctorID
	if chain == supplementChain {
		signer = by.StaffID
	}
	seq, err := appendRecord(ctx, tx, sessionID, chain, newRecord{recipe: lateRecipe, corrects: l.old.ID, visit: visit,
		patient: h.PatientID, doctor: h.DoctorID, signer: signer, canonical: canonical})
	if err != nil {
		return 0, err
	}
	if l.kind == lateReturn {
		return seq, nil // whoever takes the boxes in tells of them, see noteReturn
	}
	return seq, noteFacts(ctx, tx, h, visit)
}

// composeLate is recipe 2: the fields of recipe 1 and those below (RECORD.md).
func composeLate(visit uuid.UUID, h recordHead, lines []recordLine, refusals []recordRefusal, l lateness) ([]byte, error) {
	r := visitFields(lateRecipe, visit, h, lines, refusals)
	r = append(r, seal.F("kind", l.kind), seal.F("text", l.text),
		seal.F("corrects_chain", l.old.Chain), seal.F("corrects_seq", l.old.Seq), seal.F("corrects_digest", l.old.Digest),
		seal.F("written_at", l.writtenAt), seal.F("written_by_id", l.writtenByID), seal.F("written_by", l.writtenBy))
	return r.Encode()
}

// lastRecord is the record of a visit that was written last: the one that holds.
func lastRecord(ctx context.Context, r db.Reader, sessionID int64, visit uuid.UUID) (oldRecord, error) {
	var o oldRecord
	err := r.Get(ctx, &o, `SELECT id, chain, seq, digest FROM record WHERE session_id = $1::bigint AND visit_id = $2::uuid ORDER BY id DESC LIMIT 1`, sessionID, visit)
	if db.IsNoRows(err) {
		return o, db.Refuse(db.Conflict, "这次就诊没有就诊记录。请选择一次已诊毕的就诊。")
	}
	if err != nil {
		return o, fmt.Errorf("read the record that holds: %w", err)
	}
	return o, nil
}

// LateRecord is a record that somebody else wrote in a doctor's name.
type LateRecord struct {
	ID        int64
	SessionID int64
	At        time.Time
	Supplement
}

// LateRecords lists the records that wait for a doctor's countersign, the oldest
// first.
func LateRecords(ctx context.Context, r db.Reader, doctorID int64) ([]LateRecord, error) {
	var rows []struct {
		ID        int64     `db:"id"`
		SessionID int64     `db:"session_id"`
		Seq       int64     `db:"seq"`
		At        time.Time `db:"at"`
		Canonical []byte    `db:"canonical"`
	}
	err := r.Select(ctx, &rows, `SELECT r.id, r.session_id, r.seq, r.at, r.canonical FROM record r
WHERE r.doctor_id = $1::bigint AND r.recipe = 2 AND r.chain = 'main'
  AND NOT EXISTS (SELECT 1 FROM record_countersign c WHERE c.record_id = r.id AND c.staff_id = r.doctor_id) ORDER BY r.id LIMIT 100`, doctorID)
	if err != nil {
		return nil, fmt.Errorf("read records that wait for a countersign: %w", err)
	}
	list := make([]LateRecord, len(rows))
	for i, row := range rows {
		said, err := seal.DecodeRecord(row.Canonical)
		if err != nil {
			return nil, fmt.Errorf("read record %d: %w", row.ID, err)
		}
		list[i] = LateRecord{ID: row.ID, SessionID: row.SessionID, At: row.At, Supplement: newSupplement(row.Seq, row.At, said)}
	}
	return list, nil
}

// LateSigning is the input of SignLate.
type LateSigning struct {
	RecordID  int64
	CommandID uuid.UUID
}

// SignLate is the doctor's yes to a record that was written in the
// doctor's name. It may come after the session was closed.
func (s *Service) SignLate(ctx context.Context, by identity.Actor, in LateSigning) error {
	var row struct {
		SessionID int64 `db:"session_id"`
		DoctorID  int64 `db:"doctor_id"`
		SiteID    int64 `db:"site_id"`
	}
	err := s.db.Get(ctx, &row, `SELECT r.session_id, r.doctor_id, c.site_id FROM record r JOIN clinic_session c ON c.id = r.session_id
WHERE r.id = $1::bigint AND r.recipe = 2 AND r.chain = 'main'`, in.RecordID)
	if db.IsNoRows(err) {
		return db.Refuse(db.NotFound, "没有这条待签认的记录。请刷新页面。")
	}
	if err != nil {
		return fmt.Errorf("read the record to countersign: %w", err)
	}
	if row.DoctorID != by.StaffID {
		return s.denied(ctx, by, row.SessionID, db.Refuse(db.Denied, "这条记录不是以您的名义写的，请由本人签认。"))
	}
	cmd := identity.Command{ID: in.CommandID, Kind: "sign_late", Request: in}
	_, _, err = identity.RunCommand(ctx, s.db, by, cmd, func(ctx context.Context, tx *db.Tx) (bool, error) {
		err := tx.ExecOne(ctx, `INSERT INTO record_countersign (record_id, staff_id, at) VALUES ($1, $2, $3)`, in.RecordID, by.StaffID, tx.Now)
		if err != nil {
			return false, err
		}
		return true, identity.Audit(ctx, tx, by, identity.Event{Name: "record.sign_late", ObjectKind: "record", ObjectID: fmt.Sprint(in.RecordID),
			SiteID: row.SiteID, SessionID: row.SessionID})
	})
	if db.IsUnique(err, "record_countersign_pk") {
		return db.RefuseBecause(err, db.Conflict, "您已经签认过这条记录。")
	}
	return err
}
