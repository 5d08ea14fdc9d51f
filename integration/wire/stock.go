package wire

import (
	"strconv"
	"strings"
)

// StockLine is what HIS counts of one drug and batch in our store.
type StockLine struct {
	HISCode   string `json:"his_code"`
	Batch     string `json:"batch"`      // "": HIS does not count by batch
	ExpiresOn Date   `json:"expires_on"` // zero: not told
	Packs     int    `json:"packs"`      // whole packs, may be 0
	Units     int    `json:"units"`      // loose smallest units beside them
}

// maxStock bounds what one place may count.
const maxStock = 1_000_000

// DecodeStockLine reads one line. Errors: *DocumentError, ErrTooLarge.
func DecodeStockLine(data []byte) (StockLine, error) {
	var raw struct {
		HISCode   *string `json:"his_code"`
		Batch     *string `json:"batch"`
		ExpiresOn *string `json:"expires_on"`
		Packs     *int    `json:"packs"`
		Units     *int    `json:"units"`
	}
	if err := unmarshal(data, &raw); err != nil {
		return StockLine{}, err
	}
	var f fields
	l := StockLine{HISCode: f.text("his_code", raw.HISCode, 40), Batch: f.optional("batch", raw.Batch, 60),
		Packs: f.count("packs", raw.Packs, true), Units: f.count("units", raw.Units, false)}
	if raw.ExpiresOn != nil && strings.TrimSpace(*raw.ExpiresOn) != "" {
		l.ExpiresOn = f.date("expires_on", raw.ExpiresOn)
	}
	if f.err != nil {
		return StockLine{}, f.err
	}
	return l, nil
}

// count is a whole number from 0.
func (f *fields) count(field string, n *int, must bool) int {
	switch {
	case n == nil && must:
		f.fail(field, "缺失")
		return 0
	case n == nil:
		return 0
	case *n < 0:
		f.fail(field, "为负数（"+strconv.Itoa(*n)+"）")
	case *n > maxStock:
		f.fail(field, "超过 "+strconv.Itoa(maxStock))
	}
	return *n
}

// CodeQuery asks what HIS knows of a trace code.
type CodeQuery struct {
	Code string `json:"code"`
}

// DecodeCodeQuery reads a query, for stand-ins. Error: *DocumentError.
func DecodeCodeQuery(data []byte) (CodeQuery, error) {
	var q CodeQuery
	if err := unmarshal(data, &q); err != nil {
		return q, err
	}
	if q.Code == "" || len(q.Code) > 100 {
		return q, refuse("code", "缺失或过长")
	}
	return q, nil
}

// CodeInfo is what HIS knows of a trace code. Known is false for a code it never
// saw; everything else is then empty.
type CodeInfo struct {
	Code      string `json:"code"`
	Known     bool   `json:"known"`
	HISCode   string `json:"his_code,omitempty"`
	Batch     string `json:"batch,omitempty"`
	ExpiresOn Date   `json:"expires_on"`
	MadeOn    Date   `json:"made_on"`
	Receipt   string `json:"receipt,omitempty"` // the document it came with
}

// DecodeCodeInfo reads the answer about code. Errors: *DocumentError, ErrTooLarge.
func DecodeCodeInfo(data []byte, code string) (CodeInfo, error) {
	var raw struct {
		Code      *string `json:"code"`
		Known     *bool   `json:"known"`
		HISCode   *string `json:"his_code"`
		Batch     *string `json:"batch"`
		ExpiresOn *string `json:"expires_on"`
		MadeOn    *string `json:"made_on"`
		Receipt   *string `json:"receipt"`
	}
	if err := unmarshal(data, &raw); err != nil {
		return CodeInfo{}, err
	}
	var f fields
	x := CodeInfo{Code: f.text("code", raw.Code, 100)}
	if f.err == nil && x.Code != code {
		f.fail("code", "不是所问的追溯码")
	}
	if x.Known = raw.Known == nil && raw.HISCode != nil || raw.Known != nil && *raw.Known; x.Known {
		x.HISCode, x.Batch, x.Receipt = f.text("his_code", raw.HISCode, 40), f.optional("batch", raw.Batch, 60), f.optional("receipt", raw.Receipt, 60)
		for _, d := range []struct {
			name string
			from *string
			to   *Date
		}{{"expires_on", raw.ExpiresOn, &x.ExpiresOn}, {"made_on", raw.MadeOn, &x.MadeOn}} {
			if d.from != nil && strings.TrimSpace(*d.from) != "" {
				*d.to = f.date(d.name, d.from)
			}
		}
	}
	return x, f.err
}
