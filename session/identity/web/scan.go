package web

import (
	"encoding/base64"
	"errors"
	"html/template"
	"net/http"
	"net/url"

	"jingfang/session/identity"
	"jingfang/session/page"
	"jingfang/sql/db"
)

// scanView is the view of the part "ca_scan": the QR code and what became of it.
type scanView struct {
	State string // none, waiting, scanned, refused, expired, error, wrong, confirmed
	Word  string // one line beside the code
	Why   string
	QR    page.QR
	Image template.URL // instead of QR where the authority gives a picture
	Tone  string       // of an end: caution or bad
	Demo  template.URL // where the demo's phone is played; "" outside of it
	// Switch says that the code is for somebody else than who is logged in.
	Switch bool
	// Away says that there is no code because the authority does not answer.
	Away bool
}

// Open tells whether the page goes on asking.
func (v scanView) Open() bool { return v.State == "waiting" || v.State == "scanned" }

// Shows tells whether the code is still to be scanned.
func (v scanView) Shows() bool { return v.State == "waiting" }

func (w *Web) newScanView(s identity.Scan) (scanView, error) {
	v := scanView{State: string(s.State), Why: s.Why, Tone: "caution"}
	switch s.State {
	case identity.CertWaiting:
		v.Word = "用手机 CA 扫码登录"
		if s.Payload == "" {
			v.Image = template.URL("data:image/png;base64," + base64.StdEncoding.EncodeToString(s.Image))
			return v, nil
		}
		if w.demo && len(s.Payload) < 200 {
			v.Demo = template.URL(s.Payload)
		}
		var err error
		v.QR, err = page.NewScreenQR(s.Payload)
		return v, err
	case identity.CertScanned:
		v.Word = "已扫码，请在手机上确认"
	case identity.CertRefused:
		v.Word = "手机上已拒绝"
	case identity.CertExpired:
		v.Word = "二维码已过期"
	case identity.CertWrong:
		v.Word, v.Tone = "不是本人", "bad"
	case identity.CertError:
		v.Word, v.Tone = "没有登录", "bad"
	case identity.CertConfirmed:
		v.Word = "已确认"
	}
	return v, nil
}

// awayView is shown instead of a code while the authority does not answer: the password
// beside it is the way in.
func awayView(why string, other bool) scanView {
	return scanView{State: string(identity.CertError), Word: "现在不能扫码", Why: why + "请先用密码，CA 恢复后再扫。", Tone: "caution", Switch: other, Away: true}
}

// scanCookie holds the ticket of a browser's QR code. It is as secret as a login: who
// has it gets in when the phone says yes.
func (w *Web) scanCookie(r *http.Request) string { return w.cookieName(r) + "-scan" }

func (w *Web) setScan(rw http.ResponseWriter, r *http.Request, value string, age int) {
	http.SetCookie(rw, &http.Cookie{Name: w.scanCookie(r), Value: value, Path: "/", MaxAge: age,
		HttpOnly: true, Secure: w.secure(r), SameSite: http.SameSiteStrictMode})
}

func (w *Web) readScan(r *http.Request) (identity.Cookie, bool) {
	c, err := r.Cookie(w.scanCookie(r))
	if err != nil {
		return identity.Cookie{}, false
	}
	return identity.ParseCookie(c.Value)
}

// seen is the browser's code as the server knows it, for a page that is drawn anew.
func (w *Web) seen(r *http.Request) (scanView, error) {
	if !w.svc.HasCA() {
		return scanView{}, nil
	}
	c, ok := w.readScan(r)
	if !ok {
		return scanView{State: "none"}, nil
	}
	s, err := w.svc.LookScan(r.Context(), c)
	if db.KindOf(err) == db.NotFound || err == nil && s.State == identity.CertConfirmed {
		return scanView{State: "none"}, nil
	}
	if err != nil {
		return scanView{}, err
	}
	return w.newScanView(s)
}

// scanForm is what a page sends about its code.
type scanForm struct {
	next, shown string
	other       bool // somebody else than who is logged in
}

func readScanForm(rw http.ResponseWriter, r *http.Request) (scanForm, error) {
	if err := readForm(rw, r); err != nil {
		return scanForm{}, err
	}
	return scanForm{nextOf(r.PostForm.Get("next")), r.PostForm.Get("shown"), r.PostForm.Get("switch") != ""}, nil
}

// postScan is POST /login/ca: a fresh QR code for this browser.
func (w *Web) postScan(rw http.ResponseWriter, r *http.Request) error {
	f, err := readScanForm(rw, r)
	if err != nil {
		return err
	}
	if w.scans.OnLimit(rw, r, clientOf(r).Addr) {
		return db.Refuse(db.TooMany, "这个网络地址上要的二维码太多，请一分钟后再试。")
	}
	purpose := identity.ScanLogin
	st, in := stateOf(r.Context())
	if in && st.Locked && !f.other {
		purpose = identity.ScanUnlock
	}
	c, s, err := w.svc.BeginScan(r.Context(), clientOf(r), purpose, st.Actor)
	if errors.Is(err, identity.ErrCertDown) && page.IsHTMX(r) && !page.WantsJSON(r) {
		return w.site.Fragment(rw, r, "ca_scan", awayView(db.Sentence(err), f.other))
	}
	if err != nil && db.KindOf(err) != db.Internal && !page.WantsJSON(r) {
		return w.answerScan(rw, r, f, identity.Scan{State: identity.CertError, Why: db.Sentence(err)})
	}
	if err != nil {
		return err
	}
	w.setScan(rw, r, c.Value(), 600)
	return w.answerScan(rw, r, f, s)
}

// scanJSON is a QR code for a program.
type scanJSON struct {
	State   identity.CertState `json:"state"`
	Why     string             `json:"why,omitempty"`
	Payload string             `json:"payload,omitempty"`
	Expires string             `json:"expires_at,omitempty"`
}

func (w *Web) answerScan(rw http.ResponseWriter, r *http.Request, f scanForm, s identity.Scan) error {
	if page.WantsJSON(r) {
		return w.site.JSON(rw, r, http.StatusOK, scanJSON{s.State, s.Why, s.Payload, s.ExpiresAt.UTC().Format("2006-01-02T15:04:05Z")})
	}
	if !page.IsHTMX(r) {
		return w.site.SeeOther(rw, r, "/login?next="+url.QueryEscape(f.next))
	}
	v, err := w.newScanView(s)
	if err != nil {
		return err
	}
	if v.Switch = f.other; f.shown == v.shown() {
		rw.WriteHeader(http.StatusNoContent) // nothing to draw: the code stands still
		return nil
	}
	return w.site.Fragment(rw, r, "ca_scan", v)
}

// shown tells two drawings of one code apart.
func (v scanView) shown() string {
	if v.Why == "" {
		return v.State
	}
	return v.State + "!"
}

// Shown is what the page says that it shows.
func (v scanView) Shown() string { return v.shown() }

// postScanState is POST /login/ca/state: how far this browser's code is. The answer
// to a confirmed one is the login itself.
func (w *Web) postScanState(rw http.ResponseWriter, r *http.Request) error {
	f, err := readScanForm(rw, r)
	if err != nil {
		return err
	}
	c, ok := w.readScan(r)
	if !ok {
		return w.answerScan(rw, r, f, identity.Scan{State: identity.CertExpired, Why: "这台设备上没有等待中的二维码。请换一个二维码。"})
	}
	old, _ := w.readCookie(r)
	s, login, err := w.svc.FollowScan(r.Context(), clientOf(r), c, old)
	if db.KindOf(err) == db.NotFound {
		return w.answerScan(rw, r, f, identity.Scan{State: identity.CertExpired, Why: db.Sentence(err)})
	}
	if err != nil {
		return err
	}
	if s.State != identity.CertConfirmed {
		return w.answerScan(rw, r, f, s)
	}
	w.setScan(rw, r, "", -1)
	if login.State.Actor.StaffID == 0 {
		return w.done(rw, r, f.next) // the screen is unlocked
	}
	w.setCookie(rw, r, login.Cookie)
	if page.WantsJSON(r) {
		return w.site.JSON(rw, r, http.StatusOK, newLoginAnswer(login))
	}
	return w.site.SeeOther(rw, r, f.next)
}
