package session

import (
	"context"
	"fmt"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/google/uuid"

	"jingfang/session/identity"
	"jingfang/sql/db"
	"jingfang/sql/seal"
)

// Supplementing is the input of AddSupplement.
type Supplementing struct {
	SessionID int64
	CommandID uuid.UUID
	// RecordID is the record to be corrected; 0 takes the one of Visit that holds.
	RecordID int64
	Visit    uuid.UUID
	// Text is what is right; at most 500 characters.
	Text string
}

// SupplementAnswer is the answer to AddSupplement.
type SupplementAnswer struct {
	N        int64  `json:"supplement"` // 补充 n
	Sentence string `json:"sentence"`
}

// AddSupplement adds a correcting record to a closed session: its main chain stays
// as it was signed, the supplement names the record it corrects.
func (s *Service) AddSupplement(ctx context.Context, by identity.Actor, in Supplementing) (SupplementAnswer, error) {
	in.Text = strings.TrimSpace(in.Text)
	if n := utf8.RuneCountInString(in.Text); n == 0 || n > 500 {
		return SupplementAnswer{}, db.Refuse(db.Invalid, "请写明要更正或补充的内容，最多 500 个字。")
	}
	if _, err := s.may(ctx, by, identity.CloseSession, in.SessionID); err != nil {
		return SupplementAnswer{}, err
	}
	cmd := identity.Command{ID: in.CommandID, Kind: "supplement", Request: in}
	answer, _, err := runCommand(ctx, s, in.SessionID, by, cmd, func(ctx context.Context, tx *db.Tx) (SupplementAnswer, error) {
		return s.supplement(ctx, tx, by, in)
	})
	return answer, err
}

func (s *Service) supplement(ctx context.Context, tx *db.Tx, by identity.Actor, in Supplementing) (SupplementAnswer, error) {
	x, err := lock(ctx, tx, in.SessionID, Closed, Open, Closing)
	if err != nil {
		return SupplementAnswer{}, err
	}
	if x.State != Closed {
		return SupplementAnswer{}, db.Refuse(db.Conflict, "本场次还没有结束，请看诊医生当天点“更正”。结束以后才用“补充记录”。")
	}
	visit, old, err := correctedRecord(ctx, tx, in)
	if err != nil {
		return SupplementAnswer{}, err
	}
	n, err := writeLate(ctx, tx, by, x.ID, supplementChain, visit, lateness{kind: lateCorrection, text: in.Text, old: old})
	if err != nil {
		return SupplementAnswer{}, err
	}
	if err := s.signHead(ctx, tx, x, supplementChain, []int64{by.StaffID}, nil); err != nil {
		return SupplementAnswer{}, err
	}
	err = identity.Audit(ctx, tx, by, identity.Event{Name: "record.supplement", ObjectKind: "visit", ObjectID: visit.String(),
		SiteID: x.SiteID, SessionID: x.ID, Detail: fmt.Sprintf("supplement=%d corrects=%s/%d", n, old.Chain, old.Seq)})
	if err != nil {
		return SupplementAnswer{}, err
	}
	return SupplementAnswer{N: n, Sentence: fmt.Sprintf("已记为补充 %d。原记录没有改动。", n)}, s.hub.Touch(ctx, tx, x.ID)
}

// correctedRecord finds the record that a supplement names.
func correctedRecord(ctx context.Context, r db.Reader, in Supplementing) (uuid.UUID, oldRecord, error) {
	if in.RecordID == 0 {
		old, err := lastRecord(ctx, r, in.SessionID, in.Visit)
		return in.Visit, old, err
	}
	var row struct {
		oldRecord
		Visit uuid.UUID `db:"visit_id"`
	}
	err := r.Get(ctx, &row, `SELECT id, chain, seq, digest, visit_id FROM record WHERE id = $1::bigint AND session_id = $2::bigint`, in.RecordID, in.SessionID)
	if db.IsNoRows(err) {
		return row.Visit, row.oldRecord, db.Refuse(db.NotFound, "本场次没有这条记录。请从就诊列表里选择。")
	}
	if err != nil {
		return row.Visit, row.oldRecord, fmt.Errorf("read the record to correct: %w", err)
	}
	return row.Visit, row.oldRecord, nil
}

// Supplement is one record of the supplement chain, as a page lists it.
type Supplement struct {
	N      int64
	At     time.Time
	By     string
	Text   string
	Number int64 // the patient's number in the queue
	// Corrects names the record it puts right: 就诊记录 3 or 补充 1.
	Corrects string
	// Late says that it stands in the supplement chain: 补充 n. Only [Corrections]
	// lists both.
	Late bool
}

// Supplements reads what was added to a session after it was closed. It reads the
// frozen bytes, for they are what counts.
func Supplements(ctx context.Context, r db.Reader, sessionID int64) ([]Supplement, error) {
	var rows []struct {
		Seq       int64     `db:"seq"`
		At        time.Time `db:"at"`
		Canonical []byte    `db:"canonical"`
	}
	err := r.Select(ctx, &rows, `SELECT seq, at, canonical FROM record WHERE session_id = $1::bigint AND chain = 'supplement' ORDER BY seq`, sessionID)
	if err != nil {
		return nil, fmt.Errorf("read supplements: %w", err)
	}
	list := make([]Supplement, len(rows))
	for i, row := range rows {
		said, err := seal.DecodeRecord(row.Canonical)
		if err != nil {
			return nil, fmt.Errorf("read supplement %d: %w", row.Seq, err)
		}
		list[i] = newSupplement(row.Seq, row.At, said)
	}
	return list, nil
}

// newSupplement takes what a page shows; a field that a recipe lacks is empty.
func newSupplement(n int64, at time.Time, said seal.Record) Supplement {
	x := Supplement{N: n, At: at, Text: fieldOf[string](said, "text"), By: fieldOf[string](said, "written_by"), Number: fieldOf[int64](said, "number")}
	if seq := fieldOf[int64](said, "corrects_seq"); seq > 0 {
		word := map[string]string{mainChain: "就诊记录", supplementChain: "补充"}[fieldOf[string](said, "corrects_chain")]
		x.Corrects = fmt.Sprintf("%s %d", word, seq)
	}
	return x
}

func fieldOf[T seal.FieldType](r seal.Record, name string) T {
	v, err := seal.Get[T](r, name)
	if err != nil {
		var zero T
		return zero
	}
	return v
}
