package main

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"
)

// fault is something that goes wrong between begin and end.
type fault interface {
	begin() error
	end() error
	remove() // undoes what its preparation has done
}

// fullDisk is a small file system for a part, which is filled.
type fullDisk struct {
	dir    string
	mounts []string
	full   chan struct{} // closed when it is to have space again
	done   sync.WaitGroup
}

// newFullDisk mounts the file system before the program starts. The streams in the directory of the database get one of their own.
func newFullDisk(p *program, part storePart) (fault, error) {
	d := &fullDisk{dir: filepath.Join(p.data, part.dir)}
	if part.dir != "." {
		return d, d.mount(d.dir)
	}
	copied := p.data + ".copy"
	if err := os.CopyFS(copied, os.DirFS(p.data)); err != nil {
		return d, err
	}
	defer os.RemoveAll(copied)
	if err := d.mount(d.dir); err != nil {
		return d, err
	}
	if err := os.CopyFS(d.dir, os.DirFS(copied)); err != nil {
		return d, err
	}
	return d, d.mount(filepath.Join(d.dir, "nats"))
}

// mount mounts a file system of 64 MiB.
func (d *fullDisk) mount(dir string) error {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return err
	}
	said, err := exec.Command("mount", "-t", "tmpfs", "-o", "size=64m", "tmpfs", dir).CombinedOutput()
	if err != nil {
		return skipped{"no file system can be mounted, which takes root: " + strings.TrimSpace(string(said))}
	}
	d.mounts = append(d.mounts, dir)
	return nil
}

func (d *fullDisk) filler() string { return filepath.Join(d.dir, "filler") }

// begin fills the disk, and goes on doing so when the program deletes something.
func (d *fullDisk) begin() error {
	file, err := os.Create(d.filler())
	if err != nil {
		return err
	}
	d.full = make(chan struct{})
	d.done.Go(func() {
		defer file.Close()
		for {
			for chunk := make([]byte, 64<<10); len(chunk) > 0; {
				if _, err := file.Write(chunk); err != nil {
					chunk = chunk[:len(chunk)/2]
				}
			}
			select {
			case <-d.full:
				return
			case <-time.After(10 * time.Millisecond):
			}
		}
	})
	return nil
}

func (d *fullDisk) end() error {
	close(d.full)
	d.done.Wait()
	return os.Remove(d.filler())
}

// remove comes after the program's end.
func (d *fullDisk) remove() {
	for _, dir := range slices.Backward(d.mounts) {
		exec.Command("umount", "-l", dir).Run()
	}
}

// failingWrites makes strace answer the program's writes and syncs of a part's files with EIO, in place of the kernel.
type failingWrites struct {
	program *program
	part    storePart
	strace  *exec.Cmd
}

func newFailingWrites(p *program, part storePart) (fault, error) {
	if _, err := exec.LookPath("strace"); err != nil {
		return nil, skipped{"strace is not installed"}
	}
	return &failingWrites{program: p, part: part}, nil
}

// laterBlocks is how many blocks that a stream may begin meanwhile fail, too.
const laterBlocks = 100

func (w *failingWrites) begin() error {
	args := []string{"-f", "-p", strconv.Itoa(w.program.pid()), "-o", os.DevNull, "-e", "inject=write,pwrite64,fsync,fdatasync:error=EIO"}
	for _, path := range w.files() {
		args = append(args, "-P", path)
	}
	w.strace = exec.Command("strace", args...)
	return w.strace.Start()
}

// files are those of the part, and those that its stream begins next.
func (w *failingWrites) files() (paths []string) {
	for _, pattern := range w.part.files {
		found, _ := filepath.Glob(filepath.Join(w.program.data, w.part.dir, pattern))
		last := 0
		for _, path := range found {
			paths = append(paths, path)
			if number, err := strconv.Atoi(strings.TrimSuffix(filepath.Base(path), ".blk")); err == nil {
				last = max(last, number)
			}
		}
		for i := 1; strings.HasSuffix(pattern, ".blk") && i <= laterBlocks; i++ {
			paths = append(paths, filepath.Join(w.program.data, w.part.dir, filepath.Dir(pattern), fmt.Sprintf("%d.blk", last+i)))
		}
	}
	return paths
}

func (w *failingWrites) end() error {
	w.strace.Process.Signal(os.Interrupt)
	w.strace.Wait() // its status is that of the signal
	return nil
}

func (w *failingWrites) remove() {}
