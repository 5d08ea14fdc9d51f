package integration

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"time"

	"jingfang/integration/translog"
	"jingfang/integration/wire"
	"jingfang/session/identity"
	"jingfang/sql/db"
	"jingfang/sql/seal"
)

// caSystem names the certificate authority in the transfer log.
const caSystem = "CA"

// CAConfig says how to reach a certificate authority.
type CAConfig struct {
	// Vendor is the style it speaks: "netca" or "bjca".
	Vendor string
	// Style is what a mapping file says of it; the zero value is the vendor's as it is
	// built in.
	Style wire.CAStyle
	// BaseURL is http(s)://host[:port][/path] without a query or a password.
	BaseURL string
	// Key is the application's number and secret there.
	Key wire.Key
	// Trusted are the certificates of the authority: those that issue persons'
	// certificates and, in the style netca, that of its certificate gateway.
	Trusted []*seal.Certificate
	// Index makes the number by which a person is known here out of an ID number, for
	// the style bjca: the ID number itself is kept nowhere.
	Index func(idNumber string) (string, error)
	// Log is the sealed transfer log.
	Log *translog.Log
	// Timeout bounds one exchange; 0 means 5 s. Pause is how long the authority is left
	// alone after three exchanges in a row without an answer; 0 means 5 s.
	Timeout, Pause time.Duration
	// Now replaces time.Now in tests.
	Now func() time.Time
}

// NewCA makes the client of a certificate authority; it does not ask it yet. An error
// names the first thing of the configuration that is wrong.
func NewCA(c CAConfig) (identity.CertVerifier, error) {
	base, err := url.Parse(c.BaseURL)
	if err != nil || (base.Scheme != "http" && base.Scheme != "https") || base.Host == "" || base.User != nil || base.RawQuery != "" || base.Fragment != "" {
		return nil, db.Refuse(db.Invalid, "CA 的接口地址无法识别，须为 http(s)://主机[:端口]，不带口令和参数。")
	}
	if c.Log == nil || c.Key.AppID() == "" {
		return nil, errors.New("integration: certificate authority without key or log")
	}
	if len(c.Trusted) == 0 {
		return nil, db.Refuse(db.Invalid, "没有 CA 的根证书，不能核对证书。请用 -ca-roots 指定 PEM 文件。")
	}
	says, err := c.style()
	if err != nil {
		return nil, err
	}
	if c.Timeout <= 0 {
		c.Timeout = 5 * time.Second
	}
	if c.Pause <= 0 {
		c.Pause = 5 * time.Second
	}
	if c.Now == nil {
		c.Now = time.Now
	}
	caller := &caCaller{c: c, says: says, base: base, verifier: wire.NewVerifier(c.Now, c.Key), slots: make(chan struct{}, 8),
		// Persons at a login page must not wait for a timeout each.
		breaker: &breaker{limit: 3, pause: c.Pause, now: c.Now},
		http:    &http.Client{Transport: newTransport(), CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}}
	if says.Vendor == "netca" {
		return &netca{caller}, nil
	}
	if c.Index == nil {
		return nil, errors.New("integration: the style bjca needs an index of ID numbers")
	}
	return &bjca{caller}, nil
}

func (c CAConfig) style() (wire.CAStyle, error) {
	builtIn, ok := wire.CAStyleOf(c.Vendor)
	switch {
	case !ok:
		return builtIn, db.Refuse(db.Invalid, "不认识 CA 厂商 %q，可选：%s。", c.Vendor, strings.Join(wire.CAVendors(), "、"))
	case c.Style.Vendor == "":
		return builtIn, nil
	case c.Style.Vendor != c.Vendor:
		return builtIn, db.Refuse(db.Invalid, "接口对照文件里 CA 的样式是 %s，-ca-vendor 却是 %s。请改成一致。", c.Style.Vendor, c.Vendor)
	}
	return c.Style, nil
}

// caCall is one question to the authority.
type caCall struct {
	service string // as the transfer log names it
	path    string
	kind    string // of the body
	body    []byte
	key     string // the business key: never a ticket or a token
	// signed says that the request and its answer carry HMAC-SM3.
	signed bool
	// does says that something may be done over there.
	does bool
	// secrets are the fields whose values are covered before anything is logged.
	secrets []string
}

// caDown is a question that brought no usable answer.
func caDown(cause error, format string, args ...any) *db.Error {
	return db.RefuseBecause(errors.Join(identity.ErrCertDown, cause), db.Unavailable, format, args...)
}

func caUnknown(cause error, format string, args ...any) *db.Error {
	return db.RefuseBecause(errors.Join(identity.ErrCertUnknown, cause), db.Unavailable, format, args...)
}

// caRefused is an answer that says no.
func caRefused(code, message string) *db.Error {
	return db.RefuseBecause(identity.ErrCertRefused, db.Conflict, "CA 拒绝了请求（代码 %s：%s）。", short(code, 20), short(message, 100))
}

func caMalformed(cause error) *db.Error {
	return caDown(cause, "CA 的应答格式与约定不符，请联系接口负责人。")
}

// readAnswer is what a vendor makes of a body; a *db.Error says why it is not usable.
type readAnswer func(body []byte) error

// ask makes one exchange and writes it down, with its secrets covered. Whatever read
// says of the answer is the outcome.
func (c *caCaller) ask(ctx context.Context, by identity.Actor, x caCall, read readAnswer) error {
	if db.InTransaction(ctx) {
		return ErrInTransaction
	}
	if err := c.enter(ctx); err != nil {
		return err
	}
	defer c.leave()
	if !c.breaker.allow() {
		return caDown(nil, "CA 连续没有应答，暂停请求片刻，稍后自动再试。")
	}
	err := c.exchange(ctx, by, x, read)
	c.noted(err)
	return err
}

// exchange sends a question and writes both halves down.
func (c *caCaller) exchange(ctx context.Context, by identity.Actor, x caCall, read readAnswer) error {
	target := c.address(x.path).String()
	pending, err := c.c.Log.Begin(ctx, translog.Exchange{System: caSystem, Service: x.service, Direction: translog.Out, Key: x.key,
		StaffID: by.StaffID, Person: person(by), Target: "POST " + target, Body: cover(x.kind, x.body, x.secrets)})
	if errors.Is(err, seal.ErrNoLogOfficer) {
		return caDown(err, "还没有设置日志审计员的公钥，传输日志不能加密，因此不与 CA 交换数据。请先生成日志密钥对。")
	}
	if err != nil {
		return fmt.Errorf("ask the CA: %w", err)
	}
	status, body, err := c.send(ctx, x)
	if err == nil {
		err = read(body)
	}
	out := translog.Outcome{Result: resultOf(err), Status: status, Body: cover("", body, x.secrets)}
	if err != nil {
		out.Detail = err.Error()
	}
	if logErr := pending.End(ctx, out); logErr != nil {
		return fmt.Errorf("ask the CA: write the outcome: %w", logErr)
	}
	return err
}

// resultOf is the transfer log's word on an exchange.
func resultOf(err error) translog.Result {
	switch {
	case err == nil:
		return translog.OK
	case errors.Is(err, identity.ErrCertUnknown):
		return translog.Unknown
	case errors.Is(err, identity.ErrCertDown):
		return translog.Failed
	case errors.Is(err, identity.ErrCertUnfinished):
		return translog.OK // it answered as it should: not yet
	}
	return translog.Refused
}
