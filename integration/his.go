package integration

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"

	"jingfang/integration/wire"
	"jingfang/session/identity"
	"jingfang/sql/db"
)

// askShaped asks a service of HIS: body and answer go through the mapping.
func (c *Client) askShaped(ctx context.Context, by identity.Actor, service, key, shape string, body any) (json.RawMessage, error) {
	out, err := c.c.Dialect.Out(shape, body)
	if err != nil {
		return nil, err
	}
	s, _ := c.Service(service)
	return c.Ask(ctx, by, s, key, out)
}

// Receipts reads the page of receipts behind a position. Its documents are as HIS
// wrote them; see Receipt.
func (c *Client) Receipts(ctx context.Context, by identity.Actor, since string, limit int) (wire.Page, error) {
	data, err := c.askShaped(ctx, by, wire.AskReceipts, "receipts@"+since, "pull", wire.Pull{Since: since, Limit: limit})
	if err != nil {
		return wire.Page{}, err
	}
	return c.page(data, since)
}

// Receipt makes our receipt, still unchecked, of a document as HIS wrote it.
func (c *Client) Receipt(raw []byte) ([]byte, error) { return c.c.Dialect.In("receipt", raw) }

// maxPages bounds a list: a system whose pages never end must not keep us for ever.
const maxPages = 100

// pages reads a list of entries to its end, each translated into the shape.
func (c *Client) pages(ctx context.Context, by identity.Actor, service, shape string, each func(raw []byte, err error)) error {
	since, read := "", 0
	for more := true; more; {
		if read++; read > maxPages {
			return c.unlike(fmt.Errorf("integration: more than %d pages of %s", maxPages, service))
		}
		data, err := c.askShaped(ctx, by, service, service+"@"+since, "pull", wire.Pull{Since: since, Limit: 1000})
		if err != nil {
			return err
		}
		page, err := c.page(data, since)
		if err != nil {
			return err
		}
		for _, raw := range page.Documents {
			each(c.c.Dialect.In(shape, raw))
		}
		since, more = page.Next, page.More
	}
	return nil
}

// Drugs reads the drug dictionary. Entries that are malformed are left out and
// named in bad, each with a sentence (*wire.DocumentError).
func (c *Client) Drugs(ctx context.Context, by identity.Actor) (good []wire.Drug, bad []error, err error) {
	err = c.pages(ctx, by, wire.AskDrugs, "drug", func(raw []byte, err error) {
		var d wire.Drug
		if err == nil {
			d, err = wire.DecodeDrug(raw)
		}
		if err != nil {
			bad = append(bad, err)
			return
		}
		good = append(good, d)
	})
	if err != nil {
		return nil, nil, err
	}
	return good, bad, nil
}

// Stock reads what HIS counts in our store. A malformed line spoils the whole: a
// comparison with a hole in it would be believed. Errors: as Ask.
func (c *Client) Stock(ctx context.Context, by identity.Actor) ([]wire.StockLine, error) {
	var list []wire.StockLine
	var bad error
	err := c.pages(ctx, by, wire.AskStock, "stock", func(raw []byte, err error) {
		var l wire.StockLine
		if err == nil {
			l, err = wire.DecodeStockLine(raw)
		}
		if err != nil && bad == nil {
			bad = err
		}
		list = append(list, l)
	})
	if err == nil && bad != nil {
		err = c.unlike(bad)
	}
	if err != nil {
		return nil, err
	}
	return list, nil
}

// Patients looks a patient up by number or ID number; nobody is an empty list.
func (c *Client) Patients(ctx context.Context, by identity.Actor, q wire.PatientQuery) ([]wire.Patient, error) {
	data, err := c.askShaped(ctx, by, wire.AskPatients, "patient@"+q.Value, "patient_query", q)
	if err != nil {
		return nil, err
	}
	if data, err = c.c.Dialect.In("patients", data); err != nil {
		return nil, c.unlike(err)
	}
	list, err := wire.DecodePatients(data)
	if err != nil {
		return nil, c.unlike(err)
	}
	return list, nil
}

// Code asks what HIS knows of a trace code.
func (c *Client) Code(ctx context.Context, by identity.Actor, code string) (wire.CodeInfo, error) {
	data, err := c.askShaped(ctx, by, wire.AskCode, code, "code_query", wire.CodeQuery{Code: code})
	if err != nil {
		return wire.CodeInfo{}, err
	}
	if data, err = c.c.Dialect.In("code", data); err != nil {
		return wire.CodeInfo{}, c.unlike(err)
	}
	info, err := wire.DecodeCodeInfo(data, code)
	if err != nil {
		return wire.CodeInfo{}, c.unlike(err)
	}
	return info, nil
}

// TellFact tells a dispensing fact, once. An answer that is not what was agreed on
// leaves the outcome unknown.
func (c *Client) TellFact(ctx context.Context, by identity.Actor, f wire.Fact) (wire.FactAnswer, error) {
	out, err := c.c.Dialect.Out("fact", f)
	if err != nil {
		return wire.FactAnswer{}, err
	}
	name := wire.TellDispense
	if f.Kind == wire.FactReversal {
		name = wire.TellReverse
	}
	s, _ := c.Service(name)
	data, err := c.Tell(ctx, by, s, f.Fact, out)
	if err != nil {
		return wire.FactAnswer{}, err
	}
	a, err := c.factAnswer(data)
	if err != nil {
		return a, db.RefuseBecause(errors.Join(ErrUnknown, err), db.Unavailable, "%s 的应答内容与约定不符，对方是否已处理不清楚，会先查询。", c.c.System)
	}
	return a, nil
}

// Fact asks what became of a fact that was told.
func (c *Client) Fact(ctx context.Context, by identity.Actor, fact string) (wire.FactAnswer, error) {
	data, err := c.askShaped(ctx, by, wire.AskDispensed, fact, "fact_query", wire.FactQuery{Fact: fact})
	if err != nil {
		return wire.FactAnswer{}, err
	}
	a, err := c.factAnswer(data)
	if err != nil {
		return a, c.unlike(err)
	}
	return a, nil
}

func (c *Client) factAnswer(data []byte) (wire.FactAnswer, error) {
	data, err := c.c.Dialect.In("fact_answer", data)
	if err != nil {
		return wire.FactAnswer{}, err
	}
	return wire.DecodeFactAnswer(data)
}

func (c *Client) page(data []byte, since string) (wire.Page, error) {
	data, err := c.c.Dialect.InPage(data)
	if err != nil {
		return wire.Page{}, c.unlike(err)
	}
	p, err := wire.DecodePage(data, since)
	if err != nil {
		return wire.Page{}, c.unlike(err)
	}
	return p, nil
}

// unlike is the error of an answer that is not what was agreed on.
func (c *Client) unlike(err error) error {
	return db.RefuseBecause(err, db.Unavailable, "%s 的应答内容与约定不符，请联系接口负责人。", c.c.System)
}
