package main

import (
	"bytes"
	"context"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"testing"

	"jingfang/integration/wire"
)

// screen is a writer that tells when the last line has come.
type screen struct {
	mu    sync.Mutex
	text  bytes.Buffer
	ready chan struct{}
}

func (s *screen) Write(p []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	n, err := s.text.Write(p)
	if strings.Contains(string(p), "Ctrl+C") {
		close(s.ready)
	}
	return n, err
}

func TestRun(t *testing.T) {
	s := &screen{ready: make(chan struct{})}
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error, 1)
	go func() {
		done <- run(ctx, []string{"-his", "127.0.0.1:0", "-control", "127.0.0.1:0", "-receipts", "3"}, s)
	}()
	select {
	case <-s.ready:
	case err := <-done:
		t.Fatalf("ended: %v", err)
	}
	found := regexp.MustCompile(`http://127\.0\.0\.1:\d+`).FindAllString(s.text.String(), -1)
	if len(found) < 2 || !strings.Contains(s.text.String(), "3 张待取") {
		t.Fatalf("printed:\n%s", s.text.String())
	}
	if text := post(t, found[0]+wire.PathReceipts, "{}"); !strings.Contains(text, wire.CodeBadRequest) {
		t.Errorf("an unsigned request got %s", text)
	}
	if text := post(t, found[1]+"/control/receipts", `{"lines":1,"packs":1}`); !strings.Contains(text, "DEMO001") {
		t.Errorf("control answered %s", text)
	}
	cancel()
	if err := <-done; err != nil {
		t.Error(err)
	}
}

func post(t *testing.T, url, body string) string {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), "POST", url, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	resp, err := http.DefaultClient.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = resp.Body.Close() }()
	text, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

func TestRunRefuses(t *testing.T) {
	for name, args := range map[string][]string{
		"open control":  {"-control", "0.0.0.0:9309"},
		"no port":       {"-control", "127.0.0.1"},
		"short secret":  {"-secret", "x"},
		"extra":         {"now"},
		"unknown flag":  {"-his2", "x"},
		"bad receipts":  {"-lines", "99"},
		"taken address": {"-his", "256.0.0.1:1"},
	} {
		if err := run(t.Context(), args, io.Discard); err == nil {
			t.Errorf("%s: accepted", name)
		}
	}
}

// The stand-in talks as a mapping file says; a file with a mistake in it, or none at
// all, is refused with its key.
func TestPlatformFile(t *testing.T) {
	if _, err := dialect("../../deploy/platform.example.json"); err != nil {
		t.Error(err)
	}
	bad := filepath.Join(t.TempDir(), "p.json")
	if err := os.WriteFile(bad, []byte(`{"systems":{"his":{"envelope":"corba"}}}`), 0o600); err != nil {
		t.Fatal(err)
	}
	for path, want := range map[string]string{bad: "systems.his.envelope", "nowhere.json": "读不到"} {
		if _, err := dialect(path); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v", path, err)
		}
	}
}
