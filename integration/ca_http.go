package integration

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"os"
	"slices"
	"strings"

	"jingfang/integration/translog"
	"jingfang/integration/wire"
	"jingfang/sql/seal"
)

// caCaller carries the exchanges of all styles. It is safe for concurrent use.
type caCaller struct {
	c        CAConfig
	says     wire.CAStyle
	base     *url.URL
	http     *http.Client
	verifier *wire.Verifier
	slots    chan struct{}
	breaker  *breaker
}

func (c *caCaller) enter(ctx context.Context) error {
	select {
	case c.slots <- struct{}{}:
		return nil
	case <-ctx.Done():
		return caDown(ctx.Err(), "CA 正忙，请稍后再试。")
	}
}

func (c *caCaller) leave() { <-c.slots }

// noted tells the breaker what came of an exchange; any answer that can be believed is
// a sign of life.
func (c *caCaller) noted(err error) {
	r := resultOf(err)
	c.breaker.note(r == translog.OK || r == translog.Refused)
}

func (c *caCaller) address(path string) *url.URL {
	u := *c.base
	u.Path = strings.TrimSuffix(u.Path, "/") + path
	return &u
}

// send gives the status and the body of an answer that can be believed.
func (c *caCaller) send(ctx context.Context, x caCall) (int, []byte, error) {
	ctx, cancel := context.WithTimeout(ctx, c.c.Timeout)
	defer cancel()
	u := c.address(x.path)
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, u.String(), bytes.NewReader(x.body))
	if err != nil {
		return 0, nil, fmt.Errorf("ask the CA: %w", err)
	}
	req.Header.Set("Content-Type", x.kind)
	nonce := wire.NewNonce()
	if x.signed {
		c.c.Key.SignRequest(req, x.body, nonce, c.c.Now())
	}
	resp, err := c.http.Do(req)
	if err != nil {
		return 0, nil, c.broken(x, 0, err)
	}
	body, err := wire.ReadBody(resp.Body)
	if cerr := resp.Body.Close(); err == nil {
		err = cerr
	}
	if err != nil {
		return resp.StatusCode, body, c.broken(x, resp.StatusCode, err)
	}
	if resp.StatusCode != http.StatusOK {
		return resp.StatusCode, body, x.lost(fmt.Errorf("HTTP status %d", resp.StatusCode), "CA 应答 HTTP %d，暂时不可用。", resp.StatusCode)
	}
	if !x.signed {
		return resp.StatusCode, body, nil
	}
	err = c.verifier.Answer(resp.Header, u.EscapedPath(), nonce, body)
	switch {
	case errors.Is(err, wire.ErrClock):
		return resp.StatusCode, body, x.lost(err, "CA 的时钟与本机相差超过 5 分钟，请两边校时。")
	case err != nil:
		return resp.StatusCode, body, x.lost(err, "CA 的应答验签不通过，未予采信，请核对双方密钥。")
	}
	return resp.StatusCode, body, nil
}

// broken is an exchange that ended before a whole answer was there.
func (c *caCaller) broken(x caCall, status int, err error) error {
	var dial *net.OpError
	switch {
	case errors.As(err, &dial) && dial.Op == "dial":
		return caDown(err, "连不上 CA，网络不通或对方没有启动。") // nothing was sent
	case errors.Is(err, wire.ErrTooLarge):
		return x.lost(err, "CA 的应答超过 10 MB，未予接收，请联系接口负责人。")
	case errors.Is(err, context.DeadlineExceeded), errors.Is(err, os.ErrDeadlineExceeded):
		return x.lost(err, "CA 没有在 %s内应答。", seconds(c.c.Timeout))
	case status != 0:
		return x.lost(err, "CA 的应答传到一半中断。")
	}
	return x.lost(err, "与 CA 的连接中断。")
}

// lost is an exchange whose answer cannot be used: where something may have been done
// over there, nobody knows.
func (x caCall) lost(cause error, format string, args ...any) error {
	if x.does {
		return caUnknown(cause, format, args...)
	}
	return caDown(cause, format, args...)
}

// malformed is lost for an answer that does not have the shape it should.
func (x caCall) malformed(cause error) error {
	return x.lost(cause, "CA 的应答格式与约定不符，请联系接口负责人。")
}

// cover replaces the values of secret fields by a mark, so that who reads the transfer
// log can tell two of them apart and use neither. What is neither JSON nor a form has
// no fields.
func cover(kind string, body []byte, secrets []string) []byte {
	if len(secrets) == 0 {
		return body
	}
	if kind == formKind {
		v, err := url.ParseQuery(string(body))
		if err != nil {
			return []byte("（无法识别的表单，未保存）")
		}
		for name, list := range v {
			if slices.Contains(secrets, name) && len(list) > 0 {
				v.Set(name, covered(list[0]))
			}
		}
		return []byte(v.Encode())
	}
	var x any
	if json.Unmarshal(body, &x) != nil {
		return body
	}
	out, err := json.Marshal(coverValue(x, secrets))
	if err != nil {
		return []byte("（无法保存）")
	}
	return out
}

func coverValue(x any, secrets []string) any {
	switch x := x.(type) {
	case map[string]any:
		for name, v := range x {
			if text, ok := v.(string); ok && text != "" && slices.Contains(secrets, name) {
				x[name] = covered(text)
				continue
			}
			x[name] = coverValue(v, secrets)
		}
	case []any:
		for i, v := range x {
			x[i] = coverValue(v, secrets)
		}
	}
	return x
}

func covered(text string) string { return "***" + seal.SM3([]byte(text)).String()[:8] }
