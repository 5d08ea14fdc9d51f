package simulator

import (
	"encoding/json"
	"fmt"

	"jingfang/integration/wire"
)

// heard is a fact that it was told.
type heard struct {
	fact     wire.Fact
	number   string
	times    int // how often it came
	reversed bool
}

// Heard is what it made of the facts it was told.
type Heard struct {
	// Sales are the facts that hold, Reversed those that were taken back; Repeats is
	// how often one came that it knew already.
	Sales, Reversed, Repeats int
}

// Facts counts what it was told.
func (h *HIS) Facts() Heard {
	h.mu.Lock()
	defer h.mu.Unlock()
	var n Heard
	for _, x := range h.facts {
		n.Repeats += x.times - 1
		switch {
		case x.fact.Kind != wire.FactSale:
		case x.reversed:
			n.Reversed++
		default:
			n.Sales++
		}
	}
	return n
}

// hear takes a fact in, once: the same fact again changes nothing.
func (h *HIS) hear(body json.RawMessage, _ Faults) reply {
	body, err := h.says.In("fact", body)
	if err != nil {
		return malformed()
	}
	f, err := wire.DecodeFact(body)
	if err != nil {
		return malformed()
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	if x := h.facts[f.Fact]; x != nil {
		x.times++
		if err := h.save(); err != nil {
			return reply{code: wire.CodeServerError, message: "内部错误"}
		}
		return h.shaped("fact_answer", wire.FactAnswer{State: wire.FactTaken, Number: x.number})
	}
	if f.Kind == wire.FactReversal {
		sale := h.facts[f.Reverses]
		if sale == nil || sale.reversed {
			return h.shaped("fact_answer", wire.FactAnswer{State: wire.FactRefused, Message: "没有要冲销的记录（模拟）"})
		}
		sale.reversed = true
	}
	x := &heard{fact: f, number: fmt.Sprintf("YS%06d", len(h.facts)+1), times: 1}
	h.facts[f.Fact] = x
	if err := h.save(); err != nil {
		return reply{code: wire.CodeServerError, message: "内部错误"}
	}
	return h.shaped("fact_answer", wire.FactAnswer{State: wire.FactTaken, Number: x.number})
}

func (h *HIS) findFact(body json.RawMessage, _ Faults) reply {
	body, err := h.says.In("fact_query", body)
	if err != nil {
		return malformed()
	}
	q, err := wire.DecodeFactQuery(body)
	if err != nil {
		return malformed()
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	if x := h.facts[q.Fact]; x != nil {
		return h.shaped("fact_answer", wire.FactAnswer{State: wire.FactTaken, Number: x.number})
	}
	return h.shaped("fact_answer", wire.FactAnswer{State: wire.FactMissing})
}
