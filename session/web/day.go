package web

import (
	"context"
	"fmt"
	"net/http"
	"time"

	"jingfang/integration"
	"jingfang/session"
	"jingfang/session/identity"
	"jingfang/session/page"
	"jingfang/sql/db"
)

// dayView lists the sessions of one date.
type dayView struct {
	Date     string
	Weekday  string
	Today    bool
	PrevURL  string
	NextURL  string
	TodayURL string
	CanPlan  bool
	Rows     []dayRow
	Sign     toSignView
	Recalls  recallHintView
	Errands  []errand // for an assistant, on the day itself
	Quiet    string   // what waits for HIS, for whoever receives or manages
}

type dayRow struct {
	URL      string
	Site     string
	Place    string
	Doctors  string
	Word     string
	Tone     string
	Figure   string
	Detail   string
	Unsigned string // how many signatures of the CA wait, "" for none
}

// Day is GET / and GET /sessions?date=: the sessions of a date the person may see.
func (h *Handlers) Day(w http.ResponseWriter, r *http.Request) error {
	by, err := identity.Who(r.Context())
	if err != nil {
		return err
	}
	today := session.Today(h.db.Now())
	on := today
	if text := r.URL.Query().Get("date"); text != "" {
		if on, err = time.Parse(time.DateOnly, text); err != nil {
			return db.Refuse(db.Invalid, "日期写法不对，请用 2026-11-23 这样的格式。")
		}
	}
	list, err := h.sessions.ListSessions(r.Context(), by, on)
	if err != nil {
		return err
	}
	if page.WantsJSON(r) {
		return h.site.JSON(w, r, http.StatusOK, newDayJSON(list))
	}
	v := newDayView(list, on, today)
	v.CanPlan = by.Can(identity.PlanSession, 0) == nil
	if v.Sign, err = h.readToSign(r.Context(), by); err != nil {
		return err
	}
	if v.Recalls, err = h.readRecallHint(r.Context(), by); err != nil {
		return err
	}
	if v.Today {
		if v.Quiet, err = h.quietLine(r.Context(), by); err != nil {
			return err
		}
		if v.Errands, err = h.readErrands(r.Context(), by, list); err != nil {
			return err
		}
	}
	return h.site.Page(w, r, "day", v)
}

// quietLine says what waits for HIS, to who receives medicine or reads reports.
func (h *Handlers) quietLine(ctx context.Context, by identity.Actor) (string, error) {
	if by.Can(identity.Receive, 0) != nil && by.Can(identity.ViewReports, 0) != nil {
		return "", nil
	}
	q, err := integration.ReadQuiet(ctx, h.db)
	return q.Sentence(h.db.Now()), err
}

func newDayView(list []session.Listed, on, today time.Time) dayView {
	week := [...]string{"星期日", "星期一", "星期二", "星期三", "星期四", "星期五", "星期六"}
	url := func(t time.Time) string { return "/sessions?date=" + t.Format(time.DateOnly) }
	v := dayView{Date: on.Format("1月2日"), Weekday: week[on.Weekday()], Today: on.Equal(today),
		PrevURL: url(on.AddDate(0, 0, -1)), NextURL: url(on.AddDate(0, 0, 1)), TodayURL: url(today)}
	for _, x := range list {
		state := newStateView(x.State)
		row := dayRow{URL: fmt.Sprintf("/sessions/%d", x.ID), Site: x.Site, Doctors: x.Doctors, Word: state.Word, Tone: state.Tone,
			Figure: fmt.Sprint(x.Visits), Detail: fmt.Sprintf("已看 %d", x.Finished)}
		if x.Unsigned > 0 {
			row.Unsigned = fmt.Sprint(x.Unsigned)
		}
		if x.Kind == "home" {
			row.Place = "上门 · " + x.Place
		}
		v.Rows = append(v.Rows, row)
	}
	return v
}

// dayJSON is a session of the day for programs.
type dayJSON struct {
	ID    int64  `json:"id"`
	Site  string `json:"site"`
	Date  string `json:"date"`
	State string `json:"state"`
}

func newDayJSON(list []session.Listed) []dayJSON {
	out := []dayJSON{}
	for _, x := range list {
		out = append(out, dayJSON{x.ID, x.Site, x.HeldOn.Format(time.DateOnly), string(x.State)})
	}
	return out
}
