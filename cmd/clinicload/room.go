package main

import (
	"fmt"
	"hash/maphash"
	"sync"
	"sync/atomic"
	"time"
)

// room is one session with its screens: it follows every pack from the scan to
// the last of them.
type room struct {
	id      int64
	epoch   time.Time
	seed    maphash.Seed
	viewers int
	tracks  []*track
	arrived *times // from a scan to the last screen

	mu      sync.Mutex
	byStaff map[int64]*track
	byName  map[string]*track
	known   map[uint64][]sighting // boards that were read lately
	order   []uint64              // their keys, the oldest first
}

// knownBoards is how many boards a room keeps: every screen gets the same bytes,
// and only the first of them is read.
const knownBoards = 64

// sighting is a doctor's number on a board.
type sighting struct {
	track *track
	packs int
}

func newRoom(id int64, viewers int, arrived *times) *room {
	return &room{id: id, epoch: time.Now(), seed: maphash.MakeSeed(), viewers: viewers, arrived: arrived,
		byStaff: map[int64]*track{}, byName: map[string]*track{}, known: map[uint64][]sighting{}}
}

// track is one doctor: when the n-th pack was scanned and how many screens show
// it.
type track struct {
	room  *room
	index int
	base  int            // packs on the board before the run
	sent  []atomic.Int64 // by n: nanoseconds since the room's epoch
	seen  []atomic.Int32
}

// follow adds a doctor, known by the name on the board, who has at most n packs
// to hand out.
func (r *room) follow(name string, n int) (*track, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.byName[name] != nil {
		return nil, fmt.Errorf("场次 %d 里有两名医生都叫 %s，屏幕上分不清", r.id, name)
	}
	t := &track{room: r, index: len(r.tracks), sent: make([]atomic.Int64, n+1), seen: make([]atomic.Int32, n+1)}
	r.tracks, r.byName[name] = append(r.tracks, t), t
	return t, nil
}

// read gives what a board says about the doctors that are followed.
func (r *room) read(data []byte) []sighting {
	key := maphash.Bytes(r.seed, data)
	r.mu.Lock()
	defer r.mu.Unlock()
	if list, ok := r.known[key]; ok {
		return list
	}
	var list []sighting
	for _, c := range readCards(data) {
		t := r.byStaff[c.staff]
		if t == nil {
			if t = r.byName[c.name]; t == nil {
				continue
			}
			r.byStaff[c.staff], t.base = t, c.packs
		}
		list = append(list, sighting{t, c.packs})
	}
	if len(r.order) == knownBoards {
		delete(r.known, r.order[0])
		r.order = r.order[1:]
	}
	r.known[key], r.order = list, append(r.order, key)
	return list
}

// missing tells which doctors the board has not named.
func (r *room) missing() int {
	r.mu.Lock()
	defer r.mu.Unlock()
	return len(r.tracks) - len(r.byStaff)
}

// send notes when the n-th pack of the run is scanned.
func (t *track) send(n int, at time.Time) {
	t.sent[n].Store(int64(at.Sub(t.room.epoch)))
}

// show notes that one more screen went from one number to a higher one. The
// last of the screens ends the way of each pack in between.
func (t *track) show(from, to int, at time.Time) {
	for n := max(from-t.base, 0) + 1; n <= to-t.base && n < len(t.seen); n++ {
		if int(t.seen[n].Add(1)) == t.room.viewers {
			t.room.arrived.add(at.Sub(t.room.epoch) - time.Duration(t.sent[n].Load()))
		}
	}
}
