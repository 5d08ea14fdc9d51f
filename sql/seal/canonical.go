package seal

import (
	"encoding/binary"
	"fmt"
	"time"
	"unicode/utf8"
)

// Record is an ordered list of named values. Encode turns it into canonical bytes,
// which are stored as they were hashed and never rebuilt.
type Record []Field

// Field is one named value of a Record. Its Value is nil, string, int64, []byte,
// bool, time.Time (UTC, microseconds), []any of these, or a Record.
type Field struct {
	Name  string
	Value any
}

// FieldType lists what F accepts.
type FieldType interface {
	string | int | int64 | []byte | bool | time.Time | Record | []string | []int64 | []Record
}

// F makes a field. A time is kept in UTC and cut to microseconds; a nil slice is an
// empty list.
func F[T FieldType](name string, value T) Field {
	return Field{Name: name, Value: normal(any(value))}
}

// Null makes a field that says that there is no value, which differs from "" and 0.
func Null(name string) Field { return Field{Name: name} }

func normal(v any) any {
	switch v := v.(type) {
	case int:
		return int64(v)
	case time.Time:
		return time.UnixMicro(v.UnixMicro()).UTC()
	case []byte:
		return append([]byte{}, v...)
	case []string:
		return anyList(v)
	case []int64:
		return anyList(v)
	case []Record:
		return anyList(v)
	}
	return v
}

func anyList[T any](in []T) []any {
	out := make([]any, len(in))
	for i, v := range in {
		out[i] = v
	}
	return out
}

// The bytes of FORMAT.md §2.
const (
	canonicalMagic = "JFC\x01"

	tagNull   = 'n'
	tagString = 's'
	tagInt    = 'i'
	tagBytes  = 'b'
	tagBool   = 'o'
	tagTime   = 't'
	tagList   = 'l'
	tagRecord = 'r'

	maxDepth     = 16
	maxFields    = 1<<16 - 1
	maxName      = 255
	maxCanonical = 64 << 20 // bytes; a guard against a broken caller, not a rule of the format
)

// Canonical is Encode for fields written in place.
func Canonical(fields ...Field) ([]byte, error) { return Record(fields).Encode() }

// Encode returns the canonical bytes: the same record always gives the same bytes,
// and DecodeRecord gives the record back. Errors (ErrFormat): a name that is empty,
// over 255 bytes or used twice, text that is not UTF-8, a type that is not listed at
// Field, nesting over 16.
func (r Record) Encode() ([]byte, error) {
	out, err := appendRecord([]byte(canonicalMagic), r, 0)
	if err != nil {
		return nil, err
	}
	if len(out) > maxCanonical {
		return nil, fmt.Errorf("%w: record of %d bytes", ErrFormat, len(out))
	}
	return out, nil
}

func appendRecord(out []byte, r Record, depth int) ([]byte, error) {
	if len(r) > maxFields {
		return nil, fmt.Errorf("%w: %d fields", ErrFormat, len(r))
	}
	seen := make(map[string]bool, len(r))
	out = binary.BigEndian.AppendUint16(out, uint16(len(r)))
	for _, f := range r {
		if err := checkName(f.Name, seen); err != nil {
			return nil, err
		}
		out = append(append(out, byte(len(f.Name))), f.Name...)
		var err error
		if out, err = appendValue(out, f.Value, depth); err != nil {
			return nil, fmt.Errorf("field %s: %w", f.Name, err)
		}
	}
	return out, nil
}

func checkName(name string, seen map[string]bool) error {
	if len(name) == 0 || len(name) > maxName || !utf8.ValidString(name) {
		return fmt.Errorf("%w: field name of %d bytes", ErrFormat, len(name))
	}
	if seen[name] {
		return fmt.Errorf("%w: field %s twice", ErrFormat, name)
	}
	seen[name] = true
	return nil
}

func appendValue(out []byte, v any, depth int) ([]byte, error) {
	switch v := v.(type) {
	case nil:
		return append(out, tagNull), nil
	case string:
		if !utf8.ValidString(v) {
			return nil, fmt.Errorf("%w: text is not UTF-8", ErrFormat)
		}
		return append(appendLen(append(out, tagString), len(v)), v...), nil
	case int64:
		return binary.BigEndian.AppendUint64(append(out, tagInt), uint64(v)), nil
	case []byte:
		return append(appendLen(append(out, tagBytes), len(v)), v...), nil
	case bool:
		return append(out, tagBool, boolByte(v)), nil
	case time.Time:
		return binary.BigEndian.AppendUint64(append(out, tagTime), uint64(v.UnixMicro())), nil
	case []any, Record:
		return appendNested(out, v, depth+1)
	}
	return nil, fmt.Errorf("%w: type %T has no canonical form", ErrFormat, v)
}

func appendNested(out []byte, v any, depth int) ([]byte, error) {
	if depth > maxDepth {
		return nil, fmt.Errorf("%w: nested deeper than %d", ErrFormat, maxDepth)
	}
	if r, ok := v.(Record); ok {
		return appendRecord(append(out, tagRecord), r, depth)
	}
	list := v.([]any)
	out = appendLen(append(out, tagList), len(list))
	var err error
	for i, e := range list {
		if out, err = appendValue(out, e, depth); err != nil {
			return nil, fmt.Errorf("element %d: %w", i, err)
		}
	}
	return out, nil
}

func appendLen(out []byte, n int) []byte { return binary.BigEndian.AppendUint32(out, uint32(n)) }

func boolByte(b bool) byte {
	if b {
		return 1
	}
	return 0
}
