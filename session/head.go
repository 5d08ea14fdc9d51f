package session

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/google/uuid"
	"github.com/lib/pq"

	"jingfang/sql/db"
	"jingfang/sql/seal"
)

// SignedHead is the signed statement of where a session's chain stood: main when
// it was closed, the supplement after each record (RECORD.md).
type SignedHead struct {
	SessionID int64     `db:"session_id"`
	Chain     string    `db:"chain"`
	Length    int64     `db:"length"`
	Canonical []byte    `db:"canonical"`
	Signature []byte    `db:"signature"`
	KeyName   string    `db:"key_name"`
	At        time.Time `db:"at"`
}

// headDigest is what is signed: the bytes in a domain of their own, so that the
// signature of a head is nothing else's.
func headDigest(sessionID int64, chain string, canonical []byte) seal.Digest {
	return seal.Link(fmt.Sprintf("session.head.v1/%d/%s", sessionID, chain), seal.Digest{}, canonical)
}

// signHead signs where a chain stands. The key is the server's own; a machine
// that keeps it across a network must answer before the transaction begins. Where
// records are signed through a CA, the head waits for that as well: of people the
// first who has a certificate signs it, or else the first of all.
func (s *Service) signHead(ctx context.Context, tx *db.Tx, x Session, chain string, people []int64, more seal.Record) error {
	if s.keys == nil {
		return db.Refuse(db.Unavailable, "服务器没有签名密钥，不能结束场次。请联系系统管理员。")
	}
	signer, err := s.keys.Signer()
	if err != nil {
		return fmt.Errorf("sign the head of a session: %w", err)
	}
	var head struct {
		Length int64  `db:"length"`
		Digest []byte `db:"digest"`
	}
	err = tx.Get(ctx, &head, `SELECT length, digest FROM record_chain WHERE session_id = $1 AND chain = $2`, x.ID, chain)
	if err != nil {
		return fmt.Errorf("read chain head: %w", err)
	}
	canonical, err := composeHead(x, chain, head.Length, head.Digest, signer.ID(), tx.Now, more)
	if err != nil {
		return fmt.Errorf("compose the head of a session: %w", err)
	}
	digest := headDigest(x.ID, chain, canonical)
	signature, err := signer.Sign(digest[:])
	if err != nil {
		return fmt.Errorf("sign the head of a session: %w", err)
	}
	err = tx.ExecOne(ctx, `WITH task AS (
  INSERT INTO signature_task (kind, session_id, chain, seq, staff_id, number, state, created_at, next_at)
  SELECT 'head', $1::bigint, $2::text, $3::bigint, COALESCE((SELECT min(b.staff_id) FROM ca_binding b WHERE b.unbound_at IS NULL AND b.staff_id = ANY($8::bigint[])), $9::bigint),
    $10::uuid, 'waiting', $7::timestamptz, $7::timestamptz FROM signing_switch w WHERE w.active
)
INSERT INTO session_head (session_id, chain, length, canonical, signature, key_name, at) VALUES ($1::bigint, $2::text, $3::bigint, $4, $5, $6, $7::timestamptz)`,
		x.ID, chain, head.Length, canonical, signature, signer.ID(), tx.Now, pq.Array(people), people[0], uuid.New())
	if err != nil {
		return fmt.Errorf("keep the head of a session: %w", err)
	}
	return nil
}

func composeHead(x Session, chain string, length int64, digest []byte, key string, at time.Time, more seal.Record) ([]byte, error) {
	r := seal.Record{seal.F("v", 1), seal.F("session", x.ID), seal.F("chain", chain), seal.F("date", x.HeldOn.Format(time.DateOnly)),
		seal.F("site", x.Site), seal.F("length", length), seal.F("digest", digest), seal.F("key", key), seal.F("at", at)}
	return append(r, more...).Encode()
}

// closingFields is what the head says of the day: the equation in packs and the
// two who confirmed.
func closingFields(e Equation, signed []Confirmation) seal.Record {
	people := make([]seal.Record, len(signed))
	for i, c := range signed {
		people[i] = seal.Record{seal.F("staff_id", c.StaffID), seal.F("name", c.Name), seal.F("part", c.Part), seal.F("at", c.At)}
	}
	return seal.Record{seal.F("taken", e.Taken), seal.F("given", e.Given), seal.F("home", e.Home), seal.F("rolled", e.Rolled),
		seal.F("damaged", e.Damaged), seal.F("explained", e.Explained), seal.F("confirmed", people)}
}

// VerifyHeads checks the signed heads: the signature, the columns against the
// bytes, and that the chain still has the digest where the head says. sessionID 0
// means all sessions; key gives public keys by id (seal.KeyProvider.PublicKey).
// The report counts heads as Chains and stops at the first wrong one.
func VerifyHeads(ctx context.Context, d *db.DB, sessionID int64, key func(id string) (*seal.PublicKey, error)) (ChainReport, error) {
	var report ChainReport
	err := d.InSnapshot(ctx, func(ctx context.Context, tx *db.Tx) error {
		var heads []struct {
			SignedHead
			Digest []byte `db:"digest"`
		}
		err := tx.Select(ctx, &heads, `SELECT h.session_id, h.chain, h.length, h.canonical, h.signature, h.key_name, h.at, r.digest
FROM session_head h LEFT JOIN record r ON r.session_id = h.session_id AND r.chain = h.chain AND r.seq = h.length
WHERE $1::bigint = 0 OR h.session_id = $1::bigint ORDER BY h.session_id, h.chain, h.length`, sessionID)
		if err != nil {
			return fmt.Errorf("read signed heads: %w", err)
		}
		for _, h := range heads {
			report.Chains++
			if err := h.verify(h.Digest, key); err != nil {
				report.Problem = fmt.Sprintf("场次 %d 的签名链头（%s，%d 条）不对：%s", h.SessionID, h.Chain, h.Length, headReason(err))
				return nil
			}
		}
		return nil
	})
	return report, err
}

// verify checks one head against the digest that the chain has at its place; a
// chain without records has none.
func (h SignedHead) verify(there []byte, key func(id string) (*seal.PublicKey, error)) error {
	public, err := key(h.KeyName)
	if err != nil {
		return err
	}
	digest := headDigest(h.SessionID, h.Chain, h.Canonical)
	if err := public.Verify(digest[:], h.Signature); err != nil {
		return err
	}
	said, err := seal.DecodeRecord(h.Canonical)
	if err != nil {
		return err
	}
	id, err1 := seal.Get[int64](said, "session")
	chain, err2 := seal.Get[string](said, "chain")
	length, err3 := seal.Get[int64](said, "length")
	head, err4 := seal.Get[[]byte](said, "digest")
	at, err5 := seal.Get[time.Time](said, "at")
	name, err6 := seal.Get[string](said, "key")
	if err := errors.Join(err1, err2, err3, err4, err5, err6); err != nil {
		return err
	}
	if length == 0 {
		there = make([]byte, len(seal.Digest{}))
	}
	if id != h.SessionID || chain != h.Chain || length != h.Length || !at.Equal(h.At) || name != h.KeyName || string(head) != string(there) {
		return errColumns
	}
	return nil
}

func headReason(err error) string {
	switch {
	case errors.Is(err, seal.ErrSignature):
		return "SM2 签名不正确，内容被改动。"
	case errors.Is(err, seal.ErrUnknownKey):
		return "没有签名的公钥。"
	case errors.Is(err, errColumns):
		return "与链上的记录或表中的列不一致，被改动或删除。"
	}
	return "内容读不出，被改动。"
}
