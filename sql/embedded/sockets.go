package embedded

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"syscall"
)

// longestSocketFolder leaves room for "/.s.PGSQL.65535.lock" within the 103
// bytes that the strictest system allows.
const longestSocketFolder = 80

// makeSockets picks the folder of the socket and empties it: a socket lock that
// a killed database left would refuse the start if its number lives again as
// another process. Nobody else can be using the folder: we hold the lock.
func (f *folder) makeSockets() error {
	var errs []error
	for _, path := range f.socketPlaces() {
		if len(path) > longestSocketFolder {
			continue
		}
		err := f.takePrivate(path)
		if err == nil {
			f.sockets = path
			return nil
		}
		errs = append(errs, err)
	}
	return fmt.Errorf("无法为数据库建立私有的套接字文件夹：%w", errors.Join(errs...))
}

// socketPlaces prefers the cluster's own folder; a long path leaves the user's
// run folder and /tmp.
func (f folder) socketPlaces() []string {
	name := "jf-" + digest(f.home)[:12]
	places := []string{filepath.Join(f.home, "s")}
	if run := os.Getenv("XDG_RUNTIME_DIR"); filepath.IsAbs(run) && !f.account.foreign {
		places = append(places, filepath.Join(run, name))
	}
	return append(places, "/tmp/"+name)
}

// takePrivate empties path, or makes it, and is sure that it belongs to the
// account: in /tmp anybody could have made a folder of that name before us.
func (f folder) takePrivate(path string) error {
	info, err := os.Lstat(path)
	if err == nil {
		st, ok := info.Sys().(*syscall.Stat_t)
		if !info.IsDir() || !ok || int(st.Uid) != f.account.uid {
			return fmt.Errorf("%s 属于别的用户", path)
		}
		err = os.RemoveAll(path)
	}
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("无法清理 %s：%w", path, err)
	}
	if err := os.Mkdir(path, 0o700); err != nil {
		return fmt.Errorf("无法建立 %s：%w", path, err)
	}
	return f.account.own(path)
}
