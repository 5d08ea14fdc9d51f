package page

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"runtime/debug"

	"jingfang/sql/db"
)

// Func is a handler that returns what went wrong. It has answered if it returns
// nil; if it returns an error it has not, and Handle answers.
type Func func(w http.ResponseWriter, r *http.Request) error

// Handle makes a handler of f. It is the one place where an error becomes a
// status, a log line and an answer: a page, a band for htmx, or JSON for a
// program. A panic is answered like an error of our own.
func (s *Site) Handle(f Func) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		watched := &watcher{ResponseWriter: w}
		err := caught(f, watched, r)
		if err == nil {
			return
		}
		s.Fail(watched, r, err)
	}
}

// Recover answers a panic in any handler or middleware below it as Handle does.
func (s *Site) Recover(next http.Handler) http.Handler {
	return s.Handle(func(w http.ResponseWriter, r *http.Request) error {
		next.ServeHTTP(w, r)
		return nil
	})
}

// caught runs f and makes an error of a panic. http.ErrAbortHandler is no fault:
// it is how a handler asks net/http to drop the connection.
func caught(f Func, w http.ResponseWriter, r *http.Request) (err error) {
	defer func() {
		switch p := recover(); p {
		case nil:
		case http.ErrAbortHandler:
			panic(p)
		default:
			err = fmt.Errorf("panic: %v\n%s", p, debug.Stack())
		}
	}()
	return f(w, r)
}

// watcher remembers whether an answer has begun.
type watcher struct {
	http.ResponseWriter
	begun bool
}

// WriteHeader notes that the answer has begun.
func (w *watcher) WriteHeader(status int) {
	w.begun = true
	w.ResponseWriter.WriteHeader(status)
}

// Write notes that the answer has begun.
func (w *watcher) Write(p []byte) (int, error) {
	w.begun = true
	return w.ResponseWriter.Write(p)
}

// Flush sends what is buffered, for streams that ask for a http.Flusher.
func (w *watcher) Flush() {
	if f, ok := w.ResponseWriter.(http.Flusher); ok {
		w.begun = true
		f.Flush()
	}
}

// Unwrap lets http.ResponseController reach the connection's deadlines.
func (w *watcher) Unwrap() http.ResponseWriter { return w.ResponseWriter }

// Fail logs an error and answers with it; middleware that refuses a request
// calls it. Where an answer has already begun, or the browser is gone, it only
// logs.
func (s *Site) Fail(w http.ResponseWriter, r *http.Request, err error) {
	a := answerTo(r, err)
	s.logFailure(r, a, err)
	if watched, ok := w.(*watcher); ok && watched.begun || gone(r, err) {
		return
	}
	if err := s.write(w, r, a); err != nil {
		s.log.Warn("the answer to an error could not be sent", "ref", a.ref, "error", err)
	}
}

// gone reports whether the browser has left and nobody reads an answer.
func gone(r *http.Request, err error) bool {
	return errors.Is(err, context.Canceled) && r.Context().Err() != nil
}

// logFailure writes the causes of our own faults and of outages in full. What a
// person did wrong is one word: the sentence may name a patient.
func (s *Site) logFailure(r *http.Request, a answer, err error) {
	attrs := []any{"ref", a.ref, "kind", string(a.kind), "method", r.Method, "route", route(r)}
	switch {
	case gone(r, err):
		s.log.Debug("the browser left before the answer", attrs...)
	case a.kind == db.Internal:
		s.log.Error("a request failed", append(attrs, "error", err)...)
	case a.kind == db.Unavailable:
		s.log.Warn("a request found something unavailable", append(attrs, "error", err)...)
	default:
		s.log.Info("a request was refused", attrs...)
	}
}
