package identity

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"time"

	"github.com/lib/pq"

	"jingfang/sql/db"
	"jingfang/sql/seal"
)

// GrantRole gives a person a role at a site (SiteID 0: everywhere). by needs
// ManageRoles and cannot be the person. An administrator's role is held alone
// and everywhere; a role that is held already changes nothing.
func (s *Service) GrantRole(ctx context.Context, by Actor, staffID int64, g Grant) error {
	if err := s.mayGrant(ctx, by, staffID, g); err != nil {
		return err
	}
	return s.d.InTx(ctx, func(ctx context.Context, tx *db.Tx) error {
		st, err := lockStaff(ctx, tx, staffID)
		if err != nil {
			return err
		}
		held, err := s.grantsOf(ctx, tx, []int64{staffID})
		if err != nil {
			return err
		}
		for _, h := range held[staffID] {
			if h == g {
				return nil
			}
			if h.Role.Administrator() || g.Role.Administrator() {
				return db.Refuse(db.Conflict, "%s已是%s：系统、安全、审计管理员不得兼任，也不得兼任其他角色。请先撤销原有角色。", st.Name, h.Role.Label())
			}
		}
		if err := s.insertGrant(ctx, tx, by, st, g); err != nil {
			return err
		}
		return s.refreshLogins(ctx, tx, staffID)
	})
}

// RevokeRole takes a role away. by needs ManageRoles and cannot be the person;
// the last holder of an administrator's role keeps it.
func (s *Service) RevokeRole(ctx context.Context, by Actor, staffID int64, g Grant) error {
	if err := s.mayGrant(ctx, by, staffID, g); err != nil {
		return err
	}
	return s.d.InTx(ctx, func(ctx context.Context, tx *db.Tx) error {
		if err := lockAdministrators(ctx, tx); err != nil {
			return err
		}
		st, err := lockStaff(ctx, tx, staffID)
		if err != nil {
			return err
		}
		if g.Role.Administrator() && st.DisabledAt == nil {
			if err := s.keepAdministrator(ctx, tx, st); err != nil {
				return err
			}
		}
		if err := s.revokeRow(ctx, tx, by, staffID, g); err != nil {
			return err
		}
		if err := s.refreshLogins(ctx, tx, staffID); err != nil {
			return err
		}
		return Audit(ctx, tx, by, grantEvent("role.revoke", st, g))
	})
}

func (s *Service) mayGrant(ctx context.Context, by Actor, staffID int64, g Grant) error {
	if err := Allow(ctx, s.d, by, ManageRoles, 0); err != nil {
		return err
	}
	if by.StaffID == staffID && !by.IsSystem() {
		return db.Refuse(db.Denied, "不能更改自己的角色，请由另一位安全管理员操作。")
	}
	return g.Validate()
}

// Validate holds a grant to the closed list and to the rule that an
// administrator's role has no site.
func (g Grant) Validate() error {
	if !g.Role.Valid() {
		return db.Refuse(db.Invalid, "没有这个角色，请从列表里选择。")
	}
	if g.Role.Administrator() && g.SiteID != 0 {
		return db.Refuse(db.Invalid, "%s不分精防点，请选择“全部”。", g.Role.Label())
	}
	return nil
}

// grantRow is a row of staff_role with all that its code covers.
type grantRow struct {
	ID        int64      `db:"id"`
	StaffID   int64      `db:"staff_id"`
	RoleName  string     `db:"role_name"`
	SiteID    *int64     `db:"site_id"`
	GrantedBy *int64     `db:"granted_by"`
	GrantedAt time.Time  `db:"granted_at"`
	RevokedBy *int64     `db:"revoked_by"`
	RevokedAt *time.Time `db:"revoked_at"`
	MAC       []byte     `db:"mac"`
}

// canonical gives the bytes under the row's code (version 1).
func (r grantRow) canonical() ([]byte, error) {
	revoked := seal.Null("revoked_at")
	if r.RevokedAt != nil {
		revoked = seal.F("revoked_at", *r.RevokedAt)
	}
	return seal.Canonical(seal.F("v", 1), seal.F("staff", r.StaffID), seal.F("role", r.RoleName), optional("site", r.SiteID),
		optional("granted_by", r.GrantedBy), seal.F("granted_at", r.GrantedAt), optional("revoked_by", r.RevokedBy), revoked)
}

func (s *Service) mac(r grantRow) ([]byte, error) {
	c, err := r.canonical()
	if err != nil {
		return nil, err
	}
	return s.seal.MAC(purposeGrant, c)
}

func (s *Service) insertGrant(ctx context.Context, tx *db.Tx, by Actor, st Staff, g Grant) error {
	if err := g.Validate(); err != nil {
		return err
	}
	row := grantRow{StaffID: st.ID, RoleName: string(g.Role), SiteID: orNil(g.SiteID), GrantedBy: orNil(by.StaffID), GrantedAt: tx.Now}
	mac, err := s.mac(row)
	if err != nil {
		return fmt.Errorf("grant role: %w", err)
	}
	err = tx.ExecOne(ctx, `INSERT INTO staff_role (staff_id, role_name, site_id, granted_by, granted_at, mac) VALUES ($1, $2, $3, $4, $5, $6)`,
		row.StaffID, row.RoleName, row.SiteID, row.GrantedBy, row.GrantedAt, mac)
	if db.IsForeignKey(err, "staff_role_site_fk") {
		return db.RefuseBecause(err, db.NotFound, "没有这个精防点。请从列表里选择。")
	}
	if db.IsUnique(err, "staff_role_active_uq") {
		// Only a row whose code does not fit can stand in the way here.
		return db.RefuseBecause(err, db.Conflict, "数据库里有一条来历不明的同样角色。请先撤销该角色，再重新授予，并报告安全管理员。")
	}
	if err != nil {
		return fmt.Errorf("grant role: %w", err)
	}
	return Audit(ctx, tx, by, grantEvent("role.grant", st, g))
}

func grantEvent(name string, st Staff, g Grant) Event {
	e := staffEvent(name, st)
	e.SiteID = g.SiteID
	e.Detail += "：" + string(g.Role)
	if g.SiteID != 0 {
		e.Detail += "@" + strconv.FormatInt(g.SiteID, 10)
	}
	return e
}

func (s *Service) revokeRow(ctx context.Context, tx *db.Tx, by Actor, staffID int64, g Grant) error {
	var row grantRow
	err := tx.Get(ctx, &row, `
SELECT id, staff_id, role_name, site_id, granted_by, granted_at, revoked_by, revoked_at, mac FROM staff_role
WHERE staff_id = $1 AND role_name = $2 AND COALESCE(site_id, 0) = $3 AND revoked_at IS NULL FOR NO KEY UPDATE`,
		staffID, string(g.Role), g.SiteID)
	if db.IsNoRows(err) {
		return db.Refuse(db.NotFound, "这个人员没有这个角色，可能已被撤销。请刷新页面。")
	}
	if err != nil {
		return fmt.Errorf("revoke role: %w", err)
	}
	row.RevokedBy, row.RevokedAt = orNil(by.StaffID), &tx.Now
	mac, err := s.mac(row)
	if err != nil {
		return fmt.Errorf("revoke role: %w", err)
	}
	return tx.ExecOne(ctx, `UPDATE staff_role SET revoked_by = $2, revoked_at = $3, mac = $4 WHERE id = $1`, row.ID, row.RevokedBy, row.RevokedAt, mac)
}

// grantsOf reads the valid grants of persons; nil means of everybody.
func (s *Service) grantsOf(ctx context.Context, r db.Reader, staffIDs []int64) (map[int64][]Grant, error) {
	var rows []grantRow
	err := r.Select(ctx, &rows, `
SELECT id, staff_id, role_name, site_id, granted_by, granted_at, revoked_by, revoked_at, mac FROM staff_role
WHERE revoked_at IS NULL AND ($1::boolean OR staff_id = ANY($2::bigint[])) ORDER BY id`, staffIDs == nil, pq.Array(staffIDs))
	if err != nil {
		return nil, fmt.Errorf("read grants: %w", err)
	}
	m := map[int64][]Grant{}
	for _, row := range rows {
		err := s.believe(row)
		if errors.Is(err, seal.ErrSignature) {
			s.logForged(row)
			continue
		}
		if err != nil {
			return nil, err
		}
		m[row.StaffID] = append(m[row.StaffID], row.grant())
	}
	return m, nil
}

func (r grantRow) grant() Grant {
	g := Grant{Role: Role(r.RoleName)}
	if r.SiteID != nil {
		g.SiteID = *r.SiteID
	}
	return g
}

// believe checks a row's code; seal.ErrSignature means that the row was written
// past the program and counts for nothing.
func (s *Service) believe(row grantRow) error {
	c, err := row.canonical()
	if err != nil {
		return fmt.Errorf("role row %d: %w", row.ID, err)
	}
	if err := s.seal.VerifyMAC(purposeGrant, c, row.MAC); err != nil {
		return fmt.Errorf("role row %d: %w", row.ID, err)
	}
	return nil
}

func (s *Service) logForged(row grantRow) {
	s.log.Error("a role was written past the program and is ignored", "staff_role", row.ID, "staff", row.StaffID, "role", row.RoleName)
}

// reportForged tells of a forged row once for each run of the server: in the log
// and in the audit.
func (s *Service) reportForged(ctx context.Context, row grantRow) error {
	if _, known := s.reported.LoadOrStore(row.ID, true); known {
		return nil
	}
	s.logForged(row)
	e := Event{Name: "role.forged", Outcome: Refused, ObjectKind: "staff", ObjectID: strconv.FormatInt(row.StaffID, 10),
		Detail: fmt.Sprintf("staff_role %d：%s 校验码不符，已忽略", row.ID, row.RoleName)}
	if err := AuditRefusal(ctx, s.d, System("identity"), e); err != nil {
		s.reported.Delete(row.ID)
		return fmt.Errorf("report a forged role: %w", err)
	}
	return nil
}
