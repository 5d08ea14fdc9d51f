package main

import (
	"context"
	"net"
	"net/http"
	"net/netip"
	"time"

	"github.com/go-chi/chi/v5/middleware"

	"jingfang/sql/db"
)

// health answers those who watch the program.
type health struct {
	db   *db.DB
	from []netip.Prefix // may read the figures, besides this machine
}

// alive says that the program runs.
func (h health) alive(w http.ResponseWriter, _ *http.Request) error {
	return text(w, http.StatusOK, "ok")
}

// ready says whether requests can be answered: the database is there and its
// tables are those of this program. A load balancer asks.
func (h health) ready(w http.ResponseWriter, r *http.Request) error {
	ctx, cancel := context.WithTimeout(r.Context(), 3*time.Second)
	defer cancel()
	if err := db.CheckSchema(ctx, h.db); err != nil {
		w.Header().Set("Retry-After", "5")
		return text(w, http.StatusServiceUnavailable, "database not ready")
	}
	return text(w, http.StatusOK, "ready")
}

// local lets only this machine, and networks that were named, through.
func (h health) local(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if !h.allowed(r) {
			http.Error(w, "only local addresses may read this", http.StatusForbidden)
			return
		}
		next.ServeHTTP(w, r)
	})
}

// allowed looks at the client behind a front server, too: what a front server
// passes on from outside does not come from this machine.
func (h health) allowed(r *http.Request) bool {
	a, err := clientAddr(r)
	if err != nil {
		return false
	}
	if a.IsLoopback() {
		return r.Header.Get("X-Forwarded-For") == "" && r.Header.Get("Forwarded") == "" || middleware.GetClientIP(r.Context()) != ""
	}
	for _, p := range h.from {
		if p.Contains(a) {
			return true
		}
	}
	return false
}

// clientAddr is the address of who asks.
func clientAddr(r *http.Request) (netip.Addr, error) {
	text := middleware.GetClientIP(r.Context())
	if text == "" {
		host, _, err := net.SplitHostPort(r.RemoteAddr)
		if err != nil {
			return netip.Addr{}, err
		}
		text = host
	}
	a, err := netip.ParseAddr(text)
	return a.Unmap(), err
}

func text(w http.ResponseWriter, status int, line string) error {
	w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	w.Header().Set("Cache-Control", "no-store")
	w.WriteHeader(status)
	_, err := w.Write([]byte(line + "\n"))
	return err
}
