package wire

import (
	"bytes"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"time"
)

// Style is how another system wraps messages: where code, number and body stand in
// its envelope. The zero value is our own JSON envelope. Paths are names with dots
// between; several of them are parted by | and the first that is there counts.
type Style struct {
	// XML says that the message is an element named Root and its answer one of any
	// name; {service} in Root is the code of the service.
	XML        bool   `json:"xml,omitempty"`
	Root       string `json:"root,omitempty"`
	AnswerRoot string `json:"answer_root,omitempty"`
	// SOAP puts the message as text into a parameter of a method.
	SOAP *SOAP `json:"soap,omitempty"`

	// Where things stand in a request; an empty path leaves the thing out.
	AppID     string `json:"app_id,omitempty"`
	MessageID string `json:"message_id,omitempty"`
	Service   string `json:"service,omitempty"`
	Time      string `json:"time,omitempty"`
	Nonce     string `json:"nonce,omitempty"`
	Body      string `json:"body,omitempty"`
	// BodyInList wraps the body into a list of one.
	BodyInList bool `json:"body_in_list,omitempty"`
	// TimeLayout is how the time is written, in Asia/Shanghai; "" is RFC 3339.
	TimeLayout string `json:"time_layout,omitempty"`
	// Fixed are texts by path, such as the name of the organisation.
	Fixed map[string]string `json:"fixed,omitempty"`

	// Where things stand in an answer. Success are the codes that mean it.
	Code     string   `json:"code,omitempty"`
	Success  []string `json:"success,omitempty"`
	Message  string   `json:"message,omitempty"`
	AnswerID string   `json:"answer_id,omitempty"`
	Data     string   `json:"data,omitempty"`
	// Inner is a second code inside the answer, which counts where it is there.
	Inner        string   `json:"inner,omitempty"`
	InnerSuccess []string `json:"inner_success,omitempty"`
	InnerMessage string   `json:"inner_message,omitempty"`
}

// SOAP is the method that carries messages.
type SOAP struct {
	Namespace string `json:"namespace,omitempty"`
	Method    string `json:"method,omitempty"`
	// Params are the parameters in their order; the one named Payload holds the
	// message, the one named Service the code of the service.
	Params  []string `json:"params,omitempty"`
	Payload string   `json:"payload,omitempty"`
	Service string   `json:"service,omitempty"`
	// Fixed are the texts of the other parameters, such as a user's name.
	Fixed map[string]string `json:"fixed,omitempty"`
	// Result is the element of the answer that holds the message.
	Result string `json:"result,omitempty"`
}

// Styles are the envelopes that are known by name.
func Styles() []string { return []string{"json", "zhonglian", "insurance", "bsoft", "donghua", "hl7"} }

// StyleOf gives a known envelope; ok is false for another name.
func StyleOf(name string) (s Style, ok bool) {
	switch name {
	case "json":
		return ownStyle(), true
	case "zhonglian":
		return Style{AppID: "input.head.sysno", MessageID: "input.head.action_no", Service: "input.head.bizno", Time: "input.head.time",
			Nonce: "input.head.nonce", Body: "input.req_info", BodyInList: true, TimeLayout: "2006-01-02 15:04:05",
			Code: "output.code|input.ack_info.exe_status", Success: []string{"0", "A"}, Message: "output.message|input.ack_info.error_info",
			AnswerID: "output.action_no|input.ack_info.action_no", Data: "output.result|input.ack_info.result"}, true
	case "insurance":
		return Style{AppID: "fixmedins_code", MessageID: "msgid", Service: "infno", Time: "inf_time", Body: "input", TimeLayout: "2006-01-02 15:04:05",
			Code: "infcode", Success: []string{"0"}, Message: "err_msg", AnswerID: "inf_refmsgid", Data: "output",
			Inner: "output.retRslt|output.result.retRslt", InnerSuccess: []string{"1"}, InnerMessage: "output.msgRslt|output.result.msgRslt"}, true
	}
	return soapStyle(name)
}

func ownStyle() Style {
	return Style{AppID: "header.app_id", MessageID: "header.message_id", Service: "header.service", Time: "header.timestamp",
		Nonce: "header.nonce", Body: "body", Code: "code", Success: []string{CodeOK}, Message: "message", AnswerID: "message_id", Data: "data"}
}

func soapStyle(name string) (Style, bool) {
	switch name {
	case "bsoft":
		return Style{XML: true, Root: "BSXml", AnswerRoot: "BSXml",
			SOAP:  &SOAP{Namespace: "http://ws.access.hai/", Method: "invoke", Params: []string{"service", "urid", "pwd", "parameter"}, Payload: "parameter", Service: "service", Result: "return"},
			AppID: "MsgHeader.Sender", MessageID: "MsgHeader.MsgID", Service: "MsgHeader.MsgType", Time: "MsgHeader.MsgTime", Body: "MsgBody",
			TimeLayout: "2006-01-02 15:04:05", Fixed: map[string]string{"MsgHeader.MsgVersion": "3.0"},
			Code: "MsgHeader.Status|Status", Success: []string{"true"}, Message: "MsgHeader.Detail|Detail", AnswerID: "MsgHeader.MsgID|MsgID", Data: "MsgBody"}, true
	case "donghua":
		return Style{XML: true, Root: "Request", AnswerRoot: "Response",
			SOAP:  &SOAP{Namespace: "http://www.dhcc.com.cn", Method: "HIPMessageServer", Params: []string{"input1", "input2"}, Payload: "input2", Service: "input1", Result: "HIPMessageServerResult"},
			AppID: "Header.SourceSystem", MessageID: "Header.MessageID", Body: "Body",
			Code: "Body.ResultCode", Success: []string{"0"}, Message: "Body.ResultContent", AnswerID: "Header.MessageID", Data: "Body"}, true
	case "hl7":
		return Style{XML: true, Root: "{service}", AnswerRoot: "MCCI_IN000002UV01",
			SOAP:      &SOAP{Namespace: "http://www.dhcc.com.cn", Method: "HIPMessageServer", Params: []string{"action", "message"}, Payload: "message", Service: "action", Result: "HIPMessageServerResult"},
			MessageID: "id.@extension", Time: "creationTime.@value", Service: "interactionId.@extension", AppID: "sender.device.id.item.@extension",
			Body: "controlActProcess.subject", TimeLayout: "20060102150405", Fixed: map[string]string{"@ITSVersion": "XML_1.0", "@xmlns": "urn:hl7-org:v3", "processingCode.@code": "P", "acceptAckCode.@code": "AL"},
			Code: "acknowledgement.@typeCode", Success: []string{"AA"}, Message: "acknowledgement.acknowledgementDetail.text.@value|acknowledgement.acknowledgementDetail.text",
			AnswerID: "acknowledgement.targetMessage.id.@extension", Data: "controlActProcess.subject"}, true
	}
	return Style{}, false
}

// ContentType is that of a request.
func (s Style) ContentType() string {
	switch {
	case s.SOAP != nil:
		return "text/xml; charset=utf-8"
	case s.XML:
		return "application/xml; charset=utf-8"
	}
	return "application/json; charset=utf-8"
}

// EncodeRequest makes a message around body.
func (s Style) EncodeRequest(h Header, body any) ([]byte, error) {
	inner, err := asTree(body)
	if err != nil {
		return nil, fmt.Errorf("encode body for %s: %w", h.Service, err)
	}
	if s.BodyInList {
		inner = []any{inner}
	}
	m := s.fixed()
	at := h.Timestamp.Format(time.RFC3339Nano)
	if s.TimeLayout != "" {
		at = h.Timestamp.In(time.FixedZone("CST", 8*3600)).Format(s.TimeLayout)
	}
	for _, x := range []struct{ path, text string }{{s.AppID, h.AppID}, {s.MessageID, h.MessageID}, {s.Service, h.Service}, {s.Time, at}, {s.Nonce, h.Nonce}} {
		if path, _, _ := strings.Cut(x.path, "|"); path != "" {
			m = m.put(path, x.text)
		}
	}
	if s.Body != "" {
		m = m.put(s.Body, inner)
	}
	return s.wrap(strings.ReplaceAll(s.Root, "{service}", h.Service), h.Service, m)
}

// fixed are the constant texts, in the order of their paths: a message is the same
// bytes every time.
func (s Style) fixed() object {
	var m object
	paths := make([]string, 0, len(s.Fixed))
	for path := range s.Fixed {
		paths = append(paths, path)
	}
	slices.Sort(paths)
	for _, path := range paths {
		m = m.put(path, s.Fixed[path])
	}
	return m
}

// asTree is a JSON-able value as a tree.
func asTree(v any) (any, error) {
	switch v.(type) {
	case object, []any, string:
		return v, nil
	}
	raw, err := json.Marshal(v)
	if err != nil {
		return nil, err
	}
	return parseTree(raw)
}

// wrap writes the message, and around it the SOAP envelope where there is one.
func (s Style) wrap(root, service string, m object) ([]byte, error) {
	if !s.XML {
		return json.Marshal(m)
	}
	var b bytes.Buffer
	if s.SOAP == nil {
		b.WriteString(`<?xml version="1.0" encoding="UTF-8"?>`)
	}
	if err := formXML(&b, root, m); err != nil || s.SOAP == nil {
		return b.Bytes(), err
	}
	return s.SOAP.request(service, b.String())
}

// DecodeAnswer reads the answer to a message of ours; contentType may name its
// encoding. Its code is CodeOK for every success, whatever the other system calls
// it. Errors: ErrEnvelope (also for an answer to another message), ErrTooLarge.
func (s Style) DecodeAnswer(data []byte, contentType, messageID string) (Answer, error) {
	m, fault, err := s.unwrap(data, contentType, true)
	if err != nil {
		return Answer{}, fmt.Errorf("%w: %w", ErrEnvelope, err)
	}
	if fault != "" {
		return Answer{Code: "SOAP Fault", Message: fault, MessageID: messageID}, nil
	}
	a := Answer{Code: first(m, s.Code), Message: first(m, s.Message), MessageID: first(m, s.AnswerID)}
	switch {
	case a.Code == "":
		return Answer{}, fmt.Errorf("%w: no code", ErrEnvelope)
	case s.AnswerID != "" && a.MessageID != messageID:
		return Answer{}, fmt.Errorf("%w: answer to another message", ErrEnvelope)
	}
	s.success(m, &a)
	if v, ok := firstValue(m, s.Data); ok {
		if a.Data, err = json.Marshal(v); err != nil {
			return Answer{}, fmt.Errorf("%w: %w", ErrEnvelope, err)
		}
	}
	return a, nil
}

// success translates the code. A second level that is there counts as much as the
// first: some systems say yes outside and no inside.
func (s Style) success(m any, a *Answer) {
	if !slices.Contains(s.Success, a.Code) {
		if a.Code == CodeOK {
			a.Code = "不成功：" + CodeOK
		}
		return
	}
	a.Code = CodeOK
	if inner := first(m, s.Inner); inner != "" && !slices.Contains(s.InnerSuccess, inner) {
		a.Code, a.Message = "内层 "+inner, first(m, s.InnerMessage)
	}
}

// unwrap reads a message out of its SOAP envelope; fault is the text of a SOAP
// fault.
func (s Style) unwrap(data []byte, contentType string, answer bool) (m any, fault string, err error) {
	if len(data) > MaxBody {
		return nil, "", ErrTooLarge
	}
	if data, err = toUTF8(data, contentType); err != nil {
		return nil, "", err
	}
	if !s.XML {
		m, err = parseTree(data)
		return m, "", err
	}
	if s.SOAP != nil {
		text, fault, err := s.SOAP.open(data, answer)
		if err != nil || fault != "" {
			return nil, fault, err
		}
		data = []byte(text)
	}
	_, m, err = parseXML(data)
	return m, "", err
}

// firstValue is what stands at the first of several paths that is there.
func firstValue(m any, paths string) (any, bool) {
	if paths == "" {
		return nil, false
	}
	for _, path := range strings.Split(paths, "|") {
		if v, ok := at(m, path); ok {
			return v, true
		}
	}
	return nil, false
}

func first(m any, paths string) string {
	v, _ := firstValue(m, paths)
	return strings.TrimSpace(textOf(v))
}
