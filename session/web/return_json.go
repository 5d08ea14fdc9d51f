package web

import (
	"time"

	"jingfang/session"
)

// adherenceJSON is what the empty boxes say, for programs.
type adherenceJSON struct {
	Sentence string          `json:"sentence"`
	GivenOn  string          `json:"given_on,omitempty"`
	Days     int             `json:"days"`
	Passed   int             `json:"passed"`
	Missing  int             `json:"missing"`
	Boxes    []supplyBoxJSON `json:"boxes"`
}

type supplyBoxJSON struct {
	Code string `json:"code"`
	Drug string `json:"drug"`
	Back string `json:"back,omitempty"`
}

func newAdherenceJSON(a session.Adherence) adherenceJSON {
	v := adherenceJSON{Sentence: a.Sentence(), Days: a.Days, Passed: a.Passed, Missing: a.Missing(), Boxes: []supplyBoxJSON{}}
	if !a.GivenOn.IsZero() {
		v.GivenOn = a.GivenOn.Format(time.DateOnly)
	}
	for _, b := range a.Boxes {
		v.Boxes = append(v.Boxes, supplyBoxJSON{b.Code, b.DrugName(), string(b.Back)})
	}
	return v
}

// returnedJSON is a box that was brought back, for programs; names are masked.
type returnedJSON struct {
	ID    string `json:"id"`
	Drug  string `json:"drug"`
	Tail  string `json:"code_tail"`
	Form  string `json:"form"`
	About string `json:"about"`
	Note  string `json:"note,omitempty"`
}

func newReturnsJSON(b returnBody) map[string][]returnedJSON {
	rows := func(list []returnRow) []returnedJSON {
		out := []returnedJSON{}
		for _, x := range list {
			out = append(out, returnedJSON{x.ID, x.Drug, x.Tail, x.Word, x.About, x.Why})
		}
		return out
	}
	return map[string][]returnedJSON{"notes": rows(b.Notes), "last": rows(b.Rows)}
}
