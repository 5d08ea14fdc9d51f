package db

import (
	"context"
	"database/sql/driver"
)

// maxKept bounds the statements that a connection keeps. The program has fewer
// texts; a text that is made anew each time must not fill the server's memory.
const maxKept = 256

// keeper is a connector whose connections keep the statements they have
// prepared. Without it lib/pq prepares every statement with arguments anew: two
// round trips instead of one, and the database parses and plans each time, which
// is more than half of what a scan costs it.
type keeper struct{ driver.Connector }

// fullConn is what a connection of lib/pq can do.
type fullConn interface {
	driver.Conn
	driver.QueryerContext
	driver.ExecerContext
	driver.ConnPrepareContext
	driver.ConnBeginTx
	driver.Pinger
	driver.SessionResetter
	driver.Validator
	driver.NamedValueChecker
}

// Connect opens a connection with nothing kept.
func (k keeper) Connect(ctx context.Context) (driver.Conn, error) {
	c, err := k.Connector.Connect(ctx)
	if err != nil {
		return nil, err
	}
	full, ok := c.(fullConn)
	if !ok {
		return c, nil
	}
	return &keptConn{fullConn: full, kept: map[string]keptStmt{}}, nil
}

type ownPlansKey struct{}

// WithOwnPlans gives a context under which the database plans every statement for
// the arguments it has, and keeps none. A kept statement is planned from its sixth
// use on for any arguments: what looks a few rows up by their keys loses nothing by
// that, what sums a period or leaves a condition out ("$1 = 0 OR …") may read a
// whole table for one day.
func WithOwnPlans(ctx context.Context) context.Context {
	return context.WithValue(ctx, ownPlansKey{}, true)
}

func ownPlans(ctx context.Context) bool { return ctx.Value(ownPlansKey{}) != nil }

// keptStmt is a prepared statement of lib/pq.
type keptStmt interface {
	driver.Stmt
	driver.StmtQueryContext
	driver.StmtExecContext
}

// keptConn is one connection; database/sql lets one goroutine at a time use it.
type keptConn struct {
	fullConn
	kept map[string]keptStmt
}

// QueryContext runs a query with arguments as a kept statement. One without may
// hold several statements, which cannot be prepared.
func (c *keptConn) QueryContext(ctx context.Context, query string, args []driver.NamedValue) (driver.Rows, error) {
	if len(args) == 0 || ownPlans(ctx) {
		return c.fullConn.QueryContext(ctx, query, args)
	}
	s, err := c.stmt(ctx, query)
	if err != nil {
		return nil, err
	}
	rows, err := s.QueryContext(ctx, args)
	if err != nil {
		c.forget(query, err)
	}
	return rows, err
}

// ExecContext is QueryContext for a statement without rows.
func (c *keptConn) ExecContext(ctx context.Context, query string, args []driver.NamedValue) (driver.Result, error) {
	if len(args) == 0 || ownPlans(ctx) {
		return c.fullConn.ExecContext(ctx, query, args)
	}
	s, err := c.stmt(ctx, query)
	if err != nil {
		return nil, err
	}
	r, err := s.ExecContext(ctx, args)
	if err != nil {
		c.forget(query, err)
	}
	return r, err
}

// stmt gives the kept statement of a text, preparing it the first time.
func (c *keptConn) stmt(ctx context.Context, query string) (keptStmt, error) {
	if s := c.kept[query]; s != nil {
		return s, nil
	}
	for q, s := range c.kept {
		if len(c.kept) < maxKept {
			break
		}
		delete(c.kept, q)
		if err := s.Close(); err != nil {
			return nil, err
		}
	}
	s, err := c.fullConn.PrepareContext(ctx, query)
	if err != nil {
		return nil, err
	}
	c.kept[query] = s.(keptStmt)
	return c.kept[query], nil
}

// forget drops a statement that the database cannot run any more because its
// tables have changed (0A000, on openGauss 29P06) or that it does not know
// (26000); the next use
// prepares it anew.
func (c *keptConn) forget(query string, err error) {
	if state := State(err); state != "0A000" && state != "29P06" && state != "26000" {
		return
	}
	s := c.kept[query]
	delete(c.kept, query)
	// In a failed transaction it cannot be closed; the connection's end does.
	_ = s.Close()
}
