package integration

import (
	"context"
	"crypto/sha1"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"time"

	"jingfang/integration/wire"
	"jingfang/session/identity"
	"jingfang/sql/db"
	"jingfang/sql/seal"
)

const (
	jsonKind    = "application/json; charset=utf-8"
	formKind    = "application/x-www-form-urlencoded"
	servicePing = "Ping"
)

// netca speaks as the network-certificate authority does behind a hospital's CA
// interface: JSON with retCode, a QR code that signs, automatic signing by a token,
// and the text protocol of the certificate gateway.
type netca struct{ *caCaller }

// Vendor names the style in stored rows.
func (n *netca) Vendor() string { return "netca" }

// netcaAnswer is the union of all its answers.
type netcaAnswer struct {
	RetCode       string `json:"retCode"`
	RetMsg        string `json:"retMsg"`
	SignGUID      string `json:"signGUID"`
	QRCode        string `json:"qrCode"`
	ExpireSeconds int    `json:"expireSeconds"`
	SignStatus    string `json:"signStatus"`
	SignResult    []byte `json:"signResult"`
	SignCert      []byte `json:"signCert"`
	SignToken     string `json:"signToken"`
	TimeStamp     []byte `json:"timeStamp"`
	UserCertCode  string `json:"userCertCode"`
	CertName      string `json:"certName"`
}

func netcaSecrets() []string { return []string{"signGUID", "qrCode", "signToken", "token"} }

func (n *netca) call(ctx context.Context, by identity.Actor, service, key string, does bool, in map[string]string, good func(a netcaAnswer) error) error {
	in["appId"] = n.c.Key.AppID()
	body, err := json.Marshal(in)
	if err != nil {
		return fmt.Errorf("ask the CA: %w", err)
	}
	x := caCall{service: service, path: "/" + service, kind: jsonKind, body: body, key: key, signed: true, does: does, secrets: netcaSecrets()}
	return n.ask(ctx, by, x, func(body []byte) error {
		var a netcaAnswer
		if err := json.Unmarshal(body, &a); err != nil || a.RetCode == "" {
			return x.malformed(err)
		}
		return good(a)
	})
}

// Ping asks for the time.
func (n *netca) Ping(ctx context.Context, by identity.Actor) error {
	return n.call(ctx, by, servicePing, "ping", false, map[string]string{}, netcaRefusal)
}

// netcaRefusal is the error of a code that is not a success.
func netcaRefusal(a netcaAnswer) error {
	switch a.RetCode {
	case "0":
		return nil
	case "-102":
		return db.RefuseBecause(identity.ErrCertWrong, db.Conflict, "签名的不是本人（CA 代码 -102），没有采信。请本人重新扫码登录。")
	case "-105":
		return db.RefuseBecause(identity.ErrCertNone, db.NotFound, "CA 没有这个签名请求。")
	case "-106":
		return db.RefuseBecause(identity.ErrCertToken, db.Conflict, "CA 的签名授权已过期。本人下次扫码登录后自动补签。")
	}
	return caRefused(a.RetCode, a.RetMsg)
}

// CreateLogin asks for a QR code whose confirmation signs the challenge.
func (n *netca) CreateLogin(ctx context.Context, by identity.Actor, challenge []byte) (identity.CertTicket, error) {
	var t identity.CertTicket
	in := map[string]string{"signData": base64.StdEncoding.EncodeToString(challenge), "qrCodeType": "login"}
	err := n.call(ctx, by, "GetSignQR", "login", false, in, func(a netcaAnswer) error {
		if err := netcaRefusal(a); err != nil {
			return err
		}
		if a.SignGUID == "" || a.QRCode == "" || len(a.QRCode) > 1000 {
			return caMalformed(errors.New("no signGUID or qrCode"))
		}
		t = identity.CertTicket{Ticket: a.SignGUID, QRPayload: a.QRCode}
		if a.ExpireSeconds > 0 {
			t.ExpiresAt = n.c.Now().Add(time.Duration(a.ExpireSeconds) * time.Second)
		}
		return nil
	})
	return t, err
}

// ticketKey is how the transfer log names a ticket that it must not hold.
func ticketKey(ticket string) string { return "ticket-" + seal.SM3([]byte(ticket)).String()[:16] }

// Poll asks how far a QR code is. A code of success alone is no signature: the status
// must say that it is finished.
func (n *netca) Poll(ctx context.Context, by identity.Actor, ticket string, _ []byte) (identity.CertPoll, error) {
	var p identity.CertPoll
	err := n.call(ctx, by, "GetSignQRResult", ticketKey(ticket), false, map[string]string{"signGUID": ticket}, func(a netcaAnswer) error {
		p = identity.CertPoll{State: identity.CertError, Why: a.RetCode + " " + a.RetMsg}
		switch a.RetCode + " " + a.SignStatus {
		case "0 FINISH":
			return n.finished(a, &p)
		case "0 INIT":
			p = identity.CertPoll{State: identity.CertWaiting}
		case "0 SCANNED", "0 UNFINISHED":
			p = identity.CertPoll{State: identity.CertScanned}
		case "-101 ":
			p.State = identity.CertRefused
		case "-102 ":
			p.State = identity.CertWrong
		case "-104 ":
			p.State = identity.CertExpired
		}
		return nil
	})
	return p, err
}

func (n *netca) finished(a netcaAnswer, p *identity.CertPoll) error {
	if a.UserCertCode == "" || a.CertName == "" || len(a.SignCert) == 0 || len(a.SignResult) == 0 {
		return caMalformed(errors.New("a finished signature without person, certificate or value"))
	}
	*p = identity.CertPoll{State: identity.CertConfirmed, Token: a.SignToken,
		Person: identity.CertPerson{Code: a.UserCertCode, Name: a.CertName, Subject: a.UserCertCode},
		Proof:  identity.CertSignature{Algorithm: "SM3withSM2", Value: a.SignResult, Certificate: a.SignCert}}
	return nil
}

// Person asks who has a code.
func (n *netca) Person(ctx context.Context, by identity.Actor, code string) (identity.CertPerson, error) {
	var p identity.CertPerson
	err := n.call(ctx, by, "GetCertByUserCode", code, false, map[string]string{"userCode": code}, func(a netcaAnswer) error {
		if err := netcaRefusal(a); err != nil {
			return err
		}
		if a.UserCertCode != code || a.CertName == "" {
			return caMalformed(errors.New("another person than asked for"))
		}
		p = identity.CertPerson{Code: a.UserCertCode, Name: a.CertName, Subject: a.UserCertCode}
		return nil
	})
	return p, err
}

// Sign lets the authority sign by the person's token.
func (n *netca) Sign(ctx context.Context, by identity.Actor, s identity.CertSigning) (identity.CertSignature, error) {
	in := map[string]string{"bizNo": s.Number, "inData": base64.StdEncoding.EncodeToString(s.Digest), "key": s.PersonCode, "token": s.Token}
	return n.sign(ctx, by, "AuthSign", s.Number, true, in)
}

// FindSignature asks what became of a request.
func (n *netca) FindSignature(ctx context.Context, by identity.Actor, s identity.CertSigning) (identity.CertSignature, error) {
	return n.sign(ctx, by, "GetAuthSignResult", s.Number, false, map[string]string{"bizNo": s.Number})
}

func (n *netca) sign(ctx context.Context, by identity.Actor, service, number string, does bool, in map[string]string) (identity.CertSignature, error) {
	var got identity.CertSignature
	err := n.call(ctx, by, service, number, does, in, func(a netcaAnswer) error {
		if err := netcaRefusal(a); err != nil {
			return err
		}
		if a.SignStatus != "FINISH" {
			return db.RefuseBecause(identity.ErrCertUnfinished, db.Conflict, "CA 还没有完成签名（%s），稍后再查。", short(a.SignStatus, 20))
		}
		if len(a.SignResult) == 0 || len(a.SignCert) == 0 {
			return caUnknown(errors.New("a finished signature without value or certificate"), "CA 说已签名，但没有给出签名值，稍后再查。")
		}
		got = identity.CertSignature{Algorithm: "SM3withSM2", Value: a.SignResult, Certificate: a.SignCert, TimeToken: a.TimeStamp, Answer: answerDigest(a)}
		return nil
	})
	return got, err
}

func answerDigest(a any) []byte {
	body, err := json.Marshal(a)
	if err != nil {
		return nil // cannot be: it was read from JSON
	}
	d := seal.SM3(body)
	return d[:]
}

// Status asks the certificate gateway: seq|certificate, answered by
// seq|code|thumbprint|state|signature, signed over the text before it.
func (n *netca) Status(ctx context.Context, by identity.Actor, certificate []byte) (identity.CertStatus, error) {
	seq := wire.NewNonce()
	c, err := seal.ParseCertificate(certificate)
	if err != nil {
		return "", fmt.Errorf("ask for a certificate: %w", err)
	}
	x := caCall{service: "chkonecert", path: "/certauth/chkonecert", kind: "text/plain; charset=utf-8", key: c.SerialNumber(),
		body: []byte(seq + "|" + base64.StdEncoding.EncodeToString(certificate))}
	var s identity.CertStatus
	err = n.ask(ctx, by, x, func(body []byte) (err error) {
		s, err = n.gatewayAnswer(string(body), seq, certificate)
		return err
	})
	return s, err
}

func (n *netca) gatewayAnswer(text, seq string, certificate []byte) (identity.CertStatus, error) {
	f := strings.Split(strings.TrimSpace(text), "|")
	if len(f) != 5 {
		return "", caMalformed(fmt.Errorf("an answer of %d parts", len(f)))
	}
	signature, err := base64.StdEncoding.DecodeString(f[4])
	if err != nil || !n.signedByGateway([]byte(strings.Join(f[:4], "|")), signature) {
		return "", caDown(err, "证书网关的应答验签不通过，未予采信，请核对网关证书。")
	}
	thumb := sha1.Sum(certificate)
	if f[0] != seq || !strings.EqualFold(f[2], hex.EncodeToString(thumb[:])) {
		return "", caDown(errors.New("an answer to another question"), "证书网关的应答不是这次请求的，未予采信。")
	}
	if f[1] != "0" {
		return "", caDown(fmt.Errorf("code %q", f[1]), "证书网关没有查到结果（代码 %s），请稍后再试。", short(f[1], 10))
	}
	switch f[3] {
	case "0":
		return identity.CertGood, nil
	case "1":
		return identity.CertRevoked, nil
	case "4":
		return identity.CertOld, nil
	case "5":
		return identity.CertForeign, nil
	case "7":
		return identity.CertFrozen, nil
	}
	return identity.CertUnregistered, nil
}

func (n *netca) signedByGateway(text, signature []byte) bool {
	for _, c := range n.c.Trusted {
		public, err := c.PublicKey()
		if err == nil && public.Verify(text, signature) == nil {
			return true
		}
	}
	return false
}
