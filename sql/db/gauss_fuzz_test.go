package db

import (
	"bytes"
	"encoding/binary"
	"errors"
	"io"
	"strings"
	"testing"
)

// FuzzGaussMessage feeds what a server may send before the login has ended.
func FuzzGaussMessage(f *testing.F) {
	hex64 := strings.Repeat("ab", 32)
	question := func(code, method byte, tail string) []byte {
		body := append([]byte{0, 0, 0, code, 0, 0, 0, method}, hex64+"01020304"+tail...)
		return append(binary.BigEndian.AppendUint32([]byte{'R'}, uint32(len(body)+4)), body...)
	}
	f.Add(question(authSHA256, 2, "\x00\x00\x27\x10"), true)
	f.Add(question(authSM3, 3, hex64), false)
	f.Add(append(binary.BigEndian.AppendUint32([]byte{'R'}, 76), "\x00\x00\x00\x0b"+hex64+"\x01\x02\x03\x04"...), true)
	f.Add([]byte("Ecould not fork new process\x00"), true)
	f.Add([]byte("E\x00\x00\x00\x1bSFATAL\x00C28P01\x00Mdenied\x00\x00"), true)
	f.Add([]byte{'R', 0, 0, 0, 8, 0, 0, 0, 0}, false)
	f.Fuzz(func(t *testing.T, data []byte, new bool) {
		m, err := readGaussMessage(bytes.NewReader(data))
		if err != nil {
			if !errors.Is(err, errGaussProtocol) && !errors.Is(err, io.EOF) && !errors.Is(err, io.ErrUnexpectedEOF) {
				t.Fatalf("unknown error %v", err)
			}
			return
		}
		if !bytes.HasPrefix(data, m.raw) || len(m.raw) > maxMessage+1 {
			t.Fatalf("raw is not what was read: %d bytes", len(m.raw))
		}
		parseRefusal(m.body)
		if len(m.body) < 4 {
			return
		}
		switch binary.BigEndian.Uint32(m.body) {
		case authSHA256, authSM3, authMixed:
			checkChallenge(t, m.body, new)
		}
	})
}

// FuzzParseGaussDSN holds that no DSN is half read, and none is quoted.
func FuzzParseGaussDSN(f *testing.F) {
	f.Add("app:Geheim-1@db:5432,db2/clinic?sslmode=disable&connect_timeout=3")
	f.Add("app:%zz@/x?host=/run&port=1,2")
	f.Add("@:@?&&=;[::1]:/%")
	f.Fuzz(func(t *testing.T, rest string) {
		c, err := parseGaussDSN("opengauss://" + rest)
		if err == nil && (len(c.hosts) == 0 || c.user == "" || c.password.open() == "" || c.database == "" || c.tls.mode == "" || c.timeout <= 0) {
			t.Errorf("%q is read as %+v", rest, c)
		}
		if err != nil && KindOf(err) != Invalid {
			t.Errorf("%q: %v has no sentence", rest, err)
		}
	})
}

func checkChallenge(t *testing.T, body []byte, new bool) {
	t.Helper()
	minor := uint16(0)
	if new {
		minor = 51
	}
	c, err := parseChallenge(body, minor)
	switch {
	case err != nil:
		if !errors.Is(err, errGaussProtocol) {
			t.Fatalf("unknown error %v", err)
		}
	case c.code == authMixed:
	case new && checkIterations(c.iterations) != nil:
		t.Fatalf("%d iterations accepted", c.iterations)
	case !new && len(c.signature) != 32:
		t.Fatalf("a 3.0 question without a signature accepted")
	}
}

func TestParseRefusal(t *testing.T) {
	e := parseRefusal([]byte("SFATAL\x00c131\x00C28P01\x00MInvalid username/password,login denied.\x00dauth\x00\x00"))
	if e.Code != "28P01" || e.Severity != "FATAL" || e.Message != "Invalid username/password,login denied." {
		t.Errorf("%+v", e)
	}
	if e := parseRefusal([]byte("Cxx")); e.Code != "xx" {
		t.Errorf("a cut field: %+v", e)
	}
}
