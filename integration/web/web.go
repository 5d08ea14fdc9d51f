// Package web shows what the exchange with other systems leaves for people: the
// documents that could not be taken in, files of receipts, HIS's stock beside ours,
// what HIS knows of a patient or a code, and how the interfaces are. It owns no rule.
package web

import (
	"context"
	"embed"
	"io/fs"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/go-chi/chi/v5"

	"jingfang/integration"
	"jingfang/session"
	"jingfang/session/identity"
	"jingfang/session/page"
	"jingfang/session/patient"
	"jingfang/sql/db"
)

//go:embed pages parts
var templates embed.FS

// Templates are the pages of this package, for page.New.
func Templates() fs.FS { return templates }

// Handlers answer the requests about exchanges.
type Handlers struct {
	c      Config
	site   *page.Site
	db     *db.DB
	poller *integration.Poller
	lookup *integration.Lookup
}

// Config is what the handlers need.
type Config struct {
	Site   *page.Site
	DB     *db.DB
	Poller *integration.Poller
	// HIS and Sender are nil where no other system is configured: what is there is
	// then shown, and asking says why not.
	HIS    *integration.Client
	Sender *integration.Sender
	// Others hear dispensing facts beside HIS.
	Others   []integration.Destination
	Sessions *session.Service
	Patients *patient.Registry
	// FetchDrugs brings the drug dictionary now.
	FetchDrugs func(context.Context) error
}

// New makes the handlers.
func New(c Config) *Handlers {
	return &Handlers{c: c, site: c.Site, db: c.DB, poller: c.Poller, lookup: integration.NewLookup(c.DB, c.HIS, c.Patients)}
}

// problemsView is the documents that could not be taken in.
type problemsView struct {
	Rows []problemRow
	// Done says what came of the last try, Bad that it was refused again.
	Done string
	Bad  bool
	// CanPull is off where no other system is configured.
	CanPull bool
	Stream  string // how the pulling goes
	Failed  bool
}

type problemRow struct {
	ID             int64
	Number, Reason string
	About          string
	Waits          string // the document it waits for
	Uploaded       bool   // a person brought it as a file
}

// Problems is GET /receipts/problems: documents that could not be taken in, with
// the reason and how often they were tried.
func (h *Handlers) Problems(w http.ResponseWriter, r *http.Request) error {
	if _, err := who(r); err != nil {
		return err
	}
	list, err := integration.Problems(r.Context(), h.db)
	if err != nil {
		return err
	}
	if page.WantsJSON(r) {
		return h.site.JSON(w, r, http.StatusOK, newProblemsJSON(list))
	}
	return h.problems(w, r, list, "", false)
}

func (h *Handlers) problems(w http.ResponseWriter, r *http.Request, list []integration.Problem, done string, bad bool) error {
	streams, err := integration.Streams(r.Context(), h.db)
	if err != nil {
		return err
	}
	v := newProblemsView(list, streams)
	v.CanPull, v.Done, v.Bad = h.c.HIS != nil, done, bad
	return h.site.Page(w, r, "problems", v)
}

func newProblemsView(list []integration.Problem, streams []integration.Stream) problemsView {
	var v problemsView
	for _, p := range list {
		row := problemRow{ID: p.ID, Number: p.Number, Reason: p.Reason, Waits: p.WaitsFor,
			About: "第 " + strconv.Itoa(p.Revision) + " 版 · 试过 " + strconv.Itoa(p.Seen) + " 次 · 最早 " + moment(p.FirstAt) + " · 最近 " + moment(p.LastAt)}
		if row.Number == "" {
			row.Number = "看不出单号的单据"
		}
		row.Uploaded = p.Stream == integration.UploadStream
		v.Rows = append(v.Rows, row)
	}
	for _, s := range streams {
		switch {
		case !s.Active:
			v.Stream, v.Failed = "取单已被管理员关闭，新的单不会来。", true
		case s.Failures > 0:
			v.Stream, v.Failed = "取单连续失败 "+strconv.Itoa(s.Failures)+" 次："+s.LastError, true
		case s.LastSuccessAt != nil:
			v.Stream = "最近一次取单 " + moment(*s.LastSuccessAt) + "，正常。"
		}
	}
	return v
}

// Retry is POST /receipts/problems/{id}/retry: takes a document in once more.
func (h *Handlers) Retry(w http.ResponseWriter, r *http.Request) error {
	return h.act(w, r, "这张单已经收下，可以在入库列表里看到。", func(by identity.Actor, id int64) error {
		return h.poller.TryAgain(r.Context(), by, id)
	})
}

// Dismiss is POST /receipts/problems/{id}/dismiss: the document is not wanted, for
// the reason given.
func (h *Handlers) Dismiss(w http.ResponseWriter, r *http.Request) error {
	return h.act(w, r, "这张单已登记为不收。", func(by identity.Actor, id int64) error {
		return h.poller.Dismiss(r.Context(), by, id, strings.TrimSpace(r.PostFormValue("reason")))
	})
}

// act does something about one document. A refusal is shown above the list, where
// the document still stands.
func (h *Handlers) act(w http.ResponseWriter, r *http.Request, done string, do func(by identity.Actor, id int64) error) error {
	by, err := who(r)
	if err != nil {
		return err
	}
	id, err := strconv.ParseInt(chi.URLParam(r, "id"), 10, 64)
	if err != nil || id <= 0 {
		return db.Refuse(db.NotFound, "没有这张单据。请从取单问题列表重新进入。")
	}
	err = do(by, id)
	bad := err != nil
	switch kind := db.KindOf(err); {
	case err != nil && (page.WantsJSON(r) || kind != db.Invalid && kind != db.Conflict && kind != db.NotFound):
		return err
	case page.WantsJSON(r):
		return h.site.JSON(w, r, http.StatusOK, map[string]bool{"ok": true})
	case bad:
		done = db.Sentence(err)
	}
	list, err := integration.Problems(r.Context(), h.db)
	if err != nil {
		return err
	}
	return h.problems(w, r, list, done, bad)
}

// who gives the acting person, who must be one that receives.
func who(r *http.Request) (identity.Actor, error) {
	by, err := identity.Who(r.Context())
	if err != nil {
		return by, err
	}
	return by, by.Can(identity.Receive, 0)
}

// moment is a time as people write it.
func moment(t time.Time) string {
	return t.In(time.FixedZone("Asia/Shanghai", 8*60*60)).Format("1月2日 15:04")
}

// problemJSON is an entry of the work list for programs.
type problemJSON struct {
	ID       int64     `json:"id"`
	Source   string    `json:"source"`
	Number   string    `json:"number"`
	Revision int       `json:"revision"`
	Reason   string    `json:"reason"`
	Tried    int       `json:"tried"`
	WaitsFor string    `json:"waits_for,omitempty"`
	FirstAt  time.Time `json:"first_at"`
	LastAt   time.Time `json:"last_at"`
}

func newProblemsJSON(list []integration.Problem) []problemJSON {
	out := []problemJSON{}
	for _, p := range list {
		out = append(out, problemJSON{p.ID, p.Source, p.Number, p.Revision, p.Reason, p.Seen, p.WaitsFor, p.FirstAt, p.LastAt})
	}
	return out
}
