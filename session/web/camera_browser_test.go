package web_test

import (
	"bytes"
	"image"
	"image/color"
	"image/draw"
	"image/jpeg"
	"os"
	"path/filepath"
	"testing"

	"github.com/boombuler/barcode"
	"github.com/boombuler/barcode/code128"
	"github.com/boombuler/barcode/datamatrix"
	"github.com/boombuler/barcode/qr"
	"github.com/chromedp/chromedp"

	"jingfang/session"
	"jingfang/static"
	"jingfang/static/browsertest"
)

// scene is what lies on the table: a patient's label and two boxes, one with a bar
// code and one with a Data Matrix. Texts that are "" are not there.
func (d *desk) scene(label, flat, small string) image.Image {
	d.t.Helper()
	picture := image.NewRGBA(image.Rect(0, 0, 1280, 720))
	draw.Draw(picture, picture.Bounds(), image.NewUniform(color.Gray{Y: 150}), image.Point{}, draw.Src)
	put := func(code barcode.Barcode, err error, at image.Rectangle) {
		d.must(err)
		code, err = barcode.Scale(code, at.Dx(), at.Dy())
		d.must(err)
		draw.Draw(picture, at.Inset(-24), image.White, image.Point{}, draw.Src)
		draw.Draw(picture, at, code, image.Point{}, draw.Src)
	}
	if label != "" {
		code, err := qr.Encode(label, qr.H, qr.AlphaNumeric)
		put(code, err, image.Rect(300, 120, 500, 320))
	}
	if flat != "" {
		code, err := code128.Encode(flat)
		put(code, err, image.Rect(560, 150, 980, 260))
	}
	if small != "" {
		code, err := datamatrix.Encode(small)
		put(code, err, image.Rect(600, 400, 760, 560))
	}
	return picture
}

func (d *desk) jpeg(name string, picture image.Image) string {
	d.t.Helper()
	var body bytes.Buffer
	d.must(jpeg.Encode(&body, picture, &jpeg.Options{Quality: 90}))
	path := filepath.Join(d.t.TempDir(), name)
	d.must(os.WriteFile(path, body.Bytes(), 0o644))
	return path
}

// camera are flags that give Chromium a camera before which the picture lies.
func (d *desk) camera(picture image.Image) []chromedp.ExecAllocatorOption {
	d.t.Helper()
	browsertest.Decoder(d.t)
	return []chromedp.ExecAllocatorOption{chromedp.Flag("use-fake-device-for-media-stream", true), chromedp.Flag("use-fake-ui-for-media-stream", true),
		chromedp.Flag("use-file-for-fake-video-capture", d.jpeg("film.mjpeg", picture))}
}

// One press of the camera's button: the label and the two boxes before it become a
// visit with two lines.
func TestTheCameraAtTheTable(t *testing.T) {
	d := newDesk(t, 4, 2)
	b := openScreen(t, 390, 844, d.camera(d.scene(d.tokens[0], d.codes[0], d.codes[1]))...)
	b.Go(d.url + d.path(""))
	b.Live()
	b.Shot("camera-table-before")
	b.Run(`document.querySelector("#desk [data-camera]").click()`)
	b.Shows(".patient-number", "1")
	b.Shows("#desk .hero", "2")
	b.Shows(".finder-say", "已读 3 个")
	b.Until(`document.querySelector("#desk [data-camera]").getAttribute("aria-pressed") === "true"`)
	b.Shot("camera-table")
	if n := d.rows(`SELECT count(*) FROM visit_line WHERE undone_at IS NULL AND how = 'scanned'`); n != 2 {
		t.Errorf("%d lines were scanned", n)
	}
	b.Run(`document.querySelector('#desk form[action$="/finish"] button').click()`)
	b.Shows("#band", "1 号诊毕，共 2 盒")
	report, err := session.VerifyRecords(t.Context(), d.App, d.id)
	if err != nil || report.Problem != "" || report.Records != 1 {
		t.Errorf("%+v, %v", report, err)
	}
}

// The device keeps the decoder once it has been used: after a reload without a link
// the camera scans all the same, and what it read is sent when the link is back.
func TestTheCameraWithoutALink(t *testing.T) {
	d := newDesk(t, 4, 2)
	b := d.sealed(390, 844, d.camera(d.scene(d.tokens[0], d.codes[0], d.codes[1]))...)
	b.Until(`navigator.serviceWorker.controller !== null`)
	b.cached(d.path("/shell"))
	b.Run(`navigator.mediaDevices.getUserMedia = function () { return Promise.reject(new DOMException("", "NotAllowedError")); }`)
	b.Run(`document.querySelector("#desk [data-camera]").click()`)
	b.Shows(".finder-say", "没有得到允许")
	b.Do(chromedp.SetUploadFiles(".finder input", []string{d.jpeg("empty.jpg", d.scene("", "", ""))}))
	b.Shows(".finder-say", "没有找到条码")
	files := static.DecoderFiles()
	for _, address := range []string{files.Worker, files.Reader, files.Wasm} {
		b.cached(address)
	}
	d.wire(cut)
	b.Go(d.url + d.path(""))
	b.Shows("main", "连不上服务器")
	b.Until(`document.querySelector("#desk[data-off] [data-camera]")`)
	b.Run(`document.querySelector("#desk [data-camera]").click()`)
	b.Shows("#desk[data-off] .hero", "2")
	b.Shot("camera-offline")
	d.wire(whole)
	b.Until(`!document.querySelector("[data-shell]") && window.jingfang && window.jingfang.offline && window.jingfang.offline.ready()`)
	b.sent()
	b.Shows(".hero", "2")
	if n := d.rows(`SELECT count(*) FROM visit_line WHERE undone_at IS NULL`); n != 2 {
		t.Errorf("%d lines", n)
	}
}

// The page that asks for one code opens it.
func TestTheCameraAsksForACode(t *testing.T) {
	d := newDesk(t, 1, 1)
	b := openScreen(t, 390, 844, d.camera(d.scene("", "", d.codes[0]))...)
	b.Go(d.url + "/trace")
	b.Until(`document.querySelector("main [data-camera]")`)
	b.Run(`document.querySelector("main [data-camera]").click()`)
	b.Until(`location.href.indexOf("q=") > 0 || location.pathname.length > 7`)
	b.Shows("main", "演示利培酮片")
	b.Until(`!document.querySelector(".finder")`)
	b.Shot("camera-trace")
}
