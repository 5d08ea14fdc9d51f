package embedded_test

import (
	"bytes"
	"context"
	"database/sql"
	"errors"
	"io/fs"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/lib/pq"

	"jingfang/sql/embedded"
)

// start gives a cluster in a folder of the test's own, or skips where no
// PostgreSQL is installed.
func start(t testing.TB, cfg embedded.Config) *embedded.Cluster {
	t.Helper()
	c, err := embedded.Start(t.Context(), cfg)
	if errors.Is(err, embedded.ErrMissing) && os.Getenv("CI") == "" {
		t.Skip(err)
	}
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := c.Stop(context.Background()); err != nil {
			t.Errorf("stop: %v", err)
		}
	})
	return c
}

func open(t testing.TB, dsn string) *sql.DB {
	t.Helper()
	connector, err := pq.NewConnector(dsn)
	if err != nil {
		t.Fatal(err)
	}
	db := sql.OpenDB(connector)
	t.Cleanup(func() {
		if err := db.Close(); err != nil {
			t.Logf("close: %v", err) // the test may have stopped the database
		}
	})
	return db
}

func exec(t testing.TB, db *sql.DB, query string) {
	t.Helper()
	if _, err := db.ExecContext(t.Context(), query); err != nil {
		t.Fatalf("%s: %v", query, err)
	}
}

func ask(t testing.TB, db *sql.DB, query string) string {
	t.Helper()
	var s string
	if err := db.QueryRowContext(t.Context(), query).Scan(&s); err != nil {
		t.Fatalf("%s: %v", query, err)
	}
	return s
}

func TestStart(t *testing.T) {
	t.Parallel()
	c := start(t, embedded.Config{Fast: true})
	owner, app := open(t, c.OwnerDSN("jf")), open(t, c.AppDSN("jf"))
	exec(t, owner, "CREATE SCHEMA jf; CREATE TABLE thing (a bigint); INSERT INTO thing VALUES (7); GRANT USAGE ON SCHEMA jf TO jingfang_app")

	t.Run("encoding and locale", func(t *testing.T) {
		got := ask(t, owner, "SELECT pg_encoding_to_char(encoding) || ' ' || datcollate || ' ' || datctype FROM pg_database WHERE datname = current_database()")
		if got != "UTF8 C C" {
			t.Errorf("got %q", got)
		}
	})
	t.Run("app has no right it was not given", func(t *testing.T) {
		for _, q := range []string{"SELECT a FROM jf.thing", "CREATE SCHEMA other", "CREATE TABLE public.other (a bigint)"} {
			_, err := app.ExecContext(t.Context(), q)
			var e *pq.Error
			if !errors.As(err, &e) || e.Code != "42501" {
				t.Errorf("%s: %v, want 42501", q, err)
			}
		}
	})
	t.Run("listens on loopback and a private socket only", func(t *testing.T) {
		if got := ask(t, owner, "SHOW listen_addresses"); got != "127.0.0.1" {
			t.Errorf("listens on %q", got)
		}
		info, err := os.Stat(c.Sockets())
		if err != nil || info.Mode().Perm() != 0o700 {
			t.Errorf("socket folder: %v %v", info.Mode(), err)
		}
		conn, err := net.Dial("tcp", c.Addr())
		if err != nil {
			t.Fatal(err)
		}
		if err := conn.Close(); err != nil {
			t.Error(err)
		}
	})
	t.Run("a wrong password is refused", func(t *testing.T) {
		_, host, _ := strings.Cut(c.AppDSN(""), "@")
		err := open(t, "postgres://jingfang_app:wrong@"+host).PingContext(t.Context())
		var e *pq.Error
		if !errors.As(err, &e) || e.Code != "28P01" {
			t.Errorf("got %v, want 28P01", err)
		}
	})
}

func TestStopRemovesTemporary(t *testing.T) {
	t.Parallel()
	c := start(t, embedded.Config{Fast: true})
	if err := c.Stop(t.Context()); err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(c.Home()); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("folder is still there: %v", err)
	}
}

func TestDataSurvives(t *testing.T) {
	t.Parallel()
	dir := dataDir(t)
	c := start(t, embedded.Config{Dir: dir, Fast: true})
	exec(t, open(t, c.OwnerDSN("")), "CREATE SCHEMA jf; CREATE TABLE jf.thing (a bigint); INSERT INTO jf.thing VALUES (7)")
	if err := c.Stop(t.Context()); err != nil {
		t.Fatal(err)
	}
	c = start(t, embedded.Config{Dir: dir})
	if got := ask(t, open(t, c.OwnerDSN("jf")), "SELECT a FROM thing"); got != "7" {
		t.Errorf("got %q after a second start", got)
	}
	db := open(t, c.OwnerDSN("jf"))
	for _, step := range []struct {
		name string
		do   func() error
	}{
		{"restart", func() error { return c.Restart(t.Context()) }},
		{"kill and resume", func() error { return errors.Join(c.Kill(), c.Resume(t.Context())) }},
		{"halt and resume", func() error { return errors.Join(c.Halt(t.Context()), c.Resume(t.Context())) }},
	} {
		t.Run(step.name, func(t *testing.T) {
			before := c.AppDSN("")
			if err := step.do(); err != nil {
				t.Fatal(err)
			}
			if c.AppDSN("") != before {
				t.Error("the address changed")
			}
			// The pool still holds dead connections; database/sql replaces them.
			if err := waitFor(t, func() error { return db.PingContext(t.Context()) }); err != nil {
				t.Fatal(err)
			}
			if got := ask(t, db, "SELECT a FROM thing"); got != "7" {
				t.Errorf("got %q", got)
			}
		})
	}
}

func TestDurable(t *testing.T) {
	t.Parallel()
	c := start(t, embedded.Config{Dir: dataDir(t)})
	db := open(t, c.OwnerDSN(""))
	for _, name := range []string{"fsync", "synchronous_commit", "full_page_writes"} {
		if got := ask(t, db, "SHOW "+name); got != "on" {
			t.Errorf("%s is %s", name, got)
		}
	}
}

func TestStartRefuses(t *testing.T) {
	t.Parallel()
	t.Run("missing programs", func(t *testing.T) {
		_, err := embedded.Start(t.Context(), embedded.Config{BinDir: t.TempDir(), Fast: true})
		want(t, err, embedded.ErrMissing, "apt-get install", "dnf install")
	})
	t.Run("another major version", func(t *testing.T) {
		dir := dataDir(t)
		c := start(t, embedded.Config{Dir: dir, Fast: true})
		if err := c.Stop(t.Context()); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(c.Home(), "data", "PG_VERSION"), []byte("9\n"), 0o600); err != nil {
			t.Fatal(err)
		}
		_, err := embedded.Start(t.Context(), embedded.Config{Dir: dir, Fast: true})
		want(t, err, embedded.ErrVersion, dir, "PostgreSQL 9")
	})
	t.Run("lost passwords", func(t *testing.T) {
		dir := dataDir(t)
		c := start(t, embedded.Config{Dir: dir, Fast: true})
		if err := c.Stop(t.Context()); err != nil {
			t.Fatal(err)
		}
		if err := os.Remove(filepath.Join(c.Home(), "roles.json")); err != nil {
			t.Fatal(err)
		}
		_, err := embedded.Start(t.Context(), embedded.Config{Dir: dir, Fast: true})
		want(t, err, nil, "roles.json")
	})
	t.Run("a taken port", func(t *testing.T) {
		l, err := net.Listen("tcp4", "127.0.0.1:0")
		if err != nil {
			t.Fatal(err)
		}
		defer l.Close()
		_, err = embedded.Start(t.Context(), embedded.Config{Fast: true, Port: l.Addr().(*net.TCPAddr).Port})
		if errors.Is(err, embedded.ErrMissing) && os.Getenv("CI") == "" {
			t.Skip(err)
		}
		want(t, err, nil, "could not bind")
	})
}

func TestSecretsStayPrivate(t *testing.T) {
	t.Parallel()
	var log bytes.Buffer
	c := start(t, embedded.Config{Dir: dataDir(t), Fast: true, Log: &log})
	info, err := os.Stat(filepath.Join(c.Home(), "roles.json"))
	if err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("roles.json: %v %v", info, err)
	}
	_, password, _ := strings.Cut(strings.TrimPrefix(c.OwnerDSN(""), "postgres://"), ":")
	password, _, _ = strings.Cut(password, "@")
	server, err := os.ReadFile(filepath.Join(c.Home(), "postgresql.log"))
	if err != nil {
		t.Fatal(err)
	}
	if strings.Contains(log.String()+string(server), password) {
		t.Error("a password stands in a log")
	}
}

func want(t *testing.T, err, kind error, texts ...string) {
	t.Helper()
	if err == nil {
		t.Fatal("no error")
	}
	if kind != nil && !errors.Is(err, kind) {
		t.Errorf("got %v, want kind %v", err, kind)
	}
	for _, text := range texts {
		if !strings.Contains(err.Error(), text) {
			t.Errorf("%v\ndoes not say %q", err, text)
		}
	}
}

func BenchmarkStart(b *testing.B) {
	for b.Loop() {
		c, err := embedded.Start(b.Context(), embedded.Config{Fast: true})
		if err != nil {
			b.Fatal(err)
		}
		b.StopTimer()
		if err := c.Stop(b.Context()); err != nil {
			b.Fatal(err)
		}
		b.StartTimer()
	}
}

func TestLongPath(t *testing.T) {
	t.Parallel()
	dir := dataDir(t, strings.Repeat("很长的文件夹", 10))
	c := start(t, embedded.Config{Dir: dir, Fast: true})
	if len(c.Sockets()) > 80 {
		t.Errorf("socket folder %s is too long", c.Sockets())
	}
	if err := open(t, c.AppDSN("")).PingContext(t.Context()); err != nil {
		t.Error(err)
	}
}
