package session

import (
	"cmp"
	"context"
	"fmt"

	"jingfang/inventory"
	"jingfang/session/identity"
	"jingfang/sql/db"
)

// giveMissing writes down that a patient was given a pack that nobody scanned. It
// has happened, so it is a fact and never refused over expiry or recall; which box
// it was is inferred (推定). The visit gets its line, and a record that names the
// old one and waits for the doctor's countersign.
func giveMissing(ctx context.Context, tx *db.Tx, by identity.Actor, x Session, m MissingPack, in Explaining) (string, error) {
	v, err := lockVisit(ctx, tx, x.ID, in.Visit)
	if err != nil {
		return "", err
	}
	if v.State != Finished || v.DoctorID == nil {
		return "", db.Refuse(db.Conflict, "%d 号还没有诊毕，不能补记。请先让医生诊毕。", v.Number)
	}
	old, err := lastRecord(ctx, tx, x.ID, v.ID)
	if err != nil {
		return "", err
	}
	packs, err := inventory.LockPacks(ctx, tx, []string{m.Code})
	if err != nil {
		return "", err
	}
	e := inventory.Entry{Move: inventory.Move{Quantity: in.Quantity}, How: inventory.HowInferred, Reason: cut("收尾补记："+in.Reason, 200), Command: in.CommandID}
	if err := giveFact(ctx, tx, by, x, v, packs[m.Code], e); err != nil {
		return "", err
	}
	much := ""
	if m.InParts() {
		much = fmt.Sprintf(" %d %s", cmp.Or(in.Quantity, m.Units), m.UnitWord)
	}
	text := fmt.Sprintf("补记发药：%s%s，追溯码 %s（推定）。%s", m.DrugName(), much, m.Code, in.Reason)
	seq, err := writeLate(ctx, tx, by, x.ID, mainChain, v.ID, lateness{kind: lateGiven, text: text, old: old})
	if err != nil {
		return "", err
	}
	said := fmt.Sprintf("已补记%s给 %d 号（记录 %d，推定），待%s签认。", much, v.Number, seq, doctorWord(v.Doctor))
	if in.leavesRest(m) {
		said += fmt.Sprintf("这盒还有 %d %s 没有去向，请接着处理。", m.Units-in.Quantity, m.UnitWord)
	}
	return said, nil
}

// giveFact moves a locked pack to the patient, from wherever it was, and writes
// the visit's line, paid for as the drug was at this visit; e.Quantity 0 is all that the box holds.
func giveFact(ctx context.Context, tx *db.Tx, by identity.Actor, x Session, v Visit, p *inventory.Pack, e inventory.Entry) error {
	e.Visit, e.Device = v.ID, by.Device
	e.Session, e.At = x.ID, *v.FinishedAt
	before := p.State
	given, alarm, err := writeFactMoves(ctx, tx, by, p, e)
	if err != nil {
		return err
	}
	err = tx.ExecOne(ctx, `INSERT INTO visit_line (visit_id, pack_id, quantity, how, staff_id, at, payer) VALUES ($1::uuid, $2, $3, $4, $5, $6,
  COALESCE((SELECT o.payer FROM visit_line o JOIN pack k ON k.id = o.pack_id WHERE o.visit_id = $1::uuid AND k.drug_id = $7::bigint
    ORDER BY CASE WHEN o.undone_at IS NULL THEN 0 ELSE 1 END, o.id DESC LIMIT 1), ''))`,
		v.ID, p.ID, given, string(e.How), *v.DoctorID, tx.Now, p.DrugID)
	if db.IsUnique(err, "visit_line_active_uq") {
		return db.RefuseBecause(err, db.Conflict, "这盒的一部分已在 %d 号的记录里。请选另一位患者，或按损坏、丢失处理。", v.Number)
	}
	if err != nil {
		return fmt.Errorf("insert visit line: %w", err)
	}
	if alarm == "" {
		return nil
	}
	return RaiseAlarm(ctx, tx, by, NewAlarm{SessionID: x.ID, Visit: v.ID, Kind: alarm, Code: p.Code, Drug: p.DrugName(), Sentence: factAlarm(alarm, before)})
}
