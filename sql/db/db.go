package db

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"fmt"
	"net/url"
	"strings"
	"time"

	"github.com/jmoiron/sqlx"
	"github.com/lib/pq"
)

// DefaultSchema is the schema of all tables when the DSN names none. It is our
// own: on openGauss an ordinary owner cannot create in public.
const DefaultSchema = "jingfang"

// Config says how to open a database.
type Config struct {
	// DSN is postgres://… or opengauss://…; its search_path names the schema.
	DSN string
	// MaxOpen bounds the pool; 0 means 25.
	MaxOpen int
	// StatementTimeout ends a statement on the server; 0 means 30 s.
	StatementTimeout time.Duration
	// Clock replaces time.Now in tests.
	Clock func() time.Time
}

// DB is a pool of connections. Its methods run single statements; several that
// belong together go through InTx or InSnapshot.
type DB struct {
	pool   *sqlx.DB
	clock  func() time.Time
	schema string
	user   string
	gauss  bool
}

// Reader is what a read-only building block needs: DB and *Tx both are one.
type Reader interface {
	// Get scans one row into dst; no row is an error that IsNoRows knows.
	Get(ctx context.Context, dst any, query string, args ...any) error
	// Select scans all rows into the slice dst points to.
	Select(ctx context.Context, dst any, query string, args ...any) error
}

var (
	_ Reader = (*DB)(nil)
	_ Reader = (*Tx)(nil)
)

// Open makes the pool and asks the server once who it is. An openGauss server
// is refused unless its mode is PG and its encoding UTF8.
func Open(ctx context.Context, c Config) (*DB, error) {
	dsn, err := prepareDSN(c)
	if err != nil {
		return nil, err
	}
	connector, err := openConnector(dsn.text, dsn.gauss)
	if err != nil {
		return nil, err
	}
	pool := sqlx.NewDb(sql.OpenDB(keeper{connector}), "postgres")
	setPool(pool, c.MaxOpen)
	d := &DB{pool: pool, clock: c.Clock, schema: dsn.schema, user: dsn.user, gauss: dsn.gauss}
	if d.clock == nil {
		d.clock = time.Now
	}
	if err := d.check(ctx); err != nil {
		_ = pool.Close()
		return nil, err
	}
	return d, nil
}

// setPool bounds the pool. Idle connections are given back after 5 minutes:
// openGauss ends a session that idles for 10.
func setPool(pool *sqlx.DB, limit int) {
	if limit <= 0 {
		limit = 25
	}
	pool.SetMaxOpenConns(limit)
	pool.SetMaxIdleConns(limit)
	pool.SetConnMaxIdleTime(5 * time.Minute)
}

func openConnector(dsn string, gauss bool) (driver.Connector, error) {
	if gauss {
		return gaussConnector(dsn)
	}
	c, err := pq.NewConnector(dsn)
	if err != nil {
		// The parser's error may quote the DSN, which holds the password.
		return nil, Refuse(Invalid, "数据库连接串无法识别，请检查 JINGFANG_DSN 的写法。")
	}
	return c, nil
}

func (d *DB) check(ctx context.Context) error {
	if d.gauss {
		return checkGauss(ctx, d.pool.DB)
	}
	var encoding string
	if err := d.pool.GetContext(ctx, &encoding, `SELECT current_setting('server_encoding')`); err != nil {
		return fmt.Errorf("open database: %w", err)
	}
	if encoding != "UTF8" {
		return Refuse(Invalid, "数据库编码是 %s，须为 UTF8。请用 ENCODING 'UTF8' 新建数据库。", encoding)
	}
	return nil
}

// Close ends the pool.
func (d *DB) Close() error { return d.pool.Close() }

// Schema is the schema all our tables lie in.
func (d *DB) Schema() string { return d.schema }

// User is the database user of the DSN.
func (d *DB) User() string { return d.user }

// IsGauss tells whether the server is openGauss.
func (d *DB) IsGauss() bool { return d.gauss }

// Now is the clock of this database handle, in microseconds as the columns
// keep it. Inside a transaction use Tx.Now.
func (d *DB) Now() time.Time { return d.clock().Truncate(time.Microsecond) }

// Stats gives the pool's figures for the metrics page.
func (d *DB) Stats() sql.DBStats { return d.pool.Stats() }

// Ping asks the server for a sign of life.
func (d *DB) Ping(ctx context.Context) error { return d.pool.PingContext(ctx) }

// Get runs one query outside a transaction and scans its only row.
func (d *DB) Get(ctx context.Context, dst any, query string, args ...any) error {
	if err := begin(ctx, args); err != nil {
		return err
	}
	return d.pool.GetContext(ctx, dst, query, args...)
}

// Select runs one query outside a transaction and scans all rows.
func (d *DB) Select(ctx context.Context, dst any, query string, args ...any) error {
	if err := begin(ctx, args); err != nil {
		return err
	}
	return d.pool.SelectContext(ctx, dst, query, args...)
}

// dsnParts is a DSN made ready for the driver.
type dsnParts struct {
	text, schema, user string
	gauss              bool
}

// prepareDSN sets what every connection needs: search path, time zone,
// statement timeout, a name to be seen by. Errors never quote the DSN.
func prepareDSN(c Config) (dsnParts, error) {
	u, err := url.Parse(c.DSN)
	if err != nil || u.Scheme == "" {
		return dsnParts{}, Refuse(Invalid, "数据库连接串须以 postgres:// 或 opengauss:// 开头。")
	}
	p := dsnParts{gauss: u.Scheme == "opengauss"}
	if !p.gauss && u.Scheme != "postgres" && u.Scheme != "postgresql" {
		return dsnParts{}, Refuse(Invalid, "数据库连接串须以 postgres:// 或 opengauss:// 开头，现在是 %q。", u.Scheme)
	}
	q := u.Query()
	setDefault(q, "search_path", DefaultSchema)
	setDefault(q, "application_name", "jingfang")
	setDefault(q, "timezone", "Asia/Shanghai")
	timeout := c.StatementTimeout
	if timeout == 0 {
		timeout = 30 * time.Second
	}
	setDefault(q, "statement_timeout", fmt.Sprint(timeout.Milliseconds()))
	setDefault(q, "connect_timeout", "5")
	if !p.gauss {
		// PostgreSQL compiles a query that it expects to be dear, which costs a
		// tenth of a second each time; ours read a page. openGauss has no such name.
		setDefault(q, "jit", "off")
	}
	u.RawQuery = q.Encode()
	p.schema = strings.TrimSpace(strings.Split(q.Get("search_path"), ",")[0])
	if u.User != nil {
		p.user = u.User.Username()
	} else {
		p.user = q.Get("user")
	}
	p.text = u.String()
	return p, nil
}

func setDefault(q url.Values, key, value string) {
	if q.Get(key) == "" {
		q.Set(key, value)
	}
}
