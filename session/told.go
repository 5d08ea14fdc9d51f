package session

import (
	"context"
	"fmt"

	"github.com/google/uuid"

	"jingfang/inventory"
	"jingfang/session/identity"
	"jingfang/sql/db"
)

// ToldGiven is a code that could not be recorded at the table and of which the
// doctor said at 诊毕 that the patient has it (待补记).
type ToldGiven struct {
	Visit  uuid.UUID `db:"visit_id"`
	Number int       `db:"number"`
	Doctor string    `db:"doctor"`
	Code   string    `db:"code"`
	Kind   string    `db:"answer_kind"`
	// Loose says that the number must be told with it, in Unit.
	Loose bool   `db:"loose"`
	Unit  string `db:"unit_name"`
}

// toldGiven lists what is still to be written down, by number.
func toldGiven(ctx context.Context, r db.Reader, sessionID int64) ([]ToldGiven, error) {
	var list []ToldGiven
	err := r.Select(ctx, &list, `SELECT f.visit_id, v.number, COALESCE(d.name, '') AS doctor, f.code, max(f.answer_kind) AS answer_kind,
  COALESCE(g.loose, false) AS loose, COALESCE(g.unit_name, '') AS unit_name
FROM visit v JOIN visit_refusal f ON f.visit_id = v.id LEFT JOIN staff d ON d.id = v.doctor_id
LEFT JOIN pack p ON p.code = f.code LEFT JOIN drug g ON g.id = p.drug_id
WHERE v.session_id = $1::bigint AND v.state = 'finished' AND f.resolution = $2::text AND f.code <> ''
  AND NOT EXISTS (SELECT 1 FROM visit_line l JOIN pack k ON k.id = l.pack_id WHERE l.visit_id = v.id AND l.undone_at IS NULL AND k.code = f.code)
GROUP BY f.visit_id, v.number, d.name, f.code, g.loose, g.unit_name ORDER BY v.number, f.code`, sessionID, LeftGiven.resolution())
	if err != nil {
		return nil, fmt.Errorf("read what was given and not recorded: %w", err)
	}
	return list, nil
}

// Telling is the input of WriteTold.
type Telling struct {
	SessionID int64
	CommandID uuid.UUID
	Visit     uuid.UUID
	Code      string
	// Quantity in smallest units, for a drug that is given by quantity; 0 is the
	// whole box, and refused for such a drug.
	Quantity int64 `json:",omitempty"`
}

// WriteTold writes down that a patient has a box that was scanned and could not be
// recorded: a fact, whatever the box's state was, with its alarm. A box that
// somebody else is on record for cannot be given again; it is for the pharmacist to
// find out. The record waits for the doctor's countersign.
func (s *Service) WriteTold(ctx context.Context, by identity.Actor, in Telling) (ClosingAnswer, error) {
	call := closingCall{kind: "closing_told", session: in.SessionID, id: in.CommandID, request: in, who: leads}
	return runClosing(ctx, s, by, call, func(ctx context.Context, tx *db.Tx) (ClosingAnswer, error) {
		x, err := lock(ctx, tx, in.SessionID, Open, Closing)
		if err != nil {
			return ClosingAnswer{}, err
		}
		v, err := lockVisit(ctx, tx, x.ID, in.Visit)
		if err != nil {
			return ClosingAnswer{}, err
		}
		if err := wasTold(ctx, tx, x.ID, in); err != nil {
			return ClosingAnswer{}, err
		}
		old, err := lastRecord(ctx, tx, x.ID, v.ID)
		if err != nil {
			return ClosingAnswer{}, err
		}
		p, err := toldPack(ctx, tx, by, x, in)
		if err != nil {
			return ClosingAnswer{}, err
		}
		if p.Loose != (in.Quantity > 0) {
			return ClosingAnswer{}, db.Refuse(db.Invalid, "%s", wholeOrNumber(p))
		}
		e := inventory.Entry{Move: inventory.Move{Quantity: in.Quantity}, How: inventory.HowScanned, Reason: "诊毕时说明已给出", Command: in.CommandID}
		if err := giveFact(ctx, tx, by, x, v, p, e); err != nil {
			return ClosingAnswer{}, err
		}
		text := fmt.Sprintf("补记发药：%s，追溯码 %s，诊毕时说明已给出。", p.DrugName(), p.Code)
		if p.Loose {
			text = fmt.Sprintf("补记发药：%s %d %s，追溯码 %s，诊毕时说明已给出。", p.DrugName(), in.Quantity, p.UnitName, p.Code)
		}
		seq, err := writeLate(ctx, tx, by, x.ID, mainChain, v.ID, lateness{kind: lateGiven, text: text, old: old})
		if err != nil {
			return ClosingAnswer{}, err
		}
		a := ClosingAnswer{x.State, fmt.Sprintf("已补记给 %d 号（记录 %d），待%s签认。", v.Number, seq, doctorWord(v.Doctor))}
		return s.closingStep(ctx, tx, by, x, "closing.told", "code="+p.Code+" visit="+v.ID.String(), a)
	})
}

// wasTold refuses what no doctor has said.
func wasTold(ctx context.Context, r db.Reader, sessionID int64, in Telling) error {
	list, err := toldGiven(ctx, r, sessionID)
	if err != nil {
		return err
	}
	for _, t := range list {
		if t.Visit == in.Visit && t.Code == in.Code {
			return nil
		}
	}
	return db.Refuse(db.Conflict, "这个码不在待补记的列表里，可能已经补记。请看最新的页面。")
}

// wholeOrNumber says how much of a box has to be told.
func wholeOrNumber(p *inventory.Pack) string {
	if p.Loose {
		return fmt.Sprintf("%s 按数量发，请填给了几%s再补记。", p.DrugName(), p.UnitName)
	}
	return p.DrugName() + " 整盒发，补记时不用填数量。"
}

// toldPack locks the pack of a code; one that no pack is known for is entered as a
// pack of the drug that its prefix means.
func toldPack(ctx context.Context, tx *db.Tx, by identity.Actor, x Session, in Telling) (*inventory.Pack, error) {
	packs, err := inventory.LockPacks(ctx, tx, []string{in.Code})
	if err != nil || packs[in.Code] != nil {
		return packs[in.Code], err
	}
	code, err := inventory.ParseTraceCode(in.Code)
	if err != nil {
		return nil, db.RefuseBecause(err, db.Invalid, "这不是能补记的追溯码。请写入补充记录。")
	}
	known, err := inventory.FindPrefixes(ctx, tx, []string{code.Prefix()})
	if err != nil {
		return nil, err
	}
	means, ok := known[code.Prefix()]
	if !ok || means.Level > 1 {
		return nil, db.Refuse(db.Conflict, "这个码的前缀还没有对照药品，不能补记。请先在“药品”里登记前缀。")
	}
	return inventory.EnterLetIn(ctx, tx, by, code, means, inventory.Entry{Move: inventory.Move{Session: x.ID}, How: inventory.HowScanned,
		Reason: "诊毕时说明已给出", Device: by.Device, Command: in.CommandID})
}
