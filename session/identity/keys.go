package identity

import (
	"context"
	"errors"
	"fmt"

	"jingfang/sql/db"
	"jingfang/sql/seal"
)

// CheckKeys refuses keys that are not those of this database (Invalid): with them
// no password fits, no role counts, and what is sealed could not be told from what
// was sealed before. The codes of the first roles tell; one that was written past
// the program is no reason to stop, and a database without roles takes any keys.
func (s *Service) CheckKeys(ctx context.Context) error {
	var rows []grantRow
	err := s.d.Select(ctx, &rows, `
SELECT id, staff_id, role_name, site_id, granted_by, granted_at, revoked_by, revoked_at, mac FROM staff_role ORDER BY id LIMIT 20`)
	if err != nil {
		return fmt.Errorf("read roles: %w", err)
	}
	for _, row := range rows {
		if err = s.believe(row); err == nil {
			return nil
		}
		if !errors.Is(err, seal.ErrSignature) {
			return err
		}
	}
	if len(rows) == 0 {
		return nil
	}
	return db.RefuseBecause(err, db.Invalid, "密钥文件夹里的密钥不是这个数据库的：没有一个角色的校验码对得上。请用 -data 指定原来的数据文件夹，或核对数据库连接串。")
}
