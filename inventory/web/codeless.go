package web

import (
	"fmt"
	"html/template"
	"net/http"
	"strings"

	"github.com/boombuler/barcode/qr"

	"jingfang/inventory"
	"jingfang/session/identity"
	"jingfang/session/page"
)

// codelessView is the boxes of a receipt that have no readable code.
type codelessView struct {
	URL  string
	Open bool
	// Lines are what such a box may be; none when all are in.
	Lines   []codelessLine
	Reasons []codelessReason
	Rows    []codelessRow
	// Boxes are those that still lack their true code.
	Boxes     []codelessBox
	LabelsURL string
	// Signed and Asked count the boxes that are in and those that wait.
	Signed, Asked int
}

type codelessLine struct {
	ID   int64
	Name string
}

type codelessReason struct {
	Value, Word string
	Chosen      bool
}

type codelessRow struct {
	ID                  int64
	Drug, About, Who    string
	Waiting, CanConfirm bool
	CanTakeBack         bool
	Packs               int
	Pack                string
	Codes               []codelessCode
}

type codelessCode struct{ Head, Tail, True string }

type codelessBox struct{ Code, Name string }

func newCodelessView(s receiptState, by identity.Actor) codelessView {
	v := codelessView{URL: receiptURL(s.receipt.ID), Open: s.receipt.State.Open()}
	for _, l := range s.lines {
		if v.Open && l.Missing() > 0 {
			v.Lines = append(v.Lines, codelessLine{l.ID, fmt.Sprintf("%s · 批号 %s · 还差 %d %s", l.DrugName(), or(l.Batch, "不明"), l.Missing(), l.PackName)})
		}
	}
	for i, x := range inventory.CodelessReasons() {
		v.Reasons = append(v.Reasons, codelessReason{string(x), x.Chinese(), i == 0})
	}
	for _, q := range s.extras.Codeless {
		row := newCodelessRow(q, by, v.Open)
		if row.Waiting {
			v.Asked += q.Packs
		}
		for _, b := range q.Boxes {
			v.Signed++
			if b.TrueCode == "" {
				v.Boxes = append(v.Boxes, codelessBox{b.Code, "…" + tail(b.Code) + "　" + q.DrugName()})
			}
		}
		v.Rows = append(v.Rows, row)
	}
	if v.Signed > 0 {
		v.LabelsURL = v.URL + "/codeless/labels"
	}
	return v
}

func newCodelessRow(q inventory.CodelessRequest, by identity.Actor, open bool) codelessRow {
	row := codelessRow{ID: q.ID, Drug: q.DrugName(), Packs: q.Packs, Pack: q.PackName, About: q.Reason.Chinese(), Waiting: q.State == "asked"}
	if q.Readable != "" {
		row.About += " · 能看清：" + q.Readable
	}
	row.Who = q.AskedAt.In(zone()).Format("1月2日 15:04 ") + q.Asker + " 登记"
	witness := by.Can(identity.Witness, 0) == nil
	row.CanConfirm = open && row.Waiting && witness && by.StaffID != q.AskedBy
	row.CanTakeBack = open && row.Waiting && witness
	if q.DecidedAt != nil {
		row.Who += " · " + q.Decider + " 确认"
	}
	for _, b := range q.Boxes {
		t := tail(b.Code)
		row.Codes = append(row.Codes, codelessCode{strings.TrimSuffix(b.Code, t), t, b.TrueCode})
	}
	return row
}

// or is s, or the general word when s is empty.
func or(s, general string) string {
	if s == "" {
		return general
	}
	return s
}

// AskCodeless is POST /receipts/{id}/codeless: records boxes whose code cannot be
// read.
func (h *Handlers) AskCodeless(w http.ResponseWriter, r *http.Request) error {
	by, id, cmd, err := command(r)
	if err != nil {
		return err
	}
	in := inventory.CodelessAsk{ReceiptID: id, CommandID: cmd, Reason: inventory.CodelessReason(r.PostFormValue("reason")), Readable: r.PostFormValue("readable")}
	packs := int64(0)
	for name, n := range map[string]*int64{"line": &in.LineID, "packs": &packs} {
		if *n, err = formNumber(r, name); err != nil {
			return err
		}
	}
	in.Packs = int(min(packs, 1<<30))
	request, err := h.stock.AskCodeless(r.Context(), by, in)
	if err != nil {
		return h.refused(w, r, by, id, err)
	}
	if page.WantsJSON(r) {
		return h.site.JSON(w, r, http.StatusOK, map[string]int64{"request": request})
	}
	return h.answer(w, r, by, id, page.Band{Tone: page.Caution, Text: fmt.Sprintf("已登记 %d 盒无码。请另一位同事用自己的账号核对实物后确认，确认后才入库。", in.Packs)}, nil)
}

// DecideCodeless is POST /receipts/{id}/codeless/decide: the second person's yes,
// or no, to boxes without a code.
func (h *Handlers) DecideCodeless(w http.ResponseWriter, r *http.Request) error {
	by, err := who(r, identity.Witness)
	if err != nil {
		return err
	}
	in := inventory.CodelessDecision{Confirm: r.PostFormValue("decision") == "confirm"}
	if in.ReceiptID, err = receiptID(r); err != nil {
		return err
	}
	if in.CommandID, err = commandID(r); err != nil {
		return err
	}
	if in.RequestID, err = formNumber(r, "request"); err != nil {
		return err
	}
	codes, err := h.stock.DecideCodeless(r.Context(), by, in)
	if err != nil {
		return h.refused(w, r, by, in.ReceiptID, err)
	}
	if page.WantsJSON(r) {
		return h.site.JSON(w, r, http.StatusOK, map[string]any{"codes": codes})
	}
	band := page.Band{Tone: page.Good, Text: fmt.Sprintf("%d 盒无码已入库，各有一个院内码。请打印标签贴到盒上。", len(codes))}
	if !in.Confirm {
		band = page.Band{Tone: page.Soft, Text: "这条无码登记已退回，没有入库。"}
	}
	return h.answer(w, r, by, in.ReceiptID, band, nil)
}

// LinkCodeless is POST /receipts/{id}/codeless/link: the true code of a box was
// found.
func (h *Handlers) LinkCodeless(w http.ResponseWriter, r *http.Request) error {
	by, id, cmd, err := command(r)
	if err != nil {
		return err
	}
	p, err := h.stock.LinkCodeless(r.Context(), by, inventory.CodelessLink{CommandID: cmd, Code: r.PostFormValue("code"), TrueCode: r.PostFormValue("true_code")})
	if err != nil {
		return h.refused(w, r, by, id, err)
	}
	if page.WantsJSON(r) {
		return h.site.JSON(w, r, http.StatusOK, map[string]string{"code": p.Code, "true_code": p.TrueCode})
	}
	return h.answer(w, r, by, id, page.Band{Tone: page.Good, Text: "已补码，两个码查到的是同一盒。请把院内码标签划掉。", Detail: "追溯码 …" + tail(p.TrueCode)}, nil)
}

// labelsView is a sheet of labels for boxes without a code.
type labelsView struct {
	Back   string
	Labels []codelessLabel
}

type codelessLabel struct {
	Size        int
	Path        template.HTMLAttr
	Head, Tail  string
	Drug, Batch string
}

// CodelessLabels is GET /receipts/{id}/codeless/labels: what is stuck on the boxes
// without a code of a receipt.
func (h *Handlers) CodelessLabels(w http.ResponseWriter, r *http.Request) error {
	if _, err := who(r, identity.Receive); err != nil {
		return err
	}
	id, err := receiptID(r)
	if err != nil {
		return err
	}
	if _, err := inventory.FindReceipt(r.Context(), h.db, id); err != nil {
		return err
	}
	list, err := inventory.ReadCodeless(r.Context(), h.db, id)
	if err != nil {
		return err
	}
	v, err := newLabelsView(id, list)
	if err != nil {
		return err
	}
	return h.site.Page(w, r, "codeless_labels", v)
}

func newLabelsView(id int64, list []inventory.CodelessRequest) (labelsView, error) {
	v := labelsView{Back: receiptURL(id)}
	for _, q := range list {
		for _, b := range q.Boxes {
			if b.TrueCode != "" {
				continue
			}
			l := codelessLabel{Tail: tail(b.Code), Drug: q.DrugName(), Batch: or(q.Batch, "不明")}
			l.Head = strings.TrimSuffix(b.Code, l.Tail)
			var err error
			if l.Size, l.Path, err = qrPath(b.Code); err != nil {
				return v, err
			}
			v.Labels = append(v.Labels, l)
		}
	}
	return v, nil
}

// qrPath draws a code as one path over a grid of modules, with the white margin
// of four that a QR code needs. A bar for each run of dark modules leaves no
// seams for a printer to show.
func qrPath(code string) (size int, path template.HTMLAttr, err error) {
	const quiet = 4
	drawn, err := qr.Encode(code, qr.M, qr.AlphaNumeric)
	if err != nil {
		return 0, "", fmt.Errorf("encode QR: %w", err)
	}
	side := drawn.Bounds().Dx()
	dark := func(x, y int) bool {
		level, _, _, _ := drawn.At(x, y).RGBA()
		return level == 0
	}
	var b strings.Builder
	for y := range side {
		for x := 0; x < side; x++ {
			from := x
			for x < side && dark(x, y) {
				x++
			}
			if n := x - from; n > 0 {
				fmt.Fprintf(&b, "M%d %dh%dv1h-%dz", from+quiet, y+quiet, n, n)
			}
		}
	}
	return side + 2*quiet, template.HTMLAttr(`d="` + b.String() + `"`), nil
}
