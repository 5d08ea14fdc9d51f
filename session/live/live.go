// Package live brings a changed board to every screen that shows it. It owns the
// versions of clinic sessions (table session_version), the hub that watches
// them, one goroutine per session that is being looked at, and the event streams
// to the viewers; only this package imports r3labs/sse. It leaves to others what
// a board shows (the render function of session/web), who may look (the caller
// of Serve has decided), and how the page reacts to an event.
//
// The stream carries state, not happenings: after a change the board is drawn
// again from committed rows, once per audience, and the pieces whose bytes
// changed travel. Every connect begins with the whole board, so nothing has to
// be replayed and nothing can be missed.
package live

import "context"

// Names of the events of a stream, as the page listens for them.
const (
	// EventBoard carries the changed pieces of the board, or on connecting all
	// of them, as out-of-band fragments.
	EventBoard = "board"
	// EventBeat says that the board is the newest: server time in Unix
	// milliseconds, a space, version of the session.
	EventBeat = "beat"
	// EventStale says that the board cannot be drawn now and what is on the
	// screen may be old: the time in Unix milliseconds when it was last known to
	// be the newest. It is repeated in place of the beat until a beat takes it
	// back.
	EventStale = "stale"
	// EventBye ends the stream for good: the login ended (sse-close).
	EventBye = "bye"
)

// Audience is a group of viewers that see the same bytes, as a rule a role.
type Audience string

// Part is one region of the board.
//
// The renderer makes finished fragments: the outermost element of HTML has the
// attributes id and hx-swap-oob="true", and there are no line breaks (they are
// allowed, but each costs a line of the stream). The set of parts of an audience
// does not change while a session lasts; a part with nothing to show is drawn
// empty. Nothing personal stands in a part: one rendering serves an audience.
//
// Every piece travels inside a <template> element, which htmx unwraps, so that
// rows of a table survive the parser whatever stands beside them. A page that
// draws the same fragments keeps htmx's allowNestedOobSwaps off.
type Part struct {
	// ID is the id of the element.
	ID string
	// HTML is the whole part with its rows.
	HTML []byte
	// Rows are the pieces of the part that may travel alone, in the order in
	// which they stand in HTML, byte by byte the same. A part may have none.
	Rows []Row
}

// Row is a piece of a part with its own id and hx-swap-oob="true".
type Row struct {
	// ID is the id of the element, unique on the page.
	ID string
	// HTML is the row as it stands in the part.
	HTML []byte
}

// Render draws the board of one session for several audiences from committed
// rows. An audience that may not see anything is missing from the answer. It is
// called by one goroutine per session, never twice at the same time for the same
// session, and gets a context with a deadline.
type Render func(ctx context.Context, sessionID int64, audiences []Audience) (map[Audience][]Part, error)
