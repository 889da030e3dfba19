package app

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"time"

	"linienfunk/db"
	"linienfunk/internal/config"
	"linienfunk/mail"
)

// mailQueue prints the mail queue. The program may be running.
func mailQueue(ctx context.Context, settings config.Config, out io.Writer) error {
	database, err := openExisting(ctx, settings)
	if err != nil {
		return err
	}
	defer database.Close()
	tables, err := database.Prefixed("mail_")
	if err != nil {
		return err
	}
	return mail.Dump(ctx, tables, time.Now(), out)
}

// openExisting opens the database of a program, which may be running.
func openExisting(ctx context.Context, settings config.Config) (*db.DB, error) {
	address := databaseAddress(settings)
	if settings.Database.URL == "" { // opening would create it
		if file, err := os.Stat(address); errors.Is(err, fs.ErrNotExist) || err == nil && file.Size() == 0 {
			return nil, fmt.Errorf("no database at %s; is data the directory of the running program?", address)
		}
	}
	return db.Open(ctx, address, time.Now)
}
