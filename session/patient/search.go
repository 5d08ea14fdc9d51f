package patient

import (
	"context"
	"fmt"
	"strings"

	"github.com/lib/pq"
	"github.com/mozillazg/go-pinyin"

	"jingfang/session/identity"
	"jingfang/sql/db"
)

// SearchLimit is how many people a search shows; whoever finds more types on.
const SearchLimit = 30

// Search finds active patients whose name, pinyin initials or number begin
// with the text, at the sites the person may see. An empty text lists the
// site's patients.
func (g *Registry) Search(ctx context.Context, by identity.Actor, siteID int64, text string) ([]Patient, error) {
	if err := by.Can(identity.ViewPatient, siteID); err != nil {
		return nil, err
	}
	sites, all := by.Sites(identity.ViewPatient)
	text = strings.TrimSpace(text)
	if len(text) > 60 {
		return nil, db.Refuse(db.Invalid, "查找的文字太长，请输入姓名、拼音首字母或编号的前几个字。")
	}
	var list []Patient
	err := g.db.Select(ctx, &list, `SELECT `+columns+` FROM patient p JOIN site s ON s.id = p.home_site_id
WHERE p.state = 'active' AND (p.name LIKE $1::text OR p.pinyin LIKE $2::text OR p.number LIKE $1::text)
  AND ($3::boolean OR p.home_site_id = ANY($4::bigint[])) AND ($5::bigint = 0 OR p.home_site_id = $5::bigint)
ORDER BY p.name, p.id LIMIT $6`, likePrefix(text), likePrefix(strings.ToLower(text)), all, pq.Array(sites), siteID, SearchLimit)
	if err != nil {
		return nil, fmt.Errorf("search patients: %w", err)
	}
	return list, nil
}

// likePrefix makes a LIKE pattern that matches the text literally at the start.
func likePrefix(s string) string {
	return strings.NewReplacer(`\`, `\\`, `%`, `\%`, `_`, `\_`).Replace(s) + "%"
}

// Pinyin is the initials of a name, for typing it on a phone: 陈小明 is cxm.
// Characters without pinyin stay as they are, in lower case.
func Pinyin(name string) string {
	args := pinyin.NewArgs()
	args.Style = pinyin.FirstLetter
	args.Fallback = func(r rune, _ pinyin.Args) []string { return []string{strings.ToLower(string(r))} }
	return strings.Join(pinyin.LazyPinyin(name, args), "")
}
