package session

import (
	"context"
	"crypto/sha256"
	"encoding/base64"
	"fmt"

	"github.com/google/uuid"

	"jingfang/inventory"
	"jingfang/session/identity"
	"jingfang/session/patient"
	"jingfang/sql/db"
)

// OfflineRoster is what a table needs to go on without the server: who may come
// and which boxes lie in the session's trays. It holds no label, only digests of
// them, and no whole name.
type OfflineRoster struct {
	Session  int64            `json:"session"`
	State    State            `json:"state"`
	Version  int64            `json:"version"`
	Patients []OfflinePatient `json:"patients"`
	Drugs    []OfflineDrug    `json:"drugs"`
	// Packs gives for each code the place of its drug in Drugs.
	Packs map[string]int `json:"packs"`
}

// OfflinePatient is somebody of the roster, or who waits.
type OfflinePatient struct {
	// Labels are [LabelDigest] of the valid labels.
	Labels []string `json:"l"`
	Number string   `json:"n"` // the registry's
	Name   string   `json:"m"` // masked
	ID     int64    `json:"i"`
	Turn   int      `json:"q,omitempty"` // number in the queue, of who waits or sits with the doctor
	Visit  string   `json:"v,omitempty"` // of who waits
}

// OfflineDrug is a drug in the trays; Loose ones are given by quantity.
type OfflineDrug struct {
	Name  string `json:"n"`
	Loose bool   `json:"loose,omitempty"`
}

// LabelDigest is what a device knows a label by: the first 12 bytes of SHA-256 over
// its text, in base64. A label has 80 random bits, so nobody finds it by trying.
func LabelDigest(token string) string {
	sum := sha256.Sum256([]byte(token))
	return base64.StdEncoding.EncodeToString(sum[:12])
}

// ReadOffline reads what a table keeps for the time without a link. It wants a
// doctor of the team. With the version that the device has already it reads
// nothing more and gives false.
func (s *Service) ReadOffline(ctx context.Context, by identity.Actor, sessionID, version int64) (OfflineRoster, bool, error) {
	if _, err := s.may(ctx, by, identity.Dispense, sessionID); err != nil {
		return OfflineRoster{}, false, err
	}
	if err := inTeam(ctx, s.db, sessionID, by, PartDoctor); err != nil {
		return OfflineRoster{}, false, s.denied(ctx, by, sessionID, err)
	}
	var o OfflineRoster
	fresh := false
	err := s.db.InSnapshot(ctx, func(ctx context.Context, tx *db.Tx) error {
		o, fresh = OfflineRoster{}, false
		x, err := Find(ctx, tx, sessionID)
		if err != nil {
			return err
		}
		o.Session, o.State = x.ID, x.State
		if err := tx.Get(ctx, &o.Version, `SELECT version FROM session_version WHERE session_id = $1::bigint`, x.ID); err != nil {
			return fmt.Errorf("read version: %w", err)
		}
		if fresh = o.Version != version; !fresh {
			return nil
		}
		if err := o.readPatients(ctx, tx); err != nil {
			return err
		}
		return o.readPacks(ctx, tx)
	})
	return o, fresh, err
}

// readPatients reads the roster and whoever else is in the queue.
func (o *OfflineRoster) readPatients(ctx context.Context, r db.Reader) error {
	var rows []struct {
		ID     int64      `db:"id"`
		Number string     `db:"number"`
		Name   string     `db:"name"`
		Token  string     `db:"token"`
		Turn   int        `db:"turn"`
		Visit  *uuid.UUID `db:"visit"`
	}
	err := r.Select(ctx, &rows, `SELECT p.id, p.number, p.name, COALESCE(l.token, '') AS token, COALESCE(v.number, 0) AS turn, v.id AS visit
FROM patient p LEFT JOIN patient_label l ON l.patient_id = p.id AND l.revoked_at IS NULL
LEFT JOIN visit v ON v.patient_id = p.id AND v.session_id = $1::bigint AND v.state IN ('waiting', 'in_consultation')
WHERE p.state = 'active' AND (v.id IS NOT NULL OR p.id IN (SELECT o.patient_id FROM session_roster o WHERE o.session_id = $1::bigint))
ORDER BY p.id, l.issued_at`, o.Session)
	if err != nil {
		return fmt.Errorf("read roster for a device: %w", err)
	}
	for _, x := range rows {
		if n := len(o.Patients); n == 0 || o.Patients[n-1].ID != x.ID {
			p := OfflinePatient{Number: x.Number, Name: patient.MaskName(x.Name), ID: x.ID, Turn: x.Turn}
			if x.Visit != nil {
				p.Visit = x.Visit.String()
			}
			o.Patients = append(o.Patients, p)
		}
		if p := &o.Patients[len(o.Patients)-1]; x.Token != "" {
			p.Labels = append(p.Labels, LabelDigest(x.Token))
		}
	}
	return nil
}

func (o *OfflineRoster) readPacks(ctx context.Context, r db.Reader) error {
	var rows []struct {
		Code    string `db:"code"`
		DrugID  int64  `db:"drug_id"`
		Generic string `db:"generic_name"`
		Spec    string `db:"spec"`
		Loose   bool   `db:"loose"`
	}
	err := r.Select(ctx, &rows, `SELECT k.code, k.drug_id, d.generic_name, d.spec, d.loose FROM pack k JOIN drug d ON d.id = k.drug_id
WHERE k.session_id = $1::bigint AND k.state = 'allocated' ORDER BY k.code`, o.Session)
	if err != nil {
		return fmt.Errorf("read trays for a device: %w", err)
	}
	o.Packs = make(map[string]int, len(rows))
	place := map[int64]int{}
	for _, x := range rows {
		at, ok := place[x.DrugID]
		if !ok {
			at = len(o.Drugs)
			place[x.DrugID] = at
			o.Drugs = append(o.Drugs, OfflineDrug{Name: inventory.DrugName(x.Generic, x.Spec), Loose: x.Loose})
		}
		o.Packs[x.Code] = at
	}
	return nil
}
