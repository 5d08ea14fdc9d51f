package main

import (
	"context"
	"errors"
	"log/slog"
	"net"
	"time"

	"golang.org/x/sync/errgroup"

	"jingfang/sql/seal"
)

// runServe is the hospital's server. It listens first, so that a port that is
// taken shows before anything else is done.
func runServe(ctx context.Context, p *program, c config) (err error) {
	log := newLog(c, p.err)
	his, err := hisOf(c)
	if err != nil {
		return err
	}
	ca, err := caOf(c)
	if err != nil {
		return err
	}
	l, err := listen(ctx, c.Addr)
	if err != nil {
		return err
	}
	defer l.Close() // closed already after a run
	d, err := openServer(ctx, c)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, d.close()) }()
	if err := warnClock(ctx, log, d.DB); err != nil {
		return err
	}
	keys, err := keysFor(ctx, c.Data, d.DB)
	if err != nil {
		return err
	}
	h, err := openHouse(c, log, l, d, surroundings{https: c.FrontHTTPS, his: his, ca: ca, firstRun: true}, keys)
	if err != nil {
		return err
	}
	if err := h.app.persons.CheckKeys(ctx); err != nil {
		return err
	}
	if err := h.announceFirstRun(ctx, p); err != nil {
		return err
	}
	if err := h.app.startCA(ctx, ca); err != nil {
		return err
	}
	h.app.reportCA(ctx, p, ca)
	p.say(p.out, "精防已启动：%s", h.server.url())
	return h.run(ctx, func() { p.tell(h) })
}

// house is an app with the address it answers on.
type house struct {
	app    *app
	server *server
}

// openHouse wires an app behind a listener, which it takes over.
func openHouse(c config, log *slog.Logger, l net.Listener, d database, around surroundings, keys seal.KeyProvider) (*house, error) {
	sec, err := secure(c, l.Addr(), time.Now())
	if err != nil {
		return nil, err
	}
	around.https = around.https || sec.config != nil
	around.authority = sec.authority
	a, err := newApp(c, log, d.DB, keys, around)
	if err != nil {
		return nil, err
	}
	return &house{app: a, server: newServer(log, l, sec, a.router(), a.trust.plain())}, nil
}

// run serves and works until ctx ends. The order of the end is that of who
// needs whom: streams, requests, background work; then the caller closes the
// database.
func (h *house) run(ctx context.Context, started func()) error {
	working, stopWork := context.WithCancel(context.WithoutCancel(ctx))
	defer stopWork()
	var g errgroup.Group
	g.Go(func() error { return h.app.work(working, h.server.security) })
	g.Go(func() error {
		defer stopWork()
		return h.server.run(ctx, h.app.hub.Shutdown)
	})
	started()
	return g.Wait()
}
