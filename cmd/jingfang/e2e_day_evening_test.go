package main

import (
	"context"
	"encoding/hex"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/cdproto/input"
	"github.com/chromedp/chromedp"
)

// closingLines are the lines of the evening, for programs.
type closingLines struct {
	Lines []struct {
		Drug  int64 `json:"drug_id"`
		Packs int   `json:"packs"`
	}
	Missing []struct{ Code string }
}

// paste puts a text where the cursor is, all of it at once.
func paste(text string) chromedp.Action[chromedp.Void] {
	return chromedp.Func(func(ctx context.Context, t *chromedp.Target) error {
		_, err := chromedp.Call(ctx, input.InsertText, input.InsertTextParams{Text: text})
		return err
	})
}

// stop ends the dispensing with one tap in the pharmacist's room.
func (x *wholeDay) stop() {
	x.room.Click(`form[action$="/stop"] button`)
	x.room.Until(`location.pathname.endsWith('/closing')`)
	x.room.Live()
	x.evening(0, 0)
	x.each(x.tables, func(b *window) { b.Shows("#session-state", "收尾") })
}

// evening waits for the equation on the closing page: what was taken is what was
// given, is left, came home and is explained.
func (x *wholeDay) evening(home, explained int) {
	x.t.Helper()
	want := fmt.Sprintf("带出%d,发出%d", x.taken, len(x.given))
	if left := x.taken - len(x.given) - home - explained; left > 0 {
		want += fmt.Sprintf(",余%d", left)
	}
	if home > 0 {
		want += fmt.Sprintf(",带回%d", home)
	}
	if explained > 0 {
		want += fmt.Sprintf(",说明%d", explained)
	}
	x.room.Until(fmt.Sprintf(`Array.from(document.querySelectorAll('.equation-large .term')).map(function (e) {
		return e.querySelector('small').textContent + e.querySelector('b').textContent; }).join() === %q`, want))
}

// countLeft sets the steppers. Of one drug a box is not there: its boxes are
// scanned, and the one that is missing is named.
func (x *wholeDay) countLeft() {
	b := x.room
	var c closingLines
	x.world.pharm.get(x.path("/closing")).json(x.t, &c)
	short, hidden, here := x.hide(c)
	for i, l := range c.Lines {
		n, word := l.Packs, "相符"
		if i == short {
			n, word = n-1, "请扫码"
		}
		b.settled()
		for range n {
			b.Click(fmt.Sprintf(`#line-%d [data-step="1"]`, l.Drug))
		}
		// A drug of which nothing is left needs no number.
		b.Shows(fmt.Sprintf("#line-%d-status", l.Drug), word)
	}
	x.shoot(b, "closing-differs")
	for _, code := range here {
		b.settled()
		b.Wedge(code)
		b.Shows("#band .band-good", code[len(code)-4:])
	}
	b.Shows(".closing-missing .code", hidden)
	b.Shows(".closing-missing", "最后：")
	b.settled()
	x.shoot(b, "closing-missing")
	x.evening(0, 0)
}

// hide chooses the box that is not there in the evening, with its line.
func (x *wholeDay) hide(c closingLines) (line int, hidden string, here []string) {
	x.t.Helper()
	left := x.of(0)
	var drug int64
	if err := x.world.base.App.Get(x.t.Context(), &drug, `SELECT drug_id FROM pack WHERE code = $1::text`, left[0]); err != nil {
		x.t.Fatal(err)
	}
	for i, l := range c.Lines {
		if l.Drug == drug && l.Packs == len(left) && len(left) > 1 {
			return i, left[0], left[1:]
		}
	}
	x.t.Fatalf("no line of drug %d has %d boxes: %+v", drug, len(left), c.Lines)
	return 0, "", nil
}

// explain gives the missing code its exit; it counts once a doctor says so too.
func (x *wholeDay) explain() {
	b, second := x.room, x.tables[0]
	b.Click(`.closing-missing details:nth-of-type(3) summary`)
	b.Do(chromedp.SendKeys(`.closing-missing details[open] input[name="reason"]`, "演示：清点时没有找到"))
	x.shoot(b, "closing-exit")
	b.Click(`.closing-missing details[open] .button-danger`)
	b.Shows(".closing-missing", "待另一人确认")
	second.Do(chromedp.Navigate(x.world.URL + x.path("/closing")))
	second.Shows(".closing-missing", "报丢失")
	x.shoot(second, "closing-second")
	second.Click(`.closing-missing form[action$="/losses"] button`)
	second.Until(`!document.querySelector('.closing-missing')`)
	b.Shows("#closing-news", "同事刚有改动")
	b.Click("#closing-news a")
	b.Until(`document.querySelector('#closing-news') && !document.querySelector('.closing-missing')`)
	b.Live()
	x.evening(0, 1)
}

// sign: two people confirm in their browsers, and every screen ends by itself.
func (x *wholeDay) sign() {
	b, second := x.room, x.tables[0]
	b.settled()
	b.Click(`form[action$="/closing/confirm"] button`)
	b.Shows("#closing", "您已确认")
	second.Shows("#closing-news", "同事刚有改动")
	second.settled()
	second.Click(`form[action$="/closing/confirm"] button`)
	x.each([]*window{b, second}, func(w *window) { w.Shows(".stamp", "已结束") })
	x.each(x.tables[1:], func(w *window) {
		w.Shows("#session-state", "已结束")
		w.Shows("#desk", "已结束")
		w.Until(`!document.querySelector('#desk [data-scan]')`)
	})
	x.evening(x.taken-len(x.given)-1, 1)
	x.shoot(b, "closed")
	x.shoot(x.tables[2], "phone-closed")
}

// readPaper downloads the day's report and reads it back.
func (x *wholeDay) readPaper(t *testing.T) {
	body := x.room.fetched(x.path("/report.pdf"))
	file := filepath.Join(t.TempDir(), "day.pdf")
	if err := os.WriteFile(file, body, 0o600); err != nil {
		t.Fatal(err)
	}
	text := output(t, "pdftotext", "-layout", file, "-")
	squeezed := strings.Join(strings.Fields(text), "")
	home := x.taken - len(x.given) - 1
	for _, want := range []string{"社区义诊场次日报", "已结束", "演示药师甲", "演示医生甲", "演示医生乙", "演示医生丙", "手输", x.outside, "逐条核对，一致"} {
		if !strings.Contains(squeezed, want) {
			t.Errorf("the paper lacks %q", want)
		}
	}
	if got, want := balanceOf(squeezed), []int{x.taken, len(x.given), home, 0, 0, 1, 0}; !slices.Equal(got, want) {
		t.Errorf("the balance on the paper is %v, want %v", got, want)
	}
	for i, name := range x.names[:5] {
		if !strings.Contains(squeezed, name) {
			t.Errorf("the paper lacks the patient of visit %d, %s", i+1, name)
		}
	}
	for code := range x.given {
		if strings.Count(squeezed, code) == 0 {
			t.Errorf("the paper lacks the code %s", code)
		}
	}
	if strings.Contains(squeezed, "精神") || strings.Contains(squeezed, "账实不符") {
		t.Error("the paper says what it must not say")
	}
	picture := strings.TrimSuffix(file, ".pdf")
	output(t, "pdftoppm", "-r", "150", "-png", "-f", "1", "-l", "1", "-singlefile", file, picture)
	if got, want := strings.TrimSpace(output(t, "zbarimg", "--quiet", "--raw", picture+".png")), x.head(t); got != want {
		t.Errorf("the code on the paper says %q, the session's head is %q", got, want)
	}
}

// balanceOf reads the balance line of the paper: taken, given, home, rolled over,
// damaged, explained, left. Boxes and bottles are added up.
func balanceOf(squeezed string) []int {
	const amount = `((?:[0-9]+[盒瓶]?)+)`
	line := regexp.MustCompile("带出" + amount + "=发出" + amount + `\+带回` + amount + `\+转下场` + amount + `\+损坏` + amount + `\+说明` + amount + `\+余` + amount)
	found := line.FindStringSubmatch(squeezed)
	var sums []int
	for i := 1; i < len(found); i++ {
		sum := 0
		for _, n := range strings.FieldsFunc(found[i], func(r rune) bool { return r == '盒' || r == '瓶' }) {
			packs, err := strconv.Atoi(n)
			if err != nil {
				return nil
			}
			sum += packs
		}
		sums = append(sums, sum)
	}
	return sums
}

// head is what the database says of the session's chain, as the paper's code has it.
func (x *wholeDay) head(t *testing.T) string {
	t.Helper()
	var head struct {
		HeldOn time.Time `db:"held_on"`
		Length int64     `db:"length"`
		Digest []byte    `db:"digest"`
	}
	err := x.world.base.App.Get(t.Context(), &head, `SELECT c.held_on, h.length, r.digest FROM session_head h
JOIN clinic_session c ON c.id = h.session_id JOIN record_chain r ON r.session_id = h.session_id AND r.chain = h.chain
WHERE h.session_id = $1::bigint AND h.chain = 'main'`, x.id)
	if err != nil {
		t.Fatal(err)
	}
	return fmt.Sprintf("JF1|session|%d|%s|%d|%s", x.id, head.HeldOn.Format(time.DateOnly), head.Length, hex.EncodeToString(head.Digest))
}

// output is what a program prints.
func output(t *testing.T, name string, args ...string) string {
	t.Helper()
	text, err := exec.CommandContext(t.Context(), name, args...).Output()
	if err != nil {
		t.Fatalf("%s: %v", name, err)
	}
	return string(text)
}

// lookAround photographs the pages around the room while the day goes on.
func (x *wholeDay) lookAround() {
	b := x.room
	b.truthHeld()
	b.rowsAreRows()
	if x.shots == "" {
		return
	}
	x.shoot(b, "room")
	for name, path := range map[string]string{"calendar": "/sessions/plan", "roster": x.path("/roster"), "wall": x.path("/wall"),
		"trace": "/trace/" + x.outside, "queue": x.path("/queue")} {
		b.Do(chromedp.Navigate(x.world.URL + path))
		x.shoot(b, name)
	}
	b.Do(chromedp.Navigate(x.world.URL + x.path("")))
	b.Live()
	b.watchTruth()
	x.checkpoint()
}

// shoot keeps a picture of a page at both sizes when JINGFANG_SHOTS names a
// folder; the screen is as before afterwards.
func (x *wholeDay) shoot(b *window, name string) {
	x.t.Helper()
	if x.shots == "" {
		return
	}
	if err := os.MkdirAll(x.shots, 0o755); err != nil {
		x.t.Fatal(err)
	}
	phone := chromedp.EmulateViewport(phoneWidth, phoneHeight, chromedp.EmulateMobile, chromedp.EmulateTouch, chromedp.EmulatePortrait)
	laptop := chromedp.EmulateViewport(laptopWidth, laptopHeight)
	sizes := []string{"phone", "laptop"}
	if b != x.tables[2] {
		sizes = []string{"laptop", "phone"}
	}
	set := map[string]chromedp.Action[chromedp.Void]{"phone": phone, "laptop": laptop}
	for _, size := range sizes {
		b.Do(set[size], run(`window.scrollTo(0, 0)`))
		b.Until(`document.readyState === 'complete'`)
		if err := os.WriteFile(filepath.Join(x.shots, "day-"+name+"-"+size+".png"), b.Picture(), 0o644); err != nil {
			x.t.Fatal(err)
		}
	}
	b.Do(set[sizes[0]])
}
