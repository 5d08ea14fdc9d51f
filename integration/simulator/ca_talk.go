package simulator

import (
	"bytes"
	"encoding/json"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"time"

	"jingfang/integration/wire"
)

// caSaid is an answer in our names: what its code means, and what it holds.
type caSaid struct {
	means, message string
	data           map[string]any
}

func yes(data map[string]any) caSaid { return caSaid{"ok", "成功", data} }

func no(means, message string) caSaid { return caSaid{means, message, nil} }

// caTalk is one style that the stand-in speaks.
type caTalk struct {
	ca   *CA
	says wire.CAStyle
}

// routes serves every service of the style at its path; services may share one.
func (k caTalk) routes() {
	seen := map[string]bool{}
	for _, name := range k.says.Services() {
		path := k.says.Service(name).Path
		if !seen[path] {
			k.ca.mux.HandleFunc("POST "+path, k.serve)
		}
		seen[path] = true
	}
}

// signed tells whether requests and answers carry HMAC-SM3.
func (k caTalk) signed(service string) bool {
	return k.says.Vendor == "netca" && service != wire.CACertificate
}

// serve reads a request, with faults around what the service does.
func (k caTalk) serve(w http.ResponseWriter, r *http.Request) {
	body, err := wire.ReadBody(r.Body)
	if err != nil {
		http.Error(w, "body", http.StatusRequestEntityTooLarge)
		return
	}
	in, readable := k.read(body)
	service := k.says.At(r.URL.Path, in)
	f := k.ca.suffer(k.says.Service(service).Code)
	if !wait(r, time.Duration(f.SlowMillis)*time.Millisecond) {
		return
	}
	if k.signed(service) {
		if _, err := k.ca.verifier.Request(r, body); err != nil {
			http.Error(w, "sign", http.StatusForbidden)
			return
		}
	}
	if f.Status500 {
		http.Error(w, "Internal Server Error", http.StatusInternalServerError)
		return
	}
	answer, kind := k.answer(service, in, readable, body, f)
	if f.LostAnswer {
		http.Error(w, "Internal Server Error", http.StatusInternalServerError)
		return
	}
	k.write(w, r, service, answer, kind, f)
}

// read gives the fields of a request; a gateway's text has none.
func (k caTalk) read(body []byte) (map[string]string, bool) {
	theirs := map[string]string{}
	if k.says.Vendor == "bjca" {
		form, err := url.ParseQuery(string(body))
		for name := range form {
			theirs[name] = form.Get(name)
		}
		return k.says.Asked(theirs), err == nil
	}
	err := json.Unmarshal(body, &theirs)
	return k.says.Asked(theirs), err == nil
}

// answer does what was asked and words it; a fault says something else.
func (k caTalk) answer(service string, in map[string]string, readable bool, body []byte, f CAFaults) ([]byte, string) {
	if service == wire.CACertificate && k.says.Gateway() {
		return k.ca.checkOne(body, f), "text/plain; charset=utf-8"
	}
	said := caSaid{}
	switch {
	case f.Empty:
		said = caSaid{means: "ok"}
	case f.ErrorIn200:
		said = no("refused", "业务处理失败（模拟）")
	case !readable:
		said = no("refused", "请求格式有误")
	case in["app"] != k.ca.key.AppID() || k.says.Vendor == "bjca" && in["secret"] != k.ca.key.FormSecret():
		said = no("refused", "应用编号或密钥不对")
	default:
		said = k.do(service, in, f)
	}
	return k.word(said), "application/json; charset=utf-8"
}

// word writes an answer as the style does. A refusal without a code of its own has one
// that nobody agreed on, as in life.
func (k caTalk) word(said caSaid) []byte {
	out := map[string]any{}
	for name, v := range said.data {
		out[name] = v
	}
	if out["code"] == nil {
		out["code"] = k.says.Says(wire.CodesAnswer, said.means)
	}
	if out["code"] == "" {
		out["code"] = "-9"
	}
	if said.message != "" {
		out["message"] = said.message
	}
	body, err := json.Marshal(k.says.Answer(out))
	if err != nil {
		return []byte(`{}`)
	}
	return body
}

func (k caTalk) do(service string, in map[string]string, f CAFaults) caSaid {
	k.ca.mu.Lock()
	defer k.ca.mu.Unlock()
	switch service {
	case wire.CAPing:
		return yes(nil)
	case wire.CAQR:
		return k.qr(in)
	case wire.CAQRState:
		return k.qrState(in, f)
	case wire.CAToken:
		return k.token(in)
	case wire.CAOwner:
		return k.owner(in)
	case wire.CAPerson:
		return k.person(in)
	case wire.CACertificate:
		return k.certificate(in)
	case wire.CASign:
		return k.sign(in, f)
	case wire.CASigned:
		return k.signedState(in, f)
	}
	return no("refused", "没有这个服务")
}

func (k caTalk) write(w http.ResponseWriter, r *http.Request, service string, body []byte, kind string, f CAFaults) {
	switch {
	case f.NotJSON:
		body, kind = []byte("<html><body>502 Bad Gateway</body></html>"), "text/html"
	case f.Oversized:
		body = append(body, bytes.Repeat([]byte{' '}, wire.MaxBody)...)
	}
	key := k.ca.key
	if f.WrongSignature {
		key = k.ca.fake
	}
	if k.signed(service) {
		key.SignAnswer(w.Header(), r.URL.EscapedPath(), r.Header.Get(wire.HeaderNonce), body, k.ca.now())
	}
	w.Header().Set("Content-Type", kind)
	w.Header().Set("Content-Length", strconv.Itoa(len(body)))
	if f.CutBody {
		cutOff(w, body[:len(body)/2])
	}
	// The asker may have gone; there is nobody to tell.
	_, _ = io.Copy(w, bytes.NewReader(body))
}
