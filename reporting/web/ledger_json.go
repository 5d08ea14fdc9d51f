package web

import (
	"time"

	"jingfang/reporting"
)

// ledgerJSON is a ledger for programs. opening + in − out + opened = closing holds
// in packs and in loose units of every line.
type ledgerJSON struct {
	From     string    `json:"from"`
	To       string    `json:"to"`
	At       time.Time `json:"at"`
	Place    string    `json:"place,omitempty"`
	Site     int64     `json:"site,omitempty"`
	Balanced bool      `json:"balanced"`
	// OpenCounts are sentences about numbers of counts that differed and that nobody
	// has settled.
	OpenCounts []string         `json:"open_counts"`
	Lines      []ledgerLineJSON `json:"lines"`
}

type ledgerLineJSON struct {
	DrugID  int64          `json:"drug_id"`
	Drug    string         `json:"drug"`
	Batch   string         `json:"batch,omitempty"`
	Opening amountJSON     `json:"opening"`
	In      amountJSON     `json:"in"`
	Out     amountJSON     `json:"out"`
	Opened  amountJSON     `json:"opened"`
	Closing amountJSON     `json:"closing"`
	Problem string         `json:"problem,omitempty"`
	Kinds   []kindFlowJSON `json:"kinds"`
}

type kindFlowJSON struct {
	Kind string     `json:"kind"`
	In   amountJSON `json:"in"`
	Out  amountJSON `json:"out"`
}

type amountJSON struct {
	Packs int64 `json:"packs"`
	Loose int64 `json:"loose_units"`
	Units int64 `json:"units"`
}

func newAmountJSON(a reporting.Amount) amountJSON { return amountJSON{a.Packs, a.Loose, a.Units} }

func newLedgerJSON(l reporting.Ledger) ledgerJSON {
	q := l.Question
	out := ledgerJSON{From: q.From.Format(time.DateOnly), To: q.To.Format(time.DateOnly), At: l.At, Place: string(q.Place), Site: q.SiteID,
		Balanced: len(l.Wrong()) == 0, OpenCounts: []string{}, Lines: []ledgerLineJSON{}}
	for _, x := range l.Open {
		out.OpenCounts = append(out.OpenCounts, x.Sentence())
	}
	for _, x := range l.Lines {
		line := ledgerLineJSON{DrugID: x.DrugID, Drug: x.Drug, Batch: x.Batch, Opening: newAmountJSON(x.Opening), In: newAmountJSON(x.In),
			Out: newAmountJSON(x.Out), Opened: newAmountJSON(x.Opened), Closing: newAmountJSON(x.Closing), Kinds: []kindFlowJSON{}}
		if !x.Right() {
			line.Problem = x.Problem()
		}
		for _, k := range x.Kinds {
			line.Kinds = append(line.Kinds, kindFlowJSON{string(k.Kind), newAmountJSON(k.In), newAmountJSON(k.Out)})
		}
		out.Lines = append(out.Lines, line)
	}
	return out
}
