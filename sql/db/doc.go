// Package db opens the database (PostgreSQL 15, or openGauss 5/6 with its own
// login) and owns what every package does with it in the same way: one
// transaction closure, one "now" per transaction, work after the commit,
// migrations, the grants of the application's role, SQLSTATE helpers and the
// few kinds of error a person can meet. It knows no table but its own
// schema_migration; SQL stands with the owners of the tables.
package db
