package session

import (
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
	if err := giveFact(ctx, tx, by, x, v, m, in); err != nil {
		return "", err
	}
	text := fmt.Sprintf("补记发药：%s，追溯码 %s（推定）。%s", m.DrugName(), m.Code, in.Reason)
	seq, err := writeLate(ctx, tx, by, x.ID, mainChain, v.ID, lateness{kind: lateGiven, text: text, old: old})
	if err != nil {
		return "", err
	}
	return fmt.Sprintf("已补记给 %d 号（记录 %d，推定），待%s签认。", v.Number, seq, doctorWord(v.Doctor)), nil
}

// giveFact moves the pack to the patient and writes the visit's line.
func giveFact(ctx context.Context, tx *db.Tx, by identity.Actor, x Session, v Visit, m MissingPack, in Explaining) error {
	packs, err := inventory.LockPacks(ctx, tx, []string{m.Code})
	if err != nil {
		return err
	}
	p := packs[m.Code]
	moves, err := inventory.FactMoves(p.Facts(), m.Content, 0, x.ID, *v.FinishedAt)
	if err != nil {
		return moveRefused(err, m.DrugName())
	}
	var given int64
	for _, move := range moves {
		step, err := inventory.Write(ctx, tx, by, p, inventory.Entry{Move: move, Visit: v.ID, How: inventory.HowInferred,
			Reason: cut("收尾补记："+in.Reason, 200), Device: by.Device, Command: in.CommandID})
		if err != nil {
			return moveRefused(err, m.DrugName())
		}
		given = step.Quantity
	}
	err = tx.ExecOne(ctx, `INSERT INTO visit_line (visit_id, pack_id, quantity, how, staff_id, at) VALUES ($1, $2, $3, 'inferred', $4, $5)`,
		v.ID, m.PackID, given, *v.DoctorID, tx.Now)
	if db.IsUnique(err, "visit_line_active_uq") {
		return db.RefuseBecause(err, db.Conflict, "这盒的一部分已在 %d 号的记录里。请选另一位患者，或按损坏、丢失处理。", v.Number)
	}
	if err != nil {
		return fmt.Errorf("insert visit line: %w", err)
	}
	return nil
}
