// Package translog owns the sealed transfer log: every exchange of data with
// another system leaves an intent entry before and an outcome entry after it,
// each committed in a transaction of its own. Bodies and business keys are
// sealed with SM4-GCM under a data key of this process and day, which is
// wrapped for the log officer's SM2 key, so that the server cannot read old
// logs; entries are chained with SM3 per writer, and their heads go into the
// hourly anchor of package identity. The reader, also here, verifies before it
// shows. FORMAT.md has every byte. The package makes no exchange itself and
// never runs under a transaction.
package translog
