package inventory

import (
	"jingfang/session/live"
	"jingfang/sql/db"
)

// Service holds the use cases of the pharmacy: the drug dictionary, the meaning
// of prefixes, receipts and their scanning, what is set apart, recalls. Reading needs no
// service.
type Service struct {
	db  *db.DB
	hub *live.Hub // nil raises versions only
}

// New makes the use cases over a database. Without a hub other servers' screens
// still learn of what changes in a session's trays.
func New(d *db.DB) *Service { return &Service{db: d} }

// WithHub gives a service that wakes the viewers of a session whose trays it
// changes.
func (s *Service) WithHub(hub *live.Hub) *Service {
	c := *s
	c.hub = hub
	return &c
}
