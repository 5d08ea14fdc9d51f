package identity

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"jingfang/sql/db"
	"jingfang/sql/seal"
)

// Binding is which person of the certificate authority a member of staff is.
type Binding struct {
	ID         int64      `db:"id"`
	StaffID    int64      `db:"staff_id"`
	Vendor     string     `db:"vendor"`
	PersonCode string     `db:"person_code"`
	PersonName string     `db:"person_name"`
	CertSN     string     `db:"cert_sn"`
	Thumbprint string     `db:"thumbprint"`
	NotAfter   *time.Time `db:"not_after"`
	BoundBy    *int64     `db:"bound_by"`
	BoundAt    time.Time  `db:"bound_at"`
	RenewedAt  *time.Time `db:"renewed_at"`
	UnboundBy  *int64     `db:"unbound_by"`
	UnboundAt  *time.Time `db:"unbound_at"`
	MAC        []byte     `db:"mac"`
}

const bindingColumns = `id, staff_id, vendor, person_code, person_name, cert_sn, thumbprint, not_after, bound_by, bound_at, renewed_at, unbound_by, unbound_at, mac`

// canonical gives the bytes under the row's code (version 1): who is bound to whom.
// The certificate may be renewed and is not among them.
func (b Binding) canonical() ([]byte, error) {
	unbound := seal.Null("unbound_at")
	if b.UnboundAt != nil {
		unbound = seal.F("unbound_at", *b.UnboundAt)
	}
	return seal.Canonical(seal.F("v", 1), seal.F("staff", b.StaffID), seal.F("vendor", b.Vendor), seal.F("person", b.PersonCode),
		optional("bound_by", b.BoundBy), seal.F("bound_at", b.BoundAt), optional("unbound_by", b.UnboundBy), unbound)
}

func (s *Service) bindingMAC(b Binding) ([]byte, error) {
	c, err := b.canonical()
	if err != nil {
		return nil, fmt.Errorf("binding of staff %d: %w", b.StaffID, err)
	}
	return s.seal.MAC(purposeBinding, c)
}

// trusted gives the binding when its code fits, and reports one that does not.
func (s *Service) trusted(ctx context.Context, b Binding) (Binding, error) {
	c, err := b.canonical()
	if err != nil {
		return Binding{}, err
	}
	err = s.seal.VerifyMAC(purposeBinding, c, b.MAC)
	if !errors.Is(err, seal.ErrSignature) {
		return b, err
	}
	s.log.Error("a certificate's binding was written past the program and is ignored", "ca_binding", b.ID, "staff", b.StaffID)
	err = AuditRefusal(ctx, s.d, System("ca-check"), Event{Name: "ca.forged", ObjectKind: "staff", ObjectID: fmt.Sprint(b.StaffID), Detail: "绑定的校验码不符，不予采信"})
	return Binding{}, err
}

// bindingOf finds who is bound to a person of the authority; the zero Binding is
// nobody.
func (s *Service) bindingOf(ctx context.Context, code string) (Binding, error) {
	var b Binding
	err := s.d.Get(ctx, &b, `SELECT `+bindingColumns+` FROM ca_binding WHERE vendor = $1 AND person_code = $2 AND unbound_at IS NULL`, s.ca.Verifier.Vendor(), code)
	if db.IsNoRows(err) {
		return Binding{}, nil
	}
	if err != nil {
		return b, fmt.Errorf("find who a certificate is: %w", err)
	}
	return s.trusted(ctx, b)
}

// BindingFor finds the certificate of a member of staff; the zero Binding is none.
func (s *Service) BindingFor(ctx context.Context, staffID int64) (Binding, error) {
	if !s.HasCA() {
		return Binding{}, nil
	}
	var b Binding
	err := s.d.Get(ctx, &b, `SELECT `+bindingColumns+` FROM ca_binding WHERE vendor = $1 AND staff_id = $2 AND unbound_at IS NULL`, s.ca.Verifier.Vendor(), staffID)
	if db.IsNoRows(err) {
		return Binding{}, nil
	}
	if err != nil {
		return b, fmt.Errorf("find somebody's certificate: %w", err)
	}
	return s.trusted(ctx, b)
}

// Bind says that a member of staff is the person with a code at the certificate
// authority. The authority is asked who that is, and the name must be the same. by
// needs ManageStaff and cannot be the person.
func (s *Service) Bind(ctx context.Context, by Actor, staffID int64, code string) error {
	if err := s.mayManage(ctx, by, staffID); err != nil {
		return err
	}
	if code = strings.TrimSpace(code); code == "" || clip(code, 80) != code {
		return db.Refuse(db.Invalid, "请填写 CA 的人员编号，最多 80 个字。")
	}
	if !s.HasCA() {
		return db.Refuse(db.Conflict, "没有配置 CA，不能绑定证书。")
	}
	st, err := FindStaffByID(ctx, s.d, staffID)
	if err != nil {
		return err
	}
	p, err := s.ca.Verifier.Person(ctx, by, code)
	s.health.note(s.d.Now(), err)
	if err != nil {
		return err
	}
	if p.Name != st.Name {
		return db.Refuse(db.Conflict, "CA 说这个编号是“%s”，与“%s”不是同一个名字，没有绑定。请核对编号。", p.Name, st.Name)
	}
	return s.d.InTx(ctx, func(ctx context.Context, tx *db.Tx) error { return s.bind(ctx, tx, by, staffID, p) })
}

func (s *Service) bind(ctx context.Context, tx *db.Tx, by Actor, staffID int64, p CertPerson) error {
	st, err := lockStaff(ctx, tx, staffID)
	if err != nil {
		return err
	}
	b := Binding{StaffID: staffID, Vendor: s.ca.Verifier.Vendor(), PersonCode: p.Code, PersonName: clip(p.Name, 60), BoundBy: orNil(by.StaffID), BoundAt: tx.Now}
	if b.MAC, err = s.bindingMAC(b); err != nil {
		return err
	}
	err = tx.Try(ctx, func() error {
		return tx.ExecOne(ctx, `INSERT INTO ca_binding (staff_id, vendor, person_code, person_name, bound_by, bound_at, mac) VALUES ($1, $2, $3, $4, $5, $6, $7)`,
			b.StaffID, b.Vendor, b.PersonCode, b.PersonName, b.BoundBy, b.BoundAt, b.MAC)
	})
	switch {
	case db.IsUnique(err, "ca_binding_person_uq"):
		return db.RefuseBecause(err, db.Conflict, "编号 %s 的证书已绑定给另一位人员。请先在那一位的页面解除。", p.Code)
	case db.IsUnique(err, "ca_binding_staff_uq"):
		return db.RefuseBecause(err, db.Conflict, "%s已绑定证书。请先解除原来的绑定。", st.Name)
	case err != nil:
		return fmt.Errorf("bind a certificate: %w", err)
	}
	e := staffEvent("ca.bind", st)
	e.Detail += fmt.Sprintf(" %s %s", b.Vendor, b.PersonCode)
	return Audit(ctx, tx, by, e)
}

// Unbind ends a binding: the certificate opens nothing any more, and the person's
// logins end. by needs ManageStaff and cannot be the person.
func (s *Service) Unbind(ctx context.Context, by Actor, staffID int64) error {
	if err := s.mayManage(ctx, by, staffID); err != nil {
		return err
	}
	if !s.HasCA() {
		return db.Refuse(db.Conflict, "没有配置 CA，没有绑定可以解除。")
	}
	return s.d.InTx(ctx, func(ctx context.Context, tx *db.Tx) error {
		st, err := lockStaff(ctx, tx, staffID)
		if err != nil {
			return err
		}
		var b Binding
		err = tx.Get(ctx, &b, `SELECT `+bindingColumns+` FROM ca_binding WHERE vendor = $1 AND staff_id = $2 AND unbound_at IS NULL FOR UPDATE`, s.ca.Verifier.Vendor(), staffID)
		if db.IsNoRows(err) {
			return db.Refuse(db.Conflict, "%s没有绑定证书，不用解除。", st.Name)
		}
		if err != nil {
			return fmt.Errorf("read a binding: %w", err)
		}
		b.UnboundBy, b.UnboundAt = orNil(by.StaffID), &tx.Now
		if b.MAC, err = s.bindingMAC(b); err != nil {
			return err
		}
		err = tx.ExecOne(ctx, `UPDATE ca_binding SET unbound_by = $2, unbound_at = $3, mac = $4 WHERE id = $1`, b.ID, b.UnboundBy, b.UnboundAt, b.MAC)
		if err != nil {
			return fmt.Errorf("end a binding: %w", err)
		}
		if err := dropToken(ctx, tx, staffID); err != nil {
			return err
		}
		if err := s.endLogins(ctx, tx, staffID, "unbound", nil); err != nil {
			return err
		}
		e := staffEvent("ca.unbind", st)
		e.Detail += fmt.Sprintf(" %s %s", b.Vendor, b.PersonCode)
		return Audit(ctx, tx, by, e)
	})
}

// renew notes the certificate that a bound person has shown. The person is the same,
// so another certificate than last time is a renewed one; the audit says so.
func (s *Service) renew(ctx context.Context, tx *db.Tx, by Actor, b Binding, c *seal.Certificate) error {
	if b.Thumbprint == c.Thumbprint() {
		return nil
	}
	err := tx.ExecOne(ctx, `UPDATE ca_binding SET subject = $2, cert_sn = $3, thumbprint = $4, not_before = $5, not_after = $6, renewed_at = $7 WHERE id = $1 AND unbound_at IS NULL`,
		b.ID, clip(c.Subject(), 300), clip(c.SerialNumber(), 80), c.Thumbprint(), c.NotBefore(), c.NotAfter(), tx.Now)
	if err != nil {
		return fmt.Errorf("note a renewed certificate: %w", err)
	}
	if b.Thumbprint == "" {
		return nil // the first one that was seen
	}
	return Audit(ctx, tx, by, Event{Name: "ca.renew", ObjectKind: "staff", ObjectID: fmt.Sprint(b.StaffID),
		Detail: fmt.Sprintf("%s %s：证书 %s 换为 %s", b.Vendor, b.PersonCode, b.CertSN, c.SerialNumber())})
}
