package identity

import (
	"log/slog"
	"runtime"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/google/uuid"

	"jingfang/sql/db"
	"jingfang/sql/seal"
)

// What keys are used for; the names stand in stored values and never change.
const (
	purposeGrant    seal.Purpose = "identity.grant"
	purposeName     seal.Purpose = "identity.name"
	purposePassword seal.Purpose = "identity.password"
)

// The rules of GB/T 22239-2019 8.1.4.1 as the hospital applies them.
const (
	// MaxFailures wrong passwords in a row lock a name for LockOut.
	MaxFailures = 5
	LockOut     = 15 * time.Minute
	// PasswordLife is how long a password may be used.
	PasswordLife = 90 * 24 * time.Hour
	// keepPasswords is how many old passwords may not come back.
	keepPasswords = 5
	// seenEvery bounds how often activity is written down.
	seenEvery = time.Minute
)

// Config is what the identity service needs.
type Config struct {
	DB   *db.DB
	Keys seal.KeyProvider
	// Rounds of PBKDF2-SM3 for new hashes; 0 means seal.ProductionRounds.
	Rounds int
	// IdleLock is how long a screen may be idle before it locks (0: 15 minutes),
	// MaxLife how long a login may last (0: 12 hours).
	IdleLock, MaxLife time.Duration
	// CA is how persons log in by a QR code and sign; the zero value is not at all.
	CA CA
	// Log gets what must not pass unseen; nil means slog.Default.
	Log *slog.Logger
	// OnLoginEnd, if set, is called after the commit that ended a login for good:
	// its live streams must end (live.Hub.EndLogin). OnLoginChange is called when
	// a login goes on but is locked or has other roles: its streams must come back
	// and be looked at again (live.Hub.Reconnect). Neither may block.
	OnLoginEnd, OnLoginChange func(loginID uuid.UUID)
}

// Service holds the use cases of persons and logins. It is safe for concurrent
// use.
type Service struct {
	d        *db.DB
	seal     *seal.Sealer
	rounds   int
	idleLock time.Duration
	maxLife  time.Duration
	ca       CA
	health   caHealth
	log      *slog.Logger
	onEnd    func(uuid.UUID)
	onChange func(uuid.UUID)
	dummy    string
	hashing  chan struct{}
	reported sync.Map // ids of staff_role rows that were reported as forged
}

// New makes the service.
func New(c Config) (*Service, error) {
	s := &Service{
		d: c.DB, seal: seal.NewSealer(c.Keys), rounds: orDefault(c.Rounds, seal.ProductionRounds),
		idleLock: orDefault(c.IdleLock, 15*time.Minute), maxLife: orDefault(c.MaxLife, 12*time.Hour), ca: c.CA,
		log: c.Log, onEnd: c.OnLoginEnd, onChange: c.OnLoginChange,
		// A morning's logins must not take the processors from the scans.
		hashing: make(chan struct{}, max(1, runtime.NumCPU()-1)),
	}
	if s.log == nil {
		s.log = slog.Default()
	}
	if s.onEnd == nil {
		s.onEnd = func(uuid.UUID) {}
	}
	if s.onChange == nil {
		s.onChange = func(uuid.UUID) {}
	}
	var err error
	s.dummy, err = dummyHash(s.rounds)
	return s, err
}

// IdleLock is how long a screen may be idle before it locks.
func (s *Service) IdleLock() time.Duration { return s.idleLock }

// DB is the handle the service works on.
func (s *Service) DB() *db.DB { return s.d }

func orDefault[T int | time.Duration](v, def T) T {
	if v == 0 {
		return def
	}
	return v
}

// dummyHash is a well-formed hash that no password fits, with the rounds of the
// real ones: an unknown name costs the same time. Only its number of rounds is
// written in, so that starting the program does not cost a full hash.
func dummyHash(rounds int) (string, error) {
	h, err := seal.HashPassword(uuid.NewString(), seal.TestRounds)
	if err != nil {
		return "", err
	}
	return strings.Replace(h, "$"+strconv.Itoa(seal.TestRounds)+"$", "$"+strconv.Itoa(rounds)+"$", 1), nil
}
