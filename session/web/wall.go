package web

import (
	"fmt"
	"net/http"

	"jingfang/session"
	"jingfang/session/identity"
	"jingfang/session/live"
	"jingfang/session/page"
)

// forWall is the audience of a screen that hangs in the hall: it gets numbers
// and nothing else, whoever opened it.
const forWall live.Audience = "wall"

// wallPage is the page around the numbers.
type wallPage struct {
	URL  string
	Wall wallView
}

// wallView is what a hall may read: queue numbers. It holds no name of a patient
// or doctor, no drug and no word about what is treated here.
type wallView struct {
	Tables  []wallTable
	Next    []wallNext
	Waiting string
	Note    string // while nothing is going on
}

type wallTable struct {
	Word, Number string
	Free         bool // nobody sits there
}

type wallNext struct {
	Number string
	Called bool
}

func newWallView(s session.Snapshot) wallView {
	v := wallView{Waiting: fmt.Sprint(s.Queue.Waiting)}
	for i, d := range s.Doctors {
		t := wallTable{Word: fmt.Sprintf("诊台 %d", i+1), Number: "—", Free: true}
		if d.Number > 0 {
			t.Number, t.Free = fmt.Sprint(d.Number), false
		}
		v.Tables = append(v.Tables, t)
	}
	for _, x := range s.Queue.Next {
		v.Next = append(v.Next, wallNext{Number: fmt.Sprint(x.Number), Called: x.CalledAt != nil})
	}
	switch s.Session.State {
	case session.Open:
	case session.Planned:
		v.Note = "请稍候"
	default:
		v.Note = "今天已结束"
	}
	return v
}

// Wall is GET /sessions/{id}/wall: the screen in the hall. Its stream is the
// session's, asked for with view=wall.
func (h *Handlers) Wall(w http.ResponseWriter, r *http.Request) error {
	_, s, err := h.readRoom(r, identity.ViewSession)
	if err != nil {
		return err
	}
	v := newWallView(s)
	if page.WantsJSON(r) {
		return h.site.JSON(w, r, http.StatusOK, newWallJSON(v))
	}
	return h.site.Page(w, r, "wall", wallPage{URL: fmt.Sprintf("/sessions/%d", s.Session.ID), Wall: v})
}

type wallJSON struct {
	Serving []string `json:"serving"` // by table, "—" for none
	Next    []string `json:"next"`
	Waiting string   `json:"waiting"`
}

func newWallJSON(v wallView) wallJSON {
	out := wallJSON{Serving: []string{}, Next: []string{}, Waiting: v.Waiting}
	for _, t := range v.Tables {
		out.Serving = append(out.Serving, t.Number)
	}
	for _, n := range v.Next {
		out.Next = append(out.Next, n.Number)
	}
	return out
}

// wallParts is all that travels to a wall.
func (h *Handlers) wallParts(s session.Snapshot) ([]live.Part, error) {
	b := partBuilder{h: h}
	b.add("wall", "board_wall", newWallView(s))
	return b.list, b.err
}
