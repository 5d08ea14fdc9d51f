package translog

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/google/uuid"

	"jingfang/sql/db"
	"jingfang/sql/seal"
)

// Filter narrows a list of exchanges; zero fields do not.
type Filter struct {
	// From and To bound the time of the intent: From included, To not.
	From, To        time.Time
	System, Service string
	Direction       Direction
	Result          Result
	StaffID         int64
	Exchange        uuid.UUID
	// Key finds a business key by its HMAC; Keys must be set with it.
	Key  string
	Keys seal.KeyProvider
	// After, if set, continues a list behind the last exchange of a page.
	After *Place
	// Limit is how many newest exchanges are given; 0 means 100, at most 1000.
	Limit int
}

// Place is where an exchange stands in a list.
type Place struct {
	At     time.Time
	Writer uuid.UUID
	Seq    int64
}

// Summary is one exchange as far as it can be seen without the officer's key.
type Summary struct {
	Exchange   uuid.UUID `db:"exchange_id"`
	At         time.Time `db:"at"`
	Direction  Direction `db:"direction"`
	System     string    `db:"system_name"`
	Service    string    `db:"service"`
	Result     Result    `db:"result"`
	DurationUS int64     `db:"duration_us"`
	// Size and AnswerSize are the bodies' bytes; of an event the first is both.
	Size       int64     `db:"size"`
	AnswerSize int64     `db:"answer_size"`
	StaffID    int64     `db:"staff_id"`
	Writer     uuid.UUID `db:"writer_id"`
	Seq        int64     `db:"seq"`
	// Open says that there is no outcome: Result is then Unknown.
	Open bool `db:"open_end"`
}

// List gives exchanges, newest first.
func List(ctx context.Context, r db.Reader, f Filter) ([]Summary, error) {
	return tables{r}.find(ctx, f)
}

func (t tables) find(ctx context.Context, f Filter) ([]Summary, error) {
	r := t.r
	index, err := f.index()
	if err != nil {
		return nil, err
	}
	f.defaults()
	var rows []Summary
	err = r.Select(ctx, &rows, `SELECT * FROM (
  SELECT i.exchange_id, i.at, i.direction, i.system_name, i.service, i.staff_id, i.writer_id, i.seq, i.size,
    CASE WHEN i.phase = 'event' THEN i.result ELSE COALESCE(o.result, 'unknown') END AS result,
    COALESCE(o.duration_us, i.duration_us) AS duration_us, COALESCE(o.size, 0) AS answer_size,
    (i.phase = 'intent' AND o.seq IS NULL) AS open_end
  FROM translog_entry i
  LEFT JOIN translog_entry o ON o.exchange_id = i.exchange_id AND o.phase = 'outcome'
  WHERE i.phase <> 'outcome' AND i.at >= $1::timestamptz AND i.at < $2::timestamptz
    AND ($3::text = '' OR i.system_name = $3::text) AND ($4::text = '' OR i.service = $4::text)
    AND ($5::text = '' OR i.direction = $5::text) AND ($6::bigint = 0 OR i.staff_id = $6::bigint)
    AND ($7::bytea IS NULL OR i.key_index = $7::bytea)
    AND ($8::text = '' OR i.exchange_id = CAST(NULLIF($8::text, '') AS uuid))
    AND (i.at, i.writer_id, i.seq) < ($11::timestamptz, $12::uuid, $13::bigint)
) x WHERE $9::text = '' OR x.result = $9::text
ORDER BY x.at DESC, x.writer_id DESC, x.seq DESC LIMIT $10::bigint`,
		f.From, f.To, f.System, f.Service, string(f.Direction), f.StaffID, index, f.exchangeText(), string(f.Result), f.Limit,
		f.After.At, f.After.Writer, f.After.Seq)
	if err != nil {
		return nil, fmt.Errorf("list transfer log: %w", err)
	}
	return rows, nil
}

func (f *Filter) defaults() {
	if f.To.IsZero() {
		f.To = time.Date(9999, 1, 1, 0, 0, 0, 0, time.UTC)
	}
	if f.From.IsZero() {
		f.From = time.Date(2000, 1, 1, 0, 0, 0, 0, time.UTC)
	}
	if f.After == nil {
		f.After = &Place{At: f.To}
	}
	if f.Limit <= 0 {
		f.Limit = 100
	}
	f.Limit = min(f.Limit, 1000)
}

// index gives an untyped nil for no key: a nil []byte in an interface would
// reach the driver as an empty value on some paths.
func (f Filter) index() (any, error) {
	if f.Key == "" {
		return nil, nil
	}
	if f.Keys == nil {
		return nil, db.Refuse(db.Invalid, "按业务号查找需要服务器的密钥目录，请在服务器上查，或改按时间、系统查找。")
	}
	index, err := seal.NewSealer(f.Keys).Index(Purpose, f.Key)
	if err != nil {
		return nil, fmt.Errorf("list transfer log: %w", err)
	}
	return index, nil
}

func (f Filter) exchangeText() string {
	if f.Exchange == uuid.Nil {
		return ""
	}
	return f.Exchange.String()
}

// Opened is one exchange with its sealed part. Answer is nil when there is no
// outcome (未知); an event has everything in Intent.
type Opened struct {
	Summary Summary
	Intent  Payload
	Answer  *Payload
}

// Show opens one exchange with the officer's private key, after verifying the
// whole chains its entries stand in, also against heads from signed anchors (nil
// for none). Errors: *Problem when a chain is broken, db.NotFound, db.Unavailable
// when the day was moved to an archive.
func Show(ctx context.Context, d *db.DB, exchange uuid.UUID, officer *seal.PrivateKey, anchored ...Head) (Opened, error) {
	var o Opened
	err := d.InSnapshot(ctx, func(ctx context.Context, tx *db.Tx) (err error) {
		o, err = show(ctx, tables{tx}, exchange, officer, anchored)
		return err
	})
	return o, err
}

func show(ctx context.Context, from source, exchange uuid.UUID, officer *seal.PrivateKey, anchored []Head) (Opened, error) {
	if officer == nil {
		return Opened{}, db.Refuse(db.Invalid, "查看正文需要日志审计员的私钥文件和口令。")
	}
	list, err := from.find(ctx, Filter{Exchange: exchange, Limit: 1})
	if err != nil {
		return Opened{}, err
	}
	if len(list) == 0 || exchange == uuid.Nil {
		return Opened{}, db.Refuse(db.NotFound, "传输日志里没有编号 %s，请核对后再查。", exchange)
	}
	o := Opened{Summary: list[0]}
	emptied, err := from.emptied(ctx)
	if err != nil {
		return Opened{}, err
	}
	writers, err := holding(ctx, from, exchange)
	if err != nil {
		return Opened{}, err
	}
	heads, err := from.heads(ctx)
	if err != nil {
		return Opened{}, err
	}
	for _, w := range writers {
		if day := w.LogDay.Format(time.DateOnly); emptied[day] {
			return Opened{}, db.Refuse(db.Unavailable, "%s 的正文已移到归档文件夹。请在归档上查看：jingfang transferlog show -folder 文件夹 -key-file 私钥文件 %s", day, exchange)
		}
		c := &chainCheck{writer: w, officer: officer, demands: gather(nil, anchored)[w.ID]}
		c.visit = func(e entry) error { return o.take(c, e, exchange) }
		p, err := c.run(ctx, from, heads)
		if err != nil {
			return Opened{}, err
		}
		if p != nil {
			return Opened{}, p
		}
	}
	return o, nil
}

// holding are the writers in whose chains an exchange has entries.
func holding(ctx context.Context, from source, exchange uuid.UUID) ([]writerRow, error) {
	all, err := from.writers(ctx)
	if err != nil {
		return nil, err
	}
	ids, err := from.holders(ctx, exchange)
	if err != nil {
		return nil, err
	}
	return slices.DeleteFunc(all, func(w writerRow) bool { return !slices.Contains(ids, w.ID) }), nil
}

// take opens an entry that belongs to the exchange.
func (o *Opened) take(c *chainCheck, e entry, exchange uuid.UUID) error {
	if e.Exchange != exchange {
		return nil
	}
	plain, err := c.key.Open(aad(e.Writer, e.Seq), e.Sealed)
	if err != nil {
		return fmt.Errorf("open entry %d of %s: %w", e.Seq, e.Writer, err)
	}
	p, err := decodePayload(plain)
	if err != nil {
		return fmt.Errorf("open entry %d of %s: %w", e.Seq, e.Writer, err)
	}
	if e.Phase == OutcomePhase {
		o.Answer = &p
		return nil
	}
	o.Intent = p
	return nil
}

// Request is what was sent: the intent has it, or the outcome of an exchange whose
// body was read after the intent.
func (o Opened) Request() []byte {
	if len(o.Intent.Request) == 0 && o.Answer != nil {
		return o.Answer.Request
	}
	return o.Intent.Request
}
