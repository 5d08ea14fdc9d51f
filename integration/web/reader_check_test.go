package web_test

import (
	"context"
	"encoding/json"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"

	"jingfang/session/identity"
	"jingfang/session/job"
	"jingfang/sql/db"
)

// A log that is not whole is not shown; what is wrong is named and audited.
func TestReaderShowsNothingOfABrokenLog(t *testing.T) {
	r := newReadingRoom(t, true)
	id := r.pull("CK001", "x")
	r.pull("CK002", "x")
	r.anchor()
	r.post("/transferlog/key", url.Values{"passphrase": {phrase}})
	r.tamper(`DELETE FROM translog_entry WHERE seq = 4`, `UPDATE translog_head SET length = 3, digest = (SELECT digest FROM translog_entry WHERE seq = 3)`)
	status, body := r.post("/transferlog/"+id.String()+"/open", nil)
	if status != 200 || !strings.Contains(body, "从第 4 条起不见了") || strings.Contains(body, "CK001") || !strings.Contains(body, "正文已封存") {
		t.Errorf("%d %s", status, body)
	}
	if r.events("transferlog.open", identity.Failed) != 1 || r.events("transferlog.open", identity.OK) != 0 {
		t.Error("the audit has it otherwise")
	}
}

func (r *readingRoom) tamper(statements ...string) {
	r.t.Helper()
	err := r.Owner.InTx(context.Background(), func(ctx context.Context, tx *db.Tx) error {
		for _, s := range append(append([]string{`ALTER TABLE translog_entry DISABLE TRIGGER USER`}, statements...), `ALTER TABLE translog_entry ENABLE TRIGGER USER`) {
			if _, err := tx.Exec(ctx, s); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		r.t.Fatal(err)
	}
}

// A check runs as a job with progress and names what is wrong.
func TestReaderChecks(t *testing.T) {
	r := newReadingRoom(t, true)
	r.pull("CK001", "x")
	r.anchor()
	if got := r.check("2026-11-23"); !strings.Contains(got, "2026-11-23完整：1 段，2 条，核对锚点 1 处") {
		t.Errorf("whole: %s", got)
	}
	if got := r.check("2026-11-20"); !strings.Contains(got, "完整：0 段") {
		t.Errorf("an empty day: %s", got)
	}
	r.tamper(`UPDATE translog_entry SET canonical = set_byte(canonical, length(canonical) - 20, (get_byte(canonical, length(canonical) - 20) # 1)) WHERE seq = 2`)
	if got := r.check(""); !strings.Contains(got, "没有通过核对") || !strings.Contains(got, "第 2 条被改动") {
		t.Errorf("broken: %s", got)
	}
	if r.events("transferlog.verify", identity.OK) != 2 || r.events("transferlog.verify", identity.Failed) != 1 {
		t.Error("the checks are not in the audit")
	}
	for path, want := range map[string]int{"/transferlog/check/x": 404, "/transferlog/check/" + uuid.NewString(): 404} {
		if status, _ := r.get(path); status != want {
			t.Errorf("%s: %d", path, status)
		}
	}
	if status, _ := r.post("/transferlog/check", url.Values{"day": {"x"}}); status != 400 {
		t.Errorf("a bad day: %d", status)
	}
}

// The page names each kind of tampering; what cannot be proved is not shown.
func TestReaderNamesWhatIsWrong(t *testing.T) {
	for name, c := range map[string]struct {
		statements []string
		want       string
	}{
		"flipped": {[]string{`UPDATE translog_entry SET canonical = set_byte(canonical, length(canonical) - 20, (get_byte(canonical, length(canonical) - 20) # 1)) WHERE seq = 3`}, "第 3 条被改动"},
		"dropped": {[]string{`DELETE FROM translog_entry WHERE seq = 2`}, "第 2 条缺失"},
		"swapped": {[]string{`UPDATE translog_entry SET seq = 1000 WHERE seq = 2`, `UPDATE translog_entry SET seq = 2 WHERE seq = 3`,
			`UPDATE translog_entry SET seq = 3 WHERE seq = 1000`}, "第 2 条的位置上是"},
		"cut": {[]string{`DELETE FROM translog_entry WHERE seq > 3`, `UPDATE translog_head SET length = 3, digest = (SELECT digest FROM translog_entry WHERE seq = 3)`},
			"从第 4 条起不见了"},
	} {
		t.Run(name, func(t *testing.T) {
			r := newReadingRoom(t, true)
			id := r.pull("CK001", "x")
			r.pull("CK002", "y")
			r.anchor()
			r.tamper(c.statements...)
			if got := r.check(""); !strings.Contains(got, "没有通过核对") || !strings.Contains(got, c.want) {
				t.Errorf("the check says %s", got)
			}
			r.post("/transferlog/key", url.Values{"passphrase": {phrase}})
			if _, body := r.post("/transferlog/"+id.String()+"/open", nil); !strings.Contains(body, "不予显示") || strings.Contains(body, "&#34;since&#34;") {
				t.Errorf("shown: %s", body)
			}
		})
	}
}

// check runs a check to its end and gives the page's words.
func (r *readingRoom) check(day string) string {
	r.t.Helper()
	_, body := r.send("POST", "/transferlog/check", "application/json", "application/x-www-form-urlencoded", strings.NewReader(url.Values{"day": {day}}.Encode()))
	var x struct {
		Job   string
		State job.State
	}
	if err := json.Unmarshal([]byte(body), &x); err != nil {
		r.t.Fatalf("%v %s", err, body)
	}
	tick := time.NewTicker(time.Millisecond)
	defer tick.Stop()
	for x.State == job.Running {
		<-tick.C
		_, body = r.send("GET", "/transferlog/check/"+x.Job, "application/json", "", nil)
		if err := json.Unmarshal([]byte(body), &x); err != nil {
			r.t.Fatalf("%v %s", err, body)
		}
	}
	_, body = r.get("/transferlog")
	return body
}
