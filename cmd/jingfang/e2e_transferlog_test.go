package main

import (
	"context"
	"io"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"jingfang/session"
)

// logged is an exchange as the reader answers programs.
type logged struct {
	Exchange, System, Service, Direction, Result string
	Staff                                        int64
}

// readLog asks the reader for exchanges.
func readLog(t *testing.T, officer *caller, query url.Values) []logged {
	t.Helper()
	var list []logged
	officer.get("/transferlog?"+query.Encode()).json(t, &list)
	return list
}

// exchangeID is any exchange of the log; HIS is asked all the time.
func (w *world) exchangeID(t *testing.T) string {
	t.Helper()
	officer := person(t, w.URL, "auditor")
	var list []logged
	await(t, "an exchange with HIS is in the log", func() bool {
		list = readLog(t, officer, url.Values{"system": {"HIS"}})
		return len(list) > 0
	})
	return list[0].Exchange
}

// testTransferLog: a label, a box and 诊毕 at a table, the same off-line, and a
// paper leave entries that the log officer finds, opens with the key and sees
// whole; the exported day is read without database or server.
func (w *world) testTransferLog(t *testing.T) {
	codes := w.take(t, 1, 2)
	c := w.session(t, codes, "doctor1")
	d, officer := w.doctors[0], person(t, w.URL, "auditor")
	visit := c.start(d, w.patient(t, "日志"))
	c.scan(d, visit, codes[0])
	late := commandForm("codes", codes[1])
	late.Set("done_at", "2026-01-01T00:00:00Z")
	d.post(c.visitPath(visit, "/scans"), late)
	c.finish(d, visit)
	w.pharm.get(w.today.path("/report.pdf"))
	var scans []logged
	await(t, "the scans are in the log", func() bool {
		scans = readLog(t, officer, url.Values{"key": {visit}, "day": {""}})
		return len(scans) == 3
	})
	want := map[string]bool{"visit.scan": true, "visit.scan.replay": true, "visit.finish": true}
	for _, x := range scans {
		if !want[x.Service] || x.System != "DEVICE" || x.Direction != "in" || x.Staff == 0 {
			t.Errorf("entry %+v", x)
		}
		delete(want, x.Service)
	}
	await(t, "the paper is in the log", func() bool { return len(readLog(t, officer, url.Values{"system": {"FILE"}})) > 0 })

	first := scans[len(scans)-1].Exchange
	if r := officer.post("/transferlog/"+first+"/open", url.Values{}); r.status != 409 {
		t.Errorf("opened without the key: %d %s", r.status, r.body)
	}
	officer.post("/transferlog/key", url.Values{"passphrase": {demoPassword}})
	var opened struct {
		Key     string
		Request []byte
	}
	officer.post("/transferlog/"+first+"/open", url.Values{}).json(t, &opened)
	if opened.Key != visit || !strings.Contains(string(opened.Request), codes[0]) {
		t.Errorf("opened %q %q", opened.Key, opened.Request)
	}
	if r := w.pharm.get("/transferlog"); r.status != 403 {
		t.Errorf("a pharmacist reads the log: %d", r.status)
	}
	w.exportedLog(t, first, codes[0])
}

// exportedLog exports today's log and reads it with neither database nor keys.
func (w *world) exportedLog(t *testing.T, exchange, code string) {
	t.Helper()
	out := t.TempDir()
	day := w.base.App.Now().In(session.Zone()).Format("2006-01-02")
	run := func(env func(string) (string, bool), args ...string) string {
		t.Helper()
		var said transcript
		p := &program{args: args, env: env, in: strings.NewReader(demoPassword + "\n"), out: &said, err: io.Discard}
		if exit := p.main(context.Background()); exit != exitOK {
			t.Errorf("%v ended with %d: %s", args, exit, said.String())
		}
		return said.String()
	}
	run(environment(w.base), "transferlog", "export", "-data", w.Data, "-day", day, "-to", out)
	folder, alone := filepath.Join(out, "translog-"+day), environment(nil)
	key := filepath.Join(w.Data, officerFile)
	for _, x := range []struct {
		args []string
		want string
	}{
		{[]string{"list", "-folder", folder, "-n", "1000"}, exchange},
		{[]string{"show", "-folder", folder, "-key-file", key, exchange}, code},
		{[]string{"verify", "-folder", folder, "-key-file", key}, "没有发现改动"},
	} {
		if said := run(alone, append([]string{"transferlog"}, x.args...)...); !strings.Contains(said, x.want) {
			t.Errorf("%v said\n%s", x.args, said)
		}
	}
	if text, err := os.ReadFile(filepath.Join(folder, "opened.log")); err != nil || !strings.Contains(string(text), exchange) {
		t.Errorf("the opening is not noted in the folder: %v %s", err, text)
	}
}
