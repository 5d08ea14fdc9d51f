package translog

import (
	"bufio"
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"io"
	"os"
	"path/filepath"
	"slices"
	"time"

	"github.com/google/uuid"

	"jingfang/sql/seal"
)

// An exported folder is read as the tables are: chains, heads, entries. What the
// tables keep in columns is read out of the canonical bytes.
var _ source = (*Folder)(nil)

func (f *Folder) writers(context.Context) ([]writerRow, error) {
	var out []writerRow
	for _, w := range f.Manifest.Writers {
		row := writerRow{ID: w.ID}
		err := f.lines(w, func(n int64, l folderLine) (bool, error) {
			h, err := decodeHeader(l.Canonical)
			digest, derr := seal.ParseDigest(l.Digest)
			if err != nil || derr != nil {
				return false, problem(w.ID, 0, Flipped, "段首不可读。")
			}
			row = writerRow{ID: h.ID, Host: h.Host, StartedAt: h.StartedAt, OpenedAt: h.OpenedAt, OfficerKey: h.OfficerKey,
				DataKey: h.DataKey, WrappedKey: h.WrappedKey, Canonical: l.Canonical, Digest: digest[:]}
			row.LogDay, err = time.Parse(time.DateOnly, h.Day)
			return false, err
		})
		var p *Problem
		if err != nil && !errors.As(err, &p) {
			return nil, err
		}
		row.ID = w.ID // a header of another writer shows as such
		out = append(out, row)
	}
	return out, nil
}

func (f *Folder) heads(context.Context) ([]Head, error) {
	var out []Head
	for _, w := range f.Manifest.Writers {
		digest, err := seal.ParseDigest(w.Digest)
		if err != nil {
			return nil, problem(w.ID, w.Length, HeadWrong, "清单里的链头读不懂。")
		}
		out = append(out, Head{Writer: w.ID, Length: w.Length, Digest: digest})
	}
	return out, nil
}

// lines reads the file of a writer; n is 0 for the header.
func (f *Folder) lines(w FolderWriter, do func(n int64, l folderLine) (more bool, err error)) error {
	file, err := os.Open(filepath.Join(f.dir, w.File))
	if err != nil {
		return problem(w.ID, 0, NoWriter, "整段日志缺失：文件 %s 读不到。", w.File)
	}
	defer file.Close() // it is only read
	in := bufio.NewReaderSize(file, 1<<20)
	for n := int64(0); ; n++ {
		text, err := in.ReadBytes('\n')
		if errors.Is(err, io.EOF) && len(bytes.TrimSpace(text)) == 0 {
			return nil
		}
		if err != nil && !errors.Is(err, io.EOF) {
			return problem(w.ID, n, Flipped, "第 %d 条读不出来。", n)
		}
		var l folderLine
		if jerr := json.Unmarshal(text, &l); jerr != nil {
			if errors.Is(err, io.EOF) {
				return problem(w.ID, n, Truncated, "文件在第 %d 条中间断开，从这一条起不见了。", n)
			}
			return problem(w.ID, n, Flipped, "第 %d 条被改动，读不出来。", n)
		}
		if more, err := do(n, l); err != nil || !more {
			return err
		}
	}
}

func (f *Folder) writer(id uuid.UUID) (FolderWriter, bool) {
	i := slices.IndexFunc(f.Manifest.Writers, func(w FolderWriter) bool { return w.ID == id })
	if i < 0 {
		return FolderWriter{}, false
	}
	return f.Manifest.Writers[i], true
}

func (f *Folder) each(_ context.Context, writer uuid.UUID, do func(entryRow) (bool, error)) error {
	w, ok := f.writer(writer)
	if !ok {
		return nil
	}
	return f.lines(w, func(n int64, l folderLine) (bool, error) {
		if n == 0 {
			return true, nil
		}
		prev, err1 := seal.ParseDigest(l.Prev)
		digest, err2 := seal.ParseDigest(l.Digest)
		if err := cmp.Or(err1, err2); err != nil {
			return false, problem(writer, n, Flipped, "第 %d 条的摘要被改动。", n)
		}
		row := entryRow{WriterID: writer, Seq: l.Seq, Canonical: l.Canonical, Prev: prev[:], Digest: digest[:]}
		if e, err := decodeEntry(l.Canonical); err == nil {
			row.fill(e)
		}
		return do(row)
	})
}

// fill sets the columns to what the canonical bytes say; the place is the line's.
func (r *entryRow) fill(e entry) {
	r.ExchangeID, r.Phase, r.Direction, r.SystemName, r.Service = e.Exchange, string(e.Phase), string(e.Direction), e.System, e.Service
	r.Result, r.At, r.DurationUS, r.Size, r.StaffID, r.KeyIndex = string(e.Result), e.At, e.Micros, e.Size, e.StaffID, e.KeyIndex
}

func (f *Folder) holders(ctx context.Context, exchange uuid.UUID) ([]uuid.UUID, error) {
	var out []uuid.UUID
	for _, w := range f.Manifest.Writers {
		err := f.each(ctx, w.ID, func(e entryRow) (bool, error) {
			if e.ExchangeID == exchange {
				out = append(out, w.ID)
			}
			return e.ExchangeID != exchange, nil
		})
		if err != nil {
			return nil, err
		}
	}
	return out, nil
}

// open keeps only the intents whose outcome has not come yet: a folder may hold a
// million entries.
func (f *Folder) open(ctx context.Context) (int, error) {
	waiting := map[uuid.UUID]struct{}{}
	for _, w := range f.Manifest.Writers {
		err := f.each(ctx, w.ID, func(e entryRow) (bool, error) {
			switch Phase(e.Phase) {
			case Intent:
				waiting[e.ExchangeID] = struct{}{}
			case OutcomePhase:
				delete(waiting, e.ExchangeID)
			}
			return true, nil
		})
		var p *Problem
		if errors.As(err, &p) {
			return 0, nil // the chain's own check names it
		}
		if err != nil {
			return 0, err
		}
	}
	return len(waiting), nil
}

func (f *Folder) emptied(context.Context) (map[string]bool, error) { return nil, nil }

// ListFolder is List for an exported folder. A business key is found by opening
// every entry with the officer's key; keys' HMAC is of no use away from the server.
func ListFolder(ctx context.Context, f *Folder, filter Filter, officer *seal.PrivateKey) ([]Summary, error) {
	copied := *f
	copied.officer = officer
	return copied.find(ctx, filter)
}

func (f *Folder) find(ctx context.Context, want Filter) ([]Summary, error) {
	want.defaults()
	n := newest{want: want, waiting: map[uuid.UUID]*Summary{}}
	for _, w := range f.Manifest.Writers {
		keys, err := f.keysOf(ctx, w.ID, want.Key)
		if err != nil {
			return nil, err
		}
		err = f.each(ctx, w.ID, func(e entryRow) (bool, error) {
			if keys == nil || keys.has(e) {
				n.take(e)
			}
			return true, nil
		})
		if err != nil {
			return nil, err
		}
	}
	return n.list(), nil
}

// newest gathers the newest exchanges that are asked for, and holds no more than
// those and the ones whose outcome has not come.
type newest struct {
	want    Filter
	waiting map[uuid.UUID]*Summary
	found   []Summary
}

func (n *newest) take(e entryRow) {
	s := n.waiting[e.ExchangeID]
	if s == nil {
		s = &Summary{Exchange: e.ExchangeID, Result: Unknown, Open: true}
	}
	s.merge(e)
	if s.Open {
		n.waiting[e.ExchangeID] = s
		return
	}
	delete(n.waiting, e.ExchangeID)
	n.keep(*s)
}

func (n *newest) keep(s Summary) {
	if !n.want.fits(s) {
		return
	}
	if n.found = append(n.found, s); len(n.found) >= 2*n.want.Limit+100 {
		n.cut()
	}
}

// cut drops what is too old for the list.
func (n *newest) cut() {
	slices.SortFunc(n.found, func(a, b Summary) int {
		return cmp.Or(b.At.Compare(a.At), bytes.Compare(b.Writer[:], a.Writer[:]), cmp.Compare(b.Seq, a.Seq))
	})
	n.found = n.found[:min(len(n.found), n.want.Limit)]
}

func (n *newest) list() []Summary {
	for _, s := range n.waiting {
		n.keep(*s)
	}
	n.cut()
	return n.found
}

// merge puts an entry to its exchange: what began it, or how it ended.
func (s *Summary) merge(e entryRow) {
	if Phase(e.Phase) == OutcomePhase {
		s.Result, s.DurationUS, s.AnswerSize, s.Open = Result(e.Result), e.DurationUS, e.Size, false
		if s.System == "" { // its intent stands in the day before
			s.At, s.Direction, s.System, s.Service, s.StaffID, s.Writer, s.Seq = e.At, Direction(e.Direction), e.SystemName, e.Service, e.StaffID, e.WriterID, e.Seq
		}
		return
	}
	s.At, s.Direction, s.System, s.Service, s.StaffID, s.Writer, s.Seq, s.Size = e.At, Direction(e.Direction), e.SystemName, e.Service, e.StaffID, e.WriterID, e.Seq, e.Size
	if Phase(e.Phase) == Event {
		s.Result, s.DurationUS, s.Open = Result(e.Result), e.DurationUS, false
	}
}

// fits says whether an exchange is asked for.
func (f Filter) fits(s Summary) bool {
	return !s.At.Before(f.From) && s.At.Before(f.To) && same(f.System, s.System) && same(f.Service, s.Service) &&
		same(f.Direction, s.Direction) && same(f.Result, s.Result) && (f.StaffID == 0 || f.StaffID == s.StaffID) &&
		(f.Exchange == uuid.Nil || f.Exchange == s.Exchange)
}

func same[T ~string](want, have T) bool { return want == "" || want == have }
