package testkit

import (
	"os"
	"path/filepath"
	"syscall"
	"testing"
)

// SmallDisk is a file system of its own.
type SmallDisk struct{ Dir string }

// NewSmallDisk mounts a file system of this many bytes until the test ends. It skips the test where that is not allowed: it takes Linux
// and root.
func NewSmallDisk(t testing.TB, size string) SmallDisk {
	t.Helper()
	dir := t.TempDir()
	if err := syscall.Mount("tmpfs", dir, "tmpfs", 0, "size="+size); err != nil {
		t.Skip("cannot mount a small file system: ", err)
	}
	t.Cleanup(func() {
		if err := syscall.Unmount(dir, syscall.MNT_DETACH); err != nil {
			t.Error(err)
		}
	})
	return SmallDisk{dir}
}

func (d SmallDisk) filler() string { return filepath.Join(d.Dir, "filler") }

// Fill uses up all space.
func (d SmallDisk) Fill(t testing.TB) {
	t.Helper()
	file, err := os.OpenFile(d.filler(), os.O_CREATE|os.O_WRONLY|os.O_APPEND, 0o600)
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	for chunk := make([]byte, 64<<10); len(chunk) > 0; {
		if _, err := file.Write(chunk); err != nil {
			chunk = chunk[:len(chunk)/2]
		}
	}
}

// Free gives the space back.
func (d SmallDisk) Free(t testing.TB) {
	t.Helper()
	if err := os.Remove(d.filler()); err != nil {
		t.Fatal(err)
	}
}
