package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"net"
	"sync"
	"syscall"
	"time"

	"jingfang/sql/db"
)

// firstByte is how long a new connection may take to say whether it speaks TLS.
const firstByte = 10 * time.Second

// listen opens the address; its errors say what to do.
func listen(ctx context.Context, addr string) (net.Listener, error) {
	l, err := new(net.ListenConfig).Listen(ctx, "tcp", addr)
	if errors.Is(err, syscall.EADDRINUSE) {
		return nil, db.Refuse(db.Conflict, "地址 %s 已被另一个程序占用（也许本程序已经在运行）。请结束那个程序，或用 -addr 换一个端口。", addr)
	}
	if errors.Is(err, syscall.EACCES) {
		return nil, db.Refuse(db.Denied, "没有权限监听 %s。请换一个 1024 以上的端口，或给程序 CAP_NET_BIND_SERVICE 权限。", addr)
	}
	if err != nil {
		return nil, fmt.Errorf("listen on %s: %w", addr, err)
	}
	return l, nil
}

// isLoopback tells whether only this machine reaches the address, so that plain
// HTTP is enough: browsers treat it as secure.
func isLoopback(a net.Addr) bool {
	tcp, ok := a.(*net.TCPAddr)
	return ok && tcp.IP.IsLoopback()
}

// split serves TLS and plain HTTP on one port: a browser that is given the bare
// address comes without TLS and must be met by something that sends it on and
// offers the certificate to trust. The first byte of a connection tells.
type split struct {
	net.Listener
	secure, plain *branch
	wait          sync.WaitGroup
}

// branch is one of the two listeners that split feeds.
type branch struct {
	addr  net.Addr
	conns chan net.Conn
	done  chan struct{}
	close func()
}

func newSplit(l net.Listener) *split {
	s := &split{Listener: l}
	s.secure, s.plain = newBranch(l.Addr()), newBranch(l.Addr())
	return s
}

func newBranch(addr net.Addr) *branch {
	done := make(chan struct{})
	return &branch{addr: addr, conns: make(chan net.Conn), done: done, close: sync.OnceFunc(func() { close(done) })}
}

// Accept waits for a connection of this branch.
func (b *branch) Accept() (net.Conn, error) {
	select {
	case c := <-b.conns:
		return c, nil
	case <-b.done:
		return nil, net.ErrClosed
	}
}

// Close ends the branch only; split.run ends with the listener.
func (b *branch) Close() error { b.close(); return nil }

// Addr is the address both branches share.
func (b *branch) Addr() net.Addr { return b.addr }

// run accepts until the listener closes, then waits for the connections that
// have not yet said what they are.
func (s *split) run() error {
	defer s.wait.Wait()
	for {
		c, err := s.Listener.Accept()
		if errors.Is(err, net.ErrClosed) {
			return nil
		}
		if err != nil {
			// Out of file descriptors, as a rule: others will end and free some.
			if errors.Is(err, syscall.EMFILE) || errors.Is(err, syscall.ENFILE) || errors.Is(err, syscall.ECONNABORTED) {
				pauseFor(s.secure.done, 100*time.Millisecond)
				continue
			}
			return fmt.Errorf("accept: %w", err)
		}
		s.wait.Go(func() { s.sort(c) })
	}
}

// sort looks at the first byte: 0x16 begins a TLS handshake and no HTTP method.
func (s *split) sort(c net.Conn) {
	known := &peeked{Conn: c, r: bufio.NewReaderSize(c, 16)}
	stop := closeWhen(s.secure.done, c)
	defer stop()
	if c.SetReadDeadline(time.Now().Add(firstByte)) != nil {
		c.Close()
		return
	}
	first, err := known.r.Peek(1)
	if err != nil || c.SetReadDeadline(time.Time{}) != nil {
		c.Close()
		return
	}
	to := s.plain
	if first[0] == 0x16 {
		to = s.secure
	}
	select {
	case to.conns <- known:
	case <-to.done:
		c.Close()
	}
}

// closeWhen closes the connection when done ends before stop is called.
func closeWhen(done <-chan struct{}, c net.Conn) (stop func()) {
	over := make(chan struct{})
	go func() {
		select {
		case <-done:
			c.Close()
		case <-over:
		}
	}()
	return func() { close(over) }
}

func pauseFor(done <-chan struct{}, d time.Duration) {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
	case <-done:
	}
}

// peeked is a connection whose first byte has been looked at.
type peeked struct {
	net.Conn
	r *bufio.Reader
}

// Read begins with what has been looked at.
func (p *peeked) Read(b []byte) (int, error) { return p.r.Read(b) }
