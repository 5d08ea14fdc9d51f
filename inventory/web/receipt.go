package web

import (
	"context"
	"fmt"
	"net/http"

	"jingfang/inventory"
	"jingfang/session/identity"
	"jingfang/session/page"
)

// receiptView is the page on which a receipt is scanned in.
type receiptView struct {
	URL, Number, About string
	Paste              pasteView
	Work               receiptWorkView
}

// pasteView is the field for many codes; Again draws it empty into an answer.
type pasteView struct {
	URL   string
	Again bool
}

// receiptWorkView is all of the page that a scan changes.
type receiptWorkView struct {
	URL                string
	Open               bool
	Expected, Received int
	Missing, Refused   int
	Percent            int
	// Said is what was wrong with the codes of the last scan, when it brought
	// several.
	Said    []saidRow
	SaidNot int // further ones that are not shown
	Last    []lastRow
	Lines   []missingRow
	Hidden  int // further lines with missing packs
	Boxes   []boxRow
	Unseen  int // further refused boxes
	// Closed says when, by whom and with which remark a receipt was finished.
	Closed, Remark string
	Cartons        cartonsView
	Codeless       codelessView
	Sign           *signView // the difference sheet; nil when none was handed in
	// WrongBatch is packs whose own batch is not their line's; SheetURL where all
	// differences stand.
	WrongBatch int
	SheetURL   string
	// Surplus is boxes that are to go back; Differs says that finishing takes a
	// second person.
	Surplus int
	Differs bool
	// CanTeach shows the link that teaches an unknown prefix.
	CanTeach bool
	Papers   papersView
}

type saidRow struct{ Drug, Word, Tone, Why string }

type lastRow struct{ Code, Head, Tail, Drug, About, Until, At string }

type missingRow struct {
	Drug, Batch    string
	Missing, Packs int
	Pack           string   // 盒
	Codes          []string // the ends of the codes that the document lists
	More           int
}

type boxRow struct {
	ID              int64
	Head, Tail, Why string
	TeachURL        string
}

// What one answer shows at most: a receipt may have 2,000 packs.
const (
	maxLast  = 10
	maxLines = 30
	maxBoxes = 20
	maxEnds  = 6
)

// Receipt is GET /receipts/{id}: the page to scan a receipt in, or what came of
// a finished one.
func (h *Handlers) Receipt(w http.ResponseWriter, r *http.Request) error {
	by, err := who(r, identity.Receive)
	if err != nil {
		return err
	}
	id, err := receiptID(r)
	if err != nil {
		return err
	}
	s, err := h.readState(r.Context(), id)
	if err != nil {
		return err
	}
	if page.WantsJSON(r) {
		return h.site.JSON(w, r, http.StatusOK, newReceiptStateJSON(s))
	}
	v := receiptView{URL: receiptURL(id), Number: s.receipt.Number, About: aboutReceipt(s.receipt),
		Paste: pasteView{URL: receiptURL(id)}, Work: newWorkView(s, by)}
	return h.site.Page(w, r, "receipt", v)
}

// receiptState is a receipt as it is now.
type receiptState struct {
	receipt inventory.Receipt
	lines   []inventory.ReceiptLine
	differ  inventory.Differences
	last    []inventory.ReceivedPack
	// taught are the prefixes of refused boxes that are known by now.
	taught map[string]inventory.Prefix
	extras inventory.ReceiptExtras
	papers papers
}

func (h *Handlers) readState(ctx context.Context, id int64) (s receiptState, err error) {
	if s.receipt, err = inventory.FindReceipt(ctx, h.db, id); err != nil {
		return s, err
	}
	if s.lines, err = inventory.ReceiptLines(ctx, h.db, id); err != nil {
		return s, err
	}
	if s.differ, err = inventory.ReadDifferences(ctx, h.db, id, s.lines); err != nil {
		return s, err
	}
	if s.last, err = inventory.LastReceived(ctx, h.db, id, maxLast); err != nil {
		return s, err
	}
	if s.extras, err = inventory.ReadReceiptExtras(ctx, h.db, id); err != nil {
		return s, err
	}
	if s.taught, err = inventory.FindPrefixes(ctx, h.db, unknownPrefixes(s.differ.Refused)); err != nil {
		return s, err
	}
	s.papers, err = h.readPapers(ctx, s)
	return s, err
}

// unknownPrefixes lists the prefixes that nobody knew when their boxes were
// scanned.
func unknownPrefixes(refused []inventory.ReceiptRefusal) (list []string) {
	for _, f := range refused {
		if f.Kind == inventory.KindUnknownPrefix {
			list = append(list, prefixOf(f.Code))
		}
	}
	return list
}

// prefixOf is the prefix of a code that was read before.
func prefixOf(code string) string {
	c, err := inventory.ParseTraceCode(code)
	if err != nil {
		return "" // no code is written that cannot be read again
	}
	return c.Prefix()
}

func newWorkView(s receiptState, by identity.Actor) receiptWorkView {
	v := receiptWorkView{URL: receiptURL(s.receipt.ID), Open: s.receipt.State.Open(), Refused: len(s.differ.Refused),
		CanTeach: by.Can(identity.TeachPrefix, 0) == nil, Remark: s.receipt.Remark}
	for _, l := range s.lines {
		v.Expected += l.Packs
		v.Received += l.Received
	}
	v.Missing = v.Expected - v.Received
	v.Percent = 100 * v.Received / max(1, v.Expected)
	for _, p := range s.last {
		v.Last = append(v.Last, newLastRow(p))
	}
	for _, m := range s.differ.Missing[:min(len(s.differ.Missing), maxLines)] {
		v.Lines = append(v.Lines, newMissingRow(m))
	}
	v.Hidden = len(s.differ.Missing) - len(v.Lines)
	for _, f := range s.differ.Refused {
		switch {
		case v.Open && s.held(f): // stands with the others of its prefix
		case len(v.Boxes) < maxBoxes:
			v.Boxes = append(v.Boxes, newBoxRow(f, s, v.CanTeach))
		default:
			v.Unseen++
		}
	}
	v.Cartons = newCartonsView(v.URL, s.extras.Cartons, by)
	v.Codeless = newCodelessView(s, by)
	v.Sign = newSignView(v.URL, s.extras.Sign, v.Open, by)
	v.WrongBatch, v.SheetURL = s.extras.WrongBatch, v.URL+"/differences"
	v.Papers = newPapersView(s, by)
	v.Surplus = inventory.SurplusLeft(s.papers.surplus)
	v.Differs = v.Missing != 0 || v.Refused+v.WrongBatch+v.Surplus > 0
	if s.receipt.FinishedAt != nil {
		v.Closed = fmt.Sprintf("%s %s 完成入库", s.receipt.FinishedAt.In(zone()).Format("1月2日 15:04"), s.receipt.FinishedBy)
	}
	return v
}

// held reports a box whose prefix nobody knows yet.
func (s receiptState) held(f inventory.ReceiptRefusal) bool {
	if f.Kind != inventory.KindUnknownPrefix {
		return false
	}
	_, known := s.taught[prefixOf(f.Code)]
	return !known
}

func newLastRow(p inventory.ReceivedPack) lastRow {
	v := lastRow{Code: p.Code, Tail: tail(p.Code), Drug: p.GenericName, About: p.Spec, Until: dayWords(p.ExpiresOn), At: p.At.In(zone()).Format("15:04:05")}
	v.Head = p.Code[:len(p.Code)-len(v.Tail)]
	if p.Batch != "" {
		v.About += " · 批号 " + p.Batch
	}
	return v
}

func newMissingRow(m inventory.MissingLine) missingRow {
	v := missingRow{Drug: m.DrugName(), Batch: m.Batch, Missing: m.Missing(), Packs: m.Packs, Pack: m.PackName}
	for _, c := range m.Codes[:min(len(m.Codes), maxEnds)] {
		v.Codes = append(v.Codes, tail(c))
	}
	v.More = len(m.Codes) - len(v.Codes)
	return v
}

func newBoxRow(f inventory.ReceiptRefusal, s receiptState, canTeach bool) boxRow {
	v := boxRow{ID: f.ID, Tail: tail(f.Code), Why: f.Kind.Sentence(inventory.Details{})}
	v.Head = f.Code[:len(f.Code)-len(v.Tail)]
	if f.Kind != inventory.KindUnknownPrefix {
		return v
	}
	if known, ok := s.taught[prefixOf(f.Code)]; ok {
		v.Why = "前缀已对照为 " + known.Drug + "。请把这盒再扫一次。"
	} else if canTeach {
		v.TeachURL = teachURL(f.Code, s.receipt.ID)
	}
	return v
}

// receiptStateJSON is a receipt with its lines for programs.
type receiptStateJSON struct {
	receiptJSON
	Lines   []receiptLineJSON `json:"lines"`
	Boxes   []receiptBoxJSON  `json:"refused_boxes"`
	Missing int               `json:"missing"`
}

type receiptLineJSON struct {
	LineNo   int      `json:"line_no"`
	Drug     string   `json:"drug"`
	Batch    string   `json:"batch"`
	Packs    int      `json:"packs"`
	Received int      `json:"received"`
	Missing  []string `json:"missing_codes,omitempty"`
}

type receiptBoxJSON struct {
	ID   int64                `json:"id"`
	Code string               `json:"code"`
	Kind inventory.AnswerKind `json:"kind"`
}

func newReceiptStateJSON(s receiptState) receiptStateJSON {
	v := receiptStateJSON{receiptJSON: newReceiptJSON(s.receipt), Lines: []receiptLineJSON{}, Boxes: []receiptBoxJSON{}, Missing: s.differ.Packs()}
	missing := map[int64][]string{}
	for _, m := range s.differ.Missing {
		missing[m.ID] = m.Codes
	}
	for _, l := range s.lines {
		v.Lines = append(v.Lines, receiptLineJSON{LineNo: l.LineNo, Drug: l.DrugName(), Batch: l.Batch, Packs: l.Packs, Received: l.Received, Missing: missing[l.ID]})
	}
	for _, f := range s.differ.Refused {
		v.Boxes = append(v.Boxes, receiptBoxJSON{f.ID, f.Code, f.Kind})
	}
	return v
}
