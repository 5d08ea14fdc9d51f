package web

import (
	"errors"
	"io"
	"net/http"
	"net/url"
	"strings"

	"github.com/google/uuid"

	"jingfang/integration/translog"
	"jingfang/session/identity"
	"jingfang/session/page"
	"jingfang/sql/db"
)

// lockerView is the part where the officer's key is opened and closed.
type lockerView struct {
	Back      string // where to go on
	OpenUntil string // "10:42", or "" while the key is closed
	NeedsFile bool   // the server has no key file: the officer hands it in
	Error     string
}

func (h *Reader) locker(by identity.Actor, back, problem string) lockerView {
	v := lockerView{Back: back, NeedsFile: !h.desk.HasKeyFile(), Error: problem}
	if until := h.desk.OpenUntil(by); !until.IsZero() {
		v.OpenUntil = until.In(clinicZone()).Format("15:04:05")
	}
	return v
}

// OpenKey is POST /transferlog/key: the officer's key file, if the server has none,
// and its passphrase.
func (h *Reader) OpenKey(w http.ResponseWriter, r *http.Request) error {
	by, err := identity.Who(r.Context())
	if err != nil {
		return err
	}
	file, err := keyFile(r)
	if err == nil {
		err = h.desk.OpenKey(r.Context(), by, file, r.PostFormValue("passphrase"))
	}
	back := h.backOf(r)
	if kind := db.KindOf(err); err != nil && !page.WantsJSON(r) && (kind == db.Invalid || kind == db.TooMany) {
		return h.site.SeeOther(w, r, back+"?refused="+url.QueryEscape(string(kind)))
	}
	if err != nil {
		return err
	}
	return h.site.SeeOther(w, r, back)
}

// keyFile reads the file of the form into memory; nil when none was chosen.
func keyFile(r *http.Request) ([]byte, error) {
	file, _, err := r.FormFile("key")
	if errors.Is(err, http.ErrMissingFile) || errors.Is(err, http.ErrNotMultipart) {
		return nil, nil
	}
	if err != nil {
		return nil, db.RefuseBecause(err, db.Invalid, "私钥文件没有传完整，请再选一次。")
	}
	defer func() { _ = file.Close() }() // it was only read
	text, err := io.ReadAll(io.LimitReader(file, translog.MaxKeyFile+1))
	switch {
	case err != nil:
		return nil, db.RefuseBecause(err, db.Invalid, "私钥文件没有传完整，请再选一次。")
	case len(text) > translog.MaxKeyFile:
		return nil, db.Refuse(db.Invalid, "这个文件太大，不是私钥文件。")
	case len(text) == 0:
		return nil, nil
	}
	return text, nil
}

// backOf is the page of the log that a form came from.
func (h *Reader) backOf(r *http.Request) string {
	id, err := uuid.Parse(strings.TrimPrefix(r.PostFormValue("back"), "/transferlog/"))
	if err != nil {
		return "/transferlog"
	}
	return "/transferlog/" + id.String()
}

// ShutKey is POST /transferlog/key/close.
func (h *Reader) ShutKey(w http.ResponseWriter, r *http.Request) error {
	by, err := identity.Who(r.Context())
	if err != nil {
		return err
	}
	if err := h.desk.ShutKey(r.Context(), by); err != nil {
		return err
	}
	return h.site.SeeOther(w, r, h.backOf(r))
}
