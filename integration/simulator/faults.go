package simulator

import "time"

// Faults are what a stand-in does wrong. The zero value does everything right.
type Faults struct {
	// SlowMillis delays every answer.
	SlowMillis int `json:"slow_ms,omitempty"`
	// Status500 answers with HTTP 500 and no envelope.
	Status500 bool `json:"status_500,omitempty"`
	// ErrorIn200 answers with HTTP 200 and an error inside the envelope.
	ErrorIn200 bool `json:"error_in_200,omitempty"`
	// CutBody breaks the connection in the middle of the answer.
	CutBody bool `json:"cut_body,omitempty"`
	// Duplicated sends every document of a page twice.
	Duplicated bool `json:"duplicated,omitempty"`
	// OutOfOrder sends the documents of a page from last to first.
	OutOfOrder bool `json:"out_of_order,omitempty"`
	// WrongSignature signs answers with another secret.
	WrongSignature bool `json:"wrong_signature,omitempty"`
	// SkewSeconds moves the stand-in's clock: it misjudges our requests and
	// stamps its answers wrongly.
	SkewSeconds int `json:"skew_s,omitempty"`
	// NotJSON answers with a web page, as a proxy in between does.
	NotJSON bool `json:"not_json,omitempty"`
	// Oversized makes the answer larger than 10 MB.
	Oversized bool `json:"oversized,omitempty"`
	// Times is how many requests the faults last; 0 means until changed.
	Times int `json:"times,omitempty"`
}

// SetFaults replaces the faults from the next request on.
func (h *HIS) SetFaults(f Faults) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.faults = f
}

// Faults gives those in force.
func (h *HIS) Faults() Faults {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.faults
}

// nextFaults counts a request and gives the faults it suffers.
func (h *HIS) nextFaults() Faults {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.requests++
	f := h.faults
	if f.Times > 0 {
		h.faults.Times--
		if h.faults.Times == 0 {
			h.faults = Faults{}
		}
	}
	return f
}

func (f Faults) skew() time.Duration { return time.Duration(f.SkewSeconds) * time.Second }
