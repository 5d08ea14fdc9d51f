package inventory

import (
	"context"
	"fmt"
	"time"

	"github.com/lib/pq"

	"jingfang/sql/db"
)

// CartonState is how far we know what lies in a carton.
type CartonState string

// The states of a carton.
const (
	CartonKnown    CartonState = "known"    // a relation file names its codes; not received here
	CartonOpen     CartonState = "open"     // its small packs are being scanned into it
	CartonResolved CartonState = "resolved" // received as far as the receipt wanted it
)

// BoxStatus is 码上放心's box_status: whether a carton holds the nominal count.
type BoxStatus int

// The box statuses. Only a full carton holds the nominal count.
const (
	BoxFull        BoxStatus = 0
	BoxMixed       BoxStatus = 1 // 拼箱: put together from several batches
	BoxOdd         BoxStatus = 2 // 零箱: not full
	BoxMixedAndOdd BoxStatus = 3
)

// Chinese is the status for people.
func (s BoxStatus) Chinese() string {
	switch s {
	case BoxFull:
		return "整箱"
	case BoxMixed:
		return "拼箱"
	case BoxOdd:
		return "零箱"
	}
	return "拼箱零箱"
}

// Carton is a middle pack or carton (中码, 大码) of one drug.
type Carton struct {
	ID       int64  `db:"id"`
	Code     string `db:"code"`
	DrugID   int64  `db:"drug_id"`
	Level    int    `db:"pack_level"` // 2 or 3
	ParentID *int64 `db:"parent_id"`  // the carton that holds it
	// Nominal is how many small packs a full one holds, Actual how many this one
	// does; nil until it is resolved or a relation file says so.
	Nominal  int         `db:"nominal"`
	Actual   *int        `db:"actual"`
	Status   BoxStatus   `db:"box_status"`
	Complete bool        `db:"complete"` // every small code in it is known
	State    CartonState `db:"state"`
	// ReceiptID is the receipt it was scanned into, HeldBy the person whose scans
	// go into it while it is open.
	ReceiptID *int64     `db:"receipt_id"`
	ReceiptNo string     `db:"receipt_no"`
	HeldBy    *int64     `db:"held_by"`
	HeldAt    *time.Time `db:"held_at"`
	Reason    string     `db:"reason"`
}

// CartonPacks lists the codes of the small packs in a carton and in the cartons
// within it, in their order, whatever their state. complete says that the
// relation names all of them: such a carton may be moved whole where all its
// packs still lie together. A code that is no known carton gives none.
func CartonPacks(ctx context.Context, r db.Reader, code string) (codes []string, complete bool, err error) {
	var rows []struct {
		Complete bool    `db:"complete"`
		Code     *string `db:"code"`
	}
	err = r.Select(ctx, &rows, `WITH RECURSIVE inside AS (
  SELECT c.id, c.complete FROM carton c WHERE c.code = $1::text
  UNION ALL SELECT c.id, c.complete FROM carton c JOIN inside i ON c.parent_id = i.id
)
SELECT i.complete, x.code FROM inside i LEFT JOIN carton_code x ON x.carton_id = i.id ORDER BY x.code`, code)
	if err != nil {
		return nil, false, fmt.Errorf("read packs of a carton: %w", err)
	}
	complete = true
	for _, x := range rows {
		complete = complete && x.Complete
		if x.Code != nil {
			codes = append(codes, *x.Code)
		}
	}
	return codes, complete && len(codes) > 0, nil
}

// insertCartons writes new cartons in one statement and fills in their numbers.
// Parents are written before what lies in them: their numbers are known.
func insertCartons(ctx context.Context, tx *db.Tx, list []*Carton, fileID int64) error {
	if len(list) == 0 {
		return nil
	}
	var c cartonColumns
	at := make(map[string]*Carton, len(list))
	for _, x := range list {
		c.add(x)
		at[x.Code] = x
	}
	var rows []struct {
		ID   int64  `db:"id"`
		Code string `db:"code"`
	}
	err := tx.Select(ctx, &rows, `INSERT INTO carton (code, drug_id, pack_level, parent_id, nominal, actual, box_status, complete, state, file_id, receipt_id,
  held_by, held_at, created_at)
SELECT n.code, n.drug_id, n.level, NULLIF(n.parent, 0), n.nominal, NULLIF(n.actual, -1), n.status, n.complete, n.state, NULLIF($12::bigint, 0),
  NULLIF(n.receipt, 0), NULLIF(n.held, 0), CASE WHEN n.held > 0 THEN $11::timestamptz END, $11::timestamptz
FROM (SELECT unnest($1::text[]) AS code, unnest($2::bigint[]) AS drug_id, unnest($3::bigint[]) AS level, unnest($4::bigint[]) AS parent,
  unnest($5::bigint[]) AS nominal, unnest($6::bigint[]) AS actual, unnest($7::bigint[]) AS status, unnest($8::boolean[]) AS complete,
  unnest($9::text[]) AS state, unnest($10::bigint[]) AS receipt, unnest($13::bigint[]) AS held) n
RETURNING id, code`,
		pq.Array(c.codes), pq.Array(c.drugs), pq.Array(c.levels), pq.Array(c.parents), pq.Array(c.nominals), pq.Array(c.actuals), pq.Array(c.statuses),
		pq.Array(c.complete), pq.Array(c.states), pq.Array(c.receipts), tx.Now, fileID, pq.Array(c.held))
	if err != nil {
		return fmt.Errorf("insert cartons: %w", err)
	}
	for _, x := range rows {
		at[x.Code].ID = x.ID
	}
	return nil
}

// cartonColumns is the columns of new cartons, one array each.
type cartonColumns struct {
	codes, states                                                       []string
	drugs, levels, parents, nominals, actuals, statuses, receipts, held []int64
	complete                                                            []bool
}

func (c *cartonColumns) add(x *Carton) {
	c.codes = append(c.codes, x.Code)
	c.states = append(c.states, string(x.State))
	c.drugs = append(c.drugs, x.DrugID)
	c.levels = append(c.levels, int64(x.Level))
	c.parents = append(c.parents, valueOf(x.ParentID))
	c.nominals = append(c.nominals, int64(x.Nominal))
	actual := int64(-1)
	if x.Actual != nil {
		actual = int64(*x.Actual)
	}
	c.actuals = append(c.actuals, actual)
	c.statuses = append(c.statuses, int64(x.Status))
	c.receipts = append(c.receipts, valueOf(x.ReceiptID))
	c.held = append(c.held, valueOf(x.HeldBy))
	c.complete = append(c.complete, x.Complete)
}

// cartonCode is a small code in a carton with what the relation file says of it.
type cartonCode struct {
	CartonID  int64      `db:"carton_id"`
	Code      string     `db:"code"`
	Batch     string     `db:"batch"`
	ExpiresOn *time.Time `db:"expires_on"`
	MadeOn    *time.Time `db:"made_on"`
}

// insertCartonCodes writes which carton small codes lie in. A code that lies in
// one already fails as unique(carton_code_code_uq).
func insertCartonCodes(ctx context.Context, tx *db.Tx, list []cartonCode) error {
	if len(list) == 0 {
		return nil
	}
	var cartons []int64
	var codes, batches, expires, made []string
	for _, x := range list {
		cartons = append(cartons, x.CartonID)
		codes = append(codes, x.Code)
		batches = append(batches, x.Batch)
		expires = append(expires, dayOf(x.ExpiresOn))
		made = append(made, dayOf(x.MadeOn))
	}
	_, err := tx.Exec(ctx, `INSERT INTO carton_code (carton_id, code, batch, expires_on, made_on)
SELECT n.carton_id, n.code, n.batch, CAST(NULLIF(n.expires_on, '') AS date), CAST(NULLIF(n.made_on, '') AS date)
FROM (SELECT unnest($1::bigint[]) AS carton_id, unnest($2::text[]) AS code, unnest($3::text[]) AS batch, unnest($4::text[]) AS expires_on,
  unnest($5::text[]) AS made_on) n`, pq.Array(cartons), pq.Array(codes), pq.Array(batches), pq.Array(expires), pq.Array(made))
	if err != nil {
		return fmt.Errorf("insert carton codes: %w", err)
	}
	return nil
}
