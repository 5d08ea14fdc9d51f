package web

import (
	"fmt"
	"net/http"

	"github.com/google/uuid"

	"jingfang/session"
	"jingfang/session/identity"
	"jingfang/session/page"
)

// headView is what every page of a session says at its head.
type headView struct {
	ID    int64
	Site  string
	Date  string
	Duty  string
	URL   string
	Place string
}

func newHeadView(x session.Session) headView {
	v := headView{ID: x.ID, Site: x.Site, Date: x.HeldOn.Format("1月2日"), URL: fmt.Sprintf("/sessions/%d", x.ID)}
	if x.Kind == "home" {
		v.Place = "上门 · " + x.Place
	}
	return v
}

// roomView is the room for who does not dispense.
type roomView struct {
	Head    headView
	Board   boardView
	CanOpen bool
	CanPack bool
	// CanChange leads to team, day and cancellation.
	CanChange bool
	// MovedURL is the session that took this one's place, or "".
	MovedURL string
	Closing  *closingLink // nil before the session opens
	CheckIn  *checkInView // nil for who does not check in
	Planned  bool
	TeamText string
}

type checkInView struct {
	URL   string
	Visit string // the id of the visit that the next check-in makes
}

// Room is GET /sessions/{id}: the doctor's table for a doctor of the team, the
// room for all others. A program gets the session and its totals.
func (h *Handlers) Room(w http.ResponseWriter, r *http.Request) error {
	by, s, err := h.readRoom(r, identity.ViewSession)
	if err != nil {
		return err
	}
	if page.WantsJSON(r) {
		return h.site.JSON(w, r, http.StatusOK, newRoomJSON(s))
	}
	if by.Can(identity.Dispense, s.Session.SiteID) == nil && isDoctorOf(s, by) {
		return h.table(w, r, by, s)
	}
	v := newRoomView(s, by)
	if s.Session.State == session.Rescheduled {
		to, err := session.MovedTo(r.Context(), h.db, s.Session.ID)
		if err != nil {
			return err
		}
		v.MovedURL = fmt.Sprintf("/sessions/%d", to)
	}
	return h.site.Page(w, r, "room", v)
}

func isDoctorOf(s session.Snapshot, by identity.Actor) bool {
	for _, d := range s.Doctors {
		if d.StaffID == by.StaffID {
			return true
		}
	}
	return false
}

func newRoomView(s session.Snapshot, by identity.Actor) roomView {
	x := s.Session
	v := roomView{Head: newHeadView(x), Board: newBoardView(s, audienceIn(by, x)), Planned: x.State == session.Planned}
	v.CanOpen = v.Planned && by.Can(identity.OpenSession, x.SiteID) == nil &&
		(isDoctorOf(s, by) || by.Can(identity.PlanSession, x.SiteID) == nil)
	v.Closing = newClosingLink(x, by)
	v.CanPack = (v.Planned || x.State == session.Open) && by.Can(identity.Allocate, x.SiteID) == nil
	v.CanChange = (v.Planned || x.State == session.Open) && by.Can(identity.PlanSession, x.SiteID) == nil
	if x.State == session.Open && by.Can(identity.CheckIn, x.SiteID) == nil {
		v.CheckIn = newCheckInView(v.Head)
	}
	return v
}

// roomJSON is the room for programs.
type roomJSON struct {
	ID       int64  `json:"id"`
	SiteID   int64  `json:"site_id"`
	Site     string `json:"site"`
	Date     string `json:"date"`
	State    string `json:"state"`
	Taken    int    `json:"taken"`
	Given    int    `json:"given"`
	Left     int    `json:"left"`
	Home     int    `json:"home,omitempty"`
	Rolled   int    `json:"rolled,omitempty"`
	Damaged  int    `json:"damaged,omitempty"`
	Lost     int    `json:"explained,omitempty"`
	Alarms   int    `json:"alarms,omitempty"`
	Waiting  int    `json:"waiting"`
	Finished int    `json:"finished"`
}

func newRoomJSON(s session.Snapshot) roomJSON {
	e := s.Equation()
	return roomJSON{ID: s.Session.ID, SiteID: s.Session.SiteID, Site: s.Session.Site, Date: s.Session.HeldOn.Format("2006-01-02"), State: string(s.Session.State),
		Taken: e.Taken, Given: e.Given, Left: e.Left, Home: e.Home, Rolled: e.Rolled, Damaged: e.Damaged, Lost: e.Explained,
		Alarms: s.AlarmCount, Waiting: s.Queue.Waiting, Finished: s.Queue.Finished}
}

// Events is GET /sessions/{id}/events: the stream of the board.
func (h *Handlers) Events(w http.ResponseWriter, r *http.Request) error {
	by, x, err := h.readSession(r, identity.ViewSession)
	if err != nil {
		return err
	}
	to := audienceIn(by, x)
	switch view := r.URL.Query().Get("view"); {
	case view == "wall":
		to = forWall
	case view == "room" && scopeOf(to).answers:
		to += inRoom
	}
	return h.hub.Serve(w, r, x.ID, to, by.LoginID)
}

// newCheckInView makes the form for the next patient; the id of the visit is
// made with it, so that sending the form twice makes one visit.
func newCheckInView(head headView) *checkInView {
	return &checkInView{URL: head.URL + "/visits", Visit: uuid.NewString()}
}
