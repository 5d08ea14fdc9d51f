package embedded

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"strings"
)

// logLimit is the size in bytes at which a start moves the database's log
// aside; one older log is kept.
const logLimit = 10 << 20

// openLog opens the database's log for appending.
func openLog(path string) (*os.File, error) {
	info, err := os.Stat(path)
	if err == nil && info.Size() > logLimit {
		err = os.Rename(path, path+".1")
	}
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("无法使用数据库日志：%w", err)
	}
	log, err := os.OpenFile(path, os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		return nil, fmt.Errorf("无法打开数据库日志：%w", err)
	}
	return log, nil
}

// readFrom is what the database logged since offset; it explains another
// error, so its own failure is part of the text.
func readFrom(path string, offset int64) string {
	file, err := os.Open(path)
	if err != nil {
		return err.Error()
	}
	defer file.Close()
	text, err := io.ReadAll(io.NewSectionReader(file, offset, logLimit))
	if err != nil {
		return err.Error()
	}
	return string(text)
}

// lastLines is the end of a program's output, enough to see why it failed.
func lastLines(text string) string {
	lines := strings.Split(strings.TrimSpace(text), "\n")
	return strings.Join(lines[max(0, len(lines)-6):], "\n")
}
