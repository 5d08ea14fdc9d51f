package simulator

import (
	"encoding/json"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"time"

	"jingfang/integration/wire"
)

// HIS is a stand-in for the hospital's information system, or for the platform in
// front of it: receipts since a position, the drug dictionary, patients, stock, trace
// codes, and it hears dispensing facts. It is safe for concurrent use.
type HIS struct {
	key  wire.Key
	fake wire.Key // for wrong signatures
	now  func() time.Time
	says wire.Dialect

	mu        sync.Mutex
	verifier  *wire.Verifier
	faults    Faults
	documents []json.RawMessage
	packs     map[string]map[int][]string
	run       string // names this run in positions and numbers
	made      int
	serials   map[string]int64 // last serial number by prefix
	requests  int
	patients  []wire.Patient
	stock     []wire.StockLine // nil: what the receipts and the facts make
	facts     map[string]*heard
	path      string             // where it remembers; "" is nowhere
	seen      map[string]*served // by the name of the service
}

// NewHIS makes a HIS without documents that shares a key with its client. now nil
// means time.Now.
func NewHIS(key wire.Key, now func() time.Time) (*HIS, error) {
	return NewPlatform(key, wire.Dialect{}, now)
}

// NewPlatform makes a HIS that talks as a mapping file says.
func NewPlatform(key wire.Key, says wire.Dialect, now func() time.Time) (*HIS, error) {
	if now == nil {
		now = time.Now
	}
	fake, err := wire.NewKey(key.AppID(), []byte("not the secret that was agreed on"))
	if err != nil {
		return nil, err
	}
	h := &HIS{key: key, fake: fake, now: now, says: says, packs: map[string]map[int][]string{}, serials: map[string]int64{},
		run: now().In(china()).Format("20060102150405"), patients: DemoPatients(), facts: map[string]*heard{}, seen: map[string]*served{}}
	// The verifier sees the stand-in's own, perhaps skewed, clock.
	h.verifier = wire.NewVerifier(func() time.Time { return now().Add(h.Faults().skew()) }, key)
	return h, nil
}

// ServeHTTP answers one request.
func (h *HIS) ServeHTTP(w http.ResponseWriter, r *http.Request) { h.serve(w, r) }

// services are what it does, by the names of the mapping file.
func (h *HIS) services() map[string]service {
	return map[string]service{wire.AskReceipts: h.receipts, wire.AskDrugs: h.drugs, wire.AskPatients: h.findPatients, wire.AskStock: h.stockPage,
		wire.AskCode: h.findCode, wire.TellDispense: h.hear, wire.TellReverse: h.hear, wire.AskDispensed: h.findFact}
}

// serviceOf finds the name of a service by its code at a path; "" is none.
func (h *HIS) serviceOf(code, path string) string {
	for name := range h.services() {
		if s := h.says.Service(name); s.Code == code && s.Path == path {
			return name
		}
	}
	return ""
}

// Requests is how many requests have come so far.
func (h *HIS) Requests() int {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.requests
}

// Documents is how many documents are served.
func (h *HIS) Documents() int {
	h.mu.Lock()
	defer h.mu.Unlock()
	return len(h.documents)
}

// reply is what a service gives: data, or a code and a message.
type reply struct {
	code, message string
	data          any
}

type service func(body json.RawMessage, f Faults) reply

func (h *HIS) receipts(body json.RawMessage, f Faults) reply {
	body, err := h.says.In("pull", body)
	if err != nil {
		return malformed()
	}
	pull, err := wire.DecodePull(body)
	if err != nil {
		return malformed()
	}
	return h.pageOf("receipt", h.page(h.parsePosition(pull.Since), pull.Limit, f))
}

func malformed() reply { return reply{code: wire.CodeBadRequest, message: "请求内容有误"} }

func done(data any) reply { return reply{code: wire.CodeOK, message: "成功", data: data} }

// pageOf writes a page of documents of a shape.
func (h *HIS) pageOf(shape string, p wire.Page) reply {
	for i, raw := range p.Documents {
		theirs, err := h.says.OutRaw(shape, raw)
		if err != nil {
			theirs = raw // a document that is bad on purpose
		}
		p.Documents[i] = theirs
	}
	return h.shaped("page", p)
}

// shaped writes one document.
func (h *HIS) shaped(shape string, v any) reply {
	data, err := h.says.Out(shape, v)
	if err != nil {
		return reply{code: wire.CodeServerError, message: "内部错误"}
	}
	return done(data)
}

// parsePosition gives 0 for a position of another run: that run's documents
// are gone, and all of this one's are new.
func (h *HIS) parsePosition(since string) int {
	run, n, _ := strings.Cut(since, "-")
	from, err := strconv.Atoi(n)
	if run != h.run || err != nil || from < 0 {
		return 0
	}
	return from
}

func (h *HIS) position(n int) string { return h.run + "-" + strconv.Itoa(n) }

func (h *HIS) page(from, limit int, f Faults) wire.Page {
	h.mu.Lock()
	defer h.mu.Unlock()
	from = min(from, len(h.documents))
	to := min(from+limit, len(h.documents))
	p := wire.Page{Documents: []json.RawMessage{}, Next: h.position(to), More: to < len(h.documents), Waiting: len(h.documents) - to}
	for i := from; i < to; i++ {
		at := i
		if f.OutOfOrder {
			at = to - 1 - (i - from)
		}
		p.Documents = append(p.Documents, h.documents[at])
		if f.Duplicated {
			p.Documents = append(p.Documents, h.documents[at])
		}
	}
	return p
}

func (h *HIS) drugs(json.RawMessage, Faults) reply {
	var list []json.RawMessage
	for _, d := range DemoDrugs() {
		raw, err := json.Marshal(d)
		if err != nil {
			return reply{code: wire.CodeServerError, message: "内部错误"}
		}
		list = append(list, raw)
	}
	return h.pageOf("drug", wire.Page{Documents: list, Next: "end"})
}
