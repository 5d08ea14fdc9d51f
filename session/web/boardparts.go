package web

import (
	"context"
	"slices"

	"jingfang/session"
	"jingfang/session/live"
)

// Render draws the board of a session for several audiences: the hub's one
// callback. The snapshot is read once for all of them.
func (h *Handlers) Render(ctx context.Context, sessionID int64, audiences []live.Audience) (map[live.Audience][]live.Part, error) {
	s, err := session.ReadBoard(ctx, h.db, sessionID)
	if err != nil {
		return nil, err
	}
	extra, err := h.readExtra(ctx, sessionID)
	if err != nil {
		return nil, err
	}
	out := make(map[live.Audience][]live.Part, len(audiences))
	for _, a := range audiences {
		if a == forWall {
			out[a], err = h.wallParts(s)
		} else {
			out[a], err = h.parts(newBoardView(s, a))
			if err == nil {
				out[a], err = h.addExtra(out[a], extra, sessionID, a)
			}
		}
		if err != nil {
			return nil, err
		}
	}
	return out, nil
}

// parts renders each part and its rows as they travel.
func (h *Handlers) parts(v boardView) ([]live.Part, error) {
	b := partBuilder{h: h}
	b.add("session-state", "board_state", v.State)
	b.add("foot", "board_foot", v.Foot)
	b.add("closing-step", "board_closing", v.Evening)
	b.add("recalls", "board_recalls", v.Recalls)
	b.add("stock", "board_stock", v.Stock)
	for _, r := range v.Stock.Rows {
		b.row(r.ID, "stock_row", r)
	}
	b.add("queue", "board_queue", v.Queue)
	for _, r := range slices.Concat(v.Queue.Now, v.Queue.Next) {
		b.row(r.ID, "queue_row", r)
	}
	b.add("roster", "board_roster", v.Roster)
	if v.Place != nil {
		b.add("place", "board_place", *v.Place)
	}
	if v.Requests != nil {
		b.add("requests", "board_requests", *v.Requests)
		b.add("alarms", "board_alarms", *v.Alarms)
	}
	if v.Answers != nil {
		b.add("answers", "board_answers", *v.Answers)
	}
	b.add("doctors", "board_doctors", v.Doctors)
	for _, r := range v.Doctors.Rows {
		b.row(r.ID, "doctor_card", r)
	}
	return b.list, b.err
}

type partBuilder struct {
	h    *Handlers
	list []live.Part
	err  error
}

func (b *partBuilder) add(id, name string, view any) {
	if html, ok := b.render(name, view); ok {
		b.list = append(b.list, live.Part{ID: id, HTML: html})
	}
}

// row adds a row to the part added last.
func (b *partBuilder) row(id, name string, view any) {
	if html, ok := b.render(name, view); ok {
		p := &b.list[len(b.list)-1]
		p.Rows = append(p.Rows, live.Row{ID: id, HTML: html})
	}
}

func (b *partBuilder) render(name string, view any) ([]byte, bool) {
	if b.err != nil {
		return nil, false
	}
	html, err := b.h.site.Render(name, view)
	b.err = err
	return html, err == nil
}
