package simulator

import (
	"crypto/rand"
	"errors"
	"fmt"
	"net/http"
	"sync"
	"time"

	"jingfang/integration/wire"
	"jingfang/sql/seal"
)

// CAPerson is somebody with a certificate of the stand-in.
type CAPerson struct {
	// Code is the authority's number of the person; IDNumber the person's own, which
	// only the style bjca uses. Both are invented.
	Code, Name, IDNumber string
}

// DemoCAPersons lists the persons of the demo, by the names of its staff.
func DemoCAPersons() []CAPerson {
	var list []CAPerson
	for i, name := range []string{"演示医生甲", "演示医生乙", "演示医生丙", "演示医生丁", "演示药师甲", "演示药师乙"} {
		list = append(list, CAPerson{Code: fmt.Sprintf("DEMO-CA-%04d", i+1), Name: name, IDNumber: fmt.Sprintf("999900190001%05dX", i+1)})
	}
	return append(list, CAPerson{Code: "DEMO-CA-0099", Name: "演示外院人员", IDNumber: "99990019000100099X"})
}

// The states of a certificate at the stand-in.
const (
	caValid   = "valid"
	caRevoked = "revoked"
	caFrozen  = "frozen"
	caForeign = "foreign" // issued by somebody else of the same name
)

// caHolder is a person with the certificate of today.
type caHolder struct {
	CAPerson
	key   *seal.PrivateKey
	cert  *seal.Certificate
	state string
}

// caTicket is a QR code that was asked for.
type caTicket struct {
	id, state string // waiting, scanned, confirmed, refused, expired, wrong
	challenge []byte
	made      time.Time
	by        *caHolder // whom the authority names
	with      *caHolder // whose certificate signs; another one for an impersonator
	proof     []byte
	code      string // bjca: exchanged once for a token
}

// caSignature is a request to sign; it is done once whatever is asked.
type caSignature struct {
	by     *caHolder
	digest []byte
	value  []byte
	cert   []byte
	stamp  []byte
	done   bool
	asked  int
}

// CA is a stand-in for a certificate authority in two styles, with a page that plays
// the phone. It is safe for concurrent use.
type CA struct {
	key       wire.Key
	fake      wire.Key
	now       func() time.Time
	mux       *http.ServeMux
	verifier  *wire.Verifier
	talks     []caTalk
	own       *seal.Authority
	foreign   *seal.Authority
	gateKey   *seal.PrivateKey
	gateCert  *seal.Certificate
	stamper   *seal.Stamper
	ticketFor time.Duration

	mu       sync.Mutex
	faults   CAFaults
	phone    string // where the phone's page is, for the QR code
	holders  []*caHolder
	tickets  map[string]*caTicket
	latest   []string
	tokens   map[string]*caHolder
	signings map[string]*caSignature
	requests map[string]int
}

// NewCA makes an authority with its persons. own issues the certificates; nil makes a
// fresh one. now nil means time.Now. It speaks both styles as they are built in, except
// for those that are given.
func NewCA(key wire.Key, own *seal.Authority, persons []CAPerson, now func() time.Time, styles ...wire.CAStyle) (*CA, error) {
	if now == nil {
		now = time.Now
	}
	fake, err := wire.NewKey(key.AppID(), []byte("not the secret that was agreed on"))
	if err != nil {
		return nil, err
	}
	c := &CA{key: key, fake: fake, now: now, mux: http.NewServeMux(), own: own, ticketFor: 2 * time.Minute,
		tickets: map[string]*caTicket{}, tokens: map[string]*caHolder{}, signings: map[string]*caSignature{}, requests: map[string]int{}}
	c.verifier = wire.NewVerifier(now, key)
	if err := c.makeKeys(); err != nil {
		return nil, err
	}
	for _, p := range persons {
		h := &caHolder{CAPerson: p, state: caValid}
		if err := c.certify(h, c.own); err != nil {
			return nil, err
		}
		c.holders = append(c.holders, h)
	}
	c.talk(styles)
	return c, nil
}

func (c *CA) talk(styles []wire.CAStyle) {
	for _, vendor := range wire.CAVendors() {
		says, _ := wire.CAStyleOf(vendor)
		for _, other := range styles {
			if other.Vendor == vendor {
				says = other
			}
		}
		k := caTalk{c, says}
		c.talks = append(c.talks, k)
		k.routes()
	}
}

func (c *CA) styleOf(vendor string) wire.CAStyle {
	for _, k := range c.talks {
		if k.says.Vendor == vendor {
			return k.says
		}
	}
	return wire.CAStyle{}
}

func (c *CA) makeKeys() (err error) {
	if c.own == nil {
		if c.own, err = seal.NewAuthority("演示 CA 根证书", c.now()); err != nil {
			return err
		}
	}
	if c.foreign, err = seal.NewAuthority("演示 CA 根证书", c.now()); err != nil {
		return err
	}
	if c.stamper, err = seal.NewStamper(c.own, "演示时间戳服务", c.now()); err != nil {
		return err
	}
	if c.gateKey, err = seal.GenerateSM2(); err != nil {
		return err
	}
	c.gateCert, err = c.own.Issue(c.gateKey.Public(), seal.Certified{Name: "演示证书网关", NotBefore: c.now().Add(-time.Hour), NotAfter: c.now().AddDate(5, 0, 0)})
	return err
}

// certify gives a person a fresh key and certificate for a year.
func (c *CA) certify(h *caHolder, by *seal.Authority) error {
	key, err := seal.GenerateSM2()
	if err != nil {
		return err
	}
	now := c.now()
	cert, err := by.Issue(key.Public(), seal.Certified{Name: h.Name, PersonCode: h.Code, NotBefore: now.Add(-time.Hour), NotAfter: now.AddDate(1, 0, 0)})
	if err != nil {
		return err
	}
	h.key, h.cert = key, cert
	return nil
}

// Trusted are the certificates that a client must know.
func (c *CA) Trusted() []*seal.Certificate {
	return []*seal.Certificate{c.own.Certificate(), c.gateCert}
}

// SetPhone says where the phone's page is found; the QR codes lead there.
func (c *CA) SetPhone(url string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.phone = url
}

// ServeHTTP answers one request.
func (c *CA) ServeHTTP(w http.ResponseWriter, r *http.Request) { c.mux.ServeHTTP(w, r) }

// Requests is how often a service was asked.
func (c *CA) Requests(service string) int {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.requests[service]
}

// Signed is how many requests have been signed.
func (c *CA) Signed() int {
	c.mu.Lock()
	defer c.mu.Unlock()
	n := 0
	for _, s := range c.signings {
		if s.done {
			n++
		}
	}
	return n
}

// Finish completes the signatures that a fault has left unfinished.
func (c *CA) Finish() error {
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, s := range c.signings {
		if err := c.sign(s); err != nil {
			return err
		}
	}
	return nil
}

// DropTokens ends all leaves to sign, as the authority does after some hours.
func (c *CA) DropTokens() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.tokens = map[string]*caHolder{}
}

var errNobody = errors.New("没有这个人")

func (c *CA) holder(code string) *caHolder {
	for _, h := range c.holders {
		if h.Code == code {
			return h
		}
	}
	return nil
}

// SetCertificate changes what a person's certificate is: valid (a renewed one),
// revoked, frozen or foreign.
func (c *CA) SetCertificate(code, state string) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	h := c.holder(code)
	if h == nil {
		return errNobody
	}
	h.state = state
	switch state {
	case caValid:
		return c.certify(h, c.own)
	case caForeign:
		return c.certify(h, c.foreign)
	case caRevoked, caFrozen:
		return nil
	}
	return fmt.Errorf("不认识证书状态 %q", state)
}

// newTicket asks for a QR code; the caller holds the lock.
func (c *CA) newTicket(challenge []byte) *caTicket {
	t := &caTicket{id: rand.Text(), state: "waiting", challenge: challenge, made: c.now()}
	c.tickets[t.id] = t
	c.latest = append([]string{t.id}, c.latest[:min(len(c.latest), 19)]...)
	return t
}

// ticket finds one and lets it expire; the caller holds the lock.
func (c *CA) ticket(id string) *caTicket {
	t := c.tickets[id]
	if t != nil && (t.state == "waiting" || t.state == "scanned") && c.now().Sub(t.made) > c.ticketFor {
		t.state = "expired"
	}
	return t
}

// sign makes the signature of a request, once; the caller holds the lock.
func (c *CA) sign(s *caSignature) error {
	if s.done {
		return nil
	}
	value, err := s.by.key.Sign(s.digest)
	if err != nil {
		return err
	}
	over, err := seal.DigestOf(s.digest)
	if err != nil {
		over = seal.SM3(s.digest)
	}
	stamp, err := c.stamper.Stamp(over, c.now())
	if err != nil {
		return err
	}
	s.value, s.cert, s.stamp, s.done = value, s.by.cert.DER(), stamp, true
	return nil
}
