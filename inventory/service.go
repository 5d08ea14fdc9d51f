package inventory

import "jingfang/sql/db"

// Service holds the use cases of the pharmacy: the drug dictionary, the meaning
// of prefixes, receipts and their scanning. Reading needs no service.
type Service struct{ db *db.DB }

// New makes the use cases over a database.
func New(d *db.DB) *Service { return &Service{db: d} }
