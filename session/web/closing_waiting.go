package web

import (
	"fmt"
	"net/http"
	"strings"

	"jingfang/session"
)

// shownNumbers is how many of the waiting are named.
const shownNumbers = 12

// addOpen names who is not through yet: each table on its own, the waiting in one
// line that sends them all home.
func (v *closingBody) addOpen(open []session.Visit) {
	var numbers []string
	for _, o := range open {
		if o.State == session.InConsultation {
			v.Notices = append(v.Notices, fmt.Sprintf("%d 号还在%s的诊桌，没有诊毕。", o.Number, o.Doctor))
			continue
		}
		numbers = append(numbers, fmt.Sprint(o.Number))
	}
	if len(numbers) == 0 {
		return
	}
	v.Waiting = fmt.Sprintf("%d 位还在候诊：%s", len(numbers), strings.Join(numbers[:min(shownNumbers, len(numbers))], "、"))
	if len(numbers) > shownNumbers {
		v.Waiting += " 等"
	}
	v.Waiting += " 号。"
}

// SendHome is POST /sessions/{id}/closing/waiting: who still waits was not seen.
func (h *Handlers) SendHome(w http.ResponseWriter, r *http.Request) error {
	x, err := parseClosing(r)
	if err != nil {
		return err
	}
	a, err := h.sessions.SendHome(r.Context(), x.by, session.SendingHome{SessionID: x.session, CommandID: x.command})
	if err != nil {
		return err
	}
	return h.answerStep(w, r, x, a)
}
