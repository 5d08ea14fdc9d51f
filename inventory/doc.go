// Package inventory knows what a box of medicine is and where it stands: trace
// codes, the states of a pack and the moves between them, and the answer a
// person reads after a scan. Everything that can be decided without the
// database is decided here by pure functions ([ParseScan], [Apply],
// [ScanAnswer]), so that one table test can hold every case; the rows that are
// built on them (drugs, packs, receipts, movements) belong to this package as
// well. It leaves to others who may do a thing (session/identity), which clinic
// day or visit a pack belongs to (session), and how an answer is drawn
// (inventory/web, session/web).
package inventory
