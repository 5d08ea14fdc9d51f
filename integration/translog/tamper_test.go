package translog_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"

	"jingfang/integration/translog"
	"jingfang/sql/seal"
)

// chain makes five exchanges (ten entries) in one writer and a head that an
// anchor has seen after eight of them.
func chain(t *testing.T) (*fixture, []translog.Head) {
	f := setUp(t)
	for i := range 4 {
		f.exchange(fmt.Sprint("CK", i))
	}
	anchored, err := translog.Heads(context.Background(), f.db.App)
	if err != nil || len(anchored) != 1 || anchored[0].Length != 8 {
		t.Fatalf("heads %+v, %v", anchored, err)
	}
	f.exchange("CK4")
	return f, anchored
}

const away = 1000 // a place out of the way while rows change places

func TestTamperingIsNamed(t *testing.T) {
	for name, c := range map[string]struct {
		statements []string
		kind       translog.ProblemKind
		seq        int64
		words      string
	}{
		"flipped bit in the body": {[]string{`UPDATE translog_entry SET canonical = set_byte(canonical, length(canonical) - 20,
  (get_byte(canonical, length(canonical) - 20) # 1)) WHERE seq = 5`}, translog.Flipped, 5, "第 5 条被改动"},
		"flipped bit in the digest": {[]string{`UPDATE translog_entry SET digest = set_byte(digest, 0, (get_byte(digest, 0) # 1)) WHERE seq = 3`},
			translog.Flipped, 3, "第 3 条被改动"},
		"flipped bit in prev": {[]string{`UPDATE translog_entry SET prev = set_byte(prev, 0, (get_byte(prev, 0) # 1)) WHERE seq = 3`},
			translog.Flipped, 3, "第 3 条被改动"},
		"dropped": {[]string{`DELETE FROM translog_entry WHERE seq = 4`}, translog.Dropped, 4, "第 4 条缺失"},
		"dropped and renumbered": {[]string{`DELETE FROM translog_entry WHERE seq = 4`,
			`UPDATE translog_entry SET seq = seq + 1000 WHERE seq > 4`, `UPDATE translog_entry SET seq = seq - 1001 WHERE seq > 1000`},
			translog.Swapped, 4, "第 4 条的位置上是"},
		"dropped first": {[]string{`DELETE FROM translog_entry WHERE seq = 1`}, translog.Dropped, 1, "第 1 条缺失"},
		"swapped": {[]string{fmt.Sprintf(`UPDATE translog_entry SET seq = %d WHERE seq = 6`, away),
			`UPDATE translog_entry SET seq = 6 WHERE seq = 7`, fmt.Sprintf(`UPDATE translog_entry SET seq = 7 WHERE seq = %d`, away)},
			translog.Swapped, 6, "第 6 条的位置上是"},
		"truncated": {[]string{`DELETE FROM translog_entry WHERE seq > 8`}, translog.Truncated, 9, "从第 9 条起"},
		"truncated with its head row": {[]string{`DELETE FROM translog_entry WHERE seq > 6`,
			`UPDATE translog_head SET length = 6, digest = (SELECT digest FROM translog_entry WHERE seq = 6)`},
			translog.Truncated, 7, "应有 8 条"},
		"truncated to nothing": {[]string{`DELETE FROM translog_entry`}, translog.Truncated, 1, "从第 1 条起"},
		"head row moved back":  {[]string{`UPDATE translog_head SET length = 9`}, translog.HeadWrong, 9, "链头记为 9 条"},
		"head row gone":        {[]string{`DELETE FROM translog_head`}, translog.HeadWrong, 10, "链头缺失"},
		"search column":        {[]string{`UPDATE translog_entry SET result = 'failed' WHERE seq = 2`}, translog.Column, 2, "result"},
		"person column":        {[]string{`UPDATE translog_entry SET staff_id = 99 WHERE seq = 3`}, translog.Column, 3, "staff_id"},
		"time column":          {[]string{`UPDATE translog_entry SET at = at + interval '1 microseconds' WHERE seq = 3`}, translog.Column, 3, "at"},
		"wrapped key": {[]string{`UPDATE translog_writer SET wrapped_key = set_byte(wrapped_key, 40, (get_byte(wrapped_key, 40) # 1))`},
			translog.Column, 0, "wrapped_key"},
		"header": {[]string{`UPDATE translog_writer SET canonical = set_byte(canonical, 60, (get_byte(canonical, 60) # 1))`},
			translog.Flipped, 0, "段首被改动"},
		"whole writer": {[]string{`DELETE FROM translog_head`, `DELETE FROM translog_entry`, `DELETE FROM translog_writer`},
			translog.NoWriter, 0, "整段日志缺失"},
	} {
		t.Run(name, func(t *testing.T) {
			f, anchored := chain(t)
			if r := f.verify(translog.Checks{Anchored: anchored}); !r.Good() {
				t.Fatalf("before: %+v", r.Problems)
			}
			f.tamper(c.statements...)
			r := f.verify(translog.Checks{Anchored: anchored})
			if len(r.Problems) != 1 {
				t.Fatalf("problems %+v", r.Problems)
			}
			p := r.Problems[0]
			if p.Kind != c.kind || p.Seq != c.seq || !strings.Contains(p.Sentence, c.words) {
				t.Errorf("named %s at %d: %s", p.Kind, p.Seq, p.Sentence)
			}
			env := translog.Env{DB: f.db.App, Anchored: func(context.Context) ([]translog.Head, error) { return anchored, nil }}
			if text, err := run(t, env, "verify"); !errors.Is(err, translog.ErrNotGood) || !strings.Contains(text, c.words) {
				t.Errorf("the command: %v\n%s", err, text)
			}
		})
	}
}

// A forger with the tables and the program, but without the anchor's signing
// key, rewrites an entry and links everything behind it anew, the head row as
// well. The chain alone is then whole; the anchor shows it.
func TestForgedTailIsNamedByTheAnchor(t *testing.T) {
	f, anchored := chain(t)
	f.tamper(forge(t, f, 6)...)
	if r := f.verify(translog.Checks{}); !r.Good() {
		t.Fatalf("the forgery is clumsy: %+v", r.Problems)
	}
	r := f.verify(translog.Checks{Anchored: anchored})
	if len(r.Problems) != 1 || r.Problems[0].Kind != translog.Relinked || r.Problems[0].Seq != 8 {
		t.Errorf("problems %+v", r.Problems)
	}
}

// forge gives the statements that make a failure of the outcome at seq.
func forge(t *testing.T, f *fixture, seq int64) []string {
	t.Helper()
	var rows []struct {
		Writer    string `db:"writer_id"`
		Seq       int64  `db:"seq"`
		Canonical []byte `db:"canonical"`
		Prev      []byte `db:"prev"`
	}
	err := f.db.App.Select(t.Context(), &rows, `SELECT writer_id, seq, canonical, prev FROM translog_entry WHERE seq >= $1 ORDER BY seq`, seq)
	if err != nil {
		t.Fatal(err)
	}
	prev, err := seal.DigestOf(rows[0].Prev)
	if err != nil {
		t.Fatal(err)
	}
	var out []string
	for i, r := range rows {
		record, err := seal.DecodeRecord(r.Canonical)
		if err != nil {
			t.Fatal(err)
		}
		result := "result"
		if i == 0 {
			result = "'failed'"
			for n := range record {
				if record[n].Name == "result" {
					record[n].Value = "failed"
				}
			}
		}
		canonical, err := record.Encode()
		if err != nil {
			t.Fatal(err)
		}
		digest := seal.Link("translog.v1/"+r.Writer, prev, canonical)
		out = append(out, fmt.Sprintf(`UPDATE translog_entry SET result = %s, canonical = decode('%x', 'hex'), prev = decode('%s', 'hex'),
  digest = decode('%s', 'hex') WHERE seq = %d`, result, canonical, prev, digest, r.Seq))
		prev = digest
	}
	return append(out, fmt.Sprintf(`UPDATE translog_head SET digest = decode('%s', 'hex')`, prev))
}

func TestShowRefusesABrokenChain(t *testing.T) {
	f, _ := chain(t)
	id := f.exchange("CK5")
	f.tamper(`DELETE FROM translog_entry WHERE seq = 2`)
	_, err := translog.Show(t.Context(), f.db.App, id, f.keys.LogOfficer())
	var p *translog.Problem
	if !errors.As(err, &p) || p.Kind != translog.Dropped || p.Seq != 2 {
		t.Errorf("error %v", err)
	}
}

// The next writer of the same process vouches for the one before it, so a cut
// tail shows even where no anchor was made in between.
func TestNextDayVouchesForTheDayBefore(t *testing.T) {
	f, _ := chain(t)
	f.clock.Add(24 * 3600e9)
	f.exchange("tuesday")
	f.tamper(`DELETE FROM translog_entry WHERE seq > 7`,
		`UPDATE translog_head SET length = 7, digest = (SELECT digest FROM translog_entry WHERE seq = 7) WHERE length = 10`)
	r := f.verify(translog.Checks{})
	if len(r.Problems) != 1 || r.Problems[0].Kind != translog.Truncated || r.Problems[0].Seq != 8 {
		t.Errorf("problems %+v", r.Problems)
	}
}
