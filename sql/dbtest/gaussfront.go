package dbtest

import (
	"crypto/rand"
	"crypto/tls"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"net"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
)

// GaussFront is the login of openGauss in front of another server: it asks for
// the proof as openGauss does, from a stored password, and then splices the
// session onto Backend. Set the fields, then call Start.
type GaussFront struct {
	// Users holds rolpassword texts by user name; GaussPassword makes them.
	Users map[string]string
	// Method is that of the pg_hba.conf line: md5, sha256, sm3, trust or
	// cleartext (the last two a real server does not offer to remote users).
	Method string
	// TLS, when set, is offered on SSLRequest, and required.
	TLS *tls.Config
	// Backend is the postgres:// DSN of the server behind. With "" the front
	// answers Answers itself and refuses all other statements.
	Backend string
	// Answers are statements answered by the front with one text value.
	Answers map[string]string
	// Twist may change a question before it is sent.
	Twist func(question []byte) []byte

	// Proofs, Conns, Startups and Cancels count password messages, accepted
	// connections, start-up packets and cancel requests.
	Proofs, Conns, Startups, Cancels atomic.Int64

	mu       sync.Mutex
	failures map[string]int
	last     map[string]string // parameters of the last start-up packet
	listener net.Listener
}

// Start listens on a free loopback port until the test ends and gives host:port.
func (f *GaussFront) Start(t testing.TB) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	f.listener, f.failures = l, map[string]int{}
	t.Cleanup(func() { _ = l.Close() })
	go func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			f.Conns.Add(1)
			go func() { _ = f.serve(c); _ = c.Close() }()
		}
	}()
	return l.Addr().String()
}

// Parameters gives those of the last start-up packet.
func (f *GaussFront) Parameters() map[string]string {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.last
}

// SetUser changes a stored password, as ALTER USER does; it unlocks too.
func (f *GaussFront) SetUser(user, stored string) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.Users[user] = stored
	delete(f.failures, user)
}

func (f *GaussFront) serve(c net.Conn) error {
	packet, err := readStartup(c)
	if err != nil {
		return err
	}
	if binary.BigEndian.Uint32(packet) == 80877103 {
		if f.TLS == nil {
			_, _ = c.Write([]byte("N"))
		} else if _, err := c.Write([]byte("S")); err == nil {
			c = tls.Server(c, f.TLS)
		}
		if packet, err = readStartup(c); err != nil {
			return err
		}
	} else if f.TLS != nil {
		return refuseGauss(c, "28000", "no pg_hba.conf entry, SSL off")
	}
	code := binary.BigEndian.Uint32(packet)
	if code == 80877102 {
		f.Cancels.Add(1)
		return f.cancel(packet)
	}
	minor := int(code & 0xffff)
	if code>>16 != 3 || minor != 0 && minor != 50 && minor != 51 {
		return refuseGauss(c, "0A000", "unsupported frontend protocol")
	}
	f.Startups.Add(1)
	parameters := map[string]string{}
	for words := strings.Split(string(packet[4:]), "\x00"); len(words) > 1 && words[0] != ""; words = words[2:] {
		parameters[words[0]] = words[1]
	}
	f.mu.Lock()
	f.last = parameters
	f.mu.Unlock()
	if err := f.login(c, parameters["user"], minor); err != nil {
		return err
	}
	return f.session(c, parameters)
}

func readStartup(c net.Conn) ([]byte, error) {
	var size [4]byte
	if _, err := io.ReadFull(c, size[:]); err != nil {
		return nil, err
	}
	n := binary.BigEndian.Uint32(size[:])
	if n < 8 || n > 10000 {
		return nil, fmt.Errorf("start-up packet of %d bytes", n)
	}
	packet := make([]byte, n-4)
	_, err := io.ReadFull(c, packet)
	return packet, err
}

func refuseGauss(c net.Conn, state, text string) error {
	body := "SFATAL\x00c0\x00C" + state + "\x00M" + text + "\x00\x00"
	_, err := c.Write(gaussPacket('E', []byte(body)))
	return errors.Join(err, errors.New(text))
}

func gaussPacket(kind byte, body []byte) []byte {
	m := binary.BigEndian.AppendUint32([]byte{kind}, uint32(len(body)+4))
	return append(m, body...)
}

func readPacket(r io.Reader) (kind byte, body []byte, err error) {
	var head [5]byte
	if _, err := io.ReadFull(r, head[:]); err != nil {
		return 0, nil, err
	}
	n := binary.BigEndian.Uint32(head[1:])
	if n < 4 || n > 1<<24 {
		return 0, nil, fmt.Errorf("packet of %d bytes", n)
	}
	body = make([]byte, n-4)
	_, err = io.ReadFull(r, body)
	return head[0], body, err
}

func (f *GaussFront) login(c net.Conn, user string, minor int) error {
	if f.Method == "trust" {
		return nil
	}
	f.mu.Lock()
	locked, text := f.failures[user] >= 10, f.Users[user]
	f.mu.Unlock()
	if locked {
		return refuseGauss(c, "28000", "The account has been locked.")
	}
	var g gaussStored
	if text != "" {
		g = parseStored(text)
	}
	code, fake := g.code(f.Method, minor)
	if fake { // as openGauss: a salt that looks right and no key behind it
		g = gaussStored{salt: make([]byte, 32), server: make([]byte, 32), stored: make([]byte, 32), iterations: 10000}
		rand.Read(g.salt)
	}
	if f.Method == "cleartext" {
		code = 3
	}
	token := make([]byte, 4)
	rand.Read(token)
	question := gaussPacket('R', g.question(code, minor, token))
	if f.Twist != nil {
		question = f.Twist(question)
	}
	if _, err := c.Write(question); err != nil {
		return err
	}
	kind, body, err := readPacket(c)
	if err != nil || kind != 'p' {
		return fmt.Errorf("no password message (%q): %w", kind, err)
	}
	f.Proofs.Add(1)
	if fake || !g.accepts(code, user, strings.TrimSuffix(string(body), "\x00"), token) {
		f.mu.Lock()
		f.failures[user]++
		f.mu.Unlock()
		return refuseGauss(c, "28P01", "Invalid username/password,login denied.")
	}
	return nil
}
