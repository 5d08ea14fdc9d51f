package main

import (
	"slices"
	"testing"
	"time"
)

const cardOne = `<div class="doctor" id="doctor-7" data-row="doctor-7" hx-swap-oob="true"><div class="doctor-head"><b>张&amp;三</b><span class="doctor-now">12 号</span></div><small class="muted">已看 3 人 · 发出 9 盒</small><ol><li><span>利培酮片 …1234</span><time>09:12</time></li></ol></div>`

const cardTwo = `<div class="doctor" id="doctor-12" data-row="doctor-12" hx-swap-oob="true"><div class="doctor-head"><b>李四</b><span class="muted">空闲</span></div><small class="muted">已看 0 人 · 发出 120 盒</small></div>`

const stockRow = `<div id="stock-7"><b>利培酮片</b><small>带出 40 · 发出 25 · 诊间 3</small></div>`

func TestReadCards(t *testing.T) {
	one, two := card{7, "张&三", 9}, card{12, "李四", 120}
	for _, x := range []struct {
		name, data string
		want       []card
	}{
		{"one card", "<template>" + cardOne + "</template>", []card{one}},
		{"whole board", stockRow + `<section class="part" id="doctors"><b>医生</b>` + cardOne + cardTwo + "</section>", []card{one, two}},
		{"stock before and behind", stockRow + cardTwo + stockRow, []card{two}},
		{"no doctor", stockRow, nil},
		{"nothing", "", nil},
		{"cut off", cardOne[:len(cardOne)-260], nil},
		{"a card without a number does not take its neighbour's", `<div id="doctor-3"><b>王五</b></div>` + cardTwo, []card{two}},
		{"no staff", `<div id="doctor-x"><b>王五</b>人 · 发出 3 盒`, nil},
	} {
		if got := readCards([]byte(x.data)); !slices.Equal(got, x.want) {
			t.Errorf("%s: got %v, want %v", x.name, got, x.want)
		}
	}
}

// followed is a room with the two doctors of the cards and n screens.
func followed(t *testing.T, n int) (*room, []*viewer) {
	t.Helper()
	r := newRoom(1, n, new(times))
	for _, name := range []string{"张&三", "李四"} {
		if _, err := r.follow(name, 20); err != nil {
			t.Fatal(err)
		}
	}
	h := &hall{room: r}
	for range n {
		newViewer(h)
	}
	return r, h.viewers
}

func board(name string, packs string) []byte {
	staff := map[string]string{"张&amp;三": "7", "李四": "12"}[name]
	return []byte(`<div id="doctor-` + staff + `"><b>` + name + `</b><small>已看 1 人 · 发出 ` + packs + ` 盒</small></div>`)
}

func TestLastScreenEndsTheWay(t *testing.T) {
	r, screens := followed(t, 3)
	zhang := r.byName["张&三"]
	for _, v := range screens {
		v.take(event{name: []byte("board"), data: []byte(cardOne + cardTwo), at: r.epoch})
	}
	if n := r.missing(); n != 0 || zhang.base != 9 {
		t.Fatalf("%d doctors missing, 张三 begins at %d", n, zhang.base)
	}
	at := func(ms int) time.Time { return r.epoch.Add(time.Duration(ms) * time.Millisecond) }
	zhang.send(1, at(100))
	zhang.send(2, at(150))
	see := func(v *viewer, packs string, ms int) {
		v.take(event{name: []byte("board"), data: board("张&amp;三", packs), at: at(ms)})
	}
	see(screens[0], "10", 110)
	see(screens[1], "11", 200) // one drawing for two scans
	if n := r.arrived.spread().Count; n != 0 {
		t.Fatalf("%d arrived before the last screen", n)
	}
	if n := screens[2].lacks([]int{11, 120}); n != 1 {
		t.Errorf("the third screen lacks %d, want 1", n)
	}
	see(screens[0], "11", 210)
	see(screens[0], "10", 215) // an older board counts for nothing
	see(screens[2], "11", 300)
	if s := r.arrived.spread(); s.Count != 2 || s.P50 != 150 || s.Max != 200 {
		t.Errorf("got %+v, want 150 and 200 ms", s)
	}
	if n := screens[2].lacks([]int{11, 120}); n != 0 {
		t.Errorf("the third screen lacks %d", n)
	}
}

func TestSameBoardIsReadOnce(t *testing.T) {
	r, _ := followed(t, 1)
	first := r.read([]byte(cardOne))
	if again := r.read([]byte(cardOne)); &first[0] != &again[0] {
		t.Error("the same bytes are read again")
	}
	for i := range knownBoards {
		r.read([]byte(cardOne + string(rune('a'+i))))
	}
	if len(r.known) != knownBoards || len(r.order) != knownBoards {
		t.Errorf("%d boards are kept, %d keys", len(r.known), len(r.order))
	}
}

func TestDoctorsOfOneName(t *testing.T) {
	r, _ := followed(t, 1)
	if _, err := r.follow("李四", 1); err == nil {
		t.Error("two doctors of one name cannot be told apart")
	}
}
