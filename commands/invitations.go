package commands

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"strings"
	"time"

	"gorm.io/gorm"
	"gorm.io/gorm/clause"

	"linienfunk/bots/chat"
	"linienfunk/db"
	"linienfunk/internal/limits"
	"linienfunk/internal/secret"
	"linienfunk/mail"
)

// Invitation lets whoever has its link help run a city. It counts as long as whoever sent it is an owner.
type Invitation struct {
	ID        uint      `gorm:"primaryKey"`
	City      string    `gorm:"size:32;not null;uniqueIndex:idx_command_invitations_person,priority:1"`
	Person    string    `gorm:"size:64;not null;uniqueIndex:idx_command_invitations_person,priority:2"` // a keyed digest of the address
	Address   []byte    `gorm:"not null"`                                                               // sealed
	Role      db.Role   `gorm:"size:16;not null"`
	AdminID   uint      `gorm:"not null"`                     // who invites; 0 for the operator
	Token     string    `gorm:"size:64;not null;uniqueIndex"` // SHA-256 of the secret part of the link
	SentAt    time.Time `gorm:"not null"`
	ExpiresAt time.Time `gorm:"not null;index"`
}

// TableName is the table's name for gorm.
func (Invitation) TableName() string { return "command_invitations" }

// InvitationList is the result of "invitations".
type InvitationList struct {
	Invitations []ListedInvitation `json:"invitations"`
}

// ListedInvitation is an invitation that was not accepted yet.
type ListedInvitation struct {
	Invitation int       `json:"invitation" doc:"The number for invitation resend and invitation revoke."`
	Address    string    `json:"address"`
	Role       string    `json:"role" doc:"owner or moderator."`
	Sent       time.Time `json:"sent"`
	Expires    time.Time `json:"expires"`
}

// Invited is the result of what sends or revokes an invitation.
type Invited struct {
	City       string `json:"city"`
	Invitation int    `json:"invitation"`
	Address    string `json:"address"`
	Role       string `json:"role" doc:"owner or moderator."`
	Open       bool   `json:"open" doc:"It can be accepted."`
}

// InviteLife is how long the link of an invitation works.
const InviteLife = 7 * 24 * time.Hour

// inviteLimits limit the mails to one address, and those of one city.
type inviteLimits struct{ address, city *limits.Limiter }

func newInviteLimits(group *limits.Group) inviteLimits {
	return inviteLimits{
		address: group.New("commands.invites.address", limits.Rate{Burst: 3, Every: 10 * time.Minute}),
		city:    group.New("commands.invites.city", limits.Rate{Burst: 30, Every: 10 * time.Minute}),
	}
}

func invite(ctx context.Context, c *Commands, call Call) (any, error) {
	address, err := mail.Address(strings.ToLower(call.Text("address")))
	if err != nil {
		return nil, wrong("address", "refused-address")
	}
	if strings.HasSuffix(address, "@"+strings.ToLower(c.Domain)) {
		return nil, wrong("address", "refused-address-ours")
	}
	admin, err := c.DB.AdminByAddress(ctx, address)
	if err == nil {
		var role db.Role
		if role, err = c.DB.RoleIn(ctx, call.City, admin.ID); err == nil {
			return nil, &Refusal{Reason: Conflict, Param: "address", Say: "refused-member", Pairs: []any{"Address", address, "Role", string(role)}}
		}
	}
	if !errors.Is(err, db.ErrNotFound) {
		return nil, err
	}
	row := Invitation{City: call.City, Person: c.Box.Digest("invited", call.City+" "+address), Role: db.Role(call.Text("role")), AdminID: call.Actor.Admin}
	row.Address = c.Box.Seal(invitedCell(row), []byte(address))
	return c.sendInvitation(ctx, call, row, address)
}

// sendInvitation stores an invitation with a new link, and mails that. An earlier link to the same address does not work any more.
func (c *Commands) sendInvitation(ctx context.Context, call Call, row Invitation, address string) (any, error) {
	if !c.invites.city.Allow(call.City) || !c.invites.address.Allow(address) {
		return nil, refuse(TooMany, "refused-invites")
	}
	city, _, err := c.Settings.Get(ctx, call.City)
	if err != nil {
		return nil, err
	}
	secret := rand.Text()
	row.ID, row.Token, row.SentAt, row.ExpiresAt = 0, tokenHash(secret), db.Time(c.Now()), db.Time(c.Now().Add(InviteLife))
	err = c.Tables.WithContext(ctx).Clauses(clause.OnConflict{
		Columns: []clause.Column{{Name: "city"}, {Name: "person"}}, DoUpdates: clause.AssignmentColumns([]string{"address", "role", "admin_id", "token", "sent_at", "expires_at"}),
	}).Create(&row).Error
	if err == nil {
		err = c.Tables.WithContext(ctx).Where("token = ?", row.Token).Take(&row).Error
	}
	if err != nil {
		return nil, err
	}
	by, err := c.nameOf(ctx, call.Actor)
	if err != nil {
		return nil, err
	}
	pairs := []any{"City", city.Title, "By", by, "Role", string(row.Role), "URL", c.BaseURL + "/invite/" + secret}
	err = c.Mail.Enqueue(ctx, mail.Message{
		Key: inviteKey(row), FromName: "Linienfunk", To: address, Expires: row.ExpiresAt,
		Subject: c.Text(call.Actor.Lang, "invite-subject", pairs...), Text: c.Text(call.Actor.Lang, "invite-mail", pairs...),
	})
	return Invited{call.City, int(row.ID), address, string(row.Role), true}, err
}

// inviteKey is mail.Message.Key.
func inviteKey(row Invitation) string { return "commands:invite:" + row.Token }

// nameOf names who does something in a mail to somebody else; empty for the operator.
func (c *Commands) nameOf(ctx context.Context, actor Actor) (string, error) {
	if actor.Admin == 0 {
		return "", nil
	}
	admin, err := c.DB.AdminByID(ctx, actor.Admin)
	return admin.Address, err
}

func tokenHash(secret string) string {
	sum := sha256.Sum256([]byte(secret))
	return hex.EncodeToString(sum[:])
}

func invitedCell(row Invitation) secret.Cell {
	return secret.Cell{Table: "command_invitations", Row: row.City + " " + row.Person, Column: "address"}
}

func invitations(ctx context.Context, c *Commands, call Call) (any, error) {
	var rows []Invitation
	err := c.Tables.WithContext(ctx).Where("city = ? AND expires_at > ?", call.City, db.Time(c.Now())).Order("id").Find(&rows).Error
	if err != nil {
		return nil, err
	}
	list := InvitationList{Invitations: []ListedInvitation{}}
	for _, row := range rows {
		address, err := c.Box.Open(invitedCell(row), row.Address)
		if err != nil {
			return nil, err
		}
		list.Invitations = append(list.Invitations, ListedInvitation{int(row.ID), string(address), string(row.Role), row.SentAt, row.ExpiresAt})
	}
	return list, nil
}

// invitationOf returns the invitation that a call names, and its address.
func (c *Commands) invitationOf(ctx context.Context, call Call) (Invitation, string, error) {
	var rows []Invitation
	err := c.Tables.WithContext(ctx).Where("city = ? AND id = ? AND expires_at > ?", call.City, call.Number("invitation"), db.Time(c.Now())).Find(&rows).Error
	if err != nil {
		return Invitation{}, "", err
	}
	if len(rows) == 0 {
		return Invitation{}, "", &Refusal{Reason: NotFound, Param: "invitation", Say: "refused-no-invitation"}
	}
	address, err := c.Box.Open(invitedCell(rows[0]), rows[0].Address)
	return rows[0], string(address), err
}

// resendInvitation makes who sends it again the one who invites.
func resendInvitation(ctx context.Context, c *Commands, call Call) (any, error) {
	row, address, err := c.invitationOf(ctx, call)
	if err != nil {
		return nil, err
	}
	row.AdminID = call.Actor.Admin
	return c.sendInvitation(ctx, call, row, address)
}

func revokeInvitation(ctx context.Context, c *Commands, call Call) (any, error) {
	row, address, err := c.invitationOf(ctx, call)
	if err != nil {
		return nil, err
	}
	if err := c.Tables.WithContext(ctx).Where("id = ? AND token = ?", row.ID, row.Token).Delete(&Invitation{}).Error; err != nil {
		return nil, err
	}
	if _, err := c.Mail.Cancel(ctx, inviteKey(row)); err != nil {
		c.Log.Warn("the mail of a revoked invitation may still be sent", "city", call.City, "err", err)
	}
	return Invited{call.City, int(row.ID), address, string(row.Role), false}, nil
}

// Guest is an invitation as its recipient sees it.
type Guest struct {
	City, Address string
	Role          db.Role
}

// Guest returns the invitation with a link, by the secret part of it. db.ErrNotFound if it was accepted, sent again or revoked, has expired, or if whoever sent it is no owner any more.
func (c *Commands) Guest(ctx context.Context, secret string) (Guest, error) {
	row, err := c.openInvitation(c.Tables.WithContext(ctx), secret)
	if err != nil {
		return Guest{}, err
	}
	address, err := c.Box.Open(invitedCell(row), row.Address)
	return Guest{row.City, string(address), row.Role}, err
}

func (c *Commands) openInvitation(tx *gorm.DB, secret string) (Invitation, error) {
	var rows []Invitation
	err := tx.Where("token = ? AND expires_at > ?", tokenHash(secret), db.Time(c.Now())).
		Where("admin_id = 0 OR EXISTS (SELECT 1 FROM city_admins a WHERE a.city = command_invitations.city AND a.admin_id = command_invitations.admin_id AND a.role = ?)", db.RoleOwner).
		Limit(1).Find(&rows).Error
	if err == nil && len(rows) == 0 {
		err = db.ErrNotFound
	}
	if err != nil {
		return Invitation{}, err
	}
	return rows[0], nil
}

// Accept uses an invitation up, in the transaction that has made sure that the admin exists. Call Joined after it. It returns db.ErrNotFound as Guest does.
func (c *Commands) Accept(tx *gorm.DB, secret string, admin uint) error {
	row, err := c.openInvitation(tx, secret)
	if err != nil {
		return err
	}
	done := tx.Where("id = ? AND token = ?", row.ID, row.Token).Delete(&Invitation{})
	if done.Error == nil && done.RowsAffected == 0 {
		return db.ErrNotFound // used in the meantime
	}
	if done.Error != nil {
		return done.Error
	}
	return tx.Clauses(clause.OnConflict{DoNothing: true}).Create(&db.CityAdmin{City: row.City, AdminID: admin, Role: row.Role}).Error
}

// Joined tells those who run a city that somebody has accepted an invitation, in their own chats: it names them.
func (c *Commands) Joined(ctx context.Context, guest Guest, admin uint) {
	ctx = context.WithoutCancel(ctx) // it was accepted
	city, _, err := c.Settings.Get(ctx, guest.City)
	if err != nil {
		return // reads memory
	}
	if role, err := c.DB.RoleIn(ctx, guest.City, admin); err == nil {
		guest.Role = role // of a member who is invited again under another address: they keep theirs
	}
	key := digest([]byte("joined " + guest.City + " " + guest.Address + " " + c.Now().String()))
	c.toAll(ctx, city, func(to recipient) (notice, bool) {
		text := c.Text(to.lang, "notice-joined", "Address", guest.Address, "Role", string(guest.Role))
		return notice{Answer: chat.Answer{Text: text}, key: key}, to.admin != 0 && to.admin != admin
	})
}

// mailMember mails somebody that others have changed what they may do. What was done holds also if the mail cannot be stored.
func (c *Commands) mailMember(ctx context.Context, id string, call Call, to db.Admin, role db.Role) {
	ctx = context.WithoutCancel(ctx)
	city, _, err := c.Settings.Get(ctx, call.City)
	if err == nil {
		var by string
		if by, err = c.nameOf(ctx, call.Actor); err == nil {
			pairs := []any{"City", city.Title, "By", by, "Role", string(role), "URL", c.BaseURL + "/city/" + call.City}
			err = c.Mail.Enqueue(ctx, mail.Message{
				Key:      "commands:" + id + ":" + digest([]byte(call.City+" "+to.Address+" "+string(role)+" "+c.Now().String())),
				FromName: "Linienfunk", To: to.Address, Expires: c.Now().Add(24 * time.Hour),
				Subject: c.Text(to.Lang, id+"-subject", pairs...), Text: c.Text(to.Lang, id+"-mail", pairs...),
			})
		}
	}
	if err != nil {
		c.Log.Warn("somebody is not told what they may do now", "city", call.City, "err", err)
	}
}
