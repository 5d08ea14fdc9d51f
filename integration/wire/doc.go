// Package wire owns the shapes in which we and the hospital's systems talk: the
// JSON envelope, the signature of requests and answers (HMAC-SM3 with a time
// and a nonce), and the documents that travel in it (receipts, the drug
// dictionary, pages of documents with a position). Both sides use it, our
// clients and the stand-ins. It decodes strictly and names what is wrong in a
// sentence for the work list; it sends nothing, stores nothing and decides
// nothing about drugs, which is the business of inventory.
package wire
