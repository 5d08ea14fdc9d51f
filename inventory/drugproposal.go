package inventory

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/google/uuid"
	"github.com/lib/pq"

	"jingfang/session/identity"
	"jingfang/sql/db"
)

// DrugChange is a difference between HIS's drug dictionary and ours.
type DrugChange struct {
	ID      int64  `db:"id"`
	HISCode string `db:"his_code"`
	Kind    string `db:"kind"` // new, changed
	// Drug is how we name it now, "" where we do not have it.
	Drug string
	// Words are the differences as a person reads them.
	Words []string
	// State is noted (taken in at once), open, accepted, refused or overtaken.
	State     string     `db:"state"`
	FirstAt   time.Time  `db:"first_at"`
	LastAt    time.Time  `db:"last_at"`
	DecidedAt *time.Time `db:"decided_at"`
	DecidedBy string     `db:"decided_by"`
	Reason    string     `db:"reason"`
}

// proposalRow is what was said last about a drug: an open difference or one that a
// person has refused.
type proposalRow struct {
	ID      int64  `db:"id"`
	HISCode string `db:"his_code"`
	State   string `db:"state"`
	Entry   string `db:"entry"`
}

func knownProposals(ctx context.Context, tx *db.Tx, entries []DictionaryDrug) (map[string]proposalRow, error) {
	var codes []string
	for _, e := range entries {
		codes = append(codes, e.HISCode)
	}
	var rows []proposalRow
	err := tx.Select(ctx, &rows, `SELECT id, his_code, state, entry FROM drug_proposal
WHERE his_code = ANY($1::text[]) AND state IN ('open', 'refused') ORDER BY id`, pq.Array(codes))
	if err != nil {
		return nil, fmt.Errorf("read drug proposals: %w", err)
	}
	known := make(map[string]proposalRow, len(rows))
	for _, x := range rows {
		known[x.HISCode] = x
	}
	return known, nil
}

// noteDrug writes down what was taken in of an entry at once.
func noteDrug(ctx context.Context, tx *db.Tx, e DictionaryDrug, isNew bool, words []string) error {
	kind := "changed"
	if isNew {
		kind = "new"
	}
	return insertProposal(ctx, tx, e, kind, "noted", words)
}

func insertProposal(ctx context.Context, tx *db.Tx, e DictionaryDrug, kind, state string, words []string) error {
	entry, err := json.Marshal(e)
	if err != nil {
		return fmt.Errorf("encode drug %s: %w", e.HISCode, err)
	}
	err = tx.ExecOne(ctx, `INSERT INTO drug_proposal (his_code, kind, entry, words, state, first_at, last_at)
VALUES ($1, $2, $3, $4, $5, $6::timestamptz, $6::timestamptz)`, e.HISCode, kind, string(entry), clip(strings.Join(words, "\n"), 1000), state, tx.Now)
	if err != nil {
		return fmt.Errorf("insert proposal of drug %s: %w", e.HISCode, err)
	}
	return nil
}

// propose opens, renews or ends the open difference of a drug. What a person has
// refused is not asked again until HIS says something else.
func propose(ctx context.Context, tx *db.Tx, e DictionaryDrug, words []string, was proposalRow) (bool, error) {
	entry, err := json.Marshal(e)
	if err != nil {
		return false, fmt.Errorf("encode drug %s: %w", e.HISCode, err)
	}
	switch {
	case len(words) == 0 && was.State == "open":
		err = tx.ExecOne(ctx, `UPDATE drug_proposal SET state = 'overtaken', decided_at = $2 WHERE id = $1 AND state = 'open'`, was.ID, tx.Now)
	case len(words) == 0, was.Entry == string(entry):
		return false, nil
	case was.State == "open":
		err = tx.ExecOne(ctx, `UPDATE drug_proposal SET entry = $2, words = $3, last_at = $4 WHERE id = $1 AND state = 'open'`,
			was.ID, string(entry), clip(strings.Join(words, "\n"), 1000), tx.Now)
	default:
		return true, insertProposal(ctx, tx, e, "changed", "open", words)
	}
	if err != nil {
		return false, fmt.Errorf("renew proposal of drug %s: %w", e.HISCode, err)
	}
	return true, nil
}

// DrugChanges reads the differences that wait for a person, and behind them the
// newest of the others, 100 in all.
func DrugChanges(ctx context.Context, r db.Reader) ([]DrugChange, error) {
	var rows []struct {
		DrugChange
		Words   string  `db:"words"`
		Generic *string `db:"generic_name"`
		Spec    *string `db:"spec"`
	}
	err := r.Select(ctx, &rows, `SELECT p.id, p.his_code, p.kind, p.words, p.state, p.first_at, p.last_at, p.decided_at,
  COALESCE(s.name, '') AS decided_by, p.reason, d.generic_name, d.spec
FROM drug_proposal p LEFT JOIN drug d ON d.his_code = p.his_code LEFT JOIN staff s ON s.id = p.decided_by
ORDER BY CASE WHEN p.state = 'open' THEN 0 ELSE 1 END, p.last_at DESC, p.id DESC LIMIT 100`)
	if err != nil {
		return nil, fmt.Errorf("read drug proposals: %w", err)
	}
	list := make([]DrugChange, len(rows))
	for i, x := range rows {
		list[i] = x.DrugChange
		list[i].Words = strings.Split(x.Words, "\n")
		if x.Generic != nil {
			list[i].Drug = DrugName(*x.Generic, *x.Spec)
		}
	}
	return list, nil
}

// OpenDrugChanges counts the differences that wait for a person.
func OpenDrugChanges(ctx context.Context, r db.Reader) (n int, err error) {
	if err := r.Get(ctx, &n, `SELECT count(*) FROM drug_proposal WHERE state = 'open'`); err != nil {
		return 0, fmt.Errorf("count drug proposals: %w", err)
	}
	return n, nil
}

// DecidingDrug is the input of DecideDrug.
type DecidingDrug struct {
	CommandID uuid.UUID
	ID        int64
	// Accept takes what HIS says; otherwise ours stays, for a Reason of at most 60
	// characters.
	Accept bool
	Reason string
}

// DecideDrug takes a difference of the dictionary over, or leaves ours as it is.
func (s *Service) DecideDrug(ctx context.Context, by identity.Actor, in DecidingDrug) (string, error) {
	if err := identity.Allow(ctx, s.db, by, identity.TeachPrefix, 0); err != nil {
		return "", err
	}
	in.Reason = strings.TrimSpace(in.Reason)
	if n := utf8.RuneCountInString(in.Reason); n > 60 || !in.Accept && n == 0 {
		return "", db.Refuse(db.Invalid, "不采纳要写原因，最多 60 个字。")
	}
	cmd := identity.Command{ID: in.CommandID, Kind: "decide_drug", Request: in}
	said, _, err := identity.RunCommand(ctx, s.db, by, cmd, func(ctx context.Context, tx *db.Tx) (string, error) {
		return decideDrug(ctx, tx, by, in)
	})
	return said, err
}

func decideDrug(ctx context.Context, tx *db.Tx, by identity.Actor, in DecidingDrug) (string, error) {
	var x proposalRow
	err := tx.Get(ctx, &x, `SELECT id, his_code, state, entry FROM drug_proposal WHERE id = $1::bigint FOR NO KEY UPDATE`, in.ID)
	if db.IsNoRows(err) || err == nil && x.State != "open" {
		return "", db.Refuse(db.Conflict, "这条变动刚才已经处理过了，请刷新页面。")
	}
	if err != nil {
		return "", fmt.Errorf("lock proposal: %w", err)
	}
	state, said := "refused", "没有采纳，目录没有改动。"
	if in.Accept {
		state, said = "accepted", "已采纳，目录已按 HIS 更新。以前的记录没有改动。"
		var e DictionaryDrug
		if err := json.Unmarshal([]byte(x.Entry), &e); err != nil {
			return "", fmt.Errorf("read proposal %d: %w", x.ID, err)
		}
		if err := applyDrug(ctx, tx, by, e); err != nil {
			return "", err
		}
	}
	err = tx.ExecOne(ctx, `UPDATE drug_proposal SET state = $2, decided_at = $3, decided_by = $4, reason = $5 WHERE id = $1 AND state = 'open'`,
		x.ID, state, tx.Now, by.StaffID, in.Reason)
	if err != nil {
		return "", fmt.Errorf("decide proposal: %w", err)
	}
	return said, identity.Audit(ctx, tx, by, identity.Event{Name: "drug.decide", ObjectKind: "drug", ObjectID: x.HISCode,
		Detail: fmt.Sprintf("proposal=%d state=%s reason=%s", x.ID, state, in.Reason)})
}

// applyDrug makes ours what the entry says; the person who said yes also answers
// for the prefixes.
func applyDrug(ctx context.Context, tx *db.Tx, by identity.Actor, e DictionaryDrug) error {
	entries := []DictionaryDrug{e}
	have, err := lockDrugs(ctx, tx, entries)
	if err != nil {
		return err
	}
	classes, err := knownClasses(ctx, tx, have)
	if err != nil {
		return err
	}
	prefixes, err := knownPrefixes(ctx, tx, entries)
	if err != nil {
		return err
	}
	id, err := putDrug(ctx, tx, e)
	if err != nil {
		return err
	}
	if e.Class != ClassUnknown && classes[classKey{id, dateText(e.ClassSince)}] != e.Class {
		if err := putClass(ctx, tx, id, e); err != nil {
			return err
		}
	}
	for _, x := range e.Prefixes {
		was, ok := prefixes[x.Prefix]
		if ok && was.DrugID == id && was.Level == x.Level && was.Units == int64(x.Units) {
			continue
		}
		if err := putPrefix(ctx, tx, Prefix{Prefix: x.Prefix, DrugID: id, Level: x.Level, Units: int64(x.Units)}, by.StaffID); err != nil {
			return err
		}
	}
	return nil
}
