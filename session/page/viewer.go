package page

import (
	"context"
	"net/http"
	"strings"
	"time"
)

// Viewer is what the frame of a page shows about the person at the screen. The
// web package of session/identity puts it into the request's context.
type Viewer struct {
	// StaffID tells the browser's script whose unsent commands it may send; 0 for
	// nobody.
	StaffID int64
	// Name is shown in the menu, such as 陈医生.
	Name string
	// RoleNames are the person's roles in Chinese, such as 医生.
	RoleNames []string
	// Menu lists what this person may open; nothing else is shown.
	Menu []MenuItem
	// CSRF is the token that this login's forms carry, as the field csrf or the
	// header X-CSRF-Token.
	CSRF string
	// LockAfter is how long the screen may be idle before it is locked; zero
	// means it is not locked by itself.
	LockAfter time.Duration
}

// MenuItem is one line of the menu.
type MenuItem struct {
	Title string // a Chinese word or two
	URL   string // a path of our own
	Icon  string // a name in static/icons.svg
	// Under is the URL of the line below which this one stands: it is offered on
	// the pages of that line and of the others below it. Empty: the menu itself.
	Under string
}

// viewerKey is the context key of the Viewer.
type viewerKey struct{}

// WithViewer puts the viewer into a request's context.
func WithViewer(ctx context.Context, v Viewer) context.Context {
	return context.WithValue(ctx, viewerKey{}, v)
}

// ForNobody is a request as somebody without a login sends it: its page carries no
// name, menu or token, so that a device may keep it.
func ForNobody(r *http.Request) *http.Request {
	return r.WithContext(context.WithValue(r.Context(), viewerKey{}, nil))
}

// ViewerOf is the viewer of a request; false means that nobody is logged in.
func ViewerOf(ctx context.Context) (Viewer, bool) {
	v, ok := ctx.Value(viewerKey{}).(Viewer)
	return v, ok
}

// Roles joins the viewer's roles for the menu.
func (v Viewer) Roles() string { return strings.Join(v.RoleNames, "、") }

// LockSeconds is LockAfter in whole seconds, for the browser's script.
func (v Viewer) LockSeconds() int { return int(v.LockAfter / time.Second) }
