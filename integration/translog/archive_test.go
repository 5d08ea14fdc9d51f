package translog_test

import (
	"context"
	"strings"
	"testing"
	"time"

	"jingfang/integration/translog"
	"jingfang/session/identity"
	"jingfang/sql/db"
)

func (f *fixture) archive(day, dir string) (*translog.Folder, error) {
	folder, report, err := translog.Archive(f.t.Context(), f.db.App, identity.System("test"),
		translog.Export{Day: day, Dir: dir, By: "测试员", Keys: f.keys})
	if err == nil && !report.Good() {
		f.t.Errorf("the archive of %s: %+v", day, report.Problems)
	}
	return folder, err
}

func TestArchiveTakesClosedDays(t *testing.T) {
	f := setUp(t)
	f.exchange("CK0")
	f.anchor()
	if _, err := f.archive("2026-03-02", t.TempDir()); db.KindOf(err) != db.Invalid {
		t.Errorf("a day that goes on: %v", err)
	}
	f.clock.Add(24 * time.Hour)
	days, err := translog.Unarchived(t.Context(), f.db.App, "2026-03-03")
	if err != nil || len(days) != 1 || days[0] != "2026-03-02" {
		t.Fatalf("to archive: %v, %v", days, err)
	}
	folder, err := f.archive("2026-03-02", t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	list, err := translog.Days(t.Context(), f.db.App, "", 10)
	if err != nil || len(list) != 1 || list[0].Archive == nil {
		t.Fatalf("days %+v, %v", list, err)
	}
	if a := list[0].Archive; a.Entries != 2 || a.Emptied || !folder.Digest().Equal(a.Manifest) {
		t.Errorf("archive %+v", a)
	}
	if days, err := translog.Unarchived(t.Context(), f.db.App, "2026-03-03"); err != nil || len(days) != 0 {
		t.Errorf("still to archive: %v, %v", days, err)
	}
}

// A broken day is written out as it is, named, and not noted as archived.
func TestBrokenDayIsNotArchived(t *testing.T) {
	f, _ := chain(t)
	f.tamper(`UPDATE translog_entry SET result = 'failed' WHERE seq = 2`, `DELETE FROM translog_entry WHERE seq = 4`)
	f.clock.Add(24 * time.Hour)
	_, report, err := translog.Archive(t.Context(), f.db.App, identity.System("test"), translog.Export{Day: "2026-03-02", Dir: t.TempDir(), Keys: f.keys})
	if err != nil || report.Good() || report.Problems[0].Seq != 4 {
		t.Errorf("report %+v, %v", report, err)
	}
	if list, err := translog.Days(t.Context(), f.db.App, "", 10); err != nil || len(list) != 1 || list[0].Archive != nil {
		t.Errorf("days %+v, %v", list, err)
	}
}

func TestTrimKeepsWhatProves(t *testing.T) {
	f := setUp(t)
	id := f.exchange("CK0")
	f.exchange("CK1")
	f.anchor()
	f.clock.Add(24 * time.Hour)
	later := f.exchange("CK2")
	dir := t.TempDir()
	folder, err := f.archive("2026-03-02", dir)
	if err != nil {
		t.Fatal(err)
	}
	trim := func(x *translog.Folder, keep time.Duration) (int64, error) {
		return translog.Trim(context.Background(), f.db.Owner, identity.System("test"), x, keep, "建表用户")
	}
	const year = 365 * 24 * time.Hour
	if _, err := trim(folder, year); db.KindOf(err) != db.Conflict {
		t.Errorf("before its time: %v", err)
	}
	if _, err := trim(folder, 24*time.Hour); db.KindOf(err) != db.Invalid {
		t.Errorf("a retention of a day: %v", err)
	}
	f.clock.Add(2 * year)
	if f.db.TwoUsers() {
		if _, err := translog.Trim(t.Context(), f.db.App, identity.System("test"), folder, year, "程序用户"); err == nil {
			t.Error("the program's user emptied the log")
		}
	}
	other, err := translog.WriteFolder(t.Context(), f.db.App, translog.Export{Day: "2026-03-02", Dir: t.TempDir(), Keys: f.keys})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := trim(other, year); db.KindOf(err) != db.Conflict || !strings.Contains(db.Sentence(err), "没有登记过") {
		t.Errorf("a copy that is no archive: %v", err)
	}
	if n, err := trim(folder, year); err != nil || n != 4 {
		t.Fatalf("trim: %d, %v", n, err)
	}
	anchored, err := translog.Heads(t.Context(), f.db.App)
	if err != nil {
		t.Fatal(err)
	}
	if r := f.verify(translog.Checks{Anchored: anchored, Officer: f.keys.LogOfficer()}); !r.Good() || r.Entries != 6 || r.Elsewhere != 4 {
		t.Errorf("after: %+v", r)
	}
	if list, err := translog.List(t.Context(), f.db.App, translog.Filter{}); err != nil || len(list) != 3 {
		t.Errorf("list: %d, %v", len(list), err)
	}
	if _, err := translog.Show(t.Context(), f.db.App, id, f.keys.LogOfficer()); db.KindOf(err) != db.Unavailable {
		t.Errorf("an emptied entry: %v", err)
	}
	if _, err := translog.Show(t.Context(), f.db.App, later, f.keys.LogOfficer(), anchored...); err != nil {
		t.Errorf("a later day: %v", err)
	}
	if o, err := translog.ShowFolder(t.Context(), folder, id, f.keys.LogOfficer()); err != nil || string(o.Intent.Request) != `{"since":"CK0"}` {
		t.Errorf("out of the archive: %+v, %v", o.Intent, err)
	}
	err = f.db.Owner.InTx(context.Background(), func(ctx context.Context, tx *db.Tx) error {
		_, err := tx.Exec(ctx, `UPDATE translog_entry SET result = 'ok'`)
		return err
	})
	if err == nil {
		t.Error("the log is no longer guarded")
	}
	if _, err := trim(folder, year); err == nil {
		t.Error("emptied twice")
	}
	f.tamper(`DELETE FROM translog_entry WHERE seq = 2 AND octet_length(canonical) = 0`)
	if r := f.verify(translog.Checks{}); r.Good() {
		t.Error("a dropped entry of an emptied day is not seen")
	}
}
