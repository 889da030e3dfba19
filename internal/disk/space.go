//go:build unix

package disk

import "golang.org/x/sys/unix"

// Space returns how many bytes a program without privileges can still write on the disk of a directory, and how many the disk has.
func Space(dir string) (free, size uint64, err error) {
	var s unix.Statfs_t
	if err := unix.Statfs(dir, &s); err != nil {
		return 0, 0, err
	}
	block := uint64(s.Bsize)
	return s.Bavail * block, s.Blocks * block, nil
}
