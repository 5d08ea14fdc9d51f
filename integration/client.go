package integration

import (
	"context"
	"encoding/json"
	"errors"
	"net"
	"net/http"
	"net/url"
	"strings"
	"time"

	"jingfang/integration/translog"
	"jingfang/integration/wire"
	"jingfang/session/identity"
	"jingfang/sql/db"
)

// ErrInTransaction refuses a call under a running transaction: locks must not
// wait for another system.
var ErrInTransaction = errors.New("integration: network inside a transaction")

// Service is a service of the other system. Codes and paths are configuration.
type Service struct{ Code, Path string }

// Config says how to reach another system.
type Config struct {
	// System names it in the transfer log and in sentences, such as "HIS".
	System string
	// BaseURL is http(s)://host[:port][/path] without a query or a password.
	BaseURL string
	// Key signs our requests and verifies its answers.
	Key wire.Key
	// Log is the sealed transfer log.
	Log *translog.Log
	// Receipts and Drugs are its services; zero means those of package wire.
	Receipts, Drugs Service
	// Timeout bounds one try with everything; 0 means 15 s.
	Timeout time.Duration
	// Tries is how often a read is tried in all; 0 means 3.
	Tries int
	// Pause is the wait before the second try, doubled for each further one
	// and spread by chance; 0 means 300 ms.
	Pause time.Duration
	// Concurrency bounds the calls that run at the same time; 0 means 4.
	Concurrency int
	// Transport replaces our own in tests.
	Transport http.RoundTripper
	// Now replaces time.Now in tests.
	Now func() time.Time
}

// Client asks one system. It is safe for concurrent use.
type Client struct {
	c        Config
	base     *url.URL
	http     *http.Client
	verifier *wire.Verifier
	slots    chan struct{}
}

// NewClient checks the configuration; it does not ask the system yet.
func NewClient(c Config) (*Client, error) {
	base, err := url.Parse(c.BaseURL)
	if err != nil || (base.Scheme != "http" && base.Scheme != "https") || base.Host == "" || base.User != nil || base.RawQuery != "" || base.Fragment != "" {
		// The parser's error may quote a password in the address.
		return nil, db.Refuse(db.Invalid, "%s 的接口地址无法识别，须为 http(s)://主机[:端口]，不带口令和参数。", c.System)
	}
	if c.System == "" || c.Log == nil || c.Key.AppID() == "" {
		return nil, errors.New("integration: client without system, log or key")
	}
	c.defaults()
	cl := &Client{c: c, base: base, verifier: wire.NewVerifier(c.Now, c.Key), slots: make(chan struct{}, c.Concurrency)}
	cl.http = &http.Client{Transport: c.Transport, CheckRedirect: func(*http.Request, []*http.Request) error {
		// A redirect would carry the signed body to a stranger.
		return http.ErrUseLastResponse
	}}
	if c.Transport == nil {
		cl.http.Transport = newTransport()
	}
	return cl, nil
}

func (c *Config) defaults() {
	if c.Timeout <= 0 {
		c.Timeout = 15 * time.Second
	}
	if c.Tries <= 0 {
		c.Tries = 3
	}
	if c.Pause <= 0 {
		c.Pause = 300 * time.Millisecond
	}
	if c.Concurrency <= 0 {
		c.Concurrency = 4
	}
	if c.Now == nil {
		c.Now = time.Now
	}
	if c.Receipts == (Service{}) {
		c.Receipts = Service{wire.ServiceReceipts, wire.PathReceipts}
	}
	if c.Drugs == (Service{}) {
		c.Drugs = Service{wire.ServiceDrugs, wire.PathDrugs}
	}
}

// newTransport asks no proxy: the hospital's systems stand in its own network.
func newTransport() *http.Transport {
	return &http.Transport{
		DialContext:         (&net.Dialer{Timeout: 5 * time.Second, KeepAlive: 30 * time.Second}).DialContext,
		TLSHandshakeTimeout: 5 * time.Second,
		MaxIdleConnsPerHost: 4,
		IdleConnTimeout:     time.Minute,
		// Compressed answers could be far larger than what we counted.
		DisableCompression: true,
	}
}

// Close gives idle connections back.
func (c *Client) Close() { c.http.CloseIdleConnections() }

// read asks a service that changes nothing over there, and may therefore ask
// again. Errors are *db.Error with a sentence that names the system.
func (c *Client) read(ctx context.Context, by identity.Actor, s Service, key string, body any) (json.RawMessage, error) {
	if db.InTransaction(ctx) {
		return nil, ErrInTransaction
	}
	if err := c.enter(ctx); err != nil {
		return nil, err
	}
	defer c.leave()
	for try := 1; ; try++ {
		data, fail, err := c.try(ctx, by, s, key, body)
		if err != nil {
			return nil, err
		}
		if fail == nil {
			return data, nil
		}
		if !fail.again || try >= c.c.Tries {
			return nil, fail.err
		}
		if err := wait(ctx, spread(c.c.Pause<<(try-1))); err != nil {
			return nil, fail.err
		}
	}
}

// enter waits for one of the few slots: a slow system must not gather all our
// goroutines and connections.
func (c *Client) enter(ctx context.Context) error {
	select {
	case c.slots <- struct{}{}:
		return nil
	case <-ctx.Done():
		return db.RefuseBecause(ctx.Err(), db.Unavailable, "%s 正忙，请稍后再试。", c.c.System)
	}
}

func (c *Client) leave() { <-c.slots }

func (c *Client) url(s Service) *url.URL {
	u := *c.base
	u.Path = strings.TrimSuffix(u.Path, "/") + s.Path
	return &u
}

// person is who the transfer log names.
func person(by identity.Actor) string {
	if by.IsSystem() {
		return "系统：" + by.Name
	}
	return by.Name
}
