// Package integration owns the conversation with the hospital's systems: the
// client of HIS (timeouts, bounded repeats of reads, a breaker, signed both ways,
// in the words of the mapping file), the poller that pulls documents behind a stored
// position, or takes them from a file, and hands each to the package that takes it
// in, the work list of documents that could not be taken in, the sender that tells
// dispensing facts once and asks for those without an answer, the comparison of
// stocks and the look-ups of patients and trace codes. Every exchange goes through the sealed transfer log, and none runs
// inside a transaction. What a receipt means for stock is inventory's
// business; the shapes on the wire are package wire's.
package integration
