package web

import (
	"fmt"
	"net/http"
	"strings"

	"jingfang/inventory"
	"jingfang/session/identity"
	"jingfang/session/page"
)

// cartonsView is the cartons of a receipt whose small packs are being scanned.
type cartonsView struct {
	URL  string
	Rows []cartonRow
}

type cartonRow struct {
	ID               int64
	Drug, Word       string // 箱
	Head, Tail       string
	Scanned, Nominal int
	Holder           string // who scans into it, when it is somebody else
	Empty            bool
}

func newCartonsView(url string, list []inventory.OpenCarton, by identity.Actor) cartonsView {
	v := cartonsView{URL: url}
	for _, c := range list {
		row := cartonRow{ID: c.ID, Drug: c.DrugName(), Word: inventory.LevelWord(c.Level), Tail: tail(c.Code), Scanned: c.Scanned, Nominal: c.Nominal, Empty: c.Scanned == 0}
		row.Head = strings.TrimSuffix(c.Code, row.Tail)
		if c.HeldBy != by.StaffID {
			row.Holder = c.Holder
		}
		v.Rows = append(v.Rows, row)
	}
	return v
}

// FinishCarton is POST /receipts/{id}/cartons: ends an open carton with the count
// it has, or with drop puts away one that is empty.
func (h *Handlers) FinishCarton(w http.ResponseWriter, r *http.Request) error {
	by, id, cmd, err := command(r)
	if err != nil {
		return err
	}
	in := inventory.CartonEnding{ReceiptID: id, CommandID: cmd, Reason: r.PostFormValue("reason"), Drop: r.PostFormValue("drop") != ""}
	status := int64(0)
	for name, n := range map[string]*int64{"carton": &in.CartonID, "status": &status} {
		if *n, err = formNumber(r, name); err != nil {
			return err
		}
	}
	in.Status = inventory.BoxStatus(status)
	done, err := h.stock.FinishCarton(r.Context(), by, in)
	if err != nil {
		return h.refused(w, r, by, id, err)
	}
	if page.WantsJSON(r) {
		return h.site.JSON(w, r, http.StatusOK, done)
	}
	band := page.Band{Tone: page.Good, Text: fmt.Sprintf("本箱完成：%d 盒。", done.Scanned), Detail: "箱码 …" + tail(done.Code)}
	if in.Drop {
		band.Text = "这一箱不扫了，已经关上。"
	}
	return h.answer(w, r, by, id, band, nil)
}
