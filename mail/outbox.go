package mail

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
)

// outbox writes mails into a directory as <Message-ID>.eml without the domain, readable by the owner only.
type outbox struct{ directory string }

// unfinished is the pattern of what is being written.
const unfinished = ".mail-*"

// newOutbox also clears away what a program was writing when it was killed: nobody else writes here, and the mails are
// still in the queue.
func newOutbox(directory string) (*outbox, error) {
	if err := os.MkdirAll(directory, 0o700); err != nil {
		return nil, fmt.Errorf("make outbox: %w", err)
	}
	left, err := fs.Glob(os.DirFS(directory), unfinished)
	for _, name := range left {
		err = errors.Join(err, os.Remove(filepath.Join(directory, name)))
	}
	if err != nil {
		return nil, fmt.Errorf("clear outbox: %w", err)
	}
	return &outbox{directory}, nil
}

// deliver writes beside and renames, so that nobody reads half a mail. The name tells the mail: a repetition replaces
// it.
func (o *outbox) deliver(_ context.Context, e envelope) error {
	file, err := os.CreateTemp(o.directory, unfinished) // mode 0600
	if err != nil {
		return fmt.Errorf("write to outbox: %w", err)
	}
	defer os.Remove(file.Name())
	_, err = file.Write(e.Message)
	err = errors.Join(err, file.Sync(), file.Close())
	if err == nil {
		err = os.Rename(file.Name(), filepath.Join(o.directory, local(e.ID)+".eml"))
	}
	if err != nil {
		return fmt.Errorf("write to outbox: %w", err)
	}
	return nil
}

func (o *outbox) close() {}
