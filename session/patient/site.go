package patient

import (
	"context"
	"fmt"

	"github.com/lib/pq"

	"jingfang/session/identity"
	"jingfang/sql/db"
)

// SiteChoice is a site a patient may belong to.
type SiteChoice struct {
	ID       int64  `db:"id"`
	Name     string `db:"name"`
	District string `db:"district"`
}

// SitesFor lists the active sites where the person holds a permission.
func SitesFor(ctx context.Context, r db.Reader, by identity.Actor, p identity.Permission) ([]SiteChoice, error) {
	ids, all := by.Sites(p)
	var list []SiteChoice
	err := r.Select(ctx, &list, `SELECT id, name, district FROM site
WHERE active AND ($1::boolean OR id = ANY($2::bigint[])) ORDER BY district, name, id`, all, pq.Array(ids))
	if err != nil {
		return nil, fmt.Errorf("read sites: %w", err)
	}
	return list, nil
}
