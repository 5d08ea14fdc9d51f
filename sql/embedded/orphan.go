package embedded

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"syscall"
	"time"
)

// janitor removes a temporary cluster's folder when the program has ended. The
// database's watcher stops the database at the same moment; the pid file goes
// last, and one that stays behind must not keep the folder for ever.
const janitor = `
read -r _
tries=0
while [ -e "$1/data/postmaster.pid" ] && [ "$tries" -lt 100 ]; do
	sleep 0.1
	tries=$((tries + 1))
done
rm -rf -- "$1"
`

func startJanitor(f folder) (io.Closer, error) {
	read, write, err := os.Pipe()
	if err != nil {
		return nil, fmt.Errorf("无法准备临时数据库：%w", err)
	}
	defer read.Close()
	cmd := exec.Command("/bin/sh", "-c", janitor, "jingfang-janitor", f.home) // outlives the program on purpose
	f.account.lend(cmd)
	cmd.Stdin = read
	if err := cmd.Start(); err != nil {
		return nil, errors.Join(fmt.Errorf("无法准备临时数据库：%w", err), write.Close())
	}
	go func() { _ = cmd.Wait() }() // it has nothing to tell; this only reaps it
	return write, nil
}

// readPidFile gives the process number in a postmaster.pid (0 when there is
// none) and whether that database said that it takes connections.
func readPidFile(path string) (pid int, ready bool) {
	text, err := os.ReadFile(path)
	if err != nil {
		return 0, false // absent or vanishing: both mean no database
	}
	lines := strings.Split(string(text), "\n")
	pid, err = strconv.Atoi(strings.TrimSpace(lines[0]))
	if err != nil {
		return 0, false // being written
	}
	return pid, len(lines) > 7 && strings.TrimSpace(lines[7]) == "ready"
}

// isServer says whether process pid is a living database of this folder: they
// all work inside their data folder. Without /proc any living process counts.
func (c *Cluster) isServer(pid int) bool {
	if runtime.GOOS != "linux" {
		return syscall.Kill(pid, 0) == nil
	}
	cwd, err := os.Readlink("/proc/" + strconv.Itoa(pid) + "/cwd")
	if err != nil {
		return false // gone, or another user's and so not ours
	}
	data, err := filepath.EvalSymlinks(c.folder.data())
	return err == nil && cwd == data
}

// endOrphan makes sure that no database of a killed program still works in the
// folder, which this program holds. Its watcher normally stops it within a
// second; if the watcher was killed as well, we do.
func (c *Cluster) endOrphan(ctx context.Context) error {
	pid, _ := readPidFile(c.folder.pidFile())
	if pid == 0 {
		return nil
	}
	if !c.isServer(pid) {
		return c.dropStalePidFile(pid)
	}
	c.say("上次的程序没有正常结束，正在等待它的数据库（进程 %d）停下……", pid)
	for _, step := range []struct {
		send  syscall.Signal // 0 only waits
		limit time.Duration
	}{{0, 3 * time.Second}, {syscall.SIGINT, 30 * time.Second}, {syscall.SIGQUIT, 15 * time.Second}} {
		if step.send != 0 {
			if err := c.signal(step.send); err != nil {
				return err
			}
		}
		gone, err := c.awaitGone(ctx, pid, step.limit)
		if gone || err != nil {
			return err
		}
	}
	return fmt.Errorf("%w：上次留下的数据库进程 %d 停不下来，请先运行 kill -9 %d", ErrInUse, pid, pid)
}

func (c *Cluster) awaitGone(ctx context.Context, pid int, limit time.Duration) (bool, error) {
	for end := time.Now().Add(limit); time.Now().Before(end); {
		if !c.isServer(pid) {
			return true, nil
		}
		if err := pause(ctx, 20*time.Millisecond); err != nil {
			return false, fmt.Errorf("等待上次的数据库停下时中断：%w", err)
		}
	}
	return false, nil
}

// dropStalePidFile removes a pid file only when its number lives on as another
// process, which PostgreSQL would take for a second database. A dead number is
// left to PostgreSQL, which then also checks the old shared memory.
func (c *Cluster) dropStalePidFile(pid int) error {
	if runtime.GOOS != "linux" || syscall.Kill(pid, 0) != nil {
		return nil
	}
	if err := os.Remove(c.folder.pidFile()); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("无法清理过期的数据库进程文件：%w", err)
	}
	return nil
}
