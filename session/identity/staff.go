package identity

import (
	"context"
	"fmt"
	"regexp"
	"strconv"
	"time"

	"github.com/lib/pq"

	"jingfang/sql/db"
)

// Staff is a named person with an account (人员).
type Staff struct {
	ID                int64      `db:"id"`
	Username          string     `db:"username"` // small letters, never reused
	Name              string     `db:"name"`
	PasswordChangedAt *time.Time `db:"password_changed_at"`
	MustChange        bool       `db:"must_change"`
	DisabledAt        *time.Time `db:"disabled_at"`
	LastLoginAt       *time.Time `db:"last_login_at"`
	CreatedAt         time.Time  `db:"created_at"`
	// Grants are the person's valid grants; only FindStaff of the service, which
	// can check their codes, fills them.
	Grants []Grant `db:"-"`
}

// NewStaff is what CreateStaff needs.
type NewStaff struct {
	// Username has 2 to 40 small letters, digits, dots, hyphens, underscores;
	// full-width letters and capitals are folded.
	Username string
	Name     string
	// Password is the first password; "" makes a one-time password. It must be
	// changed at the first login unless Final is set, which only the program
	// itself may do (demo, load).
	Password string
	Final    bool
	// Grants are given at once by the program itself; a person needs ManageRoles
	// and GrantRole.
	Grants []Grant
}

var usernameForm = regexp.MustCompile(`^[a-z0-9][a-z0-9._-]{1,39}$`)

// Validate holds a new person to the limits and folds the user name.
func (n *NewStaff) Validate() error {
	n.Username = foldName(n.Username)
	if !usernameForm.MatchString(n.Username) {
		return db.Refuse(db.Invalid, "用户名须为 2 到 40 个小写字母、数字、点、横线或下划线，以字母或数字开头。")
	}
	if err := checkLine("姓名", n.Name, 60, true); err != nil {
		return err
	}
	if n.Password == "" {
		return nil
	}
	return CheckPassword(n.Username, n.Password)
}

// StaffFilter chooses persons; the zero value means all.
type StaffFilter struct {
	// IDs, when not nil, restricts to these.
	IDs        []int64
	ActiveOnly bool
}

// FindStaff lists persons by user name, without their grants.
func FindStaff(ctx context.Context, r db.Reader, f StaffFilter) ([]Staff, error) {
	list := []Staff{}
	err := r.Select(ctx, &list, `
SELECT id, username, name, password_changed_at, must_change, disabled_at, last_login_at, created_at
FROM staff
WHERE ($1::boolean OR id = ANY($2::bigint[])) AND (NOT $3::boolean OR disabled_at IS NULL)
ORDER BY username`, f.IDs == nil, pq.Array(f.IDs), f.ActiveOnly)
	if err != nil {
		return nil, fmt.Errorf("find staff: %w", err)
	}
	return list, nil
}

// FindStaffByID gives one person; NotFound if there is none.
func FindStaffByID(ctx context.Context, r db.Reader, id int64) (Staff, error) {
	list, err := FindStaff(ctx, r, StaffFilter{IDs: []int64{id}})
	if err != nil {
		return Staff{}, err
	}
	if len(list) == 0 {
		return Staff{}, db.Refuse(db.NotFound, "没有这个人员。请从列表里选择。")
	}
	return list[0], nil
}

// FindStaff lists persons with their valid grants. Rows of roles whose code does
// not fit are left out and reported.
func (s *Service) FindStaff(ctx context.Context, r db.Reader, f StaffFilter) ([]Staff, error) {
	list, err := FindStaff(ctx, r, f)
	if err != nil {
		return nil, err
	}
	grants, err := s.grantsOf(ctx, r, f.IDs)
	if err != nil {
		return nil, err
	}
	for i := range list {
		list[i].Grants = grants[list[i].ID]
	}
	return list, nil
}

// CreateStaff enters a new person. by needs ManageStaff. The second answer is
// the one-time password, to be shown once and kept nowhere; it is "" when a
// password was given. A user name that was ever used is a Conflict.
func (s *Service) CreateStaff(ctx context.Context, by Actor, n NewStaff) (Staff, string, error) {
	if err := Allow(ctx, s.d, by, ManageStaff, 0); err != nil {
		return Staff{}, "", err
	}
	if !by.IsSystem() && (n.Final || len(n.Grants) > 0) {
		return Staff{}, "", db.Refuse(db.Denied, "新人员的角色须由安全管理员另行授予。")
	}
	m, err := s.prepare(ctx, n)
	if err != nil {
		return Staff{}, "", err
	}
	var staff Staff
	err = s.d.InTx(ctx, func(ctx context.Context, tx *db.Tx) error {
		staff, err = s.insertStaff(ctx, tx, by, m)
		return err
	})
	return staff, m.oneTime, err
}

// newcomer is a person whose password has been hashed, ready to be inserted.
type newcomer struct {
	NewStaff
	hash, oneTime string
}

// prepare validates and hashes, before the transaction.
func (s *Service) prepare(ctx context.Context, n NewStaff) (newcomer, error) {
	if err := n.Validate(); err != nil {
		return newcomer{}, err
	}
	m := newcomer{NewStaff: n}
	if m.Password == "" {
		m.oneTime = oneTimePassword()
		m.Password = m.oneTime
	}
	var err error
	m.hash, err = s.hash(ctx, m.Username, m.Password)
	return m, err
}

func (s *Service) insertStaff(ctx context.Context, tx *db.Tx, by Actor, n newcomer) (Staff, error) {
	staff := Staff{Username: n.Username, Name: n.Name, MustChange: !n.Final, CreatedAt: tx.Now, PasswordChangedAt: &tx.Now, Grants: n.Grants}
	err := tx.Get(ctx, &staff.ID, `
INSERT INTO staff (username, name, password_hash, password_changed_at, must_change, created_at, created_by)
VALUES ($1, $2, $3, $4, $5, $4, $6) RETURNING id`,
		n.Username, n.Name, n.hash, tx.Now, staff.MustChange, orNil(by.StaffID))
	if db.IsUnique(err, "staff_username_uq") {
		return staff, db.RefuseBecause(err, db.Conflict, "用户名 %s 已经用过（停用的也不能再用），请换一个。", n.Username)
	}
	if err != nil {
		return staff, fmt.Errorf("create staff: %w", err)
	}
	if err := insertHistory(ctx, tx, staff.ID, n.hash); err != nil {
		return staff, err
	}
	if err := Audit(ctx, tx, by, staffEvent("staff.create", staff)); err != nil {
		return staff, err
	}
	for _, g := range n.Grants {
		if err := s.insertGrant(ctx, tx, by, staff, g); err != nil {
			return staff, err
		}
	}
	return staff, nil
}

func insertHistory(ctx context.Context, tx *db.Tx, staffID int64, hash string) error {
	err := tx.ExecOne(ctx, `INSERT INTO password_history (staff_id, password_hash, at) VALUES ($1, $2, $3)`, staffID, hash, tx.Now)
	if err != nil {
		return fmt.Errorf("keep password history: %w", err)
	}
	return nil
}

// staffEvent is an event about a person.
func staffEvent(name string, s Staff) Event {
	return Event{Name: name, ObjectKind: "staff", ObjectID: strconv.FormatInt(s.ID, 10), Detail: s.Username + " " + s.Name}
}

// lockStaff reads a person under a lock, so that two administrators change the
// same account one after the other.
func lockStaff(ctx context.Context, tx *db.Tx, id int64) (Staff, error) {
	var st Staff
	err := tx.Get(ctx, &st, `
SELECT id, username, name, password_changed_at, must_change, disabled_at, last_login_at, created_at
FROM staff WHERE id = $1 FOR NO KEY UPDATE`, id)
	if db.IsNoRows(err) {
		return st, db.Refuse(db.NotFound, "没有这个人员。请从列表里选择。")
	}
	if err != nil {
		return st, fmt.Errorf("lock staff %d: %w", id, err)
	}
	return st, nil
}
