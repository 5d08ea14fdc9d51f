package identity

import (
	"context"
	"slices"
	"strconv"
	"strings"

	"github.com/google/uuid"

	"jingfang/sql/db"
)

// Grant is a role of a person at a site.
type Grant struct {
	Role Role `json:"role"`
	// SiteID is 0 for every site.
	SiteID int64 `json:"site,omitempty"`
}

// Actor is who acts: a person behind a login, or the program itself. It is
// passed by value as the argument by of every use case.
type Actor struct {
	StaffID        int64
	Username, Name string
	LoginID        uuid.UUID
	Grants         []Grant
	// Addr is the client's address, Device what its browser calls itself,
	// RequestID the number an error page shows.
	Addr, Device, RequestID string
	// system is set by System alone, so that no struct literal gets its power.
	system bool
}

// System is the actor of background work; what names it in the audit
// ("his-poller"). It may do everything and belongs to no login.
func System(what string) Actor { return Actor{Username: "system", Name: what, system: true} }

// IsSystem tells whether the program itself acts.
func (a Actor) IsSystem() bool { return a.system }

// Can tells whether the actor may use the permission at the site; siteID 0 asks
// for any site. The error is a *db.Error of kind Denied with a sentence, or
// LoggedOut for the zero Actor.
func (a Actor) Can(p Permission, siteID int64) error {
	if a.system {
		return nil
	}
	if a.StaffID == 0 {
		return db.Refuse(db.LoggedOut, "请先登录。")
	}
	elsewhere := false
	for _, g := range a.Grants {
		if !g.Role.May(p) {
			continue
		}
		if siteID == 0 || g.SiteID == 0 || g.SiteID == siteID {
			return nil
		}
		elsewhere = true
	}
	if elsewhere {
		return db.Refuse(db.Denied, "您在这个精防点没有“%s”的权限。需要时请联系安全管理员授权。", p.Label())
	}
	return db.Refuse(db.Denied, "您没有“%s”的权限。需要时请联系安全管理员授权。", p.Label())
}

// Sites lists where the actor holds the permission, in ascending order; all
// means everywhere, and then ids is empty.
func (a Actor) Sites(p Permission) (ids []int64, all bool) {
	if a.system {
		return nil, true
	}
	for _, g := range a.Grants {
		switch {
		case !g.Role.May(p):
		case g.SiteID == 0:
			return nil, true
		default:
			ids = append(ids, g.SiteID)
		}
	}
	slices.Sort(ids)
	return slices.Compact(ids), false
}

// Within is [Actor.Sites] for a filter: the sites where the actor holds the
// permission, nil for all, never nil for none.
func (a Actor) Within(p Permission) []int64 {
	ids, all := a.Sites(p)
	if all {
		return nil
	}
	return append([]int64{}, ids...)
}

// Has tells whether the actor holds the role anywhere.
func (a Actor) Has(r Role) bool {
	return slices.ContainsFunc(a.Grants, func(g Grant) bool { return g.Role == r })
}

// Roles lists the actor's roles without their sites, in the order of Roles.
func (a Actor) Roles() []Role {
	var list []Role
	for _, r := range Roles() {
		if a.Has(r) {
			list = append(list, r)
		}
	}
	return list
}

// roleText is the actor's grants for the audit: "doctor@3,doctor@7", a role
// everywhere without a site, "system:what" for the program.
func (a Actor) roleText() string {
	if a.system {
		return "system:" + a.Name
	}
	list := make([]string, len(a.Grants))
	for i, g := range a.Grants {
		list[i] = string(g.Role)
		if g.SiteID != 0 {
			list[i] += "@" + strconv.FormatInt(g.SiteID, 10)
		}
	}
	slices.Sort(list)
	return strings.Join(list, ",")
}

type actorKey struct{}

// WithActor puts the actor of a request into its context.
func WithActor(ctx context.Context, a Actor) context.Context {
	return context.WithValue(ctx, actorKey{}, a)
}

// ActorOf gives the actor of a request; false means that nobody is logged in.
func ActorOf(ctx context.Context) (Actor, bool) {
	a, ok := ctx.Value(actorKey{}).(Actor)
	return a, ok
}

// Who is ActorOf for a handler: without a login the error is LoggedOut, with the
// sentence that asks for one.
func Who(ctx context.Context) (Actor, error) {
	a, ok := ActorOf(ctx)
	if !ok {
		return a, db.Refuse(db.LoggedOut, "请先登录。")
	}
	return a, nil
}
