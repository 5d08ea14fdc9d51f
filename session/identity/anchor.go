package identity

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"jingfang/sql/db"
	"jingfang/sql/seal"
)

const (
	anchorDomain = "anchor.v1"
	auditPrefix  = "audit/"
	// anchorOverlap is how far behind the last anchor changed heads are looked
	// for: a transaction's time is older than its commit.
	anchorOverlap = 10 * time.Minute
)

// Head is the end of a chain at some time: its name ("audit/<id>",
// "record/<session>/main"), how many entries it has and the last digest.
type Head struct {
	Name   string
	Length int64
	Digest seal.Digest
}

// anchorRow is a row of anchor.
type anchorRow struct {
	Seq       int64     `db:"seq"`
	At        time.Time `db:"at"`
	KeyName   string    `db:"key_name"`
	Canonical []byte    `db:"canonical"`
	Prev      []byte    `db:"prev"`
	Digest    []byte    `db:"digest"`
	Signature []byte    `db:"signature"`
}

// Anchor writes one signed statement of the heads of all audit chains that
// changed since the anchor before, and of the heads the caller knows from other
// chains, so that a cut tail shows. It gives the number of heads and writes
// nothing when there is none. Signing may ask a machine, so it happens before
// the transaction; when another server was faster, its anchor stands and this
// one is dropped.
func Anchor(ctx context.Context, d *db.DB, signer seal.Signer, others []Head) (int, error) {
	last, heads, err := changedHeads(ctx, d, others)
	if err != nil || len(heads) == 0 {
		return 0, err
	}
	row, err := sealAnchor(signer, last, heads, d.Now())
	if err != nil {
		return 0, fmt.Errorf("anchor: %w", err)
	}
	err = d.InTx(ctx, func(ctx context.Context, tx *db.Tx) error {
		return tx.ExecOne(ctx, `INSERT INTO anchor (seq, at, key_name, canonical, prev, digest, signature) VALUES ($1, $2, $3, $4, $5, $6, $7)`,
			row.Seq, row.At, row.KeyName, row.Canonical, row.Prev, row.Digest, row.Signature)
	})
	if db.IsUnique(err, "anchor_seq_uq") {
		return 0, nil
	}
	if err != nil {
		return 0, fmt.Errorf("anchor: %w", err)
	}
	return len(heads), nil
}

// changedHeads reads the last anchor and what has changed since, at one moment.
func changedHeads(ctx context.Context, d *db.DB, others []Head) (last anchorRow, heads []Head, err error) {
	err = d.InSnapshot(ctx, func(ctx context.Context, tx *db.Tx) error {
		err := tx.Get(ctx, &last, `SELECT seq, at, key_name, canonical, prev, digest, signature FROM anchor ORDER BY seq DESC LIMIT 1`)
		if err != nil && !db.IsNoRows(err) {
			return err
		}
		var rows []chainHead
		err = tx.Select(ctx, &rows, `SELECT id, length, digest FROM audit_chain WHERE changed_at >= $1 AND length > 0 ORDER BY id`, last.At.Add(-anchorOverlap))
		if err != nil {
			return err
		}
		for _, h := range rows {
			digest, err := seal.DigestOf(h.Digest)
			if err != nil {
				return fmt.Errorf("head of chain %s: %w", h.ID, err)
			}
			heads = append(heads, Head{auditPrefix + h.ID.String(), h.Length, digest})
		}
		return nil
	})
	if err != nil {
		return last, nil, fmt.Errorf("anchor: read heads: %w", err)
	}
	heads, err = notNamed(last, append(heads, others...))
	return last, heads, err
}

// notNamed leaves out the heads that stand in the last anchor as they are.
func notNamed(last anchorRow, heads []Head) ([]Head, error) {
	if last.Seq == 0 {
		return heads, nil
	}
	before, err := readAnchor(last)
	if err != nil {
		return nil, fmt.Errorf("anchor %d: %w", last.Seq, err)
	}
	return slices.DeleteFunc(heads, func(h Head) bool { return slices.Contains(before, h) }), nil
}

func sealAnchor(signer seal.Signer, last anchorRow, heads []Head, now time.Time) (anchorRow, error) {
	var prev seal.Digest
	if last.Seq > 0 {
		var err error
		if prev, err = seal.DigestOf(last.Digest); err != nil {
			return anchorRow{}, fmt.Errorf("anchor %d: %w", last.Seq, err)
		}
	}
	list := make([]seal.Record, len(heads))
	for i, h := range heads {
		list[i] = seal.Record{seal.F("name", h.Name), seal.F("length", h.Length), seal.F("digest", h.Digest[:])}
	}
	row := anchorRow{Seq: last.Seq + 1, At: now, KeyName: signer.ID(), Prev: prev[:]}
	var err error
	row.Canonical, err = seal.Canonical(seal.F("v", 1), seal.F("seq", row.Seq), seal.F("at", row.At), seal.F("key", row.KeyName), seal.F("heads", list))
	if err != nil {
		return row, err
	}
	digest := seal.Link(anchorDomain, prev, row.Canonical)
	row.Digest = digest[:]
	row.Signature, err = signer.Sign(digest[:])
	return row, err
}

// Lookup gives the digest a chain has at a length, for heads that are not of the
// audit; found is false when the chain is shorter.
type Lookup func(ctx context.Context, name string, length int64) (digest seal.Digest, found bool, err error)

// VerifyAnchors checks the chain of anchors, their signatures, and that every
// head they name still stands where it stood. r should be one snapshot; key
// gives public keys by id (seal.KeyProvider.PublicKey), other looks up heads of
// other chains. The report counts anchors as Chains and heads as Rows.
func VerifyAnchors(ctx context.Context, r db.Reader, key func(id string) (*seal.PublicKey, error), other Lookup) (Report, error) {
	v := seal.NewChainVerifier(anchorDomain, seal.Digest{})
	var report Report
	for {
		var rows []anchorRow
		err := r.Select(ctx, &rows, `SELECT seq, at, key_name, canonical, prev, digest, signature FROM anchor WHERE seq > $1 ORDER BY seq LIMIT 100`, int64(v.Count()))
		if err != nil {
			return report, fmt.Errorf("verify anchors: %w", err)
		}
		for _, row := range rows {
			heads, what := checkAnchor(row, v, key)
			if what == "" {
				what, err = checkHeads(ctx, r, heads, other)
			}
			if err != nil {
				return report, fmt.Errorf("verify anchors: %w", err)
			}
			if what != "" {
				report.Broken = &Broken{Chain: "anchor", Seq: row.Seq, What: what}
				return report, nil
			}
			report.Chains++
			report.Rows += int64(len(heads))
		}
		if len(rows) < 100 {
			return report, nil
		}
	}
}

// checkAnchor verifies one anchor by itself and reads its heads.
func checkAnchor(row anchorRow, v *seal.ChainVerifier, key func(id string) (*seal.PublicKey, error)) ([]Head, string) {
	if want := int64(v.Count()) + 1; row.Seq != want {
		return nil, fmt.Sprintf("缺少第 %d 个锚点，锚点被删除。", want)
	}
	prev, err1 := seal.DigestOf(row.Prev)
	digest, err2 := seal.DigestOf(row.Digest)
	if err := errors.Join(err1, err2, v.Next(seal.ChainEntry{Canonical: row.Canonical, Prev: prev, Digest: digest})); err != nil {
		return nil, "锚点与前一个接不上或内容被改动。"
	}
	public, err := key(row.KeyName)
	if err != nil {
		return nil, fmt.Sprintf("没有签名公钥 %s。", clip(row.KeyName, 60))
	}
	if err := public.Verify(digest[:], row.Signature); err != nil {
		return nil, "锚点的 SM2 签名不正确。"
	}
	heads, err := readAnchor(row)
	if err != nil {
		return nil, "锚点的字段与封存的内容不符。"
	}
	return heads, ""
}

// readAnchor reads the heads and compares the columns with the bytes.
func readAnchor(row anchorRow) ([]Head, error) {
	record, err := seal.DecodeRecord(row.Canonical)
	if err != nil {
		return nil, err
	}
	seq, err1 := seal.Get[int64](record, "seq")
	at, err2 := seal.Get[time.Time](record, "at")
	key, err3 := seal.Get[string](record, "key")
	list, err4 := seal.Get[[]seal.Record](record, "heads")
	if err := errors.Join(err1, err2, err3, err4); err != nil {
		return nil, err
	}
	if seq != row.Seq || !at.Equal(row.At) || key != row.KeyName {
		return nil, fmt.Errorf("%w: columns of anchor %d", seal.ErrFormat, row.Seq)
	}
	heads := make([]Head, len(list))
	for i, h := range list {
		name, err1 := seal.Get[string](h, "name")
		length, err2 := seal.Get[int64](h, "length")
		raw, err3 := seal.Get[[]byte](h, "digest")
		digest, err4 := seal.DigestOf(raw)
		if err := errors.Join(err1, err2, err3, err4); err != nil {
			return nil, err
		}
		heads[i] = Head{name, length, digest}
	}
	return heads, nil
}
