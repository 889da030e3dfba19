package commands

import (
	"context"
	"errors"
	"strings"

	"gorm.io/gorm"

	"linienfunk/db"
	"linienfunk/mail"
)

// RecoveredAccount is the result of "account recover".
type RecoveredAccount struct {
	Address string `json:"address"`
}

var ofRecovery = []Command{
	{Name: "account recover", Level: Operator, NoCity: true, Result: RecoveredAccount{}, run: recoverAccount, Params: []Param{{Name: "address", Kind: Text, Required: true, Max: 254}}},
}

// recoverAccount takes the second step from the logins of somebody who has lost the app and its recovery codes. Passkeys stay, each is a login of its own;
// so do sessions. The mail makes it known to somebody whose mailbox the operator was deceived about.
func recoverAccount(ctx context.Context, c *Commands, call Call) (any, error) {
	address := strings.ToLower(strings.TrimSpace(call.Text("address")))
	admin, err := c.DB.AdminByAddress(ctx, address)
	if errors.Is(err, db.ErrNotFound) {
		return nil, &Refusal{Reason: NotFound, Param: "address", Say: "refused-no-account", Pairs: []any{"Address", address}}
	}
	if err != nil {
		return nil, err
	}
	err = c.DB.Transaction(ctx, func(tx *gorm.DB) error {
		done := tx.Where("admin_id = ?", admin.ID).Delete(&db.Totp{})
		if done.Error == nil && done.RowsAffected == 0 {
			return &Refusal{Reason: Conflict, Param: "address", Say: "refused-no-second-step", Pairs: []any{"Address", address}}
		}
		return errors.Join(done.Error, tx.Where("admin_id = ?", admin.ID).Delete(&db.RecoveryCode{}).Error)
	})
	if err != nil {
		return nil, err
	}
	err = c.Mail.Enqueue(context.WithoutCancel(ctx), mail.Message{
		Key:      "commands:recovered:" + digest([]byte(admin.Address+" "+c.Now().String())),
		FromName: "Linienfunk", To: admin.Address, Expires: c.Now().Add(mail.Lifetime),
		Subject: c.Text(admin.Lang, "recovered-subject"), Text: c.Text(admin.Lang, "recovered-mail", "URL", c.BaseURL+"/account"),
	})
	if err != nil {
		c.Log.Error("an admin is not told that logins take no code any more", "err", err)
	}
	return RecoveredAccount{admin.Address}, nil
}
