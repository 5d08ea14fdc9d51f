package main

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"path/filepath"

	"jingfang/integration/simulator"
	"jingfang/integration/wire"
)

// standInApp is the application number that the stand-in HIS knows us by.
const standInApp = "jingfang-demo"

// standIn is the hospital's HIS in the demo: the simulator on a loopback port
// of its own, met over real HTTP with a key made for this run.
type standIn struct {
	his    *simulator.HIS
	key    wire.Key
	server *http.Server
	addr   net.Addr
	done   chan error
}

// hisFile keeps what the stand-in remembers, in the demo's data folder.
const hisFile = "stand-in-his.json"

func startStandIn(ctx context.Context, log *slog.Logger, data string) (*standIn, error) {
	var secret [32]byte
	rand.Read(secret[:])
	key, err := wire.NewKey(standInApp, secret[:])
	if err != nil {
		return nil, fmt.Errorf("key of the stand-in HIS: %w", err)
	}
	his, err := simulator.NewHIS(key, nil)
	if err != nil {
		return nil, fmt.Errorf("stand-in HIS: %w", err)
	}
	if err := his.Keep(filepath.Join(data, hisFile)); err != nil {
		return nil, fmt.Errorf("模拟 HIS 的记录读写不了，请检查数据文件夹 %s：%w", data, err)
	}
	l, err := listen(ctx, "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	mux := http.NewServeMux()
	mux.Handle("/", his)
	mux.Handle("/control/", his.Control())
	mux.Handle("/faults", his.Panel())
	s := &standIn{his: his, key: key, addr: l.Addr(), server: newHTTP(log, mux), done: make(chan error, 1)}
	go func() { s.done <- served(s.server.Serve(l)) }()
	return s, nil
}

func (s *standIn) source() hisSource { return hisSource{url: s.url(), key: s.key} }

func (s *standIn) url() string { return "http://" + s.addr.String() }

func (s *standIn) close() error { return errors.Join(s.server.Close(), <-s.done) }
