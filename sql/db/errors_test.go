package db_test

import (
	"context"
	"database/sql/driver"
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/lib/pq"

	"jingfang/sql/db"
)

func TestConstraintIsReadFromTheMessage(t *testing.T) {
	for message, want := range map[string]string{
		`duplicate key value violates unique constraint "visit_open_doctor_uq"`:                "visit_open_doctor_uq",
		`insert or update on table "visit" violates foreign key constraint "visit_session_fk"`: "visit_session_fk",
		`new row for relation "pack" violates check constraint "pack_units_ck"`:                "pack_units_ck",
		`重复键违反唯一约束"command_pk"`:                                                                "command_pk",
		`null value in column "name" violates not-null constraint`:                             "",
	} {
		if got := db.Constraint(fmt.Errorf("wrapped: %w", &pq.Error{Code: "23505", Message: message})); got != want {
			t.Errorf("%s gives %q, want %q", message, got, want)
		}
	}
}

func TestKinds(t *testing.T) {
	for _, tc := range []struct {
		err  error
		want db.Kind
	}{
		{nil, ""},
		{db.Refuse(db.Denied, "不行"), db.Denied},
		{fmt.Errorf("wrapped: %w", db.Refuse(db.NotFound, "没有")), db.NotFound},
		{driver.ErrBadConn, db.Unavailable},
		{&pq.Error{Code: "57P01"}, db.Unavailable},
		{&pq.Error{Code: "53300"}, db.Unavailable},
		{&pq.Error{Code: "53100"}, db.Unavailable}, // disk full
		{&pq.Error{Code: "25006"}, db.Unavailable}, // a standby after a switchover
		{context.DeadlineExceeded, db.Unavailable},
		{&pq.Error{Code: "42703"}, db.Internal},
		{errors.New("anything"), db.Internal},
	} {
		if got := db.KindOf(tc.err); got != tc.want {
			t.Errorf("%v is %q, want %q", tc.err, got, tc.want)
		}
	}
	if s := db.Sentence(&pq.Error{Code: "42703", Message: "column secret"}); strings.Contains(s, "secret") {
		t.Errorf("an internal error is shown: %s", s)
	}
}

func TestOpenNeverQuotesThePassword(t *testing.T) {
	for _, dsn := range []string{"postgres://u:geheim@[::1", "mysql://u:geheim@h/d", "geheim", "postgres://u:geheim@127.0.0.1:1/d?connect_timeout=1"} {
		_, err := db.Open(context.Background(), db.Config{DSN: dsn})
		if err == nil || strings.Contains(err.Error(), "geheim") || strings.Contains(db.Sentence(err), "geheim") {
			t.Errorf("%v", err)
		}
	}
}
