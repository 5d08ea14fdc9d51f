// Package browsertest opens pages in Chromium for tests and waits in them for what
// a test expects. It knows the page's scripts, htmx and its marks on a page; of the
// subjects it knows nothing. Only tests import it, so that no program carries it.
package browsertest

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"sync"
	"testing"
	"time"

	"github.com/chromedp/chromedp"

	"jingfang/static"
)

// patience bounds every wait: nothing takes so long that works, on any machine.
const patience = 2 * time.Minute

// Missing says what this machine lacks for a test in a browser, "" for nothing.
func Missing() string {
	if missing := static.Missing(); len(missing) > 0 {
		return fmt.Sprintf("front-end packages %v are missing; sh deploy/test.sh fetches them", missing)
	}
	if _, err := exec.LookPath("chromium"); err != nil {
		return "there is no Chromium on this machine; sh deploy/test.sh installs it"
	}
	return ""
}

// Lack ends the test for what the machine lacks: it skips on a laptop and fails
// where CI is set. With "" it does nothing.
func Lack(t testing.TB, why string) {
	t.Helper()
	if why != "" && os.Getenv("CI") != "" {
		t.Fatal(why)
	}
	if why != "" {
		t.Skip(why)
	}
}

// Need ends the test with Lack unless all these programs are on the machine.
func Need(t testing.TB, programs ...string) {
	t.Helper()
	for _, p := range programs {
		if _, err := exec.LookPath(p); err != nil {
			Lack(t, fmt.Sprintf("there is no %s on this machine; sh deploy/test.sh installs it", p))
		}
	}
}

// Decoder ends the test with Lack unless the camera's decoder is embedded.
func Decoder(t testing.TB) {
	t.Helper()
	if static.DecoderFiles().Reader == "" {
		Lack(t, "the decoder is missing; sh deploy/test.sh fetches it")
	}
}

// household is a test program's Chromium.
type household struct {
	mu     sync.Mutex
	mained bool            // Main runs the tests
	ctx    context.Context // nil before the first use
	cancel context.CancelFunc
}

// house is the one of this program, started on first use.
var house = new(household)

// Main runs a package's tests with one Chromium for all of them; each page lives in
// a profile of its own there. To be called from TestMain.
func Main(m *testing.M) {
	house.mu.Lock()
	house.mained = true
	house.mu.Unlock()
	code := m.Run()
	house.close()
	os.Exit(code)
}

// close ends the Chromium.
func (h *household) close() {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.cancel != nil {
		h.cancel()
	}
}

// chromium is the one that pages share, nil where Main does not run the tests. One
// that has died is replaced.
func (h *household) chromium() (context.Context, error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if !h.mained || h.ctx != nil && h.ctx.Err() == nil {
		return h.ctx, nil
	}
	if h.cancel != nil {
		h.cancel()
	}
	var err error
	h.ctx, h.cancel, err = start(nil)
	return h.ctx, err
}

// options are Chromium's for every test.
func options(flags []chromedp.ExecAllocatorOption) []chromedp.ExecAllocatorOption {
	list := append([]chromedp.ExecAllocatorOption{}, chromedp.DefaultExecAllocatorOptions[:]...)
	return append(append(list, chromedp.NoSandbox, chromedp.DisableGPU,
		chromedp.Flag("disable-quic", true), chromedp.Flag("disable-component-update", true)), flags...)
}

// start starts a Chromium that ends with its cancel.
func start(flags []chromedp.ExecAllocatorOption) (context.Context, context.CancelFunc, error) {
	ctx, end := chromedp.NewExecAllocator(context.Background(), options(flags)...)
	ctx, leave := chromedp.NewContext(ctx)
	cancel := func() {
		leave()
		end()
	}
	// The first step starts the browser, which lives as long as its context.
	if err := chromedp.Do(ctx); err != nil {
		cancel()
		return nil, nil, fmt.Errorf("start Chromium: %w", err)
	}
	return ctx, cancel, nil
}

// Open gives an empty page of that size in CSS pixels. Flags are further ones of
// Chromium's, for which it is started anew; without them pages share a Chromium
// where Main runs the tests, and no cookie, store or worker. At the end of the test
// the page is closed and what it complained about fails the test (see Allow).
func Open(t testing.TB, width, height int, flags ...chromedp.ExecAllocatorOption) *Page {
	t.Helper()
	Lack(t, Missing())
	parent, err := chromium(t, flags)
	if err != nil {
		t.Fatal(err)
	}
	return open(t, parent, width, height, chromedp.WithNewBrowserContext())
}

// chromium is the shared one, or one for this test alone.
func chromium(t testing.TB, flags []chromedp.ExecAllocatorOption) (context.Context, error) {
	t.Helper()
	if len(flags) == 0 {
		if ctx, err := house.chromium(); ctx != nil || err != nil {
			return ctx, err
		}
	}
	ctx, cancel, err := start(flags)
	if err == nil {
		t.Cleanup(cancel)
	}
	return ctx, err
}

// Tab gives another page with the same cookies and stores.
func (p *Page) Tab() *Page {
	p.T.Helper()
	return open(p.T, p.Ctx, p.width, p.height)
}

func open(t testing.TB, parent context.Context, width, height int, o ...chromedp.ContextOption) *Page {
	t.Helper()
	p := &Page{T: t, width: width, height: height}
	var cancel context.CancelFunc
	p.Ctx, cancel = chromedp.NewContext(parent, append(o, chromedp.WithListener(p.hear))...)
	t.Cleanup(cancel)
	// Not with the bounded context of Do: the first step gives the page its life.
	if err := chromedp.Do(p.Ctx, chromedp.EmulateViewport(int64(width), int64(height)), sayMissing()); err != nil {
		t.Fatalf("open a page: %v", err)
	}
	t.Cleanup(p.end)
	return p
}
