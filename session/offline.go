package session

import (
	"context"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"fmt"

	"github.com/google/uuid"
	"github.com/lib/pq"

	"jingfang/inventory"
	"jingfang/session/identity"
	"jingfang/session/patient"
	"jingfang/sql/db"
)

// OfflineRoster is what a table needs to go on without the server: who may come,
// what a doctor has to know of them, and which boxes lie in the session's trays. It
// holds no label, only digests of them, and no whole name; the device keeps it sealed.
type OfflineRoster struct {
	Session  int64            `json:"session"`
	State    State            `json:"state"`
	Version  int64            `json:"version"`
	Patients []OfflinePatient `json:"patients"`
	Drugs    []OfflineDrug    `json:"drugs"`
	// Packs gives for each code the place of its drug in Drugs.
	Packs map[string]int `json:"packs"`
	// Left are the units that a box given by quantity holds, by code.
	Left map[string]int64 `json:"left,omitempty"`
	// Facts is what was known of the patients before this session, by their ids. It
	// stays the same all day and is left out for a device that has it: Mark names it.
	Facts map[int64]OfflineFacts `json:"facts,omitempty"`
	Mark  string                 `json:"mark"`
}

// OfflineFacts is what a doctor has to know of a patient.
type OfflineFacts struct {
	Allergies string `json:"a,omitempty"`
	// Last says when medicine was given last and for how long it is enough, Tone how
	// urgent that is.
	Last string         `json:"l,omitempty"`
	Tone inventory.Tone `json:"t,omitempty"`
	// Doses are daily dose and days that a line is prefilled with, by drug.
	Doses map[int64]string `json:"d,omitempty"`
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
	ID    int64  `json:"i"`
	Name  string `json:"n"`
	Loose bool   `json:"loose,omitempty"`
	// Unit and Pack are the words of a unit and of a box of it.
	Unit string `json:"u"`
	Pack string `json:"p"`
}

// LabelDigest is what a device knows a label by: the first 12 bytes of SHA-256 over
// its text, in base64. A label has 80 random bits, so nobody finds it by trying.
func LabelDigest(token string) string {
	sum := sha256.Sum256([]byte(token))
	return base64.StdEncoding.EncodeToString(sum[:12])
}

// ReadOffline reads what a table keeps for the time without a link. It wants a
// doctor of the team. With the version that the device has already it reads
// nothing more and gives false; mark names the facts that it has.
func (s *Service) ReadOffline(ctx context.Context, by identity.Actor, sessionID, version int64, mark string) (OfflineRoster, bool, error) {
	if _, err := s.may(ctx, by, identity.Dispense, sessionID); err != nil {
		return OfflineRoster{}, false, err
	}
	if err := inTeam(ctx, s.db, sessionID, by, PartDoctor); err != nil {
		return OfflineRoster{}, false, s.denied(ctx, by, sessionID, err)
	}
	var o OfflineRoster
	fresh := false
	err := s.db.InSnapshot(ctx, func(ctx context.Context, tx *db.Tx) error {
		// Lists that are empty are no null: the device goes through them.
		o, fresh = OfflineRoster{Patients: []OfflinePatient{}, Drugs: []OfflineDrug{}}, false
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
		allergies, err := o.readPatients(ctx, tx)
		if err != nil {
			return err
		}
		usual, err := o.readFacts(ctx, tx, x, allergies, mark)
		if err != nil {
			return err
		}
		return o.readPacks(ctx, tx, usual)
	})
	return o, fresh, err
}

// readPatients reads the roster and whoever else is in the queue, and gives their
// allergies.
func (o *OfflineRoster) readPatients(ctx context.Context, r db.Reader) (map[int64]string, error) {
	var rows []struct {
		ID        int64      `db:"id"`
		Number    string     `db:"number"`
		Name      string     `db:"name"`
		Allergies string     `db:"allergies"`
		Token     string     `db:"token"`
		Turn      int        `db:"turn"`
		Visit     *uuid.UUID `db:"visit"`
	}
	err := r.Select(ctx, &rows, `SELECT p.id, p.number, p.name, p.allergies, COALESCE(l.token, '') AS token, COALESCE(v.number, 0) AS turn, v.id AS visit
FROM patient p LEFT JOIN patient_label l ON l.patient_id = p.id AND l.revoked_at IS NULL
LEFT JOIN visit v ON v.patient_id = p.id AND v.session_id = $1::bigint AND v.state IN ('waiting', 'in_consultation')
WHERE p.state = 'active' AND (v.id IS NOT NULL OR p.id IN (SELECT o.patient_id FROM session_roster o WHERE o.session_id = $1::bigint))
ORDER BY p.id, l.issued_at`, o.Session)
	if err != nil {
		return nil, fmt.Errorf("read roster for a device: %w", err)
	}
	allergies := map[int64]string{}
	for _, x := range rows {
		if x.Allergies != "" {
			allergies[x.ID] = x.Allergies
		}
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
	return allergies, nil
}

// readFacts reads what was known of the patients before the session, and gives the
// drugs that they got last.
func (o *OfflineRoster) readFacts(ctx context.Context, r db.Reader, x Session, allergies map[int64]string, mark string) ([]int64, error) {
	usual, err := readUsual(ctx, r, x)
	if err != nil {
		return nil, err
	}
	var drugs []int64
	given, facts := map[int64][]Supplied{}, map[int64]OfflineFacts{}
	for id, text := range allergies {
		facts[id] = OfflineFacts{Allergies: text}
	}
	for _, u := range usual {
		drugs = append(drugs, u.DrugID)
		f := facts[u.PatientID]
		if text := doseWords(u.Dose, u.Days); text != "" {
			if f.Doses == nil {
				f.Doses = map[int64]string{}
			}
			f.Doses[u.DrugID] = text
		}
		facts[u.PatientID] = f
		given[u.PatientID] = append(given[u.PatientID], u.supplied())
	}
	for id, list := range given {
		f := facts[id]
		f.Last = "上次 " + list[0].GivenOn.Format("01-02") + " · " + LeftWord(DaysLeft(list, x.HeldOn))
		f.Tone = LastSupply{Drugs: list}.Tone(x.HeldOn)
		facts[id] = f
	}
	text, err := json.Marshal(facts) // keys in order, so that the same facts have one mark
	if err != nil {
		return nil, fmt.Errorf("mark what a device knows: %w", err)
	}
	if o.Mark = LabelDigest(string(text)); o.Mark != mark {
		o.Facts = facts
	}
	return drugs, nil
}

// doseWords is how a line is prefilled, in words: 每晚1片 · 28 天.
func doseWords(dose string, days int) string {
	switch {
	case days == 0:
		return dose
	case dose == "":
		return fmt.Sprintf("%d 天", days)
	}
	return fmt.Sprintf("%s · %d 天", dose, days)
}

// readPacks reads the trays. The drugs are those that the session has or has had, and
// what the patients got last: one that has run out may be owed.
func (o *OfflineRoster) readPacks(ctx context.Context, r db.Reader, usual []int64) error {
	var drugs []struct {
		ID      int64  `db:"id"`
		Generic string `db:"generic_name"`
		Spec    string `db:"spec"`
		Loose   bool   `db:"loose"`
		Unit    string `db:"unit_name"`
		Pack    string `db:"pack_name"`
	}
	err := r.Select(ctx, &drugs, `SELECT id, generic_name, spec, loose, unit_name, pack_name FROM drug
WHERE id = ANY($2::bigint[]) OR id IN (SELECT drug_id FROM pack WHERE session_id = $1::bigint AND state IN ('allocated', 'dispensed'))
ORDER BY generic_name, spec, id`, o.Session, pq.Array(usual))
	if err != nil {
		return fmt.Errorf("read drugs for a device: %w", err)
	}
	place := map[int64]int{}
	for i, d := range drugs {
		place[d.ID] = i
		o.Drugs = append(o.Drugs, OfflineDrug{ID: d.ID, Name: inventory.DrugName(d.Generic, d.Spec), Loose: d.Loose, Unit: d.Unit, Pack: d.Pack})
	}
	var packs []struct {
		Code   string `db:"code"`
		DrugID int64  `db:"drug_id"`
		Left   int64  `db:"units_left"`
	}
	err = r.Select(ctx, &packs, `SELECT code, drug_id, units_left FROM pack WHERE session_id = $1::bigint AND state = 'allocated'`, o.Session)
	if err != nil {
		return fmt.Errorf("read trays for a device: %w", err)
	}
	o.Packs, o.Left = make(map[string]int, len(packs)), map[string]int64{}
	for _, p := range packs {
		at := place[p.DrugID]
		o.Packs[p.Code] = at
		if o.Drugs[at].Loose {
			o.Left[p.Code] = p.Left
		}
	}
	return nil
}
