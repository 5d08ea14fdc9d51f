package wire

import (
	"bytes"
	"encoding/json"
	"fmt"
	"strings"
)

const soapNamespace = "http://schemas.xmlsoap.org/soap/envelope/"

// request puts a message into the call of the method.
func (s SOAP) request(service, message string) ([]byte, error) {
	var call object
	for _, p := range s.Params {
		switch text := s.Fixed[p]; {
		case p == s.Payload:
			call = append(call, pair{p, message})
		case p == s.Service && text == "":
			call = append(call, pair{p, service})
		default:
			call = append(call, pair{p, text})
		}
	}
	return s.envelope("ws:"+s.Method, call)
}

// answer puts a message into the answer of the method.
func (s SOAP) answer(message string) ([]byte, error) {
	return s.envelope("ws:"+s.Method+"Response", object{{s.Result, message}})
}

func (s SOAP) envelope(name string, call object) ([]byte, error) {
	var b bytes.Buffer
	b.WriteString(`<?xml version="1.0" encoding="UTF-8"?>`)
	err := formXML(&b, "soapenv:Envelope", object{{"@xmlns:soapenv", soapNamespace}, {"@xmlns:ws", s.Namespace},
		{"soapenv:Body", object{{name, call}}}})
	return b.Bytes(), err
}

// open reads the message out of an envelope, or the text of a fault.
func (s SOAP) open(data []byte, answer bool) (message, fault string, err error) {
	name, tree, err := parseXML(data)
	if err != nil {
		return "", "", err
	}
	body, ok := at(tree, "Body")
	if name != "Envelope" || !ok {
		return "", "", refuse("", "不是 SOAP 信封")
	}
	if f, ok := at(body, "Fault"); ok {
		text := first(f, "faultstring|Reason.Text")
		if text == "" {
			text = "没有说明"
		}
		return "", text, nil
	}
	method, param := s.Method, s.Payload
	if answer {
		method, param = s.Method+"Response", s.Result
	}
	v, ok := at(body, method+"."+param)
	text := textOf(v)
	if !ok || strings.TrimSpace(text) == "" {
		return "", "", refuse(method, "里没有 "+param)
	}
	// A declaration inside a parameter speaks of the text before it was put there.
	text = strings.TrimSpace(text)
	if strings.HasPrefix(text, "<?xml") {
		if _, rest, ok := strings.Cut(text, "?>"); ok {
			text = rest
		}
	}
	return text, "", nil
}

// DecodeRequest reads a message as the other side does, for stand-ins. Errors:
// ErrEnvelope.
func (s Style) DecodeRequest(data []byte, contentType string) (Request, error) {
	m, _, err := s.unwrap(data, contentType, false)
	if err != nil {
		return Request{}, fmt.Errorf("%w: %w", ErrEnvelope, err)
	}
	r := Request{Header: Header{AppID: first(m, s.AppID), MessageID: first(m, s.MessageID), Service: first(m, s.Service), Nonce: first(m, s.Nonce)}}
	if s.Service == "" && s.SOAP != nil {
		r.Header.Service = s.SOAP.service(data)
	}
	body, ok := firstValue(m, s.Body)
	if list, is := body.([]any); is && s.BodyInList && len(list) == 1 {
		body = list[0]
	}
	if !ok || r.Header.MessageID == "" || r.Header.Service == "" {
		return Request{}, fmt.Errorf("%w: header or body is missing", ErrEnvelope)
	}
	r.Body, err = json.Marshal(body)
	return r, err
}

// service is the parameter with the code of the service.
func (s SOAP) service(data []byte) string {
	_, tree, err := parseXML(data)
	if err != nil {
		return ""
	}
	return textAt(tree, "Body."+s.Method+"."+s.Service)
}

// EncodeAnswer writes an answer as the other side does, for stand-ins: code CodeOK
// is the style's own word for success.
func (s Style) EncodeAnswer(code, message, messageID string, data any) ([]byte, error) {
	if code == CodeOK && len(s.Success) > 0 {
		code = s.Success[0]
	}
	var m object
	if data != nil {
		tree, err := asTree(data)
		if err != nil {
			return nil, fmt.Errorf("encode answer: %w", err)
		}
		m = m.put(primary(s.Data), tree)
	}
	for _, x := range []struct{ path, text string }{{s.Code, code}, {s.Message, message}, {s.AnswerID, messageID}} {
		if path := primary(x.path); path != "" {
			m = m.put(path, x.text)
		}
	}
	if !s.XML {
		return json.Marshal(m)
	}
	var b bytes.Buffer
	if s.SOAP == nil {
		b.WriteString(`<?xml version="1.0" encoding="UTF-8"?>`)
	}
	if err := formXML(&b, s.AnswerRoot, m); err != nil || s.SOAP == nil {
		return b.Bytes(), err
	}
	return s.SOAP.answer(b.String())
}

// primary is the first of several paths.
func primary(paths string) string {
	path, _, _ := strings.Cut(paths, "|")
	return path
}
