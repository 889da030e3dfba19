// Package disk finds out whether a disk can be written, and says why not.
package disk

import (
	"errors"
	"os"
	"strings"
	"syscall"
)

// probeSize is how much Probe writes: more than a block of messages that nats-server starts, and the index that it writes at its end.
const probeSize = 4 << 20

// Probe returns nil if the directory takes some megabytes. It leaves nothing there.
func Probe(dir string) error {
	file, err := os.CreateTemp(dir, ".probe-*")
	if err != nil {
		return err
	}
	_, err = file.Write(make([]byte, probeSize))
	return errors.Join(err, file.Sync(), file.Close(), os.Remove(file.Name()))
}

// errnos are the errors of a disk that does not take what is written.
var errnos = []syscall.Errno{syscall.ENOSPC, syscall.EDQUOT, syscall.EIO, syscall.EROFS}

// Error makes an error of a text, which wraps the syscall.Errno with which it ends, if it is one of a disk.
func Error(text string) error {
	for _, errno := range errnos {
		if strings.HasSuffix(text, errno.Error()) {
			return failure{text, errno}
		}
	}
	return errors.New(text)
}

type failure struct {
	text  string
	errno syscall.Errno
}

func (f failure) Error() string { return f.text }
func (f failure) Unwrap() error { return f.errno }

// Reason says in a few words for anybody why a disk cannot be written; nothing if that is not what err is about.
func Reason(err error) string {
	var errno syscall.Errno
	switch {
	case !errors.As(err, &errno):
		return ""
	case errno == syscall.ENOSPC, errno == syscall.EDQUOT:
		return "the disk is full"
	case errno == syscall.EIO:
		return "the disk reports an error"
	case errno == syscall.EROFS:
		return "the disk is read-only"
	}
	return ""
}
