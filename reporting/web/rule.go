package web

import (
	"net/http"
	"strconv"
	"time"

	"github.com/google/uuid"

	"jingfang/inventory"
	"jingfang/session/identity"
	"jingfang/session/page"
	"jingfang/sql/db"
)

// AddRule is POST /ledger/controlled/rules: what the law asks of a class from a
// day on.
func (h *Handlers) AddRule(w http.ResponseWriter, r *http.Request) error {
	by, err := identity.Who(r.Context())
	if err != nil {
		return err
	}
	in, err := parseRuling(r)
	if err != nil {
		return err
	}
	if err := h.stock.AddClassRule(r.Context(), by, in); err != nil {
		return err
	}
	if page.WantsJSON(r) {
		return h.site.JSON(w, r, http.StatusOK, map[string]bool{"saved": true})
	}
	return h.site.SeeOther(w, r, "/ledger/controlled")
}

func parseRuling(r *http.Request) (inventory.Ruling, error) {
	in := inventory.Ruling{Class: inventory.Class(r.PostFormValue("class")), LimitLaw: r.PostFormValue("limit_law"), KeepLaw: r.PostFormValue("keep_law")}
	var err error
	if in.CommandID, err = uuid.Parse(r.PostFormValue("command_id")); err != nil {
		return in, db.RefuseBecause(err, db.Invalid, "页面缺少操作编号，请刷新页面后重试。")
	}
	if in.Since, err = time.Parse(time.DateOnly, r.PostFormValue("since")); err != nil {
		return in, db.RefuseBecause(err, db.Invalid, "生效日期无法识别。请写成 2026-11-23 的样子。")
	}
	if in.MaxDays, err = smallNumber(r, "max_days"); err != nil {
		return in, err
	}
	in.KeepYears, err = smallNumber(r, "keep_years")
	return in, err
}

// smallNumber reads a whole number from a form; an empty one is zero.
func smallNumber(r *http.Request, name string) (int, error) {
	text := r.PostFormValue(name)
	if text == "" {
		return 0, nil
	}
	n, err := strconv.Atoi(text)
	if err != nil {
		return 0, db.RefuseBecause(err, db.Invalid, "“%s”不是一个数字，请改正后再提交。", clipText(text, 20))
	}
	return n, nil
}
