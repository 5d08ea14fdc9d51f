package simulator

import (
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"time"

	"jingfang/integration/wire"
)

// Order says what receipt to make.
type Order struct {
	// Lines is the number of lines (1 to 25, one drug each), Packs that of
	// packs per line (1 to 2000).
	Lines int `json:"lines"`
	Packs int `json:"packs"`
	// FirstDrug is the index in DemoDrugs of the first line's drug, from 0; the
	// following lines take the drugs after it, round the table.
	FirstDrug int `json:"first_drug"`
	// Codes puts the expected trace codes into the document.
	Codes bool `json:"codes"`
	// ExpiresIn is the days until the packs expire; zero is two years after they
	// were made.
	ExpiresIn int `json:"expires_in"`
}

// MakeReceipt makes a transfer from the central store, appends it to the
// documents that are served and gives it with all its codes, which the
// document itself holds only when asked.
func (h *HIS) MakeReceipt(o Order) (wire.Receipt, error) {
	drugs := DemoDrugs()
	if o.Lines < 1 || o.Lines > len(drugs) || o.Packs < 1 || o.Packs > 2000 || o.FirstDrug < 0 {
		return wire.Receipt{}, fmt.Errorf("simulator: receipt of %d lines with %d packs", o.Lines, o.Packs)
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	now := h.now().In(china())
	h.made++
	r := wire.Receipt{Source: "HIS", Number: fmt.Sprintf("YS%s%04d", h.run, h.made), Revision: 1,
		Kind: wire.KindTransfer, IssuedAt: now.Truncate(time.Second), FromStore: "中心药库（演示）"}
	for i := range o.Lines {
		line := h.line(i+1, drugs[(o.FirstDrug+i)%len(drugs)], o.Packs, now)
		if o.ExpiresIn > 0 {
			line.ExpiresOn = wire.DateOf(now.AddDate(0, 0, o.ExpiresIn))
		}
		r.Lines = append(r.Lines, line)
	}
	full := r
	full.Lines = append([]wire.Line(nil), r.Lines...)
	h.packs[r.Number] = codesOf(full)
	if !o.Codes {
		for i := range r.Lines {
			r.Lines[i].Codes = nil
		}
	}
	raw, err := json.Marshal(r)
	if err != nil {
		return wire.Receipt{}, fmt.Errorf("simulator: %w", err)
	}
	h.documents = append(h.documents, raw)
	return full, h.save()
}

// MakeRed makes a red document that takes back the whole of the last transfer that
// none has cancelled yet.
func (h *HIS) MakeRed() (wire.Receipt, error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	var red wire.Receipt
	cancelled := map[string]bool{}
	for _, raw := range slices.Backward(h.documents) {
		r, err := wire.DecodeReceipt(raw)
		switch {
		case err != nil:
		case r.Kind == wire.KindRed:
			cancelled[r.Cancels] = true
		case !cancelled[r.Number]:
			red = r
		}
		if red.Number != "" {
			break
		}
	}
	if red.Number == "" {
		return red, errNothingToCancel
	}
	red.Kind, red.Cancels, red.Revision = wire.KindRed, red.Number, 1
	red.Number, red.IssuedAt = red.Number+"H", h.now().In(china()).Truncate(time.Second)
	for i := range red.Lines {
		red.Lines[i].Codes = nil
	}
	raw, err := json.Marshal(red)
	if err != nil {
		return red, fmt.Errorf("simulator: %w", err)
	}
	h.documents = append(h.documents, raw)
	return red, h.save()
}

var errNothingToCancel = errors.New("没有可以冲销的单据，请先发一张新单")

// tailGap parts the serial numbers of drugs that come in the same moment, so that
// boxes of two drugs do not end alike: people read the last four characters.
const tailGap = 137

// firstSerial is where a drug's serial numbers begin at a time; the same drug
// always stands in the same place of the gap.
func firstSerial(prefix string, now time.Time) int64 {
	n := int64(prefix[len(prefix)-2]-'0')*10 + int64(prefix[len(prefix)-1]-'0')
	return now.UnixMilli() + tailGap*n
}

// line invents batch, dates and codes. Serial numbers begin with the clock's
// milliseconds, so that a restarted demo does not repeat those of the run
// before.
func (h *HIS) line(no int, d wire.Drug, packs int, now time.Time) wire.Line {
	made := now.AddDate(0, -3-no, 0)
	l := wire.Line{LineNo: no, HISCode: d.HISCode, Batch: fmt.Sprintf("YS%s%02d", made.Format("0601"), no),
		MadeOn: wire.DateOf(made), ExpiresOn: wire.DateOf(made.AddDate(2, 0, 0)), Packs: packs,
		Price: strconv.Itoa(10+no) + ".5000"}
	prefix := d.Prefixes[0].Prefix
	serial := max(h.serials[prefix], firstSerial(prefix, now))
	for range packs {
		serial++
		l.Codes = append(l.Codes, DemoCode(prefix, serial))
	}
	h.serials[prefix] = serial
	return l
}

func codesOf(r wire.Receipt) map[int][]string {
	out := map[int][]string{}
	for _, l := range r.Lines {
		out[l.LineNo] = l.Codes
	}
	return out
}

// Codes gives the trace codes that lie in the boxes of a receipt, by line
// number, whether its document names them or not; nil for an unknown number.
func (h *HIS) Codes(number string) map[int][]string {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.packs[number]
}

// AddReceipt appends a document as it is.
func (h *HIS) AddReceipt(r wire.Receipt) error {
	raw, err := json.Marshal(r)
	if err != nil {
		return fmt.Errorf("simulator: %w", err)
	}
	return h.AddRaw(raw)
}

// AddRaw appends a document that need not be a good one; it must be JSON, or
// the page around it is none.
func (h *HIS) AddRaw(document []byte) error {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.documents = append(h.documents, append(json.RawMessage(nil), document...))
	return h.save()
}

// Export is the i-th document as it would be handed over in a file; nil when there
// is none.
func (h *HIS) Export(i int) []byte {
	h.mu.Lock()
	defer h.mu.Unlock()
	if i < 0 || i >= len(h.documents) {
		return nil
	}
	return append([]byte(nil), h.documents[i]...)
}

func china() *time.Location { return time.FixedZone("CST", 8*3600) }
