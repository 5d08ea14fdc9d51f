package inventory

import (
	"context"
	"fmt"

	"github.com/lib/pq"

	"jingfang/session/identity"
	"jingfang/sql/db"
)

// write carries out what was decided: a constant number of statements.
func (b *receivingBench) write(ctx context.Context) error {
	e := Entry{Move: Move{Kind: MoveReceive, At: b.tx.Now}, How: HowScanned, Device: b.by.Device, Command: b.command}
	if err := claimPacks(ctx, b.tx, b.claimed); err != nil {
		return err
	}
	announce, adopt := e, e
	announce.Kind, announce.Reason = MoveAnnounce, "再次到货"
	adopt.Kind, adopt.Reason = MoveAdopt, b.receipt.Number
	for _, w := range []struct {
		packs []*Pack
		e     Entry
	}{{b.again, announce}, {b.arriving, e}, {b.adopted, adopt}} {
		if _, err := WriteAll(ctx, b.tx, b.by, w.packs, w.e); err != nil {
			return fmt.Errorf("receive: answered yes, moved no: %w", err)
		}
	}
	if err := b.insert(ctx, b.fresh, e); err != nil {
		return err
	}
	if err := b.writeWhole(ctx, e); err != nil {
		return err
	}
	if err := b.writeCartons(ctx); err != nil {
		return err
	}
	if err := b.keepRefusals(ctx); err != nil {
		return err
	}
	if err := b.resolveRefusals(ctx); err != nil {
		return err
	}
	if err := b.begin(ctx); err != nil {
		return err
	}
	return identity.Audit(ctx, b.tx, b.by, identity.Event{Name: "receipt.scan", ObjectKind: "receipt",
		ObjectID: fmt.Sprint(b.receipt.ID), Detail: b.auditDetail()})
}

// writeWhole brings in the boxes that nobody read one by one.
func (b *receivingBench) writeWhole(ctx context.Context, e Entry) error {
	e.How, e.Reason = HowByNumber, "按箱码入库"
	if _, err := WriteAll(ctx, b.tx, b.by, b.arrivingWhole, e); err != nil {
		return fmt.Errorf("receive a carton: answered yes, moved no: %w", err)
	}
	return b.insert(ctx, b.freshWhole, e)
}

// insert gives boxes their rows; those of them that are recalled are set apart.
func (b *receivingBench) insert(ctx context.Context, packs []newPack, e Entry) error {
	if len(b.recalls) == 0 {
		return insertPacks(ctx, b.tx, b.by, packs, e)
	}
	return enterPacks(ctx, b.tx, b.by, packs, e)
}

// begin marks a receipt's first taken box.
func (b *receivingBench) begin(ctx context.Context) error {
	if b.receipt.State != ReceiptWaiting || len(b.here) == 0 {
		return nil
	}
	if err := b.tx.ExecOne(ctx, `UPDATE receipt SET state = 'scanning' WHERE id = $1`, b.receipt.ID); err != nil {
		return fmt.Errorf("begin receipt: %w", err)
	}
	return nil
}

// keepRefusals writes each refused box once, however often it is scanned: the
// receipt's row is locked, so nobody else writes its refusals now. A text that
// is no code stays out: it is no box, and perhaps a patient's label.
func (b *receivingBench) keepRefusals(ctx context.Context) error {
	var raws, codes, kinds []string
	seen := map[string]bool{}
	for _, a := range append(b.answers[:len(b.answers):len(b.answers)], b.inner...) {
		if a.Kind == KindCartonOpened || a.Kind == KindCartonPartly || a.Kind == KindCartonUneven {
			continue
		}
		if a.Code == "" || seen[a.Code] || a.Tone == ToneGood || a.Tone == ToneSoft || b.here[a.Code] != "" {
			continue
		}
		seen[a.Code] = true
		raws = append(raws, clip(printable(a.Raw), 400))
		codes = append(codes, a.Code)
		kinds = append(kinds, string(a.Kind))
	}
	if len(codes) == 0 {
		return nil
	}
	_, err := b.tx.Exec(ctx, `INSERT INTO receipt_refusal (receipt_id, raw, code, answer_kind, staff_id, at)
SELECT $1::bigint, n.raw, n.code, n.kind, $5::bigint, $6::timestamptz
FROM (SELECT unnest($2::text[]) AS raw, unnest($3::text[]) AS code, unnest($4::text[]) AS kind) n
WHERE NOT EXISTS (SELECT 1 FROM receipt_refusal x WHERE x.receipt_id = $1::bigint AND x.code = n.code AND x.resolved_at IS NULL)`,
		b.receipt.ID, pq.Array(raws), pq.Array(codes), pq.Array(kinds), b.by.StaffID, b.tx.Now)
	if err != nil {
		return fmt.Errorf("insert receipt refusals: %w", err)
	}
	return nil
}

// resolveRefusals closes the refusals of boxes that are in now, for instance
// after their prefix was taught.
func (b *receivingBench) resolveRefusals(ctx context.Context) error {
	if b.beside.Refused == 0 || len(b.here) == 0 {
		return nil
	}
	codes := make([]string, 0, len(b.here))
	for c := range b.here {
		codes = append(codes, c)
	}
	_, err := b.tx.Exec(ctx, `UPDATE receipt_refusal SET resolved_at = $3, resolved_by = $4::bigint, resolution = 'received'
WHERE receipt_id = $1 AND code = ANY($2::text[]) AND resolved_at IS NULL`, b.receipt.ID, pq.Array(codes), b.tx.Now, db.NullInt(b.by.StaffID))
	if err != nil {
		return fmt.Errorf("resolve receipt refusals: %w", err)
	}
	return nil
}
