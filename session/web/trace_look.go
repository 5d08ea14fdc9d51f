package web

import (
	"fmt"
	"net/http"
	"net/url"

	"jingfang/session"
	"jingfang/session/identity"
	"jingfang/session/page"
	"jingfang/sql/db"
)

// lookView is the answer to a scan that only looks: the band, and each code with
// its way to the whole trace.
type lookView struct {
	Band page.Band
	Rows []lookRow
}

type lookRow struct{ Title, About, URL string }

// shownLooks is how many codes of one look are listed.
const shownLooks = 8

// Look is GET /trace/look: what scanned codes are and where, for any scan field
// whose 只查 is on. Nothing is changed.
func (h *Handlers) Look(w http.ResponseWriter, r *http.Request) error {
	by, err := identity.Who(r.Context())
	if err != nil {
		return err
	}
	text := r.URL.Query().Get("codes")
	if text == "" {
		return db.Refuse(db.Invalid, "没有读到内容。请对准追溯码再扫一次。")
	}
	a, err := h.sessions.Look(r.Context(), by, text)
	switch {
	case err != nil:
		return err
	case page.WantsJSON(r):
		return h.site.JSON(w, r, http.StatusOK, a)
	case !page.IsHTMX(r):
		return h.site.SeeOther(w, r, "/trace?q="+url.QueryEscape(text))
	}
	return h.site.Fragment(w, r, "look", newLookView(a))
}

func newLookView(a session.LookAnswer) lookView {
	worst := a.Worst()
	v := lookView{Band: page.Band{Tone: page.Tone(worst.Tone), Text: worst.Sentence}}
	if len(a.Answers) > 1 {
		v.Band.Detail = fmt.Sprintf("只查了 %d 个码，没有改动。", len(a.Answers))
	}
	for i, x := range a.Answers {
		switch {
		case i == shownLooks:
			v.Rows = append(v.Rows, lookRow{Title: fmt.Sprintf("还有 %d 个码", len(a.Answers)-shownLooks)})
			return v
		case x.Code == "":
			v.Rows = append(v.Rows, lookRow{Title: "读到：" + short(printable(x.Raw)), About: x.Sentence, URL: "/trace?q=" + url.QueryEscape(x.Raw)})
		default:
			v.Rows = append(v.Rows, lookRow{Title: "…" + tail(x.Code) + " " + x.Drug, About: "看全过程", URL: traceURL(x.Code)})
		}
	}
	return v
}
