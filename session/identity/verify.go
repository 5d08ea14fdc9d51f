package identity

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"time"

	"github.com/google/uuid"
	"github.com/lib/pq"

	"jingfang/sql/db"
	"jingfang/sql/seal"
)

// verifyPage is how many rows are read at a time.
const verifyPage = 2000

// Report says what a verification has seen.
type Report struct {
	// Chains and Rows were checked and are good.
	Chains, Rows int64
	// Broken is the first thing that is wrong, nil if nothing is.
	Broken *Broken
}

// Broken names a thing that is not as it was written.
type Broken struct {
	Chain string // id of the chain, or "anchor"
	Seq   int64  // place in the chain, from 1
	What  string // one Chinese sentence
}

// String is the finding as one line.
func (b Broken) String() string { return fmt.Sprintf("链 %s 第 %d 条：%s", b.Chain, b.Seq, b.What) }

// storedAudit is a row with its seals.
type storedAudit struct {
	auditRow
	Canonical []byte `db:"canonical"`
	Prev      []byte `db:"prev"`
	Digest    []byte `db:"digest"`
}

// chainHead is a row of audit_chain.
type chainHead struct {
	ID     uuid.UUID `db:"id"`
	Length int64     `db:"length"`
	Digest []byte    `db:"digest"`
}

// VerifyAudit walks through every audit chain: each row's bytes must give its
// digest and follow the row before, its columns must say what the bytes say, and
// the chain must end at its head. r should be one snapshot (db.InSnapshot), or
// rows written meanwhile look like a break. A finding is in the report; the
// error is for a database that does not answer.
func VerifyAudit(ctx context.Context, r db.Reader) (Report, error) {
	return verifyAudit(ctx, r, func(int64) {})
}

// verifyAudit is VerifyAudit that tells after each page how many rows are done.
func verifyAudit(ctx context.Context, r db.Reader, told func(rows int64)) (Report, error) {
	w := auditWalk{r: r}
	for {
		told(w.report.Rows)
		rows, err := w.page(ctx)
		if err != nil {
			return w.report, fmt.Errorf("verify audit: %w", err)
		}
		for _, row := range rows {
			if w.step(row); w.report.Broken != nil {
				return w.report, nil
			}
		}
		if len(rows) < verifyPage {
			break
		}
	}
	w.finish()
	if w.report.Broken != nil {
		return w.report, nil
	}
	return w.report, w.checkEmpty(ctx)
}

// auditWalk is a verification on its way.
type auditWalk struct {
	r        db.Reader
	report   Report
	heads    map[uuid.UUID]chainHead
	chain    uuid.UUID
	verifier *seal.ChainVerifier
}

// page reads the rows that follow and the heads of their chains.
func (w *auditWalk) page(ctx context.Context) ([]storedAudit, error) {
	after := int64(0)
	if w.verifier != nil {
		after = int64(w.verifier.Count())
	}
	var rows []storedAudit
	err := w.r.Select(ctx, &rows, `
SELECT chain_id, seq, at, staff_id, login_id, roles, addr, request_id, event, outcome,
  object_kind, object_id, site_id, session_id, detail, canonical, prev, digest
FROM audit WHERE (chain_id, seq) > ($1::uuid, $2::bigint) ORDER BY chain_id, seq LIMIT $3`, w.chain, after, verifyPage)
	if err != nil {
		return nil, err
	}
	ids := []string{w.chain.String()}
	for i, row := range rows {
		if i == 0 || row.ChainID != rows[i-1].ChainID {
			ids = append(ids, row.ChainID.String())
		}
	}
	var heads []chainHead
	if err := w.r.Select(ctx, &heads, `SELECT id, length, digest FROM audit_chain WHERE id = ANY($1::uuid[])`, pq.Array(ids)); err != nil {
		return nil, err
	}
	w.heads = map[uuid.UUID]chainHead{}
	for _, h := range heads {
		w.heads[h.ID] = h
	}
	return rows, nil
}

func (w *auditWalk) step(row storedAudit) {
	if w.verifier == nil || row.ChainID != w.chain {
		if w.finish(); w.report.Broken != nil {
			return
		}
		w.chain, w.verifier = row.ChainID, seal.NewChainVerifier(auditDomain(row.ChainID), seal.Digest{})
	}
	if what := w.check(row); what != "" {
		w.report.Broken = &Broken{Chain: row.ChainID.String(), Seq: row.Seq, What: what}
		return
	}
	w.report.Rows++
}

// check tells in one sentence what is wrong with a row, or "".
func (w *auditWalk) check(row storedAudit) string {
	if want := int64(w.verifier.Count()) + 1; row.Seq != want {
		return fmt.Sprintf("缺少第 %d 条，记录被删除。", want)
	}
	prev, err := seal.DigestOf(row.Prev)
	if err != nil {
		return "前一条的摘要不是 32 字节，记录被改动。"
	}
	digest, err := seal.DigestOf(row.Digest)
	if err != nil {
		return "摘要不是 32 字节，记录被改动。"
	}
	var gap *seal.ChainBreak
	err = w.verifier.Next(seal.ChainEntry{Canonical: row.Canonical, Prev: prev, Digest: digest})
	if errors.As(err, &gap) && gap.Gap {
		return "与前一条接不上，记录被删除、插入或调换。"
	}
	if err != nil {
		return "内容与摘要不符，记录被改动。"
	}
	return differs(row)
}

// differs compares the columns with the bytes that were hashed and names the
// first that is not the same.
func differs(row storedAudit) string {
	record, err := seal.DecodeRecord(row.Canonical)
	if err != nil {
		return "封存的字节无法识别。"
	}
	want := row.record()
	if len(record) != len(want) {
		return "封存的字节与字段的数目不符。"
	}
	for i, f := range want {
		if record[i].Name != f.Name || text(record[i].Value) != text(f.Value) {
			return fmt.Sprintf("字段 %s 与封存的内容不符，记录被改动。", f.Name)
		}
	}
	return ""
}

// text makes values of a record comparable; the kinds of a field do not mix.
func text(v any) string {
	switch v := v.(type) {
	case nil:
		return "n"
	case time.Time:
		return "t" + strconv.FormatInt(v.UnixMicro(), 10)
	case int64:
		return "i" + strconv.FormatInt(v, 10)
	default:
		return fmt.Sprintf("%T:%v", v, v)
	}
}

// finish holds the chain that ends here to its head.
func (w *auditWalk) finish() {
	if w.verifier == nil {
		return
	}
	h, ok := w.heads[w.chain]
	n := int64(w.verifier.Count())
	switch head := w.verifier.Head(); {
	case !ok:
		w.broken(n, "这条链没有链头。")
	case h.Length > n:
		w.broken(n+1, fmt.Sprintf("链头记有 %d 条，只找到 %d 条，末尾的记录被删除。", h.Length, n))
	case h.Length < n || !head.Equal(h.Digest):
		w.broken(n, "链头与最后一条不符，链头被改动。")
	default:
		w.report.Chains++
	}
}

func (w *auditWalk) broken(seq int64, what string) {
	w.report.Broken = &Broken{Chain: w.chain.String(), Seq: seq, What: what}
}

// checkEmpty finds chains that should have rows and have none at all.
func (w *auditWalk) checkEmpty(ctx context.Context) error {
	var lost []chainHead
	err := w.r.Select(ctx, &lost, `
SELECT c.id, c.length, c.digest FROM audit_chain c
WHERE c.length > 0 AND NOT EXISTS (SELECT 1 FROM audit a WHERE a.chain_id = c.id AND a.seq = c.length)
ORDER BY c.id LIMIT 1`)
	if err != nil {
		return fmt.Errorf("verify audit: %w", err)
	}
	for _, h := range lost {
		w.report.Broken = &Broken{Chain: h.ID.String(), Seq: 1, What: fmt.Sprintf("链头记有 %d 条，一条也没有找到，记录被删除。", h.Length)}
	}
	return nil
}

// VerifyAudit is the package's VerifyAudit over one snapshot; by needs ViewAudit
// and leaves a trace of having looked. progress, if not nil, is told how many of
// how many rows are done.
func (s *Service) VerifyAudit(ctx context.Context, by Actor, progress func(done, total int64)) (Report, error) {
	if err := Allow(ctx, s.d, by, ViewAudit, 0); err != nil {
		return Report{}, err
	}
	if progress == nil {
		progress = func(int64, int64) {}
	}
	var report Report
	err := s.d.InSnapshot(ctx, func(ctx context.Context, tx *db.Tx) (err error) {
		var total int64
		if err := tx.Get(ctx, &total, `SELECT count(*) FROM audit`); err != nil {
			return fmt.Errorf("count the audit: %w", err)
		}
		report, err = verifyAudit(ctx, tx, func(rows int64) { progress(rows, total) })
		return err
	})
	if err != nil {
		return report, err
	}
	e := Event{Name: "audit.verify", Detail: fmt.Sprintf("%d 条链，%d 条记录，链完整", report.Chains, report.Rows)}
	if report.Broken != nil {
		e.Outcome, e.Detail = Failed, report.Broken.String()
		s.log.Error("the audit is broken", "chain", report.Broken.Chain, "seq", report.Broken.Seq, "what", report.Broken.What)
	}
	return report, AuditAlone(ctx, s.d, by, e)
}
