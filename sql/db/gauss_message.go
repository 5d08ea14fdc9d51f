package db

import (
	"bytes"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"fmt"
	"io"

	"github.com/lib/pq"
	"github.com/lib/pq/pqerror"
)

// Codes of an authentication request ('R') that we know.
const (
	authOK        = 0
	authCleartext = 3
	authMD5       = 5
	authSHA256    = 10
	authMixed     = 11 // MD5 over SHA-256 material
	authSM3       = 13
)

// First four bytes of a start-up packet's body.
const (
	startProtocol30 = 3 << 16
	startCancel     = 80877102
	startTLS        = 80877103
	startGSS        = 80877104
)

// Iteration counts a server may name. Fewer would let a false server search
// for the password, more would keep us computing for minutes.
const (
	leastIterations = 2048
	mostIterations  = 10_000_000
)

const (
	maxStartup = 10000 // PostgreSQL's own limit of the start-up packet
	maxMessage = 30000 // longer before the login is not a protocol message
)

var errGaussProtocol = errors.New("openGauss login: malformed message")

func malformed(format string, args ...any) error {
	return fmt.Errorf("%w: %s", errGaussProtocol, fmt.Sprintf(format, args...))
}

func checkIterations(n int) error {
	if n < leastIterations || n > mostIterations {
		return malformed("%d iterations are not between %d and %d", n, leastIterations, mostIterations)
	}
	return nil
}

// gaussMessage is one message of the server: raw is kind, length and body.
type gaussMessage struct {
	kind byte
	body []byte
	raw  []byte
	// text says that no message began here: an old server's plain error text,
	// whose first letters look like a length.
	text bool
}

// readGaussMessage reads one message as it may come before AuthenticationOk.
func readGaussMessage(r io.Reader) (gaussMessage, error) {
	head := make([]byte, 5)
	if _, err := io.ReadFull(r, head); err != nil {
		return gaussMessage{}, fmt.Errorf("openGauss login: %w", err)
	}
	n := binary.BigEndian.Uint32(head[1:])
	if n > maxMessage && head[0] == 'E' {
		return gaussMessage{kind: 'E', raw: head, text: true}, nil
	}
	if n < 4 || n > maxMessage {
		return gaussMessage{}, malformed("kind %q with length %d", head[0], n)
	}
	raw := append(head, make([]byte, n-4)...)
	if _, err := io.ReadFull(r, raw[5:]); err != nil {
		return gaussMessage{}, fmt.Errorf("openGauss login: %w", err)
	}
	return gaussMessage{kind: head[0], body: raw[5:], raw: raw}, nil
}

// gaussChallenge is what a server asks in codes 10, 11 and 13.
type gaussChallenge struct {
	code       int
	salt       [32]byte
	token      [4]byte
	iterations int    // 0: not named (protocol 3.0, code 11)
	signature  []byte // 32 bytes of the server's proof, protocol 3.0 only
}

// parseChallenge reads the body of an 'R' message of code 10, 11 or 13 under
// the protocol 3.minor that was asked for.
func parseChallenge(body []byte, minor uint16) (gaussChallenge, error) {
	c := gaussChallenge{code: int(binary.BigEndian.Uint32(body))}
	rest := body[4:]
	if c.code == authMixed {
		if len(rest) != 64+4 {
			return c, malformed("code 11 with %d bytes", len(body))
		}
		copy(c.token[:], rest[64:])
		return c, decodeHex(c.salt[:], rest[:64])
	}
	method, tail := map[int]uint32{authSHA256: 2, authSM3: 3}[c.code], 64
	if minor == 51 {
		tail = 4
	}
	if len(rest) != 4+64+8+tail {
		return c, malformed("code %d with %d bytes", c.code, len(body))
	}
	if got := binary.BigEndian.Uint32(rest); got != method {
		return c, malformed("code %d with stored method %d", c.code, got)
	}
	return c.parseTail(rest[4:], minor)
}

func (c gaussChallenge) parseTail(rest []byte, minor uint16) (gaussChallenge, error) {
	err := errors.Join(decodeHex(c.salt[:], rest[:64]), decodeHex(c.token[:], rest[64:72]))
	if minor == 51 {
		n := binary.BigEndian.Uint32(rest[72:])
		c.iterations = int(min(n, mostIterations+1)) // int32 on the wire; no wrap on 32 bits
		return c, errors.Join(err, checkIterations(c.iterations))
	}
	c.signature = make([]byte, 32)
	return c, errors.Join(err, decodeHex(c.signature, rest[72:]))
}

func decodeHex(dst, src []byte) error {
	if _, err := hex.Decode(dst, src); err != nil {
		return malformed("not hexadecimal")
	}
	return nil
}

// parseRefusal reads the fields of an ErrorResponse that tell who was refused.
func parseRefusal(body []byte) *pq.Error {
	e := &pq.Error{}
	for len(body) > 1 && body[0] != 0 {
		value, rest, _ := bytes.Cut(body[1:], []byte{0})
		switch body[0] {
		case 'S':
			e.Severity = string(value)
		case 'C':
			e.Code = pqerror.Code(value)
		case 'M':
			e.Message = string(value)
		}
		body = rest
	}
	return e
}

// passwordMessage is the client's answer: text, then NUL.
func passwordMessage(answer string) []byte {
	m := binary.BigEndian.AppendUint32([]byte{'p'}, uint32(len(answer)+5))
	return append(append(m, answer...), 0)
}
