package sql

// Table says who owns a table and what the application's database role may do
// with its rows.
type Table struct {
	Name string
	// Owner is the only package that writes the table, as its path below the
	// module; the owner and higher rungs read it.
	Owner string
	// AppendOnly rows are inserted and read, never updated or deleted: the
	// grant is missing and a trigger refuses as well.
	AppendOnly bool
	// Deletable tables hold working rows (not records) that their owner may
	// remove.
	Deletable bool
}

// Tables lists every table of the schema. The grants are made from it, and
// tests hold the migrations and the Go code to it.
func Tables() []Table {
	return []Table{
		{Name: "schema_migration", Owner: "sql/db", AppendOnly: true},

		{Name: "site", Owner: "session/identity"},
		{Name: "staff", Owner: "session/identity"},
		{Name: "staff_role", Owner: "session/identity"},
		{Name: "password_history", Owner: "session/identity", AppendOnly: true},
		{Name: "login", Owner: "session/identity"},
		{Name: "login_guard", Owner: "session/identity", Deletable: true},
		{Name: "command", Owner: "session/identity", Deletable: true},
		{Name: "audit_chain", Owner: "session/identity"},
		{Name: "audit", Owner: "session/identity", AppendOnly: true},
		{Name: "anchor", Owner: "session/identity", AppendOnly: true},
		{Name: "ca_binding", Owner: "session/identity"},
		{Name: "ca_ticket", Owner: "session/identity", Deletable: true},
		{Name: "ca_token", Owner: "session/identity", Deletable: true},
		{Name: "totp", Owner: "session/identity", Deletable: true},

		{Name: "session_version", Owner: "session/live"},

		{Name: "patient", Owner: "session/patient"},
		{Name: "patient_label", Owner: "session/patient"},
		{Name: "patient_import", Owner: "session/patient", Deletable: true},
		{Name: "patient_change", Owner: "session/patient", AppendOnly: true},
		{Name: "patient_collector", Owner: "session/patient"},
		{Name: "patient_merge", Owner: "session/patient"},

		{Name: "drug", Owner: "inventory"},
		{Name: "drug_class", Owner: "inventory", AppendOnly: true},
		{Name: "drug_prefix", Owner: "inventory"},
		{Name: "drug_care", Owner: "inventory"},
		{Name: "drug_proposal", Owner: "inventory"},
		{Name: "receipt", Owner: "inventory"},
		{Name: "receipt_line", Owner: "inventory"},
		{Name: "receipt_refusal", Owner: "inventory"},
		{Name: "receipt_surplus", Owner: "inventory", AppendOnly: true},
		{Name: "opening_list", Owner: "inventory"},
		{Name: "opening_code", Owner: "inventory", Deletable: true},
		{Name: "pack", Owner: "inventory"},
		{Name: "movement", Owner: "inventory", AppendOnly: true},
		{Name: "relation_file", Owner: "inventory", Deletable: true},
		{Name: "carton", Owner: "inventory"},
		{Name: "class_rule", Owner: "inventory", AppendOnly: true},
		{Name: "carton_code", Owner: "inventory", Deletable: true},
		{Name: "codeless_request", Owner: "inventory"},
		{Name: "codeless_box", Owner: "inventory"},
		{Name: "receipt_sheet", Owner: "inventory"},
		{Name: "recall", Owner: "inventory"},
		{Name: "recall_code", Owner: "inventory", AppendOnly: true},
		{Name: "recall_pack", Owner: "inventory", AppendOnly: true},
		{Name: "disposal", Owner: "inventory"},
		{Name: "disposal_pack", Owner: "inventory"},
		{Name: "tote", Owner: "inventory"},
		{Name: "tote_pack", Owner: "inventory", Deletable: true},
		{Name: "ledger_stale", Owner: "inventory", Deletable: true},
		{Name: "stocktake", Owner: "inventory"},
		{Name: "stocktake_drug", Owner: "inventory", AppendOnly: true},
		{Name: "stocktake_line", Owner: "inventory", AppendOnly: true},
		{Name: "stocktake_seen", Owner: "inventory"},
		{Name: "stocktake_number", Owner: "inventory"},
		{Name: "stocktake_result", Owner: "inventory"},
		{Name: "stocktake_difference", Owner: "inventory"},

		{Name: "clinic_session", Owner: "session"},
		{Name: "session_team", Owner: "session", Deletable: true},
		{Name: "visit", Owner: "session"},
		{Name: "visit_line", Owner: "session"},
		{Name: "visit_refusal", Owner: "session"},
		{Name: "record_chain", Owner: "session"},
		{Name: "record", Owner: "session", AppendOnly: true},
		{Name: "session_roster", Owner: "session", Deletable: true},
		{Name: "merge_roster", Owner: "session", AppendOnly: true},
		{Name: "let_in_request", Owner: "session"},
		{Name: "owed_medicine", Owner: "session"},
		{Name: "owed_settlement", Owner: "session", AppendOnly: true},
		{Name: "closing_count", Owner: "session", Deletable: true},
		{Name: "closing_seen", Owner: "session", Deletable: true},
		{Name: "closing_exit", Owner: "session", Deletable: true},
		{Name: "closing_confirm", Owner: "session", Deletable: true},
		{Name: "record_countersign", Owner: "session", AppendOnly: true},
		{Name: "session_head", Owner: "session", AppendOnly: true},
		{Name: "closing_target", Owner: "session", Deletable: true},
		{Name: "session_alarm", Owner: "session"},
		{Name: "early_refill", Owner: "session"},
		{Name: "injection", Owner: "session"},
		{Name: "patient_check", Owner: "session", AppendOnly: true},
		{Name: "session_device", Owner: "session"},
		{Name: "programme", Owner: "session", AppendOnly: true},
		{Name: "outbox_switch", Owner: "session"},
		{Name: "outbox_fact", Owner: "session"},
		{Name: "signing_switch", Owner: "session"},
		{Name: "signature_task", Owner: "session"},
		{Name: "signature_evidence", Owner: "session", AppendOnly: true},

		{Name: "stock_check", Owner: "reporting"},
		{Name: "ledger_day", Owner: "reporting", Deletable: true},
		{Name: "ledger_carry", Owner: "reporting", Deletable: true},
		{Name: "ledger_reach", Owner: "reporting"},
		{Name: "clinic_sum", Owner: "reporting", Deletable: true},
		{Name: "visit_sum", Owner: "reporting", Deletable: true},
		{Name: "drug_sum", Owner: "reporting", Deletable: true},
		{Name: "filter_choice", Owner: "reporting", Deletable: true},
		{Name: "kept_report", Owner: "reporting", AppendOnly: true},
		{Name: "issued_paper", Owner: "reporting", AppendOnly: true},
		{Name: "recall_contact", Owner: "session", AppendOnly: true},
		{Name: "patient_return", Owner: "session"},
		{Name: "bag", Owner: "session"},
		{Name: "bag_pack", Owner: "session", Deletable: true},

		{Name: "session_notice", Owner: "session/notice"},
		{Name: "session_notice_seen", Owner: "session/notice", AppendOnly: true},

		{Name: "translog_writer", Owner: "integration/translog", AppendOnly: true},
		{Name: "translog_head", Owner: "integration/translog"},
		{Name: "translog_entry", Owner: "integration/translog", AppendOnly: true},
		{Name: "translog_mark", Owner: "integration/translog"},
		{Name: "translog_archive_request", Owner: "integration/translog"},
		{Name: "translog_archive", Owner: "integration/translog", AppendOnly: true},
		{Name: "translog_trim", Owner: "integration/translog", AppendOnly: true},

		{Name: "pull_position", Owner: "integration"},
		{Name: "pull_problem", Owner: "integration"},
	}
}
