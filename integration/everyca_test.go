package integration_test

import (
	"context"
	"errors"
	"fmt"
	"net/http/httptest"
	"os"
	"strings"
	"testing"
	"time"

	"jingfang/integration"
	"jingfang/integration/simulator"
	"jingfang/integration/translog"
	"jingfang/integration/wire"
	"jingfang/session/identity"
	"jingfang/sql/db"
	"jingfang/sql/seal"
)

// caHouse is a client of a stand-in CA in one style, over real HTTP.
type caHouse struct {
	*house
	says  wire.CAStyle
	ca    *simulator.CA
	calm  identity.CertVerifier
	hasty identity.CertVerifier // which waits for nobody
	who   simulator.CAPerson
	made  int
}

// mappedStyle names the style of the example of a mapping file.
const mappedStyle = "netca by a mapping file"

// caStyles are the built-in styles and one that a mapping file makes of them.
func caStyles(t *testing.T) map[string]wire.CAStyle {
	t.Helper()
	styles := map[string]wire.CAStyle{}
	for _, vendor := range wire.CAVendors() {
		styles[vendor], _ = wire.CAStyleOf(vendor)
	}
	file, err := os.Open("../deploy/ca.example.json")
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	p, problems, err := wire.ReadPlatform(file)
	if err != nil || len(problems) > 0 {
		t.Fatal(err, problems)
	}
	styles[mappedStyle], _ = p.CA()
	return styles
}

func newCAHouse(t *testing.T, says wire.CAStyle) *caHouse {
	t.Helper()
	h := &caHouse{house: build(t), says: says, who: simulator.DemoCAPersons()[0]}
	var err error
	if h.ca, err = simulator.NewCA(h.key, nil, simulator.DemoCAPersons(), nil, says); err != nil {
		t.Fatal(err)
	}
	h.server = httptest.NewServer(h.ca)
	t.Cleanup(h.server.Close)
	h.calm, h.hasty = h.verifier(30*time.Second), h.verifier(150*time.Millisecond)
	return h
}

func (h *caHouse) verifier(timeout time.Duration) identity.CertVerifier {
	h.t.Helper()
	v, err := integration.NewCA(integration.CAConfig{Vendor: h.says.Vendor, Style: h.says, BaseURL: h.server.URL, Key: h.key, Trusted: h.ca.Trusted(), Log: h.log,
		Timeout: timeout, Pause: time.Nanosecond, Index: func(id string) (string, error) { return seal.SM3([]byte(id)).String()[:40], nil }})
	if err != nil {
		h.t.Fatal(err)
	}
	return v
}

// caDone is what came of a call.
type caDone struct {
	state identity.CertState
	err   error
}

func challenge() []byte { return []byte("a challenge of thirty-two bytes.") }

// confirmed is a QR code that the phone has confirmed.
func (h *caHouse) confirmed() string {
	h.t.Helper()
	ticket, err := h.calm.CreateLogin(h.t.Context(), pharmacist(), challenge())
	if err != nil {
		h.t.Fatal(err)
	}
	if err := h.ca.Act(h.ca.Latest(), "confirm", h.who.Code, ""); err != nil {
		h.t.Fatal(err)
	}
	return ticket.Ticket
}

// signing is a request to sign, with a fresh leave and a fresh number.
func (h *caHouse) signing() identity.CertSigning {
	h.t.Helper()
	p, err := h.calm.Poll(h.t.Context(), pharmacist(), h.confirmed(), challenge())
	if err != nil || p.State != identity.CertConfirmed || p.Token == "" {
		h.t.Fatalf("%+v %v", p, err)
	}
	h.made++
	digest := seal.SM3(fmt.Append(nil, h.made))
	return identity.CertSigning{Number: fmt.Sprintf("number-%d", h.made), PersonCode: h.who.Code, Token: p.Token, Digest: digest[:]}
}

// caCallCase is a service with what calls it; prepare runs without a fault.
type caCallCase struct {
	service, kind string
	prepare       func() func(v identity.CertVerifier) caDone
}

func (h *caHouse) calls() []caCallCase {
	ctx, by := context.Background(), pharmacist()
	poll := func() func(v identity.CertVerifier) caDone {
		ticket := h.confirmed()
		return func(v identity.CertVerifier) caDone {
			p, err := v.Poll(ctx, by, ticket, challenge())
			return caDone{p.State, err}
		}
	}
	list := []caCallCase{
		{wire.CAPing, "ping", func() func(v identity.CertVerifier) caDone {
			return func(v identity.CertVerifier) caDone { return caDone{"", v.Ping(ctx, by)} }
		}},
		{wire.CAQR, "read", func() func(v identity.CertVerifier) caDone {
			return func(v identity.CertVerifier) caDone {
				_, err := v.CreateLogin(ctx, by, challenge())
				return caDone{"", err}
			}
		}},
		{wire.CAQRState, "poll", poll},
		{wire.CAPerson, "read", func() func(v identity.CertVerifier) caDone {
			code := h.who.Code
			if h.says.Vendor == "bjca" {
				code = h.who.IDNumber
			}
			return func(v identity.CertVerifier) caDone {
				p, err := v.Person(ctx, by, code)
				if err == nil && p.Name != h.who.Name {
					err = fmt.Errorf("the name %q", p.Name)
				}
				return caDone{"", err}
			}
		}},
		{wire.CACertificate, "read", func() func(v identity.CertVerifier) caDone {
			p, err := h.calm.Poll(ctx, by, h.confirmed(), challenge())
			if err != nil {
				h.t.Fatal(err)
			}
			return func(v identity.CertVerifier) caDone {
				s, err := v.Status(ctx, by, p.Proof.Certificate)
				if err == nil && s != identity.CertGood {
					err = fmt.Errorf("the state %q", s)
				}
				return caDone{"", err}
			}
		}},
		{wire.CASign, "sign", func() func(v identity.CertVerifier) caDone {
			s := h.signing()
			return func(v identity.CertVerifier) caDone { _, err := v.Sign(ctx, by, s); return caDone{"", err} }
		}},
		{wire.CASigned, "find", func() func(v identity.CertVerifier) caDone {
			s := h.signing()
			if _, err := h.calm.Sign(ctx, by, s); err != nil {
				h.t.Fatal(err)
			}
			return func(v identity.CertVerifier) caDone { _, err := v.FindSignature(ctx, by, s); return caDone{"", err} }
		}},
	}
	if h.says.Gateway() {
		list[4].kind = "gateway"
		return list
	}
	return append(list, caCallCase{wire.CAToken, "read", poll}, caCallCase{wire.CAOwner, "read", poll}, caCallCase{wire.CASign, "login", poll})
}

// caOutcome is what a fault must come to: the error, or the state of a QR code, the
// result in the transfer log and words of the sentence that a person reads.
type caOutcome struct {
	is     error
	state  identity.CertState
	result translog.Result
	words  string
}

// caFaultCase is a fault with its outcome by kind of call; a kind that is not named has
// read's, and one without any suffers no harm.
type caFaultCase struct {
	name  string
	fault simulator.CAFaults
	by    map[string]caOutcome
}

func caFaultCases(says wire.CAStyle) []caFaultCase {
	lost := func(words string) map[string]caOutcome {
		down := caOutcome{identity.ErrCertDown, "", translog.Failed, words}
		unknown := caOutcome{identity.ErrCertUnknown, "", translog.Unknown, words}
		return map[string]caOutcome{"ping": down, "read": down, "poll": down, "gateway": down, "find": down, "sign": unknown, "login": unknown}
	}
	malformed := caOutcome{identity.ErrCertDown, "", translog.Failed, "格式与约定不符"}
	refused := caOutcome{identity.ErrCertRefused, "", translog.Refused, "业务处理失败（模拟）"}
	unfinished := caOutcome{identity.ErrCertUnfinished, "", translog.OK, "还没有完成签名"}
	wrong := caOutcome{identity.ErrCertWrong, "", translog.Refused, "不是本人"}
	gateway := caOutcome{identity.ErrCertDown, "", translog.Failed, "证书网关"}
	signature := lost("验签不通过")
	if says.Vendor == "bjca" {
		signature = nil // its answers are not signed
	}
	unfinishedBy := map[string]caOutcome{"sign": unfinished, "find": unfinished, "login": {identity.ErrCertRefused, "", translog.OK, "换一个二维码"}}
	if says.Gateway() {
		unfinishedBy["poll"] = caOutcome{nil, identity.CertScanned, translog.OK, ""}
	}
	return []caFaultCase{
		{"slow", simulator.CAFaults{SlowMillis: 30_000}, lost("内应答")},
		{"500", simulator.CAFaults{Status500: true}, lost("HTTP 500")},
		{"done and lost", simulator.CAFaults{LostAnswer: true}, lost("HTTP 500")},
		{"cut", simulator.CAFaults{CutBody: true}, lost("中断")},
		{"web page", simulator.CAFaults{NotJSON: true}, lost("格式与约定不符")},
		{"too large", simulator.CAFaults{Oversized: true}, lost("超过 10 MB")},
		{"wrong envelope", simulator.CAFaults{WrongSignature: true}, signature},
		{"error in 200", simulator.CAFaults{ErrorIn200: true}, map[string]caOutcome{"ping": refused, "read": refused, "sign": refused, "find": refused, "login": refused,
			"poll": {nil, identity.CertError, translog.OK, ""}, "gateway": gateway}},
		{"empty", simulator.CAFaults{Empty: true}, map[string]caOutcome{"read": malformed, "poll": {nil, identity.CertError, translog.OK, ""}, "gateway": gateway,
			"sign": unfinished, "find": unfinished, "login": {identity.ErrCertRefused, "", translog.OK, "换一个二维码"}}},
		{"wrong person", simulator.CAFaults{WrongPerson: true}, map[string]caOutcome{"poll": {nil, identity.CertWrong, translog.OK, ""}, "sign": wrong, "login": wrong}},
		{"unfinished", simulator.CAFaults{Unfinished: true}, unfinishedBy},
		// What the next three bring has the promised shape; who gets it checks it, see
		// the tests of logging in and signing.
		{"another certificate", simulator.CAFaults{OtherCertificate: true}, nil},
		{"another value", simulator.CAFaults{BadValue: true}, map[string]caOutcome{"gateway": gateway}},
		{"another time stamp", simulator.CAFaults{BadStamp: true}, nil},
	}
}

// lineFaults is how many of the faults are of the line; words do not matter to them, so
// that a style of other words is not put through them again.
const lineFaults = 6

// Every fault of the CA against every call of both styles, and those of the words
// against a style that a mapping file describes: what comes of it, what the log says, what a person reads; nothing is
// ever signed twice, and all is well when the fault is gone.
func TestEveryFaultOfTheCAAgainstEveryCall(t *testing.T) {
	for style, says := range caStyles(t) {
		t.Run(style, func(t *testing.T) {
			h := newCAHouse(t, says)
			cases := caFaultCases(says)
			if style == mappedStyle {
				cases = cases[lineFaults:]
			}
			for _, call := range h.calls() {
				for _, x := range cases {
					t.Run(call.service+" "+call.kind+"/"+x.name, func(t *testing.T) { h.suffers(t, call, x) })
				}
			}
			h.t = t
			h.noneTwice()
		})
	}
}

func (h *caHouse) suffers(t *testing.T, call caCallCase, x caFaultCase) {
	h.t = t
	do := call.prepare()
	v := h.calm
	if x.name == "slow" {
		v = h.hasty
		// The connection is open before the clock counts.
		for v.Ping(t.Context(), pharmacist()) != nil {
			t.Log("slow machine")
		}
	}
	service := h.says.Service(call.service).Code
	x.fault.On = service
	h.ca.SetFaults(x.fault)
	before := h.ca.Requests(service)
	got := do(v)
	h.ca.SetFaults(simulator.CAFaults{})
	if n := h.ca.Requests(service) - before; n != 1 {
		t.Errorf("asked %d times", n)
	}
	want, harm := x.by[call.kind]
	if !harm {
		if got.err != nil || got.state != "" && got.state != identity.CertConfirmed {
			t.Errorf("no harm was to be done: %+v", got)
		}
		return
	}
	switch {
	case want.is == nil && (got.err != nil || got.state != want.state):
		t.Errorf("%+v, want %s", got, want.state)
	case want.is != nil && (!errors.Is(got.err, want.is) || got.state == identity.CertConfirmed && call.kind == "poll"):
		t.Errorf("%v, want %v", got.err, want.is)
	case want.is != nil && (!strings.Contains(db.Sentence(got.err), want.words) || db.KindOf(got.err) == db.Internal):
		t.Errorf("a person reads %q, want %q", db.Sentence(got.err), want.words)
	}
	if list := h.exchanges(); list[0].Service != service || list[0].Result != want.result || list[0].Open {
		t.Errorf("the log says %+v, want %s", list[0], want.result)
	}
	if got := call.prepare()(h.calm); got.err != nil || got.state != "" && got.state != identity.CertConfirmed {
		t.Errorf("after the fault: %+v", got)
	}
}

// noneTwice asks once more for every number: the authority has signed each at most once.
func (h *caHouse) noneTwice() {
	h.t.Helper()
	before := h.ca.Signed()
	for i := range h.made {
		_, err := h.calm.FindSignature(h.t.Context(), pharmacist(), identity.CertSigning{Number: fmt.Sprintf("number-%d", i+1), PersonCode: h.who.Code})
		if err != nil && !errors.Is(err, identity.ErrCertNone) && !errors.Is(err, identity.ErrCertUnfinished) {
			h.t.Errorf("number %d: %v", i+1, err)
		}
	}
	if n := h.ca.Signed(); n != before {
		h.t.Errorf("asking what became of requests signed %d", n-before)
	}
	h.good()
}
