package simulator

import (
	"bytes"
	"io"
	"net/http"
	"strconv"
	"time"

	"jingfang/integration/wire"
)

// serve wraps a service: signature, envelope, faults, signed answer. As real
// systems do, it says 200 to everything it understands. What is slow has done its
// work before it answers: nobody who left early can know.
func (h *HIS) serve(w http.ResponseWriter, r *http.Request) {
	if r.Method != http.MethodPost {
		http.NotFound(w, r)
		return
	}
	f := h.nextFaults()
	body, err := wire.ReadBody(r.Body)
	if err != nil {
		http.Error(w, "body", http.StatusRequestEntityTooLarge)
		return
	}
	req, bad := h.says.Style().DecodeRequest(body, r.Header.Get("Content-Type"))
	name := h.serviceOf(req.Header.Service, r.URL.Path)
	if f.Status500 {
		h.note(name, f, reply{})
		http.Error(w, "Internal Server Error", http.StatusInternalServerError)
		return
	}
	messageID, rep := "", reply{code: wire.CodeBadRequest, message: "请求格式有误"}
	if bad == nil {
		messageID, rep = req.Header.MessageID, h.ask(r, req, body, name, f)
	}
	h.note(name, f, rep)
	if wait(r, time.Duration(f.SlowMillis)*time.Millisecond) {
		h.write(w, r, messageID, rep, f)
	}
}

// ask checks a message and does what it asks for.
func (h *HIS) ask(r *http.Request, req wire.Request, body []byte, name string, f Faults) reply {
	if _, err := h.verifier.Request(r, body); err != nil {
		return reply{code: wire.CodeBadSign, message: "验签失败或时间超出范围"}
	}
	if app := req.Header.AppID; app != "" && app != h.key.AppID() {
		return reply{code: wire.CodeBadSign, message: "信封与签名头不一致"}
	}
	if nonce := req.Header.Nonce; nonce != "" && nonce != r.Header.Get(wire.HeaderNonce) {
		return reply{code: wire.CodeBadSign, message: "信封与签名头不一致"}
	}
	if name == "" {
		return reply{code: wire.CodeNoService, message: "服务代码与地址不符"}
	}
	if f.ErrorIn200 {
		return reply{code: wire.CodeServerError, message: "业务处理失败（模拟）"}
	}
	return h.services()[name](req.Body, f)
}

// wait is false when the asker left first.
func wait(r *http.Request, d time.Duration) bool {
	if d <= 0 {
		return true
	}
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
		return true
	case <-r.Context().Done():
		return false
	}
}

func (h *HIS) write(w http.ResponseWriter, r *http.Request, messageID string, rep reply, f Faults) {
	style := h.says.Style()
	body, err := style.EncodeAnswer(rep.code, rep.message, messageID, rep.data)
	if err != nil {
		http.Error(w, "encode", http.StatusInternalServerError)
		return
	}
	body, kind := f.spoil(body, style)
	key := h.key
	if f.WrongSignature {
		key = h.fake
	}
	key.SignAnswer(w.Header(), r.URL.EscapedPath(), r.Header.Get(wire.HeaderNonce), body, h.now().Add(f.skew()))
	w.Header().Set("Content-Type", kind)
	w.Header().Set("Content-Length", strconv.Itoa(len(body)))
	if f.CutBody {
		cutOff(w, body[:len(body)/2])
	}
	// The asker may have gone; there is nobody to tell.
	_, _ = io.Copy(w, bytes.NewReader(body))
}

// cutOff sends a part of what Content-Length promises and breaks the
// connection.
func cutOff(w http.ResponseWriter, part []byte) {
	_, _ = w.Write(part)
	if f, ok := w.(http.Flusher); ok {
		f.Flush()
	}
	panic(http.ErrAbortHandler)
}
