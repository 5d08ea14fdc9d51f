package live

// Viewers is the number of open streams.
func (h *Hub) Viewers() int {
	h.mu.Lock()
	defer h.mu.Unlock()
	return len(h.viewers)
}

// Sessions is the number of sessions that somebody looks at.
func (h *Hub) Sessions() int {
	h.mu.Lock()
	defer h.mu.Unlock()
	return len(h.rooms)
}

// Connects counts the streams ever opened.
func (h *Hub) Connects() uint64 { return h.connects.Load() }

// Renders counts the drawings of a session, each for all its audiences.
func (h *Hub) Renders() uint64 { return h.renders.Load() }

// Failures counts drawings and reads of versions that failed.
func (h *Hub) Failures() uint64 { return h.failures.Load() }

// Bytes counts the bytes of event data handed to streams.
func (h *Hub) Bytes() uint64 { return h.bytes.Load() }

// Dropped counts the viewers that lost their connection because they did not
// keep up.
func (h *Hub) Dropped() uint64 { return h.dropped.Load() }
