package web

import (
	"fmt"
	"net/http"

	"jingfang/reporting"
	"jingfang/session"
	"jingfang/session/page"
	"jingfang/sql/db"
)

// paperCheckView says whether a paper that somebody holds is one of ours.
type paperCheckView struct {
	Code    string // as it was asked for
	Problem string
	Answer  *paperAnswer
}

type paperAnswer struct {
	Stamp, Tone, Title string
	Sentence           string
	Digest             string
	Rows               []issuedRow
	ReportURL          string
}

// issuedRow is one time that a paper was handed out.
type issuedRow struct{ When, Who, Digest string }

// CheckPaper is GET /papers/check: whether a paper is genuine, by the QR code of its
// first page or by the digits of its digest ("codes").
func (h *Handlers) CheckPaper(w http.ResponseWriter, r *http.Request) error {
	by, err := h.reader(r)
	if err != nil {
		return err
	}
	v := paperCheckView{Code: clipText(r.URL.Query().Get("codes"), 300)}
	if v.Code == "" && !page.WantsJSON(r) {
		return h.site.Page(w, r, "paper_check", v)
	}
	c, err := reporting.CheckPaper(r.Context(), h.db, v.Code, by, allowedSites(by))
	switch {
	case page.WantsJSON(r) && err == nil:
		return h.site.JSON(w, r, http.StatusOK, newPaperJSON(c))
	case err == nil:
		v.Answer = newPaperAnswer(c)
	case page.WantsJSON(r), db.KindOf(err) != db.Invalid:
		return err
	default:
		v.Problem = db.Sentence(err)
	}
	return h.site.Page(w, r, "paper_check", v)
}

func newPaperAnswer(c reporting.PaperCheck) *paperAnswer {
	rows := c.Same
	a := &paperAnswer{}
	switch {
	case len(c.Same) > 0:
		a.Stamp, a.Tone, a.Title, a.Digest = "真", "good", c.Same[0].Title, c.Same[0].Digest
		a.Sentence = "这份纸由本系统打印，数字指纹一致。请再看纸上“数字指纹”的 32 位与下面相同。"
		a.kept(c)
	case len(c.Others) > 0:
		rows = c.Others
		a.Stamp, a.Tone, a.Title = "不一致", "bad", rows[0].Title
		a.Sentence = "本系统打印过这份报表，但数字指纹不同：纸上的内容不是下面任何一次打印的。请以系统里的为准。"
	default:
		a.Stamp, a.Tone, a.Title = "没有", "caution", "没有这份纸"
		a.Sentence = "本系统没有打印过这样一份，或它属于您不能查看的精防点。"
	}
	for _, x := range rows {
		a.Rows = append(a.Rows, issuedRow{x.At.In(session.Zone()).Format("2006-01-02 15:04:05"), x.By, x.Digest[:reporting.DigestShown]})
	}
	return a
}

// kept says where a paper of a kept report stands among its editions.
func (a *paperAnswer) kept(c reporting.PaperCheck) {
	if c.Kept == nil {
		return
	}
	a.ReportURL = fmt.Sprintf("/statistics/reports/%d", c.Newest.ID)
	if c.Kept.ID == c.Newest.ID {
		a.Sentence += fmt.Sprintf("它与保存的报表（第 %d 版，最新）相同。", c.Kept.Edition)
		return
	}
	a.Tone, a.Stamp = "caution", "真，已有新版"
	a.Sentence += fmt.Sprintf("它是第 %d 版；数字后来有变化，现在是第 %d 版。", c.Kept.Edition, c.Newest.Edition)
}

// paperJSON is the check of a paper for programs.
type paperJSON struct {
	Genuine bool         `json:"genuine"`
	Title   string       `json:"title,omitempty"`
	Digest  string       `json:"digest,omitempty"`
	Edition int64        `json:"edition,omitempty"` // of a kept report
	Newest  int64        `json:"newest,omitempty"`
	Issued  []issuedJSON `json:"issued"`
}

type issuedJSON struct {
	At     string `json:"at"`
	By     string `json:"by"`
	Digest string `json:"digest"`
}

func newPaperJSON(c reporting.PaperCheck) paperJSON {
	out := paperJSON{Genuine: len(c.Same) > 0, Issued: []issuedJSON{}}
	rows := c.Others
	if out.Genuine {
		rows, out.Title, out.Digest = c.Same, c.Same[0].Title, c.Same[0].Digest
	}
	if c.Kept != nil {
		out.Edition, out.Newest = c.Kept.Edition, c.Newest.Edition
	}
	for _, x := range rows {
		out.Issued = append(out.Issued, issuedJSON{x.At.In(session.Zone()).Format("2006-01-02T15:04:05Z07:00"), x.By, x.Digest})
	}
	return out
}
