package translog

import (
	"fmt"
	"time"

	"github.com/google/uuid"

	"jingfang/sql/seal"
)

// Purpose names the HMAC-SM3 key of the business keys' index.
const Purpose seal.Purpose = "translog"

// Versions of the canonical records of FORMAT.md.
const (
	writerForm  = "translog.writer.v1"
	entryForm   = "translog.entry.v1"
	payloadForm = "translog.payload.v1"
)

// domain keeps the chain of one writer apart from all others.
func domain(writer uuid.UUID) string { return "translog.v1/" + writer.String() }

// aad binds sealed bytes to their place.
func aad(writer uuid.UUID, seq int64) []byte {
	return fmt.Appendf(nil, "translog.v1/%s/%d", writer, seq)
}

// header is what a writer says of itself before its first entry.
type header struct {
	ID         uuid.UUID
	Host       string
	StartedAt  time.Time
	Day        string // YYYY-MM-DD in Asia/Shanghai
	OpenedAt   time.Time
	OfficerKey string
	DataKey    string
	WrappedKey []byte
	// Previous is the writer of the same process before this one, with the
	// last place in its chain that is known to be committed.
	Previous Head
}

func (h header) canonical() ([]byte, error) {
	return seal.Canonical(
		seal.F("form", writerForm),
		seal.F("id", h.ID.String()),
		seal.F("host", h.Host),
		seal.F("started_at", h.StartedAt),
		seal.F("log_day", h.Day),
		seal.F("opened_at", h.OpenedAt),
		seal.F("officer_key", h.OfficerKey),
		seal.F("data_key", h.DataKey),
		seal.F("wrapped_key", h.WrappedKey),
		seal.F("previous", h.Previous.Writer.String()),
		seal.F("previous_length", h.Previous.Length),
		seal.F("previous_digest", h.Previous.Digest[:]),
	)
}

func decodeHeader(canonical []byte) (header, error) {
	r, err := seal.DecodeRecord(canonical)
	if err != nil {
		return header{}, err
	}
	var g getter
	h := header{
		ID:         g.uuid(r, "id"),
		Host:       get[string](&g, r, "host"),
		StartedAt:  get[time.Time](&g, r, "started_at"),
		Day:        get[string](&g, r, "log_day"),
		OpenedAt:   get[time.Time](&g, r, "opened_at"),
		OfficerKey: get[string](&g, r, "officer_key"),
		DataKey:    get[string](&g, r, "data_key"),
		WrappedKey: get[[]byte](&g, r, "wrapped_key"),
		Previous: Head{
			Writer: g.uuid(r, "previous"),
			Length: get[int64](&g, r, "previous_length"),
			Digest: g.digest(r, "previous_digest"),
		},
	}
	g.form(r, writerForm)
	return h, g.err
}

// entry is one link of a chain, as its canonical bytes say it.
type entry struct {
	Writer    uuid.UUID
	Seq       int64
	Exchange  uuid.UUID
	Phase     Phase
	Direction Direction
	System    string
	Service   string
	Result    Result
	At        time.Time
	Micros    int64
	Size      int64
	StaffID   int64
	KeyIndex  []byte
	Sealed    []byte
}

func (e entry) canonical() ([]byte, error) {
	return seal.Canonical(
		seal.F("form", entryForm),
		seal.F("writer", e.Writer.String()),
		seal.F("seq", e.Seq),
		seal.F("exchange", e.Exchange.String()),
		seal.F("phase", string(e.Phase)),
		seal.F("direction", string(e.Direction)),
		seal.F("system", e.System),
		seal.F("service", e.Service),
		seal.F("result", string(e.Result)),
		seal.F("at", e.At),
		seal.F("duration_us", e.Micros),
		seal.F("size", e.Size),
		seal.F("staff_id", e.StaffID),
		seal.F("key_index", e.KeyIndex),
		seal.F("sealed", e.Sealed),
	)
}

func decodeEntry(canonical []byte) (entry, error) {
	r, err := seal.DecodeRecord(canonical)
	if err != nil {
		return entry{}, err
	}
	var g getter
	e := entry{
		Writer:    g.uuid(r, "writer"),
		Seq:       get[int64](&g, r, "seq"),
		Exchange:  g.uuid(r, "exchange"),
		Phase:     Phase(get[string](&g, r, "phase")),
		Direction: Direction(get[string](&g, r, "direction")),
		System:    get[string](&g, r, "system"),
		Service:   get[string](&g, r, "service"),
		Result:    Result(get[string](&g, r, "result")),
		At:        get[time.Time](&g, r, "at"),
		Micros:    get[int64](&g, r, "duration_us"),
		Size:      get[int64](&g, r, "size"),
		StaffID:   get[int64](&g, r, "staff_id"),
		KeyIndex:  get[[]byte](&g, r, "key_index"),
		Sealed:    get[[]byte](&g, r, "sealed"),
	}
	g.form(r, entryForm)
	return e, g.err
}
