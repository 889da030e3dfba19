package testkit

import (
	"os"
	"testing"
)

// ShortDir is t.TempDir without the test's name, for a program's data: the path of a socket has at most 107 bytes, and a program without its socket takes no commands.
func ShortDir(t testing.TB) string {
	t.Helper()
	dir, err := os.MkdirTemp("", "lf")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := os.RemoveAll(dir); err != nil {
			t.Error(err)
		}
	})
	return dir
}
