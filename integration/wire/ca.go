package wire

import (
	"encoding/base64"
	"encoding/json"
	"maps"
	"slices"
)

// Names of what is asked of a certificate authority.
const (
	CAPing        = "ping"        // whether it is there
	CAQR          = "qr"          // a QR code
	CAQRState     = "qr_state"    // how far a QR code is
	CAToken       = "token"       // bjca: the token of a confirmed QR code
	CAOwner       = "owner"       // bjca: whose token that is
	CAPerson      = "person"      // who has a number
	CACertificate = "certificate" // what has become of a certificate
	CASign        = "sign"        // sign a digest
	CASigned      = "signed"      // what became of a request to sign
)

// Names of the tables that say what the authority's codes and states mean.
const (
	CodesAnswer      = "answer"      // of every answer: ok, wrong, none, token, refused
	CodesQR          = "qr"          // states of a QR code
	CodesQRAnswer    = "qr_answer"   // codes of an answer that end a QR code
	CodesSignature   = "signature"   // states of a request to sign: done, waiting
	CodesCertificate = "certificate" // states of a certificate
	CodesGateway     = "gateway"     // codes of the certificate gateway: ok
)

// CAStyle is how a certificate authority is spoken to: the paths, the names of the
// fields and what its codes mean. It is not changed after it was made.
type CAStyle struct {
	// Vendor is the flow of the exchanges: netca or bjca.
	Vendor      string
	services    map[string]Service
	ask, answer map[string]string
	fixed       map[string]map[string]string
	codes       map[string]map[string]string
}

// CAVendors lists the flows that are spoken.
func CAVendors() []string { return []string{"netca", "bjca"} }

// CAStyleOf gives a vendor's style as it is built in.
func CAStyleOf(vendor string) (CAStyle, bool) {
	switch vendor {
	case "netca":
		return netcaStyle(), true
	case "bjca":
		return bjcaStyle(), true
	}
	return CAStyle{}, false
}

func netcaStyle() CAStyle {
	return CAStyle{Vendor: "netca",
		services: map[string]Service{CAPing: {"Ping", "/Ping"}, CAQR: {"GetSignQR", "/GetSignQR"}, CAQRState: {"GetSignQRResult", "/GetSignQRResult"},
			CAPerson: {"GetCertByUserCode", "/GetCertByUserCode"}, CACertificate: {"chkonecert", "/certauth/chkonecert"},
			CASign: {"AuthSign", "/AuthSign"}, CASigned: {"GetAuthSignResult", "/GetAuthSignResult"}},
		ask: map[string]string{"app": "appId", "challenge": "signData", "ticket": "signGUID", "person": "userCode", "number": "bizNo",
			"digest": "inData", "signer": "key", "token": "token"},
		answer: map[string]string{"code": "retCode", "message": "retMsg", "ticket": "signGUID", "qr": "qrCode", "seconds": "expireSeconds",
			"qr_state": "signStatus", "sign_state": "signStatus", "token": "signToken", "person": "userCertCode", "name": "certName",
			"value": "signResult", "certificate": "signCert", "stamp": "timeStamp"},
		fixed: map[string]map[string]string{CAQR: {"qrCodeType": "login"}},
		codes: map[string]map[string]string{
			CodesAnswer:      {"0": "ok", "-102": "wrong", "-105": "none", "-106": "token"},
			CodesQR:          {"INIT": "waiting", "SCANNED": "scanned", "UNFINISHED": "scanned", "FINISH": "confirmed"},
			CodesQRAnswer:    {"-101": "refused", "-102": "wrong", "-104": "expired"},
			CodesSignature:   {"FINISH": "done"},
			CodesCertificate: {"0": "good", "1": "revoked", "2": "unregistered", "3": "unregistered", "4": "old", "5": "foreign", "6": "unregistered", "7": "frozen"},
			CodesGateway:     {"0": "ok"}}}
}

func bjcaStyle() CAStyle {
	const base = "/am/v2/"
	services := map[string]Service{}
	for name, code := range map[string]string{CAPing: "Ping", CAQR: "oauth2/cs/authorize", CAQRState: "oauth2/cs/getAuthCode", CAToken: "oauth2/access_token",
		CAOwner: "oauth2/tokeninfo", CAPerson: "users/find", CACertificate: "cert/status", CASign: "sign", CASigned: "sign/find"} {
		services[name] = Service{code, base + code}
	}
	return CAStyle{Vendor: "bjca", services: services,
		ask: map[string]string{"app": "client_id", "secret": "client_secret", "ticket": "requestId", "auth_code": "code", "token": "access_token",
			"id_number": "idcard", "certificate": "cert", "number": "requestNo", "digest": "data"},
		answer: map[string]string{"code": "status", "message": "message", "image": "data.imgBase64", "ticket": "data.requestId", "qr_state": "data.result",
			"auth_code": "data.code", "token": "data.access_token", "id_number": "data.userIdcardNum", "name": "data.userName", "person": "data.openId",
			"sign_state": "data.signState", "value": "data.signature", "certificate": "data.cert", "stamp": "data.tsToken", "certificate_state": "data.certState"},
		fixed: map[string]map[string]string{CAQR: {"service": "userService", "response_type": "code"}, CAToken: {"grant_type": "authorization_code"}},
		codes: map[string]map[string]string{
			CodesAnswer:      {"0": "ok", "40302": "wrong", "40402": "none", "40101": "token"},
			CodesQR:          {"0": "confirmed", "1": "waiting", "2": "scanned", "-1": "refused", "-2": "expired", "-3": "wrong"},
			CodesSignature:   {"done": "done"},
			CodesCertificate: {"valid": "good", "revoked": "revoked", "frozen": "frozen", "expired": "old", "foreign": "foreign", "unregistered": "unregistered"}}}
}

// Service gives code and path of what is asked by its name.
func (s CAStyle) Service(name string) Service { return s.services[name] }

// Services are the names of all that can be asked, in order.
func (s CAStyle) Services() []string { return sortedKeys(s.services) }

// askService is the field of a request that holds the service's code, for authorities
// that take everything at one address.
const askService = "service"

// Ask puts a request into the authority's names. Fields that it does not know are
// left out.
func (s CAStyle) Ask(service string, ours map[string]string) map[string]string {
	theirs := maps.Clone(s.fixed[service])
	if theirs == nil {
		theirs = map[string]string{}
	}
	for name, value := range ours {
		if to := s.ask[name]; to != "" {
			theirs[to] = value
		}
	}
	if to := s.ask[askService]; to != "" {
		theirs[to] = s.services[service].Code
	}
	return theirs
}

// Asked is a request in our names, for who plays the authority.
func (s CAStyle) Asked(theirs map[string]string) map[string]string {
	ours := map[string]string{}
	for name, from := range s.ask {
		if value, ok := theirs[from]; ok {
			ours[name] = value
		}
	}
	return ours
}

// At gives the service that is meant by a path and a request in our names; "" is none.
func (s CAStyle) At(path string, ours map[string]string) string {
	for _, name := range s.Services() {
		if x := s.services[name]; x.Path == path && (s.ask[askService] == "" || name == CACertificate && s.Gateway() || ours[askService] == x.Code) {
			return name
		}
	}
	return ""
}

// Gateway tells whether certificates are asked after by the text protocol of a
// certificate gateway.
func (s CAStyle) Gateway() bool { return s.Vendor == "netca" }

// CAAnswer is an answer in our names: texts, and the values that travel in base64.
type CAAnswer struct {
	texts map[string]string
	bytes map[string][]byte
	whole []byte
}

// Whole is the answer as it came.
func (a CAAnswer) Whole() []byte { return a.whole }

// Text gives a field's text, "" for one that is not there.
func (a CAAnswer) Text(name string) string { return a.texts[name] }

// Bytes gives a field's bytes, nil for one that is not there.
func (a CAAnswer) Bytes(name string) []byte { return a.bytes[name] }

// inBase64 are the fields of an answer that hold bytes.
func inBase64(name string) bool {
	return slices.Contains([]string{"image", "value", "certificate", "stamp"}, name)
}

// ReadAnswer reads an answer. Error: *DocumentError, ErrTooLarge; an answer without a
// code is none.
func (s CAStyle) ReadAnswer(body []byte) (CAAnswer, error) {
	a := CAAnswer{texts: map[string]string{}, bytes: map[string][]byte{}, whole: body}
	tree, err := parseTree(body)
	if err != nil {
		return a, err
	}
	for name, path := range s.answer {
		v, ok := at(tree, path)
		if !ok || v == nil {
			continue
		}
		switch v.(type) {
		case string, json.Number:
		default:
			return a, refuse(path, "类型不对")
		}
		if a.texts[name] = textOf(v); !inBase64(name) {
			continue
		}
		if a.bytes[name], err = base64.StdEncoding.DecodeString(a.texts[name]); err != nil {
			return a, refuse(path, "不是 base64")
		}
	}
	if a.texts["code"] == "" {
		return a, refuse(s.answer["code"], "缺少")
	}
	return a, nil
}

// Answer puts an answer into the authority's names, for who plays it.
func (s CAStyle) Answer(ours map[string]any) any {
	theirs := object{}
	for _, name := range sortedKeys(s.answer) {
		if v, ok := ours[name]; ok {
			theirs = theirs.put(s.answer[name], v)
		}
	}
	return theirs
}

// Means says what a code or a state of the authority's means in a table; "" is unknown.
func (s CAStyle) Means(table, theirs string) string { return s.codes[table][theirs] }

// Says gives the code by which the authority says what we mean, "" for none.
func (s CAStyle) Says(table, ours string) string {
	for _, code := range sortedKeys(s.codes[table]) {
		if s.codes[table][code] == ours {
			return code
		}
	}
	return ""
}

// Secrets are the names of the fields whose values nothing may keep, as the authority
// calls them.
func (s CAStyle) Secrets() []string {
	var list []string
	for _, name := range []string{"secret", "ticket", "qr", "image", "token", "auth_code", "id_number"} {
		for _, at := range []string{s.ask[name], lastName(s.answer[name])} {
			if at != "" && !slices.Contains(list, at) {
				list = append(list, at)
			}
		}
	}
	return list
}
