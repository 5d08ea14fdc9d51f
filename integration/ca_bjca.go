package integration

import (
	"bytes"
	"context"
	"encoding/base64"
	"errors"
	"image/png"

	"jingfang/integration/wire"
	"jingfang/session/identity"
	"jingfang/sql/db"
	"jingfang/sql/seal"
)

// bjca speaks as a CA does that is built on OAuth: a picture of a QR code, a code for
// a token, the token's owner by ID number, and signing with the token. Everything is
// a form in the body, so that no ticket stands in an address.
type bjca struct{ *caCaller }

// CreateLogin asks for a picture of a QR code. The challenge is signed after the
// phone's yes, with the token that it gives.
func (b *bjca) CreateLogin(ctx context.Context, by identity.Actor, _ []byte) (identity.CertTicket, error) {
	var t identity.CertTicket
	err := b.call(ctx, by, caQuestion{service: wire.CAQR, key: "login"}, func(a wire.CAAnswer) error {
		if err := b.refusal(a); err != nil {
			return err
		}
		t = identity.CertTicket{Ticket: a.Text("ticket"), QRImage: a.Bytes("image")}
		size, err := png.DecodeConfig(bytes.NewReader(t.QRImage))
		if err != nil || size.Width > 2000 || size.Height > 2000 || t.Ticket == "" {
			return caMalformed(errors.Join(err, errors.New("no ticket or no picture")))
		}
		return nil
	})
	return t, err
}

// Poll asks how far a QR code is and, when the phone said yes, who that was.
func (b *bjca) Poll(ctx context.Context, by identity.Actor, ticket string, challenge []byte) (identity.CertPoll, error) {
	var p identity.CertPoll
	code := ""
	q := caQuestion{service: wire.CAQRState, key: ticketKey(ticket), in: map[string]string{"ticket": ticket}}
	err := b.call(ctx, by, q, func(a wire.CAAnswer) error {
		if p = b.polled(a); p.State != identity.CertConfirmed {
			return nil
		}
		if code = a.Text("auth_code"); code == "" {
			return caMalformed(errors.New("a login without a code"))
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
	q := caQuestion{service: wire.CAToken, key: ticketKey(ticket), in: map[string]string{"auth_code": code}}
	err := b.call(ctx, by, q, func(a wire.CAAnswer) error {
		if err := b.refusal(a); err != nil {
			return err
		}
		if p.Token = a.Text("token"); p.Token == "" {
			return caMalformed(errors.New("no token"))
		}
		return nil
	})
	if err != nil {
		return p, err
	}
	q = caQuestion{service: wire.CAOwner, key: ticketKey(ticket), in: map[string]string{"token": p.Token}}
	err = b.call(ctx, by, q, func(a wire.CAAnswer) (err error) {
		p.Person, err = b.person(a)
		return err
	})
	if err != nil {
		return p, err
	}
	number := "login-" + seal.SM3([]byte(ticket)).String()[:32]
	p.Proof, err = b.Sign(ctx, by, identity.CertSigning{Number: number, Token: p.Token, Digest: challenge})
	if errors.Is(err, identity.ErrCertUnfinished) {
		// The code for the token is spent: waiting longer would bring nothing.
		err = db.RefuseBecause(identity.ErrCertRefused, db.Conflict, "手机的签名没有完成，没有登录。请换一个二维码再扫。")
	}
	return p, err
}

func (b *bjca) person(a wire.CAAnswer) (identity.CertPerson, error) {
	if err := b.refusal(a); err != nil {
		return identity.CertPerson{}, err
	}
	p := identity.CertPerson{Name: a.Text("name"), Subject: a.Text("person")}
	if a.Text("id_number") == "" || p.Name == "" || p.Subject == "" {
		return p, caMalformed(errors.New("a person without number or name"))
	}
	var err error
	p.Code, err = b.c.Index(a.Text("id_number"))
	return p, err
}

// Person asks who has an ID number.
func (b *bjca) Person(ctx context.Context, by identity.Actor, idNumber string) (identity.CertPerson, error) {
	var p identity.CertPerson
	key, err := b.c.Index(idNumber)
	if err != nil {
		return p, err
	}
	err = b.call(ctx, by, caQuestion{service: wire.CAPerson, key: key, in: map[string]string{"id_number": idNumber}}, func(a wire.CAAnswer) (err error) {
		if p, err = b.person(a); err == nil && p.Code != key {
			err = caMalformed(errors.New("another person than asked for"))
		}
		return err
	})
	return p, err
}

// Status asks what has become of a certificate.
func (b *bjca) Status(ctx context.Context, by identity.Actor, certificate []byte) (identity.CertStatus, error) {
	var s identity.CertStatus
	q := caQuestion{service: wire.CACertificate, key: seal.SM3(certificate).String()[:16],
		in: map[string]string{"certificate": base64.StdEncoding.EncodeToString(certificate)}}
	err := b.call(ctx, by, q, func(a wire.CAAnswer) (err error) {
		if err := b.refusal(a); err != nil {
			return err
		}
		s, err = b.certStatus(a.Text("certificate_state"))
		return err
	})
	return s, err
}
