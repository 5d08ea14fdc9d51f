package wire

import (
	"encoding/json"
)

// Service is a service of another system: the code it goes by and the path that is
// asked.
type Service struct {
	Code string `json:"code"`
	Path string `json:"path"`
}

// Names of the services that we ask of HIS.
const (
	AskReceipts     = "receipts"  // documents since a position
	AskDrugs        = "drugs"     // the drug dictionary
	AskPatients     = "patients"  // a patient by number or ID number
	AskStock        = "stock"     // what HIS counts in our store
	AskCode         = "code"      // what HIS knows of a trace code
	TellDispense    = "dispense"  // a line was handed out (3505)
	TellReverse     = "reverse"   // one that was told was wrong (3506)
	AskDispensed    = "dispensed" // what became of a fact that was told
	ServiceReceipts = "HIS.RECEIPT.PULL"
	ServiceDrugs    = "HIS.DRUG.LIST"
	PathReceipts    = "/his/receipts"
	PathDrugs       = "/his/drugs"
)

// Services are all services with the codes and paths that stand for those that a
// mapping file does not name.
func Services() map[string]Service {
	return map[string]Service{
		AskReceipts: {ServiceReceipts, PathReceipts}, AskDrugs: {ServiceDrugs, PathDrugs},
		AskPatients: {"HIS.PATIENT.FIND", "/his/patients"}, AskStock: {"HIS.STOCK.LIST", "/his/stock"},
		AskCode: {"HIS.TRACE.FIND", "/his/codes"}, TellDispense: {"HIS.DISPENSE.TELL", "/his/dispense"},
		TellReverse: {"HIS.DISPENSE.REVERSE", "/his/reverse"}, AskDispensed: {"HIS.DISPENSE.FIND", "/his/dispensed"},
	}
}

// Dialect is how one other system talks: its envelope, its services and the names
// of its fields. The zero value is our own JSON.
type Dialect struct {
	style    *Style
	services map[string]Service
	fields   mapping
	// UnsignedAnswers says that the system does not sign its answers.
	UnsignedAnswers bool
}

// Style is the envelope.
func (d Dialect) Style() Style {
	if d.style == nil {
		return ownStyle()
	}
	return *d.style
}

// Service gives code and path of a service by its name; a service that is told by
// its own code (another package's) is taken as it is where it is unknown.
func (d Dialect) Service(name string) Service {
	if s, ok := d.services[name]; ok {
		return s
	}
	return Services()[name]
}

// translates tells whether documents must be rewritten at all. Our own JSON goes
// through as it is, so that its decoders see exactly what was sent.
func (d Dialect) translates() bool { return d.style != nil && d.style.XML || len(d.fields) > 0 }

// In makes our document of theirs. It fails only for what is not readable at all.
// Error: *DocumentError, ErrTooLarge.
func (d Dialect) In(shape string, theirs json.RawMessage) (json.RawMessage, error) {
	if !d.translates() || shapes()[shape] == nil {
		return theirs, nil
	}
	tree, err := parseTree(theirs)
	if err != nil {
		return nil, err
	}
	return json.Marshal(d.fields.inward(shape, tree))
}

// Out makes their document of ours.
func (d Dialect) Out(shape string, ours any) (any, error) {
	if !d.translates() || shapes()[shape] == nil {
		return ours, nil
	}
	tree, err := asTree(ours)
	if err != nil {
		return nil, err
	}
	return d.fields.outward(shape, tree), nil
}

// InPage makes a page of ours of theirs; its documents stay theirs, for In one by
// one. An element with one document is a list of one; a list without documents is
// no element at all in XML.
func (d Dialect) InPage(theirs json.RawMessage) (json.RawMessage, error) {
	ours, err := d.In(shapePage, theirs)
	if err != nil || !d.translates() {
		return ours, err
	}
	tree, err := parseTree(ours)
	if err != nil {
		return nil, err
	}
	o, _ := tree.(object)
	list, ok := o.get("documents")
	if !ok {
		list = []any{}
	}
	return json.Marshal(o.put("documents", listOf(list)))
}

func listOf(v any) any {
	switch v := v.(type) {
	case []any:
		return v
	case string:
		if v == "" {
			return []any{}
		}
	}
	return []any{v}
}

// OutRaw makes their document of one that is JSON text already; a document that is
// no JSON is an error.
func (d Dialect) OutRaw(shape string, ours json.RawMessage) (json.RawMessage, error) {
	if !d.translates() {
		return ours, nil
	}
	tree, err := parseTree(ours)
	if err != nil {
		return nil, err
	}
	return json.Marshal(d.fields.outward(shape, tree))
}
