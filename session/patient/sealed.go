package patient

import "fmt"

// sealedColumns are the columns of patient that nobody reads without the keys.
type sealedColumns struct{ paper, index, phone, address []byte }

func (g *Registry) sealColumns(id int64, e Entry) (c sealedColumns, err error) {
	if c.paper, err = g.seal.SealString(sealPurpose, place("paper", id), e.PaperNo); err != nil {
		return c, err
	}
	if c.phone, err = g.seal.SealString(sealPurpose, place("phone", id), e.Phone); err != nil {
		return c, err
	}
	if c.address, err = g.seal.SealString(sealPurpose, place("address", id), e.Address); err != nil {
		return c, err
	}
	c.index, err = g.paperIndex(e)
	return c, err
}

// paperIndex finds a paper again without opening anything: HMAC-SM3 over kind
// and number, so that a passport and another paper with one number are two. It
// is nil without a paper.
func (g *Registry) paperIndex(e Entry) ([]byte, error) {
	if e.PaperNo == "" {
		return nil, nil
	}
	return g.seal.Index(indexPurpose, string(e.Paper)+":"+e.PaperNo)
}

// open opens a sealed column of a row.
func (g *Registry) open(column string, id int64, sealed []byte) (string, error) {
	text, err := g.seal.OpenString(sealPurpose, place(column, id), sealed)
	if err != nil {
		return "", fmt.Errorf("open %s of a patient: %w", column, err)
	}
	return text, nil
}

// place is the associated data of a sealed column: where the value stands.
func place(column string, id int64) string { return fmt.Sprintf("patient.%s/%d", column, id) }
