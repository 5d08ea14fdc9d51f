package embedded

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"strings"
)

// ErrNotRunning says that no program runs a cluster in the folder.
var ErrNotRunning = errors.New("数据库没有在运行")

// Attach gives the addresses of the cluster that another program of the same
// user is running in dir, for tools that look at a running demonstration. Stop,
// Halt, Resume and Kill leave that database alone. Without one it is
// ErrNotRunning, and Start is the way.
func Attach(dir string) (*Cluster, error) {
	f, err := existingFolder(dir)
	if err != nil {
		return nil, err
	}
	c := &Cluster{folder: f}
	pid, ready := readPidFile(f.pidFile())
	if !ready || !c.isServer(pid) {
		return nil, fmt.Errorf("%w：%s", ErrNotRunning, f.dir)
	}
	if err := c.readAddress(); err != nil {
		return nil, err
	}
	if c.tools.major, err = f.dataVersion(); err != nil {
		return nil, err
	}
	return c, c.readRoles()
}

// existingFolder finds the cluster's place without making anything.
func existingFolder(dir string) (folder, error) {
	dir, err := filepath.Abs(dir)
	if err != nil {
		return folder{}, fmt.Errorf("无法确定数据文件夹的位置：%w", err)
	}
	f := folder{dir: dir, home: filepath.Join(dir, "postgresql")}
	text, err := os.ReadFile(filepath.Join(dir, pointerName))
	if errors.Is(err, fs.ErrNotExist) {
		return f, nil
	}
	if err != nil {
		return f, fmt.Errorf("无法读取数据文件夹 %s：%w", dir, err)
	}
	f.home = strings.TrimSpace(string(text))
	return f, nil
}

// readAddress takes port and socket folder from lines 4 and 5 of the
// database's pid file.
func (c *Cluster) readAddress() error {
	text, err := os.ReadFile(c.folder.pidFile())
	if err != nil {
		return fmt.Errorf("无法读取数据库进程文件：%w", err)
	}
	lines := strings.Split(string(text), "\n")
	if len(lines) < 5 {
		return fmt.Errorf("%w：%s", ErrNotRunning, c.folder.dir)
	}
	c.folder.sockets = strings.TrimSpace(lines[4])
	if c.port, err = strconv.Atoi(strings.TrimSpace(lines[3])); err != nil {
		return fmt.Errorf("数据库进程文件 %s 无法识别：%w", c.folder.pidFile(), err)
	}
	return nil
}
