package patient

import (
	"context"
	"fmt"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/lib/pq"
	"golang.org/x/text/width"

	"jingfang/session/identity"
	"jingfang/sql/db"
)

// SearchLimit is how many people a search shows; whoever finds more types on.
const SearchLimit = 30

// searchRunes is the longest text to search for, in characters.
const searchRunes = 60

// Search finds active patients whose name, pinyin initials or number begin
// with the text, at the sites the person may see; siteID 0 means all of those.
// A number may be typed without its leading zeros, and a scanned label finds
// its patient. An empty text lists patients in the order of their names. It
// gives at most SearchLimit; errors are Denied, Invalid for a text that is too
// long or a label misread, NotFound and Conflict for an unknown or revoked
// label.
func (g *Registry) Search(ctx context.Context, by identity.Actor, siteID int64, text string) ([]Patient, error) {
	if err := identity.Allow(ctx, g.db, by, identity.ViewPatient, siteID); err != nil {
		return nil, err
	}
	text = cleanName(text)
	if utf8.RuneCountInString(text) > searchRunes {
		return nil, db.Refuse(db.Invalid, "查找的文字太长，请输入姓名、拼音首字母或编号的前几个字。")
	}
	if strings.HasPrefix(fold(text), tokenHead) {
		return g.searchLabel(ctx, by, text)
	}
	sites, all := by.Sites(identity.ViewPatient)
	typed := strings.ToLower(width.Narrow.String(text))
	var list []Patient
	err := g.db.Select(ctx, &list, `SELECT `+columns+` FROM patient p JOIN site s ON s.id = p.home_site_id
WHERE p.state = 'active'
  AND (p.name LIKE $1::text OR p.pinyin LIKE $2::text OR p.number LIKE $2::text OR p.number = $3::text)
  AND ($4::boolean OR p.home_site_id = ANY($5::bigint[])) AND ($6::bigint = 0 OR p.home_site_id = $6::bigint)
ORDER BY p.pinyin, p.name, p.id LIMIT $7`,
		likePrefix(text), likePrefix(typed), padNumber(typed), all, pq.Array(sites), siteID, SearchLimit)
	if err != nil {
		return nil, fmt.Errorf("search patients: %w", err)
	}
	return list, nil
}

// searchLabel finds the patient of a label scanned into the search field. One
// of a site the person may not see is not shown.
func (g *Registry) searchLabel(ctx context.Context, by identity.Actor, text string) ([]Patient, error) {
	t, err := ParseToken(text)
	if err != nil {
		return nil, err
	}
	p, err := ByToken(ctx, g.db, t)
	if err != nil {
		return nil, err
	}
	if err := identity.Allow(ctx, g.db, by, identity.ViewPatient, p.HomeSiteID); err != nil {
		return nil, err
	}
	return []Patient{p}, nil
}

// likePrefix makes a LIKE pattern that matches the text literally at the start.
func likePrefix(s string) string {
	return strings.NewReplacer(`\`, `\\`, `%`, `\%`, `_`, `\_`).Replace(s) + "%"
}

// padNumber gives a number its leading zeros back; any other text stays.
func padNumber(s string) string {
	if n, err := strconv.ParseUint(s, 10, 63); err == nil {
		return formatNumber(int64(n))
	}
	return s
}
