package web

import (
	"context"
	"fmt"
	"net/http"
	"net/url"
	"strings"

	"jingfang/inventory"
	"jingfang/session/identity"
	"jingfang/session/page"
	"jingfang/sql/db"
)

// asideFormView is the form that sets a list of packs apart.
type asideFormView struct {
	Act, Title, Help, Button string
	Codes, Reason            string
	Method, Place, Witness   string
	NeedMethod               bool
	PlaceName                string // "" when no place is asked for
	Reasons                  []string
	Choices                  []asideChoice // what lies apart and may be chosen
	More                     bool
	Problem                  string
	Answers                  []saidRow
	MoreAnswers              int
}

type asideChoice struct {
	Code, Drug, Tail, About, Why string
	Chosen                       bool
}

// NewAside is GET /setaside/new?act=: the form of an act.
func (h *Handlers) NewAside(w http.ResponseWriter, r *http.Request) error {
	if _, err := who(r, identity.Dispose); err != nil {
		return err
	}
	act := inventory.MovementKind(r.URL.Query().Get("act"))
	if act == "" {
		act = inventory.MoveQuarantine
	}
	v := newAsideForm(act)
	if v.Title == "" {
		return db.Refuse(db.NotFound, "没有这一项。请从“退药与报损”重新选择。")
	}
	return h.asideForm(w, r, v, nil)
}

// newAsideForm is the form of an act, empty; without a title for what is none.
func newAsideForm(act inventory.MovementKind) asideFormView {
	v := asideFormView{Act: string(act), Button: act.Chinese()}
	switch act {
	case inventory.MoveQuarantine:
		v.Title, v.Help, v.Reasons = "隔离", "放进隔离区的药不能再发，等查清后解除或销毁。", []string{"质量可疑", "过期", "包装被打开"}
	case inventory.MoveRelease:
		v.Title, v.Help, v.Reasons = "解除隔离", "查清没有问题的药回到库存。患者退回过的不能解除。", []string{"查清，质量合格"}
	case inventory.MoveDamage:
		v.Title, v.Help, v.Reasons = "报损", "报损的药不能再发，等待销毁或退回药库。", []string{"包装破损", "摔碎", "受潮"}
	case inventory.MoveFind:
		v.Title, v.Help, v.Reasons = "找回", "找到的药回到库存；患者退回过的回到隔离区。", []string{"在药箱夹层找到", "盘点时找到"}
	case inventory.MoveLose:
		v.Title, v.Help, v.Reasons = "报失", "先开报失单，另一位同事从自己的账号确认以后才算丢失。", []string{"清点时找不到", "途中丢失"}
	case inventory.MoveDestroy:
		v.Title, v.Help, v.Reasons = "销毁", "先开销毁单，另一位同事从自己的账号确认以后才算销毁。", []string{"患者退回", "破损", "过期"}
		v.NeedMethod, v.PlaceName = true, "地点"
	case inventory.MoveSendBack:
		v.Title, v.Help, v.Reasons, v.PlaceName = "退回药库", "先开退回单，另一位同事确认交出以后，药才离开药房。", []string{"近效期调回", "召回退货"}, "退往（可不填）"
	}
	if inventory.AsideNeedsTwo(act) {
		v.Button = "开" + act.Chinese() + "单"
	}
	return v
}

// asideForm draws the form with what may be chosen from what lies apart.
func (h *Handlers) asideForm(w http.ResponseWriter, r *http.Request, v asideFormView, chosen []string) error {
	for _, s := range asideSources(inventory.MovementKind(v.Act)) {
		lines, err := inventory.ListAside(r.Context(), h.db, h.db.Now(), s, 0, asidePage+1)
		if err != nil {
			return err
		}
		for i, l := range lines {
			if i == asidePage {
				v.More = true
			} else if l.Waiting == "" && (!l.Returned || v.Act != string(inventory.MoveSendBack) && v.Act != string(inventory.MoveRelease)) {
				v.Choices = append(v.Choices, newAsideChoice(l, chosen))
			}
		}
	}
	return h.site.Page(w, r, "setaside_new", v)
}

// asideSources are the lists that an act takes packs from.
func asideSources(act inventory.MovementKind) []inventory.State {
	switch act {
	case inventory.MoveRelease:
		return []inventory.State{inventory.StateQuarantined}
	case inventory.MoveFind:
		return []inventory.State{inventory.StateLost}
	case inventory.MoveDestroy, inventory.MoveSendBack:
		return []inventory.State{inventory.StateDamaged, inventory.StateQuarantined}
	}
	return nil
}

func newAsideChoice(l inventory.AsideLine, chosen []string) asideChoice {
	row := newAsideRow(l)
	v := asideChoice{Code: l.Code, Drug: row.Drug, Tail: row.Tail, About: row.About, Why: row.Why}
	for _, c := range chosen {
		v.Chosen = v.Chosen || c == l.Code
	}
	return v
}

// DoAside is POST /setaside: sets the packs of a list apart, or opens a paper.
func (h *Handlers) DoAside(w http.ResponseWriter, r *http.Request) error {
	by, err := who(r, identity.Dispose)
	if err != nil {
		return err
	}
	in := inventory.SettingAside{Act: inventory.MovementKind(r.PostFormValue("act")), Reason: r.PostFormValue("reason"), Method: r.PostFormValue("method"),
		Place: r.PostFormValue("place"), Witness: r.PostFormValue("witness")}
	if in.CommandID, err = commandID(r); err != nil {
		return err
	}
	chosen := r.PostForm["code"]
	in.Codes = strings.TrimSpace(strings.Join(append(chosen[:len(chosen):len(chosen)], r.PostFormValue("codes")), "\n"))
	a, err := h.stock.SetAside(r.Context(), by, in)
	if page.WantsJSON(r) {
		if err != nil {
			return err
		}
		return h.site.JSON(w, r, http.StatusOK, a)
	}
	form := newAsideForm(in.Act)
	if err != nil {
		if kind := db.KindOf(err); kind != db.Conflict && kind != db.Invalid || form.Title == "" {
			return err
		}
		form.Problem = db.Sentence(err)
	}
	switch {
	case err == nil && a.Disposal != 0:
		return h.site.SeeOther(w, r, paperURL(a.Disposal))
	case err == nil && a.Moved > 0 && !wantPerson(a.Answers):
		return h.site.SeeOther(w, r, "/setaside?did="+string(in.Act)+"&n="+fmt.Sprint(a.Moved)+"&list="+listOf(in.Act))
	case err == nil:
		form.Problem = a.Sentence
	}
	form.fill(in, r.PostFormValue("codes"), a)
	return h.asideForm(w, r, form, chosen)
}

// fill gives the form back as it was filled in, and names the codes that want a
// person; what was done is not asked for again.
func (v *asideFormView) fill(in inventory.SettingAside, codes string, a inventory.AsideAnswer) {
	v.Codes, v.Reason, v.Method, v.Place, v.Witness = codes, in.Reason, in.Method, in.Place, in.Witness
	v.Answers, v.MoreAnswers = refusedRows(a.Answers)
	if a.Moved > 0 && a.Disposal == 0 {
		v.Codes = ""
	}
}

// wantPerson reports codes that were not done.
func wantPerson(answers []inventory.CodeAnswer) bool {
	for _, a := range answers {
		if a.Tone == inventory.ToneCaution || a.Tone == inventory.ToneBad {
			return true
		}
	}
	return false
}

// listOf is the list on which an act's packs are found afterwards.
func listOf(act inventory.MovementKind) string {
	switch act {
	case inventory.MoveDamage:
		return "damaged"
	case inventory.MoveFind:
		return "lost"
	}
	return "quarantined"
}

// decide carries a decision on a paper out. A refusal is said on the paper as it
// is now.
func (h *Handlers) decide(w http.ResponseWriter, r *http.Request, do func(context.Context, identity.Actor, inventory.Deciding) (inventory.DecisionAnswer, error)) error {
	by, err := identity.Who(r.Context())
	if err != nil {
		return err
	}
	in := inventory.Deciding{Reason: r.PostFormValue("reason")}
	if in.DisposalID, err = paperID(r); err != nil {
		return err
	}
	if in.CommandID, err = commandID(r); err != nil {
		return err
	}
	packs, err := formNumber(r, "packs")
	if err != nil {
		return err
	}
	in.Packs = int(packs)
	a, err := do(r.Context(), by, in)
	switch {
	case page.WantsJSON(r) && err == nil:
		return h.site.JSON(w, r, http.StatusOK, a)
	case !page.WantsJSON(r) && db.KindOf(err) == db.Conflict:
		return h.paper(w, r, by, in.DisposalID, db.Sentence(err))
	case err != nil:
		return err
	}
	return h.site.SeeOther(w, r, paperURL(in.DisposalID))
}

// traceURL is the address that answers a code.
func traceURL(code string) string { return "/trace/" + url.PathEscape(code) }
