package session

import (
	"context"
	"errors"
	"fmt"
	"time"

	"jingfang/session/identity"
	"jingfang/sql/db"
	"jingfang/sql/seal"
)

// evidence is a stored signature with what it is about.
type evidence struct {
	TaskID      int64      `db:"task_id"`
	Kind        string     `db:"kind"`
	SessionID   int64      `db:"session_id"`
	Chain       string     `db:"chain"`
	Seq         int64      `db:"seq"`
	State       string     `db:"state"`
	Content     []byte     `db:"content"`
	Bound       bool       `db:"bound"`
	Person      *string    `db:"person_code"`
	Digest      []byte     `db:"digest"`
	Value       []byte     `db:"value"`
	Certificate []byte     `db:"certificate"`
	CertSN      *string    `db:"cert_sn"`
	TimeToken   []byte     `db:"time_token"`
	CreatedAt   time.Time  `db:"created_at"`
	At          *time.Time `db:"at"`
}

// SignatureReport is the result of verifying signatures: Records counts them.
type SignatureReport struct {
	ChainReport
	// Stamped counts the time stamps that are right, Unjudged those that are made with
	// other algorithms than SM2 and SM3 and are not judged here.
	Stamped, Unjudged int
}

// signaturesPerRead bounds what verifying holds at a time.
const signaturesPerRead = 500

// VerifySignatures checks the signatures made through a CA: the digest against the
// record or head it is about, the signature by the certificate's key, the certificate's
// issuer and time, that the person was the signer's, and the time stamp, where there is
// one: what it is about, its signature, its authority and its time. sessionID 0 means all
// sessions; trusted are the authority's certificates, without which the issuer is not
// checked. The report counts signatures as Records and stops at the first wrong one.
func VerifySignatures(ctx context.Context, d *db.DB, sessionID int64, trusted []*seal.Certificate) (SignatureReport, error) {
	var report SignatureReport
	err := d.InSnapshot(ctx, func(ctx context.Context, tx *db.Tx) error {
		report = SignatureReport{}
		for from := int64(0); ; {
			list, err := readEvidence(ctx, tx, sessionID, from)
			if err != nil || len(list) == 0 {
				return err
			}
			for _, e := range list {
				err := e.verify(trusted)
				if err == nil {
					err = report.stamp(e, trusted)
				}
				if err != nil {
					report.Problem = fmt.Sprintf("场次 %d 的%s不对：%s", e.SessionID, e.what(), err)
					return nil
				}
				report.Records++
			}
			from = list[len(list)-1].TaskID
		}
	})
	return report, err
}

func readEvidence(ctx context.Context, r db.Reader, sessionID, from int64) ([]evidence, error) {
	var list []evidence
	err := r.Select(ctx, &list, `SELECT t.id AS task_id, t.kind, t.session_id, t.chain, t.seq, t.state, COALESCE(r.digest, h.canonical) AS content,
  EXISTS (SELECT 1 FROM ca_binding b WHERE b.staff_id = t.staff_id AND b.vendor = e.vendor AND b.person_code = e.person_code) AS bound,
  e.person_code, e.digest, e.value, e.certificate, e.cert_sn, e.time_token, t.created_at, e.at
FROM signature_task t
LEFT JOIN record r ON t.kind = 'record' AND r.session_id = t.session_id AND r.chain = t.chain AND r.seq = t.seq
LEFT JOIN session_head h ON t.kind = 'head' AND h.session_id = t.session_id AND h.chain = t.chain AND h.length = t.seq
LEFT JOIN signature_evidence e ON e.task_id = t.id
WHERE t.id > $2::bigint AND ($1::bigint = 0 OR t.session_id = $1::bigint) AND (t.state = 'signed' OR e.task_id IS NOT NULL) ORDER BY t.id LIMIT $3::integer`,
		sessionID, from, signaturesPerRead)
	if err != nil {
		return nil, fmt.Errorf("read signatures: %w", err)
	}
	return list, nil
}

func (e evidence) what() string {
	if e.Kind == signHead {
		return fmt.Sprintf("链头（%s，%d 条）的 CA 签名", e.Chain, e.Seq)
	}
	return fmt.Sprintf("第 %d 条记录（%s）的 CA 签名", e.Seq, e.Chain)
}

func (e evidence) verify(trusted []*seal.Certificate) error {
	switch {
	case e.Content == nil:
		return errors.New("所签的记录不在了，被删除。")
	case e.At == nil || e.State != taskSigned:
		return errors.New("记着已签，但签名不在了，或签名的状态被改动。")
	case !e.Bound:
		return errors.New("签名的证书从来不是这位人员的。")
	}
	digest := signingDigest(e.Kind, e.Chain, e.SessionID, e.Seq, e.Content)
	if !digest.Equal(e.Digest) {
		return errors.New("所签的摘要与记录不符，被改动。")
	}
	c, err := seal.ParseCertificate(e.Certificate)
	if err != nil || c.SerialNumber() != *e.CertSN {
		return errors.New("证书读不出，或与表中的列不一致，被改动。")
	}
	public, err := c.PublicKey()
	if err != nil || public.Verify(digest[:], e.Value) != nil {
		return errors.New("SM2 签名不正确，内容被改动。")
	}
	if e.At.Before(c.NotBefore()) || e.At.After(c.NotAfter()) {
		return errors.New("签名时证书不在有效期内。")
	}
	if len(trusted) > 0 && c.VerifyIssued(trusted, *e.At) != nil {
		return errors.New("证书不是所信任的 CA 签发的。")
	}
	return nil
}

// stamp checks and counts the time stamp of a signature, where there is one. Its time
// lies between the record and the moment when the signature was kept.
func (r *SignatureReport) stamp(e evidence, trusted []*seal.Certificate) error {
	if len(e.TimeToken) == 0 {
		return nil
	}
	t, err := identity.VerifyStamp(e.TimeToken, e.Digest, e.Value, trusted)
	switch {
	case errors.Is(err, seal.ErrAlgorithm):
		r.Unjudged++
		return nil
	case err != nil:
		return fmt.Errorf("时间戳不对：%s。", identity.StampProblem(err))
	case t.At.Before(e.CreatedAt.Add(-identity.StampDrift)) || t.At.After(e.At.Add(identity.StampDrift)):
		return fmt.Errorf("时间戳不对：时间 %s 不在记录产生和签名留存之间。", t.At.In(Zone()).Format("2006-01-02 15:04:05"))
	}
	r.Stamped++
	return nil
}
