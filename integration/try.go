package integration

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"net/http"
	"os"
	"time"

	"github.com/google/uuid"

	"jingfang/integration/translog"
	"jingfang/integration/wire"
	"jingfang/session/identity"
	"jingfang/sql/db"
	"jingfang/sql/seal"
)

// errRefused is behind the error of a call that the other side answered with no.
var errRefused = errors.New("integration: refused by the other side")

// failure is a try that brought no usable answer.
type failure struct {
	result translog.Result
	err    *db.Error
	again  bool // trying once more may help
}

// message is a request ready to be sent, and what its answer must fit.
type message struct {
	id, nonce string
	at        time.Time
	body      []byte
}

// try makes one exchange and writes it down. err says that the transfer log
// itself failed, which ends the call: nothing is exchanged unrecorded.
func (c *Client) try(ctx context.Context, by identity.Actor, a asking) (*failure, error) {
	m := message{id: uuid.NewString(), nonce: wire.NewNonce(), at: c.c.Now()}
	var err error
	m.body, err = c.style.EncodeRequest(wire.Header{AppID: c.c.Key.AppID(), MessageID: m.id, Service: a.service.Code, Timestamp: m.at, Nonce: m.nonce}, a.body)
	if err != nil {
		return nil, fmt.Errorf("ask %s: %w", c.c.System, err)
	}
	target := c.url(a.service).String()
	pending, err := c.c.Log.Begin(ctx, translog.Exchange{System: c.c.System, Service: a.service.Code, Direction: translog.Out,
		Key: a.key, StaffID: by.StaffID, Person: person(by), Target: "POST " + target, Body: m.body})
	if errors.Is(err, seal.ErrNoLogOfficer) {
		return nil, db.RefuseBecause(err, db.Unavailable, "还没有设置日志审计员的公钥，传输日志不能加密，因此不与 %s 交换数据。请先生成日志密钥对。", c.c.System)
	}
	if err != nil {
		return nil, fmt.Errorf("ask %s: %w", c.c.System, err)
	}
	status, answer, sendErr := c.send(ctx, a.service, m)
	data, fail := c.judge(status, answer, sendErr, m.id)
	if fail == nil {
		if err := a.read(data); err != nil {
			fail = c.failed(err, false, "%s 的应答内容与约定不符，请联系接口负责人。", c.c.System)
		}
	}
	if a.tries == 0 && fail != nil {
		fail = c.doubt(fail, answer)
	}
	out := translog.Outcome{Result: translog.OK, Status: status, Body: answer.body}
	if fail != nil {
		out.Result, out.Detail = fail.result, fail.err.Error()
	}
	if err := pending.End(ctx, out); err != nil {
		return nil, fmt.Errorf("ask %s: write the outcome: %w", c.c.System, err)
	}
	return fail, nil
}

// answer is what came back, as far as it came.
type answer struct {
	body        []byte
	contentType string
	signErr     error
	// unsent says that no connection was made: nothing can have been done.
	unsent bool
}

func (c *Client) send(ctx context.Context, s wire.Service, m message) (int, answer, error) {
	ctx, cancel := context.WithTimeout(ctx, c.c.Timeout)
	defer cancel()
	u := c.url(s)
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, u.String(), bytes.NewReader(m.body))
	if err != nil {
		return 0, answer{}, err
	}
	req.Header.Set("Content-Type", c.style.ContentType())
	if soap := c.style.SOAP; soap != nil {
		req.Header.Set("SOAPAction", `"`+soap.Namespace+soap.Method+`"`)
	}
	c.c.Key.SignRequest(req, m.body, m.nonce, m.at)
	resp, err := c.http.Do(req)
	if err != nil {
		var dial *net.OpError
		return 0, answer{unsent: errors.As(err, &dial) && dial.Op == "dial"}, err
	}
	body, err := wire.ReadBody(resp.Body)
	if cerr := resp.Body.Close(); err == nil {
		err = cerr
	}
	if err != nil {
		return resp.StatusCode, answer{body: body}, err
	}
	a := answer{body: body, contentType: resp.Header.Get("Content-Type")}
	if !c.c.Dialect.UnsignedAnswers {
		a.signErr = c.verifier.Answer(resp.Header, u.EscapedPath(), m.nonce, body)
	}
	return resp.StatusCode, a, nil
}

// judge goes from the outside in: connection, HTTP status, signature,
// envelope, code. Only a code of "0" in a signed envelope is success.
func (c *Client) judge(status int, a answer, err error, messageID string) (json.RawMessage, *failure) {
	switch {
	case err != nil:
		return nil, c.broken(status, err)
	case status != http.StatusOK:
		return nil, c.failed(fmt.Errorf("HTTP status %d", status), status >= 500, "%s 应答 HTTP %d，接口暂时不可用。", c.c.System, status)
	case errors.Is(a.signErr, wire.ErrClock):
		return nil, c.failed(a.signErr, false, "%s 的时钟与本机相差超过 5 分钟，请两边校时。", c.c.System)
	case a.signErr != nil:
		return nil, c.failed(a.signErr, false, "%s 的应答验签不通过，未予采信，请核对双方密钥。", c.c.System)
	}
	env, err := c.style.DecodeAnswer(a.body, a.contentType, messageID)
	if err != nil {
		return nil, c.failed(err, false, "%s 的应答格式与约定不符，请联系接口负责人。", c.c.System)
	}
	if !env.OK() {
		f := c.failed(errRefused, false, "%s 拒绝了请求（代码 %s：%s）。", c.c.System, short(env.Code, 20), short(env.Message, 100))
		f.result = translog.Refused
		return nil, f
	}
	return env.Data, nil
}

// doubt turns a failed try of a service that changes something into an unknown
// outcome, unless the other side has answered that it did not do it, or was never
// reached.
func (c *Client) doubt(f *failure, a answer) *failure {
	if f.result == translog.Refused || a.unsent {
		return f
	}
	f.result = translog.Unknown
	f.err = db.RefuseBecause(errors.Join(ErrUnknown, f.err.Cause), db.Unavailable, "%s对方是否已处理不清楚，会先查询，不会重复发送。", f.err.Message)
	return f
}

// broken is a try that ended before a whole answer was there. As the call only
// reads, nothing can have been done over there.
func (c *Client) broken(status int, err error) *failure {
	switch {
	case errors.Is(err, wire.ErrTooLarge):
		return c.failed(err, false, "%s 的应答超过 10 MB，未予接收，请联系接口负责人。", c.c.System)
	case errors.Is(err, context.DeadlineExceeded), errors.Is(err, os.ErrDeadlineExceeded):
		return c.failed(err, true, "%s 没有在 %s内应答。", c.c.System, seconds(c.c.Timeout))
	case errors.Is(err, context.Canceled):
		return c.failed(err, false, "对 %s 的请求已取消。", c.c.System)
	case status != 0:
		return c.failed(err, true, "%s 的应答传到一半中断。", c.c.System)
	}
	return c.failed(err, true, "连不上 %s，网络不通或对方没有启动。", c.c.System)
}

func (c *Client) failed(cause error, again bool, format string, args ...any) *failure {
	return &failure{result: translog.Failed, again: again, err: db.RefuseBecause(cause, db.Unavailable, format, args...)}
}

func seconds(d time.Duration) string {
	if d < time.Second {
		return fmt.Sprintf("%d 毫秒", d.Milliseconds())
	}
	return fmt.Sprintf("%d 秒", int(d.Seconds()))
}
