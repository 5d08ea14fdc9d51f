package web

import (
	"fmt"
	"net/http"
	"time"

	"jingfang/session"
	"jingfang/session/identity"
	"jingfang/session/page"
)

// signaturesView is the page of a session's signatures through the CA.
type signaturesView struct {
	Head   headView
	Counts string
	Rows   []signatureRow
}

// signatureRow is one signature, made or awaited.
type signatureRow struct{ Title, Who, Word, Tone, Detail string }

// Signatures is GET /sessions/{id}/signatures: which records and heads are signed
// through the CA, and what keeps the others.
func (h *Handlers) Signatures(w http.ResponseWriter, r *http.Request) error {
	by, err := identity.Who(r.Context())
	if err != nil {
		return err
	}
	id, err := sessionID(r)
	if err != nil {
		return err
	}
	x, list, err := h.sessions.Signatures(r.Context(), by, id)
	if err != nil {
		return err
	}
	if page.WantsJSON(r) {
		return h.site.JSON(w, r, http.StatusOK, newSignaturesJSON(list))
	}
	v := signaturesView{Head: newHeadView(x)}
	var counts session.SignatureCounts
	for _, l := range list {
		v.Rows = append(v.Rows, newSignatureRow(l))
		switch {
		case l.State != "signed":
			counts.Waiting++
		case l.Late:
			counts.Late++
			counts.Signed++
		default:
			counts.Signed++
		}
	}
	v.Counts = counts.Sentence()
	return h.site.Page(w, r, "signatures", v)
}

func newSignatureRow(l session.SignatureLine) signatureRow {
	v := signatureRow{Who: l.Who, Word: "待签", Tone: "caution", Detail: l.Why}
	switch {
	case l.Kind == "head" && l.Chain == "main":
		v.Title = fmt.Sprintf("结束时的链头（%d 条记录）", l.Seq)
	case l.Kind == "head":
		v.Title = fmt.Sprintf("补充记录的链头（补充 %d）", l.Seq)
	case l.Chain == "main":
		v.Title = fmt.Sprintf("就诊记录 %d", l.Seq)
	default:
		v.Title = fmt.Sprintf("补充 %d", l.Seq)
	}
	if l.Number != nil {
		v.Title += fmt.Sprintf(" · %d 号", *l.Number)
	}
	switch {
	case l.State == "signed":
		v.Word, v.Tone = "已签", "good"
		if l.Late {
			v.Word, v.Tone = "补签", "info"
		}
		v.Detail = signatureProof(l)
	case l.Doctor:
		v.Detail = "别人代写或代诊毕的记录，等医生签认后再签。"
	case l.Why == "" && l.State == "waiting":
		v.Detail = "排队等待签名。"
	}
	return v
}

func signatureProof(l session.SignatureLine) string {
	text := fmt.Sprintf("%s · 证书 …%s", l.Algorithm, l.CertSN[max(0, len(l.CertSN)-8):])
	if l.SignedAt != nil {
		text = l.SignedAt.In(session.Zone()).Format("1月2日 15:04:05") + " · " + text
	}
	if l.Stamped {
		text += " · 有时间戳"
	}
	return text
}

// signingMark is what a record's line says of its signature through the CA.
func signingMark(r session.TraceRecord) string {
	switch {
	case r.Signing == "":
		return ""
	case r.Signing != "signed":
		return "（CA 待签）"
	case r.Late:
		return "（CA 补签）"
	}
	return "（CA 已签）"
}

// signatureJSON is a signature for programs.
type signatureJSON struct {
	Kind      string     `json:"kind"`
	Chain     string     `json:"chain"`
	Seq       int64      `json:"seq"`
	Who       string     `json:"who"`
	State     string     `json:"state"`
	Late      bool       `json:"late,omitempty"`
	Why       string     `json:"why,omitempty"`
	SignedAt  *time.Time `json:"signed_at,omitempty"`
	CertSN    string     `json:"cert_sn,omitempty"`
	Algorithm string     `json:"algorithm,omitempty"`
}

func newSignaturesJSON(list []session.SignatureLine) []signatureJSON {
	out := []signatureJSON{}
	for _, l := range list {
		out = append(out, signatureJSON{l.Kind, l.Chain, l.Seq, l.Who, l.State, l.Late, l.Why, l.SignedAt, l.CertSN, l.Algorithm})
	}
	return out
}

func signatureSamples(head headView) []page.Sample {
	return []page.Sample{
		{Name: "signatures", Title: "CA 签名", View: signaturesView{Head: head, Counts: "已签 2（其中补签 1） · 待签 2", Rows: []signatureRow{
			{"就诊记录 4 · 7 号", "演示医生甲", "待签", "caution", "CA 没有应答，恢复后自动补签。"},
			{"就诊记录 3 · 5 号", "演示医生乙", "待签", "caution", "本人还没有扫码登录，下次扫码登录后自动补签。"},
			{"就诊记录 2 · 2 号", "演示医生甲", "补签", "info", "11月23日 14:20:11 · SM3withSM2 · 证书 5f3c01 · 有时间戳"},
			{"就诊记录 1 · 1 号", "演示医生甲", "已签", "good", "11月23日 09:12:40 · SM3withSM2 · 证书 5f3c01 · 有时间戳"}}}},
		{Name: "signatures", Title: "CA 签名 没有", View: signaturesView{Head: head}},
	}
}
