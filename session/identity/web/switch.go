package web

import (
	"net/http"
	"net/url"

	"jingfang/session/page"
)

// switchView is the view of the page "switch": somebody else takes over the screen.
type switchView struct {
	Name, Next string
	HasCA      bool
	Scan       scanView
}

// showSwitch lets another person log in on a shared device. The login before ends when
// the other one begins; its open visit stays with its doctor and is there again when
// the doctor comes back.
func (w *Web) showSwitch(rw http.ResponseWriter, r *http.Request) error {
	st, _ := stateOf(r.Context())
	next := nextOf(r.URL.Query().Get("next"))
	if from, err := url.Parse(r.Referer()); err == nil && r.URL.Query().Get("next") == "" && from.Host == r.Host {
		next = nextOf(from.Path)
	}
	v := switchView{Name: st.Actor.Name, Next: next, HasCA: w.svc.HasCA(), Scan: scanView{State: "none", Switch: true}}
	if page.WantsJSON(r) {
		return w.site.JSON(rw, r, http.StatusOK, map[string]any{"name": v.Name, "ca": v.HasCA})
	}
	return w.site.Page(rw, r, "switch", v)
}
