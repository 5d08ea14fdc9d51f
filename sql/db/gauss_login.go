package db

import (
	"context"
	"encoding/binary"
	"net"
	"sync"
	"sync/atomic"
)

// gaussConn is a connection to openGauss whose login is answered here. Of what
// lib/pq writes it changes two bytes of the start-up packet; of what the server
// sends it swallows the questions it answers. After AuthenticationOk it passes
// everything on untouched. Deadlines reach the connection below.
type gaussConn struct {
	net.Conn
	dialer  *gaussDialer
	address string

	open  atomic.Bool // the login is over
	first []byte      // the start-up packet as far as it has come; nil when sent
	out   []byte      // for lib/pq, not yet read
	asked bool        // the server has asked for a proof
	leave func()      // gives up the turn to send a proof

	ctx  context.Context // ends the login; not kept beyond it
	done func() bool     // false: ctx ended before the login did
}

func newGaussConn(caller context.Context, d *gaussDialer, conn net.Conn, address string) *gaussConn {
	ctx, cancel := context.WithTimeout(caller, d.cfg.timeout)
	c := &gaussConn{Conn: conn, dialer: d, address: address, ctx: ctx, first: []byte{}, leave: func() {}}
	stop := context.AfterFunc(ctx, func() { _ = conn.SetDeadline(longAgo()) })
	c.done = sync.OnceValue(func() bool {
		defer cancel()
		return stop()
	})
	return c
}

// Close gives up the login too, when it is still under way.
func (c *gaussConn) Close() error {
	c.done()
	c.leave()
	return c.Conn.Close()
}

// Write holds the start-up packet back until it is whole.
func (c *gaussConn) Write(p []byte) (int, error) {
	if c.first == nil || c.open.Load() {
		return c.Conn.Write(p)
	}
	c.first = append(c.first, p...)
	if len(c.first) < 8 {
		return len(p), nil
	}
	size := int(binary.BigEndian.Uint32(c.first))
	if size < 8 || size > maxStartup {
		return 0, malformed("start-up packet of %d bytes", size)
	}
	if len(c.first) < size {
		return len(p), nil
	}
	if err := c.start(); err != nil {
		return 0, err
	}
	return len(p), nil
}

// start sends the start-up packet, and with it whatever follows. It asks for
// protocol 3.51: that brings the iteration count with the question.
func (c *gaussConn) start() error {
	packet := c.first
	c.first = nil
	switch code := binary.BigEndian.Uint32(packet[4:]); code {
	case startProtocol30:
		binary.BigEndian.PutUint16(packet[6:], c.dialer.cfg.minor)
	case startCancel:
		c.pass()
	case startTLS, startGSS:
		return Refuse(Invalid, "驱动不能自己协商 openGauss 的 TLS。请让驱动用 sslmode=disable，TLS 由登录程序按 opengauss:// 连接串建立。")
	default:
		return Refuse(Invalid, "驱动要用协议 %d.%d，openGauss 会拒绝。请删去 max_protocol_version。", code>>16, code&0xffff)
	}
	_, err := c.Conn.Write(packet)
	return err
}

// pass makes the connection transparent.
func (c *gaussConn) pass() {
	c.done()
	c.leave()
	c.open.Store(true)
}

// Read answers the login and gives lib/pq the rest.
func (c *gaussConn) Read(p []byte) (int, error) {
	for len(c.out) == 0 {
		if c.open.Load() {
			return c.Conn.Read(p)
		}
		if err := c.step(); err != nil {
			c.leave()
			return 0, c.why(err)
		}
	}
	n := copy(p, c.out)
	c.out = c.out[n:]
	return n, nil
}

// why tells apart a server that failed and a login that ran out of time.
func (c *gaussConn) why(err error) error {
	if c.ctx.Err() != nil && KindOf(err) == Unavailable {
		return tooSlow(c.ctx, err)
	}
	return err
}

// step takes one message of the server.
func (c *gaussConn) step() error {
	m, err := readGaussMessage(c.Conn)
	if err != nil {
		return err
	}
	switch {
	case m.text:
		c.pass()
	case m.kind == 'R':
		return c.authentication(m)
	case m.kind == 'E':
		c.refused(m)
	case m.kind == 'v':
		return Refuse(Invalid, "对方是 PostgreSQL，不是 openGauss。请把连接串改为 postgres:// 开头。")
	case m.kind != 'N' && m.kind != 'S' && m.kind != 'K':
		return malformed("kind %q before the login ended", m.kind)
	}
	c.out = m.raw
	return nil
}

// refused notes a refusal before giving up the turn, so that the next in line
// sees it.
func (c *gaussConn) refused(m gaussMessage) {
	refusal := parseRefusal(m.body)
	if refusedLogin(string(refusal.Code)) {
		address := c.address
		if c.asked {
			address = anywhere
		}
		c.dialer.guard.refused(address, refusal)
	}
	c.leave()
}

// authentication takes an 'R' message: our codes are answered here, the others
// go to lib/pq if the DSN allows them.
func (c *gaussConn) authentication(m gaussMessage) error {
	if len(m.body) < 4 {
		return malformed("authentication request without a code")
	}
	allow := c.dialer.cfg.allow
	switch code := binary.BigEndian.Uint32(m.body); code {
	case authOK:
		return c.welcome(m)
	case authSHA256, authSM3:
		return c.answer(m)
	case authMixed:
		return c.unless(allow.mixed, "md5_sha256", func() error { return c.answer(m) })
	case authMD5:
		return c.unless(allow.md5, "md5", func() error { return c.handOver(m) })
	case authCleartext:
		return c.unless(allow.cleartext, "cleartext", func() error { return c.handOver(m) })
	default:
		return Refuse(Unavailable, "openGauss 要求的登录方式（%d）本程序不支持。请在 pg_hba.conf 里用 sha256 或 sm3。", code)
	}
}

func (c *gaussConn) unless(allowed bool, name string, do func() error) error {
	if allowed {
		return do()
	}
	return Refuse(Unavailable, "openGauss 要求较弱的登录方式 %s，已拒绝。请把 password_encryption_type 设为 2 或 3、重设口令，"+
		"并在 pg_hba.conf 里用 sha256 或 sm3；确需使用时在连接串加 gauss_allow=%s。", name, name)
}

// welcome ends the login. A server that lets us in without a question is not
// ours: openGauss has no trust for remote users.
func (c *gaussConn) welcome(m gaussMessage) error {
	if !c.asked && !c.dialer.cfg.allow.trust {
		return Refuse(Unavailable, "openGauss 没有核对口令就放行，已断开。请检查地址是否正确、pg_hba.conf 是否误用 trust。")
	}
	if !c.done() {
		return tooSlow(c.ctx, nil)
	}
	c.dialer.guard.succeeded(c.address)
	c.out = m.raw
	c.pass()
	return nil
}

// handOver lets lib/pq answer, in turn.
func (c *gaussConn) handOver(m gaussMessage) error {
	if err := c.enter(); err != nil {
		return err
	}
	c.out = m.raw
	return nil
}

// answer sends the proof for codes 10, 11 and 13. The key is derived before the
// turn is taken: it may take long, and other connections may know theirs.
func (c *gaussConn) answer(m gaussMessage) error {
	q, err := parseChallenge(m.body, c.dialer.cfg.minor)
	if err != nil {
		return err
	}
	if q.iterations == 0 {
		q.iterations = c.dialer.cfg.iterations
	}
	key, err := c.dialer.keys.derive(q.salt, q.iterations)
	if err != nil {
		return err
	}
	if q.signature != nil && !serverProved(q, key) {
		return Refuse(Unavailable, "openGauss 没能证明它存有本用户的口令，已断开。请核对口令、gauss_iterations（服务器的 auth_iteration_count）和服务器地址。")
	}
	if err := c.enter(); err != nil {
		return err
	}
	proof := gaussProof(q.code, key, q.token)
	if q.code == authMixed {
		proof = mixedProof(key, q)
	}
	_, err = c.Conn.Write(passwordMessage(proof))
	return err
}

// enter takes the turn to send a proof, once per connection: a second question
// could only serve to collect answers.
func (c *gaussConn) enter() error {
	if c.asked {
		return malformed("a second question")
	}
	leave, err := c.dialer.guard.enter(c.ctx, c.address)
	if err != nil {
		return err
	}
	c.asked, c.leave = true, leave
	return nil
}
