package disk_test

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"syscall"
	"testing"

	"linienfunk/internal/disk"
)

func TestADirectoryThatCanBeWrittenIsLeftAsItWas(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	if err := disk.Probe(dir); err != nil {
		t.Error(err)
	}
	if left, _ := os.ReadDir(dir); len(left) > 0 {
		t.Errorf("%s is left", left[0].Name())
	}
	if err := disk.Probe(filepath.Join(dir, "none")); err == nil {
		t.Error("a directory that does not exist can be written")
	}
}

func TestAnErrorOfTheDiskIsFoundInATextAndSaidInWords(t *testing.T) {
	t.Parallel()
	for errno, want := range map[syscall.Errno]string{
		syscall.ENOSPC: "the disk is full", syscall.EIO: "the disk reports an error", syscall.EROFS: "the disk is read-only",
	} {
		err := disk.Error("write 1.blk: " + errno.Error())
		if !errors.Is(err, errno) || disk.Reason(fmt.Errorf("wrapped: %w", err)) != want || err.Error() != "write 1.blk: "+errno.Error() {
			t.Errorf("%v: %q", err, disk.Reason(err))
		}
	}
	if other := disk.Error("stalled"); disk.Reason(other) != "" {
		t.Errorf("%v: %q", other, disk.Reason(other))
	}
}
