package inventory

import (
	"context"
	"fmt"

	"github.com/google/uuid"
	"github.com/lib/pq"

	"jingfang/session/identity"
	"jingfang/sql/db"
)

// MaxOpening is the most boxes of one opening list; further ones go into the
// next.
const MaxOpening = 20_000

// OpeningScan is codes for an open list, at most [MaxReceive] at a time. Typed
// is what stands on those boxes whose code does not say it.
type OpeningScan struct {
	ListID    int64
	CommandID uuid.UUID
	Codes     string
	Typed     TypedBatch
}

// OpeningAnswer is the answer to a whole scan, code by code in its order.
type OpeningAnswer struct {
	Answers []CodeAnswer `json:"answers"`
	// Added is how many boxes this scan brought, Total how many the list holds.
	Added int `json:"added"`
	Total int `json:"total"`
}

// ScanOpening collects boxes in an open list. Nothing is in the store before a
// second person confirms the list. A repeat of the command gives the first
// answer.
func (s *Service) ScanOpening(ctx context.Context, by identity.Actor, in OpeningScan) (OpeningAnswer, error) {
	if err := identity.Allow(ctx, s.db, by, identity.Receive, 0); err != nil {
		return OpeningAnswer{}, err
	}
	if err := in.Typed.check(s.db.Now()); err != nil {
		return OpeningAnswer{}, err
	}
	read := ParseScan(in.Codes)
	if len(read) > MaxReceive {
		return OpeningAnswer{}, db.Refuse(db.Invalid, "一次最多录入 %d 个码，这次有 %d 个。请分几次录入。", MaxReceive, len(read))
	}
	cmd := identity.Command{ID: in.CommandID, Kind: "scan_opening", Request: in}
	answer, _, err := identity.RunCommand(ctx, s.db, by, cmd, func(ctx context.Context, tx *db.Tx) (OpeningAnswer, error) {
		if err := lockOpening(ctx, tx, in.ListID); err != nil {
			return OpeningAnswer{}, err
		}
		b := &openingBench{tx: tx, by: by, in: in}
		return b.run(ctx, read)
	})
	return answer, err
}

// openingBench is one scan for an opening list while it is worked through.
type openingBench struct {
	tx     *db.Tx
	by     identity.Actor
	in     OpeningScan
	packs  map[string]*Pack
	known  map[string]Prefix
	lines  map[int64]string // receipt line → number of its receipt
	taken  map[int64]*Taken
	listed map[string]bool // in the list already
	total  int
	fresh  []newPack
	answer OpeningAnswer
}

func (b *openingBench) run(ctx context.Context, read []Parsed) (OpeningAnswer, error) {
	if err := b.load(ctx, read); err != nil {
		return OpeningAnswer{}, err
	}
	for _, p := range read {
		b.answer.Answers = append(b.answer.Answers, b.decide(p))
	}
	b.answer.Added, b.answer.Total = len(b.fresh), b.total+len(b.fresh)
	if b.answer.Total > MaxOpening {
		return OpeningAnswer{}, db.Refuse(db.Invalid, "一张期初清单最多 %d 盒，加上这次共 %d 盒。请先确认这张，再开下一张。", MaxOpening, b.answer.Total)
	}
	if err := b.insert(ctx); err != nil {
		return OpeningAnswer{}, err
	}
	return b.answer, identity.Audit(ctx, b.tx, b.by, identity.Event{Name: "opening.scan", ObjectKind: "opening", ObjectID: fmt.Sprint(b.in.ListID),
		Detail: fmt.Sprintf("codes=%d added=%d total=%d", len(read), b.answer.Added, b.answer.Total)})
}

func (b *openingBench) load(ctx context.Context, read []Parsed) (err error) {
	codes, prefixes := distinctCodes(read)
	if b.packs, err = LockPacks(ctx, b.tx, codes); err != nil {
		return err
	}
	if b.known, err = FindPrefixes(ctx, b.tx, prefixes); err != nil {
		return err
	}
	if b.taken, err = lastHandOvers(ctx, b.tx, b.packs); err != nil {
		return err
	}
	if b.lines, err = receiptNumbers(ctx, b.tx, b.packs); err != nil {
		return err
	}
	var listed []string
	err = b.tx.Select(ctx, &listed, `SELECT code FROM opening_code WHERE list_id = $1 AND code = ANY($2::text[])`, b.in.ListID, pq.Array(codes))
	if err != nil {
		return fmt.Errorf("read codes of the opening list: %w", err)
	}
	b.listed = make(map[string]bool, len(listed))
	for _, c := range listed {
		b.listed[c] = true
	}
	err = b.tx.Get(ctx, &b.total, `SELECT count(*) FROM opening_code WHERE list_id = $1`, b.in.ListID)
	return wrap(err, "count codes of the opening list")
}

// receiptNumbers reads the numbers of the receipts that claim packs.
func receiptNumbers(ctx context.Context, r db.Reader, packs map[string]*Pack) (map[int64]string, error) {
	var ids []int64
	for _, p := range packs {
		if p.ReceiptLineID != nil {
			ids = append(ids, *p.ReceiptLineID)
		}
	}
	if len(ids) == 0 {
		return nil, nil
	}
	var rows []struct {
		ID     int64  `db:"id"`
		Number string `db:"number"`
	}
	err := r.Select(ctx, &rows, `SELECT l.id, r.number FROM receipt_line l JOIN receipt r ON r.id = l.receipt_id WHERE l.id = ANY($1::bigint[])`, pq.Array(ids))
	numbers := make(map[int64]string, len(rows))
	for _, x := range rows {
		numbers[x.ID] = x.Number
	}
	return numbers, wrap(err, "read numbers of receipts")
}

// decide answers one piece of the scan and notes the box that is added.
func (b *openingBench) decide(p Parsed) CodeAnswer {
	if p.Err != nil {
		return UnreadAnswer(p.Err)
	}
	code := p.Code.Code()
	known, ok := b.known[p.Code.Prefix()]
	c := ScanContext{Point: PointOpening, Now: b.tx.Now, PrefixKnown: ok, Carton: ok && known.Level > 1, Drug: known.Drug, Listed: b.listed[code]}
	var f *ScanFacts
	if pack := b.packs[code]; pack != nil {
		f = &ScanFacts{Pack: pack.Facts(), Drug: pack.DrugName(), SessionName: "别的场次", Taken: b.taken[pack.ID], Receipt: valueOf(pack.ReceiptLineID),
			ReceiptNo: b.lines[valueOf(pack.ReceiptLineID)]}
		c.Drug = f.Drug
	}
	said := ScanAnswer(f, c)
	if said.Move == MoveOpening {
		b.listed[code] = true
		b.fresh = append(b.fresh, b.newPack(p.Code, known))
	}
	return NewCodeAnswer(p.Code.Raw(), code, c.Drug, said.Kind, said.Sentence)
}

// newPack is the box as its own code and the person describe it.
func (b *openingBench) newPack(code TraceCode, known Prefix) newPack {
	p := newPack{code: code.Code(), drugID: known.DrugID, content: known.Units, batch: b.in.Typed.Batch, expiresOn: b.in.Typed.ExpiresOn}
	p.readFrom(code)
	return p
}

func (b *openingBench) insert(ctx context.Context) error {
	if len(b.fresh) == 0 {
		return nil
	}
	var codes, batches, expires, made []string
	var drugs, units []int64
	var read []bool
	for _, p := range b.fresh {
		codes = append(codes, p.code)
		drugs = append(drugs, p.drugID)
		units = append(units, p.content)
		batches = append(batches, p.batch)
		expires = append(expires, dateText(p.expiresOn))
		made = append(made, dateText(p.madeOn))
		read = append(read, p.batchRead)
	}
	_, err := b.tx.Exec(ctx, `INSERT INTO opening_code (list_id, staff_id, at, code, drug_id, units, batch, expires_on, made_on, batch_read)
SELECT $1::bigint, $2::bigint, $3::timestamptz, n.code, n.drug_id, n.units, n.batch, CAST(NULLIF(n.expires_on, '') AS date),
  CAST(NULLIF(n.made_on, '') AS date), n.batch_read
FROM (SELECT unnest($4::text[]) AS code, unnest($5::bigint[]) AS drug_id, unnest($6::bigint[]) AS units, unnest($7::text[]) AS batch,
  unnest($8::text[]) AS expires_on, unnest($9::text[]) AS made_on, unnest($10::boolean[]) AS batch_read) n`,
		b.in.ListID, b.by.StaffID, b.tx.Now, pq.Array(codes), pq.Array(drugs), pq.Array(units), pq.Array(batches), pq.Array(expires), pq.Array(made), pq.Array(read))
	return wrap(err, "insert codes of the opening list")
}
