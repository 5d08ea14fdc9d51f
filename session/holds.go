package session

import (
	"context"
	"fmt"

	"jingfang/inventory"
	"jingfang/sql/db"
)

// Hold is what lies on a doctor's table of one drug: packs scanned in a visit
// that is still open.
type Hold struct {
	StaffID int64
	Doctor  string
	DrugID  int64
	Generic string
	Spec    string
	Packs   int // packs of which anything was handed out
}

// DrugName is the drug as people say it.
func (h Hold) DrugName() string { return inventory.DrugName(h.Generic, h.Spec) }

// boardScan is a line of the day that a board shows: one of a doctor's last, or
// one that lies on a table.
type boardScan struct {
	LastScan
	DrugID int64 `db:"drug_id"`
	Rank   int   `db:"n"` // 1 is the doctor's last
	Open   bool  `db:"at_table"`
}

// readScans reads the last scans of each doctor and all those of open visits.
// They are ranked before they are joined: of a thousand lines only a few are
// shown.
func readScans(ctx context.Context, r db.Reader, sessionID int64) ([]boardScan, error) {
	var scans []boardScan
	err := r.Select(ctx, &scans, `SELECT x.staff_id, k.code, d.id AS drug_id, d.generic_name, d.spec, x.at, x.n, x.at_table FROM (
  SELECT v.doctor_id AS staff_id, l.pack_id, l.at, v.state = 'in_consultation' AS at_table,
    row_number() OVER (PARTITION BY v.doctor_id ORDER BY l.id DESC) AS n
  FROM visit v JOIN visit_line l ON l.visit_id = v.id WHERE v.session_id = $1 AND l.undone_at IS NULL) x
JOIN pack k ON k.id = x.pack_id JOIN drug d ON d.id = k.drug_id
WHERE x.n <= $2 OR x.at_table ORDER BY x.staff_id, x.n`, sessionID, boardCodes)
	if err != nil {
		return nil, fmt.Errorf("read last scans: %w", err)
	}
	return scans, nil
}

// holdsOf counts what lies on each table, doctor by doctor in the board's order.
func holdsOf(doctors []DoctorLine, scans []boardScan) []Hold {
	var list []Hold
	for _, d := range doctors {
		at := map[int64]int{}
		for _, s := range scans {
			if !s.Open || s.StaffID != d.StaffID {
				continue
			}
			i, there := at[s.DrugID]
			if !there {
				i = len(list)
				at[s.DrugID] = i
				list = append(list, Hold{StaffID: d.StaffID, Doctor: d.Name, DrugID: s.DrugID, Generic: s.Generic, Spec: s.Spec})
			}
			list[i].Packs++
		}
	}
	return list
}
