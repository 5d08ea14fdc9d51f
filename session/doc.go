// Package session owns the clinic day: sessions with their team, the queue of
// visits, what is handed out in each, the frozen visit records and their
// chains, and the snapshot that the live board shows. A use case takes the
// session's row first, so that everything that happens in one session happens
// one after the other. It leaves what a pack may do to inventory, who may act
// to identity, and every word on a screen to session/web.
package session
