package identity

import (
	"context"
	"fmt"
	"strings"
	"sync"
	"time"

	"github.com/google/uuid"

	"jingfang/sql/db"
	"jingfang/sql/seal"
)

// The outcomes of an event.
const (
	OK      = "ok"      // it was done
	Refused = "refused" // a rule or a missing permission forbade it
	Failed  = "failed"  // it was tried and went wrong
)

// Event is one act for the audit. Texts that are too long are cut, so that an
// act never goes unrecorded because somebody typed much.
type Event struct {
	// Name says what was done, such as "login" or "visit.finish"; at most 60
	// characters. Outcome is OK, Refused or Failed; "" means OK.
	Name, Outcome string
	// ObjectKind and ObjectID name what it was done to; 40 and 120 characters.
	ObjectKind, ObjectID string
	// SiteID and SessionID are 0 where there is none.
	SiteID, SessionID int64
	// Detail is for people; it never holds secrets or sealed values.
	Detail string
}

// runChain is the chain of this run of the server, for what happens without a
// login. It does not change while the program runs.
var runChain = sync.OnceValue(uuid.New)

// Audit writes one event of by into the chain of its login (or of this run of
// the server) inside the caller's transaction, so that the act and its record
// stand or fall together. It locks the chain's head: call it after all locks of
// the business, before live.Touch.
func Audit(ctx context.Context, tx *db.Tx, by Actor, e Event) error {
	chain, kind := by.LoginID, "login"
	if chain == uuid.Nil {
		chain, kind = runChain(), "run"
	}
	h, err := lockHead(ctx, tx, chain, kind)
	if err != nil {
		return fmt.Errorf("audit %s: %w", e.Name, err)
	}
	if err := appendAudit(ctx, tx, h, newAuditRow(chain, h, by, e, tx.Now)); err != nil {
		return fmt.Errorf("audit %s: %w", e.Name, err)
	}
	return nil
}

// AuditAlone writes an event in a transaction of its own, for an act that
// changes no row, such as looking at something.
func AuditAlone(ctx context.Context, d *db.DB, by Actor, e Event) error {
	return d.InTx(ctx, func(ctx context.Context, tx *db.Tx) error { return Audit(ctx, tx, by, e) })
}

// AuditRefusal is AuditAlone for a refusal, whose business transaction is rolled
// back or never began; an empty outcome means Refused.
func AuditRefusal(ctx context.Context, d *db.DB, by Actor, e Event) error {
	if e.Outcome == "" {
		e.Outcome = Refused
	}
	return AuditAlone(ctx, d, by, e)
}

// head is the end of a chain.
type head struct {
	Length int64  `db:"length"`
	Digest []byte `db:"digest"`
}

// lockHead locks the chain's head and makes it when it is missing. The insert
// stands behind a savepoint: two first events of a run may come together.
func lockHead(ctx context.Context, tx *db.Tx, chain uuid.UUID, kind string) (head, error) {
	var h head
	err := tx.Get(ctx, &h, `SELECT length, digest FROM audit_chain WHERE id = $1 FOR NO KEY UPDATE`, chain)
	if !db.IsNoRows(err) {
		return h, err
	}
	err = tx.Try(ctx, func() error { return insertChain(ctx, tx, chain, kind) })
	if err != nil && !db.IsUnique(err, "audit_chain_pk") {
		return h, err
	}
	err = tx.Get(ctx, &h, `SELECT length, digest FROM audit_chain WHERE id = $1 FOR NO KEY UPDATE`, chain)
	return h, err
}

func insertChain(ctx context.Context, tx *db.Tx, chain uuid.UUID, kind string) error {
	var start seal.Digest
	return tx.ExecOne(ctx, `INSERT INTO audit_chain (id, kind, length, digest, opened_at, changed_at) VALUES ($1, $2, 0, $3, $4, $4)`,
		chain, kind, start[:], tx.Now)
}

// auditRow is a row of audit as it is hashed.
type auditRow struct {
	ChainID    uuid.UUID  `db:"chain_id"`
	Seq        int64      `db:"seq"`
	At         time.Time  `db:"at"`
	StaffID    *int64     `db:"staff_id"`
	LoginID    *uuid.UUID `db:"login_id"`
	Roles      string     `db:"roles"`
	Addr       string     `db:"addr"`
	RequestID  string     `db:"request_id"`
	Event      string     `db:"event"`
	Outcome    string     `db:"outcome"`
	ObjectKind string     `db:"object_kind"`
	ObjectID   string     `db:"object_id"`
	SiteID     *int64     `db:"site_id"`
	SessionID  *int64     `db:"session_id"`
	Detail     string     `db:"detail"`
}

func newAuditRow(chain uuid.UUID, h head, by Actor, e Event, now time.Time) auditRow {
	if e.Outcome == "" {
		e.Outcome = OK
	}
	r := auditRow{
		ChainID: chain, Seq: h.Length + 1, At: now,
		StaffID: orNil(by.StaffID), SiteID: orNil(e.SiteID), SessionID: orNil(e.SessionID),
		Roles: clip(by.roleText(), 200), Addr: clip(by.Addr, 64), RequestID: clip(by.RequestID, 64),
		Event: clip(e.Name, 60), Outcome: clip(e.Outcome, 20),
		ObjectKind: clip(e.ObjectKind, 40), ObjectID: clip(e.ObjectID, 120), Detail: clip(e.Detail, 2000),
	}
	if by.LoginID != uuid.Nil {
		r.LoginID = &by.LoginID
	}
	return r
}

// canonical gives the bytes that are hashed and stored (version 1).
func (r auditRow) canonical() ([]byte, error) { return r.record().Encode() }

// record is the row as named values, in the order of version 1.
func (r auditRow) record() seal.Record {
	return seal.Record{
		seal.F("v", 1), seal.F("chain", r.ChainID.String()), seal.F("seq", r.Seq), seal.F("at", r.At),
		optional("staff", r.StaffID), optionalID("login", r.LoginID),
		seal.F("roles", r.Roles), seal.F("addr", r.Addr), seal.F("request", r.RequestID),
		seal.F("event", r.Event), seal.F("outcome", r.Outcome),
		seal.F("object_kind", r.ObjectKind), seal.F("object_id", r.ObjectID),
		optional("site", r.SiteID), optional("session", r.SessionID), seal.F("detail", r.Detail),
	}
}

// auditDomain keeps a row of one chain from being passed off in another.
func auditDomain(chain uuid.UUID) string { return "audit.v1/" + chain.String() }

// appendAudit inserts the row and moves the head in one statement.
func appendAudit(ctx context.Context, tx *db.Tx, h head, r auditRow) error {
	canonical, err := r.canonical()
	if err != nil {
		return err
	}
	prev, err := seal.DigestOf(h.Digest)
	if err != nil {
		return fmt.Errorf("head of chain %s: %w", r.ChainID, err)
	}
	digest := seal.Link(auditDomain(r.ChainID), prev, canonical)
	return tx.ExecOne(ctx, `
WITH link AS (
  INSERT INTO audit (chain_id, seq, at, staff_id, login_id, roles, addr, request_id, event, outcome,
    object_kind, object_id, site_id, session_id, detail, canonical, prev, digest)
  VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18)
  RETURNING seq
)
UPDATE audit_chain SET length = (SELECT seq FROM link), digest = $18, changed_at = $3 WHERE id = $1`,
		r.ChainID, r.Seq, r.At, r.StaffID, r.LoginID, r.Roles, r.Addr, r.RequestID, r.Event, r.Outcome,
		r.ObjectKind, r.ObjectID, r.SiteID, r.SessionID, r.Detail, canonical, prev[:], digest[:])
}

func optional(name string, v *int64) seal.Field {
	if v == nil {
		return seal.Null(name)
	}
	return seal.F(name, *v)
}

func optionalID(name string, v *uuid.UUID) seal.Field {
	if v == nil {
		return seal.Null(name)
	}
	return seal.F(name, v.String())
}

func orNil(id int64) *int64 {
	if id == 0 {
		return nil
	}
	return &id
}

// clip makes any text fit for a column of n characters: what is not text
// becomes "�", NUL goes, the rest is cut.
func clip(s string, n int) string {
	s = strings.ReplaceAll(strings.ToValidUTF8(s, "\uFFFD"), "\x00", "\uFFFD")
	if len(s) <= n {
		return s
	}
	runes := []rune(s)
	if len(runes) > n {
		runes = runes[:n]
	}
	return string(runes)
}
