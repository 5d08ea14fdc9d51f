package page

import (
	"bytes"
	"html/template"
	"net/http"
	"net/url"

	"jingfang/sql/db"
)

// answer is an error as a person or a program gets to see it.
type answer struct {
	kind    db.Kind
	status  int
	message string
	ref     string // the request's reference number
}

// status is the table from kinds to HTTP. A kind that is not in it is our fault.
func status(kind db.Kind) int {
	switch kind {
	case db.Invalid:
		return http.StatusBadRequest
	case db.Denied:
		return http.StatusForbidden
	case db.LoggedOut:
		return http.StatusUnauthorized
	case db.Locked:
		return http.StatusLocked
	case db.NotFound:
		return http.StatusNotFound
	case db.Conflict:
		return http.StatusConflict
	case db.TooMany:
		return http.StatusTooManyRequests
	case db.Unavailable:
		return http.StatusServiceUnavailable
	default:
		return http.StatusInternalServerError
	}
}

// answerTo decides what an error says; the cause of an internal one stays out.
func answerTo(r *http.Request, err error) answer {
	kind := db.KindOf(err)
	return answer{kind: kind, status: status(kind), message: db.Sentence(err), ref: ReferenceOf(r.Context())}
}

// write answers in the form that was asked for.
func (s *Site) write(w http.ResponseWriter, r *http.Request, a answer) error {
	if a.status == http.StatusServiceUnavailable || a.status == http.StatusTooManyRequests {
		w.Header().Set("Retry-After", "5")
	}
	if WantsJSON(r) {
		return s.JSON(w, r, a.status, errorBody{Error: errorJSON{Kind: a.kind, Message: a.message, Ref: a.ref}})
	}
	if to := a.door(r); to != "" {
		return s.SeeOther(w, r, to)
	}
	if IsHTMX(r) {
		return s.writeBand(w, r, a)
	}
	return s.writePage(w, r, a)
}

// errorBody is the JSON form of an error:
// {"error":{"kind":"conflict","message":"…","ref":"K7M2-Q9XD"}}.
type errorBody struct {
	Error errorJSON `json:"error"`
}

// errorJSON is the inside of errorBody.
type errorJSON struct {
	Kind    db.Kind `json:"kind"`
	Message string  `json:"message"`
	Ref     string  `json:"ref,omitempty"`
}

// door is where a browser without a login, or with a locked one, has to go
// first; it comes back to the page it was on.
func (a answer) door(r *http.Request) string {
	door := ""
	switch a.kind {
	case db.LoggedOut:
		door = "/login"
	case db.Locked:
		door = "/lock"
	default:
		return ""
	}
	if back := cameFrom(r); back != "" && back != "/" {
		return door + "?next=" + url.QueryEscape(back)
	}
	return door
}

// cameFrom is the page a person was looking at: the one asked for, or the one
// htmx was working on. A POST by a plain form has none that could be opened.
func cameFrom(r *http.Request) string {
	if IsHTMX(r) {
		page, err := url.Parse(r.Header.Get("HX-Current-URL"))
		if err != nil || !local(page.Path) {
			return ""
		}
		return page.Path
	}
	if r.Method == http.MethodGet && local(r.URL.Path) {
		return r.URL.Path
	}
	return ""
}

// writeBand answers htmx with a band, wherever the asking element wanted to put
// the answer it hoped for.
func (s *Site) writeBand(w http.ResponseWriter, r *http.Request, a answer) error {
	header := w.Header()
	header.Set("HX-Retarget", "#band")
	header.Set("HX-Reswap", "innerHTML")
	header.Set("HX-Reselect", "unset")
	band := Band{Tone: Bad, Text: a.message}
	if a.status >= http.StatusInternalServerError {
		band.Ref = a.ref
	}
	return s.Fragments(w, r, a.status, Part{Name: "band", View: band})
}

// errorView is the view of the page "error".
type errorView struct {
	Title   string
	Message string
	Ref     string // only for faults of our own
	Retry   bool   // opening the same address again may help
}

// titleOf is the heading of the error page.
func titleOf(status int) string {
	switch status {
	case http.StatusForbidden:
		return "没有权限"
	case http.StatusNotFound, http.StatusMethodNotAllowed:
		return "找不到这个页面"
	case http.StatusConflict:
		return "情况已经变了"
	case http.StatusTooManyRequests:
		return "操作太快了"
	case http.StatusServiceUnavailable:
		return "暂时连不上"
	case http.StatusInternalServerError:
		return "没有完成"
	default:
		return "请检查一下"
	}
}

// writePage answers a browser. The page for our own faults was rendered at
// start-up, so that whatever is broken cannot break it too.
func (s *Site) writePage(w http.ResponseWriter, r *http.Request, a answer) error {
	if a.kind == db.Internal && a.message == db.Sentence(errPlain) {
		return s.send(w, a.status, s.plain.with(a.ref))
	}
	passing := a.status == http.StatusServiceUnavailable || a.status == http.StatusTooManyRequests
	view := errorView{Title: titleOf(a.status), Message: a.message, Retry: passing && r.Method == http.MethodGet}
	if a.status >= http.StatusInternalServerError {
		view.Ref = a.ref
	}
	body, err := s.renderPage(r, "layout", "error", view)
	if err != nil {
		s.log.Error("the error page failed", "ref", a.ref, "error", err)
		return s.send(w, http.StatusInternalServerError, s.plain.with(a.ref))
	}
	viewer, _ := ViewerOf(r.Context())
	return s.send(w, a.status, s.slots.fill(body, viewer.CSRF))
}

// plainError is the page for our own faults, cut where the number goes.
type plainError struct {
	before, after []byte
}

// with puts the request's reference number in.
func (p plainError) with(ref string) []byte {
	var page []byte
	page = append(page, p.before...)
	page = append(page, template.HTMLEscapeString(ref)...)
	return append(page, p.after...)
}

// renderPlainError renders the page for our own faults, as for nobody.
func (s *Site) renderPlainError() (plainError, error) {
	const mark = "REF-MARK"
	view := errorView{Title: titleOf(500), Message: db.Sentence(errPlain), Ref: mark}
	r := &http.Request{Method: http.MethodGet, URL: &url.URL{Path: "/"}}
	body, err := s.renderPage(r, "layout", "error", view)
	if err != nil {
		return plainError{}, err
	}
	before, after, found := bytes.Cut(s.slots.clear(body), []byte(mark))
	if !found {
		return plainError{}, errPlain
	}
	return plainError{before: before, after: after}, nil
}
