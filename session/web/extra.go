package web

import (
	"context"

	"jingfang/session/live"
)

// BoardPart is what a module of its own puts on every board of a session, below
// recalls and alarms. The parts of all modules travel as one part, "extra".
type BoardPart struct {
	// Template is the module's fragment. Its elements need no hx-swap-oob.
	Template string
	// Read reads the facts of a session, once for all audiences; View draws them for
	// one. Audiences are named by role: pharmacist, doctor, assistant, manager, with
	// "-duty" and "-room" behind. The wall in the waiting room gets no extra part.
	Read func(ctx context.Context, sessionID int64) (any, error)
	View func(facts any, sessionID int64, to live.Audience) any
}

// Attach adds a module's part to the boards. It is called while the program is
// wired, before the first request.
func (h *Handlers) Attach(p BoardPart) { h.extra = append(h.extra, p) }

// extraPart is the id of the element that holds the parts of all modules.
const extraPart = "extra"

// readExtra reads the facts of all attached parts.
func (h *Handlers) readExtra(ctx context.Context, sessionID int64) ([]any, error) {
	facts := make([]any, len(h.extra))
	for i, p := range h.extra {
		var err error
		if facts[i], err = p.Read(ctx, sessionID); err != nil {
			return nil, err
		}
	}
	return facts, nil
}

// addExtra draws the attached parts for an audience into one part of the board.
func (h *Handlers) addExtra(list []live.Part, facts []any, sessionID int64, to live.Audience) ([]live.Part, error) {
	if len(h.extra) == 0 {
		return list, nil
	}
	html := []byte(`<section class="part" id="` + extraPart + `" hx-swap-oob="true">`)
	for i, p := range h.extra {
		own, err := h.site.Render(p.Template, p.View(facts[i], sessionID, to))
		if err != nil {
			return nil, err
		}
		html = append(html, own...)
	}
	return append(list, live.Part{ID: extraPart, HTML: append(html, `</section>`...)}), nil
}
