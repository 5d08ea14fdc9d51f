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
	receipt, err := lockReceipt(ctx, tx, in.ReceiptID)
	if err != nil {
		return ReceiveAnswer{}, err
	}
	b := &receivingBench{tx: tx, by: by, command: in.CommandID, receipt: receipt, here: map[string]string{}}
	if err := b.load(ctx, read); err != nil {
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

// decide answers one piece of the scan and notes what is to be written.
func (b *receivingBench) decide(p Parsed) CodeAnswer {
	if p.Err != nil {
		return UnreadAnswer(p.Err)
	}
	if a, ok := b.decideCarton(p.Code); ok {
		return a
	}
	a := b.decideSmall(p.Code)
	switch a.Kind {
	case KindOK, KindAlreadyHere, KindAdopted:
		return b.fill(p.Code, a)
	case KindInRecalled, KindInExpired:
		b.fill(p.Code, a)
	}
	return a
}

// decideSmall answers the code of one box.
func (b *receivingBench) decideSmall(code TraceCode) CodeAnswer {
	f, line := b.facts(code)
	c := b.context(code, line)
	said := ScanAnswer(f, c)
	drug := c.Drug
	if f != nil {
		drug = f.Drug
	}
	if said.Move == MoveReceive && line.Received >= line.Packs {
		// Only boxes that came in without their code fill a line before its codes.
		said = Answer{Kind: KindCodelessTwin, Sentence: KindCodelessTwin.Sentence(Details{Drug: drug})}
	}
	if said.Move != "" {
		b.accept(code, line, said.Move)
		b.here[code.Code()] = drug
	}
	return NewCodeAnswer(code.Raw(), code.Code(), drug, said.Kind, said.Sentence)
}

// facts is what the rules need to know of a code. A box that the receipt has
// room for is looked at as if the document had announced it, so that its expiry
// is judged like any other's; f is nil where there is neither pack nor room.
func (b *receivingBench) facts(code TraceCode) (f *ScanFacts, line *ReceiptLine) {
	if drug, ok := b.here[code.Code()]; ok {
		return &ScanFacts{Pack: PackFacts{State: StateInStore}, Drug: drug, Receipt: b.receipt.ID}, nil
	}
	pack := b.packs[code.Code()]
	if pack != nil && !unclaimed(pack) && !b.comesAgain(pack) {
		return b.packFacts(pack, code)
	}
	if line = b.room(b.drugOf(code, pack), or(code.Batch(), b.told[code.Code()].Batch)); line == nil {
		if pack != nil && !unclaimed(pack) {
			return b.packFacts(pack, code)
		}
		return nil, nil
	}
	p := b.newPack(code, line)
	return &ScanFacts{Drug: line.DrugName(), Receipt: b.receipt.ID,
		Pack: PackFacts{State: StateExpected, Content: p.content, Remainder: p.content, Expiry: p.expiresOn,
			Recalled: recallOf(b.recalls, p.drugID, p.batch, p.code) != 0}}, line
}

// comesAgain reports a box that was withdrawn or sent back and lies here again,
// without a document that lists it. What a red document took off this very
// receipt is not meant to come.
func (b *receivingBench) comesAgain(pack *Pack) bool {
	if !Allowed(MoveAnnounce, pack.State) || pack.Returned {
		return false
	}
	for _, l := range b.lines {
		if l.ID == valueOf(pack.ReceiptLineID) && l.ReceiptID == b.receipt.ID {
			return false
		}
	}
	return true
}

// packFacts is a known pack with the line that claims it, or where none does the
// line that could.
func (b *receivingBench) packFacts(pack *Pack, code TraceCode) (*ScanFacts, *ReceiptLine) {
	f := &ScanFacts{Pack: pack.Facts(), Drug: pack.DrugName(), SessionName: "别的场次", Taken: b.taken[pack.ID]}
	if pack.ReceiptLineID == nil {
		return f, b.room(pack.DrugID, or(code.Batch(), pack.Batch))
	}
	var line *ReceiptLine
	for i := range b.lines {
		if b.lines[i].ID == *pack.ReceiptLineID {
			line = &b.lines[i]
			f.Receipt, f.ReceiptNo = line.ReceiptID, line.Number
		}
	}
	return f, line
}

// drugOf is the drug of a code without a claim; zero when it is not to be taken
// in here: an unknown prefix, or a carton.
func (b *receivingBench) drugOf(code TraceCode, pack *Pack) int64 {
	if pack != nil {
		return pack.DrugID
	}
	known, ok := b.known[code.Prefix()]
	if !ok || known.Level > 1 {
		return 0
	}
	return known.DrugID
}

// room chooses the line a box is counted to: one of its drug with room, of its
// batch if the code names one, else the first.
func (b *receivingBench) room(drugID int64, batch string) *ReceiptLine {
	var first *ReceiptLine
	for i := range b.lines {
		l := &b.lines[i]
		if l.ReceiptID != b.receipt.ID || l.DrugID != drugID || l.Linked >= l.Packs {
			continue
		}
		if batch != "" && l.Batch == batch {
			return l
		}
		if first == nil {
			first = l
		}
	}
	return first
}

func (b *receivingBench) context(code TraceCode, line *ReceiptLine) ScanContext {
	known, ok := b.known[code.Prefix()]
	c := ScanContext{Point: PointReceiving, Receipt: b.receipt.ID, Now: b.tx.Now,
		PrefixKnown: ok, Carton: ok && known.Level > 1, Wanted: line != nil, Drug: known.Drug}
	if pack := b.packs[code.Code()]; pack != nil {
		c.PrefixKnown, c.Carton, c.Drug = true, false, pack.DrugName()
	}
	return c
}

// newPack is a box as the line and its own code describe it.
func (b *receivingBench) newPack(code TraceCode, line *ReceiptLine) newPack {
	p := newPack{code: code.Code(), drugID: line.DrugID, content: line.UnitsPerPack, batch: line.Batch, lineID: line.ID}
	if line.ExpiresOn != nil {
		p.expiresOn = *line.ExpiresOn
	}
	if line.MadeOn != nil {
		p.madeOn = *line.MadeOn
	}
	told := b.told[code.Code()]
	if p.batch == "" {
		p.batch = told.Batch
	}
	if p.expiresOn.IsZero() && told.ExpiresOn != nil {
		p.expiresOn = *told.ExpiresOn
	}
	if p.madeOn.IsZero() && told.MadeOn != nil {
		p.madeOn = *told.MadeOn
	}
	p.readFrom(code)
	if known, ok := b.known[code.Prefix()]; ok && known.Level == 1 {
		p.content = known.Units
	}
	return p
}

// accept notes a box that is taken in and counts it to its line.
func (b *receivingBench) accept(code TraceCode, line *ReceiptLine, move MovementKind) {
	line.Received++
	pack := b.packs[code.Code()]
	switch {
	case pack == nil:
		line.Linked++
		b.enter(b.newPack(code, line))
		return
	case move == MoveAdopt:
		b.adopted = append(b.adopted, pack)
	case pack.State == StateExpected && pack.ReceiptLineID != nil:
		b.arrive(pack)
		return
	case pack.State != StateExpected:
		b.again = append(b.again, pack)
		b.arrive(pack)
	default:
		b.arrive(pack)
	}
	line.Linked++
	b.claim(pack, line, b.newPack(code, line), move == MoveAdopt)
}

// enter and arrive note a box apart by how it was read: by itself, or by the code
// of its carton.
func (b *receivingBench) enter(p newPack) {
	if b.whole {
		b.freshWhole = append(b.freshWhole, p)
	} else {
		b.fresh = append(b.fresh, p)
	}
}

func (b *receivingBench) arrive(p *Pack) {
	if b.whole {
		b.arrivingWhole = append(b.arrivingWhole, p)
	} else {
		b.arriving = append(b.arriving, p)
	}
}

// claim ties a known pack to a line. What the box's own code carries goes before
// the line; of a box that was here before the line only fills what is blank.
func (b *receivingBench) claim(pack *Pack, line *ReceiptLine, p newPack, fill bool) {
	pack.ReceiptLineID = &line.ID
	if p.batch != "" && (pack.Batch == "" || p.batchRead || !fill && !pack.BatchRead) {
		pack.Batch = p.batch
	}
	if !p.expiresOn.IsZero() && (pack.ExpiresOn == nil || p.batchRead || !fill && !pack.BatchRead) {
		pack.ExpiresOn = dayPointer(p.expiresOn)
	}
	pack.BatchRead = pack.BatchRead || p.batchRead
	pack.RecallID = recallOf(b.recalls, pack.DrugID, pack.Batch, pack.Code)
	b.claimed = append(b.claimed, pack)
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
