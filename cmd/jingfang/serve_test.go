package main

import (
	"io"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"regexp"
	"strings"
	"testing"

	"jingfang/session/page"
	"jingfang/sql/dbtest"
)

// serving starts "jingfang serve" on a database until the test ends.
func serving(t *testing.T, d *dbtest.DB, args ...string) *runningHouse {
	t.Helper()
	return startProgram(t, d, append([]string{"serve", "-addr", "127.0.0.1:0", "-data", t.TempDir()}, args...)...)
}

func TestServeRefusesTheOwner(t *testing.T) {
	d := dbtest.New(t)
	code, _, problem := called(environ("JINGFANG_DSN", d.OwnerDSN), "serve", "-addr", "127.0.0.1:0", "-data", t.TempDir())
	if code != exitFail || !strings.Contains(problem, "所有者") {
		t.Errorf("exit %d: %s", code, problem)
	}
}

func TestServeRefusesAnEmptyDatabase(t *testing.T) {
	d := dbtest.With(t, dbtest.Options{Empty: true})
	code, _, problem := called(environ("JINGFANG_DSN", d.AppDSN), "serve", "-addr", "127.0.0.1:0", "-data", t.TempDir())
	if code != exitFail || !strings.Contains(problem, "jingfang migrate") {
		t.Errorf("exit %d: %s", code, problem)
	}
}

func TestMigrateTwice(t *testing.T) {
	d := dbtest.With(t, dbtest.Options{Empty: true})
	env := environ("JINGFANG_OWNER_DSN", d.OwnerDSN, "JINGFANG_DSN", d.AppDSN)
	for _, want := range []string{"已升级", "已是最新"} {
		if code, out, problem := called(env, "migrate"); code != exitOK || !strings.Contains(out, want) {
			t.Errorf("exit %d, %q %q; want %q", code, out, problem, want)
		}
	}
}

// TestFirstRun: serve ships no account. Whoever reads the console creates the
// first administrators; nobody else can, and nobody can a second time.
func TestFirstRun(t *testing.T) {
	h := serving(t, twoUsers(t, dbtest.Options{}))
	base, printed := h.URL, h.said
	token := regexp.MustCompile(`[A-Z2-7]{4}(-[A-Z2-7]{4}){3}`).FindString(printed.String())
	if token == "" {
		t.Fatalf("no token on the console:\n%s", printed)
	}
	form := url.Values{"token": {"WRONG"}}
	for field, name := range map[string]string{"system": "xitong", "security": "anquan", "audit": "shenji"} {
		form.Set(field+"_username", name)
		form.Set(field+"_name", "演示"+name)
	}
	if page := sent(t, base+"/first-run", form); !strings.Contains(page, "启动码不正确") {
		t.Errorf("a wrong token is answered with\n%s", page)
	}
	form.Set("token", token)
	if page := sent(t, base+"/first-run", form); !strings.Contains(page, "xitong") || !strings.Contains(page, "已建立") {
		t.Errorf("the right token is answered with\n%s", page)
	}
	if page := sent(t, base+"/first-run", form); !strings.Contains(page, "已经有账号") {
		t.Errorf("a second first run is answered with\n%s", page)
	}
}

func sent(t *testing.T, to string, form url.Values) string {
	t.Helper()
	jar, err := cookiejar.New(nil)
	if err != nil {
		t.Fatal(err)
	}
	resp, err := (&http.Client{Jar: jar}).PostForm(to, form)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	text, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// TestFigures: health for everybody, figures for this machine only, also when a
// front server passes a request on.
func TestFigures(t *testing.T) {
	base := serving(t, twoUsers(t, dbtest.Options{})).URL
	for _, x := range []struct {
		path, from string
		status     int
	}{
		{"/healthz", "", 200}, {"/readyz", "", 200}, {"/metrics", "", 200}, {"/metrics", "203.0.113.9", 403}, {"/dev/gallery", "", 404}, {"/nowhere", "", 404},
	} {
		r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, base+x.path, nil)
		if err != nil {
			t.Fatal(err)
		}
		if x.from != "" {
			r.Header.Set("X-Forwarded-For", x.from)
		}
		resp, err := (&http.Transport{}).RoundTrip(r)
		if err != nil {
			t.Fatal(err)
		}
		text, err := io.ReadAll(resp.Body)
		if err != nil {
			t.Fatal(err)
		}
		resp.Body.Close()
		if resp.StatusCode != x.status {
			t.Errorf("%s from %q: %d, want %d", x.path, x.from, resp.StatusCode, x.status)
		}
		for _, figure := range []string{"jingfang_live_viewers 0", "jingfang_translog_entries_total 0", "jingfang_db_open_connections", `route="/healthz"`} {
			if x.path == "/metrics" && x.status == 200 && !strings.Contains(string(text), figure) {
				t.Errorf("%s is not among the figures", figure)
			}
		}
	}
}

// TestEveryRouteIsGuarded asks for each line of the table without a login.
func TestEveryRouteIsGuarded(t *testing.T) {
	base := serving(t, twoUsers(t, dbtest.Options{})).URL
	a := &app{}
	for _, x := range a.routes() {
		path := strings.NewReplacer("{id}", "1", "{visit}", "6ba7b810-9dad-11d1-80b4-00c04fd430c8").Replace(x.pattern)
		r, err := http.NewRequestWithContext(t.Context(), x.method, base+path, nil)
		if err != nil {
			t.Fatal(err)
		}
		r.Header.Set("Accept", "application/json")
		resp, err := (&http.Transport{}).RoundTrip(r)
		if err != nil {
			t.Fatal(err)
		}
		resp.Body.Close()
		if resp.StatusCode != http.StatusUnauthorized && x.pattern != streamPattern {
			t.Errorf("%s %s without a login: %d", x.method, x.pattern, resp.StatusCode)
		}
	}
}

// TestGalleryShowsEveryView renders all pages and fragments of the program.
func TestGalleryShowsEveryView(t *testing.T) {
	site, err := page.New(page.Config{Dev: true}, templateSets()...)
	if err != nil {
		t.Fatal(err)
	}
	if err := site.CheckSamples(samples()); err != nil {
		t.Error(err)
	}
}
