package reporting

import (
	"context"
	"fmt"
	"time"

	"github.com/google/uuid"

	"jingfang/inventory"
	"jingfang/sql/db"
	"jingfang/sql/seal"
)

// Chain is the head of a session's chain of records, checked when it was read.
type Chain struct {
	Length int64
	Digest seal.Digest
	// SignedAt is when the server's key signed this head; nil before closing.
	SignedAt *time.Time
	KeyName  string
	// Problem names the first record that does not fit, in Chinese; "" when the
	// bytes, the digests and the head agree.
	Problem string
}

// Supplement is a record made after closing (补充 n): a late entry or a
// correction. It never changes the day's chain.
type Supplement struct {
	N  int64
	At time.Time
	// Corrects names the record it replaces: 就诊记录 3, 补充 1; "" for a late
	// entry.
	Corrects string
	By, Text string     // who wrote it, and what it puts right
	SignedAt *time.Time // when its doctor said yes to it; nil where nobody was asked or has
	Visit    Visit
}

// LateRecord is a further record of a visit in the day's own chain, such as for
// a box that closing found to have been given. It says the visit anew; what the
// visit says here is what its last record says.
type LateRecord struct {
	Seq      int64
	At       time.Time
	By       string     // who wrote it
	Text     string     // what it puts right
	SignedAt *time.Time // when the doctor said yes to it
}

// recordRow is a stored record.
type recordRow struct {
	Chain     string     `db:"chain"`
	Seq       int64      `db:"seq"`
	VisitID   uuid.UUID  `db:"visit_id"`
	At        time.Time  `db:"at"`
	Canonical []byte     `db:"canonical"`
	Prev      []byte     `db:"prev"`
	Digest    []byte     `db:"digest"`
	OldChain  string     `db:"old_chain"`
	OldSeq    int64      `db:"old_seq"`
	SignedAt  *time.Time `db:"signed_at"`
}

// The chains as session names them (session/RECORD.md).
const (
	mainChain = "main"
	lateChain = "supplement"
)

// readRecords checks both chains and puts their records where they belong.
func (r *SessionReport) readRecords(ctx context.Context, tx *db.Tx, of map[uuid.UUID]*Visit) error {
	var rows []recordRow
	err := tx.Select(ctx, &rows, `SELECT r.chain, r.seq, r.visit_id, r.at, r.canonical, r.prev, r.digest,
  COALESCE(o.chain, '') AS old_chain, COALESCE(o.seq, 0) AS old_seq, c.at AS signed_at
FROM record r LEFT JOIN record o ON o.id = r.corrects_id LEFT JOIN record_countersign c ON c.record_id = r.id AND c.staff_id = r.doctor_id
WHERE r.session_id = $1::bigint ORDER BY r.chain, r.seq`, r.Heading.ID)
	if err != nil {
		return fmt.Errorf("read records: %w", err)
	}
	if r.Main, err = readChain(ctx, tx, r.Heading.ID, mainChain, rows); err != nil {
		return err
	}
	if r.Late, err = readChain(ctx, tx, r.Heading.ID, lateChain, rows); err != nil {
		return err
	}
	for _, x := range rows {
		v := of[x.VisitID]
		switch {
		case v == nil:
		case x.Chain == mainChain:
			v.add(x)
		default:
			r.Supplements = append(r.Supplements, x.supplement(*v))
		}
	}
	return nil
}

func (x recordRow) supplement(v Visit) Supplement {
	late := Visit{ID: v.ID, Number: v.Number, State: v.State}
	said := late.freeze(x)
	return Supplement{N: x.Seq, At: x.At, Corrects: x.corrects(), By: field[string](said, "written_by"),
		Text: field[string](said, "text"), SignedAt: x.SignedAt, Visit: late}
}

// add freezes a visit by a record of the day's chain. The record written last
// holds; one that names another is noted besides.
func (v *Visit) add(x recordRow) {
	said := v.freeze(x)
	if x.OldSeq != 0 {
		v.Late = append(v.Late, LateRecord{Seq: x.Seq, At: x.At, By: field[string](said, "written_by"),
			Text: field[string](said, "text"), SignedAt: x.SignedAt})
	}
}

func (x recordRow) corrects() string {
	switch x.OldChain {
	case mainChain:
		return fmt.Sprintf("就诊记录 %d", x.OldSeq)
	case lateChain:
		return fmt.Sprintf("补充 %d", x.OldSeq)
	}
	return ""
}

// readChain reads a head and checks the records against it by the published
// format alone, as a stranger would.
func readChain(ctx context.Context, tx *db.Tx, id int64, name string, rows []recordRow) (Chain, error) {
	var head struct {
		Length  int64      `db:"length"`
		Digest  []byte     `db:"digest"`
		At      *time.Time `db:"at"`
		KeyName string     `db:"key_name"`
	}
	err := tx.Get(ctx, &head, `SELECT c.length, c.digest, h.at, COALESCE(h.key_name, '') AS key_name FROM record_chain c
LEFT JOIN session_head h ON h.session_id = c.session_id AND h.chain = c.chain AND h.length = c.length
WHERE c.session_id = $1::bigint AND c.chain = $2`, id, name)
	if db.IsNoRows(err) {
		return Chain{}, nil // the session has not opened
	}
	if err != nil {
		return Chain{}, fmt.Errorf("read chain head: %w", err)
	}
	c := Chain{Length: head.Length, SignedAt: head.At, KeyName: head.KeyName}
	if c.Digest, err = seal.DigestOf(head.Digest); err != nil {
		return c, fmt.Errorf("read chain head: %w", err)
	}
	v := seal.NewChainVerifier(fmt.Sprintf("record.v1/%d/%s", id, name), seal.Digest{})
	for _, x := range rows {
		if x.Chain == name && c.Problem == "" && !x.follows(v) {
			c.Problem = fmt.Sprintf("第 %d 条与前面的记录接不上或内容被改动", v.Count()+1)
		}
	}
	if c.Problem == "" && (int64(v.Count()) != c.Length || v.Head() != c.Digest) {
		c.Problem = fmt.Sprintf("链头记着 %d 条，实有 %d 条", c.Length, v.Count())
	}
	return c, nil
}

// follows checks one record behind those before it.
func (x recordRow) follows(v *seal.ChainVerifier) bool {
	prev, err1 := seal.DigestOf(x.Prev)
	digest, err2 := seal.DigestOf(x.Digest)
	if err1 != nil || err2 != nil || x.Seq != int64(v.Count())+1 {
		return false
	}
	return v.Next(seal.ChainEntry{Canonical: x.Canonical, Prev: prev, Digest: digest}) == nil
}

// freeze puts the record's words over a visit and gives them. A record that
// cannot be read leaves the visit as it stands; the chain says that it does not
// fit.
func (v *Visit) freeze(x recordRow) seal.Record {
	said, err := seal.DecodeRecord(x.Canonical)
	if err != nil {
		return nil
	}
	v.Record = x.Seq
	v.Patient, v.PatientNo = field[string](said, "patient"), field[string](said, "patient_no")
	v.DoctorID = field[int64](said, "doctor_id")
	v.Doctor, v.FinishedBy = field[string](said, "doctor"), field[string](said, "finished_by")
	started, finished := field[time.Time](said, "started_at"), field[time.Time](said, "finished_at")
	v.StartedAt, v.FinishedAt = &started, &finished
	v.Collector, v.CollectorName = field[string](said, "collector"), field[string](said, "collector_name")
	v.Prescription, v.NoDrug = field[string](said, "prescription_no"), field[string](said, "no_drug_reason")
	v.Lines, v.NotRecorded = nil, nil
	for _, l := range field[[]seal.Record](said, "lines") {
		v.Lines = append(v.Lines, frozenLine(l))
	}
	for _, c := range field[[]seal.Record](said, "not_recorded") {
		v.NotRecorded = append(v.NotRecorded, NotRecorded{VisitID: v.ID, Raw: field[string](c, "raw"),
			Kind: inventory.AnswerKind(field[string](c, "kind")), Resolution: field[string](c, "resolution")})
	}
	return said
}

func frozenLine(l seal.Record) VisitLine {
	line := VisitLine{
		Code: field[string](l, "code"), Generic: field[string](l, "generic_name"), Spec: field[string](l, "spec"),
		PackWord: field[string](l, "pack_name"), UnitWord: field[string](l, "unit_name"),
		Packs: field[int64](l, "packs"), Units: field[int64](l, "units"), Dose: field[string](l, "dose"),
		Batch: field[string](l, "batch"), How: inventory.How(field[string](l, "how")),
	}
	if days, err := seal.Get[int64](l, "days"); err == nil {
		line.Days = &days
	}
	if day, err := time.Parse(time.DateOnly, field[string](l, "expires_on")); err == nil {
		line.ExpiresOn = &day
	}
	return line
}

// field is the value of a field; a recipe that lacks it, or says null, gives the
// zero value.
func field[T seal.FieldType](r seal.Record, name string) T {
	v, err := seal.Get[T](r, name)
	if err != nil {
		var none T
		return none
	}
	return v
}
