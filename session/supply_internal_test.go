package session

import (
	"testing"
	"time"
)

func TestDailyUnits(t *testing.T) {
	for _, c := range []struct {
		dose, unit string
		want       float64
	}{
		{"每晚1片", "片", 1}, {"每晚 1 片 28天", "片", 1}, {"睡前半片", "片", 0.5}, {"每日2片", "片", 2}, {"一天两片", "片", 2},
		{"每次1片 每日2次", "片", 2}, {"每次１.５片，每天３次", "片", 4.5}, {"1片 bid", "片", 2}, {"1粒 tid", "粒", 3}, {"1片 qod", "片", 0.5},
		{"早1片晚2片", "片", 3}, {"早1片，中午0.5片，睡前2片", "片", 3.5}, {"早晚各1片", "片", 2}, {"早晚各半片", "片", 1}, {"2片/日", "片", 2}, {"2片/次，2次/日", "片", 4},
		// not guessed at
		{"", "片", 0}, {"2mg 每日1次", "片", 0}, {"1片", "片", 0}, {"1粒 每日1次", "片", 0}, {"遵医嘱", "片", 0}, {"每晚0片", "片", 0}, {"1片或2片", "片", 0}, {"每晚1片", "", 0},
		{"1片2片每日", "片", 0},
	} {
		got, known := dailyUnits(c.dose, c.unit)
		if got != c.want || known != (c.want > 0) {
			t.Errorf("%q in %s: %v %v, want %v", c.dose, c.unit, got, known, c.want)
		}
	}
}

func TestDaysLeft(t *testing.T) {
	on := func(day int) time.Time { return time.Date(2026, 10, 1, 0, 0, 0, 0, time.UTC).AddDate(0, 0, day-1) }
	said := Supplied{GivenOn: on(1), Days: 28, Units: 10, Unit: "片", Dose: "每晚1片"}
	counted := Supplied{GivenOn: on(1), Units: 45, Unit: "片", Dose: "每次1片 每日2次"}
	unknown := Supplied{GivenOn: on(1), Units: 40, Unit: "片"}
	for _, c := range []struct {
		name string
		list []Supplied
		day  int
		want string
	}{
		{"the day itself", []Supplied{said}, 1, "还剩 28 天"},
		{"the last day", []Supplied{said}, 28, "还剩 1 天"},
		{"the first day without", []Supplied{said}, 29, "今天用完"},
		{"three days without", []Supplied{said}, 32, "已断药 3 天"},
		{"from units and dose", []Supplied{counted}, 11, "还剩 12 天"},
		{"nobody knows", []Supplied{unknown}, 11, "余药天数未知"},
		{"nothing given", nil, 11, "余药天数未知"},
		{"the first that ends", []Supplied{said, unknown, counted}, 24, "已断药 1 天"},
	} {
		if got := LeftWord(DaysLeft(c.list, on(c.day))); got != c.want {
			t.Errorf("%s: %s, want %s", c.name, got, c.want)
		}
	}
	said.Drug, said.Amount = "演示利培酮片 1mg×20片", "2 盒"
	last := LastSupply{GivenOn: on(12), Drugs: []Supplied{said, counted}}
	last.Drugs[0].GivenOn, last.Drugs[1].GivenOn = on(12), on(12)
	if got := last.Sentence(on(20)); got != "上次 10-12 演示利培酮片 1mg×20片 2 盒等 2 种 · 还剩 14 天" {
		t.Error(got)
	}
	if got := last.Sentence(on(20 + 92)); got != "上次 2026-10-12 演示利培酮片 1mg×20片 2 盒等 2 种 · 已断药 78 天" {
		t.Error(got)
	}
	if (LastSupply{}).Sentence(on(1)) != "" {
		t.Error("a sentence without a supply")
	}
}
