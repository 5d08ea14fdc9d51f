package web_test

import (
	"encoding/json"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/uuid"

	"jingfang/integration/translog"
	"jingfang/session/identity"
)

// twoDays has a day that is over and one that goes on.
func twoDays(t *testing.T) *readingRoom {
	r := newReadingRoom(t, true)
	r.people()
	r.pull("CK1", "一")
	r.anchor()
	r.forward(24 * time.Hour)
	r.pull("CK2", "二")
	return r
}

func (r *readingRoom) act(path string, fields ...string) (int, string) {
	r.t.Helper()
	form := url.Values{"command_id": {uuid.NewString()}}
	for i := 0; i+1 < len(fields); i += 2 {
		form.Set(fields[i], fields[i+1])
	}
	return r.post(path, form)
}

// archived waits until the work is over and gives the page then.
func (r *readingRoom) archived() string {
	r.t.Helper()
	tick := time.NewTicker(5 * time.Millisecond)
	defer tick.Stop()
	for {
		_, body := r.get("/transferlog/archive")
		if !strings.Contains(body, "正在归档") {
			return body
		}
		select {
		case <-tick.C:
		case <-r.t.Context().Done():
			r.t.Fatal("it never ends")
		}
	}
}

func TestArchiveNeedsTwo(t *testing.T) {
	r := twoDays(t)
	if _, body := r.get("/transferlog/archive"); !strings.Contains(body, "2026-11-23") || !strings.Contains(body, "还在写") || !strings.Contains(body, "未归档") || !strings.Contains(body, "申请归档") {
		t.Fatalf("before: %s", body)
	}
	for name, x := range map[string]struct{ before, reason, want string }{
		"a day that goes on": {"2026-11-25", "每月归档", "只能归档已经结束"}, "no day": {"昨天", "每月归档", "日期无法识别"},
		"no reason": {"2026-11-24", " ", "请写明归档的原因"}, "nothing there": {"2026-11-20", "每月归档", "没有要做的"},
	} {
		if status, body := r.act("/transferlog/archive", "before", x.before, "reason", x.reason); status != 200 || !strings.Contains(body, x.want) {
			t.Errorf("%s: %d %s", name, status, body)
		}
	}
	if status, body := r.act("/transferlog/archive", "before", "2026-11-24", "reason", "每月归档"); status != 200 || !strings.Contains(body, "等待另一位") || strings.Contains(body, "确认并开始") {
		t.Fatalf("asked: %d %s", status, body)
	}
	if _, body := r.act("/transferlog/archive", "before", "2026-11-24", "reason", "再一次"); !strings.Contains(body, "已有一份归档申请") {
		t.Errorf("asked twice: %s", body)
	}
	if _, body := r.act("/transferlog/archive/1", "decision", "confirm"); !strings.Contains(body, "归档要两个人") {
		t.Errorf("confirmed by the one who asked: %s", body)
	}
	if _, body := r.act("/transferlog/archive/run"); strings.Contains(body, "归档完成") {
		t.Errorf("done without a second person: %s", body)
	}
	r.become(3, identity.Pharmacist)
	if status, _ := r.act("/transferlog/archive/1", "decision", "confirm"); status != 403 {
		t.Errorf("a pharmacist confirms: %d", status)
	}
	r.become(2, identity.SysAdmin)
	if _, body := r.get("/transferlog/archive"); !strings.Contains(body, "确认并开始归档") || !strings.Contains(body, "每月归档") {
		t.Errorf("the second person: %s", body)
	}
	r.act("/transferlog/archive/1", "decision", "confirm")
	if body := r.archived(); !strings.Contains(body, "归档完成：1 天，2 条") || !strings.Contains(body, "演示审计员 申请，演示系统管理员 确认") {
		t.Errorf("done: %s", body)
	}
	f, err := translog.OpenFolder(filepath.Join(r.archive, "translog-2026-11-23"))
	if err != nil {
		t.Fatal(err)
	}
	if report, _, err := translog.VerifyFolder(t.Context(), f, nil); err != nil || !report.Good() || report.Entries != 2 {
		t.Errorf("the folder: %+v, %v", report, err)
	}
	list, err := translog.List(t.Context(), r.App, translog.Filter{Service: "log.archive", Key: "2026-11-23", Keys: r.keys})
	if err != nil || len(list) != 1 || list[0].Result != translog.OK || list[0].StaffID != 2 || list[0].Direction != translog.Out {
		t.Errorf("its own entry: %+v, %v", list, err)
	}
	for _, event := range []string{"transferlog.archive_ask", "transferlog.archive_confirm", "transferlog.archive"} {
		if n := r.events(event, "ok"); n != 1 {
			t.Errorf("%s stands %d times in the audit", event, n)
		}
	}
}

// Of two who decide at once one does.
func TestArchiveIsDecidedOnce(t *testing.T) {
	r := twoDays(t)
	r.act("/transferlog/archive", "before", "2026-11-24", "reason", "每月归档")
	r.become(2, identity.SysAdmin)
	var refused atomic.Int64
	var wait sync.WaitGroup
	for i := range 6 {
		wait.Go(func() {
			_, body := r.act("/transferlog/archive/1", "decision", []string{"confirm", "withdraw"}[i%2])
			if strings.Contains(body, "这份申请已由") || strings.Contains(body, "这份申请已撤回") {
				refused.Add(1)
			}
		})
	}
	wait.Wait()
	if refused.Load() != 5 {
		t.Errorf("%d of 6 were told that it is decided", refused.Load())
	}
	r.archived()
	if n := r.events("transferlog.archive_confirm", "ok") + r.events("transferlog.archive_withdraw", "ok"); n != 1 {
		t.Errorf("%d decisions in the audit", n)
	}
}

// A folder that was written before the program ended, and not noted, is taken.
func TestArchiveGoesOn(t *testing.T) {
	r := twoDays(t)
	r.act("/transferlog/archive", "before", "2026-11-24", "reason", "每月归档")
	if _, err := translog.WriteFolder(t.Context(), r.App, translog.Export{Day: "2026-11-23", Dir: r.archive, By: "中断", Keys: r.keys}); err != nil {
		t.Fatal(err)
	}
	r.become(2, identity.SysAdmin)
	r.act("/transferlog/archive/1", "decision", "confirm")
	if body := r.archived(); !strings.Contains(body, "归档完成：1 天") {
		t.Errorf("%s", body)
	}
}

func TestBrokenDayIsNamedAndNotArchived(t *testing.T) {
	r := twoDays(t)
	r.tamper(`UPDATE translog_entry SET canonical = set_byte(canonical, length(canonical) - 20, (get_byte(canonical, length(canonical) - 20) # 1)) WHERE seq = 2`)
	r.act("/transferlog/archive", "before", "2026-11-24", "reason", "每月归档")
	r.become(2, identity.SysAdmin)
	r.act("/transferlog/archive/1", "decision", "confirm")
	if body := r.archived(); !strings.Contains(body, "2026-11-23 没有通过核对") || !strings.Contains(body, "第 2 条被改动") || !strings.Contains(body, "继续归档") {
		t.Errorf("%s", body)
	}
}

// After the retention the page names the command; the program's user cannot do it,
// and once it was done the page says so.
func TestTrimIsTheOwners(t *testing.T) {
	r := twoDays(t)
	r.act("/transferlog/archive", "before", "2026-11-24", "reason", "每月归档")
	r.become(2, identity.SysAdmin)
	r.act("/transferlog/archive/1", "decision", "confirm")
	folder := filepath.Join(r.archive, "translog-2026-11-23")
	if body := r.archived(); strings.Contains(body, "transferlog trim") {
		t.Error("emptying is offered before its time")
	}
	r.forward(10 * 366 * 24 * time.Hour)
	if _, body := r.get("/transferlog/archive"); !strings.Contains(body, "jingfang transferlog trim -folder "+folder) {
		t.Errorf("after ten years: %s", body)
	}
	f, err := translog.OpenFolder(folder)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := translog.Trim(t.Context(), r.Owner, identity.System("test"), f, 3652*24*time.Hour, "系统管理员"); err != nil {
		t.Fatal(err)
	}
	if _, body := r.get("/transferlog/archive"); !strings.Contains(body, "正文只在归档里") || strings.Contains(body, "transferlog trim") {
		t.Errorf("emptied: %s", body)
	}
	if err := os.RemoveAll(folder); err != nil {
		t.Fatal(err)
	}
	_, body := r.send("GET", "/transferlog/archive", "application/json", "", nil)
	var days []struct {
		Day     string
		Emptied bool
	}
	if err := json.Unmarshal([]byte(body), &days); err != nil || len(days) != 2 || !days[1].Emptied || days[0].Emptied {
		t.Errorf("for programs: %s, %v", body, err)
	}
}
