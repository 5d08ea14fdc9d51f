package web

import (
	"context"
	"fmt"
	"time"

	"jingfang/inventory"
	"jingfang/session/identity"
)

// papersView is what documents have to do with a receipt: what became of it,
// boxes that nobody knows, batches that nobody told, and boxes that it does not
// want any more or that came before it.
type papersView struct {
	URL    string
	Open   bool
	Notice *paperNotice
	Held   []heldGroup
	Blank  []typedRow
	Contra []contraRow
	// Surplus boxes are here and are to go back.
	Surplus     []surplusBox
	SurplusMore int
	Unpapered   []unpaperedBox
}

// paperNotice says what became of a document, with a way on.
type paperNotice struct{ Tone, Icon, Title, Text, URL, Link string }

// heldGroup is boxes of one unknown prefix, with the form that says what it means
// for who may.
type heldGroup struct {
	Prefix   string
	Boxes    int
	Ends     []string
	More     int
	CanTeach bool
	Receipt  int64
	Choices  []drugChoice
	AllURL   string // the form with all drugs
}

// typedRow is a line whose batch or expiry is typed.
type typedRow struct {
	Line           int64
	Drug           string
	Batch, Expires string // as they are, blank where not known
	OwnBatch       bool   // the document's own, not to be typed
	OwnExpires     bool
	Typed          bool
}

// contraRow is boxes that say another batch or expiry than the document.
type contraRow struct{ Drug, Box, Paper, Tail, Pack, From string }

// surplusBox is a box that is here although its document does not want it.
type surplusBox struct {
	Drug, About, Where, Tail, Why string
	Session                       string // address of the clinic day that has it
	Packs                         int
	Pack                          string
	Gone, InStore                 bool
}

// unpaperedBox is a box that was let in before its document.
type unpaperedBox struct{ Code, Tail, Drug, Where string }

const maxSurplus = 30

// papers is what readState reads of it.
type papers struct {
	surplus   []inventory.Surplus
	contra    []inventory.Contradiction
	unpapered []inventory.UnpaperedBox
}

func (h *Handlers) readPapers(ctx context.Context, s receiptState) (p papers, err error) {
	x := s.receipt
	if x.Reds > 0 || x.Revision > 1 {
		if p.surplus, err = inventory.ReadSurplus(ctx, h.db, x.ID); err != nil {
			return p, err
		}
	}
	if x.Red() {
		return p, nil
	}
	if s.extras.Contradicts {
		if p.contra, err = inventory.ReadContradictions(ctx, h.db, x.ID); err != nil {
			return p, err
		}
	}
	if s.extras.Unpapered && x.State.Open() && x.Received < x.Expected {
		p.unpapered, err = inventory.UnpaperedBoxes(ctx, h.db, x.ID, maxLines)
	}
	return p, err
}

func newPapersView(s receiptState, by identity.Actor) papersView {
	v := papersView{URL: receiptURL(s.receipt.ID), Open: s.receipt.State.Open(), Notice: newPaperNotice(s.receipt)}
	if v.Open {
		v.Held = newHeldGroups(s, by.Can(identity.TeachPrefix, 0) == nil)
	}
	if v.Open || s.receipt.State == inventory.ReceiptFinished && !s.receipt.Red() {
		v.Blank = newTypedRows(s.lines)
	}
	for _, c := range s.papers.contra {
		v.Contra = append(v.Contra, newContraRow(c))
	}
	for _, x := range s.papers.surplus[:min(len(s.papers.surplus), maxSurplus)] {
		v.Surplus = append(v.Surplus, newSurplusBox(x))
	}
	v.SurplusMore = len(s.papers.surplus) - len(v.Surplus)
	for _, x := range s.papers.unpapered {
		v.Unpapered = append(v.Unpapered, unpaperedBox{x.Code, tail(x.Code), x.DrugName(), x.State.Chinese() + " · " + x.LetInAt.In(zone()).Format("1月2日 15:04") + " 放行"})
	}
	return v
}

// newPaperNotice says what a person has to know before scanning; nil when the
// document is as it came.
func newPaperNotice(x inventory.Receipt) *paperNotice {
	switch {
	case x.Red():
		return &paperNotice{"info", "receipt", "这是红单，冲销 " + x.Cancels, "还没到的盒已撤单；已经入库的，列在原单的差异里。", "/receipts", "回入库列表"}
	case x.State == inventory.ReceiptSuperseded && x.ReplacedBy != nil:
		return &paperNotice{"caution", "alert", fmt.Sprintf("第 %d 版已作废", x.Revision), "已扫的盒都在新的一版里。", receiptURL(*x.ReplacedBy), "打开新的一版"}
	case x.State == inventory.ReceiptCancelled:
		return &paperNotice{Tone: "caution", Icon: "alert", Title: "这张单已全部冲销", Text: "不要再扫入。已经入库的盒列在下面，请退回药库。"}
	case x.Reds > 0:
		return &paperNotice{Tone: "info", Icon: "alert", Title: fmt.Sprintf("有 %d 张红单冲销了一部分", x.Reds), Text: "应扫的盒数已减去冲销的。"}
	case x.Revision > 1:
		return &paperNotice{Tone: "info", Icon: "refresh", Title: fmt.Sprintf("这是第 %d 版", x.Revision), Text: "前一版扫过的盒已归到这一版，不用再扫。"}
	}
	return nil
}

// newHeldGroups gathers the boxes of unknown prefixes. The drugs of the receipt
// itself are offered: one of them it mostly is.
func newHeldGroups(s receiptState, canTeach bool) (groups []heldGroup) {
	at := map[string]int{}
	for _, f := range s.differ.Refused {
		prefix := prefixOf(f.Code)
		if !s.held(f) || prefix == "" {
			continue
		}
		i, ok := at[prefix]
		if !ok {
			i = len(groups)
			at[prefix] = i
			groups = append(groups, heldGroup{Prefix: prefix, CanTeach: canTeach, Receipt: s.receipt.ID, AllURL: teachURL(f.Code, s.receipt.ID), Choices: receiptDrugs(s.lines)})
		}
		g := &groups[i]
		g.Boxes++
		if len(g.Ends) < maxEnds {
			g.Ends = append(g.Ends, tail(f.Code))
		} else {
			g.More++
		}
	}
	return groups
}

// receiptDrugs are the drugs of a receipt's lines, those with missing packs first.
func receiptDrugs(lines []inventory.ReceiptLine) (list []drugChoice) {
	seen := map[int64]bool{}
	for _, missing := range []bool{true, false} {
		for _, l := range lines {
			if !seen[l.DrugID] && (l.Missing() > 0) == missing {
				seen[l.DrugID] = true
				list = append(list, drugChoice{ID: l.DrugID, Name: l.DrugName()})
			}
		}
	}
	return list
}

func newTypedRows(lines []inventory.ReceiptLine) (rows []typedRow) {
	for _, l := range lines {
		if l.Batch != "" && l.ExpiresOn != nil && !l.Typed || len(rows) == maxLines {
			continue
		}
		rows = append(rows, typedRow{Line: l.ID, Drug: l.DrugName(), Batch: l.Batch, Expires: dayWords(l.ExpiresOn), Typed: l.Typed,
			OwnBatch: l.Batch != "" && !l.Typed, OwnExpires: l.ExpiresOn != nil && !l.Typed})
	}
	return rows
}

func newContraRow(c inventory.Contradiction) contraRow {
	v := contraRow{Drug: c.DrugName(), Box: batchWords(c.Batch, c.ExpiresOn), Paper: batchWords(c.LineBatch, c.LineExpires), Tail: tail(c.Code),
		Pack: fmt.Sprintf("%d %s", c.Packs, c.PackName), From: "先前登记"}
	if c.Read {
		v.From = "盒上的码"
	}
	return v
}

// batchWords is a batch with its expiry as people say it.
func batchWords(batch string, expires *time.Time) string {
	text := "批号 " + batch
	if batch == "" {
		text = "没有批号"
	}
	if expires != nil {
		text += " · 有效期 " + dayWords(expires)
	}
	return text
}

func newSurplusBox(x inventory.Surplus) surplusBox {
	v := surplusBox{Drug: x.DrugName(), About: batchWords(x.Batch, x.ExpiresOn), Packs: x.Packs, Pack: x.PackName, Gone: x.Gone(),
		InStore: x.State == inventory.StateInStore || x.Code == "", Why: "新的一版没有这盒"}
	if x.Red() {
		v.Why = "红单 " + x.Document + " 冲销"
	}
	switch x.State {
	case "":
		v.Where = "没有写明是哪几盒，任取"
	case inventory.StateInStore:
		v.Where = "已入库，需退回药库"
	case inventory.StateAllocated:
		v.Where = "在场次的药箱里，带回后退回药库"
	case inventory.StateDispensed:
		v.Where = "已发给患者"
	default:
		v.Where = x.State.Chinese()
	}
	if x.State == inventory.StateDispensed && x.TakenAt != nil {
		v.Where = "已于 " + x.TakenAt.In(zone()).Format("1月2日 15:04") + " 由" + x.Doctor + "发给患者"
	}
	if x.Code != "" {
		v.Tail = tail(x.Code)
	}
	if x.SessionID != nil {
		v.Session = fmt.Sprintf("/sessions/%d", *x.SessionID)
	}
	return v
}
