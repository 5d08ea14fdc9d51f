package main

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"time"

	"golang.org/x/sync/errgroup"
)

// shutdownTime bounds how long requests may go on after the program was asked
// to stop.
const shutdownTime = 10 * time.Second

// server is one listening address with all that answers on it.
type server struct {
	log      *slog.Logger
	listener net.Listener
	security security
	main     *http.Server
	plain    *http.Server // the other half of a port with TLS; nil without
	split    *split
}

// newServer prepares to serve; it takes the listener over.
func newServer(log *slog.Logger, l net.Listener, sec security, handler, plain http.Handler) *server {
	s := &server{log: log, listener: l, security: sec, main: newHTTP(log, handler)}
	if sec.config != nil {
		s.split = newSplit(l)
		s.main.TLSConfig = sec.config
		s.plain = newHTTP(log, plain)
	}
	return s
}

// newHTTP sets the limits that hold before a route is known. Routes set shorter
// ones (limited), and an event stream replaces the one for writing at its start;
// without any, an answer outside of the routes would meet the deadline that the
// request before left on the connection.
func newHTTP(log *slog.Logger, h http.Handler) *http.Server {
	return &http.Server{
		Handler: h, ErrorLog: serverLog(log),
		ReadHeaderTimeout: 10 * time.Second, WriteTimeout: long + 10*time.Second, IdleTimeout: 2 * time.Minute, MaxHeaderBytes: 32 << 10,
	}
}

// url is where a browser on this machine finds the server.
func (s *server) url() string {
	scheme := "http"
	if s.security.config != nil {
		scheme = "https"
	}
	host, port, err := net.SplitHostPort(s.listener.Addr().String())
	if err != nil {
		return scheme + "://" + s.listener.Addr().String()
	}
	if ip := net.ParseIP(host); ip != nil && ip.IsUnspecified() {
		host = "localhost"
	}
	return scheme + "://" + net.JoinHostPort(host, port)
}

// trustURLs are the addresses, for other devices, of the page that shows how to
// trust our certificate.
func (s *server) trustURLs() []string {
	hosts, err := hostsOf(s.listener.Addr(), nil)
	if err != nil {
		return nil // the listener itself works; only the hint is missing
	}
	_, port, err := net.SplitHostPort(s.listener.Addr().String())
	if err != nil {
		return nil
	}
	var list []string
	for _, h := range hosts {
		if ip := net.ParseIP(h); ip != nil && !ip.IsLoopback() {
			list = append(list, "http://"+net.JoinHostPort(h, port)+"/trust")
		}
	}
	return list
}

// run serves until ctx ends, then stops in order: stopStreams lets the event
// streams go, which would otherwise be waited for, then the requests end.
func (s *server) run(ctx context.Context, stopStreams func()) error {
	g, ctx := errgroup.WithContext(ctx)
	if s.split == nil {
		g.Go(func() error { return served(s.main.Serve(s.listener)) })
	} else {
		g.Go(s.split.run)
		g.Go(func() error { return served(s.main.ServeTLS(s.split.secure, "", "")) })
		g.Go(func() error { return served(s.plain.Serve(s.split.plain)) })
	}
	g.Go(func() error {
		<-ctx.Done()
		stopStreams()
		return s.stop()
	})
	return g.Wait()
}

func served(err error) error {
	if errors.Is(err, http.ErrServerClosed) {
		return nil
	}
	return fmt.Errorf("serve: %w", err)
}

// stop waits for running requests, not for ever.
func (s *server) stop() error {
	ctx, cancel := context.WithTimeout(context.Background(), shutdownTime)
	defer cancel()
	var errs []error
	if s.split != nil {
		if err := s.listener.Close(); err != nil && !errors.Is(err, net.ErrClosed) {
			errs = append(errs, err)
		}
	}
	for _, x := range []*http.Server{s.plain, s.main} {
		if x == nil {
			continue
		}
		err := x.Shutdown(ctx)
		if errors.Is(err, context.DeadlineExceeded) {
			s.log.Warn("requests did not end in time and are cut off")
			err = x.Close()
		}
		errs = append(errs, err)
	}
	return errors.Join(errs...)
}

// transport reaches the server from this program, trusting its certificate.
func (s *server) transport() http.RoundTripper {
	t := &http.Transport{ForceAttemptHTTP2: true}
	if a := s.security.authority; a != nil {
		roots := x509.NewCertPool()
		roots.AddCert(a.cert)
		t.TLSClientConfig = &tls.Config{RootCAs: roots, MinVersion: tls.VersionTLS12}
	}
	return t
}
