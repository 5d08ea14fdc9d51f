package web_test

import (
	"context"
	"fmt"
	"net/http"
	"net/netip"
	"net/url"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/PuerkitoBio/goquery"

	"jingfang/session/identity"
	"jingfang/session/identity/web"
	"jingfang/session/page"
	"jingfang/sql/db"
)

func TestSamples(t *testing.T) {
	site, err := page.New(page.Config{}, web.Templates())
	check(t, err)
	check(t, site.CheckSamples(append(page.OwnSamples(), web.Samples()...)))
}

func TestLoginByForm(t *testing.T) {
	h := newHouse(t)
	h.person("doc", identity.Grant{Role: identity.Doctor})
	c := h.client()
	c.get("/patients").to("/login?next=%2Fpatients")
	form := c.get("/login?next=/patients").want(http.StatusOK)
	if next, _ := form.doc().Find(`input[name="next"]`).Attr("value"); next != "/patients" {
		t.Errorf("next is %q", next)
	}
	c.browserPost("/login", "username", "doc", "password", "wrong", "next", "/patients").
		want(http.StatusOK, "用户名或密码不正确", `value="doc"`, "!wrong")
	a := c.browserPost("/login", "username", "doc", "password", goodPassword, "next", "/patients")
	a.to("/patients")
	cookie := a.header.Get("Set-Cookie")
	for _, want := range []string{"jingfang=", "HttpOnly", "SameSite=Strict", "Path=/"} {
		if !strings.Contains(cookie, want) {
			t.Errorf("cookie %q lacks %s", cookie, want)
		}
	}
	if strings.Contains(cookie, "Secure") || strings.Contains(cookie, "Max-Age") {
		t.Errorf("cookie over plain HTTP: %q", cookie)
	}
	a = c.get("/patients").want(http.StatusOK, "patients")
	if a.header.Get("Cache-Control") != "no-store" {
		t.Error("a page with patients may be cached")
	}
	c.get("/login?next=/patients").to("/patients")
	for _, evil := range []string{"//evil.example", "https://evil.example", "/\\evil.example", "/login", ""} {
		c.get("/login?next=" + url.QueryEscape(evil)).to("/")
	}
}

func TestSecureCookie(t *testing.T) {
	h := newHouse(t, func(c *web.Config) { c.HTTPS = true })
	h.person("doc")
	cookie := h.client().post("/login", "username", "doc", "password", goodPassword).header.Get("Set-Cookie")
	if !strings.HasPrefix(cookie, "__Host-jingfang=") || !strings.Contains(cookie, "; Secure") {
		t.Errorf("cookie %q", cookie)
	}
}

func TestLoginByProgram(t *testing.T) {
	h := newHouse(t)
	h.person("doc", identity.Grant{Role: identity.Doctor})
	c := h.client()
	c.json = true
	c.get("/patients").want(http.StatusUnauthorized, `"kind":"logged_out"`)
	c.post("/login", "username", "doc", "password", "wrong").want(http.StatusUnauthorized, `"kind":"logged_out"`, "用户名或密码不正确")
	c.post("/login", "username", "doc", "password", goodPassword).want(http.StatusOK, `"name":"演示doc"`, `"roles":["doctor"]`, `"csrf":"`, `"must_change":false`)
	c.get("/patients").want(http.StatusOK)
	c.get("/audit").want(http.StatusForbidden, `"kind":"denied"`)
	c.post("/activity").want(http.StatusNoContent)
	c.post("/logout").want(http.StatusOK, `"ok":true`)
	c.get("/patients").want(http.StatusUnauthorized)
	a := c.do(http.MethodPost, "/login", nil, map[string]string{"Content-Type": "application/json"})
	a.want(http.StatusBadRequest, `"kind":"invalid"`)
}

// Locked names answer alike, known or not; an address that fails too often is
// slowed down, whatever the names.
func TestLockOutAndSlowDown(t *testing.T) {
	h := newHouse(t, func(c *web.Config) { c.FailuresPerMinute = 12 })
	h.person("doc")
	c := h.client()
	c.json = true
	number := regexp.MustCompile(`,"ref":"[^"]*"`)
	var bodies [2][]string
	for i, name := range []string{"doc", "nobody"} {
		for range 5 {
			a := c.post("/login", "username", name, "password", "wrong")
			bodies[i] = append(bodies[i], number.ReplaceAllString(a.body, ""))
		}
		c.post("/login", "username", name, "password", goodPassword).want(http.StatusTooManyRequests, "已锁定")
	}
	if strings.Join(bodies[0], "\n") != strings.Join(bodies[1], "\n") {
		t.Errorf("known and unknown differ:\n%s\n%s", bodies[0], bodies[1])
	}
	h.clock.forward(identity.LockOut + time.Second)
	c.post("/login", "username", "doc", "password", goodPassword).want(http.StatusTooManyRequests, "失败次数太多")
}

func TestLogoutKillsOnTheServer(t *testing.T) {
	h := newHouse(t)
	h.person("doc", identity.Grant{Role: identity.Doctor})
	c := h.browser("doc")
	target, err := url.Parse(h.url)
	check(t, err)
	kept := c.http.Jar.Cookies(target)
	c.browserPost("/logout").to("/login")
	if left := c.http.Jar.Cookies(target); len(left) != 0 {
		t.Errorf("cookies left: %d", len(left))
	}
	c.http.Jar.SetCookies(target, kept)
	c.get("/patients").to("/login?next=%2Fpatients")
}

// The session's id changes at login: a cookie planted before opens nothing.
func TestRotationAtLogin(t *testing.T) {
	h := newHouse(t)
	h.person("doc", identity.Grant{Role: identity.Doctor})
	target, err := url.Parse(h.url)
	check(t, err)
	c := h.browser("doc")
	before := c.http.Jar.Cookies(target)
	c.browserPost("/login", "username", "doc", "password", goodPassword).to("/")
	after := c.http.Jar.Cookies(target)
	if before[0].Value == after[0].Value {
		t.Error("the same cookie after a second login")
	}
	c.http.Jar.SetCookies(target, before)
	c.get("/patients").to("/login?next=%2Fpatients")
}

func TestTokenAndOrigin(t *testing.T) {
	h := newHouse(t)
	h.person("doc")
	h.person("other")
	c, other := h.browser("doc"), h.browser("other")
	same := map[string]string{"Origin": h.url, "Sec-Fetch-Site": "same-origin"}
	foreign := map[string]string{"Origin": "https://evil.example", "Sec-Fetch-Site": "cross-site"}
	for _, x := range []struct {
		name   string
		form   url.Values
		header map[string]string
		status int
	}{
		{"no token", nil, same, http.StatusForbidden},
		{"empty token", url.Values{"csrf": {""}}, same, http.StatusForbidden},
		{"token of another login", url.Values{"csrf": {other.csrf}}, same, http.StatusForbidden},
		{"another site", url.Values{"csrf": {c.csrf}}, foreign, http.StatusForbidden},
		{"another site without Sec-Fetch-Site", url.Values{"csrf": {c.csrf}}, map[string]string{"Origin": "https://evil.example"}, http.StatusForbidden},
		{"field", url.Values{"csrf": {c.csrf}}, same, http.StatusNoContent},
		{"header", nil, map[string]string{"Origin": h.url, "X-CSRF-Token": c.csrf}, http.StatusNoContent},
		{"program", nil, nil, http.StatusNoContent},
		{"token in the address", nil, map[string]string{"Origin": h.url, "X-Path": "?csrf=" + c.csrf}, http.StatusForbidden},
	} {
		t.Run(x.name, func(t *testing.T) {
			path := "/activity" + x.header["X-Path"]
			if a := c.do(http.MethodPost, path, x.form, x.header); a.status != x.status {
				t.Errorf("status %d, want %d: %s", a.status, x.status, a.body)
			}
		})
	}
	h.client().do(http.MethodPost, "/login", url.Values{"username": {"doc"}, "password": {goodPassword}}, foreign).want(http.StatusForbidden)
}

// What has no wrapper is still closed to those who are not logged in, to locked
// screens and to one-time passwords.
func TestDefaultDeny(t *testing.T) {
	h := newHouse(t)
	h.person("doc", identity.Grant{Role: identity.Doctor})
	c := h.client()
	c.get("/healthz").want(http.StatusOK, "ok")
	for _, path := range []string{"/forgotten", "/nothing-here", "/admin/staff", "/lock", "/healthz/x"} {
		c.get(path).to("/login?next=" + url.QueryEscape(path))
	}
	doc := h.program("doc")
	doc.get("/forgotten").want(http.StatusOK)
	h.clock.forward(16 * time.Minute)
	doc.get("/forgotten").want(http.StatusLocked, "!secret", `"kind":"locked"`)
	// A stream is not refused but ended: a page would try again for ever.
	a := doc.do(http.MethodGet, "/forgotten", nil, map[string]string{"Accept": "text/event-stream"})
	a.want(http.StatusOK, "event: bye", "!secret")
	a = c.do(http.MethodGet, "/forgotten", nil, map[string]string{"Accept": "text/event-stream"})
	a.want(http.StatusOK, "event: bye", "!secret")
}

// A paste that is too long says so; it is not taken for a form without fields.
func TestATooLargeForm(t *testing.T) {
	h := newHouse(t)
	h.person("boss", identity.Grant{Role: identity.SecAdmin})
	c := h.program("boss")
	large := strings.Repeat("8", 1<<20)
	c.post("/admin/staff/1/grant", "role", large).want(http.StatusBadRequest, "内容太多")
	c.browserPost("/admin/staff/1/grant", "role", large).want(http.StatusBadRequest, "内容太多")
}

// A role that was taken away, at all sites or at one, ends a stream that comes
// back, once and for good.
func TestADeniedStreamIsEnded(t *testing.T) {
	h := newHouse(t)
	h.person("boss", identity.Grant{Role: identity.Auditor})
	c := h.program("boss")
	c.get("/patients").want(http.StatusForbidden)
	a := c.do(http.MethodGet, "/patients", nil, map[string]string{"Accept": "text/event-stream"})
	a.want(http.StatusOK, "event: bye", "!patients")
}

func TestLockScreen(t *testing.T) {
	h := newHouse(t)
	h.person("doc", identity.Grant{Role: identity.Doctor})
	c := h.browser("doc")
	h.clock.forward(16 * time.Minute)
	c.get("/patients").to("/lock?next=%2Fpatients")
	c.get("/lock?next=/patients").want(http.StatusOK, "屏幕已锁定", "演示doc", `value="/patients"`, "!患者</span>")
	c.browserPost("/unlock", "password", "wrong", "next", "/patients").want(http.StatusOK, "密码不正确")
	c.get("/patients").to("/lock?next=%2Fpatients")
	c.browserPost("/unlock", "password", goodPassword, "next", "/patients").to("/patients")
	c.get("/patients").want(http.StatusOK)
	// The browser comes to the lock page by itself.
	c.get("/lock?next=/patients").to("/lock?next=%2Fpatients")
	c.get("/patients").to("/lock?next=%2Fpatients")
	c.browserPost("/unlock", "password", goodPassword).to("/")
	c.browserPost("/lock").to("/lock")
	c.get("/").to("/lock")
	// What htmx fetches by itself, and streams, are no activity; a page is.
	c.browserPost("/unlock", "password", goodPassword).to("/")
	poll := map[string]string{"HX-Request": "true"}
	h.clock.forward(10 * time.Minute)
	c.do(http.MethodGet, "/patients", nil, poll).want(http.StatusOK)
	h.clock.forward(6 * time.Minute)
	if a := c.do(http.MethodGet, "/patients", nil, poll); a.header.Get("HX-Redirect") == "" && a.status != http.StatusSeeOther {
		t.Errorf("a poll kept the screen open: %d %s", a.status, a.body)
	}
}

func TestMustChange(t *testing.T) {
	h := newHouse(t)
	h.person("sys", identity.Grant{Role: identity.SysAdmin})
	sys := h.browser("sys")
	page := sys.browserPost("/admin/staff", "username", "newcomer", "name", "演示新人").want(http.StatusOK, "只显示这一次")
	password := page.doc().Find("code").First().Text()
	c := h.client()
	c.browserPost("/login", "username", "newcomer", "password", password).to("/password")
	c.get("/").to("/password")
	c.csrf, _ = c.get("/password").doc().Find(`meta[name="csrf"]`).Attr("content")
	c.browserPost("/password", "old", password, "password", "New-Pass-123", "again", "New-Pass-124").want(http.StatusOK, "不一样")
	c.browserPost("/password", "old", password, "password", "newcomer-1A", "again", "newcomer-1A").want(http.StatusOK, "不能包含用户名")
	c.browserPost("/password", "old", password, "password", "New-Pass-123", "again", "New-Pass-123").to("/")
	c.get("/").want(http.StatusOK, "newcomer")
	sys.get("/admin/staff").want(http.StatusOK, "演示新人", "!"+password)
}

func TestRoles(t *testing.T) {
	h := newHouse(t)
	roles := map[string]identity.Role{"doc": identity.Doctor, "pha": identity.Pharmacist, "ass": identity.Assistant, "man": identity.Manager,
		"sys": identity.SysAdmin, "sec": identity.SecAdmin, "aud": identity.Auditor}
	may := map[string]string{"/patients": "doc pha ass man", "/admin/staff": "sys sec", "/admin/sites": "sys", "/audit": "aud"}
	menu := map[string]string{"患者": "doc pha ass man", "人员": "sys", "角色": "sec", "精防点": "sys", "审计": "aud"}
	for name, role := range roles {
		h.person(name, identity.Grant{Role: role})
		c := h.browser(name)
		for path, who := range may {
			want := http.StatusForbidden
			if strings.Contains(who, name) {
				want = http.StatusOK
			}
			if a := c.get(path); a.status != want {
				t.Errorf("%s at %s: %d, want %d", name, path, a.status, want)
			}
		}
		lines := c.get("/password").doc().Find("nav a span").Text()
		for title, who := range menu {
			if strings.Contains(lines, title) != strings.Contains(who, name) {
				t.Errorf("menu of %s: %q", name, lines)
			}
		}
	}
	var denied int
	check(t, h.test.App.Get(t.Context(), &denied, `SELECT count(*) FROM audit WHERE event = 'denied' AND outcome = 'refused'`))
	if want := len(roles)*len(may) - 4 - 2 - 1 - 1; denied != want {
		t.Errorf("%d denials in the audit, want %d", denied, want)
	}
}

func TestFirstRun(t *testing.T) {
	h := newHouse(t)
	c := h.client()
	c.get("/login").want(http.StatusOK, "/first-run")
	c.get("/first-run").want(http.StatusOK, "启动码")
	people := []string{"system_name", "演示甲", "system_username", "sysadmin", "security_name", "演示乙", "security_username", "secadmin", "audit_name", "演示丙", "audit_username", "auditor"}
	c.browserPost("/first-run", append([]string{"token", "ZZZZ"}, people...)...).want(http.StatusOK, "启动码不正确")
	done := c.browserPost("/first-run", append([]string{"token", " " + strings.ToLower(token)}, people...)...).want(http.StatusOK, "只显示这一次", "审计管理员")
	codes := done.doc().Find("code")
	if codes.Length() != 3 {
		t.Fatalf("%d one-time passwords", codes.Length())
	}
	c.browserPost("/login", "username", "secadmin", "password", codes.Eq(1).Text()).to("/password")
	c.get("/login")
	h.client().get("/first-run").want(http.StatusNotFound)
	h.client().browserPost("/first-run", append([]string{"token", token}, people...)...).want(http.StatusNotFound)
	h.client().get("/login").want(http.StatusOK, "!/first-run")
	closed := newHouse(t, func(c *web.Config) { c.FirstRunToken = "" })
	closed.client().browserPost("/first-run", append([]string{"token", ""}, people...)...).want(http.StatusNotFound)
}

func TestAdministration(t *testing.T) {
	h := newHouse(t)
	h.person("sys", identity.Grant{Role: identity.SysAdmin})
	h.person("sec", identity.Grant{Role: identity.SecAdmin})
	h.person("aud", identity.Grant{Role: identity.Auditor})
	sys, sec, aud := h.browser("sys"), h.browser("sec"), h.browser("aud")
	sys.browserPost("/admin/sites", "code", "S1", "name", "新华演示点", "district", "演示区", "clinic_day", "5").to("/admin/sites")
	sys.browserPost("/admin/sites", "code", "S1", "name", "x", "district", "y").want(http.StatusOK, "编号 S1 已有精防点使用")
	sys.browserPost("/admin/sites", "code", "S2", "name", "x", "district", "y", "clinic_day", "40").want(http.StatusOK, "1 到 31")
	sys.get("/admin/sites").want(http.StatusOK, "新华演示点", "每月 5 日")
	sys.browserPost("/admin/staff", "username", "doc", "name", "<b>演示</b>").want(http.StatusOK, "&lt;b&gt;演示", "!<b>演示</b>")
	link, _ := sys.get("/admin/staff").doc().Find(`a[href^="/admin/staff/"]`).FilterFunction(func(_ int, s *goquery.Selection) bool { return strings.Contains(s.Text(), "doc") }).Attr("href")
	sys.browserPost(link+"/grant", "role", "doctor", "site", "0").want(http.StatusForbidden)
	sec.browserPost(link + "/reset").want(http.StatusForbidden)
	sec.browserPost(link+"/grant", "role", "doctor", "site", "1").to(link)
	sec.get(link).want(http.StatusOK, "医生 · 新华演示点")
	sec.browserPost(link+"/grant", "role", "auditor", "site", "0").want(http.StatusOK, "不得兼任")
	sec.browserPost(link+"/grant", "role", "assistant").want(http.StatusOK, "请选择精防点，至少一个")
	sec.browserPost(link+"/grant", "role", "assistant", "site", "x").want(http.StatusOK, "精防点无法识别")
	sys.browserPost("/admin/sites", "code", "S3", "name", "东湖演示点", "district", "演示区").to("/admin/sites")
	east, _ := sec.get(link).doc().Find(`input[name="site"]`).Last().Attr("value")
	sec.browserPost(link+"/grant", "role", "assistant", "site", "1", "site", east).to(link)
	sec.get(link).want(http.StatusOK, "工作人员 · 新华演示点", "工作人员 · 东湖演示点")
	sec.browserPost(link+"/revoke", "role", "assistant", "site", "1").to(link)
	sec.browserPost(link+"/revoke", "role", "assistant", "site", east).to(link)
	sec.browserPost(link+"/revoke", "role", "doctor", "site", "1").to(link)
	sec.get(link).want(http.StatusOK, "还没有角色")
	sys.browserPost(link + "/disable").to(link)
	sys.get(link).want(http.StatusOK, "已停用")
	sys.browserPost(link + "/enable").to(link)
	sys.browserPost(link+"/reset").want(http.StatusOK, "只显示这一次")
	sys.get("/admin/staff/0").want(http.StatusNotFound)
	sys.get("/admin/staff/99").want(http.StatusNotFound)

	aud.get("/audit").want(http.StatusOK, "授予角色", "撤销角色", "重置密码", "!链完整")
	aud.get("/audit?event=role.").want(http.StatusOK, "授予角色", "!重置密码")
	aud.get("/audit?day=2026-11-22").want(http.StatusOK, "没有记录")
	aud.get("/audit?day=yesterday").want(http.StatusBadRequest)
	aud.verifies().want(http.StatusOK, "链完整", "没有被改动")
	aud.get("/audit/verify/x").want(http.StatusNotFound)
	aud.get("/audit/verify/6ba7b810-9dad-11d1-80b4-00c04fd430c8").want(http.StatusNotFound)
	h.clock.forward(time.Second)
	h.tamper(`UPDATE audit SET detail = 'x' WHERE id = (SELECT min(id) FROM audit)`)
	aud.verifies().want(http.StatusOK, "链断裂", "detail")
}

// verifies runs a verification of the audit to its end and gives the page.
func (c *client) verifies() answer {
	c.h.t.Helper()
	c.browserPost("/audit/verify").to("/audit")
	tick := time.NewTicker(5 * time.Millisecond)
	defer tick.Stop()
	for {
		a := c.get("/audit")
		if !strings.Contains(a.body, "正在检查") {
			return a
		}
		<-tick.C
	}
}

// tamper does what only the owner of the tables can.
func (h *house) tamper(statement string) {
	h.t.Helper()
	check(h.t, h.test.Owner.InTx(context.Background(), func(ctx context.Context, tx *db.Tx) error {
		for _, s := range []string{`ALTER TABLE audit DISABLE TRIGGER USER`, statement, `ALTER TABLE audit ENABLE TRIGGER USER`} {
			if _, err := tx.Exec(ctx, s); err != nil {
				return err
			}
		}
		return nil
	}))
}

// The administrators' pages open only from the offices' networks.
func TestOffices(t *testing.T) {
	for net, want := range map[string]int{"127.0.0.0/8": http.StatusOK, "10.1.0.0/16": http.StatusForbidden} {
		h := newHouse(t, func(c *web.Config) { c.Offices = []netip.Prefix{netip.MustParsePrefix(net)} })
		h.person("sys", identity.Grant{Role: identity.SysAdmin})
		h.person("aud", identity.Grant{Role: identity.Auditor})
		sys, aud := h.browser("sys"), h.browser("aud")
		for _, a := range []answer{sys.get("/admin/staff"), sys.get("/admin/sites"), aud.get("/audit")} {
			if a.status != want {
				t.Errorf("from %s: status %d, want %d", net, a.status, want)
			}
		}
		if a := aud.browserPost("/audit/verify"); (a.status == http.StatusSeeOther) != (want == http.StatusOK) {
			t.Errorf("from %s: verifying answers %d", net, a.status)
		}
		if want == http.StatusOK {
			aud.verifies()
		}
		sys.get("/").want(http.StatusOK)
	}
}

// A page that many people have filled costs no more statements than an empty one.
func TestStatementsPerPage(t *testing.T) {
	h := newHouse(t)
	h.person("sys", identity.Grant{Role: identity.SysAdmin})
	h.person("aud", identity.Grant{Role: identity.Auditor})
	for i := range 60 {
		h.person(fmt.Sprintf("doc%d", i), identity.Grant{Role: identity.Doctor}, identity.Grant{Role: identity.Assistant})
	}
	sys, aud := h.browser("sys"), h.browser("aud")
	for _, x := range []struct {
		c    *client
		path string
		most int64
	}{{sys, "/admin/staff", 4}, {sys, "/admin/staff/5", 5}, {sys, "/admin/sites", 2}, {aud, "/audit", 3}, {sys, "/password", 1}, {sys, "/patients", 2 + 4}} {
		x.c.get(x.path)
		if n := h.statements.Load(); n > x.most {
			t.Errorf("%s: %d statements, want at most %d", x.path, n, x.most)
		}
	}
}
