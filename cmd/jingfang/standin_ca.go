package main

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"os"
	"path/filepath"
	"time"

	"jingfang/integration/simulator"
	"jingfang/integration/wire"
	"jingfang/session/identity"
	"jingfang/sql/seal"
)

// caStandIn is the hospital's certificate authority in the demo, on a loopback port
// of its own, with the page that plays the phone.
type caStandIn struct {
	ca     *simulator.CA
	key    wire.Key
	server *http.Server
	url    string
	done   chan error
}

// makeAuthority keeps the key first: a certificate without its key would be useless.
func makeAuthority(dir string) (*seal.Authority, error) {
	a, err := seal.NewAuthority("演示 CA 根证书", time.Now())
	if err != nil {
		return nil, err
	}
	key, err := a.KeyPEM()
	if err != nil {
		return nil, err
	}
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, fmt.Errorf("folder of the stand-in CA: %w", err)
	}
	if err := os.WriteFile(filepath.Join(dir, "root.key"), key, 0o600); err != nil {
		return nil, fmt.Errorf("key of the stand-in CA: %w", err)
	}
	return a, replaceFile(filepath.Join(dir, "root.pem"), a.Certificate().MarshalPEM())
}

func startCAStandIn(ctx context.Context, log *slog.Logger, data string) (*caStandIn, error) {
	own, err := keptAuthority(data)
	if err != nil {
		return nil, err
	}
	var secret [32]byte
	rand.Read(secret[:])
	key, err := wire.NewKey(standInApp, secret[:])
	if err != nil {
		return nil, fmt.Errorf("key of the stand-in CA: %w", err)
	}
	ca, err := simulator.NewCA(key, own, simulator.DemoCAPersons(), nil)
	if err != nil {
		return nil, fmt.Errorf("stand-in CA: %w", err)
	}
	l, err := listen(ctx, "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	s := &caStandIn{ca: ca, key: key, url: "http://" + l.Addr().String(), done: make(chan error, 1)}
	ca.SetPhone(s.url + "/phone")
	mux := http.NewServeMux()
	mux.Handle("/", ca)
	mux.Handle("/phone", ca.Phone())
	mux.Handle("/ca/control/", ca.Control())
	s.server = newHTTP(log, mux)
	go func() { s.done <- served(s.server.Serve(l)) }()
	return s, nil
}

func (s *caStandIn) source() caSource {
	return caSource{vendor: "netca", url: s.url, key: s.key, trusted: s.ca.Trusted(), demo: true}
}

func (s *caStandIn) close() error { return errors.Join(s.server.Close(), <-s.done) }

// certificates binds the demo's persons to those of the stand-in, once.
func (s *seeder) certificates(ctx context.Context) error {
	ids, err := s.staffIDs(ctx)
	if err != nil {
		return err
	}
	codes := map[string]string{}
	for _, p := range simulator.DemoCAPersons() {
		codes[p.Name] = p.Code
	}
	for _, x := range demoPersons() {
		code := codes[x.name]
		if code == "" {
			continue
		}
		b, err := s.app.persons.BindingFor(ctx, ids[x.username])
		if err != nil {
			return err
		}
		if b.ID != 0 {
			continue
		}
		if err := s.app.persons.Bind(ctx, identity.System("demo"), ids[x.username], code); err != nil {
			return err
		}
	}
	return nil
}
