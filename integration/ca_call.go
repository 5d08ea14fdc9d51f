package integration

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"net/url"

	"jingfang/integration/wire"
	"jingfang/session/identity"
	"jingfang/sql/db"
	"jingfang/sql/seal"
)

const (
	jsonKind = "application/json; charset=utf-8"
	formKind = "application/x-www-form-urlencoded"
)

// algorithm is how both styles sign.
const algorithm = "SM3withSM2"

// caQuestion is one question in our words.
type caQuestion struct {
	service, key string
	// does says that something may be done over there.
	does bool
	in   map[string]string
}

// readSaid is what is made of an answer that has its promised shape.
type readSaid func(a wire.CAAnswer) error

// Vendor names the style in stored rows.
func (c *caCaller) Vendor() string { return c.says.Vendor }

// Ping asks whether the authority is there.
func (c *caCaller) Ping(ctx context.Context, by identity.Actor) error {
	return c.call(ctx, by, caQuestion{service: wire.CAPing, key: "ping"}, c.refusal)
}

// call asks in the authority's words and reads the answer in ours.
func (c *caCaller) call(ctx context.Context, by identity.Actor, q caQuestion, good readSaid) error {
	x, err := c.worded(q)
	if err != nil {
		return err
	}
	return c.ask(ctx, by, x, func(body []byte) error {
		a, err := c.says.ReadAnswer(body)
		if err != nil {
			return x.malformed(err)
		}
		return good(a)
	})
}

// worded puts a question into the authority's words: signed JSON, or a form that holds
// the secret, so that no ticket stands in an address.
func (c *caCaller) worded(q caQuestion) (caCall, error) {
	in := map[string]string{"app": c.c.Key.AppID()}
	for name, value := range q.in {
		in[name] = value
	}
	service := c.says.Service(q.service)
	x := caCall{service: service.Code, path: service.Path, kind: jsonKind, key: q.key, signed: true, does: q.does, secrets: c.says.Secrets()}
	if c.says.Vendor == "bjca" {
		in["secret"] = c.c.Key.FormSecret()
		form := url.Values{}
		for name, value := range c.says.Ask(q.service, in) {
			form.Set(name, value)
		}
		x.kind, x.signed, x.body = formKind, false, []byte(form.Encode())
		return x, nil
	}
	body, err := json.Marshal(c.says.Ask(q.service, in))
	if err != nil {
		return x, fmt.Errorf("ask the CA: %w", err)
	}
	x.body = body
	return x, nil
}

// refusal is the error of a code that is not a success.
func (c *caCaller) refusal(a wire.CAAnswer) error {
	switch code := a.Text("code"); c.says.Means(wire.CodesAnswer, code) {
	case "ok":
		return nil
	case "wrong":
		return db.RefuseBecause(identity.ErrCertWrong, db.Conflict, "签名的不是本人（CA 代码 %s），没有采信。请本人重新扫码登录。", short(code, 20))
	case "none":
		return db.RefuseBecause(identity.ErrCertNone, db.NotFound, "CA 没有这个签名请求。")
	case "token":
		return db.RefuseBecause(identity.ErrCertToken, db.Conflict, "CA 的签名授权已过期。本人下次扫码登录后自动补签。")
	}
	return caRefused(a.Text("code"), a.Text("message"))
}

// Sign lets the authority sign by the person's token.
func (c *caCaller) Sign(ctx context.Context, by identity.Actor, s identity.CertSigning) (identity.CertSignature, error) {
	return c.sign(ctx, by, caQuestion{service: wire.CASign, key: s.Number, does: true, in: map[string]string{"number": s.Number,
		"digest": base64.StdEncoding.EncodeToString(s.Digest), "signer": s.PersonCode, "token": s.Token}})
}

// FindSignature asks what became of a request.
func (c *caCaller) FindSignature(ctx context.Context, by identity.Actor, s identity.CertSigning) (identity.CertSignature, error) {
	return c.sign(ctx, by, caQuestion{service: wire.CASigned, key: s.Number, in: map[string]string{"number": s.Number}})
}

// sign reads a signature out of an answer. A code of success alone is none: the state
// must say that it is done.
func (c *caCaller) sign(ctx context.Context, by identity.Actor, q caQuestion) (identity.CertSignature, error) {
	var got identity.CertSignature
	err := c.call(ctx, by, q, func(a wire.CAAnswer) error {
		if err := c.refusal(a); err != nil {
			return err
		}
		if state := a.Text("sign_state"); c.says.Means(wire.CodesSignature, state) != "done" {
			return db.RefuseBecause(identity.ErrCertUnfinished, db.Conflict, "CA 还没有完成签名（%s），稍后再查。", short(state, 20))
		}
		if len(a.Bytes("value")) == 0 || len(a.Bytes("certificate")) == 0 {
			return caUnknown(errors.New("a finished signature without value or certificate"), "CA 说已签名，但没有给出签名值，稍后再查。")
		}
		whole := seal.SM3(a.Whole())
		got = identity.CertSignature{Algorithm: algorithm, Value: a.Bytes("value"), Certificate: a.Bytes("certificate"), TimeToken: a.Bytes("stamp"), Answer: whole[:]}
		return nil
	})
	return got, err
}

// ticketKey is how the transfer log names a ticket that it must not hold.
func ticketKey(ticket string) string { return "ticket-" + seal.SM3([]byte(ticket)).String()[:16] }

// polled is the state of a QR code that an answer tells.
func (c *caCaller) polled(a wire.CAAnswer) identity.CertPoll {
	code, state := a.Text("code"), a.Text("qr_state")
	p := identity.CertPoll{State: identity.CertError, Why: code + " " + a.Text("message")}
	if c.says.Means(wire.CodesAnswer, code) != "ok" {
		if means := c.says.Means(wire.CodesQRAnswer, code); means != "" {
			p.State = identity.CertState(means)
		}
		return p
	}
	if means := c.says.Means(wire.CodesQR, state); means != "" {
		return identity.CertPoll{State: identity.CertState(means), Why: state}
	}
	p.Why = state
	return p
}

// certStatus reads the state of a certificate.
func (c *caCaller) certStatus(state string) (identity.CertStatus, error) {
	if means := c.says.Means(wire.CodesCertificate, state); means != "" {
		return identity.CertStatus(means), nil
	}
	return "", caMalformed(fmt.Errorf("unknown state %q of a certificate", short(state, 20)))
}
