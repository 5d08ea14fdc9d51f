package db

import (
	"context"
	"errors"
	"fmt"
	"net"
	"time"

	"github.com/lib/pq"
)

// gaussDialer dials openGauss for lib/pq and does TLS and login on the way. One
// dialer serves one pool: it remembers derived keys and refusals.
type gaussDialer struct {
	cfg   gaussConfig
	net   net.Dialer // keeps connections alive (every 15 s) by itself
	keys  *gaussKeys
	guard *gaussGuard
}

var (
	_ pq.Dialer        = (*gaussDialer)(nil)
	_ pq.DialerContext = (*gaussDialer)(nil)
)

func newGaussDialer(cfg gaussConfig) (*gaussDialer, error) {
	if err := cfg.tls.load(); err != nil {
		return nil, err
	}
	return &gaussDialer{
		cfg:   cfg,
		keys:  newGaussKeys(cfg.password),
		guard: newGaussGuard(cfg.holdFirst, cfg.holdMost, cfg.now),
	}, nil
}

// Dial is for lib/pq without a context; it is not used by it today.
func (d *gaussDialer) Dial(network, address string) (net.Conn, error) {
	return d.DialContext(context.Background(), network, address)
}

// DialTimeout is Dial within a time.
func (d *gaussDialer) DialTimeout(network, address string, timeout time.Duration) (net.Conn, error) {
	ctx, cancel := context.WithTimeout(context.Background(), timeout)
	defer cancel()
	return d.DialContext(ctx, network, address)
}

// DialContext connects, with TLS, and returns a connection that answers the
// login. lib/pq uses it for its CancelRequest too; that one carries no login
// context and is let through while logins are held off.
func (d *gaussDialer) DialContext(ctx context.Context, network, address string) (net.Conn, error) {
	caller, login := ctx.Value(loginContext{}).(context.Context)
	if !login {
		caller = context.Background()
	} else if err := d.guard.blocked(address); err != nil {
		return nil, err
	}
	raw, err := d.net.DialContext(ctx, network, address)
	if err != nil {
		return nil, fmt.Errorf("dial openGauss: %w", err)
	}
	conn, err := d.secure(ctx, raw, network, address)
	if err != nil {
		return nil, errors.Join(err, ignoreClosed(raw.Close()))
	}
	return newGaussConn(caller, d, conn, address), nil
}

// secure puts TLS on the connection. The raw question and answer before the
// handshake know no context, so its end moves the deadline.
func (d *gaussDialer) secure(ctx context.Context, raw net.Conn, network, address string) (net.Conn, error) {
	if network == "unix" {
		return raw, nil
	}
	host, _, err := net.SplitHostPort(address)
	if err != nil {
		return nil, fmt.Errorf("openGauss address: %w", err)
	}
	ctx, cancel := context.WithTimeout(ctx, d.cfg.timeout)
	defer cancel()
	stop := context.AfterFunc(ctx, func() { _ = raw.SetDeadline(longAgo()) })
	conn, err := d.cfg.tls.upgrade(ctx, raw, host)
	if !stop() {
		err = tooSlow(ctx, err)
	}
	return conn, err
}

// tooSlow names the end of a context where the socket only says timeout.
func tooSlow(ctx context.Context, err error) error {
	return RefuseBecause(errors.Join(context.Cause(ctx), err), Unavailable, "openGauss 没有在时限内答复登录，请稍后再试。")
}

// longAgo as a deadline ends every read and write at once.
func longAgo() time.Time { return time.Unix(1, 0) }

// ignoreClosed drops the error of closing what is closed already.
func ignoreClosed(err error) error {
	if errors.Is(err, net.ErrClosed) {
		return nil
	}
	return err
}
