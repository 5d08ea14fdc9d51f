package simulator

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"jingfang/integration/wire"
)

// memory is what a stand-in remembers when it stops. Faults are not: who starts
// again finds it well.
type memory struct {
	Run       string                      `json:"run"`
	Made      int                         `json:"made"`
	Serials   map[string]int64            `json:"serials"`
	Documents []json.RawMessage           `json:"documents"`
	Packs     map[string]map[int][]string `json:"packs"`
	Facts     []keptFact                  `json:"facts"`
}

type keptFact struct {
	Fact     wire.Fact `json:"fact"`
	Number   string    `json:"number"`
	Times    int       `json:"times"`
	Reversed bool      `json:"reversed,omitempty"`
}

// Keep takes up what a file holds, where there is one, and writes it anew with every
// change from now on: the hospital's HIS does not forget its documents when we start
// again. It is called before the first request.
func (h *HIS) Keep(path string) error {
	h.mu.Lock()
	defer h.mu.Unlock()
	text, err := os.ReadFile(path)
	switch {
	case errors.Is(err, os.ErrNotExist):
	case err != nil:
		return fmt.Errorf("simulator: %w", err)
	default:
		var m memory
		if err := json.Unmarshal(text, &m); err != nil || m.Run == "" {
			return fmt.Errorf("simulator: %s is not what a stand-in has kept: %w", path, errors.Join(err, errKept))
		}
		h.recall(m)
	}
	h.path = path
	return h.save()
}

var errKept = errors.New("unreadable")

func (h *HIS) recall(m memory) {
	h.run, h.made, h.documents = m.Run, m.Made, m.Documents
	for prefix, n := range m.Serials {
		h.serials[prefix] = n
	}
	for number, codes := range m.Packs {
		h.packs[number] = codes
	}
	for _, x := range m.Facts {
		h.facts[x.Fact.Fact] = &heard{fact: x.Fact, number: x.Number, times: x.Times, reversed: x.Reversed}
	}
}

// save writes the file anew under another name and puts it in its place, so that a
// power cut leaves the old one or the new one. The caller holds the lock.
func (h *HIS) save() error {
	if h.path == "" {
		return nil
	}
	m := memory{Run: h.run, Made: h.made, Serials: h.serials, Documents: h.documents, Packs: h.packs}
	for _, x := range h.facts {
		m.Facts = append(m.Facts, keptFact{x.fact, x.number, x.times, x.reversed})
	}
	text, err := json.Marshal(m)
	if err != nil {
		return fmt.Errorf("simulator: %w", err)
	}
	f, err := os.CreateTemp(filepath.Dir(h.path), ".his-*") // mode 0600
	if err != nil {
		return fmt.Errorf("simulator: %w", err)
	}
	_, err = f.Write(text)
	if err == nil {
		err = f.Sync()
	}
	if err = errors.Join(err, f.Close()); err == nil {
		err = os.Rename(f.Name(), h.path)
	}
	if err != nil {
		return fmt.Errorf("simulator: %w", errors.Join(err, os.Remove(f.Name())))
	}
	return nil
}
