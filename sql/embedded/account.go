package embedded

import (
	"fmt"
	"os"
	"os/exec"
	"os/user"
	"strconv"
	"syscall"
)

// account is who runs the database's programs: PostgreSQL refuses root, so a
// program of root's lends it another account.
type account struct {
	foreign  bool
	uid, gid int
}

// findAccount is the current user, or for root the distribution's database
// account, else nobody.
func findAccount() (account, error) {
	if os.Geteuid() != 0 {
		return account{uid: os.Geteuid(), gid: os.Getegid()}, nil
	}
	for _, name := range []string{"postgres", "nobody"} {
		u, err := user.Lookup(name)
		if err != nil {
			continue
		}
		uid, uidErr := strconv.Atoi(u.Uid)
		gid, gidErr := strconv.Atoi(u.Gid)
		if uidErr == nil && gidErr == nil && uid != 0 {
			return account{foreign: true, uid: uid, gid: gid}, nil
		}
	}
	return account{}, fmt.Errorf("数据库不能以 root 运行，本机又没有 postgres 或 nobody 账户。请改用普通用户运行本程序")
}

// ownerOf is the account that made the data, so that a database account which
// is created later does not shut out one that began as nobody.
func (a account) ownerOf(data string) account {
	info, err := os.Stat(data)
	if err != nil {
		return a // no data yet
	}
	if st, ok := info.Sys().(*syscall.Stat_t); ok && st.Uid != 0 {
		a.uid, a.gid = int(st.Uid), int(st.Gid)
	}
	return a
}

// own gives path to the account.
func (a account) own(path string) error {
	if !a.foreign {
		return nil
	}
	if err := os.Chown(path, a.uid, a.gid); err != nil {
		return fmt.Errorf("无法把 %s 交给数据库账户：%w", path, err)
	}
	return nil
}

// lend makes cmd run as the account, in a session of its own so that Ctrl+C
// in the terminal reaches the program first, in a folder the account may enter
// and without the caller's PG… variables, which would redirect the tools.
func (a account) lend(cmd *exec.Cmd) {
	cmd.Dir = "/"
	cmd.Env = []string{"PATH=" + os.Getenv("PATH"), "LC_ALL=C", "TZ=Asia/Shanghai"}
	cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true}
	if a.foreign {
		cmd.SysProcAttr.Credential = &syscall.Credential{Uid: uint32(a.uid), Gid: uint32(a.gid)}
	}
}
