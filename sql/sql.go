// Package sql holds the numbered migrations of the one database schema and the
// list of its tables: who owns each, and which of them only grow. It knows
// nothing of connections (sql/db) and nothing of the rules behind the tables
// (their owners).
package sql

import "embed"

// Migrations are the files NNNN_subject.sql in the order of their numbers. A
// file that has been released is never edited; a change is a new file.
//
//go:embed 0*.sql
var Migrations embed.FS
