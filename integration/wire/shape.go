package wire

// fieldKind says what a field of ours holds, so that it can be made out of text.
type fieldKind int

const (
	asText   fieldKind = iota
	asInt              // a whole number
	asNumber           // a decimal number
	asBool             // true or false
	asDay              // YYYY-MM-DD
	asMoment           // RFC 3339 with a zone
	asRaw              // as it stands
	asTexts            // a list of texts
	asList             // a list of another shape
)

// field is a field of one of our documents.
type field struct {
	name string
	kind fieldKind
	of   string // the shape of a list's members
}

// Names of the shapes that a mapping file may give fields for.
const (
	shapeReceipt      = "receipt"
	shapeDrug         = "drug"
	shapePatient      = "patient"
	shapeStock        = "stock"
	shapeCode         = "code"
	shapeFact         = "fact"
	shapeFactQuery    = "fact_query"
	shapeFactAnswer   = "fact_answer"
	shapePull         = "pull"
	shapePatientQuery = "patient_query"
	shapeCodeQuery    = "code_query"
	shapePatients     = "patients"
	shapePage         = "page"
)

// shapes are all documents that travel, in the order in which they are written.
func shapes() map[string][]field {
	return map[string][]field{
		shapePull:         {{name: "since"}, {name: "limit", kind: asInt}},
		shapePatientQuery: {{name: "by"}, {name: "value"}},
		shapeCodeQuery:    {{name: "code"}},
		shapeFactQuery:    {{name: "fact"}},
		shapePage: {{name: "documents", kind: asRaw}, {name: "next"}, {name: "more", kind: asBool},
			{name: "waiting", kind: asInt}},
		shapeReceipt: {{name: "source"}, {name: "number"}, {name: "revision", kind: asInt}, {name: "kind"},
			{name: "issued_at", kind: asMoment}, {name: "from_store"}, {name: "cancels"}, {name: "lines", kind: asList, of: "line"}},
		"line": {{name: "line_no", kind: asInt}, {name: "his_code"}, {name: "batch"}, {name: "expires_on", kind: asDay},
			{name: "made_on", kind: asDay}, {name: "packs", kind: asInt}, {name: "price", kind: asNumber}, {name: "codes", kind: asTexts}},
		shapeDrug: {{name: "his_code"}, {name: "generic_name"}, {name: "trade_name"}, {name: "spec"}, {name: "maker"},
			{name: "unit_name"}, {name: "pack_name"}, {name: "units_per_pack", kind: asInt}, {name: "class"},
			{name: "class_since", kind: asDay}, {name: "loose", kind: asBool}, {name: "prefixes", kind: asList, of: "prefix"}},
		"prefix":      {{name: "prefix"}, {name: "level", kind: asInt}, {name: "units", kind: asInt}},
		shapePatients: {{name: "patients", kind: asList, of: shapePatient}},
		shapePatient: {{name: "number"}, {name: "name"}, {name: "sex"}, {name: "birth_on", kind: asDay}, {name: "id_card"},
			{name: "phone"}, {name: "address"}, {name: "allergies"}},
		shapeStock: {{name: "his_code"}, {name: "batch"}, {name: "expires_on", kind: asDay}, {name: "packs", kind: asInt},
			{name: "units", kind: asInt}},
		shapeCode: {{name: "code"}, {name: "known", kind: asBool}, {name: "his_code"}, {name: "batch"}, {name: "expires_on", kind: asDay},
			{name: "made_on", kind: asDay}, {name: "receipt"}},
		shapeFact: {{name: "fact"}, {name: "kind"}, {name: "reverses"}, {name: "happened_at", kind: asMoment}, {name: "med_list_codg"},
			{name: "fixmedins_hilist_id"}, {name: "fixmedins_hilist_name"}, {name: "fixmedins_bchno"}, {name: "manu_lotnum"},
			{name: "manu_date", kind: asDay}, {name: "expy_end", kind: asDay}, {name: "rx_flag", kind: asInt}, {name: "trdn_flag", kind: asInt},
			{name: "sel_retn_cnt", kind: asNumber}, {name: "units", kind: asInt}, {name: "sel_retn_time", kind: asMoment}, {name: "sel_retn_opter_name"},
			{name: "prsc_dr_name"}, {name: "phar_name"}, {name: "rxno"}, {name: "mdtrt_sn"}, {name: "psn_no"}, {name: "his_psn_no"}, {name: "psn_name"},
			{name: "mdtrt_setl_type"}, {name: "payer"}, {name: "memo"}, {name: "drug_trac_codg"}},
		shapeFactAnswer: {{name: "state"}, {name: "number"}, {name: "message"}},
	}
}
