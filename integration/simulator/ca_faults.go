package simulator

import "net/http"

// CAFaults are what the stand-in of a CA does wrong. The zero value does everything
// right.
type CAFaults struct {
	// On is the service that suffers, as the transfer log names it; "" is all.
	On string `json:"on,omitempty"`
	// SlowMillis delays the answer.
	SlowMillis int `json:"slow_ms,omitempty"`
	// Status500 answers with HTTP 500, before anything is done.
	Status500 bool `json:"status_500,omitempty"`
	// LostAnswer does what was asked and then answers with HTTP 500.
	LostAnswer bool `json:"lost_answer,omitempty"`
	// ErrorIn200 answers with HTTP 200 and an error inside.
	ErrorIn200 bool `json:"error_in_200,omitempty"`
	// CutBody breaks the connection in the middle of the answer.
	CutBody bool `json:"cut_body,omitempty"`
	// NotJSON answers with a web page.
	NotJSON bool `json:"not_json,omitempty"`
	// Empty answers with an envelope of success that lacks everything else.
	Empty bool `json:"empty,omitempty"`
	// Oversized makes the answer larger than 10 MB.
	Oversized bool `json:"oversized,omitempty"`
	// WrongSignature signs the envelope with another secret.
	WrongSignature bool `json:"wrong_signature,omitempty"`
	// WrongPerson says that somebody else has signed.
	WrongPerson bool `json:"wrong_person,omitempty"`
	// OtherCertificate signs with somebody else's certificate and says nothing.
	OtherCertificate bool `json:"other_certificate,omitempty"`
	// Unfinished takes a signature in, reports success and has not signed.
	Unfinished bool `json:"unfinished,omitempty"`
	// BadValue gives a signature over something else.
	BadValue bool `json:"bad_value,omitempty"`
	// BadStamp gives a time stamp of something else.
	BadStamp bool `json:"bad_stamp,omitempty"`
	// Times is how many requests the faults last; 0 means until changed.
	Times int `json:"times,omitempty"`
}

// SetFaults replaces the faults from the next request on.
func (c *CA) SetFaults(f CAFaults) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.faults = f
}

// suffer counts a request and gives the faults that it suffers.
func (c *CA) suffer(service string) CAFaults {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.requests[service]++
	f := c.faults
	if f.On != "" && f.On != service {
		return CAFaults{}
	}
	if f.Times > 0 {
		c.faults.Times--
		if c.faults.Times == 0 {
			c.faults = CAFaults{}
		}
	}
	return f
}

// Control steers the stand-in over HTTP, for programs of this machine only:
//
//	GET  /ca/control/state    how often each service was asked, what was signed
//	POST /ca/control/faults   CAFaults as JSON
//	POST /ca/control/act      {"ticket","do","person","other"} as the phone's page
func (c *CA) Control() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /ca/control/state", func(w http.ResponseWriter, _ *http.Request) {
		signed := c.Signed()
		c.mu.Lock()
		defer c.mu.Unlock()
		writeJSON(w, map[string]any{"requests": c.requests, "signed": signed, "faults": c.faults})
	})
	mux.HandleFunc("POST /ca/control/faults", func(w http.ResponseWriter, r *http.Request) {
		var f CAFaults
		if readJSON(w, r, &f) {
			c.SetFaults(f)
			writeJSON(w, f)
		}
	})
	mux.HandleFunc("POST /ca/control/act", func(w http.ResponseWriter, r *http.Request) {
		var a struct{ Ticket, Do, Person, Other string }
		if !readJSON(w, r, &a) {
			return
		}
		if a.Ticket == "" {
			a.Ticket = c.Latest()
		}
		if err := c.Act(a.Ticket, a.Do, a.Person, a.Other); err != nil {
			http.Error(w, err.Error(), http.StatusConflict)
			return
		}
		writeJSON(w, map[string]bool{"ok": true})
	})
	return localOnly(mux)
}
