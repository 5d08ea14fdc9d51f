package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"testing"

	"jingfang/integration/simulator"
)

// testTurns lets two doctors share a laptop in a real browser: the second one takes
// over by a QR code in the middle of the first one's visit, and the first one comes
// back the same way to the visit as it was.
func (w *world) testTurns(t *testing.T) {
	x := &tables{world: w, codes: w.take(t, 3, 2)}
	x.clinic = w.session(t, x.codes, "doctor1", "doctor2")
	b := openWindow(t, "doctor1", false)
	b.logIn(w.URL, "doctor1")
	b.Go(w.URL + x.path(""))
	b.Live()
	x.enter(b, "换人甲")
	b.Wedge(x.codes[0])
	b.Shows("#desk .row .code", tailOf(x.codes[0]))
	b.settled()

	b.changesTo("演示医生乙")
	b.Until(fmt.Sprintf(`location.pathname === %q`, x.path("")))
	b.Live()
	if eval[bool](b, `document.documentElement.outerHTML.includes('演示换人甲')`) {
		t.Error("who took over sees the patient of the other")
	}
	x.enter(b, "换人乙")
	b.Wedge(x.codes[1])
	b.Shows("#desk .row .code", tailOf(x.codes[1]))
	b.settled()

	b.changesTo("演示医生甲")
	b.Until(fmt.Sprintf(`location.pathname === %q`, x.path("")))
	b.Shows("#desk .patient-name", "演示换人甲")
	b.Shows("#desk .row .code", tailOf(x.codes[0]))
	b.foot(2, 2, 0)
}

func tailOf(code string) string { return code[len(code)-4:] }

// changesTo presses 换人, and the phone of somebody confirms the code that appears.
func (w *window) changesTo(name string) {
	w.T.Helper()
	w.Press(".who-switch")
	w.Until(`location.pathname === '/switch' && document.querySelector('#ca-scan[data-state="waiting"] a.button')`)
	phone, err := url.Parse(eval[string](w, `document.querySelector('#ca-scan a.button').href`))
	if err != nil {
		w.T.Fatal(err)
	}
	var person string
	for _, p := range simulator.DemoCAPersons() {
		if p.Name == name {
			person = p.Code
		}
	}
	body, err := json.Marshal(map[string]string{"ticket": phone.Query().Get("t"), "do": "confirm", "person": person})
	if err != nil {
		w.T.Fatal(err)
	}
	resp, err := http.Post("http://"+phone.Host+"/ca/control/act", "application/json", bytes.NewReader(body))
	if err != nil {
		w.T.Fatal(err)
	}
	if err := resp.Body.Close(); err != nil || resp.StatusCode != http.StatusOK {
		w.T.Fatalf("the phone confirms: %d %v", resp.StatusCode, err)
	}
	w.Until(fmt.Sprintf(`location.pathname !== '/switch' && document.querySelector('.who-name').textContent === %q`, name))
}
