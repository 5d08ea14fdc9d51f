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

// ErrUnknown is behind the error of a call that was sent and not answered: nobody
// knows whether the other side did what was asked. It is never repeated; what
// became of it must be asked for.
var ErrUnknown = errors.New("integration: outcome unknown")

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
	// Dialect is its envelope, its services and the names of its fields; zero is our
	// own JSON.
	Dialect wire.Dialect
	// Timeout bounds one try with everything; 0 means 15 s.
	Timeout time.Duration
	// Tries is how often a read is tried in all; 0 means 3.
	Tries int
	// Pause is the wait before the second try, doubled for each further one
	// and spread by chance; 0 means 300 ms.
	Pause time.Duration
	// Concurrency bounds the calls that run at the same time; 0 means 4.
	Concurrency int
	// BreakAfter is after how many tries without an answer in a row calls fail at
	// once, for BreakFor; 0 means 9 and 20 s.
	BreakAfter int
	BreakFor   time.Duration
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
	breaker  *breaker
	style    wire.Style
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
	cl := &Client{c: c, base: base, verifier: wire.NewVerifier(c.Now, c.Key), slots: make(chan struct{}, c.Concurrency),
		breaker: &breaker{limit: c.BreakAfter, pause: c.BreakFor, now: c.Now}, style: c.Dialect.Style()}
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
	if c.BreakAfter <= 0 {
		c.BreakAfter = 9
	}
	if c.BreakFor <= 0 {
		c.BreakFor = 20 * time.Second
	}
	if c.Now == nil {
		c.Now = time.Now
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

// Service gives code and path of a service by its name in the mapping file; ok is
// false for one that neither the file nor package wire knows.
func (c *Client) Service(name string) (s wire.Service, ok bool) {
	s = c.c.Dialect.Service(name)
	return s, s != wire.Service{}
}

// Reader makes sense of the data of an answer. Its error says that the answer is not
// what was agreed on; nothing of it is used then, and the transfer log says so.
type Reader func(data json.RawMessage) error

// Ask asks a service that changes nothing over there, and may therefore ask again:
// several tries with growing pauses. key is the business key in the transfer log,
// body any JSON-able value, read gets the data of the envelope. Errors are
// *db.Error with a sentence that names the system.
func (c *Client) Ask(ctx context.Context, by identity.Actor, s wire.Service, key string, body any, read Reader) error {
	return c.call(ctx, by, asking{s, key, body, read, c.c.Tries})
}

// Tell asks for something that changes the other side. It is sent once: without an
// answer that can be read the error is an ErrUnknown, and the caller finds out what
// became of it by asking. Other errors say that nothing was done.
func (c *Client) Tell(ctx context.Context, by identity.Actor, s wire.Service, key string, body any, read Reader) error {
	return c.call(ctx, by, asking{s, key, body, read, 0})
}

// asking is one call, with up to tries tries; 0 is one try of a service that changes
// something.
type asking struct {
	service wire.Service
	key     string
	body    any
	read    Reader
	tries   int
}

func (c *Client) call(ctx context.Context, by identity.Actor, a asking) error {
	if db.InTransaction(ctx) {
		return ErrInTransaction
	}
	if err := c.enter(ctx); err != nil {
		return err
	}
	defer c.leave()
	for try := 1; ; try++ {
		if !c.breaker.allow() {
			return db.Refuse(db.Unavailable, "%s 连续没有应答，暂停请求片刻，稍后自动再试。", c.c.System)
		}
		fail, err := c.try(ctx, by, a)
		switch {
		case err != nil:
			c.breaker.leave()
			return err
		case fail == nil:
			c.breaker.note(true)
			return nil
		case ctx.Err() != nil:
			c.breaker.leave()
		default:
			c.breaker.note(!fail.again)
		}
		if !fail.again || try >= a.tries {
			return fail.err
		}
		if err := wait(ctx, spread(c.c.Pause<<(try-1))); err != nil {
			return fail.err
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

func (c *Client) url(s wire.Service) *url.URL {
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

// Dialect is how the system talks.
func (c *Client) Dialect() wire.Dialect { return c.c.Dialect }
