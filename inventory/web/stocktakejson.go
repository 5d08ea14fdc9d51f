package web

import (
	"time"

	"jingfang/inventory"
)

// stocktakeJSON is a count for programs.
type stocktakeJSON struct {
	ID         int64                    `json:"id"`
	Number     string                   `json:"number"`
	Scope      string                   `json:"scope"`
	SessionID  *int64                   `json:"session,omitempty"`
	State      inventory.StocktakeState `json:"state"`
	Submission int                      `json:"submission"`
	Version    int64                    `json:"version"`
	StartedAt  time.Time                `json:"started_at"`
	Starter    string                   `json:"starter"`
	Remark     string                   `json:"remark,omitempty"`
}

func newStocktakeJSON(x inventory.Stocktake) stocktakeJSON {
	return stocktakeJSON{ID: x.ID, Number: x.Number(), Scope: x.Scope(), SessionID: x.SessionID, State: x.State, Submission: x.Submission,
		Version: x.Version, StartedAt: x.StartedAt, Starter: x.Starter, Remark: x.Remark}
}

func newStocktakesJSON(list []inventory.Stocktake) []stocktakeJSON {
	out := []stocktakeJSON{}
	for _, x := range list {
		out = append(out, newStocktakeJSON(x))
	}
	return out
}

// progressJSON is how far a count has come. It holds nothing of what the books
// expect.
type progressJSON struct {
	stocktakeJSON
	Boxes    int               `json:"boxes"`
	Extras   int               `json:"extras"`
	Counters []counterJSON     `json:"counters"`
	Drugs    []countedDrugJSON `json:"drugs"`
	Last     []countedCodeJSON `json:"last"`
	Extra    []countedCodeJSON `json:"extra"`
}

type counterJSON struct {
	Name    string `json:"name"`
	Shelf   string `json:"shelf,omitempty"`
	Boxes   int    `json:"boxes"`
	Drugs   int    `json:"drugs"`
	Numbers int    `json:"numbers"`
}

type countedDrugJSON struct {
	ID      int64          `json:"id"`
	Drug    string         `json:"drug"`
	Scanned int            `json:"scanned"`
	By      map[string]int `json:"by,omitempty"`
	Packs   *int64         `json:"packs,omitempty"`
	Loose   *int64         `json:"loose,omitempty"`
}

type countedCodeJSON struct {
	Code  string               `json:"code"`
	Drug  string               `json:"drug,omitempty"`
	Kind  inventory.AnswerKind `json:"kind"`
	Units *int64               `json:"units,omitempty"`
	By    string               `json:"by"`
	Shelf string               `json:"shelf,omitempty"`
	At    time.Time            `json:"at"`
}

func newProgressJSON(p inventory.CountProgress) progressJSON {
	v := progressJSON{stocktakeJSON: newStocktakeJSON(p.Stocktake), Boxes: p.Boxes, Extras: p.Extras, Counters: []counterJSON{}, Drugs: []countedDrugJSON{},
		Last: newCodesJSON(p.Last), Extra: newCodesJSON(p.Extra)}
	for _, c := range p.Counters {
		v.Counters = append(v.Counters, counterJSON{c.Name, c.Shelf, c.Boxes, c.Drugs, c.Numbers})
	}
	for _, d := range p.Drugs {
		x := countedDrugJSON{ID: d.DrugID, Drug: d.DrugName(), Scanned: d.Scanned}
		for _, b := range d.By {
			if x.By == nil {
				x.By = map[string]int{}
			}
			x.By[b.Name] = b.Boxes
		}
		if d.Number != nil {
			x.Packs, x.Loose = &d.Number.Packs, d.Number.Loose
		}
		v.Drugs = append(v.Drugs, x)
	}
	return v
}

func newCodesJSON(list []inventory.CountedCode) []countedCodeJSON {
	out := []countedCodeJSON{}
	for _, c := range list {
		out = append(out, countedCodeJSON{Code: c.Code, Drug: c.DrugName(), Kind: c.Kind, Units: c.Units, By: c.Name, Shelf: c.Shelf, At: c.At})
	}
	return out
}

// countResultJSON is a handed-in count for programs.
type countResultJSON struct {
	stocktakeJSON
	Counters    []string         `json:"counters"`
	Unexplained int              `json:"unexplained"`
	Lines       []resultLineJSON `json:"lines"`
	Differences []differenceJSON `json:"differences"`
}

type resultLineJSON struct {
	DrugID      int64              `json:"drug_id"`
	Drug        string             `json:"drug"`
	Way         inventory.CountWay `json:"way"`
	BookedPacks int64              `json:"booked_packs"`
	BookedLoose int64              `json:"booked_loose"`
	FoundPacks  int64              `json:"found_packs"`
	FoundLoose  int64              `json:"found_loose"`
	Moved       int64              `json:"moved"`
}

type differenceJSON struct {
	ID       int64                         `json:"id"`
	Kind     inventory.CountDifferenceKind `json:"kind"`
	Code     string                        `json:"code,omitempty"`
	Drug     string                        `json:"drug,omitempty"`
	State    inventory.State               `json:"state,omitempty"`
	Booked   int64                         `json:"booked"`
	Counted  int64                         `json:"counted"`
	LastAt   *time.Time                    `json:"last_at,omitempty"`
	LastBy   string                        `json:"last_by,omitempty"`
	Proposal inventory.MovementKind        `json:"proposal,omitempty"`
	Action   inventory.MovementKind        `json:"action,omitempty"`
	Reason   inventory.CountReason         `json:"reason,omitempty"`
	Text     string                        `json:"text,omitempty"`
	Outcome  string                        `json:"outcome,omitempty"`
}

func newResultJSON(r inventory.CountResult) countResultJSON {
	v := countResultJSON{stocktakeJSON: newStocktakeJSON(r.Stocktake), Counters: r.Counters, Unexplained: r.Unexplained, Lines: []resultLineJSON{}, Differences: []differenceJSON{}}
	for _, l := range r.Lines {
		v.Lines = append(v.Lines, resultLineJSON{l.DrugID, l.DrugName(), l.Way, l.BookedPacks, l.BookedLoose, l.FoundPacks, l.FoundLoose, l.Moved})
	}
	for _, d := range r.Differences {
		v.Differences = append(v.Differences, differenceJSON{d.ID, d.Kind, d.Code, d.DrugName(), d.State, d.Booked, d.Counted, d.LastAt, d.LastBy,
			d.Proposal, d.Action, d.Reason, d.Text, d.Outcome})
	}
	return v
}
