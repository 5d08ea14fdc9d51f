package main

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"os"
	"strings"
	"time"
)

const (
	// requestTime bounds one request, beyond the server's own limit.
	requestTime = 20 * time.Second
	// maxAnswer bounds an answer that is read, in bytes.
	maxAnswer = 1 << 20
)

// target is the server under load.
type target struct {
	base *url.URL
	tls  *tls.Config
	http *http.Transport
}

func newTarget(base, caFile string) (*target, error) {
	u, err := url.Parse(base)
	if err != nil {
		return nil, fmt.Errorf("服务器地址 %q 无法识别：%w", base, err)
	}
	t := &target{base: u, tls: &tls.Config{MinVersion: tls.VersionTLS12, ServerName: u.Hostname()}}
	if caFile != "" {
		pem, err := os.ReadFile(caFile)
		if err != nil {
			return nil, fmt.Errorf("读不到 -ca 的文件：%w", err)
		}
		t.tls.RootCAs = x509.NewCertPool()
		if !t.tls.RootCAs.AppendCertsFromPEM(pem) {
			return nil, fmt.Errorf("文件 %s 里没有证书", caFile)
		}
	}
	// As many connections as people: nobody waits for another's.
	t.http = &http.Transport{TLSClientConfig: t.tls, MaxIdleConns: 0, MaxIdleConnsPerHost: 1000, IdleConnTimeout: time.Minute}
	return t, nil
}

// person is one account that has logged in.
type person struct {
	target *target
	name   string // as the board shows it
	client *http.Client
}

// refusal is an answer that is not 2xx.
type refusal struct {
	status         int
	kind, sentence string
}

// Error is the sentence people read.
func (r *refusal) Error() string { return fmt.Sprintf("%d %s：%s", r.status, r.kind, r.sentence) }

// logIn logs somebody in, as a program does: neither origin nor token needed.
func (t *target) logIn(ctx context.Context, username, password string) (*person, error) {
	jar, err := cookiejar.New(nil)
	if err != nil {
		return nil, err
	}
	p := &person{target: t, client: &http.Client{Jar: jar, Transport: t.http}}
	var who struct {
		Name string `json:"name"`
	}
	if err := p.post(ctx, "/login", url.Values{"username": {username}, "password": {password}}, &who); err != nil {
		return nil, fmt.Errorf("账号 %s 登录不了：%w", username, err)
	}
	p.name = who.Name
	return p, nil
}

// post sends a form and reads a JSON answer into out, unless it is nil.
func (p *person) post(ctx context.Context, path string, form url.Values, out any) error {
	return p.send(ctx, http.MethodPost, path, strings.NewReader(form.Encode()), out)
}

func (p *person) send(ctx context.Context, method, path string, body io.Reader, out any) error {
	// A command that is on its way is not broken off when the time is up: its
	// answer belongs to the figures, and nothing is left half known.
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), requestTime)
	defer cancel()
	r, err := http.NewRequestWithContext(ctx, method, p.target.base.String()+path, body)
	if err != nil {
		return err
	}
	if body != nil {
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	}
	r.Header.Set("Accept", "application/json")
	answer, err := p.client.Do(r)
	if err != nil {
		return err
	}
	defer answer.Body.Close()
	text, err := io.ReadAll(io.LimitReader(answer.Body, maxAnswer))
	if err != nil {
		return err
	}
	if answer.StatusCode/100 != 2 {
		return readRefusal(answer.StatusCode, text)
	}
	if out == nil {
		return nil
	}
	if err := json.Unmarshal(text, out); err != nil {
		return fmt.Errorf("%s %s: %w", method, path, err)
	}
	return nil
}

func readRefusal(status int, text []byte) error {
	var e struct {
		Error struct{ Kind, Message string } `json:"error"`
	}
	if err := json.Unmarshal(text, &e); err != nil || e.Error.Kind == "" {
		return &refusal{status: status, kind: fmt.Sprintf("http_%d", status), sentence: http.StatusText(status)}
	}
	return &refusal{status, e.Error.Kind, e.Error.Message}
}

// kindOf names an error for the count.
func kindOf(err error) string {
	var r *refusal
	switch {
	case errors.As(err, &r):
		return r.kind
	case errors.Is(err, context.DeadlineExceeded):
		return "timeout"
	}
	return "connection"
}

// unsure tells whether a command may or may not have been done, so that it is
// sent again with the same id: no answer, or a fault of the server.
func unsure(err error) bool {
	var r *refusal
	return err != nil && (!errors.As(err, &r) || r.status >= http.StatusInternalServerError)
}
