package wire

import (
	"encoding/json"
	"strings"
	"unicode"
)

// Pull asks for documents after a position.
type Pull struct {
	// Since is the Next of an earlier page; "" means from the beginning.
	Since string `json:"since"`
	// Limit is how many documents a page may hold.
	Limit int `json:"limit"`
}

// Page is a run of documents. They are decoded one by one, so that one bad
// document spoils only itself.
type Page struct {
	Documents []json.RawMessage `json:"documents"`
	// Next is the position behind the last document, to ask from next time.
	// Only its maker understands it.
	Next string `json:"next"`
	// More says that there are further documents behind Next.
	More bool `json:"more"`
	// Waiting is how many documents are behind this page, where the other system
	// says so; 0 otherwise.
	Waiting int `json:"waiting,omitempty"`
}

// maxPosition is the length of the column it is stored in, in bytes.
const maxPosition = 200

// DecodePull reads the body of a request for a page. Error: *DocumentError.
func DecodePull(data []byte) (Pull, error) {
	var p Pull
	if err := unmarshal(data, &p); err != nil {
		return Pull{}, err
	}
	if p.Limit < 1 || p.Limit > 1000 || len(p.Since) > maxPosition {
		return Pull{}, refuse("", "limit 应在 1 到 1000 之间，since 至多 200 字节")
	}
	return p, nil
}

// DecodePage reads a page. A page with documents or with More must move on:
// its Next is not empty and not since. Errors: *DocumentError, ErrTooLarge.
func DecodePage(data []byte, since string) (Page, error) {
	var raw struct {
		Documents *[]json.RawMessage `json:"documents"`
		Next      *string            `json:"next"`
		More      bool               `json:"more"`
		Waiting   int                `json:"waiting"`
	}
	if err := unmarshal(data, &raw); err != nil {
		return Page{}, err
	}
	if raw.Documents == nil || raw.Next == nil {
		return Page{}, refuse("documents", "或 next 缺失")
	}
	p := Page{Documents: *raw.Documents, Next: *raw.Next, More: raw.More, Waiting: min(max(raw.Waiting, 0), 1_000_000)}
	if len(p.Next) > maxPosition || strings.ContainsFunc(p.Next, unicode.IsControl) {
		return Page{}, refuse("next", "超过 200 字节或含控制字符")
	}
	if (p.More || len(p.Documents) > 0) && (p.Next == "" || p.Next == since) {
		return Page{}, refuse("next", "没有前进")
	}
	return p, nil
}
