package simulator

import (
	"bytes"
	"crypto/rand"
	"encoding/base64"
	"image/png"
	"net/url"

	"github.com/boombuler/barcode"
	"github.com/boombuler/barcode/qr"
)

// bjcaReply is an answer of the style bjca.
type bjcaReply struct {
	Status  string         `json:"status"`
	Message string         `json:"message"`
	Data    map[string]any `json:"data,omitempty"`
}

func bjcaYes(data map[string]any) bjcaReply { return bjcaReply{"0", "success", data} }

func bjcaNo(status, message string) bjcaReply { return bjcaReply{Status: status, Message: message} }

func (c *CA) bjcaRoutes() {
	for service, do := range map[string]func(in url.Values, f CAFaults) bjcaReply{
		"Ping":                  func(url.Values, CAFaults) bjcaReply { return bjcaYes(nil) },
		"oauth2/cs/authorize":   c.bjcaQR,
		"oauth2/cs/getAuthCode": c.bjcaCode,
		"oauth2/access_token":   c.bjcaToken,
		"oauth2/tokeninfo":      c.bjcaOwner,
		"users/find":            c.bjcaFind,
		"cert/status":           c.bjcaStatus,
		"sign":                  c.bjcaSign,
		"sign/find":             c.bjcaSigned,
	} {
		c.mux.HandleFunc("POST /am/v2/"+service, c.serve(service, false, `{"status":"50001","message":"业务处理失败（模拟）"}`, `{"status":"0"}`,
			func(body []byte, f CAFaults) ([]byte, string) {
				in, err := url.ParseQuery(string(body))
				out := bjcaNo("40001", "请求格式有误")
				if err == nil && in.Get("client_id") == c.key.AppID() && in.Get("client_secret") == c.key.FormSecret() {
					out = do(in, f)
				} else if err == nil {
					out = bjcaNo("40102", "应用编号或密钥不对")
				}
				return marshal(out), "application/json; charset=utf-8"
			}))
	}
}

func (c *CA) bjcaQR(url.Values, CAFaults) bjcaReply {
	c.mu.Lock()
	defer c.mu.Unlock()
	t := c.newTicket(nil)
	code, err := qr.Encode(c.phone+"?t="+t.id, qr.M, qr.Auto)
	if err == nil {
		code, err = barcode.Scale(code, 330, 330)
	}
	var picture bytes.Buffer
	if err == nil {
		err = png.Encode(&picture, code)
	}
	if err != nil {
		return bjcaNo("50001", "二维码画不出")
	}
	return bjcaYes(map[string]any{"imgBase64": picture.Bytes(), "requestId": t.id})
}

func (c *CA) bjcaCode(in url.Values, f CAFaults) bjcaReply {
	c.mu.Lock()
	defer c.mu.Unlock()
	t := c.ticket(in.Get("requestId"))
	if t == nil {
		return bjcaNo("40401", "没有这个二维码")
	}
	result := map[string]string{"waiting": "1", "scanned": "2", "refused": "-1", "expired": "-2", "wrong": "-3"}[t.state]
	if f.WrongPerson {
		result = "-3"
	}
	if result != "" {
		return bjcaYes(map[string]any{"result": result})
	}
	if t.code != "" {
		return bjcaNo("40010", "授权码已给出")
	}
	t.code = rand.Text()
	return bjcaYes(map[string]any{"result": "0", "code": t.code})
}

func (c *CA) bjcaToken(in url.Values, _ CAFaults) bjcaReply {
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, t := range c.tickets {
		if t.code != "" && t.code == in.Get("code") {
			t.code = "used"
			token := rand.Text()
			c.tokens[token] = t.by
			return bjcaYes(map[string]any{"access_token": token})
		}
	}
	return bjcaNo("40011", "授权码无效")
}

func (c *CA) bjcaOwner(in url.Values, _ CAFaults) bjcaReply {
	c.mu.Lock()
	defer c.mu.Unlock()
	h := c.tokens[in.Get("access_token")]
	if h == nil {
		return bjcaNo("40101", "授权已过期")
	}
	return bjcaYes(map[string]any{"userIdcardNum": h.IDNumber, "userName": h.Name, "openId": h.Code})
}

func (c *CA) bjcaFind(in url.Values, _ CAFaults) bjcaReply {
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, h := range c.holders {
		if h.IDNumber == in.Get("idcard") {
			return bjcaYes(map[string]any{"userIdcardNum": h.IDNumber, "userName": h.Name, "openId": h.Code})
		}
	}
	return bjcaNo("40403", "没有这个人")
}

func (c *CA) bjcaStatus(in url.Values, _ CAFaults) bjcaReply {
	der, err := base64.StdEncoding.DecodeString(in.Get("cert"))
	if err != nil {
		return bjcaNo("40001", "证书读不出")
	}
	state := map[string]string{"0": "valid", "1": "revoked", "4": "expired", "5": "foreign", "7": "frozen"}[c.stateOf(der)]
	if state == "" {
		state = "unregistered"
	}
	return bjcaYes(map[string]any{"certState": state})
}

func (c *CA) bjcaSign(in url.Values, f CAFaults) bjcaReply {
	c.mu.Lock()
	defer c.mu.Unlock()
	h := c.tokens[in.Get("access_token")]
	if h == nil {
		return bjcaNo("40101", "授权已过期")
	}
	digest, err := base64.StdEncoding.DecodeString(in.Get("data"))
	if err != nil || len(digest) == 0 || in.Get("requestNo") == "" {
		return bjcaNo("40001", "没有待签数据")
	}
	s, refusal := c.take(in.Get("requestNo"), h, digest, f)
	if refusal != "" {
		return bjcaNo("40302", refusal)
	}
	return c.bjcaState(s, f)
}

func (c *CA) bjcaState(s *caSignature, f CAFaults) bjcaReply {
	if !s.done || f.Unfinished {
		return bjcaYes(map[string]any{"signState": "wait"})
	}
	value := s.value
	if f.BadValue {
		value = c.otherValue(s.by)
	}
	return bjcaYes(map[string]any{"signState": "done", "signature": value, "cert": s.cert, "tsToken": s.stamp})
}

func (c *CA) bjcaSigned(in url.Values, f CAFaults) bjcaReply {
	c.mu.Lock()
	defer c.mu.Unlock()
	s := c.signings[in.Get("requestNo")]
	if s == nil {
		return bjcaNo("40402", "没有这个签名请求")
	}
	return c.bjcaState(s, f)
}
