package integration

import (
	"context"

	"jingfang/integration/wire"
	"jingfang/session/identity"
	"jingfang/sql/db"
)

// Receipts reads the page of receipts behind a position.
func (c *Client) Receipts(ctx context.Context, by identity.Actor, since string, limit int) (wire.Page, error) {
	data, err := c.read(ctx, by, c.c.Receipts, "receipts@"+since, wire.Pull{Since: since, Limit: limit})
	if err != nil {
		return wire.Page{}, err
	}
	return c.page(data, since)
}

// Drugs reads the drug dictionary. Entries that are malformed are left out and
// named in bad, each with a sentence (*wire.DocumentError).
func (c *Client) Drugs(ctx context.Context, by identity.Actor) (good []wire.Drug, bad []error, err error) {
	since := ""
	for more := true; more; {
		data, err := c.read(ctx, by, c.c.Drugs, "drugs@"+since, wire.Pull{Since: since, Limit: 1000})
		if err != nil {
			return nil, nil, err
		}
		page, err := c.page(data, since)
		if err != nil {
			return nil, nil, err
		}
		for _, raw := range page.Documents {
			d, err := wire.DecodeDrug(raw)
			if err != nil {
				bad = append(bad, err)
				continue
			}
			good = append(good, d)
		}
		since, more = page.Next, page.More
	}
	return good, bad, nil
}

func (c *Client) page(data []byte, since string) (wire.Page, error) {
	p, err := wire.DecodePage(data, since)
	if err != nil {
		return wire.Page{}, db.RefuseBecause(err, db.Unavailable, "%s 的应答内容与约定不符，请联系接口负责人。", c.c.System)
	}
	return p, nil
}
