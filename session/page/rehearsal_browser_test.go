package page

import (
	"bytes"
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/cdproto/input"
	"github.com/chromedp/chromedp"

	"jingfang/static"
	"jingfang/static/browsertest"
)

// The bits of modifiers in a key event of the browser's protocol.
const (
	alt, ctrl, shift int64 = 1, 2, 8
)

// stroke is one key as a scanner makes the browser see it.
type stroke struct {
	key, code string
	modifiers int64
	vk        int64 // the key's number on Windows; 229 is what an input method leaves
	text      string
}

// strokes are the keys of a text on the US layout; each rune may be changed.
func strokes(text string, change func(*stroke)) []stroke {
	var list []stroke
	for _, c := range text {
		s := stroke{key: string(c), text: string(c)}
		switch {
		case c >= 'A' && c <= 'Z':
			s.code, s.modifiers = "Key"+string(c), shift
		case c >= 'a' && c <= 'z':
			s.code = "Key" + strings.ToUpper(string(c))
		case c >= '0' && c <= '9':
			s.code = "Digit" + string(c)
		default:
			s.code = map[rune]string{'-': "Minus", ' ': "Space", ',': "Comma", ']': "BracketRight", '<': "Comma", '>': "Period", '|': "Backslash"}[c]
		}
		if c == '\x1d' { // as scanners type it
			s = stroke{key: "]", code: "BracketRight", modifiers: ctrl}
		}
		if change != nil {
			change(&s)
		}
		list = append(list, s)
	}
	return list
}

var (
	enter = stroke{key: "Enter", code: "Enter", vk: 13, text: "\r"}
	tab   = stroke{key: "Tab", code: "Tab", vk: 9}
)

// types sends real key events, each bearing the time at which a scanner would have
// sent it: a busy machine delivers them later, and the page must not mind.
func (b browser) types(from time.Time, each time.Duration, keys []stroke) time.Time {
	b.T.Helper()
	at := from
	b.Do(chromedp.Func(func(ctx context.Context, _ *chromedp.Target) error {
		for _, k := range keys {
			kind := input.DispatchKeyEventTypeKeyDown
			if k.text == "" || k.modifiers&(alt|ctrl) != 0 {
				kind, k.text = input.DispatchKeyEventTypeRawKeyDown, ""
			}
			_, err := chromedp.Call(ctx, input.DispatchKeyEvent, input.DispatchKeyEventParams{Type: kind, Modifiers: k.modifiers, Timestamp: input.TimeSinceEpoch(float64(at.UnixMicro()) / 1e6),
				Text: k.text, Code: k.code, Key: k.key, WindowsVirtualKeyCode: k.vk})
			if err != nil {
				return err
			}
			at = at.Add(each)
		}
		return nil
	}))
	return at
}

// openRehearsal serves the page as production does.
func openRehearsal(t *testing.T) browser {
	t.Helper()
	s := newSite(t, new(bytes.Buffer))
	mux := http.NewServeMux()
	mux.Handle("/static/", static.Handler())
	mux.Handle("GET /rehearsal", s.Handle(s.Rehearsal))
	var h http.Handler = mux
	layers := s.Middleware()
	for i := len(layers) - 1; i >= 0; i-- {
		h = layers[i](h)
	}
	server := httptest.NewServer(h)
	t.Cleanup(server.Close)
	b := newBrowser(t)
	b.Go(server.URL + "/rehearsal")
	b.Until(`!!(window.jingfang && window.jingfang.rehearsal)`)
	return b
}

// rehearsal is a scan with what the page must say of it.
type rehearsal struct {
	name   string
	keys   []stroke
	each   time.Duration // 8 ms where it is not given
	faults string        // their names in the order they are mended
	says   string
}

// altered are the strokes of a text, each changed, and Enter.
func altered(text string, change func(*stroke)) []stroke { return append(strokes(text, change), enter) }

// replaced are strokes with some keys yielding others, as a foreign layout does.
func replaced(text string, pairs ...string) []stroke {
	to := strings.NewReplacer(pairs...)
	return altered(text, func(s *stroke) { s.key = to.Replace(s.key); s.text = s.key })
}

func rehearsals() []rehearsal {
	plain, bar, gs1 := rehearsalPlain, rehearsalBar, rehearsalGS1
	half := strings.Split(gs1, "\x1d")
	wide := func(s *stroke) { s.key = string(rune(s.key[0]) + 0xfee0); s.text = s.key }
	other := func(keys ...stroke) []stroke {
		return append(append(strokes(half[0], nil), keys...), altered(half[1], nil)...)
	}
	pad := func(digit string) stroke { return stroke{key: digit, code: "Numpad" + digit, modifiers: alt} }
	return []rehearsal{
		{name: "all is well", keys: altered(plain, nil), says: "不用改"},
		{name: "a bar code", keys: altered(bar, nil), says: "不用改"},
		{name: "GS as Ctrl+]", keys: altered(gs1, nil), says: "不用改"},
		{name: "Tab", keys: append(strokes(plain, nil), tab), faults: "tab", says: "Enter"},
		{name: "no suffix", keys: strokes(plain, nil), faults: "no_suffix", says: "后缀为 Enter"},
		{name: "two ends", keys: append(altered(plain, nil), tab), faults: "extra", says: "只留一个"},
		{name: "Caps Lock", keys: altered(plain, func(s *stroke) { s.key = strings.ToLower(s.key); s.text = s.key }), faults: "caps", says: "Caps Lock"},
		{name: "input method", keys: altered(plain, func(s *stroke) { s.key, s.vk, s.text = "Process", 229, "" }), faults: "ime", says: "输入法"},
		{name: "full width", keys: altered(plain, wide), faults: "fullwidth", says: "半角"},
		{name: "German", keys: replaced(plain, "-", "ß", "Y", "Z", "Z", "Y"), faults: "layout", says: "- 变成 ß"},
		{name: "French", keys: replaced(plain, "A", "Q", "Q", "A", "W", "Z", "Z", "W", "M", "?", "-", ")", "0", "à", "1", "&", "2", "é", "3", "\"", "4", "'", "5", "(", "6", "-", "7", "è", "8", "_", "9", "ç"), faults: "layout", says: "美国"},
		{name: "the scanner is German", keys: altered(strings.NewReplacer("-", "/", "Y", "Z", "Z", "Y").Replace(plain), nil), faults: "layout", says: "- 变成 /"},
		{name: "several at once", keys: altered(plain+bar, nil), faults: "joined", says: "没有分隔"},
		{name: "several with a comma", keys: altered(plain+","+bar, nil), faults: "joined", says: "“,”"},
		{name: "several with a space", keys: altered(plain+" "+bar, nil), faults: "joined", says: "空格"},
		{name: "several with Enter", keys: append(altered(plain, nil), altered(bar, nil)...), says: "不用改"},
		{name: "slow", keys: altered(plain, nil), each: 90 * time.Millisecond, faults: "slow", says: "90 毫秒"},
		{name: "slower than the pause", keys: altered(plain, nil), each: 200 * time.Millisecond, faults: "slow", says: "延时"},
		{name: "GS lost", keys: altered(half[0]+half[1], nil), faults: "gs_lost", says: "丢了 GS1 分隔符"},
		{name: "GS as Alt+029", keys: other(stroke{key: "Alt", code: "AltLeft", modifiers: alt}, pad("0"), pad("2"), pad("9")), faults: "gs_alt", says: "Alt+029"},
		{name: "GS as a word", keys: altered(half[0]+"<GS>"+half[1], nil), faults: "gs_other", says: "“<GS>”"},
		{name: "GS as a bar", keys: altered(half[0]+"|"+half[1], nil), faults: "gs_other", says: "“|”"},
		{name: "GS as F8", keys: other(stroke{key: "F8", code: "F8"}), faults: "gs_other", says: "F8"},
		{name: "AIM of Code 128", keys: altered("]C1"+gs1, nil), faults: "aim", says: "]C1"},
		{name: "AIM of Data Matrix", keys: altered("]d2"+gs1, nil), faults: "aim", says: "]d2"},
		{name: "AIM of QR", keys: altered("]Q3"+plain, nil), faults: "aim", says: "]Q3"},
		{name: "read twice in one go", keys: append(altered(plain, nil), altered(plain, nil)...), faults: "doubled", says: "连读了两次"},
		{name: "every key twice", keys: altered(twice(plain), nil), faults: "keys_doubled", says: "两次"},
		{name: "characters lost", keys: altered(plain[:9]+plain[12:], nil), faults: "lost", says: "少了 3 个"},
		{name: "a prefix of its own", keys: altered("A1"+plain, nil), faults: "around", says: "A1"},
		{name: "another code", keys: altered("6901234567892", nil), faults: "unknown", says: "试扫卡"},
		{name: "two faults", keys: strokes("]Q3"+strings.ToLower(plain), nil), faults: "caps aim no_suffix", says: "Caps Lock"},
	}
}

func twice(text string) string {
	var b strings.Builder
	for _, c := range text {
		b.WriteString(string(c) + string(c))
	}
	return b.String()
}

// Every fault of the list is recognised from real key events, and nothing else is
// found in the same scan.
func TestRehearsalInABrowser(t *testing.T) {
	b := openRehearsal(t)
	known := browsertest.Value[[]string](b.Page, `window.jingfang.rehearsal.faults`)
	seen := map[string]bool{}
	at := time.Now()
	for turn, x := range rehearsals() {
		if x.each == 0 {
			x.each = 8 * time.Millisecond
		}
		at = b.types(at.Add(5*time.Second), x.each, x.keys)
		b.Until(fmt.Sprintf(`document.getElementById('rehearsal').dataset.turn === '%d'`, turn+1))
		got := b.Text(`document.getElementById('rehearsal').dataset.faults`)
		says := b.Text(`document.querySelector('#rehearsal-answer .band-text').textContent`)
		if got != x.faults || !strings.Contains(says, x.says) {
			t.Errorf("%s: the faults %q, want %q; it says %s", x.name, got, x.faults, says)
		}
		for _, id := range strings.Fields(got) {
			seen[id] = true
		}
		if rows := b.Text(`String(document.querySelectorAll('#rehearsal-rows tr').length)`); rows != fmt.Sprint(len(x.keys)) {
			t.Errorf("%s: %s rows of keys, want %d", x.name, rows, len(x.keys))
		}
	}
	for _, id := range known {
		if !seen[id] {
			t.Errorf("no scan of the list shows the fault %s", id)
		}
	}

	// The same code a moment later is a double read as well.
	at = b.types(at.Add(5*time.Second), 8*time.Millisecond, altered(rehearsalPlain, nil))
	b.Until(`document.getElementById('rehearsal').dataset.faults === ''`)
	b.types(at.Add(900*time.Millisecond), 8*time.Millisecond, altered(rehearsalPlain, nil))
	b.Until(`document.getElementById('rehearsal').dataset.faults === 'doubled'`)
	b.Until(`document.getElementById('rehearsal-text').value.indexOf('J/KeyJ@0') > 0`)

	// A person moving about with the keyboard is no scan.
	turn := b.Text(`document.getElementById('rehearsal').dataset.turn`)
	b.Do(chromedp.Focus("#rehearsal-field"))
	b.types(at.Add(time.Minute), 300*time.Millisecond, []stroke{tab, tab})
	if focus := b.Text(`document.activeElement.id`); focus == "rehearsal-field" || b.Text(`document.getElementById('rehearsal').dataset.turn`) != turn {
		t.Errorf("Tab by hand: the focus is on %q", focus)
	}
	if os.Getenv("JINGFANG_SHOTS") != "" {
		b.types(at.Add(2*time.Minute), 90*time.Millisecond, strokes("]Q3"+strings.ToLower(rehearsalPlain), nil))
		b.Until(`document.getElementById('rehearsal').dataset.faults.indexOf('caps') === 0`)
		b.Do(chromedp.EmulateViewport(390, 844))
		b.Shot("rehearsal-phone")
		b.Do(chromedp.EmulateViewport(1366, 768))
		b.Shot("rehearsal-laptop")
	}
}

// play is the burst in one moment, from inside the page: the other pages measure
// the pause between keys by the clock, and a busy machine would be too slow.
func (b browser) play(keys []stroke) {
	b.T.Helper()
	var list []string
	for _, k := range keys {
		list = append(list, fmt.Sprintf(`{key:%q,code:%q,keyCode:%d,altKey:%t,ctrlKey:%t,shiftKey:%t}`, k.key, k.code, k.vk, k.modifiers&alt > 0, k.modifiers&ctrl > 0, k.modifiers&shift > 0))
	}
	b.Text(`(function (keys) {
		keys.forEach(function (k) {
			k.bubbles = k.cancelable = true;
			var focus = document.activeElement;
			var go = focus.dispatchEvent(new KeyboardEvent('keydown', k));
			if (go && focus.tagName === 'INPUT' && k.key.length === 1 && !k.ctrlKey && !k.altKey) focus.value += k.key;
		});
		return '';
	})([` + strings.Join(list, ",") + `])`)
}

// The same bursts on an ordinary page: what reaches the server.
func TestTheSameBurstsInAScanField(t *testing.T) {
	d, url := startDesk(t)
	b := openBrowser(t, url)
	for _, x := range rehearsals() {
		var want []string
		switch x.name {
		case "slow", "slower than the pause", "French", "German", "another code", "every key twice":
			continue // of the speed there is none here; of the others the text is the server's to judge
		case "several with Enter":
			want = []string{rehearsalPlain, rehearsalBar}
		case "read twice in one go":
			want = []string{rehearsalPlain, rehearsalPlain}
		case "Caps Lock":
			want = []string{strings.ToLower(rehearsalPlain)}
		case "GS as Ctrl+]", "GS as Alt+029":
			want = []string{rehearsalGS1}
		case "AIM of Code 128":
			want = []string{"]C1" + rehearsalGS1}
		case "several with a comma":
			want = []string{rehearsalPlain + "," + rehearsalBar}
		case "all is well", "Tab", "no suffix", "two ends", "input method":
			want = []string{rehearsalPlain}
		default:
			continue
		}
		before := len(d.got())
		for range want {
			d.hold <- struct{}{}
		}
		b.Do(chromedp.Focus("#other"))
		b.play(x.keys)
		waitFor(t, func() bool {
			return len(strings.Split(strings.Join(d.got()[before:], "\n"), "\n")) == len(want) && len(d.got()) > before
		})
		if got := strings.Split(strings.Join(d.got()[before:], "\n"), "\n"); !slices.Equal(got, want) {
			t.Errorf("%s: the server got %q, want %q", x.name, got, want)
		}
		b.Until(`!document.querySelector('[data-sending]') && document.querySelector('#other').value === 'abc'`)
	}
}

// The card is read back from a picture of the page.
func TestTheCardIsReadBack(t *testing.T) {
	browsertest.Need(t, "zbarimg")
	b := openRehearsal(t)
	card := filepath.Join(t.TempDir(), "card.png")
	b.Do(chromedp.EmulateViewport(1000, 1400, chromedp.EmulateScale(2)))
	if err := os.WriteFile(card, b.Picture(), 0o600); err != nil {
		t.Fatal(err)
	}
	out, err := exec.Command("zbarimg", "-q", card).Output()
	if err != nil {
		t.Fatalf("zbarimg: %v, %s", err, out)
	}
	for _, want := range []string{"QR-Code:" + rehearsalPlain, "QR-Code:" + rehearsalGS1, "CODE-128:" + rehearsalBar, "CODE-128:" + strings.Split(rehearsalGS1, "\x1d")[0]} {
		if !strings.Contains(string(out), want) {
			t.Errorf("%q is not read; zbar reads %q", want, out)
		}
	}
}
