package embedded_test

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	osexec "os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"jingfang/sql/embedded"
)

// missing is how the other program says that no PostgreSQL is installed.
const missing = "missing"

// TestMain plays the program that gets killed when asked to by helper.
func TestMain(m *testing.M) {
	if dir, ok := os.LookupEnv("EMBEDDED_TEST_HELPER"); ok {
		c, err := embedded.Start(context.Background(), embedded.Config{Dir: dir, Fast: dir == ""})
		if errors.Is(err, embedded.ErrMissing) {
			fmt.Println(missing)
		}
		if err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		fmt.Println(c.Home())
		fmt.Println(c.OwnerDSN(""))
		select {} // until killed
	}
	os.Exit(m.Run())
}

// helper starts another program on dir and returns it with the cluster's home
// and the owner's DSN.
func helper(t *testing.T, dir string) (cmd *osexec.Cmd, home, dsn string) {
	t.Helper()
	cmd = osexec.Command(os.Args[0])
	cmd.Env = append(os.Environ(), "EMBEDDED_TEST_HELPER="+dir)
	cmd.Stderr = os.Stderr
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { kill9(t, cmd) })
	lines := bufio.NewScanner(out)
	for _, line := range []*string{&home, &dsn} {
		if !lines.Scan() {
			t.Fatal("the other program did not start")
		}
		*line = lines.Text()
		if *line == missing && os.Getenv("CI") == "" {
			t.Skip(embedded.ErrMissing)
		}
	}
	return cmd, home, dsn
}

func kill9(t *testing.T, cmd *osexec.Cmd) {
	t.Helper()
	if cmd.ProcessState != nil {
		return
	}
	if err := cmd.Process.Kill(); err != nil {
		t.Error(err)
	}
	var exit *osexec.ExitError
	if err := cmd.Wait(); !errors.As(err, &exit) {
		t.Errorf("the killed program: %v", err)
	}
}

// dataDir is a new folder of the test's, whose cluster is removed with it also
// when it lies elsewhere because the test runs as root.
func dataDir(t *testing.T, below ...string) string {
	t.Helper()
	dir := filepath.Join(append([]string{t.TempDir()}, below...)...)
	t.Cleanup(func() {
		text, err := os.ReadFile(filepath.Join(dir, "postgresql.path"))
		if err == nil {
			err = os.RemoveAll(strings.TrimSpace(string(text)))
		}
		if err != nil && !errors.Is(err, fs.ErrNotExist) {
			t.Error(err)
		}
	})
	return dir
}

// waitFor calls try until it succeeds or ten seconds have passed.
func waitFor(t testing.TB, try func() error) error {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
	defer cancel()
	tick := time.NewTicker(10 * time.Millisecond)
	defer tick.Stop()
	for {
		err := try()
		if err == nil {
			return nil
		}
		select {
		case <-ctx.Done():
			return err
		case <-tick.C:
		}
	}
}

// postmaster is the database's process number from its pid file.
func postmaster(t *testing.T, home string) int {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(home, "data", "postmaster.pid"))
	if err != nil {
		t.Fatal(err)
	}
	pid, err := strconv.Atoi(strings.SplitN(string(text), "\n", 2)[0])
	if err != nil {
		t.Fatal(err)
	}
	return pid
}

// gone counts a dead process that its new parent has not yet collected as gone.
func gone(pid int) error {
	stat, readErr := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	if readErr == nil && strings.Contains(string(stat), ") Z ") {
		return nil
	}
	if err := syscall.Kill(pid, 0); !errors.Is(err, syscall.ESRCH) {
		return fmt.Errorf("process %d lives: %v", pid, err)
	}
	return nil
}

func TestProgramKilled(t *testing.T) {
	t.Parallel()
	t.Run("the database follows and keeps its data", func(t *testing.T) {
		dir := dataDir(t)
		program, home, dsn := helper(t, dir)
		exec(t, open(t, dsn), "CREATE SCHEMA jf; CREATE TABLE jf.thing (a bigint); INSERT INTO jf.thing VALUES (7)")
		pid := postmaster(t, home)
		kill9(t, program)
		if err := waitFor(t, func() error { return gone(pid) }); err != nil {
			t.Fatal(err)
		}
		c := start(t, embedded.Config{Dir: dir})
		if got := ask(t, open(t, c.OwnerDSN("jf")), "SELECT a FROM thing"); got != "7" {
			t.Errorf("got %q", got)
		}
	})
	t.Run("a start in the same moment waits for it", func(t *testing.T) {
		dir := dataDir(t)
		program, _, _ := helper(t, dir)
		kill9(t, program)
		start(t, embedded.Config{Dir: dir})
	})
	t.Run("the watcher was killed as well", func(t *testing.T) {
		dir := dataDir(t)
		program, home, _ := helper(t, dir)
		pid := postmaster(t, home)
		if err := syscall.Kill(parent(t, pid), syscall.SIGKILL); err != nil {
			t.Fatal(err)
		}
		kill9(t, program)
		if gone(pid) == nil {
			t.Fatal("the database should have been left behind")
		}
		c := start(t, embedded.Config{Dir: dir})
		if err := gone(pid); err != nil {
			t.Error(err)
		}
		if err := open(t, c.AppDSN("")).PingContext(t.Context()); err != nil {
			t.Error(err)
		}
	})
	t.Run("a temporary cluster disappears", func(t *testing.T) {
		program, home, _ := helper(t, "")
		kill9(t, program)
		err := waitFor(t, func() error {
			if _, err := os.Stat(home); !errors.Is(err, fs.ErrNotExist) {
				return fmt.Errorf("%s is still there: %v", home, err)
			}
			return nil
		})
		if err != nil {
			t.Error(err)
		}
	})
}

// parent reads the parent's process number from /proc.
func parent(t *testing.T, pid int) int {
	t.Helper()
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", pid))
	if err != nil {
		t.Skip(err)
	}
	_, rest, _ := strings.Cut(string(text), "PPid:")
	ppid, err := strconv.Atoi(strings.TrimSpace(strings.SplitN(rest, "\n", 2)[0]))
	if err != nil {
		t.Fatal(err)
	}
	return ppid
}

func TestFolderInUse(t *testing.T) {
	t.Parallel()
	dir := dataDir(t)
	program, _, dsn := helper(t, dir)
	_, err := embedded.Start(t.Context(), embedded.Config{Dir: dir})
	want(t, err, embedded.ErrInUse, dir, strconv.Itoa(program.Process.Pid))
	if err := open(t, dsn).PingContext(t.Context()); err != nil {
		t.Errorf("the refused start disturbed the other program: %v", err)
	}
}

func TestStalePidFile(t *testing.T) {
	t.Parallel()
	dir := dataDir(t)
	c := start(t, embedded.Config{Dir: dir, Fast: true})
	if err := c.Stop(t.Context()); err != nil {
		t.Fatal(err)
	}
	// Numbers that live on as another process of the very same user are the
	// worst case: PostgreSQL alone would refuse to start.
	stranger := osexec.Command("sleep", "60")
	stranger.SysProcAttr = sameAccount(t, c.Home())
	if err := stranger.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { kill9(t, stranger) })
	for name, pid := range map[string]int{"dead": 1 << 22, "reused": stranger.Process.Pid} {
		t.Run(name, func(t *testing.T) {
			text := fmt.Sprintf("%d\n%s/data\n1\n5432\n%s\n127.0.0.1\n1 1\nready\n", pid, c.Home(), c.Sockets())
			path := filepath.Join(c.Home(), "data", "postmaster.pid")
			if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
				t.Fatal(err)
			}
			if err := os.MkdirAll(c.Sockets(), 0o700); err != nil {
				t.Fatal(err)
			}
			if err := errors.Join(chownLike(path, c.Home()), chownLike(c.Sockets(), c.Home())); err != nil {
				t.Fatal(err)
			}
			lock := filepath.Join(c.Sockets(), ".s.PGSQL.5432.lock")
			if err := os.WriteFile(lock, []byte(text), 0o644); err != nil {
				t.Fatal(err)
			}
			again := start(t, embedded.Config{Dir: dir, Fast: true, Port: 0})
			if err := open(t, again.AppDSN("")).PingContext(t.Context()); err != nil {
				t.Error(err)
			}
			if err := gone(stranger.Process.Pid); err == nil {
				t.Error("the stranger was killed")
			}
			if err := again.Stop(t.Context()); err != nil {
				t.Error(err)
			}
		})
	}
}

func sameAccount(t *testing.T, home string) *syscall.SysProcAttr {
	t.Helper()
	st := owner(t, home)
	if os.Geteuid() != 0 {
		return nil
	}
	return &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: st.Uid, Gid: st.Gid}}
}

func owner(t *testing.T, path string) *syscall.Stat_t {
	t.Helper()
	info, err := os.Stat(path)
	if err != nil {
		t.Fatal(err)
	}
	return info.Sys().(*syscall.Stat_t)
}

func chownLike(path, like string) error {
	info, err := os.Stat(like)
	if err != nil {
		return err
	}
	st := info.Sys().(*syscall.Stat_t)
	return os.Chown(path, int(st.Uid), int(st.Gid))
}
