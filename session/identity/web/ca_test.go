package web_test

import (
	"context"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"jingfang/session/identity"
)

// A code is scanned and confirmed, and the login is the person's; in both styles.
func TestLoginByQR(t *testing.T) {
	for _, vendor := range []string{"netca", "bjca"} {
		t.Run(vendor, func(t *testing.T) {
			p := newHospital(t, caSetup{vendor: vendor})
			p.client().get("/login").want(200, `id="ca-scan"`, "正在取二维码", `name="password"`)
			c := p.client()
			c.scan().want(200, "用手机 CA 扫码登录", `data-state="waiting"`)
			ticket := p.ca.Latest()
			if a := c.follow("shown", "waiting"); a.status != 204 {
				t.Fatalf("a code that waits is drawn again: %d %s", a.status, a.body)
			}
			p.act(ticket, "scan", "")
			c.follow("shown", "waiting").want(200, "已扫码，请在手机上确认", "!ca-code")
			p.act(ticket, "confirm", personA)
			if a := c.follow("next", "/patients"); a.header.Get("HX-Redirect") != "/patients" {
				t.Fatalf("confirmed: %d %v %s", a.status, a.header, a.body)
			}
			c.get("/").want(200, "doc1")
			if n := p.count(`SELECT count(*) FROM login WHERE how = 'ca' AND ended_at IS NULL`); n != 1 {
				t.Errorf("%d logins by certificate", n)
			}
			if n := p.count(`SELECT count(*) FROM audit WHERE event = 'login' AND detail LIKE '扫码登录；%'`); n != 1 {
				t.Errorf("%d audit rows of the login", n)
			}
		})
	}
}

func (h *house) count(query string, args ...any) int {
	h.t.Helper()
	var n int
	check(h.t, h.test.App.Get(context.Background(), &n, query, args...))
	return n
}

// Every end that is no login says so, and leaves no login behind.
func TestNoLoginByQR(t *testing.T) {
	for _, vendor := range []string{"netca", "bjca"} {
		p := newHospital(t, caSetup{vendor: vendor})
		for _, x := range []struct {
			name, state, text string
			do                func(c *client, ticket string)
		}{
			{"refused", "refused", "手机上选择了拒绝", func(_ *client, ticket string) { p.act(ticket, "refuse", "") }},
			{"expired there", "expired", "二维码已过期", func(_ *client, ticket string) { p.act(ticket, "expire", "") }},
			{"expired here", "expired", "二维码已过期", func(c *client, _ string) { c.h.clock.forward(3 * time.Minute) }},
			{"the authority says wrong person", "wrong", "不是本人的证书", func(_ *client, ticket string) { p.act(ticket, "wrong", "") }},
			{"impersonated", "wrong", "不是同一位", func(_ *client, ticket string) { p.act(ticket, "impersonate", personA, personB) }},
			{"bound to nobody", "wrong", "没有绑定本系统的人员", func(_ *client, ticket string) { p.act(ticket, "confirm", nobody) }},
			{"frozen", "error", "已被冻结", func(_ *client, ticket string) {
				check(t, p.ca.SetCertificate(personA, "frozen"))
				p.act(ticket, "confirm", personA)
			}},
			{"revoked", "error", "已被注销", func(_ *client, ticket string) {
				check(t, p.ca.SetCertificate(personA, "revoked"))
				p.act(ticket, "confirm", personA)
			}},
			{"foreign issuer", "error", "不是本院认可的机构签发的", func(_ *client, ticket string) {
				check(t, p.ca.SetCertificate(personA, "foreign"))
				p.act(ticket, "confirm", personA)
			}},
			{"disabled", "error", "账号已停用", func(_ *client, ticket string) {
				check(t, p.svc.DisableStaff(context.Background(), p.admin, p.people["doc2"].ID))
				p.act(ticket, "confirm", personB)
			}},
		} {
			t.Run(vendor+" "+x.name, func(t *testing.T) {
				before := p.count(`SELECT count(*) FROM login`)
				c, ticket := p.code()
				x.do(c, ticket)
				c.follow("shown", "waiting").want(200, x.text, `data-state="`+x.state+`"`, "换一个二维码", "!hx-trigger")
				if c.get("/").status == 200 || p.count(`SELECT count(*) FROM login`) != before {
					t.Error("somebody is logged in")
				}
				// Asking again changes nothing, and a fresh code works.
				c.follow().want(200, `data-state="`+x.state+`"`)
				c.scan().want(200, `data-state="waiting"`)
			})
		}
	}
}

// A code that somebody photographed logs in nobody but the browser that asked for it.
func TestAStolenCode(t *testing.T) {
	p := newHospital(t, caSetup{})
	mine, ticket := p.code()
	thief := p.client()
	p.act(ticket, "confirm", personA)
	thief.follow().want(200, "没有等待中的二维码")
	// Not with a cookie of the right shape, and not with its own code's secret either.
	thief.scan()
	thief.follow("shown", "waiting").want(204)
	if thief.get("/").status == 200 {
		t.Fatal("the thief is in")
	}
	if a := mine.follow(); a.header.Get("HX-Redirect") != "/" {
		t.Fatalf("the owner is not in: %d %s", a.status, a.body)
	}
}

// A ticket logs in once, also when two tabs ask at the same moment and when its cookie
// is played again.
func TestATicketIsUsedOnce(t *testing.T) {
	p := newHospital(t, caSetup{})
	c, ticket := p.code()
	again := c.cookies()
	p.act(ticket, "confirm", personA)
	p.clock.forward(2 * time.Second)
	var wg sync.WaitGroup
	in := make([]answer, 6)
	for i := range in {
		wg.Go(func() { in[i] = c.htmx("/login/ca/state") })
	}
	wg.Wait()
	if n := p.count(`SELECT count(*) FROM login`); n != 1 {
		t.Fatalf("%d logins out of one ticket", n)
	}
	thief := p.client()
	p.clock.forward(2 * time.Second)
	a := thief.do("POST", "/login/ca/state", nil, map[string]string{"Cookie": again, "HX-Request": "true"})
	a.want(200, "已经用过，只能用一次")
	if n := p.count(`SELECT count(*) FROM login`); n != 1 {
		t.Fatalf("%d logins after the ticket was played again", n)
	}
}

// A renewed certificate is the same person, and the audit says that it was renewed.
func TestARenewedCertificate(t *testing.T) {
	p := newHospital(t, caSetup{})
	p.in(personA)
	first := p.serial("doc1")
	check(t, p.ca.SetCertificate(personA, "valid"))
	p.in(personA).get("/").want(200, "doc1")
	if p.serial("doc1") == first {
		t.Error("the binding still names the certificate before")
	}
	if n := p.count(`SELECT count(*) FROM audit WHERE event = 'ca.renew' AND detail LIKE '%' || $1::text || '%'`, first); n != 1 {
		t.Errorf("%d audit rows of the renewal", n)
	}
}

func (p *hospital) serial(who string) string {
	p.t.Helper()
	b, err := p.svc.BindingFor(context.Background(), p.people[who].ID)
	check(p.t, err)
	return b.CertSN
}

// Another doctor takes over the screen; the one before is out and comes back.
func TestSwitchingPersons(t *testing.T) {
	p := newHospital(t, caSetup{})
	c := p.in(personA)
	c.csrf, _ = c.get("/password").doc().Find(`meta[name="csrf"]`).Attr("content")
	c.get("/switch?next=/patients").want(200, "接手的人登录后，"+p.people["doc1"].Name+"退出", `value="/patients"`)
	c.scan("switch", "1")
	p.act(p.ca.Latest(), "confirm", personB)
	if a := c.follow("next", "/patients", "switch", "1"); a.header.Get("HX-Redirect") != "/patients" {
		t.Fatalf("%d %s", a.status, a.body)
	}
	c.get("/").want(200, "doc2")
	if n := p.count(`SELECT count(*) FROM login WHERE ended_at IS NULL`); n != 1 {
		t.Errorf("%d logins are open on one screen", n)
	}
}

// A locked screen opens to its own person's phone and to nobody else's.
func TestUnlockingByQR(t *testing.T) {
	p := newHospital(t, caSetup{})
	c := p.in(personA)
	c.csrf, _ = c.get("/password").doc().Find(`meta[name="csrf"]`).Attr("content")
	c.get("/lock").to("/lock?next=%2F")
	c.get("/lock").want(200, `id="ca-scan"`)
	c.scan()
	p.act(p.ca.Latest(), "confirm", personB)
	c.follow().want(200, "锁屏的不是这个人", `data-state="wrong"`)
	if a := c.get("/"); a.status == 200 {
		t.Fatal("the screen is open")
	}
	c.scan()
	p.act(p.ca.Latest(), "confirm", personA)
	if a := c.follow(); a.header.Get("HX-Redirect") != "/" {
		t.Fatalf("%d %s", a.status, a.body)
	}
	c.get("/").want(200, "doc1")
	if n := p.count(`SELECT count(*) FROM login WHERE ended_at IS NULL`); n != 1 {
		t.Errorf("%d logins", n)
	}
}

// A binding that was written past the program opens nothing.
func TestAForgedBinding(t *testing.T) {
	p := newHospital(t, caSetup{})
	p.owner(`UPDATE ca_binding SET unbound_at = now() WHERE person_code = '` + personB + `'`)
	p.owner(`UPDATE ca_binding SET person_code = '` + personB + `', person_name = (SELECT name FROM staff WHERE username = 'doc2') WHERE person_code = '` + personA + `'`)
	c, ticket := p.code()
	p.act(ticket, "confirm", personB)
	c.follow().want(200, "没有绑定本系统的人员")
	if n := p.count(`SELECT count(*) FROM audit WHERE event = 'ca.forged'`); n != 1 {
		t.Errorf("%d audit rows", n)
	}
}

// Tickets, tokens and the QR code's text stand in no row in the clear.
func TestSecretsAreSealed(t *testing.T) {
	p := newHospital(t, caSetup{})
	c, ticket := p.code()
	p.act(ticket, "confirm", personA)
	c.follow()
	for _, table := range []string{"ca_ticket", "ca_token", "translog_entry", "audit"} {
		var rows []string
		check(t, p.test.Owner.Select(context.Background(), &rows, `SELECT CAST(x AS text) FROM `+table+` x`))
		for _, row := range rows {
			if strings.Contains(row, ticket) {
				t.Errorf("%s holds the ticket", table)
			}
		}
		if len(rows) == 0 && table != "ca_token" {
			t.Errorf("%s is empty", table)
		}
	}
}

// Binding is the system administrator's, and the authority's word on the name counts.
func TestBinding(t *testing.T) {
	p := newHospital(t, caSetup{})
	other := p.person("other", identity.Grant{Role: identity.Doctor})
	a := p.program("chief")
	a.json = false
	page := "/admin/staff/" + fmt.Sprint(other.ID)
	a.get(page).want(200, "CA 的人员编号", "绑定证书")
	a.post(page+"/bind", "code", "DEMO-CA-0004").want(200, "不是同一个名字")
	a.post(page+"/bind", "code", "nobody").want(200, "没有这个用户编号")
	a.post(page+"/bind", "code", "").want(200, "请填写")
	doc := "/admin/staff/" + fmt.Sprint(p.people["doc1"].ID)
	a.get(doc).want(200, "DEMO-CA-0001", "解除证书")
	c := p.in(personA)
	a.post(doc + "/unbind").to(doc)
	if c.get("/").status == 200 {
		t.Error("the login goes on without its certificate")
	}
	p.program("doc2").post(doc+"/bind", "code", personA).want(403)
}
