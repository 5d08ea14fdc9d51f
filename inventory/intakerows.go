package inventory

import (
	"context"
	"fmt"

	"github.com/lib/pq"
)

// insert writes the receipt in the state it begins with, and its lines.
func (t *intake) insert(ctx context.Context, state ReceiptState) error {
	d := t.doc
	err := t.tx.Get(ctx, &t.id, `INSERT INTO receipt (source, number, revision, kind, state, issued_at, arrived_at, from_store, digest, cancels)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10) RETURNING id`,
		d.Source, d.Number, d.Revision, d.Kind, string(state), d.IssuedAt, t.tx.Now, d.FromStore, t.digest, d.Cancels)
	if err != nil {
		return fmt.Errorf("insert receipt: %w", err)
	}
	return t.insertLines(ctx)
}

func (t *intake) insertLines(ctx context.Context) error {
	var numbers, drugs, packs []int64
	var batches, expires, made, prices []string
	at := map[int]int{} // line number → index
	for i, l := range t.doc.Lines {
		at[l.LineNo] = i
		numbers = append(numbers, int64(l.LineNo))
		drugs = append(drugs, t.drugs[l.HISCode].ID)
		packs = append(packs, int64(l.Packs))
		batches = append(batches, l.Batch)
		expires = append(expires, dateText(l.ExpiresOn))
		made = append(made, dateText(l.MadeOn))
		prices = append(prices, l.Price)
	}
	var rows []struct {
		ID     int64 `db:"id"`
		LineNo int   `db:"line_no"`
	}
	err := t.tx.Select(ctx, &rows, `INSERT INTO receipt_line (receipt_id, line_no, drug_id, packs, batch, expires_on, made_on, price)
SELECT $1::bigint, n.line_no, n.drug_id, n.packs, n.batch, CAST(NULLIF(n.expires_on, '') AS date), CAST(NULLIF(n.made_on, '') AS date),
  CAST(NULLIF(n.price, '') AS numeric)
FROM (SELECT unnest($2::bigint[]) AS line_no, unnest($3::bigint[]) AS drug_id, unnest($4::bigint[]) AS packs, unnest($5::text[]) AS batch,
  unnest($6::text[]) AS expires_on, unnest($7::text[]) AS made_on, unnest($8::text[]) AS price) n
RETURNING id, line_no`, t.id, pq.Array(numbers), pq.Array(drugs), pq.Array(packs), pq.Array(batches), pq.Array(expires), pq.Array(made), pq.Array(prices))
	if err != nil {
		return fmt.Errorf("insert receipt lines: %w", err)
	}
	t.lineID = make([]int64, len(t.doc.Lines))
	for _, x := range rows {
		t.lineID[at[x.LineNo]] = x.ID
	}
	return nil
}

// newPack is a box that the document lists.
func (t *intake) newPack(c listedCode) newPack {
	line := t.doc.Lines[c.line]
	drug := t.drugs[line.HISCode]
	content := drug.UnitsPerPack
	if c.units > 0 {
		content = c.units
	}
	p := newPack{code: c.code.Code(), drugID: drug.ID, content: content, batch: line.Batch,
		expiresOn: line.ExpiresOn, madeOn: line.MadeOn, lineID: t.lineID[c.line]}
	p.readFrom(c.code)
	return p
}
