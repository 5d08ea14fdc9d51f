package web_test

import (
	"encoding/base32"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/pquerna/otp/totp"

	"jingfang/integration/simulator"
	"jingfang/session/identity"
)

// strict is a hospital whose doctors must come by their certificate, and may do
// without while the CA is down.
func strict(t *testing.T, otp ...identity.Role) *hospital {
	t.Helper()
	return newHospital(t, caSetup{change: func(c *identity.CA) {
		c.Roles, c.OtpRoles = []identity.Role{identity.Doctor, identity.Pharmacist}, otp
	}})
}

// enrol lets a person who is logged in set up one-time codes, and gives the secret.
func (p *hospital) enrol(c *client) string {
	p.t.Helper()
	c.csrf, _ = c.get("/totp").doc().Find(`meta[name="csrf"]`).Attr("content")
	c.browserPost("/totp", "password", "wrong").want(http.StatusOK, "密码不正确")
	page := c.browserPost("/totp", "password", goodPassword).want(http.StatusOK, "输入手机上显示的六位数字", "ca-code")
	secret := strings.ReplaceAll(page.doc().Find("#totp-secret").Text(), " ", "")
	if _, err := base32.StdEncoding.WithPadding(base32.NoPadding).DecodeString(secret); err != nil || len(secret) < 32 {
		p.t.Fatalf("secret %q: %v", secret, err)
	}
	c.browserPost("/totp/confirm", "code", "000000").want(http.StatusOK, "动态码不正确")
	c.browserPost("/totp/confirm", "code", p.codeOf(secret)).to("/totp")
	c.get("/totp").want(http.StatusOK, "已启用", "!"+secret[:8])
	return secret
}

// codeOf is what the phone shows now.
func (p *hospital) codeOf(secret string) string {
	p.t.Helper()
	code, err := totp.GenerateCode(secret, p.clock.now())
	check(p.t, err)
	return code
}

// A role that must come by certificate: the password alone does not do, whether the CA
// answers or not; while it is down a one-time code helps, once each.
func TestWhileTheCAIsDown(t *testing.T) {
	p := strict(t, identity.Doctor)
	in := func(pairs ...string) answer { return p.client().browserPost("/login", pairs...) }
	in("username", "doc1", "password", goodPassword).want(http.StatusOK, "您的角色须用手机扫码登录", "!动态码</label>")
	in("username", "doc1", "password", "wrong").want(http.StatusOK, "用户名或密码不正确", "!扫码登录。请扫")
	secret := p.enrol(p.in(personA))

	p.server.Close()
	p.clock.forward(time.Minute)
	in("username", "doc2", "password", goodPassword).want(http.StatusOK, "您还没有启用动态码")
	in("username", "doc1", "password", goodPassword).want(http.StatusOK, "请再输入手机上的六位动态码", `name="code"`)
	in("username", "doc1", "password", goodPassword, "code", "123456").want(http.StatusOK, "动态码不正确或已经用过")
	code := p.codeOf(secret)
	in("username", "doc1", "password", goodPassword, "code", code).to("/")
	in("username", "doc1", "password", goodPassword, "code", code).want(http.StatusOK, "动态码不正确或已经用过")
	if n := p.count(`SELECT count(*) FROM audit WHERE event = 'login.without_ca'`); n != 1 {
		t.Errorf("%d loud audit rows", n)
	}
	if n := p.count(`SELECT count(*) FROM login WHERE how = 'totp'`); n != 1 {
		t.Errorf("%d logins by code", n)
	}
	// The QR code says that the CA is away, and that there is another way.
	p.client().htmx("/login/ca").want(http.StatusOK, "连不上 CA", `data-state="error"`)
	// Wrong codes count as wrong passwords do.
	p.clock.forward(time.Minute)
	for range 5 {
		in("username", "doc1", "password", goodPassword, "code", "999999")
	}
	in("username", "doc1", "password", goodPassword, "code", p.codeOf(secret)).want(http.StatusOK, "已锁定")
	p.clock.forward(16 * time.Minute)
	in("username", "doc1", "password", goodPassword, "code", p.codeOf(secret)).to("/")
	// Who is not bound to a certificate logs in as ever.
	in("username", "chief", "password", goodPassword).to("/")
}

// A role that may not do without its certificate waits for the CA.
func TestARoleThatMustWait(t *testing.T) {
	p := strict(t)
	p.enrol(p.in(personA))
	p.server.Close()
	p.clock.forward(time.Minute)
	p.client().browserPost("/login", "username", "doc1", "password", goodPassword).want(http.StatusOK, "医生不能只用密码登录")
}

// A lost telephone: the administrator clears the codes, and nobody else may.
func TestResettingOneTimeCodes(t *testing.T) {
	p := newHospital(t, caSetup{})
	p.enrol(p.in(personA))
	page := "/admin/staff/" + idOf(p.people["doc1"])
	p.program("doc2").post(page + "/totp/reset").want(http.StatusForbidden)
	chief := p.program("chief")
	chief.json = false
	chief.get(page).want(http.StatusOK, "动态码已启用", "清除动态码")
	chief.post(page + "/totp/reset").to(page)
	chief.post(page+"/totp/reset").want(http.StatusOK, "没有启用动态码")
	if n := p.count(`SELECT count(*) FROM audit WHERE event = 'totp.reset'`); n != 1 {
		t.Errorf("%d audit rows", n)
	}
	p.enrol(p.in(personA))
}

// What an authority says without proof is no login: unfinished, signed over something
// else, or somebody else's word.
func TestALoginNeedsProof(t *testing.T) {
	p := newHospital(t, caSetup{})
	for _, x := range []struct {
		state, text string
		fault       simulator.CAFaults
	}{
		{"scanned", "请在手机上确认", simulator.CAFaults{Unfinished: true}},
		{"error", "签名验证不通过", simulator.CAFaults{BadValue: true}},
		{"wrong", "不是本人的证书", simulator.CAFaults{WrongPerson: true}},
	} {
		c, ticket := p.code()
		p.act(ticket, "confirm", personA)
		x.fault.On, x.fault.Times = "GetSignQRResult", 1
		p.ca.SetFaults(x.fault)
		c.follow("shown", "waiting").want(http.StatusOK, x.text, `data-state="`+x.state+`"`)
		p.ca.SetFaults(simulator.CAFaults{})
		if c.get("/").status == http.StatusOK {
			t.Errorf("%+v: somebody is in", x.fault)
		}
	}
}
