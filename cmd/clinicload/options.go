package main

import (
	"flag"
	"fmt"
	"io"
	"net/url"
	"time"
)

// Bounds of a run: it stops by itself, whatever was asked.
const (
	maxTime    = 10 * time.Minute
	maxViewers = 5000
	maxRate    = 5000
	maxSlices  = 60
)

// options are the flags.
type options struct {
	file, url, ca              string
	sessions, doctors, viewers int
	oneRoom, raw, bare, json   bool
	rate                       float64 // scans per second in all; 0 is a closed loop
	time                       time.Duration
	slices                     int
}

func parseOptions(args []string, out io.Writer) (options, error) {
	var o options
	set := flag.NewFlagSet("clinicload", flag.ContinueOnError)
	set.SetOutput(out)
	set.StringVar(&o.file, "file", "", "jingfang demo -load N 写出的 load.json（必填）")
	set.StringVar(&o.url, "url", "", "服务器地址；不写则用文件里的地址")
	set.StringVar(&o.ca, "ca", "", "服务器自制证书的 CA 文件（PEM）")
	set.IntVar(&o.sessions, "sessions", 0, "同时进行的场次数；0 为文件里的全部")
	set.IntVar(&o.doctors, "doctors", 1, "每个场次的医生数")
	set.IntVar(&o.viewers, "viewers", 100, "观看的屏幕总数，平均分到各场次")
	set.BoolVar(&o.oneRoom, "one-room", false, "所有屏幕都看第一个场次")
	set.Float64Var(&o.rate, "rate", 0, "每秒扫码总数，按固定节拍发出，迟到算作等待；0 为一个答完再扫下一个")
	set.DurationVar(&o.time, "time", 20*time.Second, "扫码的时间，最长 10 分钟；-raw 和 -bare 各另需同样长的时间")
	set.IntVar(&o.slices, "slices", 0, "分成几段轮流测（服务器、-bare、-raw），使机器忙闲对各方相同；0 为自动")
	set.BoolVar(&o.raw, "raw", false, "同一次运行里把一次扫码的全部语句直接发给数据库，作比较")
	set.BoolVar(&o.bare, "bare", false, "同一次运行里用一个只有 r3labs/sse 的服务器发送同样的内容，作比较")
	set.BoolVar(&o.json, "json", false, "输出 JSON")
	if err := set.Parse(args); err != nil {
		return o, err
	}
	if set.NArg() > 0 {
		return o, fmt.Errorf("多余的参数 %q", set.Arg(0))
	}
	return o, o.check()
}

func (o *options) check() error {
	switch {
	case o.file == "":
		return fmt.Errorf("请用 -file 指定 load.json。先运行 jingfang demo -load 25，它会写出这个文件并打印路径")
	case o.sessions < 0 || o.doctors < 1:
		return fmt.Errorf("-sessions 不能小于 0，-doctors 不能小于 1")
	case o.viewers < 0 || o.viewers > maxViewers:
		return fmt.Errorf("-viewers 须在 0 到 %d 之间", maxViewers)
	case o.rate < 0 || o.rate > maxRate:
		return fmt.Errorf("-rate 须在 0 到 %d 之间", maxRate)
	case o.time < time.Second || o.time > maxTime:
		return fmt.Errorf("-time 须在 1s 到 %s 之间", maxTime)
	case o.slices < 0 || o.slices > maxSlices:
		return fmt.Errorf("-slices 须在 0 到 %d 之间", maxSlices)
	case o.bare && o.viewers == 0:
		return fmt.Errorf("-bare 比较的是屏幕，-viewers 不能为 0")
	}
	if o.slices == 0 {
		o.slices = 1
		if o.raw || o.bare {
			o.slices = 4
		}
	}
	return checkURL(o.url)
}

func checkURL(text string) error {
	if text == "" {
		return nil
	}
	u, err := url.Parse(text)
	if err != nil || u.Host == "" || (u.Scheme != "http" && u.Scheme != "https") {
		return fmt.Errorf("服务器地址 %q 须以 http:// 或 https:// 开头", text)
	}
	return nil
}
