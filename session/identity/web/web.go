package web

import (
	"embed"
	"io/fs"
	"net"
	"net/http"
	"net/netip"
	"time"

	"github.com/go-chi/chi/v5"
	"github.com/go-chi/chi/v5/middleware"
	"github.com/go-chi/httprate"

	"jingfang/session/identity"
	"jingfang/session/job"
	"jingfang/session/page"
)

//go:embed pages parts
var templates embed.FS

// Templates is the set of our pages, for page.New.
func Templates() fs.FS { return templates }

// Entry is a line of the menu and the permission without which it is not shown.
type Entry struct {
	page.MenuItem
	Needs identity.Permission
}

// Config is what the pages need.
type Config struct {
	Service *identity.Service
	Site    *page.Site
	// HTTPS says that browsers reach us by TLS even where this server does not
	// see it; cookies are then Secure.
	HTTPS bool
	// Menu is the program's menu; our own lines follow it.
	Menu []Entry
	// EventLabel gives the Chinese name of an event of another package, or "".
	EventLabel func(event string) string
	// Open are paths that need no login, in addition to our own; one that ends in
	// a slash opens everything below it.
	Open []string
	// FirstRunToken is printed on the console and must be typed to create the
	// first administrators; "" closes the page.
	FirstRunToken string
	// Offices are the networks from which the administrators' and the auditor's
	// pages open (GB/T 22239-2019 8.1.4.4); empty means everywhere.
	Offices []netip.Prefix
	// Demo shows beside a QR code where its phone is played.
	Demo bool
	// Jobs run the verification of the audit; nil makes some of our own.
	Jobs *job.Jobs
	// FailuresPerMinute bounds wrong passwords from one address; 0 means 30 (a
	// whole site may come from one).
	FailuresPerMinute int
}

// scansPerMinute is how many QR codes one address may ask for in a minute: a whole
// site may come from one.
const scansPerMinute = 60

// Web is the handlers and the middleware. It is safe for concurrent use.
type Web struct {
	svc   *identity.Service
	site  *page.Site
	https bool
	menu  []Entry
	open  []string
	token string
	nets  []netip.Prefix
	label func(string) string
	slow  *httprate.RateLimiter
	jobs  *job.Jobs
	// scans bounds how many QR codes one address asks for.
	scans *httprate.RateLimiter
	demo  bool
	// failures a minute are answered for one address.
	failures int
}

// New makes the pages.
func New(c Config) *Web {
	if c.FailuresPerMinute == 0 {
		c.FailuresPerMinute = 30
	}
	if c.Jobs == nil {
		c.Jobs = job.New(c.Service.DB().Now)
	}
	if c.EventLabel == nil {
		c.EventLabel = func(string) string { return "" }
	}
	return &Web{
		svc: c.Service, site: c.Site, https: c.HTTPS, token: c.FirstRunToken, nets: c.Offices, label: c.EventLabel,
		menu:     append(append([]Entry{}, c.Menu...), ownMenu()...),
		open:     append([]string{"/static/", "/healthz", "/readyz", "/metrics"}, c.Open...),
		failures: c.FailuresPerMinute, jobs: c.Jobs, demo: c.Demo,
		scans: httprate.NewRateLimiter(scansPerMinute, time.Minute, httprate.WithResponseHeaders(httprate.ResponseHeaders{})),
		slow:  httprate.NewRateLimiter(c.FailuresPerMinute, time.Minute, httprate.WithResponseHeaders(httprate.ResponseHeaders{})),
	}
}

func ownMenu() []Entry {
	return []Entry{
		{MenuItem: page.MenuItem{Title: "人员", URL: "/admin/staff", Icon: "people"}, Needs: identity.ManageStaff},
		{MenuItem: page.MenuItem{Title: "角色", URL: "/admin/staff", Icon: "key"}, Needs: identity.ManageRoles},
		{MenuItem: page.MenuItem{Title: "精防点", URL: "/admin/sites", Icon: "pin"}, Needs: identity.ManageSystem},
		{MenuItem: page.MenuItem{Title: "审计", URL: "/audit", Icon: "shield"}, Needs: identity.ViewAudit},
	}
}

// Routes mounts our addresses. The middleware must stand before them.
func (w *Web) Routes(r chi.Router) {
	r.Get("/login", w.site.Handle(w.showLogin))
	r.Post("/login", w.site.Handle(w.postLogin))
	r.Post("/login/ca", w.site.Handle(w.postScan))
	r.Post("/login/ca/state", w.site.Handle(w.postScanState))
	r.Get("/first-run", w.site.Handle(w.showFirstRun))
	r.Post("/first-run", w.site.Handle(w.postFirstRun))

	r.Post("/logout", w.LoggedIn(w.postLogout))
	r.Get("/lock", w.LoggedIn(w.showLock))
	r.Post("/lock", w.LoggedIn(w.postLock))
	r.Post("/unlock", w.LoggedIn(w.postUnlock))
	r.Post("/activity", w.LoggedIn(w.postActivity))
	r.Get("/password", w.LoggedIn(w.showPassword))
	r.Post("/password", w.LoggedIn(w.postPassword))

	r.Get("/switch", w.LoggedIn(w.showSwitch))
	r.Get("/totp", w.LoggedIn(w.showTotp))
	r.Post("/totp", w.LoggedIn(w.postTotp))
	r.Post("/totp/confirm", w.LoggedIn(w.postTotpConfirm))

	r.Get("/admin/staff", w.RequireAny(w.showStaffList, identity.ManageStaff, identity.ManageRoles))
	r.Post("/admin/staff", w.Require(identity.ManageStaff, w.postStaff))
	r.Get("/admin/staff/{id}", w.RequireAny(w.showStaff, identity.ManageStaff, identity.ManageRoles))
	r.Post("/admin/staff/{id}/reset", w.Require(identity.ManageStaff, w.postReset))
	r.Post("/admin/staff/{id}/disable", w.Require(identity.ManageStaff, w.postDisable))
	r.Post("/admin/staff/{id}/enable", w.Require(identity.ManageStaff, w.postEnable))
	r.Post("/admin/staff/{id}/grant", w.Require(identity.ManageRoles, w.postGrant))
	r.Post("/admin/staff/{id}/revoke", w.Require(identity.ManageRoles, w.postRevoke))
	r.Post("/admin/staff/{id}/totp/reset", w.Require(identity.ManageStaff, w.postTotpReset))
	r.Post("/admin/staff/{id}/bind", w.Require(identity.ManageStaff, w.postBind))
	r.Post("/admin/staff/{id}/unbind", w.Require(identity.ManageStaff, w.postUnbind))
	r.Get("/admin/sites", w.Require(identity.ManageSystem, w.showSites))
	r.Post("/admin/sites", w.Require(identity.ManageSystem, w.postSite))

	r.Get("/audit", w.Require(identity.ViewAudit, w.showAudit))
	r.Post("/audit/verify", w.Require(identity.ViewAudit, w.postVerify))
	r.Get("/audit/verify/{job}", w.Require(identity.ViewAudit, w.showVerify))
	r.Post("/audit/verify/{job}/cancel", w.Require(identity.ViewAudit, w.postCancelVerify))
}

// clientOf is where a request comes from. Behind a front server the program sets
// the client's address with chi's ClientIPFrom… middleware.
func clientOf(r *http.Request) identity.Client {
	addr := middleware.GetClientIP(r.Context())
	if addr == "" {
		var err error
		if addr, _, err = net.SplitHostPort(r.RemoteAddr); err != nil {
			addr = r.RemoteAddr
		}
	}
	return identity.Client{Addr: addr, Device: r.UserAgent(), RequestID: page.ReferenceOf(r.Context())}
}
