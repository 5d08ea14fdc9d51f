package web_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"jingfang/integration/simulator"
	"jingfang/integration/wire"
	"jingfang/session/identity"
	"jingfang/sql/db"
	"jingfang/sql/seal"
)

// caFault is a switch of the stand-in, and on which services it does harm; nil is all.
type caFault struct {
	name  string
	fault simulator.CAFaults
	on    []string
	words string // that a person reads of a signature; "" is none in particular
}

func everyCAFault(vendor string) []caFault {
	enveloped := []string{wire.CAQR, wire.CAQRState, wire.CACertificate, wire.CASign, wire.CASigned}
	proofs := []string{wire.CAQRState, wire.CACertificate, wire.CASign, wire.CASigned}
	unfinished := []string{wire.CAQRState, wire.CASign, wire.CASigned}
	if vendor == "bjca" {
		enveloped = []string{"none: its answers are not signed"}
		proofs, unfinished = []string{wire.CASign, wire.CASigned}, []string{wire.CASign, wire.CASigned}
	}
	return []caFault{
		{"500", simulator.CAFaults{Status500: true}, nil, "HTTP 500"},
		{"lost answer", simulator.CAFaults{LostAnswer: true}, nil, "HTTP 500"},
		{"error in 200", simulator.CAFaults{ErrorIn200: true}, nil, "业务处理失败"},
		{"cut", simulator.CAFaults{CutBody: true}, nil, "中断"},
		{"not JSON", simulator.CAFaults{NotJSON: true}, nil, "格式与约定不符"},
		{"empty", simulator.CAFaults{Empty: true}, nil, "还没有完成签名"},
		{"too large", simulator.CAFaults{Oversized: true}, nil, "10 MB"},
		{"wrong envelope", simulator.CAFaults{WrongSignature: true}, enveloped, "验签不通过"},
		{"wrong person", simulator.CAFaults{WrongPerson: true}, []string{wire.CAQRState, wire.CASign}, "不是本人"},
		{"another certificate", simulator.CAFaults{OtherCertificate: true}, []string{wire.CASign}, "另一张证书"},
		{"unfinished", simulator.CAFaults{Unfinished: true}, unfinished, "还没有完成签名"},
		{"another value", simulator.CAFaults{BadValue: true}, proofs, "签名验证不通过"},
		{"another time stamp", simulator.CAFaults{BadStamp: true}, []string{wire.CASign, wire.CASigned}, "时间戳不对"},
	}
}

func (x caFault) hurts(service string) bool { return x.on == nil || slices.Contains(x.on, service) }

// Every fault of every service that a login asks, in both styles: nobody is in who did
// not prove it, the page says what happened, and after the fault a code works.
func TestEveryFaultOfALogin(t *testing.T) {
	for vendor, services := range map[string][]string{
		"netca": {wire.CAQR, wire.CAQRState, wire.CACertificate},
		"bjca":  {wire.CAQR, wire.CAQRState, wire.CAToken, wire.CAOwner, wire.CASign, wire.CACertificate},
	} {
		for _, service := range services {
			p := newHospital(t, caSetup{vendor: vendor})
			for _, x := range everyCAFault(vendor) {
				if service == wire.CASign && x.name == "another time stamp" {
					x.on = []string{} // nothing is kept of a login that a time would matter for
				}
				t.Run(vendor+" "+service+"/"+x.name, func(t *testing.T) { p.loginUnder(t, vendor, service, x) })
			}
			if n := p.count(`SELECT count(*) FROM login WHERE how = 'ca' AND staff_id <> $1`, p.people["doc1"].ID); n != 0 {
				t.Errorf("%s %s: %d logins of somebody else", vendor, service, n)
			}
		}
	}
}

func (p *hospital) loginUnder(t *testing.T, vendor, service string, x caFault) {
	says, _ := wire.CAStyleOf(vendor)
	before := p.count(`SELECT count(*) FROM login`)
	c := p.client()
	if service != wire.CAQR {
		c.scan()
		p.act(p.ca.Latest(), "confirm", personA)
	}
	x.fault.On, x.fault.Times = says.Service(service).Code, 1
	p.ca.SetFaults(x.fault)
	var a answer
	if service == wire.CAQR {
		a = c.htmx("/login/ca")
	} else {
		a = c.follow("shown", "waiting")
	}
	p.ca.SetFaults(simulator.CAFaults{})
	in := c.get("/")
	switch {
	case !x.hurts(service) && service == wire.CAQR:
		a.want(http.StatusOK, `data-state="waiting"`)
	case !x.hurts(service):
		in.want(http.StatusOK, "doc1")
		return
	case in.status == http.StatusOK || p.count(`SELECT count(*) FROM login`) != before:
		t.Fatal("somebody is in")
	case a.status != http.StatusOK || !strings.Contains(a.body, "ca-why") && !strings.Contains(a.body, `data-state="scanned"`):
		t.Fatalf("the page says nothing: %d %s", a.status, a.body)
	}
	// The next try succeeds: with the code that is there where it lives on.
	p.clock.forward(20 * time.Second)
	if !strings.Contains(a.body, `data-state="waiting"`) && !strings.Contains(a.body, `data-state="scanned"`) {
		c.scan()
	}
	if service == wire.CAQR || !strings.Contains(a.body, `data-state="waiting"`) && !strings.Contains(a.body, `data-state="scanned"`) {
		p.act(p.ca.Latest(), "confirm", personA)
	}
	a = c.follow()
	if a.header.Get("HX-Redirect") != "/" && vendor == "bjca" {
		// Its code for a token is given once: a fresh QR code is needed, and said to be.
		a.want(http.StatusOK, `data-state="error"`, "换一个二维码")
		c.scan()
		p.act(p.ca.Latest(), "confirm", personA)
		a = c.follow()
	}
	if a.header.Get("HX-Redirect") != "/" {
		t.Errorf("after the fault: %d %s", a.status, a.body)
	}
}

// Every fault of signing and of asking what became of it, in both styles: nothing is
// kept that was not checked, and each number is signed once.
func TestEveryFaultOfASignature(t *testing.T) {
	for _, vendor := range wire.CAVendors() {
		p := newHospital(t, caSetup{vendor: vendor})
		p.in(personA)
		for _, service := range []string{wire.CASign, wire.CASigned} {
			for _, x := range everyCAFault(vendor) {
				t.Run(vendor+" "+service+"/"+x.name, func(t *testing.T) { p.signUnder(t, vendor, service, x) })
			}
		}
	}
}

func (p *hospital) signUnder(t *testing.T, vendor, service string, x caFault) {
	ctx, says, who := context.Background(), style(vendor), p.people["doc1"].ID
	number, before := vendor+service+x.name, p.ca.Signed()
	digest := seal.SM3([]byte(number))
	if service == wire.CASigned {
		if _, err := p.svc.SignDigest(ctx, who, number, digest[:]); err != nil {
			t.Fatal(err)
		}
	}
	x.fault.On = says.Service(service).Code
	p.ca.SetFaults(x.fault)
	ask := p.svc.SignDigest
	if service == wire.CASigned {
		ask = p.svc.FindSignature
	}
	got, err := ask(ctx, who, number, digest[:])
	p.ca.SetFaults(simulator.CAFaults{})
	if harm := x.hurts(service); harm != (err != nil) || harm && (got.Value != nil || !strings.Contains(db.Sentence(err), x.words)) {
		t.Errorf("harm %t: %v %q", harm, err, db.Sentence(err))
	}
	check(t, p.ca.Finish())
	p.clock.forward(20 * time.Second)
	got, err = p.svc.FindSignature(ctx, who, number, digest[:])
	if errors.Is(err, identity.ErrCertNone) {
		got, err = p.svc.SignDigest(ctx, who, number, digest[:])
	}
	if err != nil || len(got.Value) == 0 || len(got.TimeToken) == 0 {
		t.Errorf("after the fault: %+v %v", got, err)
	}
	if n := p.ca.Signed() - before; n != 1 {
		t.Errorf("signed %d times", n)
	}
}

func style(vendor string) wire.CAStyle {
	s, ok := wire.CAStyleOf(vendor)
	if !ok {
		panic(fmt.Sprintf("no style %q", vendor))
	}
	return s
}
