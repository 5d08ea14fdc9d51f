package wire

import (
	"encoding/json"
	"fmt"
	"time"
)

// Header says who asks for what. AppID and Nonce repeat the signature headers;
// MessageID comes back in the answer.
type Header struct {
	AppID     string    `json:"app_id"`
	MessageID string    `json:"message_id"`
	Service   string    `json:"service"`
	Timestamp time.Time `json:"timestamp"`
	Nonce     string    `json:"nonce"`
}

// Request is an envelope on its way in: the body is still undecoded.
type Request struct {
	Header Header          `json:"header"`
	Body   json.RawMessage `json:"body"`
}

// Answer is the envelope that comes back. An HTTP status of 200 means nothing:
// only CodeOK does.
type Answer struct {
	Code      string          `json:"code"`
	Message   string          `json:"message"`
	MessageID string          `json:"message_id"`
	Data      json.RawMessage `json:"data,omitempty"`
}

// Codes of answers. Other systems may use others; all but CodeOK are errors.
const (
	CodeOK          = "0"
	CodeBadRequest  = "1001" // the envelope or its body is malformed
	CodeBadSign     = "1002" // signature, time or nonce
	CodeNoService   = "1003" // unknown service code
	CodeServerError = "9999"
)

// OK says whether the asked thing was done.
func (a Answer) OK() bool { return a.Code == CodeOK }

// EncodeRequest makes the envelope around body, which is any JSON-able value.
func EncodeRequest(h Header, body any) ([]byte, error) {
	raw, err := json.Marshal(body)
	if err != nil {
		return nil, fmt.Errorf("encode body for %s: %w", h.Service, err)
	}
	return json.Marshal(Request{h, raw})
}

// DecodeRequest reads an envelope. Error: ErrEnvelope, ErrTooLarge.
func DecodeRequest(data []byte) (Request, error) {
	var r Request
	if err := unmarshal(data, &r); err != nil {
		return Request{}, fmt.Errorf("%w: %w", ErrEnvelope, err)
	}
	h := r.Header
	if h.AppID == "" || h.MessageID == "" || h.Service == "" || h.Nonce == "" || h.Timestamp.IsZero() {
		return Request{}, fmt.Errorf("%w: header is incomplete", ErrEnvelope)
	}
	if len(h.MessageID) > maxName || len(h.Service) > maxName {
		return Request{}, fmt.Errorf("%w: header is too long", ErrEnvelope)
	}
	return r, nil
}

// EncodeAnswer makes an answer's envelope around data, nil for none.
func EncodeAnswer(code, message, messageID string, data any) ([]byte, error) {
	a := Answer{Code: code, Message: message, MessageID: messageID}
	if data != nil {
		raw, err := json.Marshal(data)
		if err != nil {
			return nil, fmt.Errorf("encode answer: %w", err)
		}
		a.Data = raw
	}
	return json.Marshal(a)
}

// DecodeAnswer reads an answer to the message. Errors: ErrEnvelope (also for an
// answer to another message), ErrTooLarge.
func DecodeAnswer(data []byte, messageID string) (Answer, error) {
	var a Answer
	if err := unmarshal(data, &a); err != nil {
		return Answer{}, fmt.Errorf("%w: %w", ErrEnvelope, err)
	}
	if a.Code == "" {
		return Answer{}, fmt.Errorf("%w: no code", ErrEnvelope)
	}
	if a.MessageID != messageID {
		return Answer{}, fmt.Errorf("%w: answer to another message", ErrEnvelope)
	}
	return a, nil
}

// maxName bounds application ids, message ids and service codes, in bytes.
const maxName = 64
