package session

import (
	"context"

	"github.com/google/uuid"

	"jingfang/inventory"
	"jingfang/sql/db"
)

// conflictAlarms is one alarm for each box that a refused command named, so that
// each can be settled by itself; one for a command without boxes.
func conflictAlarms(ctx context.Context, tx *db.Tx, x Session, in LateConflict) ([]NewAlarm, error) {
	base := NewAlarm{SessionID: x.ID, Visit: in.Visit, Kind: inventory.KindWrongState}
	if in.Visit != uuid.Nil {
		_, err := FindVisit(ctx, tx, x.ID, in.Visit)
		if db.KindOf(err) == db.NotFound {
			base.Visit = uuid.Nil // the device made it and it never came to be
		} else if err != nil {
			return nil, err
		}
	}
	if in.Codes == "" {
		return []NewAlarm{base}, nil
	}
	read := inventory.ParseScan(in.Codes)
	codes, _ := codesOf(read)
	packs, err := inventory.FindPacks(ctx, tx, codes)
	if err != nil {
		return nil, err
	}
	var list []NewAlarm
	for _, p := range read[:min(len(read), maxCodes)] {
		a := base
		a.Code = p.Raw
		if p.Err == nil {
			a.Code = p.Code.Code()
		}
		if pack := packs[a.Code]; pack != nil {
			a.Drug = pack.DrugName()
		}
		list = append(list, a)
	}
	return list, nil
}
