package db_test

import (
	"context"
	"crypto/tls"
	"database/sql"
	"errors"
	"fmt"
	"net"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"

	"jingfang/sql/db"
	"jingfang/sql/dbtest"
)

const gaussPassword = "密码Gauss@1234"

// front starts the login front end without a server behind it.
func front(t *testing.T, method, kind string) (*dbtest.GaussFront, string) {
	t.Helper()
	f := &dbtest.GaussFront{Method: method, Users: map[string]string{}}
	if kind != "" {
		f.Users["app"] = dbtest.GaussPassword(kind, "app", gaussPassword, 2048)
	}
	return f, f.Start(t)
}

func gaussDSN(address, password, query string) string {
	return "opengauss://app:" + password + "@" + address + "/clinic?connect_timeout=20&" + query
}

func openGauss(t *testing.T, dsn string) *sql.DB {
	t.Helper()
	pool, err := db.OpenGauss(dsn, nil)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = pool.Close() })
	return pool
}

const weak = "&gauss_allow=md5,md5_sha256"

// TestGaussLogin is the table of logins of a real server: method of the
// pg_hba.conf line by kind of the stored password, for both protocol versions.
func TestGaussLogin(t *testing.T) {
	for _, protocol := range []string{"3.51", "3.0"} {
		for _, c := range []struct {
			method, stored string
			ok             bool
		}{
			{"md5", "md5", true}, {"md5", "sha256", true}, {"md5", "sha256+md5", true}, {"md5", "sm3", false},
			{"sha256", "md5", true}, {"sha256", "sha256", true}, {"sha256", "sha256+md5", true}, {"sha256", "sm3", false},
			{"sm3", "md5", false}, {"sm3", "sha256", false}, {"sm3", "sha256+md5", false}, {"sm3", "sm3", true},
		} {
			t.Run(fmt.Sprintf("%s %s/%s", protocol, c.method, c.stored), func(t *testing.T) {
				f, address := front(t, c.method, c.stored)
				pool := openGauss(t, gaussDSN(address, gaussPassword, "sslmode=disable&gauss_iterations=2048&gauss_protocol="+protocol+weak))
				if err := pool.PingContext(t.Context()); (err == nil) != c.ok {
					t.Fatalf("login: %v, want success %v", err, c.ok)
				}
				if c.ok && f.Parameters()["behavior_compat_options"] != "display_leading_zero" {
					t.Errorf("start-up parameters %v", f.Parameters())
				}
			})
		}
	}
}

// The front answers the unchanged driver as a real openGauss does: that shows
// the front is true, and why the login of our own is needed.
func TestGaussFrontAndPlainDriver(t *testing.T) {
	for _, c := range []struct{ method, stored, want string }{
		{"md5", "md5", ""}, {"sha256", "md5", ""}, {"md5", "sha256+md5", ""}, {"sha256", "sha256+md5", ""},
		{"sha256", "sha256", "28P01"}, {"md5", "sha256", "SASLCont (11)"}, {"sm3", "sm3", "(13)"}, {"sha256", "", "28P01"},
	} {
		t.Run(c.method+"/"+c.stored, func(t *testing.T) {
			_, address := front(t, c.method, c.stored)
			pool, err := sql.Open("postgres", "postgres://app:"+url.PathEscape(gaussPassword)+"@"+address+"/clinic?sslmode=disable&connect_timeout=20")
			if err != nil {
				t.Fatal(err)
			}
			defer pool.Close()
			err = pool.PingContext(t.Context())
			if c.want == "" && err != nil || c.want != "" && (err == nil || !strings.Contains(err.Error(), c.want)) {
				t.Errorf("%v, want %q", err, c.want)
			}
		})
	}
}

// Without gauss_allow nothing weaker than code 10 or 13 is answered, and not
// one byte of a proof leaves.
func TestGaussRefusesWeakLogins(t *testing.T) {
	for _, c := range []struct{ method, stored, want string }{
		{"md5", "md5", "gauss_allow=md5"}, {"sha256", "md5", "gauss_allow=md5"}, {"md5", "sha256+md5", "gauss_allow=md5"},
		{"md5", "sha256", "gauss_allow=md5_sha256"}, {"cleartext", "md5", "gauss_allow=cleartext"}, {"trust", "md5", "没有核对口令"},
	} {
		t.Run(c.method+"/"+c.stored, func(t *testing.T) {
			f, address := front(t, c.method, c.stored)
			err := openGauss(t, gaussDSN(address, gaussPassword, "sslmode=disable")).PingContext(t.Context())
			if !strings.Contains(db.Sentence(err), c.want) || f.Proofs.Load() != 0 {
				t.Errorf("%v and %d proofs, want a sentence with %q and none", err, f.Proofs.Load(), c.want)
			}
		})
	}
}

func TestGaussRogueServers(t *testing.T) {
	iterations := func(n uint32) func([]byte) []byte {
		return func(q []byte) []byte {
			copy(q[len(q)-4:], []byte{byte(n >> 24), byte(n >> 16), byte(n >> 8), byte(n)})
			return q
		}
	}
	set := func(i int, b byte) func([]byte) []byte {
		return func(q []byte) []byte { q[i] = b; return q }
	}
	for name, c := range map[string]struct {
		twist       func([]byte) []byte
		query, want string
	}{
		"one iteration":             {iterations(1), "", "冒充"},
		"2^31 iterations":           {iterations(1 << 31), "", "冒充"},
		"another stored method":     {set(12, 3), "", "冒充"},
		"salt is not hexadecimal":   {set(20, 'x'), "", "冒充"},
		"code 12":                   {set(8, 12), "", "不支持"},
		"code 13 for a sha256 body": {set(8, 13), "", "冒充"},
		"truncated":                 {func(q []byte) []byte { return append([]byte{'R', 0, 0, 0, 20}, q[5:21]...) }, "", "冒充"},
		"no code":                   {func([]byte) []byte { return []byte{'R', 0, 0, 0, 6, 0, 0} }, "", "冒充"},
		"endless":                   {func([]byte) []byte { return []byte{'R', 0x7f, 0xff, 0xff, 0xff} }, "", "冒充"},
		"length below four":         {func([]byte) []byte { return []byte{'R', 0, 0, 0, 3} }, "", "冒充"},
		"another kind":              {func([]byte) []byte { return []byte{'D', 0, 0, 0, 4} }, "", "冒充"},
		"PostgreSQL":                {func([]byte) []byte { return []byte{'v', 0, 0, 0, 12, 0, 0, 0, 0, 0, 0, 0, 0} }, "", "postgres://"},
		"wrong signature":           {func(q []byte) []byte { q[len(q)-1] = '0' + (q[len(q)-1]+1)&1; return q }, "gauss_protocol=3.0&gauss_iterations=2048", "没能证明"},
		"wrong count for 3.0":       {nil, "gauss_protocol=3.0&gauss_iterations=4096", "没能证明"},
	} {
		t.Run(name, func(t *testing.T) {
			f := &dbtest.GaussFront{Method: "sha256", Twist: c.twist, Users: map[string]string{
				"app": dbtest.GaussPassword("sha256", "app", gaussPassword, 2048)}}
			address := f.Start(t)
			err := openGauss(t, gaussDSN(address, gaussPassword, "sslmode=disable&"+c.query)).PingContext(t.Context())
			if !strings.Contains(db.Sentence(err), c.want) || f.Proofs.Load() != 0 {
				t.Errorf("%v and %d proofs, want a sentence with %q and none", err, f.Proofs.Load(), c.want)
			}
		})
	}
}

// A pool with a wrong password knocks once, waits longer each time, and gets in
// when the password has been put right.
func TestGaussHoldsOffAfterRefusal(t *testing.T) {
	for _, user := range []string{"sm3", ""} { // "" is a user the server does not know
		t.Run("stored "+user, func(t *testing.T) {
			f, address := front(t, "sm3", user)
			var mu sync.Mutex
			now := time.Date(2026, 3, 2, 9, 0, 0, 0, time.UTC)
			clock := func() time.Time { mu.Lock(); defer mu.Unlock(); return now }
			forward := func(d time.Duration) { mu.Lock(); defer mu.Unlock(); now = now.Add(d) }
			pool, err := db.OpenGauss(gaussDSN(address, "Wrong@1234", "sslmode=disable"), clock)
			if err != nil {
				t.Fatal(err)
			}
			defer pool.Close()
			var all sync.WaitGroup
			for range 40 {
				all.Go(func() {
					err := pool.PingContext(t.Context())
					if db.State(err) != "28P01" || db.KindOf(err) != db.Unavailable || !strings.Contains(db.Sentence(err), "口令") {
						t.Errorf("refusal %v", err)
					}
				})
			}
			all.Wait()
			if n := f.Proofs.Load(); n != 1 {
				t.Fatalf("%d proofs were sent by a pool of 40, want 1", n)
			}
			for i, wait := range []time.Duration{1, 2, 4, 8, 15, 15} {
				conns := f.Conns.Load()
				forward(wait*time.Minute - time.Second)
				if err := pool.PingContext(t.Context()); !strings.Contains(db.Sentence(err), "之前不再尝试") || f.Conns.Load() != conns {
					t.Fatalf("hold %d ended early: %v", i, err)
				}
				forward(time.Second)
				if err := pool.PingContext(t.Context()); db.State(err) != "28P01" || f.Proofs.Load() != int64(i+2) {
					t.Fatalf("hold %d: %v, %d proofs", i, err, f.Proofs.Load())
				}
			}
			f.SetUser("app", dbtest.GaussPassword("sm3", "app", "Wrong@1234", 2048))
			forward(15 * time.Minute)
			if err := pool.PingContext(t.Context()); err != nil {
				t.Fatalf("the password is right now: %v", err)
			}
			pool.SetMaxIdleConns(-1)
			f.SetUser("app", dbtest.GaussPassword("sm3", "app", "Other@1234", 2048))
			before := f.Proofs.Load()
			for i := range 2 { // refused, and after a minute refused again
				if err := pool.PingContext(t.Context()); db.State(err) != "28P01" || f.Proofs.Load() != before+int64(i)+1 {
					t.Fatalf("after a success the hold begins with one minute: %v, %d proofs", err, f.Proofs.Load()-before)
				}
				forward(time.Minute)
			}
		})
	}
}

// A password changed on the server under a working pool costs one attempt too.
func TestGaussPasswordChangedUnderPool(t *testing.T) {
	f, address := front(t, "sha256", "sha256")
	pool := openGauss(t, gaussDSN(address, gaussPassword, "sslmode=disable"))
	pool.SetMaxIdleConns(-1)
	if err := pool.PingContext(t.Context()); err != nil {
		t.Fatal(err)
	}
	f.SetUser("app", dbtest.GaussPassword("sha256", "app", "Other@1234", 2048))
	before := f.Proofs.Load()
	var all sync.WaitGroup
	for range 25 {
		all.Go(func() {
			if err := pool.PingContext(t.Context()); db.State(err) != "28P01" {
				t.Errorf("%v, want 28P01", err)
			}
		})
	}
	all.Wait()
	if n := f.Proofs.Load() - before; n != 1 {
		t.Errorf("%d proofs, want 1", n)
	}
}

func TestGaussHosts(t *testing.T) {
	_, good := front(t, "sha256", "sha256")
	closed, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	dead := closed.Addr().String()
	if err := closed.Close(); err != nil {
		t.Fatal(err)
	}
	t.Run("the first host is down", func(t *testing.T) {
		if err := openGauss(t, gaussDSN(dead+","+good, gaussPassword, "sslmode=disable")).PingContext(t.Context()); err != nil {
			t.Error(err)
		}
	})
	t.Run("a wrong password goes to one host only", func(t *testing.T) {
		a, one := front(t, "sha256", "sha256")
		b, two := front(t, "sha256", "sha256")
		err := openGauss(t, gaussDSN(one+","+two, "Wrong@1234", "sslmode=disable")).PingContext(t.Context())
		if db.State(err) != "28P01" || a.Proofs.Load() != 1 || b.Proofs.Load() != 0 {
			t.Errorf("%v; proofs %d and %d, want 1 and 0", err, a.Proofs.Load(), b.Proofs.Load())
		}
	})
	t.Run("a host that demands TLS does not close the other", func(t *testing.T) {
		a := &dbtest.GaussFront{Method: "sha256", TLS: &tls.Config{}}
		err := openGauss(t, gaussDSN(a.Start(t)+","+good, gaussPassword, "sslmode=disable")).PingContext(t.Context())
		if err != nil {
			t.Error(err)
		}
	})
}

// silent accepts connections and never answers.
func silent(t *testing.T) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = l.Close() })
	return l.Addr().String()
}

func TestGaussSilentServer(t *testing.T) {
	for _, mode := range []string{"disable", "verify-full"} {
		t.Run("connect_timeout, sslmode "+mode, func(t *testing.T) {
			dsn := "opengauss://app:x@" + silent(t) + "/clinic?connect_timeout=1&sslmode=" + mode
			if err := openGauss(t, dsn).PingContext(t.Context()); db.KindOf(err) != db.Unavailable {
				t.Errorf("%v, want unavailable", err)
			}
		})
		t.Run("the caller gives up, sslmode "+mode, func(t *testing.T) {
			ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
			defer cancel()
			dsn := "opengauss://app:x@" + silent(t) + "/clinic?connect_timeout=600&sslmode=" + mode
			if err := openGauss(t, dsn).PingContext(ctx); !errors.Is(err, context.DeadlineExceeded) {
				t.Errorf("%v, want the caller's deadline", err)
			}
		})
	}
}
