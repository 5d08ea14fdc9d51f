package session

import (
	"context"
	"sync"

	"jingfang/session/identity"
	"jingfang/sql/db"
)

// atOnce is how many commands of one session may hold a connection at the same
// time. They wait for the session's row one after the other anyway; without the
// gate a crowd at one table would take all connections and keep every other page
// of the server waiting.
const atOnce = 6

// gates lets a few commands of each session in at a time.
type gates struct {
	mu   sync.Mutex
	open map[int64]*gate
}

// gate is there while somebody uses it.
type gate struct {
	turns chan struct{}
	users int
}

func newGates() *gates { return &gates{open: map[int64]*gate{}} }

// enter waits for a turn, or until ctx ends.
func (g *gates) enter(ctx context.Context, sessionID int64) (leave func(), err error) {
	g.mu.Lock()
	one := g.open[sessionID]
	if one == nil {
		one = &gate{turns: make(chan struct{}, atOnce)}
		g.open[sessionID] = one
	}
	one.users++
	g.mu.Unlock()
	select {
	case one.turns <- struct{}{}:
		return func() { <-one.turns; g.drop(sessionID, one) }, nil
	case <-ctx.Done():
		g.drop(sessionID, one)
		return nil, db.RefuseBecause(ctx.Err(), db.Unavailable, "本场次同时操作的人太多，这次没有轮到。请再试一次；不会重复记录。")
	}
}

func (g *gates) drop(sessionID int64, one *gate) {
	g.mu.Lock()
	defer g.mu.Unlock()
	if one.users--; one.users == 0 {
		delete(g.open, sessionID)
	}
}

// runCommand is identity.RunCommand for a command of a session, when it is its
// turn.
func runCommand[T any](ctx context.Context, s *Service, sessionID int64, by identity.Actor, cmd identity.Command, fn func(ctx context.Context, tx *db.Tx) (T, error)) (answer T, replayed bool, err error) {
	leave, err := s.gates.enter(ctx, sessionID)
	if err != nil {
		return answer, false, err
	}
	defer leave()
	return identity.RunCommand(ctx, s.db, by, cmd, fn)
}
