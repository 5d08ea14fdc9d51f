package simulator

import (
	"bytes"
	"strings"
	"time"

	"golang.org/x/text/encoding/simplifiedchinese"

	"jingfang/integration/wire"
)

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
	// WrongEncoding sends GB18030 and declares UTF-8.
	WrongEncoding bool `json:"wrong_encoding,omitempty"`
	// GB18030 sends GB18030 and says so: a good answer in another encoding.
	GB18030 bool `json:"gb18030,omitempty"`
	// EntityBomb sends XML whose entities grow without end.
	EntityBomb bool `json:"entity_bomb,omitempty"`
	// Deep sends an answer that is nested a hundred thousand deep.
	Deep bool `json:"deep,omitempty"`
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

// spoil makes of a good answer what the faults want, with its content type.
func (f Faults) spoil(body []byte, style wire.Style) ([]byte, string) {
	kind := style.ContentType()
	switch {
	case f.NotJSON:
		return []byte("<html><body>502 Bad Gateway</body></html>"), "text/html"
	case f.EntityBomb:
		return []byte(entityBomb), "application/xml; charset=utf-8"
	case f.Deep && style.XML:
		return []byte(strings.Repeat("<a>", 100_000)), kind
	case f.Deep:
		return []byte(strings.Repeat("[", 100_000)), kind
	case f.Oversized:
		return append(body, bytes.Repeat([]byte{' '}, wire.MaxBody)...), kind
	case f.WrongEncoding, f.GB18030:
		// The encoder replaces nothing here: answers are of characters it knows.
		coded, err := simplifiedchinese.GB18030.NewEncoder().Bytes(bytes.Replace(body, []byte(`encoding="UTF-8"`), []byte(declaredAs(f)), 1))
		if err != nil {
			return body, kind
		}
		if f.GB18030 {
			kind = strings.Replace(kind, "utf-8", "gb18030", 1)
		}
		return coded, kind
	}
	return body, kind
}

func declaredAs(f Faults) string {
	if f.GB18030 {
		return `encoding="GB18030"`
	}
	return `encoding="UTF-8"`
}

const entityBomb = `<?xml version="1.0"?><!DOCTYPE a [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;&a;&a;">
<!ENTITY c "&b;&b;&b;&b;&b;&b;&b;&b;&b;&b;"><!ENTITY d SYSTEM "file:///etc/passwd">]><a>&c;&d;</a>`
