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

// counted is the stock by drug and batch, in their order.
func (h *HIS) counted() []wire.StockLine {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.stock != nil {
		return slices.Clone(h.stock)
	}
	type place struct{ drug, batch string }
	sum := map[place]wire.StockLine{}
	for _, raw := range h.documents {
		r, err := wire.DecodeReceipt(raw)
		if err != nil || r.Kind != wire.KindTransfer {
			continue
		}
		for _, l := range r.Lines {
			at := place{l.HISCode, l.Batch}
			s := sum[at]
			sum[at] = wire.StockLine{HISCode: l.HISCode, Batch: l.Batch, ExpiresOn: l.ExpiresOn, Packs: s.Packs + l.Packs}
		}
	}
	for _, x := range h.facts {
		at := place{x.fact.DrugCode, x.fact.Batch}
		if s, ok := sum[at]; ok && x.fact.Kind == wire.FactSale && !x.reversed && x.fact.Split == 0 {
			s.Packs--
			sum[at] = s
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
