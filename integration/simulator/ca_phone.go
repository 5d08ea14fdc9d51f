package simulator

import (
	"errors"
	"html/template"
	"net/http"
	"net/url"
)

// Act is what a phone does with a QR code: scan, confirm, refuse, or impersonate
// (confirm as one person with another's certificate); wrong lets the authority itself
// say that somebody else has signed, expire ends the code early.
func (c *CA) Act(ticket, what, person, other string) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	t := c.ticket(ticket)
	if t == nil {
		return errors.New("没有这个二维码")
	}
	if t.state != "waiting" && t.state != "scanned" {
		return errors.New("这个二维码已经用过或过期")
	}
	switch what {
	case "scan":
		t.state = "scanned"
		return nil
	case "refuse":
		t.state = "refused"
		return nil
	case "wrong":
		t.state = "wrong"
		return nil
	case "expire":
		t.state = "expired"
		return nil
	case "confirm", "impersonate":
	default:
		return errors.New("不认识这个动作")
	}
	t.by, t.with = c.holder(person), c.holder(person)
	if what == "impersonate" {
		t.with = c.holder(other)
	}
	if t.by == nil || t.with == nil {
		return errNobody
	}
	value, err := t.with.key.Sign(t.challenge)
	if err != nil && len(t.challenge) > 0 {
		return err
	}
	if what == "impersonate" {
		// The style bjca signs later, with the token: then by this certificate.
		t.by = &caHolder{CAPerson: t.by.CAPerson, key: t.with.key, cert: t.with.cert, state: t.with.state}
	}
	t.proof, t.state = value, "confirmed"
	return nil
}

// Latest is the ticket that was asked for last, "" for none.
func (c *CA) Latest() string {
	c.mu.Lock()
	defer c.mu.Unlock()
	if len(c.latest) == 0 {
		return ""
	}
	return c.latest[0]
}

// Phone is the page that plays the phone, for browsers of this machine: GET shows a
// QR code's ticket (t=…, or the last one), POST acts.
func (c *CA) Phone() http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Security-Policy", "default-src 'none'; style-src 'unsafe-inline'; form-action 'self'")
		w.Header().Set("Referrer-Policy", "no-referrer")
		v := phoneView{Ticket: r.URL.Query().Get("t")}
		if r.Method == http.MethodPost {
			r.Body = http.MaxBytesReader(w, r.Body, 16<<10)
			v.Ticket = r.PostFormValue("t")
			v.Said = c.phoneAct(r.PostForm)
		}
		if v.Ticket == "" {
			v.Ticket = c.Latest()
		}
		c.fillPhone(&v)
		w.Header().Set("Content-Type", "text/html; charset=utf-8")
		if err := phonePage.Execute(w, v); err != nil {
			panic(http.ErrAbortHandler) // the header is out; breaking off is honest
		}
	})
}

func (c *CA) phoneAct(form url.Values) string {
	person, what := form.Get("person"), form.Get("do")
	var err error
	switch what {
	case caValid, caRevoked, caFrozen, caForeign:
		err = c.SetCertificate(person, what)
	default:
		err = c.Act(form.Get("t"), what, person, form.Get("other"))
	}
	if err != nil {
		return "没有做成：" + err.Error()
	}
	return "已完成。请看电脑上的页面。"
}

type phoneView struct {
	Ticket, State, Said string
	Open                bool
	People              []phonePerson
}

type phonePerson struct{ Code, Name, Certificate string }

func (c *CA) fillPhone(v *phoneView) {
	c.mu.Lock()
	defer c.mu.Unlock()
	words := map[string]string{"waiting": "等待扫码", "scanned": "已扫码，等待确认", "confirmed": "已确认", "refused": "已拒绝", "expired": "已过期", "wrong": "不是本人"}
	v.State = "没有等待中的二维码。请先在登录页显示二维码。"
	if t := c.ticket(v.Ticket); t != nil {
		v.State, v.Open = words[t.state], t.state == "waiting" || t.state == "scanned"
	}
	states := map[string]string{caValid: "有效", caRevoked: "已注销", caFrozen: "已冻结", caForeign: "他院签发"}
	for _, h := range c.holders {
		v.People = append(v.People, phonePerson{h.Code, h.Name, states[h.state] + " …" + h.cert.SerialNumber()[max(0, len(h.cert.SerialNumber())-6):]})
	}
}

var phonePage = template.Must(template.New("phone").Parse(`<!doctype html><html lang="zh-CN"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1"><title>模拟手机 CA</title>
<style>body{font:16px/1.5 sans-serif;max-width:400px;margin:0 auto;padding:16px;background:#f6f8f9;color:#17232e}h1{font-size:20px}form{background:#fff;border:1px solid #dfe5ea;border-radius:10px;padding:16px;margin:0 0 16px}select,button{font:inherit;width:100%;min-height:48px;margin:4px 0 8px;border-radius:8px;border:1px solid #5b6b78;background:#fff}button[value=confirm]{background:#0a6b75;color:#fff;border:0}label{font-size:13px;color:#5b6b78}.said{font-weight:bold}</style></head><body>
<h1>模拟手机 CA（演示）</h1>{{with .Said}}<p class="said" id="said">{{.}}</p>{{end}}<p id="state">{{.State}}</p>
{{if .Open}}<form method="post"><input type="hidden" name="t" value="{{.Ticket}}"><label for="person">我是</label><select id="person" name="person">{{range .People}}<option value="{{.Code}}">{{.Name}} · {{.Certificate}}</option>{{end}}</select>
<button name="do" value="scan">扫码</button><button name="do" value="confirm">确认登录</button><button name="do" value="refuse">拒绝</button><button name="do" value="wrong">换一个人来签</button><button name="do" value="expire">让二维码过期</button>
<label for="other">冒充：名义上是“我”，用下面这位的证书</label><select id="other" name="other">{{range .People}}<option value="{{.Code}}">{{.Name}}</option>{{end}}</select><button name="do" value="impersonate">冒充确认</button></form>{{end}}
<form method="post"><input type="hidden" name="t" value="{{.Ticket}}"><label for="holder">证书</label><select id="holder" name="person">{{range .People}}<option value="{{.Code}}">{{.Name}} · {{.Certificate}}</option>{{end}}</select>
<button name="do" value="valid">更新证书（换发一张有效的）</button><button name="do" value="frozen">冻结</button><button name="do" value="revoked">注销</button><button name="do" value="foreign">换成他院签发的</button></form>
<form method="get"><button>刷新（看最新的二维码）</button></form></body></html>`))
