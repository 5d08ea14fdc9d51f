// Package reporting makes the hospital's papers from what the other packages
// have written: it reads a clinic session on one snapshot as typed data, holds
// the balance of its medicine against the packs and the visits, and draws it as
// a PDF.
//
// It owns no table and changes nothing. It leaves the rules of movements to
// inventory, the chain of records to session, and who may have a paper to its
// web package. It is the only importer of gofpdf.
package reporting
