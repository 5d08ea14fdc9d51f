package integration

import (
	"bytes"
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"image/png"
	"net/url"

	"jingfang/session/identity"
	"jingfang/sql/db"
	"jingfang/sql/seal"
)

// bjca speaks as a CA does that is built on OAuth: a picture of a QR code, a code for
// a token, the token's owner by ID number, and signing with the token. Everything is
// a form in the body, so that no ticket stands in an address.
type bjca struct{ *caCaller }

// Vendor names the style in stored rows.
func (b *bjca) Vendor() string { return "bjca" }

// bjcaAnswer is the union of all its answers.
type bjcaAnswer struct {
	Status  string `json:"status"`
	Message string `json:"message"`
	Data    struct {
		ImgBase64   []byte `json:"imgBase64"`
		RequestID   string `json:"requestId"`
		Result      string `json:"result"`
		Code        string `json:"code"`
		AccessToken string `json:"access_token"`
		IDCard      string `json:"userIdcardNum"`
		UserName    string `json:"userName"`
		OpenID      string `json:"openId"`
		SignState   string `json:"signState"`
		Signature   []byte `json:"signature"`
		Cert        []byte `json:"cert"`
		TimeToken   []byte `json:"tsToken"`
		CertState   string `json:"certState"`
	} `json:"data"`
}

func bjcaSecrets() []string {
	return []string{"client_secret", "requestId", "code", "access_token", "userIdcardNum", "idcard", "imgBase64"}
}

func (b *bjca) call(ctx context.Context, by identity.Actor, service, key string, does bool, in url.Values, good func(a bjcaAnswer) error) error {
	in.Set("client_id", b.c.Key.AppID())
	in.Set("client_secret", b.c.Key.FormSecret())
	x := caCall{service: service, path: "/am/v2/" + service, kind: formKind, body: []byte(in.Encode()), key: key, does: does, secrets: bjcaSecrets()}
	return b.ask(ctx, by, x, func(body []byte) error {
		var a bjcaAnswer
		if err := json.Unmarshal(body, &a); err != nil || a.Status == "" {
			return x.malformed(err)
		}
		return good(a)
	})
}

func bjcaRefusal(a bjcaAnswer) error {
	switch a.Status {
	case "0":
		return nil
	case "40101":
		return db.RefuseBecause(identity.ErrCertToken, db.Conflict, "CA 的签名授权已过期。本人下次扫码登录后自动补签。")
	case "40402":
		return db.RefuseBecause(identity.ErrCertNone, db.NotFound, "CA 没有这个签名请求。")
	case "40302":
		return db.RefuseBecause(identity.ErrCertWrong, db.Conflict, "签名的不是本人，没有采信。请本人重新扫码登录。")
	}
	return caRefused(a.Status, a.Message)
}

// Ping asks whether the service is there.
func (b *bjca) Ping(ctx context.Context, by identity.Actor) error {
	return b.call(ctx, by, servicePing, "ping", false, url.Values{}, bjcaRefusal)
}

// CreateLogin asks for a picture of a QR code. The challenge is signed after the
// phone's yes, with the token that it gives.
func (b *bjca) CreateLogin(ctx context.Context, by identity.Actor, _ []byte) (identity.CertTicket, error) {
	var t identity.CertTicket
	in := url.Values{"service": {"userService"}, "response_type": {"code"}}
	err := b.call(ctx, by, "oauth2/cs/authorize", "login", false, in, func(a bjcaAnswer) error {
		if err := bjcaRefusal(a); err != nil {
			return err
		}
		size, err := png.DecodeConfig(bytes.NewReader(a.Data.ImgBase64))
		if err != nil || size.Width > 2000 || size.Height > 2000 || a.Data.RequestID == "" {
			return caMalformed(errors.Join(err, errors.New("no requestId or no picture")))
		}
		t = identity.CertTicket{Ticket: a.Data.RequestID, QRImage: a.Data.ImgBase64}
		return nil
	})
	return t, err
}

// Poll asks how far a QR code is and, when the phone said yes, who that was.
func (b *bjca) Poll(ctx context.Context, by identity.Actor, ticket string, challenge []byte) (identity.CertPoll, error) {
	p, code := identity.CertPoll{State: identity.CertError}, ""
	err := b.call(ctx, by, "oauth2/cs/getAuthCode", ticketKey(ticket), false, url.Values{"requestId": {ticket}}, func(a bjcaAnswer) error {
		if a.Status != "0" {
			p.Why = a.Status + " " + a.Message
			return nil
		}
		switch a.Data.Result {
		case "0":
			if code = a.Data.Code; code == "" {
				return caMalformed(errors.New("a login without a code"))
			}
			p.State = identity.CertConfirmed
		case "1":
			p.State = identity.CertWaiting
		case "2":
			p.State = identity.CertScanned
		case "-1":
			p.State = identity.CertRefused
		case "-2":
			p.State = identity.CertExpired
		case "-3":
			p.State = identity.CertWrong
		default:
			p.Why = a.Data.Result
		}
		return nil
	})
	if err != nil || p.State != identity.CertConfirmed {
		return p, err
	}
	return b.confirmed(ctx, by, ticket, code, challenge)
}

func (b *bjca) confirmed(ctx context.Context, by identity.Actor, ticket, code string, challenge []byte) (identity.CertPoll, error) {
	p := identity.CertPoll{State: identity.CertConfirmed}
	in := url.Values{"grant_type": {"authorization_code"}, "code": {code}}
	err := b.call(ctx, by, "oauth2/access_token", ticketKey(ticket), false, in, func(a bjcaAnswer) error {
		p.Token = a.Data.AccessToken
		return bjcaRefusal(a)
	})
	if err != nil {
		return p, err
	}
	err = b.call(ctx, by, "oauth2/tokeninfo", ticketKey(ticket), false, url.Values{"access_token": {p.Token}}, func(a bjcaAnswer) error {
		if err := bjcaRefusal(a); err != nil {
			return err
		}
		p.Person, err = b.person(a)
		return err
	})
	if err != nil {
		return p, err
	}
	number := "login-" + seal.SM3([]byte(ticket)).String()[:32]
	p.Proof, err = b.Sign(ctx, by, identity.CertSigning{Number: number, Token: p.Token, Digest: challenge})
	return p, err
}

func (b *bjca) person(a bjcaAnswer) (identity.CertPerson, error) {
	if a.Data.IDCard == "" || a.Data.UserName == "" || a.Data.OpenID == "" {
		return identity.CertPerson{}, caMalformed(errors.New("a person without number or name"))
	}
	code, err := b.c.Index(a.Data.IDCard)
	return identity.CertPerson{Code: code, Name: a.Data.UserName, Subject: a.Data.OpenID}, err
}

// Person asks who has an ID number.
func (b *bjca) Person(ctx context.Context, by identity.Actor, idNumber string) (identity.CertPerson, error) {
	var p identity.CertPerson
	key, err := b.c.Index(idNumber)
	if err != nil {
		return p, err
	}
	err = b.call(ctx, by, "users/find", key, false, url.Values{"idcard": {idNumber}}, func(a bjcaAnswer) (err error) {
		if err := bjcaRefusal(a); err != nil {
			return err
		}
		p, err = b.person(a)
		return err
	})
	return p, err
}

// Status asks what has become of a certificate.
func (b *bjca) Status(ctx context.Context, by identity.Actor, certificate []byte) (identity.CertStatus, error) {
	var s identity.CertStatus
	in := url.Values{"cert": {base64.StdEncoding.EncodeToString(certificate)}}
	err := b.call(ctx, by, "cert/status", seal.SM3(certificate).String()[:16], false, in, func(a bjcaAnswer) error {
		switch a.Data.CertState {
		case "valid":
			s = identity.CertGood
		case "revoked":
			s = identity.CertRevoked
		case "frozen":
			s = identity.CertFrozen
		case "expired":
			s = identity.CertOld
		case "foreign":
			s = identity.CertForeign
		case "unregistered":
			s = identity.CertUnregistered
		default:
			return errors.Join(bjcaRefusal(a), caMalformed(errors.New("no state of the certificate")))
		}
		return bjcaRefusal(a)
	})
	return s, err
}

// Sign signs with the person's token.
func (b *bjca) Sign(ctx context.Context, by identity.Actor, s identity.CertSigning) (identity.CertSignature, error) {
	in := url.Values{"requestNo": {s.Number}, "access_token": {s.Token}, "data": {base64.StdEncoding.EncodeToString(s.Digest)}}
	return b.sign(ctx, by, "sign", s.Number, true, in)
}

// FindSignature asks what became of a request.
func (b *bjca) FindSignature(ctx context.Context, by identity.Actor, s identity.CertSigning) (identity.CertSignature, error) {
	return b.sign(ctx, by, "sign/find", s.Number, false, url.Values{"requestNo": {s.Number}})
}

func (b *bjca) sign(ctx context.Context, by identity.Actor, service, number string, does bool, in url.Values) (identity.CertSignature, error) {
	var got identity.CertSignature
	err := b.call(ctx, by, service, number, does, in, func(a bjcaAnswer) error {
		if err := bjcaRefusal(a); err != nil {
			return err
		}
		if a.Data.SignState != "done" {
			return db.RefuseBecause(identity.ErrCertUnfinished, db.Conflict, "CA 还没有完成签名（%s），稍后再查。", short(a.Data.SignState, 20))
		}
		if len(a.Data.Signature) == 0 || len(a.Data.Cert) == 0 {
			return caUnknown(errors.New("a signature without value or certificate"), "CA 说已签名，但没有给出签名值，稍后再查。")
		}
		got = identity.CertSignature{Algorithm: "SM3withSM2", Value: a.Data.Signature, Certificate: a.Data.Cert, TimeToken: a.Data.TimeToken, Answer: answerDigest(a)}
		return nil
	})
	return got, err
}
