// Package embedded runs a private PostgreSQL cluster out of the database
// binaries that the machine's distribution installed, for the demonstration and
// for tests. It owns the cluster's folder, its roles and passwords, and its
// life: the database starts and stops with the program, also when the program
// is killed. It listens on a socket in a private folder and on the loopback
// address only, and never touches a system-wide cluster. Tables, migrations and
// connection pools are left to package db; production runs its own server.
package embedded

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/url"
	"os"
	"strconv"
	"sync"
)

// Database is the name of the one database of the cluster (UTF8, C locale).
const Database = "jingfang"

// OwnerRole owns Database and migrates it; AppRole may only connect until a
// migration grants it more.
const (
	OwnerRole = "jingfang_owner"
	AppRole   = "jingfang_app"
)

// Config says where the cluster lies and how careful it is.
type Config struct {
	// Dir is the program's data folder. Empty means a temporary cluster in memory
	// or below /tmp, which disappears when the program ends, however it ends.
	Dir string
	// Fast gives up fsync for speed: tests only. What was committed survives the
	// death of the database but not of the machine.
	Fast bool
	// Port is the loopback TCP port; 0 takes a free one.
	Port int
	// Log receives progress in Chinese, one sentence a line; nil is silent.
	Log io.Writer
	// BinDir holds initdb and postgres; empty searches the usual places.
	BinDir string
}

// Cluster is a running private cluster, held by this program alone.
type Cluster struct {
	folder folder
	tools  tools
	roles  roles
	fast   bool
	port   int
	log    io.Writer

	lock    *os.File
	janitor io.Closer

	mu     sync.Mutex // guards server
	server *server
}

// Start makes the cluster if it does not exist, takes over what a killed
// program left behind, and returns when the database accepts connections. Its
// errors are sentences in Chinese for the person at the terminal; ErrMissing,
// ErrInUse and ErrVersion tell the common ones apart.
func Start(ctx context.Context, cfg Config) (*Cluster, error) {
	folder, err := prepareFolder(cfg.Dir)
	if err != nil {
		return nil, err
	}
	lock, err := folder.acquire()
	if err != nil {
		return nil, err
	}
	c := &Cluster{folder: folder, fast: cfg.Fast, port: cfg.Port, log: cfg.Log, lock: lock}
	if c.log == nil {
		c.log = io.Discard
	}
	if err := c.start(ctx, cfg); err != nil {
		return nil, errors.Join(err, c.release())
	}
	return c, nil
}

// start fills the folder that this program has just locked and runs it.
func (c *Cluster) start(ctx context.Context, cfg Config) error {
	var err error
	if c.tools, err = findTools(ctx, cfg.BinDir, c.folder); err != nil {
		return err
	}
	if c.folder.temporary {
		if c.janitor, err = startJanitor(c.folder); err != nil {
			return err
		}
	}
	if err = c.endOrphan(ctx); err != nil {
		return err
	}
	if err = c.initialise(ctx); err != nil {
		return err
	}
	if err = c.folder.makeSockets(); err != nil {
		return err
	}
	if err = c.run(ctx, cfg.Port == 0); err != nil {
		return err
	}
	if err = c.bootstrap(ctx); err != nil {
		return errors.Join(err, c.Halt(ctx))
	}
	return nil
}

// Stop ends the database in good order, gives the folder free and removes it if
// it was temporary. A second call does nothing. When ctx ends first the database is stopped at once; it
// then repairs itself at the next start.
func (c *Cluster) Stop(ctx context.Context) error {
	return errors.Join(c.Halt(ctx), c.release())
}

// Restart stops and starts the database on the same port and socket.
func (c *Cluster) Restart(ctx context.Context) error {
	if err := c.Halt(ctx); err != nil {
		return err
	}
	return c.Resume(ctx)
}

// OwnerDSN is the connection string of the role that migrates, with the search
// path set to schema unless that is empty. It holds a password: never log it.
func (c *Cluster) OwnerDSN(schema string) string {
	return c.dsn(OwnerRole, c.roles.Owner, Database, schema)
}

// AppDSN is the connection string of the program's ordinary role, with the
// search path set to schema unless that is empty. It holds a password.
func (c *Cluster) AppDSN(schema string) string {
	return c.dsn(AppRole, c.roles.App, Database, schema)
}

// Addr is the loopback address and port of the database, "127.0.0.1:port".
func (c *Cluster) Addr() string { return "127.0.0.1:" + strconv.Itoa(c.port) }

// Sockets is the private folder of the database's Unix socket.
func (c *Cluster) Sockets() string { return c.folder.sockets }

// Home is the folder in which the cluster's files lie; run as root it is not
// below Config.Dir.
func (c *Cluster) Home() string { return c.folder.home }

// Version is the major version of the database.
func (c *Cluster) Version() int { return c.tools.major }

func (c *Cluster) dsn(role, password, database, schema string) string {
	q := url.Values{
		"host":    {c.folder.sockets},
		"port":    {strconv.Itoa(c.port)},
		"sslmode": {"disable"}, // a socket in a private folder; there is no certificate
	}
	if schema != "" {
		q.Set("search_path", schema)
	}
	u := url.URL{
		Scheme: "postgres", User: url.UserPassword(role, password),
		Path: "/" + database, RawQuery: q.Encode(),
	}
	return u.String()
}

func (c *Cluster) say(format string, args ...any) {
	// Progress is a courtesy: a closed terminal must not stop the database.
	_, _ = fmt.Fprintf(c.log, format+"\n", args...)
}

// release gives back everything but the database itself, which has ended. An
// attached cluster has nothing to give back: it is another program's.
func (c *Cluster) release() error {
	if c.lock == nil {
		return nil
	}
	errs := []error{c.lock.Close()}
	c.lock = nil
	if c.folder.sockets != "" {
		errs = append(errs, os.RemoveAll(c.folder.sockets))
	}
	if c.folder.temporary {
		errs = append(errs, os.RemoveAll(c.folder.home))
	}
	if c.janitor != nil {
		errs = append(errs, c.janitor.Close())
		c.janitor = nil
	}
	return errors.Join(errs...)
}
