package main

import (
	"context"
	"strings"
	"testing"
)

// TestTourTwice plays the tour as "jingfang demo -tour" does, with a cluster of
// its own, and once more in the same data folder.
func TestTourTwice(t *testing.T) {
	needDatabaseBinaries(t)
	data := t.TempDir()
	for run := range 2 {
		var said transcript
		p := &program{args: []string{"demo", "-tour", "-data", data, "-addr", "127.0.0.1:0", "-password", demoPassword, "-load", "1"},
			env: environment(nil), in: strings.NewReader(""), out: &said, err: &said}
		p.ready = func(running) {
			if run == 0 {
				removeHome(t, data)
			}
		}
		if code := p.main(context.Background()); code != exitOK {
			t.Fatalf("run %d ended with %d and said:\n%s", run+1, code, said.String())
		}
		for _, line := range []string{"核对：带出 60 = 发出 31 + 带回 28 + 说明 1，每个码都有去向。", "场次报告 PDF：", "再扫码换回来，就诊和那盒药都还在", "都停了：新单", "已经补取", "校验：", "链完整"} {
			if !strings.Contains(said.String(), line) {
				t.Errorf("run %d does not say %q:\n%s", run+1, line, said.String())
			}
		}
	}
	h := &runningHouse{running: running{Data: data}}
	h.verify(t)
}
