package translog

import (
	"fmt"

	"github.com/google/uuid"

	"jingfang/sql/seal"
)

// Payload is the sealed part of an entry.
type Payload struct {
	// Key is the business key, Person who caused the exchange.
	Key, Person string
	// Target is the address asked; Status the HTTP status of the answer.
	Target string
	Status int64
	// Detail says in words what went wrong.
	Detail string
	// Request and Answer are the bodies; an intent has only the first, an outcome
	// the second, and the first where the intent did not know it yet.
	Request, Answer []byte
}

func (d draft) payload() Payload {
	p := Payload{Key: d.about.Key, Person: d.about.Person, Target: d.about.Target, Request: d.about.Body}
	if d.phase == OutcomePhase {
		p.Request = d.outcome.Request
	}
	if d.phase != Intent {
		p.Status, p.Detail, p.Answer = int64(d.outcome.Status), d.outcome.Detail, d.outcome.Body
	}
	return p
}

func (p Payload) canonical() ([]byte, error) {
	return seal.Canonical(
		seal.F("form", payloadForm),
		seal.F("key", p.Key),
		seal.F("person", p.Person),
		seal.F("target", p.Target),
		seal.F("status", p.Status),
		seal.F("detail", p.Detail),
		seal.F("request", p.Request),
		seal.F("answer", p.Answer),
	)
}

func decodePayload(canonical []byte) (Payload, error) {
	r, err := seal.DecodeRecord(canonical)
	if err != nil {
		return Payload{}, err
	}
	var g getter
	p := Payload{
		Key:     get[string](&g, r, "key"),
		Person:  get[string](&g, r, "person"),
		Target:  get[string](&g, r, "target"),
		Status:  get[int64](&g, r, "status"),
		Detail:  get[string](&g, r, "detail"),
		Request: get[[]byte](&g, r, "request"),
		Answer:  get[[]byte](&g, r, "answer"),
	}
	g.form(r, payloadForm)
	return p, g.err
}

// getter keeps the first error of reading a record's fields.
type getter struct{ err error }

func get[T seal.FieldType](g *getter, r seal.Record, name string) T {
	v, err := seal.Get[T](r, name)
	g.keep(err)
	return v
}

func (g *getter) keep(err error) {
	if g.err == nil {
		g.err = err
	}
}

func (g *getter) uuid(r seal.Record, name string) uuid.UUID {
	id, err := uuid.Parse(get[string](g, r, name))
	g.keep(err)
	return id
}

func (g *getter) digest(r seal.Record, name string) seal.Digest {
	d, err := seal.DigestOf(get[[]byte](g, r, name))
	g.keep(err)
	return d
}

func (g *getter) form(r seal.Record, want string) {
	if f := get[string](g, r, "form"); g.err == nil && f != want {
		g.err = fmt.Errorf("translog: record of form %q, want %q", f, want)
	}
}
