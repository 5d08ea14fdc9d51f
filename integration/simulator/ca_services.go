package simulator

import (
	"bytes"
	"crypto/rand"
	"crypto/sha1"
	"encoding/base64"
	"encoding/hex"
	"image/png"
	"strings"

	"github.com/boombuler/barcode"
	"github.com/boombuler/barcode/qr"

	"jingfang/integration/wire"
	"jingfang/sql/seal"
)

// qr makes a QR code: a text whose confirmation signs the challenge, or a picture.
func (k caTalk) qr(in map[string]string) caSaid {
	if k.says.Vendor == "bjca" {
		t := k.ca.newTicket(nil)
		picture, err := qrPicture(k.ca.phone + "?t=" + t.id)
		if err != nil {
			return no("refused", "二维码画不出")
		}
		return yes(map[string]any{"image": picture, "ticket": t.id})
	}
	challenge, err := base64.StdEncoding.DecodeString(in["challenge"])
	if err != nil || len(challenge) == 0 {
		return no("refused", "没有待签数据")
	}
	t := k.ca.newTicket(challenge)
	return yes(map[string]any{"ticket": t.id, "qr": k.ca.phone + "?t=" + t.id, "seconds": int(k.ca.ticketFor.Seconds())})
}

func qrPicture(text string) ([]byte, error) {
	code, err := qr.Encode(text, qr.M, qr.Auto)
	if err != nil {
		return nil, err
	}
	if code, err = barcode.Scale(code, 330, 330); err != nil {
		return nil, err
	}
	var picture bytes.Buffer
	err = png.Encode(&picture, code)
	return picture.Bytes(), err
}

// qrState says how far a QR code is. A style has a state for it in an answer of
// success, or a code of its own.
func (k caTalk) qrState(in map[string]string, f CAFaults) caSaid {
	t := k.ca.ticket(in["ticket"])
	if t == nil {
		return no("refused", "没有这个二维码")
	}
	state := t.state
	if f.WrongPerson {
		state = "wrong"
	}
	if code := k.says.Says(wire.CodesQRAnswer, state); code != "" {
		return caSaid{message: "没有登录：" + state, data: map[string]any{"code": code}}
	}
	if state != "confirmed" {
		return yes(map[string]any{"qr_state": k.says.Says(wire.CodesQR, state)})
	}
	if k.says.Vendor == "bjca" {
		return k.authCode(t)
	}
	return k.finished(t, f)
}

// authCode gives the code that is exchanged for a token, once.
func (k caTalk) authCode(t *caTicket) caSaid {
	if t.code != "" {
		return no("refused", "授权码已给出")
	}
	t.code = rand.Text()
	return yes(map[string]any{"qr_state": k.says.Says(wire.CodesQR, "confirmed"), "auth_code": t.code})
}

// finished tells all at once: who, by which certificate, and the leave to sign.
func (k caTalk) finished(t *caTicket, f CAFaults) caSaid {
	token := rand.Text()
	k.ca.tokens[token] = t.by
	out := map[string]any{"qr_state": k.says.Says(wire.CodesQR, "confirmed"), "person": t.by.Code, "name": t.by.Name,
		"certificate": t.with.cert.DER(), "value": t.proof, "token": token}
	if f.Unfinished {
		// What an integration must not take for a login: success, and nothing signed.
		out["qr_state"] = k.says.Says(wire.CodesQR, "scanned")
	}
	if f.BadValue {
		out["value"] = k.ca.otherValue(t.with)
	}
	return yes(out)
}

// otherValue is a signature over something else.
func (c *CA) otherValue(h *caHolder) []byte {
	value, err := h.key.Sign([]byte("something else"))
	if err != nil {
		return nil
	}
	return value
}

// otherStamp is a time stamp of something else.
func (c *CA) otherStamp() []byte {
	token, err := c.stamper.Stamp(seal.SM3([]byte("something else")), c.now())
	if err != nil {
		return nil
	}
	return token
}

func (k caTalk) token(in map[string]string) caSaid {
	for _, t := range k.ca.tickets {
		if t.code != "" && t.code != usedCode && t.code == in["auth_code"] {
			t.code = usedCode
			token := rand.Text()
			k.ca.tokens[token] = t.by
			return yes(map[string]any{"token": token})
		}
	}
	return no("refused", "授权码无效")
}

// usedCode marks a code that was exchanged; no code is that short.
const usedCode = "used"

func (k caTalk) owner(in map[string]string) caSaid {
	h := k.ca.tokens[in["token"]]
	if h == nil {
		return no("token", "授权已过期")
	}
	return yes(h.said())
}

func (h *caHolder) said() map[string]any {
	return map[string]any{"id_number": h.IDNumber, "name": h.Name, "person": h.Code}
}

func (k caTalk) person(in map[string]string) caSaid {
	for _, h := range k.ca.holders {
		if in["person"] == h.Code || in["id_number"] == h.IDNumber && h.IDNumber != "" {
			return yes(h.said())
		}
	}
	return no("refused", "没有这个用户编号")
}

func (k caTalk) certificate(in map[string]string) caSaid {
	der, err := base64.StdEncoding.DecodeString(in["certificate"])
	if err != nil {
		return no("refused", "证书读不出")
	}
	return yes(map[string]any{"certificate_state": k.says.Says(wire.CodesCertificate, k.ca.stateOf(der))})
}

func (k caTalk) sign(in map[string]string, f CAFaults) caSaid {
	h := k.ca.tokens[in["token"]]
	if h == nil || k.says.Vendor == "netca" && h.Code != in["signer"] {
		return no("token", "授权已过期")
	}
	digest, err := base64.StdEncoding.DecodeString(in["digest"])
	if err != nil || len(digest) == 0 || in["number"] == "" {
		return no("refused", "没有待签数据")
	}
	s, refusal := k.ca.take(in["number"], h, digest, f)
	if refusal != "" {
		return no("wrong", refusal)
	}
	return k.state(s, f)
}

// take takes a request to sign in, and signs unless a fault forbids it; a number that
// is known already is not signed again.
func (c *CA) take(number string, h *caHolder, digest []byte, f CAFaults) (s *caSignature, refusal string) {
	if f.WrongPerson {
		return nil, "签名者不是预期的人"
	}
	s = c.signings[number]
	if s == nil {
		s = &caSignature{by: h, digest: digest}
		c.signings[number] = s
	}
	s.asked++
	if f.OtherCertificate {
		for _, other := range c.holders {
			if other != h {
				s = &caSignature{by: other, digest: digest}
				break
			}
		}
	}
	if !f.Unfinished {
		if err := c.sign(s); err != nil {
			return s, "签名失败"
		}
	}
	return s, ""
}

func (k caTalk) signedState(in map[string]string, f CAFaults) caSaid {
	s := k.ca.signings[in["number"]]
	if s == nil {
		return no("none", "没有这个签名请求")
	}
	return k.state(s, f)
}

// state is a request to sign as it stands; one that is not done has a state that the
// style has no word for.
func (k caTalk) state(s *caSignature, f CAFaults) caSaid {
	if !s.done || f.Unfinished {
		return yes(map[string]any{"sign_state": "WAIT"})
	}
	value, stamp := s.value, s.stamp
	if f.BadValue {
		value = k.ca.otherValue(s.by)
	}
	if f.BadStamp {
		stamp = k.ca.otherStamp()
	}
	return yes(map[string]any{"sign_state": k.says.Says(wire.CodesSignature, "done"), "value": value, "certificate": s.cert, "stamp": stamp})
}

// checkOne is the certificate gateway: seq|certificate, answered by
// seq|code|thumbprint|state|signature. A fault of the envelope hits its own signature.
func (c *CA) checkOne(body []byte, f CAFaults) []byte {
	c.mu.Lock()
	defer c.mu.Unlock()
	seq, text, _ := strings.Cut(string(body), "|")
	der, err := base64.StdEncoding.DecodeString(text)
	says := c.styleOf("netca")
	code, state := says.Says(wire.CodesGateway, "ok"), says.Says(wire.CodesCertificate, "unregistered")
	if err == nil {
		state = says.Says(wire.CodesCertificate, c.stateOf(der))
	}
	if f.ErrorIn200 {
		code, state = "2", ""
	}
	thumb := sha1.Sum(der)
	said := strings.Join([]string{seq, code, hex.EncodeToString(thumb[:]), state}, "|")
	signed := said
	if f.BadValue || f.WrongSignature {
		signed = "0|0||0"
	}
	value, err := c.gateKey.Sign([]byte(signed))
	switch {
	case f.Empty:
		return []byte(seq + "|" + code + "|||")
	case err != nil:
		return []byte(seq + "|2|||")
	}
	return []byte(said + "|" + base64.StdEncoding.EncodeToString(value))
}

// stateOf is what has become of a certificate; the caller holds the lock.
func (c *CA) stateOf(der []byte) string {
	cert, err := seal.ParseCertificate(der)
	if err != nil {
		return "unregistered"
	}
	if cert.VerifyIssued([]*seal.Certificate{c.own.Certificate()}, cert.NotBefore()) != nil {
		return "foreign"
	}
	if c.now().After(cert.NotAfter()) {
		return "old"
	}
	h := c.holder(cert.PersonCode())
	switch {
	case h == nil:
		return "unregistered"
	case h.cert.Thumbprint() != cert.Thumbprint() || h.state == caRevoked:
		return "revoked"
	case h.state == caFrozen:
		return "frozen"
	}
	return "good"
}
