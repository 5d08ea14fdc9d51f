package reporting

import (
	"context"
	"fmt"
	"unicode/utf8"

	"jingfang/inventory"
	"jingfang/sql/db"
)

// mostChoice is the longest filter that is remembered, in characters.
const mostChoice = 400

// KeepChoice remembers a filter; one that is too long is not.
func KeepChoice(ctx context.Context, d *db.DB, staffID int64, page, query string) error {
	if utf8.RuneCountInString(query) > mostChoice {
		return nil
	}
	err := d.InTx(ctx, func(ctx context.Context, tx *db.Tx) error {
		n, err := tx.Exec(ctx, `UPDATE filter_choice SET query = $3, changed_at = $4 WHERE staff_id = $1 AND page_name = $2`, staffID, page, query, tx.Now)
		if err != nil || n > 0 {
			return err
		}
		err = tx.Try(ctx, func() error {
			_, err := tx.Exec(ctx, `INSERT INTO filter_choice (staff_id, page_name, query, changed_at) VALUES ($1, $2, $3, $4)`, staffID, page, query, tx.Now)
			return err
		})
		if db.IsUnique(err, "filter_choice_pk") {
			return nil // the same person on two screens: one of them is remembered
		}
		return err
	})
	if err != nil {
		return fmt.Errorf("remember a filter: %w", err)
	}
	return nil
}

// Choices are what a filter offers, and what a person chose last.
type Choices struct {
	Sites, Doctors, Drugs []Choice // sites by code, the others by name
	Kept                  string   // the address of the filter, without dates; "" for none
}

// Choice is one site, doctor or drug; Active is for sites.
type Choice struct {
	ID     int64
	Name   string
	Active bool
}

// ReadChoices reads all of it in one statement.
func ReadChoices(ctx context.Context, r db.Reader, staffID int64, page string) (c Choices, err error) {
	var rows []struct {
		What   int    `db:"what"`
		ID     int64  `db:"id"`
		Name   string `db:"name"`
		Spec   string `db:"spec"`
		Active bool   `db:"active"`
		Order  string `db:"ordered"`
	}
	err = r.Select(ctx, &rows, `SELECT 1 AS what, id, name, code AS spec, active, code AS ordered FROM site
UNION ALL SELECT 2 AS what, s.id, s.name, '' AS spec, true AS active, s.name AS ordered FROM staff s WHERE EXISTS (SELECT 1 FROM staff_role x WHERE x.staff_id = s.id AND x.role_name = 'doctor')
UNION ALL SELECT 3 AS what, id, generic_name AS name, spec, active, generic_name AS ordered FROM drug
UNION ALL SELECT 4 AS what, 0 AS id, query AS name, '' AS spec, true AS active, '' AS ordered FROM filter_choice WHERE staff_id = $1 AND page_name = $2
ORDER BY what, ordered, id`, staffID, page)
	if err != nil {
		return c, fmt.Errorf("read what a filter offers: %w", err)
	}
	for _, x := range rows {
		switch x.What {
		case 1:
			c.Sites = append(c.Sites, Choice{x.ID, x.Name, x.Active})
		case 2:
			c.Doctors = append(c.Doctors, Choice{x.ID, x.Name, true})
		case 3:
			c.Drugs = append(c.Drugs, Choice{x.ID, inventory.DrugName(x.Name, x.Spec), x.Active})
		default:
			c.Kept = x.Name
		}
	}
	return c, nil
}
