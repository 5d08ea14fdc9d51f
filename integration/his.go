package integration

import (
	"context"
	"encoding/json"
	"fmt"

	"jingfang/integration/wire"
	"jingfang/session/identity"
	"jingfang/sql/db"
)

// askShaped asks a service of HIS: body and answer go through the mapping.
func (c *Client) askShaped(ctx context.Context, by identity.Actor, service, key, shape string, body any, read Reader) error {
	out, err := c.c.Dialect.Out(shape, body)
	if err != nil {
		return err
	}
	s, _ := c.Service(service)
	return c.Ask(ctx, by, s, key, out, read)
}

// Receipts reads the page of receipts behind a position. Its documents are as HIS
// wrote them; see Receipt.
func (c *Client) Receipts(ctx context.Context, by identity.Actor, since string, limit int) (p wire.Page, err error) {
	err = c.askShaped(ctx, by, wire.AskReceipts, "receipts@"+since, "pull", wire.Pull{Since: since, Limit: limit}, func(data json.RawMessage) (err error) {
		p, err = c.page(data, since)
		return err
	})
	if err != nil {
		return wire.Page{}, err
	}
	return p, nil
}

// Receipt makes our receipt, still unchecked, of a document as HIS wrote it.
func (c *Client) Receipt(raw []byte) ([]byte, error) { return c.c.Dialect.In("receipt", raw) }

// maxPages bounds a list: a system whose pages never end must not keep us for ever.
const maxPages = 100

// pages reads a list of entries to its end, each translated into the shape. An error
// of each says that the whole page is not what was agreed on.
func (c *Client) pages(ctx context.Context, by identity.Actor, service, shape string, each func(raw []byte, err error) error) error {
	since := ""
	for range maxPages {
		var page wire.Page
		err := c.askShaped(ctx, by, service, service+"@"+since, "pull", wire.Pull{Since: since, Limit: 1000}, func(data json.RawMessage) (err error) {
			if page, err = c.page(data, since); err != nil {
				return err
			}
			for _, raw := range page.Documents {
				if err := each(c.c.Dialect.In(shape, raw)); err != nil {
					return err
				}
			}
			return nil
		})
		if err != nil || !page.More {
			return err
		}
		since = page.Next
	}
	return db.RefuseBecause(fmt.Errorf("integration: more than %d pages of %s", maxPages, service), db.Unavailable, "%s 的应答没完没了，已停止，请联系接口负责人。", c.c.System)
}

// Drugs reads the drug dictionary. Entries that are malformed are left out and
// named in bad, each with a sentence (*wire.DocumentError).
func (c *Client) Drugs(ctx context.Context, by identity.Actor) (good []wire.Drug, bad []error, err error) {
	err = c.pages(ctx, by, wire.AskDrugs, "drug", func(raw []byte, err error) error {
		var d wire.Drug
		if err == nil {
			d, err = wire.DecodeDrug(raw)
		}
		if err != nil {
			bad = append(bad, err)
			return nil
		}
		good = append(good, d)
		return nil
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
	err := c.pages(ctx, by, wire.AskStock, "stock", func(raw []byte, err error) error {
		if err != nil {
			return err
		}
		l, err := wire.DecodeStockLine(raw)
		list = append(list, l)
		return err
	})
	if err != nil {
		return nil, err
	}
	return list, nil
}

// Patients looks a patient up by number or ID number; nobody is an empty list.
func (c *Client) Patients(ctx context.Context, by identity.Actor, q wire.PatientQuery) (list []wire.Patient, err error) {
	err = c.askShaped(ctx, by, wire.AskPatients, "patient@"+q.Value, "patient_query", q, func(data json.RawMessage) error {
		data, err := c.c.Dialect.In("patients", data)
		if err == nil {
			list, err = wire.DecodePatients(data)
		}
		return err
	})
	if err != nil {
		return nil, err
	}
	return list, nil
}

// Code asks what HIS knows of a trace code.
func (c *Client) Code(ctx context.Context, by identity.Actor, code string) (info wire.CodeInfo, err error) {
	err = c.askShaped(ctx, by, wire.AskCode, code, "code_query", wire.CodeQuery{Code: code}, func(data json.RawMessage) error {
		data, err := c.c.Dialect.In("code", data)
		if err == nil {
			info, err = wire.DecodeCodeInfo(data, code)
		}
		return err
	})
	if err != nil {
		return wire.CodeInfo{}, err
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
	var a wire.FactAnswer
	err = c.Tell(ctx, by, s, f.Fact, out, func(data json.RawMessage) (err error) {
		a, err = c.factAnswer(data)
		return err
	})
	if err != nil {
		return wire.FactAnswer{}, err
	}
	return a, nil
}

// Fact asks what became of a fact that was told.
func (c *Client) Fact(ctx context.Context, by identity.Actor, fact string) (a wire.FactAnswer, err error) {
	err = c.askShaped(ctx, by, wire.AskDispensed, fact, "fact_query", wire.FactQuery{Fact: fact}, func(data json.RawMessage) (err error) {
		a, err = c.factAnswer(data)
		return err
	})
	if err != nil {
		return wire.FactAnswer{}, err
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
		return wire.Page{}, err
	}
	return wire.DecodePage(data, since)
}
