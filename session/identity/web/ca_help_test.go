package web_test

import (
	"context"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"jingfang/integration"
	"jingfang/integration/simulator"
	"jingfang/integration/translog"
	"jingfang/integration/wire"
	"jingfang/session/identity"
	"jingfang/sql/db"
	"jingfang/sql/seal"
)

// hospital is a house with a stand-in for the certificate authority beside it, met
// over HTTP.
type hospital struct {
	*house
	ca     *simulator.CA
	server *httptest.Server
	people map[string]identity.Staff
	admin  identity.Actor
}

// caSetup is what a test wants of the authority.
type caSetup struct {
	vendor string // netca when empty
	change func(*identity.CA)
}

func newHospital(t *testing.T, s caSetup) *hospital {
	t.Helper()
	if s.vendor == "" {
		s.vendor = "netca"
	}
	p := &hospital{people: map[string]identity.Staff{}}
	p.house = build(t, func(h *house) identity.CA { return p.open(h, s) })
	p.ca.SetPhone("http://127.0.0.1/phone")
	admin := p.person("chief", identity.Grant{Role: identity.SysAdmin})
	p.admin = identity.Actor{StaffID: admin.ID, Username: admin.Username, Name: admin.Name, Grants: admin.Grants}
	for i, c := range simulator.DemoCAPersons()[:3] {
		name := []string{"doc1", "doc2", "doc3"}[i]
		st, _, err := p.svc.CreateStaff(context.Background(), identity.System("test"), identity.NewStaff{Username: name, Name: c.Name,
			Password: goodPassword, Final: true, Grants: []identity.Grant{{Role: identity.Doctor}}})
		check(t, err)
		p.people[name] = st
		code := c.Code
		if s.vendor == "bjca" {
			code = c.IDNumber
		}
		check(t, p.svc.Bind(context.Background(), p.admin, st.ID, code))
	}
	return p
}

// open starts the stand-in and makes its client.
func (p *hospital) open(h *house, s caSetup) identity.CA {
	h.t.Helper()
	key, err := wire.NewKey("jingfang", []byte("demo-secret-of-the-tests"))
	check(h.t, err)
	p.ca, err = simulator.NewCA(key, nil, simulator.DemoCAPersons(), h.clock.now)
	check(h.t, err)
	p.server = httptest.NewServer(p.ca)
	h.t.Cleanup(p.server.Close)
	v, err := integration.NewCA(integration.CAConfig{Vendor: s.vendor, BaseURL: p.server.URL, Key: key, Trusted: p.ca.Trusted(),
		Log: translog.New(h.test.App, h.keys, "test"), Now: h.clock.now, Timeout: 2 * time.Second,
		Index: func(id string) (string, error) { return seal.HMAC([]byte("test"), []byte(id)).String()[:40], nil }})
	check(h.t, err)
	ca := identity.CA{Verifier: v, Trusted: p.ca.Trusted()}
	if s.change != nil {
		s.change(&ca)
	}
	return ca
}

// code is a browser that shows a fresh QR code, and the authority's own ticket of it.
func (p *hospital) code() (*client, string) {
	p.t.Helper()
	c := p.client()
	c.scan()
	return c, p.ca.Latest()
}

// scan asks for a code as the page does.
func (c *client) scan(pairs ...string) answer {
	c.h.t.Helper()
	return c.htmx("/login/ca", pairs...).want(200)
}

// follow asks how far the code is, as the page does.
func (c *client) follow(pairs ...string) answer {
	c.h.t.Helper()
	c.h.clock.forward(2 * time.Second)
	return c.htmx("/login/ca/state", pairs...)
}

func (c *client) htmx(path string, pairs ...string) answer {
	c.h.t.Helper()
	header := map[string]string{"Origin": c.h.url, "Sec-Fetch-Site": "same-origin", "HX-Request": "true", "X-Heartbeat": "1"}
	if c.csrf != "" {
		header["X-CSRF-Token"] = c.csrf
	}
	return c.do("POST", path, fields(pairs), header)
}

// cookies are what a thief would copy.
func (c *client) cookies() string {
	u, err := url.Parse(c.h.url)
	check(c.h.t, err)
	var list []string
	for _, k := range c.http.Jar.Cookies(u) {
		list = append(list, k.Name+"="+k.Value)
	}
	return strings.Join(list, "; ")
}

// owner runs a statement past the program.
func (p *hospital) owner(statement string) {
	p.t.Helper()
	check(p.t, p.test.Owner.InTx(context.Background(), func(ctx context.Context, tx *db.Tx) error {
		_, err := tx.Exec(ctx, statement)
		return err
	}))
}

func (p *hospital) act(ticket, what, person string, other ...string) {
	p.t.Helper()
	check(p.t, p.ca.Act(ticket, what, person, strings.Join(other, "")))
}

// in logs somebody in by the phone.
func (p *hospital) in(person string) *client {
	p.t.Helper()
	c, ticket := p.code()
	p.act(ticket, "confirm", person)
	a := c.follow()
	if a.status != 200 || a.header.Get("HX-Redirect") != "/" {
		p.t.Fatalf("a confirmed code does not log in: %d %v %s", a.status, a.header, a.body)
	}
	return c
}

const (
	personA = "DEMO-CA-0001" // doc1
	personB = "DEMO-CA-0002" // doc2
	nobody  = "DEMO-CA-0099" // bound to nobody
)
