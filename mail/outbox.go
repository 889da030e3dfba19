package mail

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
)

// outbox writes mails into a directory as <time>-<hash>.eml, readable by the owner only.
type outbox struct{ directory string }

func newOutbox(directory string) (*outbox, error) {
	if err := os.MkdirAll(directory, 0o700); err != nil {
		return nil, fmt.Errorf("make outbox: %w", err)
	}
	return &outbox{directory}, nil
}

// deliver writes beside and renames, so that nobody reads half a mail. The name tells the mail: a repetition replaces
// it.
func (o *outbox) deliver(_ context.Context, e envelope) error {
	file, err := os.CreateTemp(o.directory, ".mail-*") // mode 0600
	if err != nil {
		return fmt.Errorf("write to outbox: %w", err)
	}
	defer os.Remove(file.Name())
	name := e.At.Format("20060102T150405.000Z") + "-" + e.ID[:16] + ".eml"
	_, err = file.Write(e.Message)
	err = errors.Join(err, file.Sync(), file.Close())
	if err == nil {
		err = os.Rename(file.Name(), filepath.Join(o.directory, name))
	}
	if err != nil {
		return fmt.Errorf("write to outbox: %w", err)
	}
	return nil
}

func (o *outbox) idle()  {}
func (o *outbox) close() {}
