// Package web shows the pharmacy: the work list of receipts, the page on which
// boxes are scanned in, the stock of the shelf, and the drug dictionary with the
// meaning of prefixes. It owns no rule: it parses, calls a use case of package
// inventory, and draws the answer as a page, as fragments or as JSON. Packing
// and the doctor's table belong to session/web.
package web

import (
	"embed"
	"io/fs"
	"net/http"
	"strconv"
	"time"

	"github.com/go-chi/chi/v5"
	"github.com/google/uuid"

	"jingfang/inventory"
	"jingfang/session/identity"
	"jingfang/session/page"
	"jingfang/sql/db"
)

//go:embed pages parts
var templates embed.FS

// Templates are the pages and fragments of this package, for page.New.
func Templates() fs.FS { return templates }

// Handlers answer the requests of the pharmacy.
type Handlers struct {
	site  *page.Site
	db    *db.DB
	stock *inventory.Service
}

// New makes the handlers.
func New(site *page.Site, d *db.DB, stock *inventory.Service) *Handlers {
	return &Handlers{site: site, db: d, stock: stock}
}

// who gives the acting person of a request, who must hold the permission
// somewhere: the pharmacy is one for all sites.
func who(r *http.Request, p identity.Permission) (identity.Actor, error) {
	by, err := identity.Who(r.Context())
	if err != nil {
		return by, err
	}
	return by, by.Can(p, 0)
}

// receiptID reads the number of the receipt from the address.
func receiptID(r *http.Request) (int64, error) {
	id, err := strconv.ParseInt(chi.URLParam(r, "id"), 10, 64)
	if err != nil || id <= 0 {
		return 0, db.Refuse(db.NotFound, "没有这张入库单。请从入库列表重新进入。")
	}
	return id, nil
}

// command reads what every command on a receipt has: its person, its receipt
// and the id that the device made.
func command(r *http.Request) (by identity.Actor, receipt int64, id uuid.UUID, err error) {
	if by, err = who(r, identity.Receive); err != nil {
		return by, 0, id, err
	}
	if receipt, err = receiptID(r); err != nil {
		return by, 0, id, err
	}
	id, err = commandID(r)
	return by, receipt, id, err
}

func commandID(r *http.Request) (uuid.UUID, error) {
	id, err := uuid.Parse(r.PostFormValue("command_id"))
	if err != nil {
		return id, db.Refuse(db.Invalid, "页面缺少操作编号，请刷新页面后重试。")
	}
	return id, nil
}

// formNumber reads a whole number from a form; an empty one is zero.
func formNumber(r *http.Request, name string) (int64, error) {
	text := r.PostFormValue(name)
	if text == "" {
		return 0, nil
	}
	n, err := strconv.ParseInt(text, 10, 64)
	if err != nil || n < 0 {
		return 0, db.Refuse(db.Invalid, "“%s”不是一个数字，请改正后再提交。", clip(text, 20))
	}
	return n, nil
}

// zone is the clinic's clock.
func zone() *time.Location { return time.FixedZone("Asia/Shanghai", 8*60*60) }

// dayWords is a date as people write it; empty for nil.
func dayWords(t *time.Time) string {
	if t == nil {
		return ""
	}
	return t.Format(time.DateOnly)
}

// tail is the last four characters of a code, as people read them off a box.
func tail(code string) string { return code[max(0, len(code)-4):] }

// clip keeps a text readable on a phone: its beginning and its end.
func clip(s string, n int) string {
	r := []rune(s)
	if len(r) <= n {
		return s
	}
	return string(r[:n/2]) + "…" + string(r[len(r)-n/2:])
}
