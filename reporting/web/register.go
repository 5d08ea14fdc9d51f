package web

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"strings"
	"time"

	"jingfang/inventory"
	"jingfang/reporting"
	"jingfang/session"
	"jingfang/session/identity"
	"jingfang/session/page"
	"jingfang/sql/db"
)

// mostLines is how many lines of a register a page shows; the paper has them all.
const mostLines = 500

// registerView is the register of a special drug, or the list of those that have
// one.
type registerView struct {
	From, To string
	Sites    []optionView // whose sessions a register can be kept over
	Problem  string
	Drugs    []registerDrug
	Open     *registerOpen
	CanRule  bool
	Classes  []optionView
	Rules    []ruleRow
}

// registerDrug is a drug that has a register.
type registerDrug struct{ Name, Class, Tone, About, URL string }

// registerOpen is one register.
type registerOpen struct {
	Drug, Class, About string
	Limit, Keep        string // the law
	Opening, Closing   string
	Right              bool
	Problem            string
	Lines              []registerLine
	Cut                string
	PDFURL, Back       string
	SheetURL, CSVURL   string
	At                 string
}

type registerLine struct {
	Day, Voucher, Summary, Batch string
	In, Out, Balance, Who, Keep  string
	Bad                          bool
}

// ruleRow is what the law asks of a class from a day on.
type ruleRow struct{ Class, Since, Limit, Keep string }

// Controlled is GET /ledger/controlled: the drugs with a register of their own,
// and with ?drug= the register of one.
func (h *Handlers) Controlled(w http.ResponseWriter, r *http.Request) error {
	by, err := h.reader(r)
	if err != nil {
		return err
	}
	filter, q, err := h.registerQuestion(r, by)
	switch {
	case err == nil && q.DrugID == 0:
		return h.registers(w, r, by, filter, q)
	case err == nil:
	case page.WantsJSON(r), db.KindOf(err) != db.Invalid:
		return err
	default:
		v := registerView{From: filter.From, To: filter.To, Problem: db.Sentence(err)}
		if v.Sites, err = h.registerSites(r, by, filter.Site); err != nil {
			return err
		}
		return h.site.Page(w, r, "ledger_controlled", v)
	}
	scope, err := h.registerScope(r.Context(), q)
	if err != nil {
		return err
	}
	x, err := reporting.ReadRegister(r.Context(), h.db, by, q)
	if err != nil {
		return err
	}
	err = identity.AuditAlone(r.Context(), h.db, by, identity.Event{Name: "register.view", ObjectKind: "drug", ObjectID: fmt.Sprint(q.DrugID), SiteID: q.SiteID,
		Detail: fmt.Sprintf("from=%s to=%s lines=%d", filter.From, filter.To, len(x.Lines))})
	if err != nil {
		return err
	}
	if page.WantsJSON(r) {
		return h.site.JSON(w, r, http.StatusOK, newRegisterJSON(x))
	}
	return h.site.Page(w, r, "ledger_controlled", registerView{From: filter.From, To: filter.To, Open: newRegisterOpen(filter, x, scope)})
}

// registerQuestion is the address of a register as far as the person may ask. The
// list of drugs says nothing of any site and is for all.
func (h *Handlers) registerQuestion(r *http.Request, by identity.Actor) (filterView, reporting.LedgerQuestion, error) {
	if r.URL.Query().Get("drug") == "" && r.URL.Query().Get("site") == "" {
		return parseQuestion(r, h.db.Now())
	}
	return h.ledgerQuestion(r, by)
}

// registerScope names what a register is kept over.
func (h *Handlers) registerScope(ctx context.Context, q reporting.LedgerQuestion) (string, error) {
	if q.Place == "" {
		return "药房、义诊场次、隔离区和待销毁处", nil
	}
	site, err := h.siteName(ctx, q)
	return q.ScopeWords(site), err
}

// registerSites are the sites whose sessions a person may have a register of.
func (h *Handlers) registerSites(r *http.Request, by identity.Actor, chosen int64) (list []optionView, err error) {
	sites, err := identity.SitesFor(r.Context(), h.db, by, identity.ViewReports)
	if err != nil {
		return nil, err
	}
	if allowedSites(by) == nil {
		list = []optionView{{Word: "药房账上全部", Chosen: chosen == 0}}
	}
	for _, s := range sites {
		list = append(list, optionView{idText(s.ID), s.Name + "的场次", s.ID == chosen})
	}
	return list, nil
}

// registers shows which drugs have a register, and the rules of their classes.
func (h *Handlers) registers(w http.ResponseWriter, r *http.Request, by identity.Actor, filter filterView, q reporting.LedgerQuestion) error {
	drugs, rules, err := reporting.RegisteredDrugs(r.Context(), h.db, q.To)
	if err != nil {
		return err
	}
	if page.WantsJSON(r) {
		return h.site.JSON(w, r, http.StatusOK, newRegistersJSON(drugs))
	}
	v := registerView{From: filter.From, To: filter.To, CanRule: by.Can(identity.TeachPrefix, 0) == nil}
	if v.Sites, err = h.registerSites(r, by, q.SiteID); err != nil {
		return err
	}
	for _, d := range drugs {
		x := registerDrug{Name: d.Name(), Class: d.Class.Chinese(), Tone: "info", About: d.Maker, URL: filter.with("/ledger/controlled", "drug", idText(d.ID))}
		if d.Class == inventory.ClassUnknown {
			x.Tone, x.About = "caution", "请在药品目录登记管理类别"
		}
		v.Drugs = append(v.Drugs, x)
	}
	for _, rule := range rules {
		v.Rules = append(v.Rules, newRuleRow(rule))
	}
	for _, c := range append(inventory.Classes(), inventory.ClassUnknown) {
		v.Classes = append(v.Classes, optionView{Value: string(c), Word: c.Chinese(), Chosen: c == inventory.ClassPsychotropic2})
	}
	return h.site.Page(w, r, "ledger_controlled", v)
}

func newRuleRow(r inventory.ClassRule) ruleRow {
	row := ruleRow{Class: r.Class.Chinese(), Since: r.Since.Format(time.DateOnly), Limit: "不限天数", Keep: "不设专用账册"}
	if r.MaxDays != nil {
		row.Limit = fmt.Sprintf("超过 %d 天须注明理由。%s", *r.MaxDays, r.LimitLaw)
	}
	if r.KeepYears != nil {
		row.Keep = fmt.Sprintf("账册保存到有效期满后 %d 年。%s", *r.KeepYears, r.KeepLaw)
	}
	return row
}

func newRegisterOpen(filter filterView, x reporting.Register, scope string) *registerOpen {
	words := func(a reporting.Amount) string {
		if a == (reporting.Amount{}) {
			return ""
		}
		return a.Words(x.Drug.PackName, x.Drug.UnitName)
	}
	v := &registerOpen{Drug: x.Drug.Name(), Class: x.Drug.Class.Chinese(), About: strings.Trim(x.Drug.Maker+" · "+scope+" · "+filter.From+" 至 "+filter.To, " ·"),
		Limit: x.Rule.LimitLaw, Keep: x.Rule.KeepLaw, Opening: orZero(words(x.Opening)), Closing: orZero(words(x.Closing())), Right: x.Right(),
		PDFURL: filter.with("/ledger/controlled.pdf"), SheetURL: filter.with("/ledger/controlled/file.xlsx"), CSVURL: filter.with("/ledger/controlled/file.csv"), Back: filter.with("/ledger/controlled", "drug", ""), At: x.At.In(session.Zone()).Format("2006-01-02 15:04:05")}
	if !v.Right {
		v.Problem = x.Problem()
	}
	for i, l := range x.Lines {
		if i == mostLines {
			v.Cut = fmt.Sprintf("共 %d 笔，这里列出前 %d 笔。请缩短日期，或下载 PDF。", len(x.Lines), mostLines)
			break
		}
		v.Lines = append(v.Lines, newRegisterLine(l, words))
	}
	return v
}

func orZero(text string) string {
	if text == "" {
		return "0"
	}
	return text
}

func newRegisterLine(l reporting.RegisterLine, words func(reporting.Amount) string) registerLine {
	v := registerLine{Day: l.At.In(session.Zone()).Format(time.DateOnly), Voucher: l.Voucher, Summary: l.Summary(), Batch: l.Batch, In: words(l.In), Out: words(l.Out),
		Balance: orZero(words(l.Balance)), Who: l.First, Keep: "长期保存", Bad: l.Over && l.OverReason == ""}
	if l.Second != "" {
		v.Who += " / " + l.Second
	}
	if l.ExpiresOn != nil {
		v.Batch = strings.TrimSpace(v.Batch + " 效期 " + l.ExpiresOn.Format(time.DateOnly))
	}
	if l.KeepUntil != nil {
		v.Keep = "保存至 " + l.KeepUntil.Format(time.DateOnly)
	}
	return v
}

// ControlledPDF is GET /ledger/controlled.pdf: the register of the address on
// paper. It names patients as the viewer may read them.
func (h *Handlers) ControlledPDF(w http.ResponseWriter, r *http.Request) error {
	by, err := h.reader(r)
	if err != nil {
		return err
	}
	_, q, err := h.ledgerQuestion(r, by)
	if err != nil {
		return err
	}
	scope, err := h.registerScope(r.Context(), q)
	if err != nil {
		return err
	}
	name := ""
	body, printed, err := h.print(r.Context(), func(w io.Writer) (reporting.Printed, error) {
		x, err := reporting.ReadRegister(r.Context(), h.db, by, q)
		if err != nil {
			return reporting.Printed{}, err
		}
		name = x.Drug.Name()
		return reporting.WriteRegisterPDF(w, x, scope, reporting.Made{By: by.Name, At: x.At})
	})
	if err != nil {
		return err
	}
	from, to := q.From.Format(time.DateOnly), q.To.Format(time.DateOnly)
	if err := h.handOut(r.Context(), by, printed, q.SiteID, "register", fmt.Sprint(q.DrugID), fmt.Sprintf("from=%s to=%s place=%s site=%d bytes=%d", from, to, q.Place, q.SiteID, len(body))); err != nil {
		return err
	}
	return send(w, body, fmt.Sprintf("register-%d-%s-%s.pdf", q.DrugID, from, to), "专用账册 "+name+" "+from+" 至 "+to+".pdf")
}

// RegisterFile is GET /ledger/controlled/file.{form}: the register of the address as
// a spreadsheet or CSV.
func (h *Handlers) RegisterFile(w http.ResponseWriter, r *http.Request) error {
	by, err := h.reader(r)
	if err != nil {
		return err
	}
	_, q, err := h.ledgerQuestion(r, by)
	if err != nil {
		return err
	}
	scope, err := h.registerScope(r.Context(), q)
	if err != nil {
		return err
	}
	x, err := reporting.ReadRegister(r.Context(), h.db, by, q)
	if err != nil {
		return err
	}
	return h.sendDocument(w, r, by, x.Document(scope), reporting.Made{By: by.Name, At: x.At}, identity.Event{Name: "ledger.download", ObjectKind: "register", ObjectID: fmt.Sprint(q.DrugID), SiteID: q.SiteID,
		Detail: fmt.Sprintf("from=%s to=%s place=%s", q.From.Format(time.DateOnly), q.To.Format(time.DateOnly), q.Place)})
}
