package page

import (
	"cmp"
	"errors"
	"fmt"
	"net/http"

	"github.com/go-chi/chi/v5"
	"github.com/google/uuid"

	"jingfang/session/job"
	"jingfang/sql/db"
)

// Work is long work as the part "work" shows it: how far it is and a way out while it
// runs, then how it ended, and the buttons that start it. It fetches itself again
// while it runs.
type Work struct {
	ID             string // of the element on the page
	Running        bool
	URL, CancelURL string
	Doing, Stop    string // 正在核对, 停止核对
	Progress       string
	Percent        int
	// Stamp, Tone and Sentence say how it ended; "" for nothing to say.
	Stamp, Tone, Sentence string
	Findings              []string
	Links                 []WorkLink
	StartURL              string
	Starts                []WorkStart
}

// WorkLink leads on from what has ended; the main one is a button.
type WorkLink struct {
	Icon, Word, URL string
	Main            bool
}

// WorkStart is a button that starts the work; Name and Value are sent with it where
// there is a choice.
type WorkStart struct{ Icon, Word, Name, Value string }

// Works answers for the long work of one kind: it starts it, shows it as a page, a
// part or JSON, and stops it. Who may is for the handlers that call it.
type Works struct {
	Site *Site
	Jobs *job.Jobs
	// Kind of the jobs; Path is where they are started, and with /{job} shown; Home is
	// the page that a browser without scripts is sent to, "" for the job's own, which
	// the caller then draws by Page.
	Kind, Path, Home string
	// ID of the element; Verb is what is done (核对), Unit what is counted.
	ID, Verb, Unit string
	// Starts are the buttons that start it, if they belong to the part.
	Starts []WorkStart
	// Stopped says what is left of work that was stopped; "" for nothing. Fresh has the
	// whole page drawn anew at the end, for the work has changed it.
	Stopped string
	Fresh   bool
	// Done says how work that was done has ended.
	Done func(v *Work, s job.Status)
	// JSON is the work for programs.
	JSON func(s job.Status) any
	// Page draws the page of one job; nil where Home has it.
	Page func(w http.ResponseWriter, r *http.Request, v Work) error
}

// Start begins work for a person. One of a kind runs at a time; who asks for a second
// sees the first.
func (x Works) Start(w http.ResponseWriter, r *http.Request, by int64, do job.Work) error {
	id, err := x.Jobs.Start(x.Kind, by, do)
	if errors.Is(err, job.ErrBusy) && WantsJSON(r) && x.Home == "" {
		return db.Refuse(db.Conflict, "上一次%s还没有完成。请等它完成，或先停止它。", x.Verb)
	}
	if err != nil && !errors.Is(err, job.ErrBusy) {
		return fmt.Errorf("start %s: %w", x.Kind, err)
	}
	s, ok := x.Jobs.Find(id)
	if !ok {
		return x.none()
	}
	if x.Home == "" && !WantsJSON(r) && !IsHTMX(r) {
		return x.Site.SeeOther(w, r, x.Path+"/"+id.String())
	}
	return x.Answer(w, r, s)
}

// Find gives the job of the address ({job}). Error: NotFound for one of another kind,
// as for one that never was.
func (x Works) Find(r *http.Request) (job.Status, error) {
	id, err := uuid.Parse(chi.URLParam(r, "job"))
	if err != nil {
		return job.Status{}, x.none()
	}
	s, ok := x.Jobs.Find(id)
	if !ok || s.Kind != x.Kind {
		return job.Status{}, x.none()
	}
	return s, nil
}

func (x Works) none() error {
	return db.Refuse(db.NotFound, "没有这次%s，可能已经过期或程序重新启动过。请重新%s。", x.Verb, x.Verb)
}

// Show answers with the job of the address.
func (x Works) Show(w http.ResponseWriter, r *http.Request) error {
	s, err := x.Find(r)
	if err != nil {
		return err
	}
	return x.Answer(w, r, s)
}

// Cancel stops the job of the address.
func (x Works) Cancel(w http.ResponseWriter, r *http.Request) error {
	s, err := x.Find(r)
	if err != nil {
		return err
	}
	x.Jobs.Cancel(s.ID)
	if again, ok := x.Jobs.Find(s.ID); ok {
		s = again
	}
	return x.Answer(w, r, s)
}

// Answer sends a job as whoever asks can take it.
func (x Works) Answer(w http.ResponseWriter, r *http.Request, s job.Status) error {
	switch {
	case WantsJSON(r):
		return x.Site.JSON(w, r, http.StatusOK, x.JSON(s))
	case IsHTMX(r):
		if x.Fresh && s.State != job.Running {
			w.Header().Set("HX-Refresh", "true")
		}
		return x.Site.Fragment(w, r, "work", x.View(s))
	case x.Home != "":
		return x.Site.SeeOther(w, r, x.Home)
	}
	return x.Page(w, r, x.View(s))
}

// Latest is the job that was started last, or the buttons alone.
func (x Works) Latest() Work {
	if s, ok := x.Jobs.Latest(x.Kind); ok {
		return x.View(s)
	}
	return x.empty()
}

func (x Works) empty() Work { return Work{ID: x.ID, StartURL: x.Path, Starts: x.Starts} }

// View is a job as the part shows it.
func (x Works) View(s job.Status) Work {
	v := x.empty()
	v.URL = x.Path + "/" + s.ID.String()
	v.CancelURL, v.Doing, v.Stop, v.Percent = v.URL+"/cancel", "正在"+x.Verb, "停止"+x.Verb, s.Percent()
	v.Progress = fmt.Sprintf("%d / %d %s", s.Done, s.Total, x.Unit)
	switch s.State {
	case job.Running:
		v.Running = true
	case job.Cancelled:
		v.Stamp, v.Tone, v.Sentence = "已停止", "caution", cmp.Or(x.Stopped, "没有结果。需要时请重新"+x.Verb+"。")
	case job.Failed:
		v.Stamp, v.Tone, v.Sentence = "没有完成", "bad", "请再"+x.Verb+"一次；仍不行请告诉系统管理员。"
		if db.KindOf(s.Err) != db.Internal {
			v.Sentence = db.Sentence(s.Err)
		}
	default:
		x.Done(&v, s)
	}
	return v
}
