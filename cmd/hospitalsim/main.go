// Command hospitalsim runs the stand-ins of the hospital's systems on ports of
// this machine, for demos and tests by hand: a HIS with the demo's drug
// dictionary and receipts, in our own JSON or in the words of a mapping file, and a
// control port to make receipts and faults. It
// holds everything in memory unless -keep names a file; its secret is no secret.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"os"
	"os/signal"
	"strings"
	"syscall"
	"time"

	"jingfang/integration/simulator"
	"jingfang/integration/wire"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	err := run(ctx, os.Args[1:], os.Stdout)
	stop()
	if err != nil && !errors.Is(err, flag.ErrHelp) {
		fmt.Fprintln(os.Stderr, "hospitalsim:", err)
		os.Exit(1)
	}
}

// options are the flags.
type options struct {
	his, control  string
	ca, roots     string
	appID, secret string
	platform      string
	keep          string
	receipts      int
	order         simulator.Order
}

func parse(args []string, out io.Writer) (options, error) {
	var o options
	set := flag.NewFlagSet("hospitalsim", flag.ContinueOnError)
	set.SetOutput(out)
	set.StringVar(&o.his, "his", "127.0.0.1:9301", "模拟 HIS 的地址")
	set.StringVar(&o.ca, "ca", "", "模拟 CA 的地址，如 127.0.0.1:9302（手机页在 /phone）；留空不开")
	set.StringVar(&o.roots, "ca-roots", "", "把模拟 CA 的证书（PEM）写到这个文件，给 jingfang serve -ca-roots 用")
	set.StringVar(&o.control, "control", "127.0.0.1:9309", "控制端口，只能是本机地址；留空不开")
	set.StringVar(&o.appID, "app", "jingfang", "应用编号")
	set.StringVar(&o.secret, "secret", "demo-secret-not-for-production", "签名密钥，仅供演示")
	set.StringVar(&o.platform, "platform", "", "接口对照文件；给出后按其中的信封和字段名说话，如 deploy/platform.example.json")
	set.StringVar(&o.keep, "keep", "", "把单据和听到的上报记在这个文件里，下次启动接着用；留空不记")
	set.IntVar(&o.receipts, "receipts", 4, "启动时备好的入库单张数；单号的单据带追溯码，双号的不带")
	set.IntVar(&o.order.Lines, "lines", 5, "每张单据的行数，1 到 25")
	set.IntVar(&o.order.Packs, "packs", 10, "每行的盒数，1 到 2000")
	if err := set.Parse(args); err != nil {
		return o, err
	}
	if set.NArg() > 0 {
		return o, fmt.Errorf("多余的参数 %q", set.Arg(0))
	}
	return o, checkControl(o.control)
}

// checkControl keeps the port that causes faults on this machine.
func checkControl(addr string) error {
	if addr == "" {
		return nil
	}
	host, _, err := net.SplitHostPort(addr)
	if err != nil {
		return fmt.Errorf("控制地址 %q 无法识别，应为 127.0.0.1:端口", addr)
	}
	if ip := net.ParseIP(host); host != "localhost" && (ip == nil || !ip.IsLoopback()) {
		return fmt.Errorf("控制地址 %q 不是本机地址", addr)
	}
	return nil
}

func run(ctx context.Context, args []string, out io.Writer) error {
	o, err := parse(args, out)
	if err != nil {
		return err
	}
	his, err := newHIS(o)
	if err != nil {
		return err
	}
	servers := []*running{{name: "HIS", addr: o.his, handler: his}}
	if o.ca != "" {
		ca, err := newCA(o)
		if err != nil {
			return err
		}
		servers = append(servers, &running{name: "CA", addr: o.ca, handler: ca})
	}
	if o.control != "" {
		servers = append(servers, &running{name: "控制", addr: o.control, handler: steering(his)})
	}
	defer stopAll(servers)
	failed := make(chan error, len(servers))
	for _, s := range servers {
		if err := s.start(failed); err != nil {
			return err
		}
	}
	if err := announce(out, o, servers, his); err != nil {
		return err
	}
	select {
	case <-ctx.Done():
		return nil
	case err := <-failed:
		return err
	}
}

// steering is the control port: for programs, and a page for people.
func steering(his *simulator.HIS) http.Handler {
	mux := http.NewServeMux()
	mux.Handle("/control/", his.Control())
	mux.Handle("/faults", his.Panel())
	return mux
}

func newHIS(o options) (*simulator.HIS, error) {
	key, err := wire.NewKey(o.appID, []byte(o.secret))
	if err != nil {
		return nil, err
	}
	says, err := dialect(o.platform)
	if err != nil {
		return nil, err
	}
	his, err := simulator.NewPlatform(key, says, nil)
	if err != nil {
		return nil, err
	}
	if o.keep != "" {
		if err := his.Keep(o.keep); err != nil {
			return nil, err
		}
	}
	if his.Documents() > 0 {
		return his, nil // those of the run before
	}
	for i := range o.receipts {
		order := o.order
		order.FirstDrug, order.Codes = i*order.Lines, i%2 == 0
		if _, err := his.MakeReceipt(order); err != nil {
			return nil, err
		}
	}
	return his, nil
}

// dialect is how the stand-in HIS talks: as a mapping file says, or our own JSON.
func dialect(path string) (wire.Dialect, error) {
	p, err := platform(path)
	return p.Dialect("his"), err
}

// platform reads the mapping file; "" is none.
func platform(path string) (wire.Platform, error) {
	if path == "" {
		return wire.Platform{}, nil
	}
	file, err := os.Open(path)
	if err != nil {
		return wire.Platform{}, fmt.Errorf("接口对照文件 %s 读不到：%w", path, err)
	}
	defer func() { _ = file.Close() }() // it was only read
	p, problems, err := wire.ReadPlatform(file)
	if err != nil {
		return wire.Platform{}, err
	}
	if len(problems) > 0 {
		return wire.Platform{}, fmt.Errorf("接口对照文件 %s 有误：%s", path, strings.Join(problems, "；"))
	}
	return p, nil
}

// running is one stand-in on its port.
type running struct {
	name, addr string
	handler    http.Handler
	server     *http.Server
	listener   net.Listener
}

func (r *running) start(failed chan<- error) error {
	l, err := net.Listen("tcp", r.addr)
	if err != nil {
		return fmt.Errorf("%s 的地址 %s 不能使用：%w", r.name, r.addr, err)
	}
	r.listener = l
	r.server = &http.Server{Handler: r.handler, ReadHeaderTimeout: 10 * time.Second, IdleTimeout: time.Minute}
	go func() {
		if err := r.server.Serve(l); !errors.Is(err, http.ErrServerClosed) {
			failed <- fmt.Errorf("%s: %w", r.name, err)
		}
	}()
	return nil
}

func stopAll(list []*running) {
	ctx, cancel := context.WithTimeout(context.Background(), 3*time.Second)
	defer cancel()
	for _, r := range list {
		if r.server == nil {
			continue
		}
		if err := r.server.Shutdown(ctx); err != nil {
			slog.Warn("stop", "stand-in", r.name, "error", errors.Join(err, r.server.Close()))
		}
	}
}

func announce(out io.Writer, o options, list []*running, his *simulator.HIS) error {
	text := "模拟系统已启动（仅供演示和测试，数据均为虚构）\n"
	for _, r := range list {
		text += fmt.Sprintf("  %s\thttp://%s\n", r.name, r.listener.Addr())
	}
	text += fmt.Sprintf("  应用编号\t%s\n  签名密钥\t%s\n  入库单\t%d 张待取\n", o.appID, o.secret, his.Documents())
	if o.control != "" {
		base := "http://" + list[len(list)-1].listener.Addr().String()
		text += fmt.Sprintf("单据和故障的页面\t%s/faults\n", base)
		text += fmt.Sprintf("例：再备一张单据  curl -d '{\"lines\":3,\"packs\":10}' %s/control/receipts\n", base)
		text += fmt.Sprintf("    应答变慢      curl -d '{\"slow_ms\":20000}' %s/control/faults\n", base)
		text += "    其他故障      status_500 error_in_200 cut_body duplicated out_of_order wrong_signature skew_s\n"
		text += "                  not_json oversized wrong_encoding gb18030 entity_bomb deep；times 是持续的次数\n"
		text += fmt.Sprintf("    恢复正常      curl -d '{}' %s/control/faults\n", base)
	}
	_, err := io.WriteString(out, text+"按 Ctrl+C 结束。\n")
	return err
}
