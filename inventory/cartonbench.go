package inventory

import (
	"context"
	"fmt"

	"github.com/lib/pq"

	"jingfang/sql/db"
)

// benchCarton is a carton while a scan is worked through.
type benchCarton struct {
	*Carton
	parent   *benchCarton
	children []*benchCarton
	codes    []cartonCode // directly in it, those of this scan included
	added    []cartonCode // those of this scan
	fresh    bool         // has no row yet
	changed  bool         // its row is to be written
}

// count is how many small packs are known to lie in it.
func (c *benchCarton) count() int {
	n := len(c.codes)
	for _, k := range c.children {
		n += k.count()
	}
	return n
}

// all lists every small code in it and in what lies in it.
func (c *benchCarton) all() []cartonCode {
	list := append([]cartonCode(nil), c.codes...)
	for _, k := range c.children {
		list = append(list, k.all()...)
	}
	return list
}

// said is its progress as people read it: 3 / 10.
func (c *benchCarton) said() string { return fmt.Sprintf("%d / %d", c.count(), c.Nominal) }

const cartonColumnsRead = `c.id, c.code, c.drug_id, c.pack_level, c.parent_id, c.nominal, c.actual, c.box_status, c.complete, c.state, c.receipt_id,
  c.held_by, c.held_at, c.reason, COALESCE(r.number, '') AS receipt_no`

// loadCartons locks the cartons that the scan names, what lies in them, and
// those that are open on the receipt; cartons come before packs in the order of
// locks. It reads which small codes lie in them, and in which carton a scanned
// code lies.
func (b *receivingBench) loadCartons(ctx context.Context, codes []string) error {
	b.cartons, b.owner, b.told = map[string]*benchCarton{}, map[string]int64{}, map[string]cartonCode{}
	var rows []Carton
	err := b.tx.Select(ctx, &rows, `WITH RECURSIVE named AS (
  SELECT c.id FROM carton c WHERE c.code = ANY($1::text[])
  UNION SELECT c.id FROM carton c WHERE c.receipt_id = $2::bigint AND c.state = 'open'
), inside AS (
  SELECT n.id FROM named n
  UNION SELECT c.id FROM carton c JOIN inside i ON c.parent_id = i.id
)
SELECT `+cartonColumnsRead+` FROM carton c LEFT JOIN receipt r ON r.id = c.receipt_id WHERE c.id = ANY(ARRAY(SELECT i.id FROM inside i)) ORDER BY c.code FOR NO KEY UPDATE OF c`,
		pq.Array(codes), b.receipt.ID)
	if err != nil {
		return fmt.Errorf("lock cartons: %w", err)
	}
	var ids []int64
	byID := map[int64]*benchCarton{}
	for i := range rows {
		c := &benchCarton{Carton: &rows[i]}
		ids = append(ids, c.ID)
		byID[c.ID], b.cartons[c.Code] = c, c
	}
	for _, c := range b.cartons {
		if p := byID[valueOf(c.ParentID)]; p != nil {
			c.parent = p
			p.children = append(p.children, c)
		}
	}
	return b.loadCartonCodes(ctx, ids, codes, byID)
}

func (b *receivingBench) loadCartonCodes(ctx context.Context, ids []int64, codes []string, byID map[int64]*benchCarton) error {
	var rows []cartonCode
	err := b.tx.Select(ctx, &rows, `SELECT x.carton_id, x.code, x.batch, x.expires_on, x.made_on FROM carton_code x
WHERE x.carton_id = ANY($1::bigint[]) OR x.code = ANY($2::text[]) ORDER BY x.code`, pq.Array(ids), pq.Array(codes))
	if err != nil {
		return fmt.Errorf("read carton codes: %w", err)
	}
	for _, x := range rows {
		b.owner[x.Code], b.told[x.Code] = x.CartonID, x
		if c := byID[x.CartonID]; c != nil {
			c.codes = append(c.codes, x)
		}
	}
	return nil
}

// withContents adds the codes that lie in the cartons of the scan to those that
// were read, so that all packs are locked together.
func (b *receivingBench) withContents(read []Parsed) []Parsed {
	all := read
	for _, p := range read {
		if p.Err != nil {
			continue
		}
		c := b.cartons[p.Code.Code()]
		if c == nil || c.State != CartonKnown {
			continue
		}
		for _, x := range c.all() {
			all = append(all, parseOne(x.Code))
		}
	}
	return all
}

// current is the carton that the person's scans go into: of the open ones in his
// hands the one he took up last; nil when there is none.
func (b *receivingBench) current() *benchCarton {
	var last *benchCarton
	for _, c := range b.cartons {
		if c.State != CartonOpen || valueOf(c.ReceiptID) != b.receipt.ID || valueOf(c.HeldBy) != b.by.StaffID {
			continue
		}
		if last == nil || c.after(last) {
			last = c
		}
	}
	return last
}

// after orders open cartons: what lies in another comes after it, else the time
// decides.
func (c *benchCarton) after(other *benchCarton) bool {
	if !c.HeldAt.Equal(*other.HeldAt) {
		return c.HeldAt.After(*other.HeldAt)
	}
	if c.Level != other.Level {
		return c.Level < other.Level
	}
	return c.Code > other.Code
}

// hold puts an open carton into the hands of who scans.
func (b *receivingBench) hold(c *benchCarton) {
	by, receipt, now := b.by.StaffID, b.receipt.ID, b.tx.Now
	c.State, c.ReceiptID, c.HeldBy, c.HeldAt, c.changed = CartonOpen, &receipt, &by, &now, true
	b.holding = append(b.holding, c)
}

// resolve closes a carton with what lies in it, and then each that holds it and
// is full by that.
func (b *receivingBench) resolve(c *benchCarton) {
	n, receipt := c.count(), b.receipt.ID
	c.State, c.Actual, c.Complete, c.ReceiptID, c.changed = CartonResolved, &n, true, &receipt, true
	for _, k := range c.children {
		if k.State != CartonResolved {
			b.settleInside(k)
		}
	}
	if p := c.parent; p != nil && p.State == CartonOpen && p.count() >= p.Nominal {
		b.resolve(p)
	}
}

// settleInside closes what lies in a carton that came in whole.
func (b *receivingBench) settleInside(c *benchCarton) {
	n, receipt := c.count(), b.receipt.ID
	c.State, c.Actual, c.ReceiptID, c.changed = CartonResolved, &n, &receipt, true
	for _, k := range c.children {
		b.settleInside(k)
	}
}

// writeCartons writes new cartons, those outside before those within, then what
// changed, then which codes lie where.
func (b *receivingBench) writeCartons(ctx context.Context) error {
	var added []cartonCode
	var changed []*benchCarton
	for level := 3; level >= 2; level-- {
		var fresh []*Carton
		for _, c := range b.cartons {
			if c.Level != level {
				continue
			}
			if c.parent != nil && c.parent.ID != 0 {
				c.ParentID = &c.parent.ID
			}
			if c.fresh {
				fresh = append(fresh, c.Carton)
			}
		}
		if err := insertCartons(ctx, b.tx, fresh, 0); err != nil {
			return err
		}
	}
	for _, c := range b.cartons {
		for _, x := range c.added {
			x.CartonID = c.ID
			added = append(added, x)
		}
		if c.changed && (!c.fresh || c.State == CartonResolved) {
			changed = append(changed, c)
		}
	}
	if err := updateCartons(ctx, b.tx, changed, b.by.StaffID); err != nil {
		return err
	}
	return insertCartonCodes(ctx, b.tx, added)
}

// updateCartons writes where cartons stand and how far they are. They are locked,
// or new.
func updateCartons(ctx context.Context, tx *db.Tx, list []*benchCarton, staffID int64) error {
	if len(list) == 0 {
		return nil
	}
	var c cartonColumns
	var ids []int64
	for _, x := range list {
		ids = append(ids, x.ID)
		c.add(x.Carton)
	}
	_, err := tx.Exec(ctx, `UPDATE carton SET state = n.state, receipt_id = NULLIF(n.receipt, 0), parent_id = NULLIF(n.parent, 0), actual = NULLIF(n.actual, -1),
  complete = n.complete, box_status = n.status, held_by = NULLIF(n.held, 0), held_at = CASE WHEN n.held > 0 AND n.state = 'open' THEN $9::timestamptz ELSE held_at END,
  resolved_by = CASE WHEN n.state = 'resolved' THEN NULLIF($10::bigint, 0) END, resolved_at = CASE WHEN n.state = 'resolved' THEN $9::timestamptz END
FROM (SELECT unnest($1::bigint[]) AS id, unnest($2::text[]) AS state, unnest($3::bigint[]) AS receipt, unnest($4::bigint[]) AS parent,
  unnest($5::bigint[]) AS actual, unnest($6::boolean[]) AS complete, unnest($7::bigint[]) AS status, unnest($8::bigint[]) AS held) n
WHERE carton.id = n.id`, pq.Array(ids), pq.Array(c.states), pq.Array(c.receipts), pq.Array(c.parents), pq.Array(c.actuals), pq.Array(c.complete),
		pq.Array(c.statuses), pq.Array(c.held), tx.Now, staffID)
	if err != nil {
		return fmt.Errorf("update cartons: %w", err)
	}
	return nil
}
