package session

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"jingfang/inventory"
	"jingfang/session/identity"
	"jingfang/session/patient"
	"jingfang/sql/db"
)

// mostHits bounds each list of what a text may mean.
const mostHits = 20

// BatchHit is a drug that has boxes of a batch.
type BatchHit struct {
	DrugID  int64  `db:"drug_id" json:"drug_id"`
	Generic string `db:"generic_name" json:"drug"`
	Spec    string `db:"spec" json:"spec"`
	Batch   string `db:"batch" json:"batch"`
	Packs   int64  `db:"packs" json:"packs"`
}

// ReceiptHit is a document of that number.
type ReceiptHit struct {
	ID       int64  `db:"id" json:"id"`
	Number   string `db:"number" json:"number"`
	Revision int    `db:"revision" json:"revision"`
	Store    string `db:"from_store" json:"from_store"`
}

// ToteHit is a tote of that name.
type ToteHit struct {
	Label string `db:"code" json:"label"`
	Name  string `db:"name" json:"name"`
	// Retired is true for one that is not used any more.
	Retired bool `db:"retired" json:"retired,omitempty"`
}

// PatientHit is the patient of that label or number.
type PatientHit struct {
	ID     int64  `json:"id"`
	Masked string `json:"name"` // masked
}

// Asked is what a text in the one search field means. Several lists may be filled;
// a text that means nothing known has none, and Problem says why.
type Asked struct {
	// Code is the whole trace code that the text is, in any of its forms, or the label
	// of a tote or a bag; "" when it is none.
	Code     string           `json:"code,omitempty"`
	Packs    []inventory.Pack `json:"-"`
	Batches  []BatchHit       `json:"batches,omitempty"`
	Receipts []ReceiptHit     `json:"receipts,omitempty"`
	Totes    []ToteHit        `json:"totes,omitempty"`
	Patients []PatientHit     `json:"patients,omitempty"`
	Problem  string           `json:"problem,omitempty"`
}

// LabelTorn is what a label of ours that was not read to its end is answered with.
const LabelTorn = "标签没有读完整，或输错了一位。请再扫一次，或核对标签上的 14 位字符。"

// Hits counts what was found.
func (a Asked) Hits() int {
	return len(a.Packs) + len(a.Batches) + len(a.Receipts) + len(a.Totes) + len(a.Patients)
}

// Ask says what a text means: a trace code in any form, the last 4 to 6 characters
// of one, a batch, the number of a receipt, a patient's label or number. It takes
// what [Service.Trace] takes, and for a patient the right to see patients.
func (s *Service) Ask(ctx context.Context, by identity.Actor, text string) (Asked, error) {
	if err := s.mayTrace(ctx, by); err != nil {
		return Asked{}, err
	}
	if c, label, whole := inventory.ParseLabel(text); whole {
		return Asked{Code: label}, nil
	} else if c != "" {
		return Asked{Problem: LabelTorn}, nil
	}
	code, err := inventory.ParseTraceCode(text)
	if err == nil {
		return Asked{Code: code.Code()}, nil
	}
	var wrong *inventory.CodeError
	if !errors.As(err, &wrong) {
		return Asked{}, fmt.Errorf("parse trace code: %w", err)
	}
	a, err := s.askWords(ctx, by, text, wrong.Kind)
	if err == nil && a.Hits() == 0 && a.Problem == "" {
		a.Problem = wrong.Sentence()
		if looksTyped(text) {
			a.Problem = "没有找到。可以输入追溯码或末 4–6 位、批号、入库单号、箱名、患者编号；请核对后再查。"
		}
	}
	return a, err
}

// looksTyped tells words of a person from what a scanner read off something else.
func looksTyped(text string) bool {
	s := strings.TrimSpace(text)
	return s != "" && len([]rune(s)) <= 60 && !strings.ContainsFunc(s, func(r rune) bool { return r < ' ' || r == 0xFFFD }) && !strings.Contains(s, "://")
}

// askWords looks a text up that is no whole code.
func (s *Service) askWords(ctx context.Context, by identity.Actor, text string, kind inventory.AnswerKind) (Asked, error) {
	var a Asked
	word := strings.ToUpper(strings.TrimSpace(text))
	label := kind == inventory.KindPatientLabel
	if !looksTyped(text) && !label {
		return a, nil
	}
	if label || isNumber(word) {
		if err := s.askPatient(ctx, by, text, label, &a); err != nil || label {
			return a, err
		}
	}
	return a, s.db.InSnapshot(ctx, func(ctx context.Context, tx *db.Tx) error {
		if isTail(word) {
			packs, err := inventory.FindTails(ctx, tx, word, mostHits+1)
			if err != nil {
				return err
			}
			a.Packs = packs
		}
		return askPapers(ctx, tx, strings.TrimSpace(text), word, &a)
	})
}

// isNumber tells digits that may be a patient's number.
func isNumber(s string) bool {
	return len(s) >= 6 && len(s) <= 12 && strings.Trim(s, "0123456789") == ""
}

// isTail tells the end of a code.
func isTail(s string) bool {
	return len(s) >= shortestTail && len(s) <= longestTail && strings.ContainsAny(s, "0123456789") && strings.Trim(s, "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ") == ""
}

// askPatient finds the patient of a label or a number. Who may not see patients
// finds none; what is wrong with a label is said.
func (s *Service) askPatient(ctx context.Context, by identity.Actor, text string, label bool, a *Asked) error {
	if by.Can(identity.ViewPatient, 0) != nil {
		return nil
	}
	p, err := patient.Find(ctx, s.db, text)
	switch kind := db.KindOf(err); {
	case kind == db.NotFound || kind == db.Invalid || kind == db.Conflict:
		if label {
			a.Problem = db.Sentence(err)
		}
		return nil
	case err != nil:
		return err
	}
	if by.Can(identity.ViewPatient, p.HomeSiteID) == nil {
		a.Patients = append(a.Patients, PatientHit{p.ID, p.Masked()})
	}
	return nil
}

// askPapers finds batches, receipts and totes of that name, as typed or in
// capitals; of a tote the word 周转箱 may stand before it.
func askPapers(ctx context.Context, tx *db.Tx, text, word string, a *Asked) error {
	err := tx.Select(ctx, &a.Batches, `SELECT d.id AS drug_id, d.generic_name, d.spec, k.batch, count(*) AS packs FROM pack k JOIN drug d ON d.id = k.drug_id
WHERE k.batch IN ($1::text, $2::text) AND k.batch <> '' GROUP BY d.id, d.generic_name, d.spec, k.batch ORDER BY d.generic_name, d.id, k.batch LIMIT $3`, text, word, mostHits)
	if err != nil {
		return fmt.Errorf("find a batch: %w", err)
	}
	err = tx.Select(ctx, &a.Receipts, `SELECT id, number, revision, from_store FROM receipt WHERE number IN ($1::text, $2::text)
ORDER BY id DESC LIMIT $3`, text, word, mostHits)
	if err != nil {
		return fmt.Errorf("find a receipt: %w", err)
	}
	err = tx.Select(ctx, &a.Totes, `SELECT code, name, (retired_at IS NOT NULL) AS retired FROM tote WHERE name IN ($1::text, $2::text)
ORDER BY (retired_at IS NOT NULL), id LIMIT $3`, text, strings.TrimSpace(strings.TrimPrefix(text, "周转箱")), mostHits)
	if err != nil {
		return fmt.Errorf("find a tote: %w", err)
	}
	return nil
}
