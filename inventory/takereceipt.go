package inventory

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/lib/pq"

	"jingfang/session/identity"
	"jingfang/sql/db"
)

// TakeReceipt takes a document in. Packs whose codes it lists are expected from
// then on; lines without codes are counts to be filled by scanning. The same
// document again changes nothing. Everything else is refused as a whole with a
// sentence: an unknown drug, a wrong quantity, date or code, a changed document
// under the same revision, a later revision and a red document.
func (s *Service) TakeReceipt(ctx context.Context, by identity.Actor, doc Document) (changed bool, err error) {
	if err := identity.Allow(ctx, s.db, by, identity.Receive, 0); err != nil {
		return false, err
	}
	if err := doc.check(s.db.Now()); err != nil {
		return false, err
	}
	digest, err := doc.digest()
	if err != nil {
		return false, err
	}
	listed, err := doc.listed()
	if err != nil {
		return false, err
	}
	err = rerun(func() error {
		return s.db.InTx(ctx, func(ctx context.Context, tx *db.Tx) error {
			t := &intake{tx: tx, by: by, doc: doc, digest: digest, listed: listed}
			changed, err = t.run(ctx)
			return err
		})
	})
	return changed, err
}

// listedCode is a trace code of a line.
type listedCode struct {
	code TraceCode
	line int // index into the document's lines
	// units is what the prefix says of a pack's content, 0 when it is not known.
	units int64
}

// listed reads the codes of all lines.
func (d Document) listed() ([]listedCode, error) {
	var all []listedCode
	seen := map[string]bool{}
	for i, l := range d.Lines {
		for _, raw := range l.Codes {
			c, err := ParseTraceCode(raw)
			if err != nil {
				return nil, d.refuse("第 %d 行的追溯码 %s 不对：%s", l.LineNo, printable(raw), err.Error())
			}
			if seen[c.Code()] {
				return nil, d.refuse("第 %d 行的追溯码 %s 出现了两次", l.LineNo, c.Code())
			}
			seen[c.Code()] = true
			all = append(all, listedCode{code: c, line: i})
		}
	}
	return all, nil
}

// intake is one document while it is taken in.
type intake struct {
	tx     *db.Tx
	by     identity.Actor
	doc    Document
	digest []byte
	listed []listedCode
	drugs  map[string]Drug // by HIS code
	lineID []int64         // of each line
}

func (t *intake) run(ctx context.Context) (changed bool, err error) {
	if seen, err := t.seen(ctx); seen || err != nil {
		return false, err
	}
	if err := t.findDrugs(ctx); err != nil {
		return false, err
	}
	// The row comes before the codes are looked at: whoever brings the same
	// document at the same time then waits here, and finds it seen.
	id, err := t.insert(ctx)
	if err != nil {
		return false, err
	}
	fresh, back, err := t.sortCodes(ctx)
	if err != nil {
		return false, err
	}
	if err := t.announce(ctx, fresh, back); err != nil {
		return false, err
	}
	return true, identity.Audit(ctx, t.tx, t.by, identity.Event{Name: "receipt.take", ObjectKind: "receipt", ObjectID: fmt.Sprint(id),
		Detail: fmt.Sprintf("source=%s number=%s revision=%d lines=%d codes=%d", t.doc.Source, t.doc.Number, t.doc.Revision, len(t.doc.Lines), len(t.listed))})
}

// seen tells whether this very document was taken before, and refuses another
// one under its number.
func (t *intake) seen(ctx context.Context) (bool, error) {
	var rows []struct {
		Revision int    `db:"revision"`
		Digest   []byte `db:"digest"`
	}
	err := t.tx.Select(ctx, &rows, `SELECT revision, digest FROM receipt WHERE source = $1 AND number = $2 ORDER BY revision DESC`,
		t.doc.Source, t.doc.Number)
	if err != nil {
		return false, fmt.Errorf("look for receipt: %w", err)
	}
	for _, x := range rows {
		if x.Revision != t.doc.Revision {
			continue
		}
		if string(x.Digest) == string(t.digest) {
			return true, nil
		}
		return false, db.Refuse(db.Conflict, "入库单 %s 第 %d 版已经收过，这次的内容不同，没有改动。请发单方改用新的版次重发。", t.doc.Number, t.doc.Revision)
	}
	if len(rows) > 0 {
		return false, db.Refuse(db.Conflict, "入库单 %s 已收过第 %d 版，这次是第 %d 版。本程序这一版还不能自动换版，没有改动，请药师人工核对。",
			t.doc.Number, rows[0].Revision, t.doc.Revision)
	}
	return false, nil
}

// findDrugs reads the drugs of all lines and names those the dictionary lacks.
func (t *intake) findDrugs(ctx context.Context) error {
	var codes []string
	for _, l := range t.doc.Lines {
		codes = append(codes, l.HISCode)
	}
	var rows []Drug
	err := t.tx.Select(ctx, &rows, `SELECT id, his_code, generic_name, spec, units_per_pack FROM drug WHERE his_code = ANY($1::text[])`, pq.Array(codes))
	if err != nil {
		return fmt.Errorf("read drugs: %w", err)
	}
	t.drugs = make(map[string]Drug, len(rows))
	for _, d := range rows {
		t.drugs[d.HISCode] = d
	}
	var missing []string
	for _, c := range codes {
		if _, ok := t.drugs[c]; !ok && !slices.Contains(missing, c) {
			missing = append(missing, c)
		}
	}
	if len(missing) > 0 {
		return db.Refuse(db.Invalid, "入库单 %s 里有药品目录没有的编码：%s。整张单没有收下，请先同步药品目录，再取这张单。",
			t.doc.Number, strings.Join(missing[:min(len(missing), 10)], "、"))
	}
	return nil
}

// sortCodes parts the listed codes into new packs and packs that come again
// after they were withdrawn or sent back; any other known pack refuses the
// document.
func (t *intake) sortCodes(ctx context.Context) (fresh []listedCode, back []*Pack, err error) {
	if len(t.listed) == 0 {
		return nil, nil, nil
	}
	var codes, prefixes []string
	for _, c := range t.listed {
		codes = append(codes, c.code.Code())
		prefixes = append(prefixes, c.code.Prefix())
	}
	held, err := LockPacks(ctx, t.tx, codes)
	if err != nil {
		return nil, nil, err
	}
	known, err := FindPrefixes(ctx, t.tx, prefixes)
	if err != nil {
		return nil, nil, err
	}
	for _, c := range t.listed {
		if err := t.fits(c, known, held[c.code.Code()]); err != nil {
			return nil, nil, err
		}
		if p := held[c.code.Code()]; p != nil {
			back = append(back, p)
			continue
		}
		// A carton that is the smallest coded pack holds what its prefix says.
		if x, ok := known[c.code.Prefix()]; ok {
			c.units = x.Units
		}
		fresh = append(fresh, c)
	}
	return fresh, back, nil
}

// fits refuses a listed code that belongs to another drug, to a carton, or to a
// pack that is here already.
func (t *intake) fits(c listedCode, known map[string]Prefix, p *Pack) error {
	line := t.doc.Lines[c.line]
	drug := t.drugs[line.HISCode]
	x, ok := known[c.code.Prefix()]
	switch {
	case ok && x.DrugID != drug.ID:
		return t.doc.refuse("第 %d 行是 %s，追溯码 %s 却对照为 %s", line.LineNo, drug.Name(), c.code.Code(), x.Drug)
	case ok && x.Level > 1:
		return t.doc.refuse("第 %d 行的追溯码 %s 是大包装的码，应是每个小盒的码", line.LineNo, c.code.Code())
	case p == nil:
		return nil
	case p.DrugID != drug.ID:
		return t.doc.refuse("第 %d 行是 %s，追溯码 %s 先前记录为 %s", line.LineNo, drug.Name(), c.code.Code(), p.DrugName())
	case unclaimed(p), Allowed(MoveAnnounce, p.State) && !p.Returned:
		return nil
	}
	return t.doc.refuse("第 %d 行的追溯码 %s 已有记录，状态是“%s”", line.LineNo, c.code.Code(), p.State.Chinese())
}

func (t *intake) newPack(c listedCode) newPack {
	line := t.doc.Lines[c.line]
	drug := t.drugs[line.HISCode]
	content := drug.UnitsPerPack
	if c.units > 0 {
		content = c.units
	}
	return newPack{code: c.code.Code(), drugID: drug.ID, content: content, batch: line.Batch,
		expiresOn: line.ExpiresOn, madeOn: line.MadeOn, lineID: t.lineID[c.line]}
}

// insert writes the receipt and its lines.
func (t *intake) insert(ctx context.Context) (id int64, err error) {
	d := t.doc
	err = t.tx.Get(ctx, &id, `INSERT INTO receipt (source, number, revision, kind, state, issued_at, arrived_at, from_store, digest)
VALUES ($1, $2, $3, $4, 'waiting', $5, $6, $7, $8) RETURNING id`,
		d.Source, d.Number, d.Revision, d.Kind, d.IssuedAt, t.tx.Now, d.FromStore, t.digest)
	if err != nil {
		return 0, fmt.Errorf("insert receipt: %w", err)
	}
	return id, t.insertLines(ctx, id)
}

func (t *intake) insertLines(ctx context.Context, receiptID int64) error {
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
SELECT $1::bigint, n.line_no, n.drug_id, n.packs, n.batch, CAST(n.expires_on AS date), CAST(NULLIF(n.made_on, '') AS date), CAST(NULLIF(n.price, '') AS numeric)
FROM (SELECT unnest($2::bigint[]) AS line_no, unnest($3::bigint[]) AS drug_id, unnest($4::bigint[]) AS packs, unnest($5::text[]) AS batch,
  unnest($6::text[]) AS expires_on, unnest($7::text[]) AS made_on, unnest($8::text[]) AS price) n
RETURNING id, line_no`, receiptID, pq.Array(numbers), pq.Array(drugs), pq.Array(packs), pq.Array(batches), pq.Array(expires), pq.Array(made), pq.Array(prices))
	if err != nil {
		return fmt.Errorf("insert receipt lines: %w", err)
	}
	t.lineID = make([]int64, len(t.doc.Lines))
	for _, x := range rows {
		t.lineID[at[x.LineNo]] = x.ID
	}
	return nil
}

// announce writes the expected packs.
func (t *intake) announce(ctx context.Context, fresh []listedCode, back []*Pack) error {
	e := Entry{Move: Move{Kind: MoveAnnounce, At: t.tx.Now}, How: HowSystem, Reason: t.doc.Number}
	var packs []newPack
	for _, c := range fresh {
		packs = append(packs, t.newPack(c))
	}
	if err := enterPacks(ctx, t.tx, t.by, packs, e); err != nil {
		return err
	}
	lines := map[string]int{}
	for _, c := range t.listed {
		lines[c.code.Code()] = c.line
	}
	var again []*Pack
	for _, p := range back {
		l := t.doc.Lines[lines[p.Code]]
		p.ReceiptLineID, p.Batch, p.ExpiresOn = &t.lineID[lines[p.Code]], l.Batch, dayPointer(l.ExpiresOn)
		if p.State != StateExpected {
			again = append(again, p)
		}
	}
	if err := claimPacks(ctx, t.tx, back); err != nil {
		return err
	}
	_, err := WriteAll(ctx, t.tx, t.by, again, e)
	return err
}

// unclaimed reports a pack that waits for a receipt: it was scanned in by
// mistake and no document announced it.
func unclaimed(p *Pack) bool { return p.State == StateExpected && p.ReceiptLineID == nil }
