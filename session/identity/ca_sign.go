package identity

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"jingfang/sql/db"
	"jingfang/sql/seal"
)

// signToken is what is sealed of the leave to sign.
type signToken struct {
	Code  string `json:"code"`
	Token string `json:"token"`
}

func tokenAAD(staffID int64) string { return fmt.Sprintf("ca_token.sealed/%d", staffID) }

// keepToken keeps the leave to sign that a confirmed QR code brought.
func (s *Service) keepToken(ctx context.Context, tx *db.Tx, o certOwner) error {
	if o.token == "" {
		return nil
	}
	plain, err := json.Marshal(signToken{Code: o.binding.PersonCode, Token: o.token})
	if err != nil {
		return fmt.Errorf("keep the leave to sign: %w", err)
	}
	sealed, err := s.seal.Seal(purposeToken, tokenAAD(o.account.ID), plain)
	if err != nil {
		return fmt.Errorf("keep the leave to sign: %w", err)
	}
	if err := dropToken(ctx, tx, o.account.ID); err != nil {
		return err
	}
	// Two logins of one person at the same moment: the second one's token is as good.
	err = tx.Try(ctx, func() error {
		return tx.ExecOne(ctx, `INSERT INTO ca_token (staff_id, vendor, sealed, obtained_at) VALUES ($1, $2, $3, $4)`,
			o.account.ID, o.binding.Vendor, sealed, tx.Now)
	})
	if err != nil && !db.IsUnique(err, "ca_token_pk") {
		return fmt.Errorf("keep the leave to sign: %w", err)
	}
	return nil
}

func dropToken(ctx context.Context, tx *db.Tx, staffID int64) error {
	if _, err := tx.Exec(ctx, `DELETE FROM ca_token WHERE staff_id = $1`, staffID); err != nil {
		return fmt.Errorf("forget the leave to sign: %w", err)
	}
	return nil
}

// Signature is a person's signature that has been checked: it fits the digest, its
// certificate was issued by a trusted authority, is valid now and is the person's.
type Signature struct {
	CertSignature
	Vendor, PersonCode, CertSN string
}

// SignDigest lets the CA sign a digest for a member of staff, with the leave that the
// last QR login gave. Errors: ErrCertToken (the person must scan again), ErrCertDown,
// ErrCertUnknown and ErrCertUnfinished (ask with FindSignature), ErrCertRefused,
// ErrCertWrong; all with a sentence.
func (s *Service) SignDigest(ctx context.Context, staffID int64, number string, digest []byte) (Signature, error) {
	return s.signing(ctx, staffID, number, digest, CertVerifier.Sign, true)
}

// FindSignature asks what became of a request to sign. Errors: those of SignDigest,
// and ErrCertNone. It needs no leave to sign.
func (s *Service) FindSignature(ctx context.Context, staffID int64, number string, digest []byte) (Signature, error) {
	return s.signing(ctx, staffID, number, digest, CertVerifier.FindSignature, false)
}

type certCall func(v CertVerifier, ctx context.Context, by Actor, x CertSigning) (CertSignature, error)

func (s *Service) signing(ctx context.Context, staffID int64, number string, digest []byte, call certCall, needsToken bool) (Signature, error) {
	if !s.HasCA() {
		return Signature{}, db.RefuseBecause(ErrCertDown, db.Unavailable, "没有配置 CA，不能签名。")
	}
	b, err := s.BindingFor(ctx, staffID)
	if err != nil {
		return Signature{}, err
	}
	if b.ID == 0 {
		return Signature{}, db.RefuseBecause(ErrCertToken, db.Conflict, "没有绑定证书。请系统管理员在“人员”里绑定，本人再扫码登录一次。")
	}
	token, err := s.readToken(ctx, staffID)
	if err != nil {
		return Signature{}, err
	}
	if needsToken && token.Code != b.PersonCode {
		return Signature{}, db.RefuseBecause(ErrCertToken, db.Conflict, "本人还没有扫码登录，CA 不能代签。下次扫码登录后自动补签。")
	}
	got, err := call(s.ca.Verifier, ctx, System("ca-sign"), CertSigning{Number: number, PersonCode: b.PersonCode, Token: token.Token, Digest: digest})
	s.health.note(s.d.Now(), err)
	if errors.Is(err, ErrCertToken) {
		return Signature{}, errors.Join(err, s.d.InTx(ctx, func(ctx context.Context, tx *db.Tx) error { return dropToken(ctx, tx, staffID) }))
	}
	if err != nil {
		return Signature{}, err
	}
	return s.checkSignature(b, got, digest)
}

func (s *Service) readToken(ctx context.Context, staffID int64) (signToken, error) {
	var sealed []byte
	var t signToken
	err := s.d.Get(ctx, &sealed, `SELECT sealed FROM ca_token WHERE staff_id = $1 AND vendor = $2`, staffID, s.ca.Verifier.Vendor())
	if db.IsNoRows(err) {
		return t, nil
	}
	if err != nil {
		return t, fmt.Errorf("read the leave to sign: %w", err)
	}
	plain, err := s.seal.Open(purposeToken, tokenAAD(staffID), sealed)
	if err != nil {
		return t, fmt.Errorf("open the leave to sign: %w", err)
	}
	if err := json.Unmarshal(plain, &t); err != nil {
		return t, fmt.Errorf("read the leave to sign: %w", err)
	}
	return t, nil
}

// checkSignature believes nothing that the CA says of its own signature.
func (s *Service) checkSignature(b Binding, got CertSignature, digest []byte) (Signature, error) {
	c, err := s.checkCertificate(got.Certificate, s.d.Now())
	if err != nil {
		return Signature{}, err
	}
	if c.CommonName() != b.PersonName || b.Thumbprint != "" && b.Thumbprint != c.Thumbprint() {
		return Signature{}, db.RefuseBecause(ErrCertWrong, db.Conflict, "CA 用了另一张证书签名，没有采信。请本人重新扫码登录。")
	}
	public, err := c.PublicKey()
	if err != nil || public.Verify(digest, got.Value) != nil {
		return Signature{}, db.RefuseBecause(ErrCertRefused, db.Conflict, "CA 给的签名验证不通过，没有采信。请联系信息科。")
	}
	if err := s.checkStamp(got, digest); err != nil {
		return Signature{}, err
	}
	return Signature{CertSignature: got, Vendor: b.Vendor, PersonCode: b.PersonCode, CertSN: c.SerialNumber()}, nil
}

// StampDrift is how far the clocks of two machines may be apart for a time stamp.
const StampDrift = 5 * time.Minute

// checkStamp believes a time stamp no more than a signature. One made with other
// algorithms than SM2 and SM3 cannot be judged here and is kept as it came.
func (s *Service) checkStamp(got CertSignature, digest []byte) error {
	if len(got.TimeToken) == 0 {
		return nil
	}
	t, err := VerifyStamp(got.TimeToken, digest, got.Value, s.ca.Trusted)
	if errors.Is(err, seal.ErrAlgorithm) {
		return nil
	}
	if err == nil && t.At.After(s.d.Now().Add(StampDrift)) {
		err = errors.New("在将来")
	}
	if err != nil {
		s.log.Warn("a time stamp of the certificate authority is wrong", "error", err)
		return db.RefuseBecause(errors.Join(ErrCertRefused, err), db.Conflict, "CA 给的时间戳不对（%s），没有采信。请联系信息科。", StampProblem(err))
	}
	return nil
}

// VerifyStamp checks the time stamp of a signature: it may be about what was signed, as
// most authorities do, or about the signature itself. Errors: those of
// [seal.VerifyTimeStamp].
func VerifyStamp(token, digest, value []byte, trusted []*seal.Certificate) (seal.TimeStamp, error) {
	over := []seal.Digest{seal.SM3(digest), seal.SM3(value)}
	if d, err := seal.DigestOf(digest); err == nil {
		over = append(over, d)
	}
	return seal.VerifyTimeStamp(token, over, trusted)
}

// StampProblem says in a few words what is wrong with a time stamp.
func StampProblem(err error) string {
	switch {
	case errors.Is(err, seal.ErrFormat):
		return "格式读不出"
	case errors.Is(err, seal.ErrImprint):
		return "盖的不是这个签名"
	case errors.Is(err, seal.ErrSignature):
		return "签名验证不通过"
	case errors.Is(err, seal.ErrIssuer):
		return "不是所信任的机构签发的时间戳证书"
	case errors.Is(err, seal.ErrNotValid):
		return "时间戳证书不在有效期内"
	}
	return "时间在将来"
}
