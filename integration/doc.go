// Package integration owns the conversation with the hospital's systems: the
// client of HIS (timeouts, bounded repeats of reads, signed both ways), the
// poller that pulls documents behind a stored position and hands each to the
// package that takes it in, and the work list of documents that could not be
// taken in. Every exchange goes through the sealed transfer log, and none runs
// inside a transaction. What a receipt means for stock is inventory's
// business; the shapes on the wire are package wire's.
package integration
