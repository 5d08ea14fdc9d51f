package session

import (
	"context"
	"fmt"

	"github.com/lib/pq"

	"jingfang/inventory"
	"jingfang/session/identity"
)

// write carries out what was answered. One code, the usual scan, takes the
// plainest statements; a batch of any size takes as many, so that it does not
// keep the session's other doctors waiting.
func (t *table) write(ctx context.Context) error {
	if err := t.handOut(ctx); err != nil {
		return err
	}
	if err := t.changeQuantity(ctx); err != nil {
		return err
	}
	if err := t.handOutFacts(ctx); err != nil {
		return err
	}
	if err := t.endBags(ctx); err != nil {
		return err
	}
	if err := t.keepRefused(ctx); err != nil {
		return err
	}
	return identity.Audit(ctx, t.tx, t.by, identity.Event{Name: "visit.dispense", ObjectKind: "visit", ObjectID: t.visit.ID.String(),
		SiteID: t.session.SiteID, SessionID: t.session.ID,
		Detail: fmt.Sprintf("codes=%d given=%d", len(t.answer.Answers), len(t.giving)) + t.quantityDetail()})
}

// handOut moves the packs and writes the visit's lines.
func (t *table) handOut(ctx context.Context) error {
	if len(t.giving) == 0 {
		return nil
	}
	e := inventory.Entry{
		Move:  inventory.Move{Kind: inventory.MoveDispense, Session: t.session.ID, At: t.in.moment(t.tx.Now)},
		Visit: t.visit.ID, How: t.how, Device: t.by.Device, DeviceAt: t.in.DoneAt, Command: t.in.CommandID,
	}
	if len(t.giving) > 1 || len(t.bagged) > 0 {
		read, together := t.splitHow()
		if err := t.handOutAll(ctx, e, read); err != nil {
			return err
		}
		e.How = inventory.HowTogether
		return t.handOutAll(ctx, e, together)
	}
	p := t.giving[0].pack
	e.Quantity = t.giving[0].quantity
	step, err := inventory.Write(ctx, t.tx, t.by, p, e)
	if err != nil {
		return fmt.Errorf("dispense: answered yes: %w", err)
	}
	if err := t.numberSaid(ctx, p); err != nil {
		return err
	}
	return insertLines(ctx, t.tx, t.visit, []handed{{p, step.Quantity}}, e.How, t.by.StaffID)
}

// handOutAll hands whole boxes over: a number is said of one alone.
func (t *table) handOutAll(ctx context.Context, e inventory.Entry, packs []*inventory.Pack) error {
	if len(packs) == 0 {
		return nil
	}
	steps, err := inventory.WriteAll(ctx, t.tx, t.by, packs, e)
	if err != nil {
		return fmt.Errorf("dispense: answered yes: %w", err)
	}
	list := make([]handed, len(packs))
	for i, p := range packs {
		list[i] = handed{p, steps[i].Quantity}
	}
	return insertLines(ctx, t.tx, t.visit, list, e.How, t.by.StaffID)
}

// keepRefused writes what stays 未记录.
func (t *table) keepRefused(ctx context.Context) error {
	if len(t.refused) == 0 {
		return nil
	}
	var raws, codes, kinds, said []string
	var units []int64
	for _, a := range t.refused {
		wanted := int64(0)
		if a.Kind == inventory.KindNotEnough {
			wanted = t.in.Quantity
		}
		units = append(units, wanted)
		raws, codes = append(raws, cut(a.Raw, 400)), append(codes, a.Code)
		kinds, said = append(kinds, string(a.Kind)), append(said, cut(a.Sentence, 300))
	}
	_, err := t.tx.Exec(ctx, `INSERT INTO visit_refusal (visit_id, raw, code, answer_kind, sentence, staff_id, at, units, typed)
SELECT $1::uuid, n.raw, n.code, n.kind, n.said, $6::bigint, $7::timestamptz, n.units, $9::boolean
FROM (SELECT unnest($2::text[]) AS raw, unnest($3::text[]) AS code, unnest($4::text[]) AS kind, unnest($5::text[]) AS said, unnest($8::bigint[]) AS units) n`,
		t.visit.ID, pq.Array(raws), pq.Array(codes), pq.Array(kinds), pq.Array(said), t.by.StaffID, t.tx.Now, pq.Array(units), t.how == inventory.HowTyped)
	if err != nil {
		return fmt.Errorf("insert refusals: %w", err)
	}
	return nil
}
