package web

import (
	"errors"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/go-chi/chi/v5"
	"github.com/google/uuid"

	"jingfang/integration/translog"
	"jingfang/session/identity"
	"jingfang/session/page"
	"jingfang/sql/db"
)

// Bounds of the bodies that a note keeps; of a longer one it keeps the SM3 and the
// length. A file is kept whole, it may be what left the house for good.
const (
	maxDeviceBody = 64 << 10
	maxFileBody   = 16 << 20
)

// Systems at the other end of what comes through our own addresses.
const (
	DeviceSystem = translog.DeviceSystem
	FileSystem   = translog.FileSystem
)

// Transfer says what the requests of an address carry, for the transfer log.
type Transfer struct {
	// System and Service are those of translog.Exchange.
	System, Service string
	Direction       translog.Direction
	// Key names the parameter of the address that is the business key, such as
	// "visit"; with Word it reads "场次 12".
	Key, Word string
}

// Recorder notes the transfers that come through our own addresses.
type Recorder struct {
	spool *translog.Spool
	now   func() time.Time
}

// NewRecorder makes a recorder over a spool; nil records nothing.
func NewRecorder(spool *translog.Spool, now func() time.Time) *Recorder {
	return &Recorder{spool: spool, now: now}
}

// Wrap gives f with an entry of each of its requests. What a device brings is noted
// behind the request, so that nobody waits for it; the command that it brings keeps
// the exchange's id in its own row (translog.Log.Recover). What leaves the house, and
// files in both directions, are entered before: the intent is committed, then the
// data may go. f's answer and error are its own.
func (rec *Recorder) Wrap(t Transfer, f page.Func) page.Func {
	if rec.spool == nil {
		return f
	}
	most := maxDeviceBody
	if t.System == FileSystem {
		most = maxFileBody
	}
	return func(w http.ResponseWriter, r *http.Request) error {
		n, err := newNote(t, r, rec.now(), most), errBroken
		ctx := identity.WithTransfer(r.Context(), identity.Transfer{Exchange: n.about.ID, System: t.System, Service: t.Service, Key: n.about.Key})
		r, out := r.WithContext(ctx), &answered{ResponseWriter: w, body: copied{most: most}}
		r.Body = &teeBody{ReadCloser: r.Body, to: n.in}
		pending := rec.begin(t, r, n)
		// Also when f panics: the transfer took place.
		defer func() { rec.end(pending, n, r, out, err) }()
		err = f(out, r)
		return err
	}
}

var errBroken = errors.New("integration/web: the handler did not come to its end")

// note is a request as far as it is known before it is handled.
type note struct {
	about translog.Exchange
	began time.Time
	in    *copied
}

func newNote(t Transfer, r *http.Request, began time.Time, most int) *note {
	by, _ := identity.ActorOf(r.Context())
	return &note{began: began, in: &copied{most: most}, about: translog.Exchange{ID: uuid.New(), System: t.System, Service: t.Service,
		Direction: t.Direction, Key: keyOf(t, r), StaffID: by.StaffID, Person: by.Name, Target: r.Method + " " + r.URL.RequestURI()}}
}

// begin commits the intent of what must not be lost; nil where a note behind the
// request is enough, or where the log cannot be written now: the clinic goes on.
func (rec *Recorder) begin(t Transfer, r *http.Request, n *note) *translog.Pending {
	if t.System != FileSystem && t.Direction != translog.Out {
		return nil
	}
	pending, err := rec.spool.Begin(r.Context(), n.about)
	if err != nil {
		return nil
	}
	return pending
}

// end writes how it ended. An outcome that cannot be written leaves its intent,
// which the reader shows as 未知.
func (rec *Recorder) end(pending *translog.Pending, n *note, r *http.Request, out *answered, err error) {
	form, kind, answerKind := r.PostForm, r.Header.Get("Content-Type"), out.Header().Get("Content-Type")
	o := outcomeOf(out, err)
	if pending != nil {
		o.Request, o.Body = requestBody(kind, form, n.in), answerBody(answerKind, &out.body)
		_ = pending.End(r.Context(), o)
		return
	}
	if form.Get("done_at") != "" {
		n.about.Service += ".replay"
	}
	n.about.Body, o.Body = n.in.kept.Bytes(), out.body.kept.Bytes()
	rec.spool.Put(translog.Note{At: n.began, Took: rec.now().Sub(n.began), About: n.about, Outcome: o,
		Shape: func(x *translog.Exchange, o *translog.Outcome) {
			x.Body, o.Body = requestBody(kind, form, n.in), answerBody(answerKind, &out.body)
		}})
}

// keyOf is the business key in the address.
func keyOf(t Transfer, r *http.Request) string {
	if t.Key == "" {
		return ""
	}
	key := chi.URLParam(r, t.Key)
	if t.Word != "" {
		key = t.Word + " " + key
	}
	return key
}

// outcomeOf says how it ended: an error that the handler gave is answered by
// others, after us.
func outcomeOf(out *answered, err error) translog.Outcome {
	o := translog.Outcome{Result: translog.OK, Status: out.status}
	switch kind := db.KindOf(err); {
	case err == nil && out.status >= 500:
		o.Result = translog.Failed
	case err == nil && out.status >= 400:
		o.Result = translog.Refused
	case err == nil:
	case kind == db.Internal || kind == db.Unavailable:
		o.Result, o.Detail = translog.Failed, db.Sentence(err)
	default:
		o.Result, o.Detail = translog.Refused, db.Sentence(err)
	}
	return o
}

// requestBody is a form as it was sent but for the token of the login, the file
// that a person handed in, or the bytes as they came.
func requestBody(kind string, form url.Values, in *copied) []byte {
	switch {
	case strings.HasPrefix(kind, "multipart/form-data"):
		return uploadedFile(kind, in)
	case len(form) > 0:
		kept := url.Values{}
		for name, values := range form {
			if name != "csrf" {
				kept[name] = values
			}
		}
		return shorten([]byte(kept.Encode()), maxDeviceBody)
	}
	return in.bytes()
}

// answerBody keeps of a page the words that a person reads: its mark-up is ours
// and the same for everybody.
func answerBody(kind string, out *copied) []byte {
	if strings.HasPrefix(kind, "text/html") && out.sum == nil {
		return visibleWords(out.kept.Bytes())
	}
	return out.bytes()
}

// answered is a ResponseWriter that keeps what was answered.
type answered struct {
	http.ResponseWriter
	status int
	body   copied
}

// WriteHeader notes the status.
func (a *answered) WriteHeader(status int) {
	if a.status == 0 {
		a.status = status
	}
	a.ResponseWriter.WriteHeader(status)
}

// Write keeps what was written.
func (a *answered) Write(p []byte) (int, error) {
	if a.status == 0 {
		a.status = http.StatusOK
	}
	n, err := a.ResponseWriter.Write(p)
	a.body.add(p[:n])
	return n, err
}

// Unwrap lets http.ResponseController reach the connection's deadlines.
func (a *answered) Unwrap() http.ResponseWriter { return a.ResponseWriter }
