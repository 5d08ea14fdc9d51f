package dbtest

import (
	"bufio"
	"bytes"
	"crypto/hmac"
	"crypto/md5"
	"crypto/pbkdf2"
	"crypto/rand"
	"crypto/sha1"
	"crypto/sha256"
	"crypto/tls"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"net"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/lib/pq"
	"github.com/lib/pq/scram"

	"jingfang/sql/seal"
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

// gaussStored is a rolpassword taken apart.
type gaussStored struct {
	kind                 string // md5, sha256, sha256+md5, sm3
	salt, server, stored []byte
	md5, text            string // md5: 32 digits; text: salt…suffix without md5 part
	iterations           int
}

func parseStored(s string) (g gaussStored) {
	if rest, ok := strings.CutPrefix(s, "md5"); ok {
		return gaussStored{kind: "md5", md5: rest}
	}
	g.kind = "sha256"
	rest, ok := strings.CutPrefix(s, "sha256")
	if !ok {
		g.kind, rest = "sm3", strings.TrimPrefix(s, "sm3")
	}
	keys, suffix := rest[:192], rest[192:]
	if m, ok := strings.CutPrefix(suffix, "md5"); ok {
		g.kind, g.md5, suffix = "sha256+md5", m[:32], m[32:]
	}
	g.salt, _ = hex.DecodeString(keys[:64])
	g.server, _ = hex.DecodeString(keys[64:128])
	g.stored, _ = hex.DecodeString(keys[128:])
	g.text = keys + suffix
	for i := len(suffix) - 1; i >= 0; i-- {
		g.iterations = g.iterations*10 + int(suffix[i]-"ecdfdcefade"[i])
	}
	return g
}

// GaussPassword makes a rolpassword as openGauss stores it; kind is md5,
// sha256, sha256+md5 or sm3.
func GaussPassword(kind, user, password string, iterations int) string {
	sum := md5.Sum([]byte(password + user))
	old := "md5" + hex.EncodeToString(sum[:])
	if kind == "md5" {
		return old
	}
	salt := make([]byte, 32)
	rand.Read(salt)
	k, err := pbkdf2.Key(sha1.New, password, salt, iterations, 32)
	if err != nil {
		panic(err)
	}
	client, name, serverName := gaussMAC(k, "Client Key"), "sha256", "Sever Key"
	if kind == "sm3" {
		name, serverName = "sm3", "Server Key"
	}
	text := name + hex.EncodeToString(salt) + hex.EncodeToString(gaussMAC(k, serverName)) + hex.EncodeToString(gaussHash(kind, client))
	if kind == "sha256+md5" {
		text += old
	}
	suffix := []byte("ecdfdcefade")
	for i, n := 0, iterations; n > 0; i, n = i+1, n/10 {
		suffix[i] += byte(n % 10)
	}
	return text + string(suffix)
}

func gaussMAC(key []byte, text string) []byte {
	h := hmac.New(sha256.New, key)
	h.Write([]byte(text))
	return h.Sum(nil)
}

func gaussHash(kind string, b []byte) []byte {
	if kind == "sm3" {
		d := seal.SM3(b)
		return d[:]
	}
	d := sha256.Sum256(b)
	return d[:]
}

// code is the authentication code a user gets; fake says that no password fits.
func (g gaussStored) code(method string, minor int) (code int, fake bool) {
	old := g.kind == "md5" || g.kind == "sha256+md5"
	switch {
	case g.kind == "" && method == "sm3":
		return 13, true
	case g.kind == "" && (minor == 0 || method == "md5"):
		return 5, true
	case g.kind == "":
		return 10, true
	case g.kind == "sm3" || method == "sm3":
		return 13, g.kind != "sm3" || method != "sm3"
	case g.kind == "md5", old && method == "md5", old && minor == 0:
		return 5, false
	case method == "md5":
		return 11, false
	}
	return 10, false
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

func (g gaussStored) question(code, minor int, token []byte) []byte {
	b := binary.BigEndian.AppendUint32(nil, uint32(code))
	salt := hex.EncodeToString(g.salt)
	switch code {
	case 3:
		return b
	case 5:
		return append(b, token...)
	case 11:
		return append(append(b, salt...), token...)
	}
	b = binary.BigEndian.AppendUint32(b, map[int]uint32{10: 2, 13: 3}[code])
	b = append(append(b, salt...), hex.EncodeToString(token)...)
	switch minor {
	case 0:
		return append(b, hex.EncodeToString(gaussMAC(g.server, string(token)))...)
	case 51:
		return binary.BigEndian.AppendUint32(b, uint32(g.iterations))
	}
	return b
}

func (g gaussStored) accepts(code int, user, answer string, token []byte) bool {
	switch code {
	case 3:
		sum := md5.Sum([]byte(answer + user))
		return g.md5 == hex.EncodeToString(sum[:])
	case 5, 11:
		text := g.md5
		if code == 11 {
			text = g.text
		}
		sum := md5.Sum(append([]byte(text), token...))
		return answer == "md5"+hex.EncodeToString(sum[:])
	}
	proof, err := hex.DecodeString(answer)
	if err != nil || len(proof) != 32 {
		return false
	}
	for i, m := range gaussMAC(g.stored, string(token)) {
		proof[i] ^= m
	}
	return bytes.Equal(gaussHash(g.kind, proof), g.stored)
}
