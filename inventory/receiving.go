package inventory

import (
	"context"
	"fmt"
	"slices"

	"github.com/google/uuid"

	"jingfang/session/identity"
	"jingfang/sql/db"
)

// MaxReceive is the most codes of one scan at receiving: a full batch reader,
// or a pasted list.
const MaxReceive = 2000

// ReceiveScan is what was scanned into a receipt: one code or many.
type ReceiveScan struct {
	ReceiptID int64
	CommandID uuid.UUID
	Codes     string
}

// ReceiveAnswer is the answer to a whole scan, code by code in its order.
type ReceiveAnswer struct {
	Answers []CodeAnswer `json:"answers"`
	// Taken is how many packs this scan brought in.
	Taken int `json:"taken"`
	// Expected and Received are the receipt's packs (应扫, 已扫) afterwards.
	Expected int `json:"expected"`
	Received int `json:"received"`
	// Carton is the carton that small packs are being scanned into; nil when none
	// is open in the person's hands.
	Carton *CartonProgress `json:"carton,omitempty"`
}

// Receive scans packs into a receipt. Each code has its own answer; what cannot
// be taken in and is a box by its code stays with the receipt as a difference
// and changes nothing else. A repeat of the command gives the first answer.
func (s *Service) Receive(ctx context.Context, by identity.Actor, in ReceiveScan) (ReceiveAnswer, error) {
	if err := identity.Allow(ctx, s.db, by, identity.Receive, 0); err != nil {
		return ReceiveAnswer{}, err
	}
	read := ParseScan(in.Codes)
	if len(read) > MaxReceive {
		return ReceiveAnswer{}, db.Refuse(db.Invalid, "一次最多录入 %d 个码，这次有 %d 个。请分几次录入。", MaxReceive, len(read))
	}
	cmd := identity.Command{ID: in.CommandID, Kind: "receive", Request: in}
	var answer ReceiveAnswer
	err := rerun(func() (err error) {
		answer, _, err = identity.RunCommand(ctx, s.db, by, cmd, func(ctx context.Context, tx *db.Tx) (ReceiveAnswer, error) {
			return receive(ctx, tx, by, in, read)
		})
		return err
	})
	return answer, err
}

func receive(ctx context.Context, tx *db.Tx, by identity.Actor, in ReceiveScan, read []Parsed) (ReceiveAnswer, error) {
	b, err := newReceivingBench(ctx, tx, by, in.ReceiptID, in.CommandID, read)
	if err != nil {
		return ReceiveAnswer{}, err
	}
	for _, p := range read {
		b.answers = append(b.answers, b.decide(p))
	}
	if err := b.write(ctx); err != nil {
		return ReceiveAnswer{}, err
	}
	return b.answer(), nil
}

// receivingBench is one scan at receiving while it is worked through: first all
// codes are answered in memory, then everything is written at once.
type receivingBench struct {
	tx      *db.Tx
	by      identity.Actor
	command uuid.UUID
	receipt Receipt

	lines []ReceiptLine // of this receipt, and of others that packs belong to
	packs map[string]*Pack
	known map[string]Prefix
	// beside says how many boxes of the receipt were refused before.
	beside  besideLines
	recalls []openRecall // in force, that may mean a box of this scan

	here     map[string]string // code → drug: taken in by this scan
	arriving []*Pack           // known packs to be received
	claimed  []*Pack           // known packs that are tied to a line of this receipt
	again    []*Pack           // arriving ones that come again after they were withdrawn or sent back
	adopted  []*Pack           // packs in the store that came before their document
	taken    map[int64]*Taken  // who handed a pack out that a patient has, by pack
	fresh    []newPack
	answers  []CodeAnswer

	cartons map[string]*benchCarton // by code: scanned ones, what lies in them, open ones
	owner   map[string]int64        // small code → number of the carton it lies in
	told    map[string]cartonCode   // what a relation file says of a small code
	holding []*benchCarton          // taken up by this scan
	// whole says that the boxes being decided come in by their carton's code;
	// arrivingWhole and freshWhole are those.
	whole         bool
	arrivingWhole []*Pack
	freshWhole    []newPack
	inner         []CodeAnswer // of boxes in a carton that were not taken in
}

// newReceivingBench locks the receipt and the packs of a scan.
func newReceivingBench(ctx context.Context, tx *db.Tx, by identity.Actor, receiptID int64, command uuid.UUID, read []Parsed) (*receivingBench, error) {
	receipt, err := lockReceipt(ctx, tx, receiptID)
	if err != nil {
		return nil, err
	}
	b := &receivingBench{tx: tx, by: by, command: command, receipt: receipt, here: map[string]string{}}
	return b, b.load(ctx, read)
}

// load locks the packs of all codes and reads the lines and prefixes they need.
func (b *receivingBench) load(ctx context.Context, read []Parsed) (err error) {
	codes, _ := distinctCodes(read)
	if err = b.loadCartons(ctx, codes); err != nil {
		return err
	}
	codes, prefixes := distinctCodes(b.withContents(read))
	if len(codes) > maxDocumentPacks {
		return db.Refuse(db.Invalid, "这次扫的箱里共有 %d 盒，一次最多 %d 盒。请分几次扫。", len(codes), maxDocumentPacks)
	}
	if b.packs, err = lockRows(ctx, b.tx, codes); err != nil {
		return err
	}
	var others []int64
	for _, p := range b.packs {
		if p.ReceiptLineID != nil {
			others = append(others, *p.ReceiptLineID)
		}
	}
	slices.Sort(others)
	if b.lines, b.beside, err = readLines(ctx, b.tx, b.receipt.ID, slices.Compact(others)); err != nil {
		return err
	}
	if len(b.packs) < len(codes) {
		if b.known, err = FindPrefixes(ctx, b.tx, prefixes); err != nil {
			return err
		}
	}
	if b.taken, err = lastHandOvers(ctx, b.tx, b.packs); err != nil {
		return err
	}
	return b.loadRecalls(ctx, codes)
}

// loadRecalls marks the known packs that are recalled and keeps the recalls for
// the boxes that get their rows now. On most days there is none to read.
func (b *receivingBench) loadRecalls(ctx context.Context, codes []string) (err error) {
	if !b.beside.Recalls {
		return nil
	}
	var drugs []int64
	for _, l := range b.lines {
		drugs = append(drugs, l.DrugID)
	}
	for _, p := range b.packs {
		drugs = append(drugs, p.DrugID)
	}
	slices.Sort(drugs)
	if b.recalls, err = openRecalls(ctx, b.tx, slices.Compact(drugs), codes); err != nil {
		return err
	}
	for _, p := range b.packs {
		p.RecallID = recallOf(b.recalls, p.DrugID, p.Batch, p.Code)
	}
	return nil
}

// distinctCodes lists the codes that were read in their order, once each, and
// the distinct prefixes.
func distinctCodes(read []Parsed) (codes, prefixes []string) {
	for _, p := range read {
		if p.Err == nil {
			codes = append(codes, p.Code.Code())
			prefixes = append(prefixes, p.Code.Prefix())
		}
	}
	slices.Sort(codes)
	slices.Sort(prefixes)
	return slices.Compact(codes), slices.Compact(prefixes)
}

func (b *receivingBench) answer() ReceiveAnswer {
	a := ReceiveAnswer{Answers: b.answers, Taken: len(b.here), Carton: b.cartonProgress()}
	for _, l := range b.lines {
		if l.ReceiptID == b.receipt.ID {
			a.Expected += l.Packs
			a.Received += l.Received
		}
	}
	return a
}

// auditDetail says in figures what the scan did.
func (b *receivingBench) auditDetail() string {
	return fmt.Sprintf("number=%s codes=%d taken=%d", b.receipt.Number, len(b.answers), len(b.here))
}
