package db

import (
	"context"
	"fmt"
	"hash/fnv"
	"io/fs"
	"sort"
	"strconv"
	"strings"

	jfsql "jingfang/sql"
)

// Migrate brings the schema of owner's DSN to the newest version and applies
// the whole grant matrix to appUser ("" or the owner itself: one user plays
// both). Each migration is one transaction under an advisory lock, so several
// servers may start at once. It gives the number of migrations applied.
func Migrate(ctx context.Context, owner *DB, appUser string) (int, error) {
	files, err := migrations()
	if err != nil {
		return 0, err
	}
	if err := prepareSchema(ctx, owner); err != nil {
		return 0, fmt.Errorf("prepare schema %s: %w", owner.schema, err)
	}
	n := 0
	for _, m := range files {
		done, err := apply(ctx, owner, m)
		if err != nil {
			return n, fmt.Errorf("migration %04d: %w", m.version, err)
		}
		if done {
			n++
		}
	}
	if appUser != "" && appUser != owner.user {
		if err := grant(ctx, owner, appUser); err != nil {
			return n, fmt.Errorf("grants: %w", err)
		}
	}
	return n, nil
}

// CheckSchema refuses a schema that is older or newer than this program.
func CheckSchema(ctx context.Context, d *DB) error {
	files, err := migrations()
	if err != nil {
		return err
	}
	want := files[len(files)-1].version
	var have int
	err = d.Get(ctx, &have, `SELECT COALESCE(max(version), 0) FROM schema_migration`)
	if State(err) == "42P01" || State(err) == "3F000" {
		return Refuse(Invalid, "数据库还没有建表。请先运行 jingfang migrate。")
	}
	if err != nil {
		return fmt.Errorf("read schema version: %w", err)
	}
	if have < want {
		return Refuse(Invalid, "数据库结构是第 %d 版，程序需要第 %d 版。请先运行 jingfang migrate。", have, want)
	}
	if have > want {
		return Refuse(Invalid, "数据库结构（第 %d 版）比程序（第 %d 版）新。请换用新的程序。", have, want)
	}
	return nil
}

// OwnsTables tells whether the handle's user owns the tables: serving as the
// owner is refused, because the owner may drop what the grants protect.
func OwnsTables(ctx context.Context, d *DB) (bool, error) {
	var n int
	err := d.Get(ctx, &n, `SELECT count(*) FROM pg_tables WHERE schemaname = $1::text AND tableowner = current_user`, d.schema)
	return n > 0, err
}

type migration struct {
	version int
	text    string
}

// migrations reads the embedded files; a gap or a double number is an error.
func migrations() ([]migration, error) {
	names, err := fs.Glob(jfsql.Migrations, "*.sql")
	if err != nil {
		return nil, err
	}
	sort.Strings(names)
	var list []migration
	for i, name := range names {
		number, _, _ := strings.Cut(name, "_")
		v, err := strconv.Atoi(number)
		if err != nil || v != i+1 {
			return nil, fmt.Errorf("migration %s: number %04d expected", name, i+1)
		}
		text, err := jfsql.Migrations.ReadFile(name)
		if err != nil {
			return nil, err
		}
		list = append(list, migration{v, string(text)})
	}
	return list, nil
}

func prepareSchema(ctx context.Context, owner *DB) error {
	return owner.InTx(ctx, func(ctx context.Context, tx *Tx) error {
		if err := lockMigrations(ctx, owner, tx); err != nil {
			return err
		}
		if _, err := tx.Exec(ctx, `CREATE SCHEMA IF NOT EXISTS `+quoteName(owner.schema)); err != nil {
			return err
		}
		_, err := tx.Exec(ctx, `CREATE TABLE IF NOT EXISTS schema_migration (
  version     integer      NOT NULL,
  applied_at  timestamptz  NOT NULL,
  CONSTRAINT schema_migration_pk PRIMARY KEY (version)
)`)
		return err
	})
}

// apply runs one migration unless it is there already. The version is read
// again under the lock: another server may just have applied it.
func apply(ctx context.Context, owner *DB, m migration) (bool, error) {
	done := false
	err := owner.InTx(ctx, func(ctx context.Context, tx *Tx) error {
		done = false
		if err := lockMigrations(ctx, owner, tx); err != nil {
			return err
		}
		var have int
		if err := tx.Get(ctx, &have, `SELECT COALESCE(max(version), 0) FROM schema_migration`); err != nil {
			return err
		}
		if have >= m.version {
			return nil
		}
		// Without parameters lib/pq sends the file as one simple query.
		if _, err := tx.tx.ExecContext(ctx, m.text); err != nil {
			return err
		}
		done = true
		return tx.ExecOne(ctx, `INSERT INTO schema_migration (version, applied_at) VALUES ($1, $2)`, m.version, tx.Now)
	})
	return done, err
}

// lockMigrations lets one migrator at a time into a schema. The lock's number
// is made from the schema, as several schemas may share a database.
func lockMigrations(ctx context.Context, owner *DB, tx *Tx) error {
	h := fnv.New64a()
	_, _ = h.Write([]byte("jingfang migrate " + owner.schema))
	_, err := tx.Exec(ctx, `SELECT pg_advisory_xact_lock($1::bigint)`, int64(h.Sum64()))
	return err
}

// quoteName quotes an identifier.
func quoteName(s string) string { return `"` + strings.ReplaceAll(s, `"`, `""`) + `"` }
