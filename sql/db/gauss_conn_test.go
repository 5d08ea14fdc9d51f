package db

import (
	"context"
	"encoding/binary"
	"net"
	"strings"
	"testing"
	"time"

	"github.com/lib/pq"
)

// pipe gives a login connection and the server's end of it.
func pipe(t *testing.T) (client *gaussConn, server net.Conn) {
	t.Helper()
	cfg, err := parseGaussDSN("opengauss://app:x@db/clinic?sslmode=disable")
	if err != nil {
		t.Fatal(err)
	}
	d, err := newGaussDialer(cfg)
	if err != nil {
		t.Fatal(err)
	}
	a, b := net.Pipe()
	client = newGaussConn(context.Background(), d, a, "db:5432")
	t.Cleanup(func() { _ = client.Close(); _ = b.Close() })
	return client, b
}

func startup(code uint32, rest string) []byte {
	p := binary.BigEndian.AppendUint32(nil, uint32(8+len(rest)))
	return append(binary.BigEndian.AppendUint32(p, code), rest...)
}

// The start-up packet leaves whole, with minor 51, however it was cut.
func TestGaussConnStartup(t *testing.T) {
	client, server := pipe(t)
	packet := startup(startProtocol30, "user\x00app\x00\x00")
	got := make(chan []byte, 1)
	go func() {
		b := make([]byte, 100)
		n, _ := server.Read(b)
		got <- b[:n]
	}()
	for i := range packet {
		if n, err := client.Write(packet[i : i+1]); n != 1 || err != nil {
			t.Fatal(n, err)
		}
	}
	want := append([]byte{}, packet...)
	want[7] = 51
	if b := <-got; string(b) != string(want) {
		t.Errorf("sent %q, want %q", b, want)
	}
}

func TestGaussConnRefusesStartup(t *testing.T) {
	for want, packet := range map[string][]byte{
		"sslmode=disable":      startup(startTLS, ""),
		"sslmode=disable，":     startup(startGSS, ""),
		"max_protocol_version": startup(3<<16|2, "user\x00app\x00\x00"),
		"start-up packet":      {0, 0, 0, 1, 0, 3, 0, 0},
	} {
		client, _ := pipe(t)
		if _, err := client.Write(packet); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%v: %v, want %q", packet, err, want)
		}
	}
}

// A cancel request passes as it is, and the connection is transparent then.
func TestGaussConnCancelRequest(t *testing.T) {
	client, server := pipe(t)
	packet := startup(startCancel, "\x00\x00\x00\x07key!")
	go func() {
		b := make([]byte, 100)
		n, _ := server.Read(b)
		_, _ = server.Write(b[:n])
	}()
	if _, err := client.Write(packet); err != nil {
		t.Fatal(err)
	}
	b := make([]byte, 100)
	if n, err := client.Read(b); err != nil || string(b[:n]) != string(packet) {
		t.Errorf("%q, %v", b[:n], err)
	}
}

func TestGaussConnDeadline(t *testing.T) {
	client, _ := pipe(t)
	if err := client.SetDeadline(longAgo()); err != nil {
		t.Fatal(err)
	}
	if _, err := client.Read(make([]byte, 1)); KindOf(err) != Unavailable {
		t.Errorf("%v, want a timeout of the connection below", err)
	}
}

// An old server's plain text reaches the driver, which knows how to show it.
func TestGaussConnPlainText(t *testing.T) {
	client, server := pipe(t)
	const text = "Ecould not fork new process\x00"
	go func() { _, _ = server.Write([]byte(text)) }()
	var all []byte
	for b := make([]byte, 3); len(all) < len(text); {
		n, err := client.Read(b)
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, b[:n]...)
	}
	if string(all) != text {
		t.Errorf("%q", all)
	}
}

// A second question on one connection could only collect answers.
func TestGaussConnSecondQuestion(t *testing.T) {
	client, server := pipe(t)
	body := append([]byte{0, 0, 0, authSHA256, 0, 0, 0, 2}, strings.Repeat("ab", 32)+"01020304"+"\x00\x00\x08\x00"...)
	question := append(binary.BigEndian.AppendUint32([]byte{'R'}, uint32(len(body)+4)), body...)
	answers := make(chan int, 2)
	go func() {
		for range 2 {
			_, _ = server.Write(question)
			n, _ := server.Read(make([]byte, 100))
			answers <- n
		}
	}()
	if _, err := client.Read(make([]byte, 1)); err == nil || !strings.Contains(err.Error(), "second question") {
		t.Errorf("%v", err)
	}
	if n := <-answers; n != 70 {
		t.Errorf("the first answer has %d bytes, want 70", n)
	}
	_ = client.Close()
	if n := <-answers; n != 0 {
		t.Errorf("the second question was answered with %d bytes", n)
	}
}

// The turn to send a proof is given up when a connection goes, however it goes.
func TestGaussGuardGate(t *testing.T) {
	g := newGaussGuard(time.Minute, time.Hour, time.Now)
	leave, err := g.enter(t.Context(), "a")
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := g.enter(ctx, "b"); err == nil {
		t.Error("two proofs at a time")
	}
	leave()
	leave() // twice does no harm
	g.refused("a", &pq.Error{Code: "28000"})
	if _, err := g.enter(t.Context(), "a"); State(err) != "28000" {
		t.Errorf("%v, want the refusal", err)
	}
	leave, err = g.enter(t.Context(), "b")
	if err != nil {
		t.Errorf("another host is held too: %v", err)
	}
	leave()
}
