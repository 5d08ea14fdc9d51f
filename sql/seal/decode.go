package seal

import (
	"encoding/binary"
	"fmt"
	"time"
	"unicode/utf8"
)

// DecodeRecord reads canonical bytes back. It accepts only what Encode writes (no
// trailing bytes, no name twice, no other spelling of a value), so that encoding the
// result gives the same bytes. Error: ErrFormat.
func DecodeRecord(canonical []byte) (Record, error) {
	d := decoder{rest: canonical}
	if string(d.take(len(canonicalMagic))) != canonicalMagic {
		return nil, fmt.Errorf("%w: not canonical bytes of version 1", ErrFormat)
	}
	r := d.record(0)
	if d.err == nil && len(d.rest) > 0 {
		d.fail("bytes after the end")
	}
	if d.err != nil {
		return nil, d.err
	}
	return r, nil
}

// Get returns the value of a field as string, int64, []byte, bool, time.Time,
// Record, []string, []int64 or []Record. Error (ErrFormat): no such field, or
// another type; a null field is of no type.
func Get[T FieldType](r Record, name string) (T, error) {
	var zero T
	for _, f := range r {
		if f.Name != name {
			continue
		}
		if v, ok := as[T](f.Value); ok {
			return v, nil
		}
		return zero, fmt.Errorf("%w: field %s is a %T, not a %T", ErrFormat, name, f.Value, zero)
	}
	return zero, fmt.Errorf("%w: no field %s", ErrFormat, name)
}

func as[T FieldType](v any) (T, bool) {
	var out T
	ok := false
	switch p := any(&out).(type) {
	case *int:
		var i int64
		i, ok = v.(int64)
		*p = int(i)
	case *[]string:
		*p, ok = listOf[string](v)
	case *[]int64:
		*p, ok = listOf[int64](v)
	case *[]Record:
		*p, ok = listOf[Record](v)
	default:
		out, ok = v.(T)
	}
	return out, ok
}

func listOf[T any](v any) ([]T, bool) {
	list, ok := v.([]any)
	if !ok {
		return nil, false
	}
	out := make([]T, len(list))
	for i, e := range list {
		if out[i], ok = e.(T); !ok {
			return nil, false
		}
	}
	return out, true
}

// decoder keeps its first error; every method after it returns zero values.
type decoder struct {
	rest []byte
	err  error
}

func (d *decoder) fail(why string) {
	if d.err == nil {
		d.err = fmt.Errorf("%w: canonical bytes: %s", ErrFormat, why)
	}
}

func (d *decoder) take(n int) []byte {
	if d.err != nil || n < 0 || n > len(d.rest) {
		d.fail("cut short")
		return nil
	}
	b := d.rest[:n]
	d.rest = d.rest[n:]
	return b
}

func (d *decoder) uint(size int) uint64 {
	var n [8]byte
	copy(n[8-size:], d.take(size))
	return binary.BigEndian.Uint64(n[:])
}

func (d *decoder) text(n int) string {
	b := d.take(n)
	if !utf8.Valid(b) {
		d.fail("text is not UTF-8")
	}
	return string(b)
}

func (d *decoder) record(depth int) Record {
	n := int(d.uint(2))
	if n > len(d.rest)/3 { // a field has 3 bytes at least: no room is made for a lie
		d.fail("cut short")
		return nil
	}
	r := make(Record, 0, n)
	seen := make(map[string]bool, n)
	for range n {
		name := d.text(int(d.uint(1)))
		if d.err == nil {
			if err := checkName(name, seen); err != nil {
				d.fail("field name empty or used twice")
			}
		}
		r = append(r, Field{Name: name, Value: d.value(depth)})
		if d.err != nil {
			return nil
		}
	}
	return r
}

func (d *decoder) value(depth int) any {
	tag := d.take(1)
	if d.err != nil {
		return nil
	}
	switch tag[0] {
	case tagNull:
		return nil
	case tagString:
		return d.text(int(d.uint(4)))
	case tagInt:
		return int64(d.uint(8))
	case tagBytes:
		return append([]byte{}, d.take(int(d.uint(4)))...)
	case tagBool:
		return d.bool()
	case tagTime:
		return time.UnixMicro(int64(d.uint(8))).UTC()
	case tagList, tagRecord:
		return d.nested(tag[0], depth+1)
	}
	d.fail("unknown type of value")
	return nil
}

func (d *decoder) bool() bool {
	b := d.uint(1)
	if b > 1 {
		d.fail("a bool is 0 or 1")
	}
	return b == 1
}

func (d *decoder) nested(tag byte, depth int) any {
	if depth > maxDepth {
		d.fail("nested too deep")
		return nil
	}
	if tag == tagRecord {
		return d.record(depth)
	}
	n := int(d.uint(4))
	if n > len(d.rest) {
		d.fail("cut short")
		return nil
	}
	list := make([]any, 0, min(n, 1024)) // grows as elements really come
	for range n {
		list = append(list, d.value(depth))
		if d.err != nil {
			return nil
		}
	}
	return list
}
