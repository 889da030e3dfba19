package mail

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"time"
)

// outbox is a transport that writes messages into a directory, as <local part of the Message-ID>.eml with mode 0600.
type outbox struct{ directory string }

// tempPattern matches files that are being written.
const tempPattern = ".mail-*"

// newOutbox creates the directory and deletes temporary files of a killed program, whose messages are still in the queue.
func newOutbox(directory string) (*outbox, error) {
	if err := os.MkdirAll(directory, 0o700); err != nil {
		return nil, fmt.Errorf("create outbox: %w", err)
	}
	stale, err := fs.Glob(os.DirFS(directory), tempPattern)
	for _, name := range stale {
		err = errors.Join(err, os.Remove(filepath.Join(directory, name)))
	}
	if err != nil {
		return nil, fmt.Errorf("clear outbox: %w", err)
	}
	return &outbox{directory}, nil
}

// deliver writes a temporary file and renames it, so that no reader sees half a message. A repetition replaces the file.
func (o *outbox) deliver(_ context.Context, e envelope) error {
	file, err := os.CreateTemp(o.directory, tempPattern) // mode 0600
	if err != nil {
		return fmt.Errorf("write to outbox: %w", err)
	}
	defer os.Remove(file.Name())
	_, err = file.Write(e.Message)
	err = errors.Join(err, file.Sync(), file.Close())
	if err == nil {
		err = os.Rename(file.Name(), filepath.Join(o.directory, messageIDLocal(e.ID)+".eml"))
	}
	if err != nil {
		return fmt.Errorf("write to outbox: %w", err)
	}
	return nil
}

func (o *outbox) close() {}

// outboxRetention is how long a message stays in the outbox: it holds an address and a report's text.
const outboxRetention = 24 * time.Hour

// pruneOutbox deletes the messages that were written before outboxRetention. It deletes no file that is not a message.
func pruneOutbox(directory string, now time.Time) error {
	names, err := fs.Glob(os.DirFS(directory), "*.eml")
	for _, name := range names {
		path := filepath.Join(directory, name)
		info, statErr := os.Stat(path)
		if statErr == nil && info.ModTime().Before(now.Add(-outboxRetention)) {
			statErr = os.Remove(path)
		}
		if statErr != nil && !errors.Is(statErr, fs.ErrNotExist) {
			err = errors.Join(err, statErr)
		}
	}
	return err
}
