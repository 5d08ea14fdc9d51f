package dbtest

import (
	"bytes"
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"net"
	"path/filepath"
	"strconv"
	"strings"

	"github.com/lib/pq"
	"github.com/lib/pq/scram"
)

// session ends the login and goes on with the server behind, message by
// message from the client so that Answers can be given.
func (f *GaussFront) session(c net.Conn, parameters map[string]string) error {
	if f.Backend == "" {
		return f.alone(c)
	}
	server, err := f.backend(parameters)
	if err != nil {
		return errors.Join(err, refuseGauss(c, "57P03", "the server behind the front: "+err.Error()))
	}
	defer func() { _ = server.Close() }()
	if _, err := c.Write(gaussPacket('R', make([]byte, 4))); err != nil {
		return err
	}
	go func() {
		_, _ = io.Copy(c, server)
		_ = c.Close()
	}()
	for {
		kind, body, err := readPacket(c)
		if err != nil {
			return err
		}
		to, message := server, gaussPacket(kind, body)
		if answer, ok := f.answer(kind, body); ok {
			to, message = c, answer
		}
		if _, err := to.Write(message); err != nil {
			return err
		}
	}
}

// alone plays a server that knows nothing but Answers.
func (f *GaussFront) alone(c net.Conn) error {
	hello := gaussPacket('R', make([]byte, 4))
	hello = append(hello, gaussPacket('S', []byte("server_version\x009.2.4\x00"))...)
	hello = append(hello, gaussPacket('K', make([]byte, 8))...)
	hello = append(hello, gaussPacket('Z', []byte("I"))...)
	if _, err := c.Write(hello); err != nil {
		return err
	}
	for {
		kind, body, err := readPacket(c)
		if err != nil || kind == 'X' {
			return err
		}
		answer, ok := f.answer(kind, body)
		if !ok && bytes.HasPrefix(body, []byte(";")) { // lib/pq's ping
			answer, ok = append(gaussPacket('I', nil), gaussPacket('Z', []byte("I"))...), true
		}
		if !ok {
			answer = gaussPacket('E', []byte("SERROR\x00C42601\x00Mnot known to the front\x00\x00"))
			answer = append(answer, gaussPacket('Z', []byte("I"))...)
		}
		if _, err := c.Write(answer); err != nil {
			return err
		}
	}
}

// answer makes the reply to a simple query with one text column.
func (f *GaussFront) answer(kind byte, body []byte) ([]byte, bool) {
	value, ok := f.Answers[strings.TrimSuffix(string(body), "\x00")]
	if kind != 'Q' || !ok {
		return nil, false
	}
	field := append([]byte{0, 1}, "answer\x00"...)
	field = append(field, 0, 0, 0, 0, 0, 0, 0, 0, 0, 25, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0, 0)
	row := binary.BigEndian.AppendUint32([]byte{0, 1}, uint32(len(value)))
	m := gaussPacket('T', field)
	m = append(m, gaussPacket('D', append(row, value...))...)
	m = append(m, gaussPacket('C', []byte("SELECT 1\x00"))...)
	return append(m, gaussPacket('Z', []byte("I"))...), true
}

func dialBackend(dsn string) (net.Conn, pq.Config, error) {
	cfg, err := pq.NewConfig(dsn)
	if err != nil {
		return nil, cfg, err
	}
	network, address := "tcp", net.JoinHostPort(cfg.Host, strconv.Itoa(int(cfg.Port)))
	if filepath.IsAbs(cfg.Host) {
		network, address = "unix", filepath.Join(cfg.Host, ".s.PGSQL."+strconv.Itoa(int(cfg.Port)))
	}
	c, err := net.Dial(network, address)
	return c, cfg, err
}

// cancel hands a cancel request on: the key in it is the backend's own.
func (f *GaussFront) cancel(packet []byte) error {
	server, _, err := dialBackend(f.Backend)
	if err != nil {
		return err
	}
	defer func() { _ = server.Close() }()
	request := binary.BigEndian.AppendUint32(nil, uint32(len(packet)+4))
	if _, err := server.Write(append(request, packet...)); err != nil {
		return err
	}
	_, err = io.Copy(io.Discard, server)
	return err
}

// backend logs in behind with the DSN's user and the client's parameters, less
// those that only openGauss knows.
func (f *GaussFront) backend(parameters map[string]string) (net.Conn, error) {
	c, cfg, err := dialBackend(f.Backend)
	if err != nil {
		return nil, err
	}
	packet := []byte{0, 0, 0, 0, 0, 3, 0, 0}
	add := func(k, v string) { packet = append(packet, k+"\x00"+v+"\x00"...) }
	add("user", cfg.User)
	add("database", cfg.Database)
	for k, v := range parameters {
		switch k {
		case "user", "database", "behavior_compat_options", "session_timeout":
		default:
			add(k, v)
		}
	}
	packet = append(packet, 0)
	binary.BigEndian.PutUint32(packet, uint32(len(packet)))
	_, err = c.Write(packet)
	if err == nil {
		err = loginBackend(c, cfg)
	}
	if err != nil {
		return nil, errors.Join(err, c.Close())
	}
	return c, nil
}

// loginBackend answers trust, cleartext and SCRAM up to AuthenticationOk.
func loginBackend(c net.Conn, cfg pq.Config) error {
	proof := scram.NewClient(sha256.New, cfg.User, cfg.Password)
	for {
		kind, body, err := readPacket(c)
		if err != nil {
			return err
		}
		if kind != 'R' {
			return fmt.Errorf("kind %q: %q", kind, body)
		}
		var answer []byte
		switch code := binary.BigEndian.Uint32(body); code {
		case 0:
			return nil
		case 3:
			answer = append([]byte(cfg.Password), 0)
		case 10:
			proof.Step(nil)
			answer = append([]byte("SCRAM-SHA-256\x00"), binary.BigEndian.AppendUint32(nil, uint32(len(proof.Out())))...)
			answer = append(answer, proof.Out()...)
		case 11:
			proof.Step(body[4:])
			answer = proof.Out()
		case 12:
			proof.Step(body[4:])
		default:
			return fmt.Errorf("authentication code %d", code)
		}
		if proof.Err() != nil {
			return proof.Err()
		}
		if answer == nil {
			continue
		}
		if _, err := c.Write(gaussPacket('p', answer)); err != nil {
			return err
		}
	}
}
