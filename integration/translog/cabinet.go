package translog

import (
	"sync"
	"time"

	"github.com/google/uuid"

	"jingfang/sql/db"
	"jingfang/sql/seal"
)

const (
	// KeyOpenFor is how long the officer's key stays open after its passphrase.
	KeyOpenFor = 10 * time.Minute
	// keyTries is how often one person may give a wrong passphrase in keyRest.
	keyTries = 5
	keyRest  = 15 * time.Minute
)

// cabinet holds opened private keys of log officers: in this server's memory only,
// each for one login and a short time.
type cabinet struct {
	now   func() time.Time
	mu    sync.Mutex
	keys  map[uuid.UUID]openKey
	tries map[int64][]time.Time // of persons, the wrong ones
}

type openKey struct {
	key   *seal.PrivateKey
	until time.Time
}

func newCabinet(now func() time.Time) *cabinet {
	return &cabinet{now: now, keys: map[uuid.UUID]openKey{}, tries: map[int64][]time.Time{}}
}

// mayTry refuses a person who guessed too often.
func (c *cabinet) mayTry(person int64) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	if len(c.recent(person)) >= keyTries {
		return db.Refuse(db.TooMany, "口令连续不正确，请 %d 分钟后再试。", int(keyRest.Minutes()))
	}
	return nil
}

// missed counts a wrong passphrase.
func (c *cabinet) missed(person int64) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.tries[person] = append(c.recent(person), c.now())
}

func (c *cabinet) recent(person int64) []time.Time {
	var out []time.Time
	for _, t := range c.tries[person] {
		if c.now().Sub(t) < keyRest {
			out = append(out, t)
		}
	}
	return out
}

func (c *cabinet) put(login uuid.UUID, person int64, key *seal.PrivateKey) time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	until := c.now().Add(KeyOpenFor)
	c.keys[login] = openKey{key, until}
	delete(c.tries, person)
	return until
}

// key gives the open key of a login, nil when there is none any more.
func (c *cabinet) key(login uuid.UUID) (*seal.PrivateKey, time.Time) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.sweep()
	x := c.keys[login]
	return x.key, x.until
}

// sweep forgets keys whose time is over.
func (c *cabinet) sweep() {
	for login, x := range c.keys {
		if !c.now().Before(x.until) {
			delete(c.keys, login)
		}
	}
}

// close forgets the key of a login and says whether there was one.
func (c *cabinet) close(login uuid.UUID) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	_, there := c.keys[login]
	delete(c.keys, login)
	return there
}

func (c *cabinet) logins() []uuid.UUID {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.sweep()
	var out []uuid.UUID
	for login := range c.keys {
		out = append(out, login)
	}
	return out
}
