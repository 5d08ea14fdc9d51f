package db

import (
	"context"
	"strings"

	jfsql "jingfang/sql"
)

// grant re-applies the whole matrix: first everything is taken away, then each
// table gives what its line in sql.Tables says. A right that was given by hand
// does not survive the next start of the migrator.
func grant(ctx context.Context, owner *DB, app string) error {
	return owner.InTx(ctx, func(ctx context.Context, tx *Tx) error {
		if err := lockMigrations(ctx, owner, tx); err != nil {
			return err
		}
		for _, statement := range grantStatements(owner.schema, app) {
			if _, err := tx.Exec(ctx, statement); err != nil {
				return err
			}
		}
		return nil
	})
}

func grantStatements(schema, app string) []string {
	s, a := quoteName(schema), quoteName(app)
	list := []string{
		"REVOKE ALL ON ALL TABLES IN SCHEMA " + s + " FROM " + a,
		"REVOKE ALL ON ALL SEQUENCES IN SCHEMA " + s + " FROM " + a,
		"GRANT USAGE ON SCHEMA " + s + " TO " + a,
		"GRANT USAGE, SELECT ON ALL SEQUENCES IN SCHEMA " + s + " TO " + a,
	}
	for _, t := range jfsql.Tables() {
		list = append(list, "GRANT "+strings.Join(rights(t), ", ")+" ON "+s+"."+quoteName(t.Name)+" TO "+a)
	}
	return list
}

// rights are what the application's role may do with a table.
func rights(t jfsql.Table) []string {
	switch {
	case t.Owner == "sql/db":
		return []string{"SELECT"}
	case t.AppendOnly:
		return []string{"SELECT", "INSERT"}
	case t.Deletable:
		return []string{"SELECT", "INSERT", "UPDATE", "DELETE"}
	}
	return []string{"SELECT", "INSERT", "UPDATE"}
}
