package db

import (
	"context"
	"database/sql/driver"
	"errors"
	"fmt"
	"time"

	"github.com/lib/pq"
)

// openGauss speaks PostgreSQL's protocol but for the login. lib/pq stays as it
// is: a dialer of ours (gauss_dial.go) hands it connections that answer the
// login themselves (gauss_login.go, gauss_proof.go) and are transparent from
// AuthenticationOk on. It is used only when the DSN says opengauss://, for
// openGauss's codes 10 and 11 mean SASL on PostgreSQL.

// gaussPool is the connector behind an opengauss:// DSN.
type gaussPool struct {
	pq     *pq.Connector
	dialer *gaussDialer
}

var _ driver.Connector = (*gaussPool)(nil)

// gaussConnector reads an opengauss:// DSN. Nothing is dialled yet; the TLS
// files are read now, so that a wrong path shows at start.
func gaussConnector(dsn string) (driver.Connector, error) {
	cfg, err := parseGaussDSN(dsn)
	if err != nil {
		return nil, err
	}
	return newGaussPool(cfg)
}

func newGaussPool(cfg gaussConfig) (*gaussPool, error) {
	d, err := newGaussDialer(cfg)
	if err != nil {
		return nil, err
	}
	c, err := pq.NewConnectorConfig(gaussDriverConfig(cfg))
	if err != nil {
		return nil, fmt.Errorf("openGauss connector: %w", err)
	}
	c.Dialer(d)
	return &gaussPool{pq: c, dialer: d}, nil
}

// gaussDriverConfig fills lib/pq's configuration by hand: its own parser would
// add PG* variables of the environment (a service file, another protocol
// version, a forbidden application name). The password is given to lib/pq only
// when it may have to answer itself.
func gaussDriverConfig(cfg gaussConfig) pq.Config {
	c := pq.Config{
		Host: cfg.hosts[0].name, Port: cfg.hosts[0].port,
		Database: cfg.database, User: cfg.user,
		ApplicationName: cfg.application,
		SSLMode:         pq.SSLModeDisable, // TLS is made inside the dialer
		ConnectTimeout:  cfg.timeout,
		ClientEncoding:  "UTF8", Datestyle: "ISO, MDY",
		MinProtocolVersion: pq.ProtocolVersion30, MaxProtocolVersion: pq.ProtocolVersion30,
		TargetSessionAttrs: cfg.target, LoadBalanceHosts: cfg.balance,
		Runtime: cfg.runtime,
	}
	for _, h := range cfg.hosts[1:] {
		c.Multi = append(c.Multi, pq.ConfigMultihost{Host: h.name, Port: h.port})
	}
	if cfg.allow.md5 || cfg.allow.cleartext {
		c.Password = cfg.password.open()
	}
	return c
}

// loginContext carries the caller's context to the dialer: lib/pq gives the
// dialer a context of its own that ends when dialling ends, before the login.
type loginContext struct{}

// Connect opens one connection and logs in. A refused login (SQLSTATE class
// 28) is not tried again for a while: openGauss locks an account after ten
// wrong passwords, and a pool would reach ten within a second.
func (p *gaussPool) Connect(ctx context.Context) (driver.Conn, error) {
	if err := p.dialer.guard.blocked(anywhere); err != nil {
		return nil, err
	}
	c, err := p.pq.Connect(context.WithValue(ctx, loginContext{}, ctx))
	if err != nil {
		return nil, explainLogin(err)
	}
	return c, nil
}

// Driver gives lib/pq's driver.
func (p *gaussPool) Driver() driver.Driver { return p.pq.Driver() }

// explainLogin gives a refused login its sentence. The server's own words stay
// in the cause: they may name the database user.
func explainLogin(err error) error {
	var known *Error
	var pe *pq.Error
	if errors.As(err, &pe) && refusedLogin(string(pe.Code)) {
		return RefuseBecause(err, Unavailable, "openGauss 拒绝了本程序的登录（%s）。%s", pe.Code, loginAdvice(string(pe.Code)))
	}
	if errors.As(err, &known) {
		return err
	}
	if errors.Is(err, errGaussProtocol) {
		return RefuseBecause(err, Unavailable, "对方的登录应答不像 openGauss，已断开。请检查地址和端口；若地址无误，请管理员查明是否有人冒充数据库。")
	}
	return fmt.Errorf("openGauss login: %w", err)
}

func loginAdvice(state string) string {
	switch state {
	case "28P01":
		return "请管理员核对连接串里的用户名和口令；账号已锁时用 ALTER USER … ACCOUNT UNLOCK 解锁。"
	case "28P02":
		return "口令已过期或仍是初始口令，请管理员用 ALTER ROLE … PASSWORD 重设口令。"
	default:
		return "请管理员查看 pg_hba.conf 是否放行本机、账号是否被锁定或停用。"
	}
}

// refusedLogin tells whether an SQLSTATE is a refusal of the person, not of
// the moment: class 28, invalid authorization.
func refusedLogin(state string) bool { return len(state) == 5 && state[:2] == "28" }

// gaussDefaults are what a DSN need not say.
const (
	gaussTimeout    = 10 * time.Second // connect_timeout
	gaussIterations = 10000            // auth_iteration_count of a fresh server
	gaussHoldFirst  = time.Minute      // no further login after the first refusal
	gaussHoldMost   = 15 * time.Minute // it doubles up to this
)
