// Package page owns what every page has in common: the layout and its frame, the
// set of all templates, the choice between a whole page and a fragment of it, the
// one place where an error becomes an answer, the headers that protect a page,
// the request's reference number and the access log, and the gallery that shows
// every view with sample data.
//
// It leaves to others: who the viewer is and what the menu holds (the web
// package of session/identity puts a Viewer into the context), what a page says
// (each web package brings its own templates and typed views), which address
// leads where (cmd/jingfang), and when a live part is drawn (session/live calls
// Render).
package page

import (
	"embed"
	"fmt"
	"html/template"
	"io/fs"
	"log/slog"
	"sync"

	"jingfang/static"
)

// own holds the layout and the pages and fragments of this package.
//
//go:embed layout.html pages parts
var own embed.FS

// Config is what a Site needs to know about its surroundings.
type Config struct {
	// Dev opens the gallery of all views.
	Dev bool
	// HTTPS says that browsers reach us by TLS even where this server does not
	// see it (a front server ends it); it turns HSTS on.
	HTTPS bool
	// Log receives the access log and every error; nil means slog.Default.
	Log *slog.Logger
}

// Site renders the pages, fragments and errors of the whole program. It is safe
// for concurrent use and does not change after New.
type Site struct {
	dev     bool
	https   bool
	log     *slog.Logger
	missing []string // front-end packages this binary was built without
	scripts []string // addresses of the scripts every page loads
	slots   slots
	pages   map[string]*template.Template // by page name, each with the layout and what it uses
	parts   *template.Template            // every fragment
	plain   plainError                    // the 500 page, rendered at start-up
	buffers sync.Pool
}

// New parses the layout, the templates of this package and one set for each web
// package. A set holds pages/*.html, each defining "title" and "main" and, if
// wanted, "head", "where", "answer" and "frame", and parts/*.html, each defining one
// fragment named like the file. New refuses a name that is given twice, a file
// that does not define what its name says, a template that calls one that does
// not exist, and one that html/template cannot escape.
func New(config Config, sets ...fs.FS) (*Site, error) {
	s := &Site{dev: config.Dev, https: config.HTTPS, log: config.Log, missing: static.Missing(), slots: newSlots()}
	if s.log == nil {
		s.log = slog.Default()
	}
	s.buffers.New = newBuffer
	for _, name := range static.Scripts() {
		if static.Has(name) {
			s.scripts = append(s.scripts, static.URL(name))
		}
	}
	if err := s.parse(sets); err != nil {
		return nil, fmt.Errorf("page templates: %w", err)
	}
	plain, err := s.renderPlainError()
	if err != nil {
		return nil, fmt.Errorf("render the page for our own faults: %w", err)
	}
	s.plain = plain
	if len(s.missing) > 0 {
		s.log.Warn("front-end packages are missing from this binary; pages will not change by themselves",
			"missing", s.missing, "remedy", "sh deploy/demo.sh")
	}
	if static.DecoderFiles() == (static.Decoder{}) {
		s.log.Warn("the decoder is missing from this binary; codes cannot be scanned with a camera", "remedy", "sh deploy/demo.sh")
	}
	return s, nil
}
