// Package seal owns the hospital's cryptography: SM3 digests and chains, HMAC-SM3
// look-up indexes and row codes, SM4-GCM sealing, SM2 signatures and key wrapping,
// PBKDF2-SM3 password hashes, the canonical bytes of records, and the keys behind
// KeyProvider (a key folder now, a crypto machine later). It is the only importer
// of gmsm. It knows no table, no request and no person: what is sealed, under which
// purpose and with which associated data, is decided by its callers. Every byte it
// writes is described in FORMAT.md, with vectors, so that a stranger can read it.
package seal
