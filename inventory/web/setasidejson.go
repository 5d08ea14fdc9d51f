package web

import (
	"time"

	"jingfang/inventory"
)

// asideJSON is a pack that lies apart, for programs.
type asideJSON struct {
	Code     string    `json:"code"`
	Drug     string    `json:"drug"`
	Batch    string    `json:"batch,omitempty"`
	Units    int64     `json:"units"`
	Returned bool      `json:"returned"`
	Since    time.Time `json:"since"`
	Kind     string    `json:"kind"`
	Reason   string    `json:"reason"`
	Who      string    `json:"who"`
	Waiting  string    `json:"waiting,omitempty"`
}

func newAsideJSON(lines []inventory.AsideLine) []asideJSON {
	out := []asideJSON{}
	for _, l := range lines {
		out = append(out, asideJSON{l.Code, l.DrugName(), l.Batch, l.UnitsLeft, l.Returned, l.Since, string(l.Kind), l.Reason, l.Who, l.Waiting})
	}
	return out
}

// paperJSON is a paper of two people, for programs.
type paperJSON struct {
	ID         int64           `json:"id"`
	Number     string          `json:"number"`
	Act        string          `json:"act"`
	State      string          `json:"state"`
	Reason     string          `json:"reason"`
	Packs      int             `json:"packs"`
	ProposedBy string          `json:"proposed_by"`
	DecidedBy  string          `json:"decided_by,omitempty"`
	Codes      []paperCodeJSON `json:"codes,omitempty"`
}

type paperCodeJSON struct {
	Code    string `json:"code"`
	Drug    string `json:"drug"`
	Units   int64  `json:"units"`
	Moved   bool   `json:"moved"`
	Outcome string `json:"outcome,omitempty"`
}

func newPaperJSON(d inventory.Disposal, packs []inventory.DisposalPack, now time.Time) paperJSON {
	state := d.At(now)
	v := paperJSON{ID: d.ID, Number: d.Number, Act: string(d.Act), State: string(state), Reason: d.Reason, Packs: d.Packs,
		ProposedBy: d.Proposer, DecidedBy: d.Decider}
	for _, p := range packs {
		v.Codes = append(v.Codes, paperCodeJSON{p.Code, p.DrugName(), p.Units, state == inventory.DisposalProposed && p.Moved(), p.Outcome})
	}
	return v
}

func newPapersJSON(list []inventory.Disposal, now time.Time) []paperJSON {
	out := []paperJSON{}
	for _, d := range list {
		out = append(out, newPaperJSON(d, nil, now))
	}
	return out
}
