package web

import (
	"time"

	"jingfang/integration/translog"
	"jingfang/session/job"
)

// exchangeJSON is an exchange for programs, without its bodies.
type exchangeJSON struct {
	Exchange  string    `json:"exchange"`
	At        time.Time `json:"at"`
	System    string    `json:"system"`
	Service   string    `json:"service"`
	Direction string    `json:"direction"`
	Result    string    `json:"result"`
	Micros    int64     `json:"duration_us"`
	Size      int64     `json:"size"`
	Answer    int64     `json:"answer_size"`
	Staff     int64     `json:"staff,omitempty"`
	Writer    string    `json:"writer"`
	Seq       int64     `json:"seq"`
}

func newExchangeJSON(s translog.Summary) exchangeJSON {
	return exchangeJSON{s.Exchange.String(), s.At, s.System, s.Service, string(s.Direction), string(s.Result), s.DurationUS,
		s.Size, s.AnswerSize, s.StaffID, s.Writer.String(), s.Seq}
}

func newLogJSON(rows []translog.Summary) []exchangeJSON {
	out := []exchangeJSON{}
	for _, s := range rows {
		out = append(out, newExchangeJSON(s))
	}
	return out
}

// openedJSON is an exchange with what was sealed; bodies travel in base64.
type openedJSON struct {
	exchangeJSON
	Key     string `json:"key"`
	Person  string `json:"person"`
	Target  string `json:"target"`
	Status  int64  `json:"status,omitempty"`
	Detail  string `json:"detail,omitempty"`
	Request []byte `json:"request"`
	Reply   []byte `json:"reply"`
}

func newOpenedJSON(o translog.Opened) openedJSON {
	answer := o.Answer
	if answer == nil {
		answer = &o.Intent
	}
	return openedJSON{newExchangeJSON(o.Summary), o.Intent.Key, o.Intent.Person, o.Intent.Target, answer.Status, answer.Detail,
		o.Request(), answer.Answer}
}

// checkJSON is a check under way, for programs.
type checkJSON struct {
	Job      string    `json:"job"`
	State    job.State `json:"state"`
	Percent  int       `json:"percent"`
	Entries  int       `json:"entries"`
	Problems []string  `json:"problems,omitempty"`
}

func newCheckJSON(s job.Status) checkJSON {
	x, _ := s.Result.(checked)
	out := checkJSON{Job: s.ID.String(), State: s.State, Percent: s.Percent(), Entries: x.report.Entries}
	for _, p := range x.report.Problems {
		out.Problems = append(out.Problems, p.Sentence)
	}
	return out
}
