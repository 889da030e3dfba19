package email

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"time"

	"gorm.io/gorm"

	"linienfunk/internal/secret"
	"linienfunk/mail/inbound"
)

// Mailbox is an existing mailbox that a city has connected: its riders may write there, too, and its mails may come from there.
type Mailbox struct {
	City     string `gorm:"primaryKey;size:32"`
	Address  string `gorm:"size:254;not null"` // where riders write to; public
	Host     string `gorm:"size:255;not null;uniqueIndex:idx_email_mailboxes_owner,priority:1"`
	Port     int    `gorm:"not null"`
	Security string `gorm:"size:10;not null"`
	Login    string `gorm:"size:254;not null;uniqueIndex:idx_email_mailboxes_owner,priority:2"`
	Password []byte `gorm:"not null"` // sealed
	Revision string `gorm:"size:64;not null"`

	// The server by which it sends, with the same login. Empty for none.
	SubmitHost     string `gorm:"size:255;not null;default:''"`
	SubmitPort     int    `gorm:"not null;default:0"`
	SubmitSecurity string `gorm:"size:10;not null;default:''"`
	RefusedAt      int64  `gorm:"not null;default:0"` // when that server last turned the login down, seconds since 1970

	// The position: the last mail that was dealt with, by UIDVALIDITY and UID (RFC 9051, section 2.3.1.1), and when the
	// server got it (INTERNALDATE, seconds since 1970), for the day on which the UIDs are numbered anew.
	Validity int64 `gorm:"not null"`
	LastUID  int64 `gorm:"not null"`
	LastAt   int64 `gorm:"not null"`

	CreatedAt time.Time
	UpdatedAt time.Time
}

// How a connection is encrypted.
const (
	secureTLS      = "tls"
	secureSTARTTLS = "starttls"
	secureNone     = "none" // for servers on this machine or in a private network
)

// account is the mailbox for reading.
func (m Mailbox) account(password string) inbound.Account {
	return inbound.Account{Host: m.Host, Port: m.Port, Security: inbound.Security(m.Security), Login: m.Login, Password: password}
}

func (m Mailbox) position() inbound.Position {
	return inbound.Position{UIDValidity: m.Validity, LastUID: m.LastUID, LastAt: m.LastAt}
}

var (
	errNoMailbox = errors.New("city has no mailbox")
	errTaken     = errors.New("mailbox belongs to another city")
)

func passwordPlace(city string) secret.Cell {
	return secret.Cell{Table: "email_mailboxes", Row: city, Column: "password"}
}

// mailboxes returns all of them by city.
func (s store) mailboxes(ctx context.Context) (map[string]Mailbox, error) {
	var rows []Mailbox
	if err := s.db.WithContext(ctx).Find(&rows).Error; err != nil {
		return nil, fmt.Errorf("list mailboxes: %w", err)
	}
	found := map[string]Mailbox{}
	for _, row := range rows {
		found[row.City] = row
	}
	return found, nil
}

// mailbox returns a city's mailbox and its password, or errNoMailbox.
func (s store) mailbox(ctx context.Context, city string) (m Mailbox, password string, err error) {
	err = s.db.WithContext(ctx).Where("city = ?", city).Take(&m).Error
	if errors.Is(err, gorm.ErrRecordNotFound) {
		return m, "", errNoMailbox
	}
	if err != nil {
		return m, "", fmt.Errorf("read mailbox: %w", err)
	}
	opened, err := s.box.Open(passwordPlace(city), m.Password)
	return m, string(opened), err
}

// connect stores a mailbox that could be opened. The one that was connected already keeps its position; errTaken if another
// city has it.
func (s store) connect(ctx context.Context, m Mailbox, password string) error {
	m.Password = s.box.Seal(passwordPlace(m.City), []byte(password))
	m.Revision = rand.Text()
	err := s.db.WithContext(ctx).Transaction(func(tx *gorm.DB) error {
		var old Mailbox
		err := tx.Where("city = ?", m.City).Take(&old).Error
		switch {
		case errors.Is(err, gorm.ErrRecordNotFound):
			return tx.Create(&m).Error
		case err != nil:
			return err
		}
		m.CreatedAt = old.CreatedAt
		if old.Host == m.Host && old.Login == m.Login {
			m.Validity, m.LastUID, m.LastAt = old.Validity, old.LastUID, old.LastAt
		}
		return tx.Save(&m).Error
	})
	if errors.Is(err, gorm.ErrDuplicatedKey) {
		return errTaken
	}
	if err != nil {
		return fmt.Errorf("store mailbox: %w", err)
	}
	return nil
}

// renew gives a mailbox a new revision: it is tried again even if its password was turned down, for reading or for sending.
func (s store) renew(ctx context.Context, city string) error {
	err := s.db.WithContext(ctx).Model(&Mailbox{}).Where("city = ?", city).
		Updates(map[string]any{"revision": rand.Text(), "refused_at": 0}).Error
	if err != nil {
		return fmt.Errorf("renew mailbox: %w", err)
	}
	return nil
}

// savePosition does nothing if the city has connected another mailbox than m meanwhile.
func (s store) savePosition(ctx context.Context, m Mailbox, p inbound.Position) error {
	err := s.db.WithContext(ctx).Model(&Mailbox{}).Where("city = ? AND host = ? AND login = ?", m.City, m.Host, m.Login).
		UpdateColumns(map[string]any{"validity": p.UIDValidity, "last_uid": p.LastUID, "last_at": p.LastAt}).Error
	if err != nil {
		return fmt.Errorf("store position: %w", err)
	}
	return nil
}

func (s store) disconnect(ctx context.Context, city string) error {
	if err := s.db.WithContext(ctx).Where("city = ?", city).Delete(&Mailbox{}).Error; err != nil {
		return fmt.Errorf("delete mailbox: %w", err)
	}
	return nil
}
