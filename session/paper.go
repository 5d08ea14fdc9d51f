package session

import (
	"context"
	"fmt"

	"jingfang/inventory"
	"jingfang/session/identity"
	"jingfang/session/patient"
	"jingfang/sql/db"
)

// PaperRoster is what a session needs on paper for a day without the server.
type PaperRoster struct {
	Session Session
	People  []Expected
	// Labels are the texts of the people's QR labels, by the patient's id.
	Labels map[int64]string
	Drugs  []PaperDrug
}

// PaperDrug is a drug of the session's box with the codes of its packs, those that
// end alike together.
type PaperDrug struct {
	Drug  string
	Codes []string
}

// ReadPaperRoster gives the roster with its labels and the packs of the session. It
// takes the right to print labels at the session's site and is audited, since the
// paper carries labels; it counts no print, because nothing is stuck on.
func (s *Service) ReadPaperRoster(ctx context.Context, by identity.Actor, id int64) (PaperRoster, error) {
	x, err := s.may(ctx, by, identity.PrintLabel, id)
	if err != nil {
		return PaperRoster{}, err
	}
	p := PaperRoster{Session: x}
	if p.People, err = Roster(ctx, s.db, id); err != nil {
		return p, err
	}
	ids := make([]int64, len(p.People))
	for i, e := range p.People {
		ids[i] = e.PatientID
	}
	if p.Labels, err = patient.ValidLabels(ctx, s.db, ids); err != nil {
		return p, err
	}
	if p.Drugs, err = paperDrugs(ctx, s.db, id); err != nil {
		return p, err
	}
	return p, identity.AuditAlone(ctx, s.db, by, identity.Event{Name: "session.paper", ObjectKind: "session", ObjectID: fmt.Sprint(id), SiteID: x.SiteID, SessionID: id,
		Detail: fmt.Sprintf("patients=%d", len(p.People))})
}

func paperDrugs(ctx context.Context, r db.Reader, id int64) ([]PaperDrug, error) {
	var rows []struct {
		Generic string `db:"generic_name"`
		Spec    string `db:"spec"`
		Code    string `db:"code"`
	}
	err := r.Select(ctx, &rows, `SELECT d.generic_name, d.spec, k.code FROM pack k JOIN drug d ON d.id = k.drug_id
WHERE k.session_id = $1::bigint AND k.state = 'allocated' ORDER BY d.generic_name, d.spec, d.id, right(k.code, 6), k.code`, id)
	if err != nil {
		return nil, fmt.Errorf("read the session's packs: %w", err)
	}
	var list []PaperDrug
	for _, x := range rows {
		name := inventory.DrugName(x.Generic, x.Spec)
		if len(list) == 0 || list[len(list)-1].Drug != name {
			list = append(list, PaperDrug{Drug: name})
		}
		last := &list[len(list)-1]
		last.Codes = append(last.Codes, x.Code)
	}
	return list, nil
}
