package simulator

import (
	"encoding/json"
	"slices"
	"sort"

	"jingfang/integration/wire"
)

// SetStock says what it counts in our store; nil is what its receipts brought less
// what it was told was handed out.
func (h *HIS) SetStock(lines []wire.StockLine) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.stock = lines
}

// Stock is what it counts in our store, by drug and batch, in their order.
func (h *HIS) Stock() []wire.StockLine { return h.counted() }

func (h *HIS) stockPage(_ json.RawMessage, f Faults) reply {
	lines := h.counted()
	if f.OutOfOrder {
		slices.Reverse(lines)
	}
	p := wire.Page{Documents: []json.RawMessage{}, Next: "end"}
	for _, l := range lines {
		raw, err := json.Marshal(l)
		if err != nil {
			return reply{code: wire.CodeServerError, message: "内部错误"}
		}
		p.Documents = append(p.Documents, raw)
		if f.Duplicated {
			p.Documents = append(p.Documents, raw)
		}
	}
	return h.pageOf("stock", p)
}

// place is what a stock is counted by.
type place struct{ drug, batch string }

// brought is what its documents say: of each the last revision, less what red ones
// took back of documents that there are. The caller holds the lock.
func (h *HIS) brought() map[place]wire.StockLine {
	last := map[string]wire.Receipt{}
	for _, raw := range h.documents {
		r, err := wire.DecodeReceipt(raw)
		if err == nil && r.Revision >= last[r.Number].Revision {
			last[r.Number] = r
		}
	}
	sum := map[place]wire.StockLine{}
	add := func(r wire.Receipt, sign int) {
		for _, l := range r.Lines {
			at := place{l.HISCode, l.Batch}
			s := sum[at]
			sum[at] = wire.StockLine{HISCode: l.HISCode, Batch: l.Batch, ExpiresOn: l.ExpiresOn, Packs: s.Packs + sign*l.Packs}
		}
	}
	for _, r := range last {
		switch {
		case r.Kind == wire.KindTransfer:
			add(r, 1)
		case last[r.Cancels].Kind == wire.KindTransfer:
			add(r, -1)
		}
	}
	for at, s := range sum {
		if s.Packs <= 0 {
			delete(sum, at)
		}
	}
	return sum
}

// less takes off what was handed out; a part of a pack leaves loose units.
func less(s wire.StockLine, f wire.Fact) wire.StockLine {
	packed := 0
	for _, d := range DemoDrugs() {
		if d.HISCode == s.HISCode {
			packed = d.UnitsPerPack
		}
	}
	if f.Split == 0 || packed == 0 {
		s.Packs = max(0, s.Packs-1)
		return s
	}
	units := max(0, s.Packs*packed+s.Units-int(f.Units))
	s.Packs, s.Units = units/packed, units%packed
	return s
}

// counted is the stock by drug and batch, in their order.
func (h *HIS) counted() []wire.StockLine {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.stock != nil {
		return slices.Clone(h.stock)
	}
	sum := h.brought()
	for _, x := range h.facts {
		at := place{x.fact.DrugCode, x.fact.Batch}
		if s, ok := sum[at]; ok && x.fact.Kind == wire.FactSale && !x.reversed {
			sum[at] = less(s, x.fact)
		}
	}
	lines := make([]wire.StockLine, 0, len(sum))
	for _, l := range sum {
		lines = append(lines, l)
	}
	sort.Slice(lines, func(i, j int) bool {
		a, b := lines[i], lines[j]
		return a.HISCode < b.HISCode || a.HISCode == b.HISCode && a.Batch < b.Batch
	})
	return lines
}

func (h *HIS) findCode(body json.RawMessage, _ Faults) reply {
	body, err := h.says.In("code_query", body)
	if err != nil {
		return malformed()
	}
	q, err := wire.DecodeCodeQuery(body)
	if err != nil {
		return malformed()
	}
	return h.shaped("code", h.lookUp(q.Code))
}

func (h *HIS) lookUp(code string) wire.CodeInfo {
	h.mu.Lock()
	defer h.mu.Unlock()
	info := wire.CodeInfo{Code: code}
	for _, raw := range h.documents {
		r, err := wire.DecodeReceipt(raw)
		if err != nil {
			continue
		}
		for _, l := range r.Lines {
			if slices.Contains(h.packs[r.Number][l.LineNo], code) {
				info.Known, info.HISCode, info.Batch, info.Receipt = true, l.HISCode, l.Batch, r.Number
				info.ExpiresOn, info.MadeOn = l.ExpiresOn, l.MadeOn
				return info
			}
		}
	}
	return info
}
