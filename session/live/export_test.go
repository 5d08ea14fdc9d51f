package live

// Nudge wakes sessions as a commit on this server does.
func (h *Hub) Nudge(ids ...int64) { h.nudge(ids) }
