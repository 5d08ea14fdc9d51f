package integration

import (
	"context"
	"crypto/sha1"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"jingfang/integration/wire"
	"jingfang/session/identity"
	"jingfang/sql/seal"
)

// netca speaks as the network-certificate authority does behind a hospital's CA
// interface: JSON with a code, a QR code that signs, automatic signing by a token, and
// the text protocol of the certificate gateway.
type netca struct{ *caCaller }

// CreateLogin asks for a QR code whose confirmation signs the challenge.
func (n *netca) CreateLogin(ctx context.Context, by identity.Actor, challenge []byte) (identity.CertTicket, error) {
	var t identity.CertTicket
	q := caQuestion{service: wire.CAQR, key: "login", in: map[string]string{"challenge": base64.StdEncoding.EncodeToString(challenge)}}
	err := n.call(ctx, by, q, func(a wire.CAAnswer) error {
		if err := n.refusal(a); err != nil {
			return err
		}
		t = identity.CertTicket{Ticket: a.Text("ticket"), QRPayload: a.Text("qr")}
		if t.Ticket == "" || t.QRPayload == "" || len(t.QRPayload) > 1000 {
			return caMalformed(errors.New("no ticket or no QR code"))
		}
		if s := a.Text("seconds"); s != "" {
			life, err := strconv.Atoi(s)
			if err != nil || life <= 0 || life > 86400 {
				return caMalformed(fmt.Errorf("a QR code for %q seconds", short(s, 20)))
			}
			t.ExpiresAt = n.c.Now().Add(time.Duration(life) * time.Second)
		}
		return nil
	})
	return t, err
}

// Poll asks how far a QR code is.
func (n *netca) Poll(ctx context.Context, by identity.Actor, ticket string, _ []byte) (identity.CertPoll, error) {
	var p identity.CertPoll
	q := caQuestion{service: wire.CAQRState, key: ticketKey(ticket), in: map[string]string{"ticket": ticket}}
	err := n.call(ctx, by, q, func(a wire.CAAnswer) error {
		if p = n.polled(a); p.State != identity.CertConfirmed {
			return nil
		}
		person := identity.CertPerson{Code: a.Text("person"), Name: a.Text("name"), Subject: a.Text("person")}
		proof := identity.CertSignature{Algorithm: algorithm, Value: a.Bytes("value"), Certificate: a.Bytes("certificate")}
		if person.Code == "" || person.Name == "" || len(proof.Value) == 0 || len(proof.Certificate) == 0 {
			return caMalformed(errors.New("a finished signature without person, certificate or value"))
		}
		p = identity.CertPoll{State: identity.CertConfirmed, Token: a.Text("token"), Person: person, Proof: proof}
		return nil
	})
	return p, err
}

// Person asks who has a code.
func (n *netca) Person(ctx context.Context, by identity.Actor, code string) (identity.CertPerson, error) {
	var p identity.CertPerson
	err := n.call(ctx, by, caQuestion{service: wire.CAPerson, key: code, in: map[string]string{"person": code}}, func(a wire.CAAnswer) error {
		if err := n.refusal(a); err != nil {
			return err
		}
		if a.Text("person") != code || a.Text("name") == "" {
			return caMalformed(errors.New("another person than asked for"))
		}
		p = identity.CertPerson{Code: code, Name: a.Text("name"), Subject: code}
		return nil
	})
	return p, err
}

// Status asks the certificate gateway: seq|certificate, answered by
// seq|code|thumbprint|state|signature, signed over the text before it.
func (n *netca) Status(ctx context.Context, by identity.Actor, certificate []byte) (identity.CertStatus, error) {
	seq := wire.NewNonce()
	c, err := seal.ParseCertificate(certificate)
	if err != nil {
		return "", fmt.Errorf("ask for a certificate: %w", err)
	}
	service := n.says.Service(wire.CACertificate)
	x := caCall{service: service.Code, path: service.Path, kind: "text/plain; charset=utf-8", key: c.SerialNumber(),
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
	if n.says.Means(wire.CodesGateway, f[1]) != "ok" {
		return "", caDown(fmt.Errorf("code %q", f[1]), "证书网关没有查到结果（代码 %s），请稍后再试。", short(f[1], 10))
	}
	return n.certStatus(f[3])
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
