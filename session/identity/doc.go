// Package identity owns who acts and what is kept about it: sites, staff, their
// roles at sites, passwords, logins with lock-out and idle lock, the replay of
// commands, the audit chains with their signed anchors, and the port through
// which a certificate authority confirms a person.
//
// Every use case of the program takes an Actor, asks Actor.Can and writes Audit
// in its own transaction. Cookies, forms and pages are left to the web package
// below it, what a permission opens to the packages that ask for it, and keys
// and digests to sql/seal.
package identity
