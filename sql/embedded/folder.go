package embedded

import (
	"errors"
	"fmt"
	"hash/fnv"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"time"
)

// ErrInUse says that another living program holds the folder.
var ErrInUse = errors.New("数据库文件夹正在被使用")

// rootHomes holds the clusters of programs that run as root: the database's
// own account cannot work below a closed home.
const rootHomes = "/var/lib/jingfang"

// pointerName is the file in the data folder that names the cluster's place.
const pointerName = "postgresql.path"

// folder is where a cluster lies.
type folder struct {
	dir       string // as the user named it
	home      string // data, roles, log and lock; dir itself unless run as root
	sockets   string // private and short: a socket's path has at most 107 bytes
	temporary bool
	account   account
}

func (f folder) data() string      { return filepath.Join(f.home, "data") }
func (f folder) rolesFile() string { return filepath.Join(f.home, "roles.json") }
func (f folder) logFile() string   { return filepath.Join(f.home, "postgresql.log") }
func (f folder) pidFile() string   { return filepath.Join(f.data(), "postmaster.pid") }

// prepareFolder makes the folders that hold the cluster.
func prepareFolder(dir string) (folder, error) {
	acct, err := findAccount()
	if err != nil {
		return folder{}, err
	}
	if dir == "" {
		return temporaryFolder(acct)
	}
	dir, err = filepath.Abs(dir)
	if err != nil {
		return folder{}, fmt.Errorf("无法确定数据文件夹的位置：%w", err)
	}
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return folder{}, fmt.Errorf("无法建立数据文件夹 %s，请换一个可以写入的文件夹：%w", dir, err)
	}
	f := folder{dir: dir, home: filepath.Join(dir, "postgresql"), account: acct}
	if acct.foreign {
		if f.home, err = rootHome(dir); err != nil {
			return folder{}, err
		}
		f.account = acct.ownerOf(f.data())
	}
	return f, f.makePrivate(f.home)
}

// temporaryFolder never follows TMPDIR, which may be too long for a socket or
// closed to the database's account.
func temporaryFolder(acct account) (folder, error) {
	parent := temporaryParent()
	home, err := os.MkdirTemp(parent, "jf-")
	if err != nil {
		return folder{}, fmt.Errorf("无法在 %s 建立临时数据库文件夹：%w", parent, err)
	}
	f := folder{dir: home, home: home, temporary: true, account: acct}
	return f, f.makePrivate(home)
}

// temporaryParent is memory where there is plenty: a fresh schema is hundreds of
// small files, which a busy disk makes three times as slow.
func temporaryParent() string {
	const shared, enough = "/dev/shm", 2 << 30
	var st syscall.Statfs_t
	if err := syscall.Statfs(shared, &st); err != nil || uint64(st.Bavail)*uint64(st.Bsize) < enough {
		return "/tmp" // no such folder, or a container's small one
	}
	return shared
}

// makePrivate makes path a folder of the database's account that nobody else
// may enter.
func (f folder) makePrivate(path string) error {
	if err := os.Mkdir(path, 0o700); err != nil && !errors.Is(err, fs.ErrExist) {
		return fmt.Errorf("无法建立文件夹 %s：%w", path, err)
	}
	if err := os.Chmod(path, 0o700); err != nil {
		return fmt.Errorf("文件夹 %s 不属于当前用户，请换一个文件夹：%w", path, err)
	}
	return f.account.own(path)
}

// rootHome is the cluster's place for dir when the program runs as root. A
// pointer file in dir names it, so that a renamed dir keeps its data.
func rootHome(dir string) (string, error) {
	if err := os.MkdirAll(rootHomes, 0o711); err != nil {
		return "", fmt.Errorf("无法建立 %s：%w", rootHomes, err)
	}
	if err := os.Chmod(rootHomes, 0o711); err != nil {
		return "", fmt.Errorf("无法设置 %s 的权限：%w", rootHomes, err)
	}
	pointer := filepath.Join(dir, pointerName)
	text, err := os.ReadFile(pointer)
	if err == nil {
		home := strings.TrimSpace(string(text))
		if filepath.Dir(home) != rootHomes {
			return "", fmt.Errorf("%s 的内容不对：它应当指向 %s 下的文件夹", pointer, rootHomes)
		}
		return home, nil
	}
	if !errors.Is(err, fs.ErrNotExist) {
		return "", fmt.Errorf("无法读取 %s：%w", pointer, err)
	}
	home := filepath.Join(rootHomes, digest(dir))
	if err := setAside(home); err != nil {
		return "", err
	}
	if err := os.WriteFile(pointer, []byte(home+"\n"), 0o600); err != nil {
		return "", fmt.Errorf("无法写入 %s：%w", pointer, err)
	}
	return home, nil
}

// setAside renames the cluster of a data folder that was deleted: its keys went
// with the folder, so the new folder cannot read it, but it is not ours to delete.
func setAside(home string) error {
	err := os.Rename(home, home+".old-"+time.Now().Format("20060102-150405.000"))
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("无法移开旧的数据库文件夹 %s：%w", home, err)
	}
	return nil
}

// digest names a folder in a few characters; it protects nothing.
func digest(dir string) string {
	h := fnv.New128a()
	h.Write([]byte(dir)) // never fails
	return fmt.Sprintf("%x", h.Sum(nil))
}

// acquire takes the folder for this program until the lock file is closed. The
// kernel gives it back when the program dies, so there is no stale lock.
func (f folder) acquire() (*os.File, error) {
	path := filepath.Join(f.home, "lock")
	lock, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return nil, fmt.Errorf("无法打开 %s：%w", path, err)
	}
	if err := syscall.Flock(int(lock.Fd()), syscall.LOCK_EX|syscall.LOCK_NB); err != nil {
		return nil, errors.Join(f.refuse(path, err), lock.Close())
	}
	if err := errors.Join(lock.Truncate(0), writeAt(lock, strconv.Itoa(os.Getpid())+"\n")); err != nil {
		return nil, errors.Join(fmt.Errorf("无法写入 %s：%w", path, err), lock.Close())
	}
	return lock, nil
}

func writeAt(file *os.File, text string) error {
	_, err := file.WriteAt([]byte(text), 0)
	return err
}

// refuse names the program that holds the folder.
func (f folder) refuse(path string, err error) error {
	if !errors.Is(err, syscall.EWOULDBLOCK) {
		return fmt.Errorf("无法锁定 %s：%w", path, err)
	}
	text, err := os.ReadFile(path)
	if err != nil {
		return fmt.Errorf("无法读取 %s：%w", path, err)
	}
	pid := strings.TrimSpace(string(text))
	return fmt.Errorf("%w：%s 正由进程 %s 使用。请先结束那个程序（在它的窗口按 Ctrl+C，或运行 kill %s），"+
		"或用 -data 指定另一个文件夹", ErrInUse, f.dir, pid, pid)
}

// dataVersion is the major version that made the data, 0 when there is none.
func (f folder) dataVersion() (int, error) {
	text, err := os.ReadFile(filepath.Join(f.data(), "PG_VERSION"))
	if errors.Is(err, fs.ErrNotExist) {
		return 0, nil
	}
	if err != nil {
		return 0, fmt.Errorf("无法读取数据库文件夹 %s：%w", f.data(), err)
	}
	major, err := strconv.Atoi(strings.TrimSpace(string(text)))
	if err != nil {
		return 0, fmt.Errorf("数据库文件夹 %s 的版本无法识别：%w", f.data(), err)
	}
	return major, nil
}
