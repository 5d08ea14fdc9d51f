package reporting

import (
	"context"
	"fmt"
	"unicode/utf8"

	"jingfang/sql/db"
)

// mostChoice is the longest filter that is remembered, in characters.
const mostChoice = 400

// RecallChoice gives the filter a person chose last on a page of statistics, as its
// address had it; "" for none.
func RecallChoice(ctx context.Context, r db.Reader, staffID int64, page string) (query string, err error) {
	err = r.Get(ctx, &query, `SELECT query FROM filter_choice WHERE staff_id = $1 AND page_name = $2`, staffID, page)
	if err != nil && !db.IsNoRows(err) {
		return "", fmt.Errorf("recall a filter: %w", err)
	}
	return query, nil
}

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
