package main

import (
	"context"
	"net/http"
	"time"

	"github.com/go-chi/chi/v5"
	"github.com/go-chi/chi/v5/middleware"

	"jingfang/inventory"
	"jingfang/sql/db"
	"jingfang/static"
)

const (
	// maxBody is the largest request: 2,000 codes of 100 characters and more.
	maxBody = 1 << 20
	// maxUpload is the largest file with the form around it.
	maxUpload = inventory.MaxRelationBytes + 1<<16
)

// router is the whole program behind one handler.
func (a *app) router() http.Handler {
	r := chi.NewRouter()
	if len(a.proxies) > 0 {
		r.Use(middleware.ClientIPFromXFF(a.proxies...))
	}
	r.Use(a.site.Middleware()...)
	r.Use(a.metrics.measure, a.bounded)
	r.NotFound(a.site.NotFound())
	r.MethodNotAllowed(a.site.MethodNotAllowed())
	r.Group(a.open)
	r.Group(a.closed)
	return r
}

// bounded ends a request that sends more than it may. A file that says it is too
// large is refused before it is sent.
func (a *app) bounded(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		most := int64(maxBody)
		if r.Method == http.MethodPost && (r.URL.Path == uploadPattern || r.URL.Path == importPattern || r.URL.Path == receiptFilePattern) {
			most = maxUpload
			if r.ContentLength > most {
				a.site.Fail(w, r, db.Refuse(db.Invalid, "文件超过 %d MB。请分成几个文件。", inventory.MaxRelationBytes>>20))
				return
			}
		}
		r.Body = http.MaxBytesReader(w, r.Body, most)
		next.ServeHTTP(w, r)
	})
}

// open mounts what needs no login.
func (a *app) open(r chi.Router) {
	r.Use(limited(quick))
	r.Get("/healthz", a.site.Handle(a.health.alive))
	r.Get("/readyz", a.site.Handle(a.health.ready))
	r.With(a.health.local).Method(http.MethodGet, "/metrics", a.metrics.handler())
	r.Method(http.MethodGet, static.Prefix+"*", static.Handler())
	r.Get("/sw.js", static.Worker())
	r.Get("/waiting", a.site.Handle(a.room.Waiting))
	r.Get("/trust", a.site.Handle(a.trust.show))
	r.Get("/trust/ca.crt", a.site.Handle(a.trust.certificate))
	if a.config.Dev {
		r.Mount("/dev/gallery", a.site.Gallery(samples()))
	}
}

// closed mounts everything behind the door: a person is known, and the table
// says which permission opens the address.
func (a *app) closed(r chi.Router) {
	r.Use(a.door.Middleware)
	r.Group(func(r chi.Router) {
		// The first run hashes three passwords, 600,000 rounds each.
		r.Use(limited(long))
		a.door.Routes(r)
	})
	noted := transfers()
	for _, x := range a.routes() {
		do := a.recorded(x, noted)
		h := a.door.LoggedIn(do)
		if x.need != "" {
			h = a.door.Require(x.need, do)
		}
		if x.pattern == offlinePattern {
			h = middleware.Compress(5, "application/json")(h).ServeHTTP
		}
		r.With(limited(x.limit)).Method(x.method, x.pattern, h)
	}
}

// limited ends a request after a time: its database work by the context, its
// connection by deadlines for who sends or reads too slowly. A stream is not
// limited here; it puts a deadline on each write.
func limited(d time.Duration) func(http.Handler) http.Handler {
	return func(next http.Handler) http.Handler {
		if d == 0 {
			return next
		}
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			ctx, cancel := context.WithTimeout(r.Context(), d)
			defer cancel()
			end := time.Now().Add(d + time.Second)
			control := http.NewResponseController(w)
			// A writer without deadlines (a test's recorder) is served without.
			_ = control.SetReadDeadline(end)
			_ = control.SetWriteDeadline(end)
			next.ServeHTTP(w, r.WithContext(ctx))
		})
	}
}
