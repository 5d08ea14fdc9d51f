// Package web is how persons reach session/identity: login, lock screen,
// password, first run, the administrators' pages and the auditor's page. It owns
// the cookie, the token of forms, and the middleware that puts the Actor and the
// page's Viewer into every request and lets nobody through who is not named.
//
// Rules stay in session/identity, layout and errors in session/page; which
// address leads where is listed by the program (Routes gives our own).
package web
