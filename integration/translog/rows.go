package translog

import (
	"bytes"
	"time"

	"github.com/google/uuid"

	"jingfang/sql/seal"
)

// writerRow is a row of translog_writer as it stands in the database.
type writerRow struct {
	ID         uuid.UUID `db:"id"`
	Host       string    `db:"host"`
	StartedAt  time.Time `db:"started_at"`
	LogDay     time.Time `db:"log_day"`
	OpenedAt   time.Time `db:"opened_at"`
	OfficerKey string    `db:"officer_key"`
	DataKey    string    `db:"data_key"`
	WrappedKey []byte    `db:"wrapped_key"`
	Canonical  []byte    `db:"canonical"`
	Digest     []byte    `db:"digest"`
}

// entryRow is a row of translog_entry as it stands in the database.
type entryRow struct {
	WriterID   uuid.UUID `db:"writer_id"`
	Seq        int64     `db:"seq"`
	ExchangeID uuid.UUID `db:"exchange_id"`
	Phase      string    `db:"phase"`
	Direction  string    `db:"direction"`
	SystemName string    `db:"system_name"`
	Service    string    `db:"service"`
	Result     string    `db:"result"`
	At         time.Time `db:"at"`
	DurationUS int64     `db:"duration_us"`
	Size       int64     `db:"size"`
	StaffID    int64     `db:"staff_id"`
	KeyIndex   []byte    `db:"key_index"`
	Canonical  []byte    `db:"canonical"`
	Prev       []byte    `db:"prev"`
	Digest     []byte    `db:"digest"`
}

func (w writerRow) chainEntry() (seal.ChainEntry, error) {
	return chainEntry(w.Canonical, make([]byte, len(seal.Digest{})), w.Digest)
}

func (e entryRow) chainEntry() (seal.ChainEntry, error) {
	return chainEntry(e.Canonical, e.Prev, e.Digest)
}

func chainEntry(canonical, prev, digest []byte) (c seal.ChainEntry, err error) {
	c.Canonical = canonical
	if c.Prev, err = seal.DigestOf(prev); err != nil {
		return c, err
	}
	c.Digest, err = seal.DigestOf(digest)
	return c, err
}

// different names the first column that does not say what the canonical bytes
// say, or "".
func (w writerRow) different(h header) string {
	return firstFalse([]check{
		{"id", w.ID == h.ID}, {"host", w.Host == h.Host}, {"started_at", sameTime(w.StartedAt, h.StartedAt)},
		{"log_day", w.LogDay.Format("2006-01-02") == h.Day}, {"opened_at", sameTime(w.OpenedAt, h.OpenedAt)},
		{"officer_key", w.OfficerKey == h.OfficerKey}, {"data_key", w.DataKey == h.DataKey},
		{"wrapped_key", bytes.Equal(w.WrappedKey, h.WrappedKey)},
	})
}

func (r entryRow) different(e entry) string {
	return firstFalse([]check{
		{"exchange_id", r.ExchangeID == e.Exchange}, {"phase", r.Phase == string(e.Phase)},
		{"direction", r.Direction == string(e.Direction)}, {"system_name", r.SystemName == e.System},
		{"service", r.Service == e.Service}, {"result", r.Result == string(e.Result)}, {"at", sameTime(r.At, e.At)},
		{"duration_us", r.DurationUS == e.Micros}, {"size", r.Size == e.Size}, {"staff_id", r.StaffID == e.StaffID},
		{"key_index", bytes.Equal(r.KeyIndex, e.KeyIndex)},
	})
}

type check struct {
	column string
	same   bool
}

func firstFalse(list []check) string {
	for _, c := range list {
		if !c.same {
			return c.column
		}
	}
	return ""
}

func sameTime(a, b time.Time) bool { return a.UnixMicro() == b.UnixMicro() }
