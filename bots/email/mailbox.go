package email

import (
	"time"

	"linienfunk/bots"
	"linienfunk/bots/kit"
	"linienfunk/mail/inbound"
)

// Mailbox is an existing mailbox that a city has connected. It is read in addition to <city>@<domain>, and may send the city's mails.
type Mailbox struct {
	kit.Base
	Address  string `gorm:"size:254;not null"` // where riders write to; public
	Host     string `gorm:"size:255;not null;uniqueIndex:idx_email_mailboxes_owner,priority:1"`
	Port     int    `gorm:"not null"`
	Security string `gorm:"size:10;not null"` // an inbound.Security
	Login    string `gorm:"size:254;not null;uniqueIndex:idx_email_mailboxes_owner,priority:2"`
	Password []byte `gorm:"not null"`                      // sealed
	Folder   string `gorm:"size:1000;not null;default:''"` // that is read; empty for the inbox

	// The submission server, with the same login. Empty if the mailbox does not send.
	SubmitHost     string `gorm:"size:255;not null;default:''"`
	SubmitPort     int    `gorm:"not null;default:0"`
	SubmitSecurity string `gorm:"size:10;not null;default:''"` // a mail.Security
	RefusedAt      int64  `gorm:"not null;default:0"`          // when that server last refused the login, seconds since 1970

	// An inbound.Position.
	Validity int64 `gorm:"not null"`
	LastUID  int64 `gorm:"not null"`
	LastAt   int64 `gorm:"not null"`

	CreatedAt time.Time
	UpdatedAt time.Time
}

func newMailboxes(core bots.Core) kit.Accounts[Mailbox, *Mailbox] {
	return kit.Accounts[Mailbox, *Mailbox]{DB: core.DB, Box: core.Box, Table: "email_mailboxes", Column: "password"}
}

// Sealed implements kit.Row.
func (m *Mailbox) Sealed() *[]byte { return &m.Password }

// Identity implements kit.Row: no two cities can connect one mailbox.
func (m *Mailbox) Identity() map[string]any { return map[string]any{"host": m.Host, "login": m.Login} }

// Inherit implements kit.Row: the mailbox that was connected before keeps its folder and its position.
func (m *Mailbox) Inherit(old Mailbox) {
	m.CreatedAt = old.CreatedAt
	if old.Host == m.Host && old.Login == m.Login {
		m.Folder = old.Folder
		m.Validity, m.LastUID, m.LastAt = old.Validity, old.LastUID, old.LastAt
	}
}

// Label implements kit.Row.
func (m *Mailbox) Label() string { return m.Address }

// Link implements kit.Row.
func (m *Mailbox) Link() string { return "mailto:" + m.Address }

// account is the mailbox for reading.
func (m *Mailbox) account(password string) inbound.Account {
	return inbound.Account{Host: m.Host, Port: m.Port, Security: inbound.Security(m.Security), Login: m.Login, Password: password, Folder: m.Folder}
}

func (m *Mailbox) position() inbound.Position {
	return inbound.Position{UIDValidity: m.Validity, LastUID: m.LastUID, LastAt: m.LastAt}
}

// sends reports whether the mailbox sends the city's mails.
func (m *Mailbox) sends() bool { return m.SubmitHost != "" }
