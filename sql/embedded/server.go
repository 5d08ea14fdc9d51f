package embedded

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"syscall"
	"time"
)

// watcher is the database's parent. It stops the database when its standard
// input ends, which the kernel sees to when the program dies, even by kill -9.
// Being the parent, it never signals a process number that has been reused.
const watcher = `
exec 3<&0 </dev/null
signal=$1
shift
"$@" 3<&- &
server=$!
{ read -r _ <&3; kill -s "$signal" "$server"; } 2>/dev/null &
reader=$!
wait "$server"
code=$?
kill -s KILL "$reader" 2>/dev/null
exit "$code"
`

// readyLimit bounds a start; repairing after a crash takes most of it.
const readyLimit = 3 * time.Minute

// server is one run of the database under its watcher.
type server struct {
	pipe *os.File      // closing it stops the database
	done chan struct{} // closed when watcher and database have ended
}

// run starts the database and waits until it accepts connections. A free port
// may be lost to another program before the database binds it: then the next.
func (c *Cluster) run(ctx context.Context, anyPort bool) error {
	ctx, cancel := context.WithTimeout(ctx, readyLimit)
	defer cancel()
	for {
		if anyPort {
			port, err := freePort(ctx)
			if err != nil {
				return err
			}
			c.port = port
		}
		retry, err := c.try(ctx, anyPort)
		if err == nil || !retry {
			return err
		}
		if err := pause(ctx, 200*time.Millisecond); err != nil {
			return fmt.Errorf("数据库没有在限定时间内启动：%w", err)
		}
	}
}

// try starts the database once and says whether trying again makes sense.
func (c *Cluster) try(ctx context.Context, anyPort bool) (retry bool, err error) {
	log, err := openLog(c.folder.logFile())
	if err != nil {
		return false, err
	}
	defer log.Close()
	from, err := log.Seek(0, io.SeekEnd)
	if err != nil {
		return false, fmt.Errorf("无法读取数据库日志：%w", err)
	}
	s, err := c.launch(log)
	if err != nil {
		return false, err
	}
	if err := c.awaitReady(ctx, s); err != nil {
		s.stop()
		text := readFrom(c.folder.logFile(), from)
		// After a kill -9 the last backends let go of the shared memory a
		// moment later than the postmaster.
		retry = strings.Contains(text, "shared memory block") ||
			anyPort && strings.Contains(text, "could not bind")
		return retry, fmt.Errorf("数据库没有启动：%w\n%s", err, lastLines(text))
	}
	c.mu.Lock()
	c.server = s
	c.mu.Unlock()
	return false, nil
}

func (c *Cluster) launch(log *os.File) (*server, error) {
	read, write, err := os.Pipe()
	if err != nil {
		return nil, fmt.Errorf("无法启动数据库：%w", err)
	}
	defer read.Close()
	signal := "INT" // fast shutdown: clients are cut, data is flushed
	if c.folder.temporary {
		signal = "QUIT" // immediate: nothing here is worth flushing
	}
	args := append([]string{"-c", watcher, "jingfang-postgresql", signal, c.tools.path("postgres")}, c.settings()...)
	cmd := exec.Command("/bin/sh", args...) // outlives any context on purpose: Halt ends it
	c.folder.account.lend(cmd)
	cmd.Stdin, cmd.Stdout, cmd.Stderr = read, log, log
	if err := cmd.Start(); err != nil {
		return nil, errors.Join(fmt.Errorf("无法启动数据库：%w", err), write.Close())
	}
	s := &server{pipe: write, done: make(chan struct{})}
	go func() {
		defer close(s.done)
		_ = cmd.Wait() // how it ended stands in the database's log
	}()
	return s, nil
}

// settings are given on the command line, so that an old folder never keeps
// the address or the carelessness of an earlier start.
func (c *Cluster) settings() []string {
	args := []string{"-D", c.folder.data(), "-k", c.folder.sockets, "-p", strconv.Itoa(c.port),
		"-c", "listen_addresses=127.0.0.1",
		"-c", "unix_socket_permissions=0700",
		"-c", "password_encryption=scram-sha-256",
		"-c", "logging_collector=off",
		"-c", "timezone=Asia/Shanghai",
		"-c", "max_connections=200",
	}
	if !c.fast {
		return append(args, "-c", "shared_buffers=256MB", "-c", "max_wal_size=2GB")
	}
	return append(args, "-c", "fsync=off", "-c", "full_page_writes=off",
		"-c", "wal_level=minimal", "-c", "max_wal_senders=0", "-c", "shared_buffers=32MB", "-c", "max_wal_size=128MB",
		// Segments that outlive a killed database go with the temporary folder.
		"-c", "dynamic_shared_memory_type=mmap")
}

// awaitReady polls the database's own pid file, whose eighth line says when it
// takes connections.
func (c *Cluster) awaitReady(ctx context.Context, s *server) error {
	for {
		if pid, ready := readPidFile(c.folder.pidFile()); ready && c.isServer(pid) {
			return nil
		}
		select {
		case <-s.done:
			return errors.New("数据库程序已退出")
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(10 * time.Millisecond):
		}
	}
}

// stop ends the database without waiting; closing twice is harmless.
func (s *server) stop() {
	_ = s.pipe.Close() // a second close is the only failure
	<-s.done
}

// Halt stops the database but keeps the folder, port and socket for Resume.
// When ctx ends first the database is stopped at once.
func (c *Cluster) Halt(ctx context.Context) error {
	s := c.take()
	if s == nil {
		return nil
	}
	_ = s.pipe.Close() // closed once: take gave it to us alone
	select {
	case <-s.done:
		return nil
	case <-ctx.Done():
	}
	if err := c.signal(syscall.SIGQUIT); err != nil {
		return err
	}
	<-s.done // an immediate shutdown takes at most five seconds
	return nil
}

// Resume starts the database again after Halt or Kill, on the same port and
// socket.
func (c *Cluster) Resume(ctx context.Context) error {
	if c.lock == nil {
		return errors.New("数据库由另一个程序运行，本程序不能启动它")
	}
	if s := c.take(); s != nil {
		s.stop()
	}
	if err := c.endOrphan(ctx); err != nil {
		return err
	}
	return c.run(ctx, false)
}

// Kill ends the database like a power failure (SIGKILL): for failure tests.
func (c *Cluster) Kill() error {
	s := c.take()
	if s == nil {
		return nil
	}
	workers := c.children()
	err := c.signal(syscall.SIGKILL)
	// Its processes would notice only when they next wait for something.
	for _, pid := range workers {
		_ = syscall.Kill(pid, syscall.SIGKILL)
	}
	s.stop()
	return err
}

// children are the processes of the running server, where the system tells.
func (c *Cluster) children() (list []int) {
	pid, _ := readPidFile(c.folder.pidFile())
	if pid == 0 || !c.isServer(pid) {
		return nil
	}
	text, _ := os.ReadFile(fmt.Sprintf("/proc/%d/task/%d/children", pid, pid))
	for _, word := range strings.Fields(string(text)) {
		if child, err := strconv.Atoi(word); err == nil && c.isServer(child) {
			list = append(list, child)
		}
	}
	return list
}

// take hands the running server to one caller.
func (c *Cluster) take() *server {
	c.mu.Lock()
	defer c.mu.Unlock()
	s := c.server
	c.server = nil
	return s
}

func (c *Cluster) signal(sig syscall.Signal) error {
	pid, _ := readPidFile(c.folder.pidFile())
	if pid == 0 || !c.isServer(pid) {
		return nil
	}
	if err := syscall.Kill(pid, sig); err != nil && !errors.Is(err, syscall.ESRCH) {
		return fmt.Errorf("无法停止数据库进程 %d：%w", pid, err)
	}
	return nil
}

func freePort(ctx context.Context) (int, error) {
	var lc net.ListenConfig
	l, err := lc.Listen(ctx, "tcp4", "127.0.0.1:0")
	if err != nil {
		return 0, fmt.Errorf("没有可用的本机端口：%w", err)
	}
	addr, ok := l.Addr().(*net.TCPAddr)
	if err := l.Close(); err != nil || !ok {
		return 0, fmt.Errorf("没有可用的本机端口：%w", err)
	}
	return addr.Port, nil
}

func pause(ctx context.Context, d time.Duration) error {
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-time.After(d):
		return nil
	}
}
