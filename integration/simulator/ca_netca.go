package simulator

import (
	"crypto/rand"
	"crypto/sha1"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"strings"

	"jingfang/sql/seal"
)

// netcaReply is an answer of the style netca.
type netcaReply map[string]any

func netcaNo(code, message string) netcaReply { return netcaReply{"retCode": code, "retMsg": message} }

func netcaYes(more netcaReply) netcaReply {
	if more == nil {
		more = netcaReply{}
	}
	more["retCode"], more["retMsg"] = "0", "成功"
	return more
}

func (c *CA) netcaRoutes() {
	for service, do := range map[string]func(in map[string]string, f CAFaults) netcaReply{
		"Ping":              func(map[string]string, CAFaults) netcaReply { return netcaYes(nil) },
		"GetSignQR":         c.netcaQR,
		"GetSignQRResult":   c.netcaResult,
		"GetCertByUserCode": c.netcaPerson,
		"AuthSign":          c.netcaSign,
		"GetAuthSignResult": c.netcaSigned,
	} {
		c.mux.HandleFunc("POST /"+service, c.serve(service, true, `{"retCode":"-1","retMsg":"业务处理失败（模拟）"}`, `{"retCode":"0"}`,
			func(body []byte, f CAFaults) ([]byte, string) {
				var in map[string]string
				out := netcaNo("-9", "请求格式有误")
				if json.Unmarshal(body, &in) == nil {
					c.mu.Lock()
					out = do(in, f)
					c.mu.Unlock()
				}
				return marshal(out), "application/json; charset=utf-8"
			}))
	}
	c.mux.HandleFunc("POST /certauth/chkonecert", c.serve("chkonecert", false, "0|2|||", "0|0|||", c.checkOne))
}

// marshal gives the JSON of a value that always has one.
func marshal(v any) []byte {
	body, err := json.Marshal(v)
	if err != nil {
		return []byte(`{}`)
	}
	return body
}

func (c *CA) netcaQR(in map[string]string, _ CAFaults) netcaReply {
	challenge, err := base64.StdEncoding.DecodeString(in["signData"])
	if err != nil || len(challenge) == 0 {
		return netcaNo("-9", "没有待签数据")
	}
	t := c.newTicket(challenge)
	return netcaYes(netcaReply{"signGUID": t.id, "qrCode": c.phone + "?t=" + t.id, "expireSeconds": int(c.ticketFor.Seconds())})
}

func (c *CA) netcaResult(in map[string]string, f CAFaults) netcaReply {
	t := c.ticket(in["signGUID"])
	if t == nil {
		return netcaNo("-2", "没有这个二维码")
	}
	switch {
	case f.WrongPerson || t.state == "wrong":
		return netcaNo("-102", "签名者不是预期的人")
	case t.state == "refused":
		return netcaNo("-101", "用户取消")
	case t.state == "expired":
		return netcaNo("-104", "二维码已过期")
	case t.state == "waiting":
		return netcaYes(netcaReply{"signStatus": "INIT"})
	case t.state == "scanned":
		return netcaYes(netcaReply{"signStatus": "SCANNED"})
	}
	token := rand.Text()
	c.tokens[token] = t.by
	out := netcaReply{"signStatus": "FINISH", "userCertCode": t.by.Code, "certName": t.by.Name, "certSN": t.with.cert.SerialNumber(),
		"signCert": t.with.cert.DER(), "signResult": t.proof, "signToken": token}
	if f.Unfinished {
		// What an integration must not take for a login: success, and nothing signed.
		out["signStatus"] = "UNFINISHED"
	}
	if f.BadValue {
		out["signResult"] = c.otherValue(t.with)
	}
	return netcaYes(out)
}

// otherValue is a signature over something else.
func (c *CA) otherValue(h *caHolder) []byte {
	value, err := h.key.Sign([]byte("something else"))
	if err != nil {
		return nil
	}
	return value
}

func (c *CA) netcaPerson(in map[string]string, _ CAFaults) netcaReply {
	h := c.holder(in["userCode"])
	if h == nil {
		return netcaNo("-3", "没有这个用户编号")
	}
	return netcaYes(netcaReply{"userCertCode": h.Code, "certName": h.Name})
}

func (c *CA) netcaSign(in map[string]string, f CAFaults) netcaReply {
	h := c.tokens[in["token"]]
	if h == nil || h.Code != in["key"] {
		return netcaNo("-106", "授权已过期")
	}
	digest, err := base64.StdEncoding.DecodeString(in["inData"])
	if err != nil || len(digest) == 0 || in["bizNo"] == "" {
		return netcaNo("-9", "没有待签数据")
	}
	s, refusal := c.take(in["bizNo"], h, digest, f)
	if refusal != "" {
		return netcaNo("-102", refusal)
	}
	return c.netcaState(s, f)
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

func (c *CA) netcaState(s *caSignature, f CAFaults) netcaReply {
	if !s.done || f.Unfinished {
		return netcaYes(netcaReply{"signStatus": "WAIT"})
	}
	value := s.value
	if f.BadValue {
		value = c.otherValue(s.by)
	}
	return netcaYes(netcaReply{"signStatus": "FINISH", "signResult": value, "signCert": s.cert, "timeStamp": s.stamp})
}

func (c *CA) netcaSigned(in map[string]string, f CAFaults) netcaReply {
	s := c.signings[in["bizNo"]]
	if s == nil {
		return netcaNo("-105", "没有这个签名请求")
	}
	return c.netcaState(s, f)
}

// checkOne is the certificate gateway: seq|certificate, answered by
// seq|code|thumbprint|state|signature.
func (c *CA) checkOne(body []byte, f CAFaults) ([]byte, string) {
	seq, text, _ := strings.Cut(string(body), "|")
	der, err := base64.StdEncoding.DecodeString(text)
	code, state := "0", "3"
	if err == nil {
		state = c.stateOf(der)
	}
	thumb := sha1.Sum(der)
	said := strings.Join([]string{seq, code, hex.EncodeToString(thumb[:]), state}, "|")
	signed := said
	if f.BadValue {
		signed = "0|0||0"
	}
	value, err := c.gateKey.Sign([]byte(signed))
	if err != nil {
		return []byte(seq + "|2|||"), "text/plain; charset=utf-8"
	}
	return []byte(said + "|" + base64.StdEncoding.EncodeToString(value)), "text/plain; charset=utf-8"
}

// stateOf is the gateway's number for a certificate.
func (c *CA) stateOf(der []byte) string {
	cert, err := seal.ParseCertificate(der)
	if err != nil {
		return "3"
	}
	if cert.VerifyIssued([]*seal.Certificate{c.own.Certificate()}, cert.NotBefore()) != nil {
		return "5"
	}
	if c.now().After(cert.NotAfter()) {
		return "4"
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	h := c.holder(cert.PersonCode())
	switch {
	case h == nil:
		return "6"
	case h.cert.Thumbprint() != cert.Thumbprint() || h.state == caRevoked:
		return "1"
	case h.state == caFrozen:
		return "7"
	}
	return "0"
}
