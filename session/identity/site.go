package identity

import (
	"context"
	"fmt"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/lib/pq"

	"jingfang/sql/db"
)

// Site is one of the places where the clinic is held (精防点).
type Site struct {
	ID       int64  `db:"id"`
	Code     string `db:"code"` // the hospital's own short code, unique
	Name     string `db:"name"`
	District string `db:"district"`
	Street   string `db:"street"`
	Address  string `db:"address"`
	// ClinicDay is the usual day of the month, 0 if there is none.
	ClinicDay int       `db:"clinic_day"`
	Active    bool      `db:"active"`
	CreatedAt time.Time `db:"created_at"`
}

// Validate holds a new site to the limits of its columns.
func (s Site) Validate() error {
	if err := checkLine("精防点编号", s.Code, 20, true); err != nil {
		return err
	}
	if err := checkLine("精防点名称", s.Name, 60, true); err != nil {
		return err
	}
	if err := checkLine("区县", s.District, 60, true); err != nil {
		return err
	}
	if err := checkLine("街道", s.Street, 60, false); err != nil {
		return err
	}
	if err := checkLine("地址", s.Address, 200, false); err != nil {
		return err
	}
	if s.ClinicDay < 0 || s.ClinicDay > 31 {
		return db.Refuse(db.Invalid, "义诊日须是 1 到 31 之间的数字，没有固定日子时留空。")
	}
	return nil
}

// SiteFilter chooses sites; the zero value means all.
type SiteFilter struct {
	ActiveOnly bool
	// IDs, when not nil, restricts to these.
	IDs []int64
}

// FindSites lists sites by code.
func FindSites(ctx context.Context, r db.Reader, f SiteFilter) ([]Site, error) {
	list := []Site{}
	err := r.Select(ctx, &list, `
SELECT id, code, name, district, street, address, clinic_day, active, created_at
FROM site
WHERE (NOT $1::boolean OR active) AND ($2::boolean OR id = ANY($3::bigint[]))
ORDER BY code`, f.ActiveOnly, f.IDs == nil, pq.Array(f.IDs))
	if err != nil {
		return nil, fmt.Errorf("find sites: %w", err)
	}
	return list, nil
}

// SitesFor lists the active sites where the actor holds the permission.
func SitesFor(ctx context.Context, r db.Reader, by Actor, p Permission) ([]Site, error) {
	f := SiteFilter{ActiveOnly: true}
	if ids, all := by.Sites(p); !all {
		f.IDs = append([]int64{}, ids...)
	}
	return FindSites(ctx, r, f)
}

// FindSiteByID gives one site; NotFound if there is none.
func FindSiteByID(ctx context.Context, r db.Reader, id int64) (Site, error) {
	list, err := FindSites(ctx, r, SiteFilter{IDs: []int64{id}})
	if err != nil {
		return Site{}, err
	}
	if len(list) == 0 {
		return Site{}, db.Refuse(db.NotFound, "没有这个精防点。请从列表里选择。")
	}
	return list[0], nil
}

// CreateSite enters a new site and gives it with its id. by needs ManageSystem;
// a code that is taken is a Conflict.
func (s *Service) CreateSite(ctx context.Context, by Actor, site Site) (Site, error) {
	if err := Allow(ctx, s.d, by, ManageSystem, 0); err != nil {
		return Site{}, err
	}
	if err := site.Validate(); err != nil {
		return Site{}, err
	}
	err := s.d.InTx(ctx, func(ctx context.Context, tx *db.Tx) error {
		site.Active, site.CreatedAt = true, tx.Now
		err := tx.Get(ctx, &site.ID, `
INSERT INTO site (code, name, district, street, address, clinic_day, active, created_at)
VALUES ($1, $2, $3, $4, $5, $6, true, $7) RETURNING id`,
			site.Code, site.Name, site.District, site.Street, site.Address, site.ClinicDay, tx.Now)
		if db.IsUnique(err, "site_code_uq") {
			return db.RefuseBecause(err, db.Conflict, "编号 %s 已有精防点使用，请换一个编号。", site.Code)
		}
		if err != nil {
			return fmt.Errorf("create site: %w", err)
		}
		return Audit(ctx, tx, by, Event{Name: "site.create", ObjectKind: "site", ObjectID: fmt.Sprint(site.ID), SiteID: site.ID, Detail: site.Code + " " + site.Name})
	})
	return site, err
}

// checkLine holds one line of text to a length in characters.
func checkLine(what, s string, limit int, needed bool) error {
	switch {
	case !utf8.ValidString(s) || strings.ContainsFunc(s, unicode.IsControl):
		return db.Refuse(db.Invalid, "%s里有无法识别的字符，请重新输入。", what)
	case needed && strings.TrimSpace(s) == "":
		return db.Refuse(db.Invalid, "请填写%s。", what)
	case utf8.RuneCountInString(s) > limit:
		return db.Refuse(db.Invalid, "%s最多 %d 个字，请缩短。", what, limit)
	}
	return nil
}
