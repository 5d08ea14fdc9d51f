package wire

import (
	"encoding/json"
	"time"
)

// Kinds of receipts that we know; others are refused by whoever takes them in.
const (
	// KindTransfer is medicine moved from the central store to ours (调拨).
	KindTransfer = "transfer"
	// KindRed cancels an earlier document (红单), named by Cancels.
	KindRed = "red"
)

// Receipt is a document of HIS that says what it sent us. It is known by
// Source, Number and Revision.
type Receipt struct {
	Source    string    `json:"source"`
	Number    string    `json:"number"`
	Revision  int       `json:"revision"` // from 1; a changed document has a higher one
	Kind      string    `json:"kind"`
	IssuedAt  time.Time `json:"issued_at"` // RFC 3339 with a zone
	FromStore string    `json:"from_store"`
	Cancels   string    `json:"cancels,omitempty"` // number of the document a red one cancels
	Lines     []Line    `json:"lines"`
}

// Line is one drug of one batch.
type Line struct {
	LineNo    int    `json:"line_no"` // from 1, unique in the document
	HISCode   string `json:"his_code"`
	Batch     string `json:"batch"`           // "": not told
	ExpiresOn Date   `json:"expires_on"`      // zero: not told
	MadeOn    Date   `json:"made_on"`         // zero: not told
	Packs     int    `json:"packs"`           // smallest sales units (盒), over 0
	Price     string `json:"price,omitempty"` // yuan per pack, decimal with at most 4 places; "" when not told
	// Codes are the trace codes of the packs where HIS knows them: at most
	// Packs, none twice in the document. Usually there are none.
	Codes []string `json:"codes,omitempty"`
}

// Limits of a document. The lengths are those of the columns of inventory.
const (
	maxLines = 2_000
	maxPacks = 10_000 // of one line
)

// rawReceipt tells a missing field from an empty one.
type rawReceipt struct {
	Source    *string   `json:"source"`
	Number    *string   `json:"number"`
	Revision  *int      `json:"revision"`
	Kind      *string   `json:"kind"`
	IssuedAt  *string   `json:"issued_at"`
	FromStore *string   `json:"from_store"`
	Cancels   *string   `json:"cancels"`
	Lines     []rawLine `json:"lines"`
}

type rawLine struct {
	LineNo    *int         `json:"line_no"`
	HISCode   *string      `json:"his_code"`
	Batch     *string      `json:"batch"`
	ExpiresOn *string      `json:"expires_on"`
	MadeOn    *string      `json:"made_on"`
	Packs     *int         `json:"packs"`
	Price     *json.Number `json:"price"`
	Codes     []string     `json:"codes"`
}

// DecodeReceipt reads one document and checks everything that can be checked
// without knowing the drugs. Errors: *DocumentError, ErrTooLarge.
func DecodeReceipt(data []byte) (Receipt, error) {
	var raw rawReceipt
	if err := unmarshal(data, &raw); err != nil {
		return Receipt{}, err
	}
	var f fields
	r := Receipt{
		Source:    f.text("source", raw.Source, 20),
		Number:    f.text("number", raw.Number, 60),
		Revision:  f.number("revision", raw.Revision, 1_000_000),
		Kind:      f.text("kind", raw.Kind, 20),
		IssuedAt:  f.moment("issued_at", raw.IssuedAt),
		FromStore: f.optional("from_store", raw.FromStore, 100),
		Cancels:   f.optional("cancels", raw.Cancels, 60),
		Lines:     f.lines(raw.Lines),
	}
	if f.err == nil && (r.Kind == KindRed) != (r.Cancels != "") {
		f.fail("cancels", "只有红单才填，且红单必须填")
	}
	if f.err != nil {
		return Receipt{}, f.err
	}
	return r, nil
}

// Identify reads source, number and revision of a document that DecodeReceipt
// refused, as far as they are readable, for the work list.
func Identify(data []byte) (source, number string, revision int) {
	var id struct {
		Source   any `json:"source"`
		Number   any `json:"number"`
		Revision any `json:"revision"`
	}
	if checkJSON(data) != nil || json.Unmarshal(data, &id) != nil {
		return "", "", 0
	}
	source, _ = id.Source.(string)
	number, _ = id.Number.(string)
	if n, ok := id.Revision.(float64); ok && n >= 0 && n < 1e9 {
		revision = int(n)
	}
	return cut(source, 20), cut(number, 60), revision
}
