package page

import (
	"bytes"
	"fmt"
	"image"
	"image/color"
	"image/draw"
	"image/jpeg"
	"image/png"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/boombuler/barcode"
	"github.com/boombuler/barcode/code128"
	"github.com/boombuler/barcode/datamatrix"
	"github.com/boombuler/barcode/qr"
	"github.com/chromedp/chromedp"

	"jingfang/static/browsertest"
)

// Codes of the three kinds, as boxes and labels bear them.
const (
	flatCode   = "80000010000000000017"
	squareCode = "https://www.mashangfangxin.com/drugQueryResult?code=80000010000000000024"
	smallCode  = "80000010000000000031"
	gs1Code    = "010697000000001721A0001\x1d10L1"
	bareLink   = "https://example.com/taste"

	fnc1 = "\xe8" // datamatrix.FNC1, a byte of its own
)

// drawn is a code at a place of a picture, w by h pixels without the white margin.
type drawn struct {
	code       barcode.Barcode
	x, y, w, h int
}

func drawnOf(t *testing.T, kind, text string, x, y, w, h int) drawn {
	t.Helper()
	var code barcode.Barcode
	var err error
	switch kind {
	case "flat":
		code, err = code128.Encode(text)
	case "square":
		code, err = qr.Encode(text, qr.M, qr.Auto)
	case "small":
		code, err = datamatrix.Encode(text)
	case "gs1":
		code, err = datamatrix.Encode(fnc1 + strings.ReplaceAll(text, "\x1d", fnc1))
	}
	if err != nil {
		t.Fatal(err)
	}
	return drawn{code, x, y, w, h}
}

// scene is what a camera sees: boxes of grey card with codes on white.
func scene(t *testing.T, codes ...drawn) *image.RGBA {
	t.Helper()
	picture := image.NewRGBA(image.Rect(0, 0, 1280, 720))
	draw.Draw(picture, picture.Bounds(), image.NewUniform(color.Gray{Y: 150}), image.Point{}, draw.Src)
	for _, d := range codes {
		scaled, err := barcode.Scale(d.code, d.w, d.h)
		if err != nil {
			t.Fatal(err)
		}
		at := image.Rect(d.x, d.y, d.x+d.w, d.y+d.h)
		draw.Draw(picture, at.Inset(-24), image.White, image.Point{}, draw.Src)
		draw.Draw(picture, at, scaled, image.Point{}, draw.Src)
	}
	return picture
}

// film writes a picture as a video of MJPEG, which Chromium's stand-in camera shows
// again and again.
func film(t *testing.T, picture image.Image) string {
	t.Helper()
	var body bytes.Buffer
	if err := jpeg.Encode(&body, picture, &jpeg.Options{Quality: 90}); err != nil {
		t.Fatal(err)
	}
	return fileOf(t, "film.mjpeg", body.Bytes())
}

func photoOf(t *testing.T, picture image.Image) string {
	t.Helper()
	var body bytes.Buffer
	if err := png.Encode(&body, picture); err != nil {
		t.Fatal(err)
	}
	return fileOf(t, "photo.png", body.Bytes())
}

func fileOf(t *testing.T, name string, body []byte) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), name)
	if err := os.WriteFile(path, body, 0o644); err != nil {
		t.Fatal(err)
	}
	return path
}

// cameraFlags give Chromium a camera that shows a film to whoever asks.
func cameraFlags(path string) []chromedp.ExecAllocatorOption {
	return []chromedp.ExecAllocatorOption{chromedp.Flag("use-fake-device-for-media-stream", true), chromedp.Flag("use-fake-ui-for-media-stream", true), chromedp.Flag("use-file-for-fake-video-capture", path)}
}

// openCamera is the table on a phone whose camera sees the picture. before runs in
// the page ahead of its own scripts.
func openCamera(t *testing.T, before string, picture image.Image) (*desk, browser) {
	t.Helper()
	browsertest.Decoder(t)
	d, url := startDesk(t)
	for range 50 {
		d.hold <- struct{}{} // every scan is answered at once
	}
	b := newBrowser(t, cameraFlags(film(t, picture))...)
	b.visit(url, before)
	return d, b
}

// visit opens the table. The page counts the looks at the camera's picture, sees
// nothing while window.blind is set, and keeps the track where a test finds it.
func (b browser) visit(url, before string) {
	b.T.Helper()
	b.Do(chromedp.EmulateViewport(390, 844), browsertest.Before(`
			window.looks = 0;
			(function () {
				var real = window.createImageBitmap;
				window.createImageBitmap = function (from, x, y, w, h) {
					if (from.tagName !== 'VIDEO') return real.apply(window, arguments);
					window.looks++;
					if (!window.blind) return real.apply(window, arguments);
					var nothing = document.createElement('canvas');
					nothing.width = w;
					nothing.height = h;
					nothing.getContext('2d').fillRect(0, 0, w, h);
					return real(nothing);
				};
				if (!navigator.mediaDevices) return;
				var ask = navigator.mediaDevices.getUserMedia.bind(navigator.mediaDevices);
				navigator.mediaDevices.getUserMedia = function (what) { return ask(what).then(function (s) { window.track = s.getVideoTracks()[0]; return s; }); };
			})();`+before))
	b.Go(url)
	b.Until(`document.querySelector('[data-camera]') !== null`)
}

// press clicks an element by script: a person's finger is no part of what is tried.
func (b browser) press(selector string) {
	b.T.Helper()
	b.Script(fmt.Sprintf(`document.querySelector(%q).dispatchEvent(new MouseEvent('click', { bubbles: true, cancelable: true }))`, selector))
}

// finder waits until the viewfinder says something.
func (b browser) finder(text string) {
	b.T.Helper()
	b.Until(fmt.Sprintf(`document.querySelector('.finder-say') !== null && document.querySelector('.finder-say').textContent.indexOf(%q) >= 0`, text))
}

// looked waits for that many more looks at the camera's picture.
func (b browser) looked(more int) {
	b.T.Helper()
	b.Script(fmt.Sprintf(`window.enough = window.looks + %d`, more))
	b.Until(`window.looks >= window.enough`)
}

// codesOf are the codes that the commands carried, in the order of the alphabet.
func codesOf(commands []string) []string {
	var all []string
	for _, c := range commands {
		all = append(all, strings.Split(strings.ReplaceAll(c, "\r", ""), "\n")...)
	}
	slices.Sort(all)
	return all
}

// Codes of the three kinds that come into view together go out together, as they
// were read, once; what is only a link stays here.
func TestCameraScansSeveralCodesAtOnce(t *testing.T) {
	d, b := openCamera(t, "", scene(t,
		drawnOf(t, "flat", flatCode, 240, 90, 420, 110), drawnOf(t, "square", squareCode, 740, 90, 222, 222),
		drawnOf(t, "small", smallCode, 300, 300, 160, 160), drawnOf(t, "gs1", gs1Code, 560, 420, 200, 200),
		drawnOf(t, "square", bareLink, 830, 420, 200, 200)))
	b.Script(`window.alive = 0; window.jingfang.active = function () { window.alive++; }`)
	b.press("[data-camera]")
	b.Until(`document.querySelectorAll('.finder-marks .finder-code').length === 4 && document.querySelectorAll('.finder-marks .finder-other').length === 1`)
	waitFor(t, func() bool { return len(d.got()) == 1 })
	b.Shot("camera-several")
	want := []string{flatCode, squareCode, smallCode, gs1Code}
	slices.Sort(want)
	if got := codesOf(d.got()); !slices.Equal(got, want) {
		t.Errorf("the server got %q, want %q", got, want)
	}
	b.Until(`document.querySelector('[data-camera]') !== null && !document.querySelector('[data-sending]')`)
	b.looked(20)
	if got := d.got(); len(got) != 1 {
		t.Errorf("codes that stay in view were sent again: %q", got)
	}
	b.finder("已读 4 个")
	if signs := b.Text(`String(window.alive)`); signs != "1" {
		t.Errorf("%s signs of life for one moment's codes", signs)
	}
}

// A code that has left the view and comes back is a scan again, as a patient's label
// is shown twice; a moment out of sight is none. The page's clock stands still here.
func TestCameraScansAgainWhatComesBack(t *testing.T) {
	d, b := openCamera(t, `(function () {
		var start = Date.now();
		window.later = 0;
		Date.now = function () { return start + window.later; };
	})();`, scene(t, drawnOf(t, "square", squareCode, 500, 240, 240, 240)))
	b.press("[data-camera]")
	b.finder("已读")
	waitFor(t, func() bool { return len(d.got()) == 1 })
	away := func(ms int) {
		b.Script(`window.blind = true`)
		b.Until(`document.querySelectorAll('.finder-marks polygon').length === 0`)
		b.Script(fmt.Sprintf(`window.later += %d; window.blind = false`, ms))
		b.Until(`document.querySelectorAll('.finder-marks polygon').length === 1`)
		b.looked(3)
	}
	away(2900)
	if got := d.got(); len(got) != 1 {
		t.Errorf("a moment out of sight made a scan: %q", got)
	}
	away(3100)
	waitFor(t, func() bool { return len(d.got()) == 2 })
	if got := codesOf(d.got()); got[0] != squareCode || got[1] != squareCode {
		t.Errorf("the server got %q", got)
	}
	b.press("[data-camera]")
	b.Until(`!document.querySelector('.finder') && window.track.readyState === 'ended'`)
}

// The camera is off when the page is out of sight, and goes on after; the lock and a
// new page let it go.
func TestCameraStops(t *testing.T) {
	_, b := openCamera(t, "", scene(t))
	sight := func(hidden bool) {
		b.Script(fmt.Sprintf(`Object.defineProperty(document, 'hidden', { configurable: true, value: %t }); document.dispatchEvent(new Event('visibilitychange'))`, hidden))
	}
	b.press("[data-camera]")
	b.looked(2)
	b.Until(`document.querySelector('[data-torch]').hidden`)
	b.Script(`window.first = window.track`)
	sight(true)
	b.Until(`window.first.readyState === 'ended' && document.querySelector('.finder video').srcObject === null`)
	sight(false)
	b.Until(`window.track !== window.first && window.track.readyState === 'live'`)
	b.looked(2)
	b.Script(`document.dispatchEvent(new CustomEvent('jingfang:lock'))`)
	b.Until(`window.track.readyState === 'ended' && !document.querySelector('.finder')`)
	b.press("[data-camera]")
	b.Until(`window.track.readyState === 'live'`)
	b.Script(`window.dispatchEvent(new Event('pagehide'))`)
	b.Until(`window.track.readyState === 'ended' && !document.querySelector('.finder')`)
}

// A code that is read is a sign of life, told to the server; when that says that the
// screen is locked, the camera is off before the lock page comes.
func TestTheLockTakesTheCamera(t *testing.T) {
	_, b := openCamera(t, `new MutationObserver(function () {
		if (document.body && location.pathname === '/') document.body.dataset.lockAfter = '600';
	}).observe(document, { childList: true, subtree: true });`, scene(t, drawnOf(t, "flat", flatCode, 440, 300, 420, 110)))
	b.Script(`document.addEventListener('jingfang:lock', function () { localStorage.setItem('track', window.track.readyState); })`)
	b.press("[data-camera]")
	b.Until(`location.pathname === '/lock'`)
	if got := b.Text(`localStorage.getItem('track')`); got != "ended" {
		t.Errorf("the camera was %q when the screen was locked", got)
	}
}

// On the first use the picture is there before the decoder is: the viewfinder says
// what it waits for.
func TestTheDecoderIsLate(t *testing.T) {
	_, b := openCamera(t, `window.Worker = class { postMessage() {} };`, scene(t))
	b.press("[data-camera]")
	b.finder("第一次要等一会儿")
	b.Until(`document.querySelector('.finder video').videoWidth > 0`)
}

// Nothing new for a long time: the camera rests, and a touch wakes it.
func TestCameraRests(t *testing.T) {
	_, b := openCamera(t, "", scene(t))
	b.press("[data-camera]")
	b.looked(2)
	b.Script(`(function () { var now = Date.now; Date.now = function () { return now() + 91000; }; })()`)
	b.finder("省电")
	b.Until(`window.track.readyState === 'ended'`)
	b.Shot("camera-rests")
	b.press(".finder video")
	b.finder("放进画面")
	b.Until(`window.track.readyState === 'live'`)
}

// A photo does what the camera does, where the address is not safe enough for one.
func TestAPhotoWhereNoCameraIsAllowed(t *testing.T) {
	browsertest.Decoder(t)
	d, url := startDesk(t)
	for range 9 {
		d.hold <- struct{}{}
	}
	b := newBrowser(t, chromedp.Flag("host-resolver-rules", "MAP clinic.test 127.0.0.1"))
	b.Allow("Cross-Origin-Opener-Policy") // which such an address cannot have
	b.visit(strings.Replace(url, "127.0.0.1", "clinic.test", 1), "")
	b.press("[data-camera]")
	b.finder("要用 HTTPS 打开。可以拍照识别")
	b.Shot("camera-insecure")
	b.choose(photoOf(t, scene(t)))
	b.finder("没有找到条码")
	b.choose(photoOf(t, scene(t, drawnOf(t, "square", bareLink, 500, 200, 200, 200))))
	b.finder("只是网址")
	b.choose(fileOf(t, "text.png", []byte("no picture")))
	b.finder("打不开")
	if got := d.got(); len(got) != 0 {
		t.Errorf("the server got %q", got)
	}
	both := photoOf(t, scene(t, drawnOf(t, "flat", flatCode, 100, 90, 420, 110), drawnOf(t, "small", smallCode, 900, 400, 160, 160)))
	b.choose(both)
	b.finder("读到 2 个码")
	waitFor(t, func() bool { return len(d.got()) == 1 })
	if got := codesOf(d.got()); !slices.Equal(got, []string{flatCode, smallCode}) {
		t.Errorf("the server got %q", got)
	}
	b.choose(both) // the same photo, on purpose
	waitFor(t, func() bool { return len(d.got()) == 2 })
}

// choose gives the viewfinder a photo.
func (b browser) choose(path string) {
	b.T.Helper()
	b.Do(chromedp.SetUploadFiles(".finder input", []string{path}))
}

// Without a camera, or without leave to use it, the viewfinder says so and takes
// photos.
func TestNoCamera(t *testing.T) {
	browsertest.Decoder(t)
	_, url := startDesk(t)
	b := newBrowser(t)
	b.visit(url, "")
	b.press("[data-camera]")
	b.finder("没有找到摄像头")
	b.Until(`document.querySelector('.finder').dataset.state === 'photo'`)
	b.press("[data-close]")
	b.Until(`!document.querySelector('.finder') && document.querySelector('[data-camera]').getAttribute('aria-pressed') === 'false'`)
}

func TestRefusedCamera(t *testing.T) {
	browsertest.Decoder(t)
	_, url := startDesk(t)
	b := newBrowser(t, chromedp.Flag("use-fake-device-for-media-stream", true), chromedp.Flag("deny-permission-prompts", true))
	b.visit(url, "")
	b.press("[data-camera]")
	b.finder("没有得到允许")
	b.Until(`document.querySelector('.finder').dataset.state === 'photo'`)
	b.Shot("camera-refused")
}

// A browser in which WebAssembly is not allowed to a worker, as before Chromium 97,
// says so in a sentence. The stand-in is a worker under the pages' own policy.
func TestCameraInAnOldBrowser(t *testing.T) {
	d, b := openCamera(t, `(function () {
		var Real = window.Worker;
		window.Worker = function (url) { return new Real(url.replace('/static/', '/old/')); };
	})();`, scene(t))
	b.press("[data-camera]")
	b.finder("浏览器太旧")
	b.Until(`document.querySelector('.finder').dataset.state === 'none' && (!window.track || window.track.readyState === 'ended')`)
	b.Shot("camera-old")
	if got := d.got(); len(got) != 0 {
		t.Errorf("the server got %q", got)
	}
}

// The browser's own detector is preferred, and left where it does not work. The
// stand-in is a small class of the page's that "reads" one code.
func TestTheBrowsersOwnDetector(t *testing.T) {
	for name, detect := range map[string]string{
		"works": `window.detected = (window.detected || 0) + 1; return Promise.resolve(p.tagName ? [] : [{ rawValue: '` + smallCode + `', cornerPoints: [{x:9,y:9},{x:99,y:9},{x:99,y:99},{x:9,y:99}] }]);`,
		"fails": `return Promise.reject(new DOMException('Barcode detection service unavailable.', 'NotSupportedError'));`,
	} {
		t.Run(name, func(t *testing.T) {
			d, b := openCamera(t, `window.BarcodeDetector = class {
				static getSupportedFormats() { return Promise.resolve(['qr_code', 'code_128', 'data_matrix', 'ean_13']); }
				detect(p) { `+detect+` }
			};`, scene(t, drawnOf(t, "flat", flatCode, 440, 300, 420, 110)))
			b.press("[data-camera]")
			b.finder("已读")
			waitFor(t, func() bool { return len(d.got()) == 1 })
			want := map[string]string{"works": smallCode, "fails": flatCode}[name]
			if got := d.got(); got[0] != want {
				t.Errorf("the server got %q, want %q", got, want)
			}
			loaded := b.Text(`String(performance.getEntriesByType('resource').some(function (r) { return /decode[.]js/.test(r.name); }))`)
			if (loaded == "true") != (name == "fails") {
				t.Errorf("the decoder was loaded: %s", loaded)
			}
		})
	}
}

// The lamp: a stand-in for a track that has one, which Chromium's camera has not.
func TestCameraTorch(t *testing.T) {
	_, b := openCamera(t, `
		MediaStreamTrack.prototype.getCapabilities = function () { return { torch: true }; };
		MediaStreamTrack.prototype.applyConstraints = function (c) { window.lamp = c.advanced[0].torch; return window.broken ? Promise.reject(new Error('dark')) : Promise.resolve(); };`, scene(t))
	b.press("[data-camera]")
	b.Until(`document.querySelector('[data-torch]') && !document.querySelector('[data-torch]').hidden`)
	b.Shot("camera-torch")
	b.press("[data-torch]")
	b.Until(`window.lamp === true && document.querySelector('[data-torch]').getAttribute('aria-pressed') === 'true'`)
	b.press("[data-torch]")
	b.Until(`window.lamp === false && document.querySelector('[data-torch]').getAttribute('aria-pressed') === 'false'`)
	b.Script(`window.broken = true`)
	b.press("[data-torch]")
	b.finder("灯打不开")
}

// The decoder is loaded when it is first used, in a worker whose policy is its own;
// the page may still not compile anything.
func TestTheDecoderHasAPolicyOfItsOwn(t *testing.T) {
	_, b := openCamera(t, "", scene(t, drawnOf(t, "flat", flatCode, 440, 300, 420, 110)))
	if used := b.Text(`performance.getEntriesByType('resource').map(function (r) { return r.name; }).filter(function (n) { return /decode|zxing/.test(n); }).join()`); used != "" {
		t.Errorf("loaded before anybody asked: %s", used)
	}
	b.press("[data-camera]")
	b.finder("已读 1 个")
	if compiled := b.Text(`(function () { try { new WebAssembly.Module(new Uint8Array([0, 97, 115, 109, 1, 0, 0, 0])); return 'compiled'; } catch (e) { return 'blocked'; } })()`); compiled != "blocked" {
		t.Error("a page may compile WebAssembly")
	}
}

// A decoder that does not arrive is asked for again at the next try; a program built
// without it says what is missing.
func TestTheDecoderIsLost(t *testing.T) {
	d, b := openCamera(t, `(function () {
		var Real = window.Worker;
		window.Worker = function (url) { return new Real(window.mended ? url : '/nowhere.js'); };
	})();`, scene(t, drawnOf(t, "flat", flatCode, 440, 300, 420, 110)))
	b.press("[data-camera]")
	b.finder("没有取到")
	b.Script(`window.mended = true`)
	b.press("[data-close]")
	b.Script(`Object.assign(document.getElementById('camera-finder').content.firstElementChild.dataset, { keep: JSON.stringify(document.getElementById('camera-finder').content.firstElementChild.dataset), worker: '', reader: '', wasm: '' })`)
	b.press("[data-camera]")
	b.finder("没有装识别条码的文件")
	b.Until(`document.querySelector('.finder').dataset.state === 'none'`)
	b.Script(`document.dispatchEvent(new KeyboardEvent('keydown', { key: 'Escape', bubbles: true }))`)
	b.Until(`!document.querySelector('.finder')`)
	b.Script(`(function (d) { Object.assign(d, JSON.parse(d.keep)); })(document.getElementById('camera-finder').content.firstElementChild.dataset)`)
	b.press("[data-camera]")
	b.finder("已读")
	waitFor(t, func() bool { return len(d.got()) == 1 })
}
