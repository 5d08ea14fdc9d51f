package web

import (
	"net/http"
	"net/url"
	"strconv"
	"time"

	"jingfang/session/identity"
	"jingfang/session/page"
)

// auditPage is how many events a page shows.
const auditPage = 50

// auditView is the view of the page "audit".
type auditView struct {
	Day, Event string
	Staff      int64
	People     []choice
	Rows       []auditLine
	Older      string // address of the next page, or ""
	Newest     bool   // this is the first page
	Check      page.Work
}

// auditLine is an event in the list.
type auditLine struct {
	Time, Who, Roles, Event, Outcome, Tone, Object, Detail, Addr, Ref string
}

func (w *Web) showAudit(rw http.ResponseWriter, r *http.Request) error {
	by, _ := identity.ActorOf(r.Context())
	q := r.URL.Query()
	zone, err := shanghai()
	if err != nil {
		return err
	}
	view, filter, err := readAudit(q, w.svc.DB().Now().In(zone))
	if err != nil {
		return err
	}
	rows, err := w.svc.FindAudit(r.Context(), by, filter)
	if err != nil {
		return err
	}
	people, err := identity.FindStaff(r.Context(), w.svc.DB(), identity.StaffFilter{})
	if err != nil {
		return err
	}
	for _, p := range people {
		view.People = append(view.People, choice{strconv.FormatInt(p.ID, 10), p.Name + " " + p.Username})
	}
	if len(rows) > auditPage {
		rows = rows[:auditPage]
		view.Older = older(q, rows[auditPage-1].ID)
	}
	for _, row := range rows {
		view.Rows = append(view.Rows, newAuditLine(row, w.eventLabel(row.Event), zone))
	}
	view.Check = w.verifies().Latest()
	return w.site.Page(rw, r, "audit", view)
}

// readAudit reads the filter: a day (today by default), a person, an event.
func readAudit(q url.Values, now time.Time) (auditView, identity.AuditFilter, error) {
	view := auditView{Day: q.Get("day"), Event: q.Get("event")}
	if view.Day == "" {
		view.Day = now.Format(time.DateOnly)
	}
	filter, err := identity.AuditDay(view.Day, now, now.Location())
	if err != nil {
		return view, filter, err
	}
	view.Staff, _ = strconv.ParseInt(q.Get("staff"), 10, 64) // not a number means everybody
	before, _ := strconv.ParseInt(q.Get("before"), 10, 64)   // not a number means the newest
	view.Newest = before == 0
	filter.StaffID, filter.Event, filter.Before, filter.Limit = view.Staff, view.Event, before, auditPage+1
	return view, filter, nil
}

func older(q url.Values, last int64) string {
	next := url.Values{}
	for _, key := range []string{"day", "staff", "event"} {
		if v := q.Get(key); v != "" {
			next.Set(key, v)
		}
	}
	next.Set("before", strconv.FormatInt(last, 10))
	return "/audit?" + next.Encode()
}

// eventLabel is an event's Chinese name; one that nobody has named shows its own.
func (w *Web) eventLabel(event string) string {
	if own := identity.EventLabel(event); own != "" {
		return own
	}
	if label := w.label(event); label != "" {
		return label
	}
	return event
}

func newAuditLine(e identity.AuditEntry, event string, zone *time.Location) auditLine {
	l := auditLine{Time: e.At.In(zone).Format("15:04:05"), Who: e.Who(), Roles: e.Roles, Event: event,
		Outcome: e.OutcomeWord(), Tone: "good", Object: e.Object(), Detail: e.Detail, Addr: e.Addr, Ref: e.RequestID}
	switch e.Outcome {
	case identity.Refused:
		l.Tone = "caution"
	case identity.Failed:
		l.Tone = "bad"
	}
	return l
}

// StaffText is the chosen person as an option's value.
func (v auditView) StaffText() string {
	if v.Staff == 0 {
		return ""
	}
	return strconv.FormatInt(v.Staff, 10)
}
