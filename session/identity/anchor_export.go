package identity

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"time"

	"jingfang/sql/db"
	"jingfang/sql/seal"
)

// SignedAnchor is an anchor as it is stored, for a copy that proves itself without
// the database. Bytes travel in base64.
type SignedAnchor struct {
	Seq       int64     `json:"seq"`
	At        time.Time `json:"at"`
	Key       string    `json:"key"`
	Canonical []byte    `json:"canonical"`
	Prev      []byte    `json:"prev"`
	Digest    []byte    `json:"digest"`
	Signature []byte    `json:"signature"`
}

// AnchorsBetween gives the anchors made from a time on (included) to another (not
// included), in their order.
func AnchorsBetween(ctx context.Context, r db.Reader, from, to time.Time) ([]SignedAnchor, error) {
	var rows []anchorRow
	err := r.Select(ctx, &rows, `SELECT seq, at, key_name, canonical, prev, digest, signature FROM anchor WHERE at >= $1 AND at < $2 ORDER BY seq`, from, to)
	if err != nil {
		return nil, fmt.Errorf("read anchors: %w", err)
	}
	out := make([]SignedAnchor, len(rows))
	for i, x := range rows {
		out[i] = SignedAnchor{x.Seq, x.At, x.KeyName, x.Canonical, x.Prev, x.Digest, x.Signature}
	}
	return out, nil
}

// Heads verifies the anchor by itself (its digest, its signature, its columns) and
// gives the heads that it names. The error is a sentence for people.
func (a SignedAnchor) Heads(key func(id string) (*seal.PublicKey, error)) ([]Head, error) {
	prev, err1 := seal.DigestOf(a.Prev)
	digest, err2 := seal.DigestOf(a.Digest)
	if err := errors.Join(err1, err2); err != nil || seal.Link(anchorDomain, prev, a.Canonical) != digest {
		return nil, db.RefuseBecause(err, db.Conflict, "第 %d 个锚点的内容被改动。", a.Seq)
	}
	public, err := key(a.Key)
	if err != nil {
		return nil, db.RefuseBecause(err, db.Conflict, "没有锚点的签名公钥 %s。", clip(a.Key, 60))
	}
	if err := public.Verify(digest[:], a.Signature); err != nil {
		return nil, db.RefuseBecause(err, db.Conflict, "第 %d 个锚点的 SM2 签名不正确。", a.Seq)
	}
	heads, err := readAnchor(anchorRow{Seq: a.Seq, At: a.At, KeyName: a.Key, Canonical: a.Canonical})
	if err != nil {
		return nil, db.RefuseBecause(err, db.Conflict, "第 %d 个锚点的字段与封存的内容不符。", a.Seq)
	}
	return heads, nil
}

// AnchoredHeads verifies the anchors made from a time on (included) to another (not
// included), each by itself and all as one chain without a gap, and gives the heads
// that they name. A finding is a Conflict with a sentence.
func AnchoredHeads(ctx context.Context, r db.Reader, from, to time.Time, key func(id string) (*seal.PublicKey, error)) ([]Head, error) {
	list, err := AnchorsBetween(ctx, r, from, to)
	if err != nil {
		return nil, err
	}
	var out []Head
	for i, a := range list {
		if i > 0 && a.Seq != list[i-1].Seq+1 {
			return out, db.Refuse(db.Conflict, "缺少第 %d 个锚点，锚点被删除。", list[i-1].Seq+1)
		}
		if i > 0 && !bytes.Equal(a.Prev, list[i-1].Digest) {
			return out, db.Refuse(db.Conflict, "第 %d 个锚点与前一个接不上。", a.Seq)
		}
		heads, err := a.Heads(key)
		if err != nil {
			return out, err
		}
		out = append(out, heads...)
	}
	return out, nil
}
