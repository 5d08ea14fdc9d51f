package db

import (
	"database/sql"
	"time"
)

// OpenGauss opens a pool as Open does, without the start-up check and with a
// clock of the test's.
func OpenGauss(dsn string, now func() time.Time) (*sql.DB, error) {
	cfg, err := parseGaussDSN(dsn)
	if err != nil {
		return nil, err
	}
	if now != nil {
		cfg.now = now
	}
	p, err := newGaussPool(cfg)
	if err != nil {
		return nil, err
	}
	return sql.OpenDB(p), nil
}
